r"""The noise variances of factor analysis, given a covariance matrix S.

Of all :math:`\Sigma = \Lambda \Lambda^\top + \mathrm{diag}(\psi)` with q columns of
loadings, wanted is the one of least :math:`\log|\Sigma| + \mathrm{tr}(\Sigma^{-1} S)`.
For given noise the best loadings are known: with eigenvalues :math:`\theta` and
eigenvectors u of :math:`\Psi^{-1/2} S \Psi^{-1/2}`,

.. math:: \Lambda = \Psi^{1/2} U_q (\Theta_q - I)_+^{1/2}

([Lawley1940]_). What remains is a function of D log variances, whose derivatives are in
the same eigenvalues and eigenvectors ([ClarkeMRB1970]_): Newton's method, with bounds.

References
----------
.. [Lawley1940] D. N. Lawley. The estimation of factor loadings by the method of maximum
   likelihood.
.. [ClarkeMRB1970] M. R. B. Clarke. A rapidly convergent method for maximum-likelihood
   factor analysis.
"""

import numpy as np

from mixtura._types import Array

MOST = 200
"""Steps at most; ten are usual."""

LONGEST = 2.0
"""What a step may change the log of a variance by."""

LARGEST_FALL = 1e-2
"""What is left of a variance after one step at least."""

UNDETERMINED = 1e-8
"""Relative curvature of directions along which the noise is not determined."""

FLAT = 1e-12
"""Gains below this are rounding: there Newton's step is taken as it is."""

SETTLED = 1e-13
"""Change of log variances below which the search has converged."""

ROUNDING = 1e-15
"""Rounding of the derivatives where the noise is one; it grows as noise vanishes."""

STALLS = 2
"""Flat steps at most that are not half as long as the one before."""

OTHER_STARTS = (0.5, 0.1, 0.9)
"""Shares of noise to start from where the usual start misses a known solution."""

CURVATURE = 1e-15
"""Least curvature, relative to the largest, that a step is divided by."""


def best_noise(matrix: Array, n_factors: int, least: Array, start: Array) -> Array:
    """Return noise variances (D,) of a local maximum of the likelihood.

    Parameters
    ----------
    matrix : ndarray of shape (D, D)
        S, a correlation matrix or near one.
    n_factors : int
    least : ndarray of shape (D,)
        Positive lower bounds.
    start : ndarray of shape (D,)
    """
    low = np.log(least)
    x = np.maximum(np.log(start), low)
    stalls, last = 0, np.inf
    for _ in range(MOST):
        value, gradient, hessian = _derivatives(matrix, n_factors, x)
        free = (x > low) | (gradient < 0)
        if not free.any():
            break
        step = np.zeros_like(x)
        step[free] = _newton(gradient[free], hessian[np.ix_(free, free)])
        moved = np.maximum(x + step, low)
        if abs(gradient @ (moved - x)) > FLAT:
            downhill = np.where(free, -gradient, 0.0)
            found = _descended(matrix, n_factors, x, step, low, value, gradient)
            if found is None:
                found = _descended(matrix, n_factors, x, downhill, low, value, gradient)
            if found is None:
                break
            x = found
            continue
        change = float(np.abs(moved - x).max())
        x = moved
        stalls += change > last / 2
        last = change
        if change < SETTLED + ROUNDING / np.exp(x.min()) or stalls > STALLS:
            break
    return np.exp(x)


def loadings(matrix: Array, n_factors: int, noise: Array) -> Array:
    """Return the best loadings (..., D, q) for given noise."""
    values, vectors = _eigen(matrix, noise)
    excess = np.sqrt(np.maximum(values[..., :n_factors] - 1, 0.0))
    turned = np.sqrt(noise)[..., None] * vectors[..., :n_factors]
    return np.asarray(turned * excess[..., None, :])


