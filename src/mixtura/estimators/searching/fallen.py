"""Components whose likelihood means little, although it may be large."""

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.estimators.fitting.gaussian_fit import COLLAPSED, FLOOR
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.structures import STRUCTURES
from mixtura.families.covariance_structure import Covariance
from mixtura.units import Units


def collapse_floor(rows: Rows) -> Array:
    """Variances (n_features,) so small that a component with one has collapsed."""
    units = Units.of(rows.X, rows.weights, True)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(COLLAPSED * FLOOR * units.usual * units.scale**2)


def collapsed_components(model: GaussianMixture, floor: Array) -> NDArray[np.bool_]:
    """Which living components (K,) are at the floor in some direction, or nearly."""
    if not isinstance(model.reg_covar, str) or not floor.any():
        return np.zeros(len(model.weights_), dtype=bool)
    ratios = STRUCTURES[model.covariance_type].least_ratios(
        model.covariances_, floor, len(model.weights_)
    )
    return np.asarray((ratios < 1.0) & (model.weights_ > 0))


def least_rows(n_features: int) -> float:
    """Rows that span the columns: one more than these; a share is seldom whole."""
    return n_features + 0.5


def flat_components(
    structure: Covariance, rows: Array, n_features: int
) -> NDArray[np.bool_]:
    """Which living components (K,) stand on too few rows to span the columns.

    A component that turns by itself lies flat in what so few rows span, and its
    likelihood means little even where others lend it their shape or volume.

    Parameters
    ----------
    structure : Covariance
    rows : ndarray of shape (K,)
        How many each component stands on.
    n_features : int
    """
    is_few = rows < least_rows(n_features)
    return np.asarray(is_few & (rows > 0) & structure.turns)
