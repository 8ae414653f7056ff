"""The only place where a covariance matrix is factored or inverted."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array, IntArray
from mixtura.exceptions import DegenerateComponentError
from mixtura.kernels.triangular import upper_triangular_inverses

ILL_DEFINED = (
    "Fitting the mixture model failed because some components have ill-defined "
    "empirical covariance (for instance caused by singleton or collapsed samples). "
    "Try to decrease the number of components, increase reg_covar, or scale the "
    "input data."
)

ROUNDED = 1e-12
"""Share of a variance that other columns leave unexplained, below which it may be that
double precision has nothing left of it."""


def degenerate(component: int) -> DegenerateComponentError:
    """Return the error for a component whose covariance has no inverse."""
    where = f" The covariance of component {component} is not positive definite."
    return DegenerateComponentError(ILL_DEFINED + where, component)


def symmetrised(matrices: Array) -> Array:
    """Average with the transpose of the last two axes."""
    return np.asarray((matrices + matrices.swapaxes(-1, -2)) / 2)


def cholesky(matrices: Array) -> Array:
    """Lower Cholesky factors L of positive definite matrices (n_components, D, D).

    A matrix is factored as a correlation matrix, so the verdict on what is singular
    does not depend on the units of the columns.

    Raises
    ------
    DegenerateComponentError
        If a matrix is not positive definite to working precision.
    """
    deviations, factors = _factored(matrices)
    return np.asarray(deviations[:, :, None] * factors)


def _factored(matrices: Array) -> tuple[Array, Array]:
    """Standard deviations (K, D), and the lower factors of the correlations."""
    variances = matrices.diagonal(axis1=1, axis2=2)
    if not variances.min() > 0:
        raise degenerate(int((variances > 0).all(axis=1).argmin()))
    deviations = np.sqrt(variances)
    with np.errstate(invalid="ignore"):  # what is infinite is no number here
        correlations = matrices / (deviations[:, :, None] * deviations[:, None, :])
    try:
        factors = np.linalg.cholesky(correlations)
    except np.linalg.LinAlgError:
        raise degenerate(int(_are_definite(correlations).argmin())) from None
    pivots = factors.diagonal(axis1=1, axis2=2)  # nan where an entry is not finite
    if not pivots.min() > 0:
        raise degenerate(int((pivots > 0).all(axis=1).argmin()))
    return deviations, factors


def _are_definite(matrices: Array) -> NDArray[np.bool_]:
    """Which matrices have a Cholesky factor."""
    try:
        factors = np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.zeros(1, dtype=np.bool_)
        middle = len(matrices) // 2
        halves = matrices[:middle], matrices[middle:]
        return np.concatenate([_are_definite(half) for half in halves])
    pivots = factors.diagonal(axis1=1, axis2=2)  # nan where an entry is not finite
    return np.asarray((pivots > 0).all(axis=1))


def precision_cholesky(matrices: Array, extended: bool = False) -> Array:
    """Upper-triangular P with P P^T the inverses of `matrices` (n_components, D, D).

    Parameters
    ----------
    matrices : ndarray
    extended : bool
        Compute in the longest floating-point type there is and round at the end.
        In double precision the error is the condition times 1e-16.
    """
    if extended:
        return _extended_inverse_factors(matrices).swapaxes(1, 2)
    deviations, factors = _factored(matrices)
    roots = upper_triangular_inverses(factors.swapaxes(1, 2))
    return np.asarray(roots / deviations[:, :, None])


def _extended_inverse_factors(matrices: Array) -> Array:
    """Inverses of the lower Cholesky factors, column by column and row by row."""
    exact = matrices.astype(np.longdouble)
    n_features = matrices.shape[1]
    factors, inverses = np.zeros_like(exact), np.zeros_like(exact)
    for j in range(n_features):
        known = (factors[:, j:, :j] * factors[:, j, None, :j]).sum(axis=2)
        column = exact[:, j:, j] - known
        if not (column[:, 0] > ROUNDED * exact[:, j, j]).all():
            cholesky(matrices)  # raises where there is none in double precision
        factors[:, j:, j] = column / np.sqrt(column[:, :1])
    for i in range(n_features):
        row = -(factors[:, i, :i, None] * inverses[:, :i]).sum(axis=1)
        row[:, i] += 1
        inverses[:, i] = row / factors[:, i, i, None]
    return inverses.astype(np.float64)


def upper_triangular(factors: Array) -> Array:
    """Upper-triangular U with U U^T = P P^T and a positive diagonal, (..., D, D)."""
    if not np.tril(factors, -1).any():
        return factors
    backwards = np.linalg.qr(factors[..., ::-1, :].swapaxes(-1, -2)).R
    upper = backwards.swapaxes(-1, -2)[..., ::-1, ::-1]
    return np.asarray(upper * np.sign(upper.diagonal(axis1=-2, axis2=-1))[..., None, :])


def inverse_roots(variances: Array) -> Array:
    """Return 1 / sqrt(variances), component by component along the first axis."""
    usable = (variances > 0) & np.isfinite(variances)
    if not usable.all():
        raise degenerate(int(np.argwhere(~usable)[0][0]))
    return np.asarray(1 / np.sqrt(variances))


def inverses(matrices: Array) -> Array:
    """Inverses of positive definite matrices (n_components, D, D)."""
    roots = precision_cholesky(matrices)
    return roots @ np.swapaxes(roots, 1, 2)


def clipped(matrices: Array, floor: Array) -> Array:
    r"""Raise the eigenvalues of matrices (n_components, D, D) to a floor.

    Of all :math:`\Sigma \succeq \mathrm{diag}(f)`, the result maximises
    :math:`-\log|\Sigma| - \mathrm{tr}(\Sigma^{-1} S)`: in units in which the floor is
    the identity, that is a sum over eigenvalues, maximal where
    :math:`\lambda_j = \max(s_j, 1)`.
    """
    unit = np.sqrt(floor)
    products = np.outer(unit, unit)
    scaled = matrices / products
    # this takes a seventh of the time of the eigenvalues
    low = ~_are_definite(scaled - np.eye(len(floor)))
    if not low.any():
        return matrices
    eigenvalues, vectors = np.linalg.eigh(scaled[low])
    raised = vectors * np.maximum(eigenvalues, 1.0)[:, None, :]
    rebuilt = symmetrised(raised @ np.swapaxes(vectors, 1, 2)) * products
    result = matrices.copy()
    result[low] = np.where((eigenvalues[:, 0] < 1)[:, None, None], rebuilt, result[low])
    return result


def least_eigenvalues(matrices: Array, floor: Array) -> Array:
    """Smallest eigenvalue in the metric of diag(floor), over the last two axes.

    Columns whose floor is zero are left out.
    """
    used = np.flatnonzero(floor > 0)
    unit = np.sqrt(floor[used])
    scaled = matrices[..., used[:, None], used] / np.outer(unit, unit)
    return np.asarray(np.linalg.eigvalsh(scaled)[..., 0])


def log_cholesky(matrices: Array) -> Array:
    """Free parameters of positive definite matrices, (n_components, D (D + 1) / 2).

    The lower Cholesky factors row by row, with the logs of their diagonals.
    """
    factors = cholesky(matrices)
    lower, diagonal = _lower_places(matrices.shape[-1])
    vectors = factors.reshape(len(factors), -1)[:, lower]
    vectors[:, diagonal] = np.log(vectors[:, diagonal])
    return vectors


def from_log_cholesky(vectors: Array, n_features: int) -> Array:
    """Return the matrices (n_components, D, D) of such parameters."""
    lower, diagonal = _lower_places(n_features)
    entries = vectors.copy()
    entries[:, diagonal] = np.exp(entries[:, diagonal])
    flat = np.zeros((len(vectors), n_features * n_features))
    flat[:, lower] = entries
    factors = flat.reshape(-1, n_features, n_features)
    return factors @ factors.swapaxes(1, 2)


@lru_cache(maxsize=64)
def _lower_places(n_features: int) -> tuple[IntArray, IntArray]:
    """Places of the lower triangle in a flat matrix, and of the diagonal in those."""
    rows, columns = np.tril_indices(n_features)
    return rows * n_features + columns, np.flatnonzero(rows == columns)
