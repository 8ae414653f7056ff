"""Common axes to within what a start needs: cheap steps that never lose likelihood."""

import numpy as np

from mixtura._types import Array
from mixtura.families.covariance_structure import Covariance
from mixtura.families.orientation import CommonAxes
from mixtura.families.parsimonious import SameAxes, _composed, _generic_mean


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
        if not np.isfinite(own).all():
            return np.full_like(own, np.nan)
        pooled = np.tensordot(counts / counts.sum(), own, axes=1)
        starts = np.linalg.eigh(np.array([_generic_mean(previous), pooled]))[1]
        search = CommonAxes(own, counts, self.variances, floor)
        best = min(map(search.at, starts), key=lambda axes: axes.divergence)
        best = search.by_planes(best)
        return _composed(best.variances, best.axes)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """Count them as for the exact structure."""
        return self._exact.n_free_parameters(n_components, n_features)


def rough(structure: Covariance) -> Covariance:
    """Return a structure with cheaper M-steps, where there is one."""
    return RoughAxes(structure) if isinstance(structure, SameAxes) else structure
