r"""Moments of a Gaussian mixture, exact and about its mean.

With :math:`d_k = \mu_k - \mu`, the moments of component k about the mixture's mean
follow from those of a normal variable; nothing is a difference of raw moments.
"""

import numpy as np

from mixtura._types import Array
from mixtura.distribution.density import deviations, mean
from mixtura.models.mixture import MixtureParams


def covariance(params: MixtureParams) -> Array:
    r"""Return :math:`\sum_k \pi_k (\Sigma_k + d_k d_k^\top)`, shape (D, D)."""
    weights, components = params.weights, params.components
    shifts = np.sqrt(weights)[:, None] * (components.means - mean(params))
    within = np.tensordot(weights, components.covariances, axes=1)
    return np.asarray(within + shifts.T @ shifts)


def skewness(params: MixtureParams) -> Array:
    r"""Return :math:`E[(x - \mu)^3] / \sigma^3` of each column, shape (D,).

    The third moment of component k about :math:`\mu` is
    :math:`d_k^3 + 3 d_k \sigma_k^2`.
    """
    shifts, variances = _standardised(params)
    return np.asarray(params.weights @ (shifts**3 + 3 * shifts * variances))


def excess_kurtosis(params: MixtureParams) -> Array:
    r"""Return :math:`E[(x - \mu)^4] / \sigma^4 - 3` of each column, shape (D,).

    The fourth moment of component k about :math:`\mu` is
    :math:`d_k^4 + 6 d_k^2 \sigma_k^2 + 3 \sigma_k^4`.
    """
    shifts, variances = _standardised(params)
    fourth = shifts**4 + 6 * shifts**2 * variances + 3 * variances**2
    return np.asarray(params.weights @ fourth - 3)


def _standardised(params: MixtureParams) -> tuple[Array, Array]:
    """Shifts d_k and variances of the columns in units of their deviation, (K, D)."""
    components, spread = params.components, deviations(params)
    spreads = np.sqrt(np.diagonal(components.covariances, axis1=1, axis2=2))
    return (components.means - mean(params)) / spread, (spreads / spread) ** 2
