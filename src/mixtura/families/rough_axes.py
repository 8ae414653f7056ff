"""Common axes to within what a start needs: cheap steps that never lose likelihood."""

import numpy as np

from mixtura._types import Array
from mixtura.families.covariance_structure import Covariance
from mixtura.families.orientation import CommonAxes, better
from mixtura.families.parsimonious import SameAxes, _composed, _generic_mean
from mixtura.families.sets import mean_over_components


class RoughAxes(SameAxes):
    """A structure of equal orientation whose axes are improved, not found.

    An M-step turns the better of the previous axes and those of the pooled covariance
    once in every plane. EM then climbs as surely, in more and far cheaper steps.

    Parameters
    ----------
    exact : SameAxes
        The structure that this stands for.
    """

    def __init__(self, exact: SameAxes) -> None:
        self._exact = exact
        self.name = exact.name
        self.variances = exact.variances  # type: ignore[misc]

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        """Return covariances at least as likely as the previous ones."""
        finite = np.isfinite(own).all(axis=(-3, -2, -1), keepdims=True)
        own = np.where(finite, own, 1.0)
        search = CommonAxes(own, counts, self.variances, floor)
        pooled = mean_over_components(own, counts)
        starts = np.linalg.eigh(np.array([_generic_mean(previous), pooled]))[1]
        with np.errstate(divide="ignore", invalid="ignore"):  # variances of zero
            best = search.by_planes(better(*map(search.at, starts)))
        nearest = _composed(best.variances, best.axes[..., None, :, :])
        return np.where(finite, nearest, np.nan)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """Count them as for the exact structure."""
        return self._exact.n_free_parameters(n_components, n_features)


def rough(structure: Covariance) -> Covariance:
    """Return a structure with cheaper M-steps, where there is one."""
    return RoughAxes(structure) if isinstance(structure, SameAxes) else structure
