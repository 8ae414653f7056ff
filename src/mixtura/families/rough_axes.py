"""Common axes to within what a start needs: cheap steps that never lose likelihood."""

import numpy as np

from mixtura._types import Array
from mixtura.families.orientation import Axes, CommonAxes, better
from mixtura.families.parsimonious import SameAxes
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

    def _descended(self, search: CommonAxes, first: Array) -> tuple[Axes, Array]:
        pooled = mean_over_components(search.own, search.counts)
        before, other = map(search.at, np.linalg.eigh(np.array([first, pooled]))[1])
        with np.errstate(divide="ignore", invalid="ignore"):  # variances of zero
            return search.by_planes(better(before, other)), before.divergence

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """Count them as for the exact structure."""
        return self._exact.n_free_parameters(n_components, n_features)
