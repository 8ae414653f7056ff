"""Cheaper stand-ins for structures whose M-step is a search, for starts."""

from mixtura.families.covariance_structure import Covariance
from mixtura.families.low_rank import Factors
from mixtura.families.parsimonious import SameAxes
from mixtura.families.rough_axes import RoughAxes
from mixtura.families.rough_factors import RoughFactors


def rough(structure: Covariance) -> Covariance:
    """Return a structure with cheaper M-steps, where there is one."""
    if isinstance(structure, SameAxes):
        return RoughAxes(structure)
    if isinstance(structure, Factors) and not structure.isotropic:
        return RoughFactors(structure)
    return structure
