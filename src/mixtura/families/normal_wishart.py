r"""Normal-Wishart distributions over the means and precisions of Gaussian components.

.. math:: \Lambda_k \sim \mathcal W(W_k, \nu_k), \qquad
    \mu_k \mid \Lambda_k \sim \mathcal N(m_k, (\beta_k \Lambda_k)^{-1})

The scale matrices are stored as :math:`\Sigma_k = W_k^{-1} / \nu_k`, the inverse of the
expected precision, in the shape of a covariance structure. Whatever the structure, the
distribution is over full precision matrices; the structure restricts the
:math:`\Sigma_k`: equal for tied, diagonal, or a multiple of the identity.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from mixtura._types import Array
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import GaussianParams

TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class NormalWishart:
    """One Normal-Wishart distribution a component.

    Parameters
    ----------
    gaussian : GaussianParams
        Expected means m, and Sigma, the inverses of the expected precisions.
    mean_precision : ndarray of shape (n_components,)
        How many observations the knowledge of each mean is worth: beta.
    degrees_of_freedom : ndarray of shape (n_components,)
        The same for each precision: nu, above n_features - 1. All equal where the
        structure has one matrix for all.
    """

    gaussian: GaussianParams
    mean_precision: Array
    degrees_of_freedom: Array

    def __len__(self) -> int:
        return len(self.mean_precision)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return int(self.gaussian.means.shape[1])


def scatter(
    structure: Covariance, covariances: Array, counts: Array, n_features: int
) -> Array:
    """Sum of squares of which `structure.estimate` makes the given covariances.

    Parameters
    ----------
    structure : Covariance
    covariances : ndarray
        In the structure's shape.
    counts : ndarray of shape (n_components,)
        The number of observations behind each; may be zero.
    n_features : int
    """
    # An estimate is a scatter times a number, which that of a scatter of ones shows.
    ones = np.ones_like(covariances)
    return covariances / structure.estimate(ones, np.maximum(counts, TINY), n_features)


def jensen_gap(q: NormalWishart) -> Array:
    r"""Return what not knowing the parameters takes from log-densities, (K,) in nats.

    .. math:: E_q[\log \mathcal N(x \mid \mu_k, \Lambda_k^{-1})]
        = \log \mathcal N(x \mid m_k, \Sigma_k) - g_k, \qquad
        g_k = \tfrac12 \sum_{j=0}^{D-1} \Bigl( \log \tfrac{\nu_k}2
        - \psi \bigl( \tfrac{\nu_k - j}2 \bigr) + \tfrac1{\beta_k} \Bigr)

    with the digamma function, by [Bishop2006]_ 10.64-10.65. It vanishes as counts grow.
    """
    halves = _halves(q.degrees_of_freedom, q.n_features)
    known = np.log(q.degrees_of_freedom / 2)[:, None]
    each = known - digamma(halves) + 1 / q.mean_precision[:, None]
    return np.asarray(each.sum(axis=1) / 2)


def divergence(structure: Covariance, q: NormalWishart, p: NormalWishart) -> float:
    r"""Kullback-Leibler divergence KL(q || p) in nats, summed over components.

    .. math:: \mathrm{KL} = \sum_k \tfrac12 \Bigl[ D \bigl(\tfrac{\beta'_k}{\beta_k} - 1
        - \log \tfrac{\beta'_k}{\beta_k} \bigr)
        + \beta'_k \lVert m_k - m'_k \rVert^2_{\Sigma_k^{-1}} \Bigr]
        + \log \tfrac{B(W_k, \nu_k)}{B(W'_k, \nu'_k)}
        + \tfrac{\nu_k - \nu'_k}2 E[\log |\Lambda_k|] - \tfrac{\nu_k D}2
        + \tfrac12 \mathrm{tr}(W_k'^{-1} \Sigma_k^{-1})

    with the parameters of p primed and the normaliser B of [Bishop2006]_ B.79. Where
    one matrix serves all components, each has its own precision and all the same q.
    """
    factor, n_features = q.gaussian.precision_cholesky, q.n_features
    ratio = p.mean_precision / q.mean_precision
    shift = q.gaussian.means - p.gaussian.means
    pull = structure.outer(p.mean_precision[:, None] * shift, shift)
    of_means = n_features * float((ratio - 1 - np.log(ratio)).sum())
    of_means += structure.trace(factor, pull)
    prior_scatter = scatter(
        structure, p.gaussian.covariances, p.degrees_of_freedom, n_features
    )
    gained = q.degrees_of_freedom - p.degrees_of_freedom
    of_precisions = (
        _log_normalizers(structure, q)
        - _log_normalizers(structure, p)
        + gained / 2 * _expected_log_determinants(structure, q)
        - q.degrees_of_freedom * n_features / 2
    )
    return float(
        (of_means + structure.trace(factor, prior_scatter)) / 2 + of_precisions.sum()
    )


def predictive_log_density(structure: Covariance, q: NormalWishart, X: Array) -> Array:
    r"""Log-density of new rows, each component taken as known, (n, n_components).

    With the parameters integrated out it is a Student t,

    .. math:: \mathrm{St}\left(x; m_k, \frac{\beta_k + 1}{\beta_k}
        \frac{\nu_k}{d_k} \Sigma_k, d_k \right), \qquad d_k = \nu_k + 1 - D

    ([Bishop2006]_ 10.81-10.82).
    """
    gaussian, n_features = q.gaussian, q.n_features
    factor, nu = gaussian.precision_cholesky, q.degrees_of_freedom
    none = np.zeros(len(q))
    halves = -structure.kernels.log_joint(X, none, gaussian.means, factor)
    # 1 / d times the inverse scale of the t, in units of the inverse of Sigma.
    share = q.mean_precision / (q.mean_precision + 1) / nu
    constants = (
        gammaln((nu + 1) / 2)
        - gammaln((nu + 1 - n_features) / 2)
        + structure.log_determinants(factor, len(q), n_features)
        + n_features / 2 * np.log(share / math.pi)
    )
    return np.asarray(constants - (nu + 1) / 2 * np.log1p(2 * halves * share))


def _expected_log_determinants(structure: Covariance, q: NormalWishart) -> Array:
    """E[log |Lambda_k|], shape (n_components,) ([Bishop2006]_ 10.65)."""
    n_features = q.n_features
    return np.asarray(
        digamma(_halves(q.degrees_of_freedom, n_features)).sum(axis=1)
        + n_features * math.log(2)
        + _log_scale_determinants(structure, q)
    )


def _halves(nu: Array, n_features: int) -> Array:
    """(nu_k - j) / 2 for j = 0 … D - 1, shape (n_components, n_features)."""
    return (nu[:, None] - np.arange(n_features)) / 2


def _log_scale_determinants(structure: Covariance, q: NormalWishart) -> Array:
    """Log |W_k|, shape (n_components,)."""
    nu, n_features = q.degrees_of_freedom, q.n_features
    halves = structure.log_determinants(
        q.gaussian.precision_cholesky, len(nu), n_features
    )
    return np.asarray(2 * halves - n_features * np.log(nu))


def _log_normalizers(structure: Covariance, q: NormalWishart) -> Array:
    """Log B(W_k, nu_k), but for powers of pi, which are the same for all."""
    nu, n_features = q.degrees_of_freedom, q.n_features
    log_gamma = gammaln(_halves(nu, n_features)).sum(axis=1)
    log_determinants = _log_scale_determinants(structure, q)
    return np.asarray(
        -nu / 2 * (log_determinants + n_features * math.log(2)) - log_gamma
    )
