"""Gaussian components of which some means or covariances are known."""

from dataclasses import dataclass

from mixtura._types import Array
from mixtura.families.covariance import Diagonal, Full, Spherical
from mixtura.families.gaussian import (
    Gaussian,
    GaussianParams,
    GaussianStatistics,
    living_shift,
    moved,
)


@dataclass(frozen=True)
class FixedParts(Gaussian):
    """Gaussian components; chosen means and covariances stay what they are at first.

    Parameters
    ----------
    structure : Covariance
    constraint : Constraint
    means : tuple of int
        Components whose means the M-step leaves alone.
    covariances : tuple of int
        Components whose covariances it leaves alone: the structure must then be full,
        diagonal or spherical, in which each has its own.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.families.covariance import Spherical
    >>> family = FixedParts(Spherical(), means=(0,))
    >>> params = family.params(np.array([[0.0], [5.0]]), np.ones(2))
    >>> family.n_free_parameters(params)
    3
    """

    means: tuple[int, ...] = ()
    covariances: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        own = isinstance(self.structure, Full | Diagonal | Spherical)
        if self.covariances and not own:
            raise ValueError(
                "FixedParts: chosen covariances can be fixed only where each component "
                "has its own (full, diagonal, spherical); got the structure "
                f"{type(self.structure).__name__}."
            )

    def maximize(
        self,
        params: GaussianParams,
        statistics: GaussianStatistics,
        extra: Array | float = 0.0,
    ) -> GaussianParams:
        """Maximise over what is free, the covariances about the fixed means."""
        alive, shift = living_shift(statistics)
        shift[[*self.means]] = (params.means - statistics.pivot)[[*self.means]]
        means = moved(params.means, statistics, alive, shift)
        means[[*self.means]] = params.means[[*self.means]]
        free = alive.copy()
        free[[*self.covariances]] = False
        maximised = self._with_means(means, params, statistics, shift, free, extra)
        return self._restored(maximised, params)

    def constrained(self, vector: Array, params: GaussianParams) -> GaussianParams:
        """Return the parameters of a vector; what is fixed is that of `params`."""
        return self._restored(super().constrained(vector, params), params)

    def _restored(self, new: GaussianParams, old: GaussianParams) -> GaussianParams:
        """Put back what is fixed, bit by bit."""
        means, kept = new.means.copy(), [*self.covariances]
        means[[*self.means]] = old.means[[*self.means]]
        covariances, factors = new.covariances, new.precision_cholesky
        if kept:
            covariances, factors = covariances.copy(), factors.copy()
            covariances[kept] = old.covariances[kept]
            factors[kept] = old.precision_cholesky[kept]
        return GaussianParams(means, covariances, factors)

    def n_free_parameters(self, params: GaussianParams) -> int:
        """Leave out what is fixed."""
        n_features = params.means.shape[1]
        total = super().n_free_parameters(params) - len(self.means) * n_features
        if self.constraint.estimates_covariances:
            each = self.structure.n_free_parameters(1, n_features)
            total -= len(self.covariances) * each
        return total
