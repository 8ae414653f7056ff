r"""Loadings and noise of a covariance that has them, as coordinates near it.

.. math:: (\Lambda, \psi_F) \mapsto \Lambda \Lambda^\top + \mathrm{diag}(\psi)

is smooth in the loadings and in the noise of the columns F that have any. The noise of
the others has vanished (`heywood`) and is held: the estimate of it stays at the edge of
what is allowed when the data change a little.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.families.factor_noise import OTHER_STARTS, best_noise, usual_start
from mixtura.families.heywood import LEAST_SHARE, loss_of, with_noise

EDGE = 2 * LEAST_SHARE
"""Share of a variance up to which noise has vanished."""

EXACT = 1e-10
"""A divergence in nats above this is not that of a covariance from itself."""


def factor_coordinates(
    covariances: Array, n_factors: int, isotropic: bool
) -> tuple[Array, Callable[[Array], Array]]:
    """Return loadings and free noise as a vector, and the map back from such vectors.

    Parameters
    ----------
    covariances : ndarray of shape (K, D, D)
        Of q factors and noise.
    n_factors : int
        q, less than D.
    isotropic : bool
        Whether a component has one noise variance for all columns.
    """
    n_components, n_features, _ = covariances.shape
    if isotropic:
        rest = np.linalg.eigvalsh(covariances)[:, : n_features - n_factors]
        noise = np.asarray(rest.mean(axis=1, keepdims=True), dtype=np.float64)
        free = np.ones((n_components, 1), dtype=bool)
    else:
        parts = [noise_of(matrix, n_factors) for matrix in covariances]
        noise, free = (np.stack(part) for part in zip(*parts, strict=True))
    factors = _loadings(covariances, noise, n_factors)

    def covariances_of(vector: Array) -> Array:
        loadings = vector[: factors.size].reshape(factors.shape)
        diagonal = noise.copy()
        diagonal[free] = vector[factors.size :]
        matrices = loadings @ loadings.swapaxes(1, 2)
        return np.asarray(matrices + _diagonals(diagonal, n_features))

    return np.concatenate([factors.ravel(), noise[free]]), covariances_of


def noise_of(covariance: Array, n_factors: int) -> tuple[Array, NDArray[np.bool_]]:
    """Return noise variances (D,) of a covariance of q factors, and which are free.

    Where several are possible, such as are all free are returned if there are any.
    """
    variances = np.diagonal(covariance)
    if n_factors == 0:
        return variances.copy(), np.ones(len(variances), dtype=bool)
    units = np.sqrt(variances)
    matrix = covariance / np.outer(units, units)
    noise = _searched(matrix, n_factors)
    free = noise > EDGE
    edge, rest = np.flatnonzero(~free), np.flatnonzero(free)
    if 0 < len(edge) <= n_factors:
        known, across = matrix[np.ix_(edge, edge)], matrix[np.ix_(edge, rest)]
        given = matrix[np.ix_(rest, rest)] - across.T @ np.linalg.solve(known, across)
        noise[edge] = 0.0
        noise[rest], free[rest] = noise_of(given, n_factors - len(edge))
    return noise * variances, free


def _searched(matrix: Array, n_factors: int) -> Array:
    """Noise of a correlation matrix, no less than `LEAST_SHARE`."""
    least, loss = np.full(len(matrix), LEAST_SHARE), loss_of(matrix)
    starts = [usual_start(matrix, n_factors)]
    starts += [np.full(len(matrix), share) for share in OTHER_STARTS]
    found = []
    for start in starts:
        noise = best_noise(matrix, n_factors, least, start)
        excess = loss(with_noise(matrix, n_factors, noise)) - loss(matrix)
        n_edge = int((noise <= EDGE).sum())
        if excess < EXACT and not n_edge:
            return noise
        found.append((max(excess, EXACT), n_edge, noise))
    return min(found, key=lambda item: item[:2])[2]


def _loadings(covariances: Array, noise: Array, n_factors: int) -> Array:
    """Loadings (K, D, q) of what the noise leaves, in units of each column."""
    units = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    rest = covariances - _diagonals(noise, covariances.shape[-1])
    values, axes = np.linalg.eigh(rest / (units[..., :, None] * units[..., None, :]))
    roots = np.sqrt(np.maximum(values[..., -n_factors:], 0.0))
    return np.asarray(units[..., None] * axes[..., -n_factors:] * roots[..., None, :])


def _diagonals(noise: Array, n_features: int) -> Array:
    return np.asarray(noise[..., None] * np.eye(n_features))
