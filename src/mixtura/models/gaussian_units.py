"""Parameters of a Gaussian mixture, from the units of a fit to the user's."""

import numpy as np

from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import GaussianParams
from mixtura.models.mixture import MixtureParams
from mixtura.units import Units


def in_user_units(
    params: MixtureParams, units: Units, structure: Covariance
) -> MixtureParams:
    """Map parameters from z back to x; factors scale by powers of two, exactly.

    Parameters
    ----------
    params : MixtureParams
        Of Gaussian components.
    units : Units
    structure : Covariance
        Of their covariances.
    """
    inner = params.components
    with np.errstate(over="ignore"):  # the fit warns of it
        covariances = structure.rescale(inner.covariances, units.scale)
    factors = structure.rescale_factor(inner.precision_cholesky, units.scale)
    return MixtureParams(
        params.weights,
        GaussianParams(units.to_x(inner.means), covariances, factors),
    )
