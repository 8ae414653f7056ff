"""Factors of covariances in a form that can be read: the numbers behind a picture."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mixtura.families.factor_noise import best_noise, loadings, usual_start
from mixtura.plot.quantities.gaussians import Array

LEAST_NOISE = 1e-6
"""Share of a column's variance below which its noise is not sought."""

STARTS = (0.5, 0.1, 0.9)
EXACT = 1e-9
SWEEPS = 100
SETTLED = 1e-10


@dataclass(frozen=True)
class ReadFactors:
    """Standardised loadings, and what the factors leave.

    Attributes
    ----------
    loadings : ndarray of shape (D, q)
        Correlation of each column with each factor. The largest of a factor is
        positive, and the factors come in the order of what they explain.
    uniqueness : ndarray of shape (D,)
        Share of each column's variance that is noise.
    """

    loadings: Array
    uniqueness: Array

    @classmethod
    def of(cls, matrix: Array, noise: Array, *, rotate: bool) -> "ReadFactors":
        """Standardise a matrix of loadings (D, q) and noise variances (D,).

        With `rotate`, factors are turned so that each column loads on few of them
        (varimax, [Kaiser1958]_); without, they are left as they are but for order and
        sign.

        References
        ----------
        .. [Kaiser1958] H. F. Kaiser. The varimax criterion for analytic rotation in
           factor analysis.
        """
        variances = (matrix**2).sum(axis=1) + noise
        standard = matrix / np.sqrt(variances)[:, np.newaxis]
        if rotate:
            standard = varimax(standard)
        order = np.argsort(-(standard**2).sum(axis=0), kind="stable")
        ordered = standard[:, order]
        largest = np.abs(ordered).argmax(axis=0)
        signs = np.where(ordered[largest, np.arange(len(order))] < 0, -1.0, 1.0)
        return cls(ordered * signs, noise / variances)


def varimax(matrix: Array) -> Array:
    """Turn loadings (D, q) so that their squares vary most within each factor.

    Each column is weighted by its communality (Kaiser's normalisation).

    Examples
    --------
    >>> import numpy as np
    >>> simple = np.array([[0.9, 0.0], [0.8, 0.0], [0.0, 0.7], [0.0, 0.6]])
    >>> turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    >>> np.abs(varimax(simple @ turn)).round(3).tolist()
    [[0.9, 0.0], [0.8, 0.0], [0.0, 0.7], [0.0, 0.6]]
    """
    lengths = np.sqrt((matrix**2).sum(axis=1, keepdims=True))
    units = matrix / np.where(lengths > 0, lengths, 1.0)
    for _ in range(SWEEPS):
        turns = [_turn(units, pair) for pair in combinations(range(units.shape[1]), 2)]
        if max(map(abs, turns), default=0.0) < SETTLED:
            break
    return units * lengths


def _turn(units: Array, pair: tuple[int, int]) -> float:
    """Turn two factors in place, by the best angle in their plane; return it."""
    x, y = units[:, pair[0]].copy(), units[:, pair[1]].copy()
    u, v, count = x**2 - y**2, 2 * x * y, len(units)
    sine = 2 * (u @ v) - 2 * u.sum() * v.sum() / count
    cosine = u @ u - v @ v - (u.sum() ** 2 - v.sum() ** 2) / count
    angle = float(np.arctan2(sine, cosine)) / 4
    units[:, pair[0]] = np.cos(angle) * x + np.sin(angle) * y
    units[:, pair[1]] = np.cos(angle) * y - np.sin(angle) * x
    return angle


def factors_of(
    covariance: Array, n_factors: int, *, isotropic: bool
) -> tuple[Array, Array]:
    """Split a covariance of low rank plus noise into loadings (D, q) and noise (D,).

    Parameters
    ----------
    covariance : ndarray of shape (D, D)
    n_factors : int
    isotropic : bool
        Whether all columns have the same noise.

    Examples
    --------
    >>> import numpy as np
    >>> matrix = np.array([[2.0], [1.0], [-1.0], [0.5]])
    >>> covariance = matrix @ matrix.T + np.diag([1.0, 2.0, 3.0, 4.0])
    >>> found, noise = factors_of(covariance, 1, isotropic=False)
    >>> noise.round(6).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    if isotropic:
        values, axes = np.linalg.eigh(covariance)
        rest = len(values) - n_factors
        noise = values[:rest].mean()
        sizes = np.sqrt(np.maximum(values[rest:] - noise, 0.0))
        return axes[:, rest:] * sizes, np.full(len(values), noise)
    units = np.sqrt(np.diagonal(covariance))
    matrix = covariance / np.outer(units, units)
    least = np.full(len(units), LEAST_NOISE)
    best, error = (matrix[:, :n_factors], least), np.inf
    for start in (usual_start(matrix, n_factors), *(s + 0 * least for s in STARTS)):
        noise = best_noise(matrix, n_factors, least, start)
        found = loadings(matrix, n_factors, noise)
        left = float(np.abs(found @ found.T + np.diag(noise) - matrix).max())
        if left < error:
            best, error = (found, noise), left
        if error < EXACT:
            break
    return best[0] * units[:, np.newaxis], best[1] * units**2