def usual_start(matrix: Array, n_factors: int) -> Array:
    """Shares of the residual variances of each column given the others, (..., D).

    A share of the identity is added first, so a singular matrix has a start too.
    """
    n_features = matrix.shape[-1]
    inverse = np.linalg.inv(matrix + 1e-3 * np.eye(n_features))
    residual = np.diagonal(inverse, axis1=-2, axis2=-1)
    return np.asarray((1 - n_factors / (2 * n_features)) / residual)


def _eigen(matrix: Array, noise: Array) -> tuple[Array, Array]:
    """Eigenvalues, descending, and eigenvectors in units of the noise."""
    units = 1 / np.sqrt(noise)
    unit = units[..., :, None] * units[..., None, :]
    values, vectors = np.linalg.eigh(matrix * unit)
    return values[..., ::-1], vectors[..., ::-1]


def _profile(n_factors: int, logs: Array, values: Array) -> float:
    """Return the least divergence with this noise."""
    top = values[:n_factors][values[:n_factors] > 1]
    rest = values[len(top) :].sum()
    return float(logs.sum() + np.log(top).sum() + len(top) + rest)


def _derivatives(
    matrix: Array, n_factors: int, logs: Array
) -> tuple[float, Array, Array]:
    """Value, gradient and Hessian of the profile in the log variances."""
    values, vectors = _eigen(matrix, np.exp(logs))
    n_top = int(np.count_nonzero(values[:n_factors] > 1))
    top, rest = values[:n_top], values[n_top:]
    u_top, u_rest = vectors[:, :n_top], vectors[:, n_top:]
    gradient = u_rest**2 @ (1 - rest)
    hessian = (u_rest @ u_rest.T) * ((u_rest * rest) @ u_rest.T)
    gaps = np.maximum(top - rest[:, None], 1e-12 * np.abs(top))  # (D - n_top, n_top)
    factors = (1 - rest)[:, None] * (top + rest[:, None]) / gaps
    for j in range(n_top):
        outer = np.outer(u_top[:, j], u_top[:, j])
        hessian += outer * ((u_rest * factors[:, j]) @ u_rest.T)
    return _profile(n_factors, logs, values), gradient, hessian


def _newton(gradient: Array, hessian: Array) -> Array:
    """Downhill step in log variances, of limited length.

    Newton's for the variances themselves where that leads to a minimum, since noise
    that vanishes is near in those and infinitely far in logs; else Newton's for the
    logs, along negative curvature too.
    """
    curvature = hessian - np.diag(gradient)
    if (np.diagonal(curvature) > 0).all():
        units = np.sqrt(np.diagonal(curvature))
        values, vectors = np.linalg.eigh(curvature / np.outer(units, units))
        if values[0] > -UNDETERMINED:
            sizes = np.maximum(values, UNDETERMINED)
            relative = -(vectors @ ((vectors.T @ (gradient / units)) / sizes)) / units
            ratios = np.clip(1 + relative, LARGEST_FALL, np.exp(LONGEST))
            return np.asarray(np.log(ratios))
    values, vectors = np.linalg.eigh(hessian)
    sizes = np.abs(values)
    sizes = np.maximum(sizes, CURVATURE * max(float(sizes.max()), CURVATURE))
    step = -vectors @ ((vectors.T @ gradient) / sizes)
    return np.asarray(step * min(1.0, LONGEST / max(float(np.abs(step).max()), 1e-300)))


def _descended(
    matrix: Array,
    n_factors: int,
    x: Array,
    step: Array,
    low: Array,
    value: float,
    gradient: Array,
) -> Array | None:
    """Shorten a step until it leads down; None if rounding hides any gain."""
    for _ in range(40):
        moved = np.maximum(x + step, low)
        gain = -gradient @ (moved - x)
        if gain < 0.1 * FLAT:
            return None
        units = np.exp(-moved / 2)
        values = np.linalg.eigvalsh(matrix * np.outer(units, units))[::-1]
        if _profile(n_factors, moved, values) <= value - 1e-4 * gain:
            return np.asarray(moved)
        step = step / 2
    return None
