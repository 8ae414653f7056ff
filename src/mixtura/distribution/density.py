"""A Gaussian mixture with full covariances: its parameters, density and draws."""

from dataclasses import replace

import numpy as np

from mixtura._types import Array, Rng
from mixtura.execution.blas import single_threaded_blas
from mixtura.families.covariance import Full
from mixtura.families.factorisation import cholesky
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.kernels import sampling
from mixtura.models.mixture import MixtureParams, log_weights
from mixtura.units import Units

STRUCTURE = Full()
FAMILY = Gaussian(STRUCTURE)


def gaussian_mixture(weights: Array, means: Array, covariances: Array) -> MixtureParams:
    """Factor the covariances, in extended precision.

    Parameters
    ----------
    weights : ndarray of shape (K,)
    means : ndarray of shape (K, D)
    covariances : ndarray of shape (K, D, D)

    Returns
    -------
    MixtureParams
        What the functions of `mixtura.distribution` take.

    Raises
    ------
    DegenerateComponentError
        If a covariance is not positive definite.
    """
    factors = STRUCTURE.factor(covariances, extended=True)
    return MixtureParams(weights, GaussianParams(means, covariances, factors))


def living(params: MixtureParams) -> MixtureParams:
    """Leave out the components of weight zero."""
    alive = params.weights > 0
    components = params.components
    return MixtureParams(
        params.weights[alive] / params.weights[alive].sum(),
        GaussianParams(
            components.means[alive],
            components.covariances[alive],
            components.precision_cholesky[alive],
        ),
    )


def log_joint(params: MixtureParams, X: Array) -> Array:
    """Log pi_k + log N(x | mu_k, Sigma_k) in nats, (n_samples, K)."""
    return STRUCTURE.kernels.log_joint(X, *_kernel_arguments(params))


def log_density(params: MixtureParams, X: Array) -> Array:
    """Log p(x) in nats, (n_samples,)."""
    return STRUCTURE.kernels.log_density(X, *_kernel_arguments(params))


def _kernel_arguments(params: MixtureParams) -> tuple[Array, Array, Array]:
    components = params.components
    constants = log_weights(params) + FAMILY.log_normalizers(components)
    return constants, components.means, components.precision_cholesky


def draw(params: MixtureParams, counts: np.ndarray, rng: Rng) -> Array:
    """Draw so many rows of each component, ordered by component."""
    components = params.components
    with single_threaded_blas():
        return sampling.sample(
            counts,
            components.means,
            cholesky(components.covariances),
            int(rng.integers(2**63)),
        )


def mean(params: MixtureParams) -> Array:
    r"""Return :math:`\mu = \sum_k \pi_k \mu_k`, shape (D,)."""
    means = params.components.means
    anchor = means[params.weights.argmax()]
    # As a shift from the heaviest component, so that a far origin costs no digits.
    return np.asarray(anchor + params.weights @ (means - anchor))


def deviations(params: MixtureParams) -> Array:
    """Standard deviation of each column, (D,); it overflows only if it must."""
    components, weights = params.components, params.weights[:, None]
    shifts = components.means - mean(params)
    spreads = np.sqrt(np.diagonal(components.covariances, axis1=1, axis2=2))
    reach = np.maximum(np.abs(shifts), spreads).max(axis=0)
    squares = (shifts / reach) ** 2 + (spreads / reach) ** 2
    return np.asarray(reach * np.sqrt((weights * squares).sum(axis=0)))


def units_of(params: MixtureParams) -> Units:
    """Units in which the mixture is of size one and near the origin."""
    center = params.components.means[params.weights.argmax()]
    spread = deviations(params)
    scale = np.exp2(np.round(np.log2(spread)))
    variances = (spread / scale) ** 2
    return Units(center, scale, variances, variances)


def in_units(params: MixtureParams, units: Units) -> MixtureParams:
    """Return the distribution of z = (x - c) / s."""
    components = params.components
    scale = 1 / units.scale
    return replace(
        params,
        components=GaussianParams(
            units.to_z(components.means),
            STRUCTURE.rescale(components.covariances, scale),
            STRUCTURE.rescale_factor(components.precision_cholesky, scale),
        ),
    )
