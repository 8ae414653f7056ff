"""Closed forms for pairs of Gaussian components, all components of f with all of g.

Arguments are `GaussianParams` with full covariances, results (K_f, K_g) in nats.
"""

import numpy as np

from mixtura._types import Array
from mixtura.families.factorisation import cholesky
from mixtura.families.gaussian import GaussianParams

LARGEST = 1e300
"""Stands for a distance whose square cannot be represented."""


def entropies(f: GaussianParams) -> Array:
    r"""Return :math:`\tfrac12 \log |2 \pi e \Sigma_k|` in nats, (K,)."""
    n_features = f.means.shape[1]
    return np.asarray(n_features / 2 * np.log(2 * np.pi * np.e) - _log_roots(f))


def kl_divergences(f: GaussianParams, g: GaussianParams) -> Array:
    r"""Kullback-Leibler divergences of the components.

    .. math:: \mathrm{KL}(f_a \| g_b) = \tfrac12 \left( \mathrm{tr}(\Lambda_b \Sigma_a)
        - D + \log \frac{|\Sigma_b|}{|\Sigma_a|}
        + (\mu_a - \mu_b)^\top \Lambda_b (\mu_a - \mu_b) \right)
    """
    roots = cholesky(f.covariances)  # (K_f, D, D)
    result = np.empty((len(f.means), len(g.means)))
    for b, (mean, factor) in enumerate(zip(g.means, g.precision_cholesky, strict=True)):
        with np.errstate(over="ignore"):
            trace = ((factor.T @ roots) ** 2).sum(axis=(1, 2))
            squares = (((f.means - mean) @ factor) ** 2).sum(axis=1)
        result[:, b] = (trace - f.means.shape[1] + squares) / 2
    result += _log_roots(f)[:, None] - _log_roots(g)
    return np.clip(result, 0.0, LARGEST)


def bhattacharyya_distances(f: GaussianParams, g: GaussianParams) -> Array:
    r"""Return :math:`-\log \int \sqrt{f_a g_b}`.

    .. math:: \tfrac14 \delta^\top (\Sigma_a + \Sigma_b)^{-1} \delta + \tfrac12
        \log \frac{|(\Sigma_a + \Sigma_b) / 2|}{\sqrt{|\Sigma_a| |\Sigma_b|}}
    """
    squares, log_determinants = _sums(f, g)
    halves = log_determinants - f.means.shape[1] * np.log(2)
    own = _log_roots(f)[:, None] + _log_roots(g)
    return np.maximum(squares / 4 + (halves + own) / 2, 0.0)


def log_overlaps(f: GaussianParams, g: GaussianParams) -> Array:
    r"""Return :math:`\log \int f_a g_b`, a normal log-density of the means' difference.

    .. math:: \log \mathcal N(\mu_a \mid \mu_b,\, \Sigma_a + \Sigma_b)
    """
    squares, log_determinants = _sums(f, g)
    n_features = f.means.shape[1]
    return -(squares + log_determinants + n_features * np.log(2 * np.pi)) / 2


def _sums(f: GaussianParams, g: GaussianParams) -> tuple[Array, Array]:
    """Squared distances in the metric of Sigma_a + Sigma_b, and its log determinant."""
    squares = np.empty((len(f.means), len(g.means)))
    log_determinants = np.empty_like(squares)
    for a, (mean, covariance) in enumerate(zip(f.means, f.covariances, strict=True)):
        roots = cholesky(covariance + g.covariances)
        whitened = np.linalg.solve(roots, (mean - g.means)[..., None])[..., 0]
        with np.errstate(over="ignore"):
            squares[a] = np.minimum((whitened**2).sum(axis=1), LARGEST)
        diagonals = np.diagonal(roots, axis1=1, axis2=2)
        log_determinants[a] = 2 * np.log(diagonals).sum(axis=1)
    return squares, log_determinants


def _log_roots(f: GaussianParams) -> Array:
    """Log determinants of the precision factors: -1/2 log |Sigma_k|, (K,)."""
    diagonals = np.diagonal(f.precision_cholesky, axis1=1, axis2=2)
    return np.asarray(np.log(diagonals).sum(axis=1))
