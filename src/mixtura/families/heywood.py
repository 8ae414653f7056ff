r"""Factor analysis in which some columns have no noise: Heywood cases.

Where the likelihood is highest at no noise at all in the columns J, those columns are
known functions of the factors, and the others given them have the remaining factors:

.. math:: \Sigma_{JJ} = S_{JJ}, \qquad \Sigma_{RJ} = S_{RJ}, \qquad
    \Sigma_{RR} = S_{RJ} S_{JJ}^{-1} S_{JR} + \Lambda \Lambda^\top + \Psi,

where :math:`\Lambda` has :math:`q - |J|` columns and :math:`\Lambda\Lambda^\top + \Psi`
is the maximum-likelihood estimate for :math:`S_{RR} - S_{RJ} S_{JJ}^{-1} S_{JR}`. So
what lies on the edge of what is allowed is found exactly, by the same search in fewer
columns ([JoreskogLawley1968]_).

References
----------
.. [JoreskogLawley1968] K. G. Jöreskog, D. N. Lawley. New methods in maximum likelihood
   factor analysis.
"""

from collections.abc import Callable

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.families.factor_noise import best_noise, loadings, usual_start
from mixtura.families.factorisation import symmetrised

Loss = Callable[[Array], float]

LEAST_SHARE = 1e-6
"""Share of a variance that noise does not fall below in a search."""

SMALL = 0.02
"""Share of a variance below which noise may be on its way to zero.

A search in logs takes long on this way, and its last steps gain next to nothing.
"""


def closed_maximum(
    matrix: Array, n_factors: int, least: Array, start: Array, loss: Loss
) -> tuple[Array, bool]:
    """Search from a start, and at the edge where noise vanishes.

    Parameters
    ----------
    matrix : ndarray of shape (D, D)
        A correlation matrix, or near one.
    n_factors : int
    least : ndarray of shape (D,)
        Lower bounds on the noise in the search.
    start : ndarray of shape (D,)
        Noise.
    loss : callable
        Of a covariance, to be least.

    Returns
    -------
    covariance : ndarray of shape (D, D)
    near_edge : bool
        Whether the search came near the edge, where there may be several maxima.
    """
    bounds = np.maximum(least, SMALL / 2)
    noise = best_noise(matrix, n_factors, bounds, start)
    edge = np.flatnonzero(noise <= 1.01 * bounds)
    if not len(edge):
        return with_noise(matrix, n_factors, noise), False
    if len(edge) <= n_factors:
        exact = noiseless(matrix, n_factors, edge)
        if exact is not None and _is_best_without(matrix, exact, edge):
            return exact, True
    noise = best_noise(matrix, n_factors, least, noise)
    best = with_noise(matrix, n_factors, noise)
    small = np.flatnonzero(noise <= SMALL)
    small = small[np.argsort(noise[small], kind="stable")][:n_factors]
    for size in range(1, len(small) + 1):
        exact = noiseless(matrix, n_factors, np.sort(small[:size]))
        if exact is not None and loss(exact) < loss(best):
            best = exact
    return best, True


def _is_best_without(matrix: Array, covariance: Array, columns: IntArray) -> bool:
    """Whether a little noise in these columns would raise the loss."""
    precision = np.linalg.inv(covariance)
    slopes = np.diagonal(precision - precision @ matrix @ precision)
    return bool((slopes[columns] > 0).all())


def with_noise(matrix: Array, n_factors: int, noise: Array) -> Array:
    """Return the best covariance (..., D, D) with this noise."""
    factors = loadings(matrix, n_factors, noise)
    diagonal = noise[..., None] * np.eye(matrix.shape[-1])
    return symmetrised(factors @ factors.swapaxes(-1, -2) + diagonal)


def noiseless(matrix: Array, n_factors: int, columns: IntArray) -> Array | None:
    """Return the best covariance with no noise in these columns.

    Parameters
    ----------
    matrix : ndarray of shape (D, D)
        Symmetric.
    n_factors : int
    columns : ndarray of int
        No more than there are factors.

    Returns
    -------
    ndarray of shape (D, D) or None
        None if these columns are collinear, or determine another: then no such
        covariance has a density.
    """
    rest = np.setdiff1d(np.arange(len(matrix)), columns)
    within, across = matrix[np.ix_(columns, columns)], matrix[np.ix_(columns, rest)]
    try:
        np.linalg.cholesky(within)
    except np.linalg.LinAlgError:
        return None
    slopes = np.linalg.solve(within, across)
    given = symmetrised(matrix[np.ix_(rest, rest)] - across.T @ slopes)
    if not (np.diagonal(given) > 0).all():
        return None
    covariance = matrix.copy()
    fitted = _given(given, n_factors - len(columns))
    covariance[np.ix_(rest, rest)] = symmetrised(across.T @ slopes + fitted)
    return covariance


def _given(given: Array, n_factors: int) -> Array:
    """Return the best covariance of the other columns, given those without noise."""
    if n_factors == 0:
        return np.diag(np.diagonal(given))
    if n_factors >= len(given):
        return given
    units = np.sqrt(np.diagonal(given))
    unit = np.outer(units, units)
    matrix, least = given / unit, np.full(len(given), LEAST_SHARE)
    start = usual_start(matrix, n_factors)
    best, _ = closed_maximum(matrix, n_factors, least, start, loss_of(matrix))
    return np.asarray(best * unit)


def loss_of(matrix: Array) -> Loss:
    """Return the divergence but for a constant, log |Sigma| + tr(Sigma^-1 S)."""

    def loss(covariance: Array) -> float:
        try:
            root = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            return np.inf
        half = np.linalg.solve(root, matrix)
        trace = np.trace(np.linalg.solve(root, half.T))
        return float(2 * np.log(np.diagonal(root)).sum() + trace)

    return loss
