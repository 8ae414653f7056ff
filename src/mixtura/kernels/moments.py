"""What every E-step kernel returns, and the limits all kernels share."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels.scaled import Scaled

Array = NDArray[np.float64]
Rows = NDArray[np.float64] | NDArray[np.float32] | Scaled

EXPONENT_FLOOR = -690.0
"""Responsibilities below exp(-690) of the largest count as zero: no denormals."""

LOG_FLOOR = -1e300
"""Stands for a log density whose square cannot be represented."""

DEAD = 1e-16
"""Share of all observations below which a component is dead: its moments are
rounding."""

FARTHEST = 1e150
"""A row farther than this from a mean enters second moments at this distance."""


class Moments(NamedTuple):
    """Sums over rows, about the current means.

    Attributes
    ----------
    log_likelihood : float
        Sum of the weighted log densities, in nats.
    entropy : float
        Sum of the weighted entropies of the responsibilities, in nats.
    counts : ndarray of shape (K,)
        Sums of the responsibilities.
    first : ndarray of shape (K, D)
        Sums of responsibility times difference from the mean.
    second : ndarray
        Sums of responsibility times the product of differences: (K, D, D) for full
        covariance, (D, D) over all components for tied, (K, D) for diagonal, and
        (K,) over all features for spherical.
    """

    log_likelihood: float
    entropy: float
    counts: Array
    first: Array
    second: Array

    def plus(self, other: "Moments") -> "Moments":
        """Sums over the rows of both; the means must be the same."""
        return Moments(
            self.log_likelihood + other.log_likelihood,
            self.entropy + other.entropy,
            self.counts + other.counts,
            self.first + other.first,
            self.second + other.second,
        )


def live_components(constants: Array) -> NDArray[np.intp] | None:
    """Find the components of positive weight; None if all are."""
    alive = constants > -np.inf
    if alive.all():
        return None
    if not alive.any():
        raise ValueError(
            "at least one entry of constants must be finite; got -inf for all "
            f"{len(constants)} components; every component has weight 0"
        )
    return np.flatnonzero(alive)


def with_dead_components(
    moments: Moments, live: NDArray[np.intp], n_components: int, pooled: bool
) -> Moments:
    """Put zeros in the places of components that took no part."""

    def widened(values: Array) -> Array:
        wide = np.zeros((n_components, *values.shape[1:]))
        wide[live] = values
        return wide

    return Moments(
        moments.log_likelihood,
        moments.entropy,
        widened(moments.counts),
        widened(moments.first),
        moments.second if pooled else widened(moments.second),
    )
