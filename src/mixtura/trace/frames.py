"""Between the units in which a fit was computed and those of the user."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from mixtura._types import Array
from mixtura.families.covariance_structure import Covariance
from mixtura.models.gaussian_units import in_user_units
from mixtura.models.mixture import MixtureParams
from mixtura.units import Units


@dataclass(frozen=True)
class GivenUnits:
    """A fit in the units of the data as they are.

    Parameters
    ----------
    structure : Covariance or None
        Of the components' covariances, if they are Gaussian.
    """

    structure: Covariance | None
    offset: ClassVar[float] = 0.0

    def params(self, params: Any) -> Any:
        """Return the parameters."""
        return params

    def rows(self, X: Array) -> Array:
        """Return the rows."""
        return X


@dataclass(frozen=True)
class ScaledUnits:
    """A fit of a Gaussian mixture in z = (x - c) / s.

    Parameters
    ----------
    units : Units
    structure : Covariance
        Of the components' covariances.
    offset : float
        What the change from z to x adds to a log-likelihood, in nats, in total.
    """

    units: Units
    structure: Covariance
    offset: float

    def params(self, params: MixtureParams) -> MixtureParams:
        """Map the components' parameters to x, without the weight of noise."""
        weights = params.weights[: len(params.components.means)]
        components = replace(params, weights=weights)
        return in_user_units(components, self.units, self.structure)

    def rows(self, X: Array) -> Array:
        """Map rows to z."""
        return self.units.to_z(X)


Frame = GivenUnits | ScaledUnits
