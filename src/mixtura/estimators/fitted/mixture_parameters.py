"""What the methods of a fitted mixture share: its parameters and its columns."""

from abc import abstractmethod
from typing import Any

from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array, IntArray
from mixtura.distribution import density
from mixtura.estimators import checks
from mixtura.estimators.fitted.columns import resolve
from mixtura.estimators.fitted.known_gaussians import gaussians_of
from mixtura.families.covariance_structure import Covariance
from mixtura.models.mixture import MixtureParams


class MixtureParameters:
    """Parameters with full covariances, and columns by name or index."""

    covariance_type: str
    random_state: Any
    weights_: Array
    means_: Array
    covariances_: Array

    @abstractmethod
    def _structure(self) -> Covariance:
        """Return the covariance structure."""

    def _density(self) -> MixtureParams:
        """Parameters with full covariances, and weights that sum to one."""
        check_is_fitted(self)
        structure = self._structure()
        covariances = gaussians_of(self, structure).covariances
        matrices = structure.to_full(covariances, *self.means_.shape)
        weights = self.weights_ / self.weights_.sum()
        return density.gaussian_mixture(weights, self.means_, matrices)

    def _columns(self, wanted: Any, argument: str) -> IntArray:
        """Return the indices of columns; `argument` is what messages call them."""
        check_is_fitted(self)
        return resolve(wanted, self._n_columns, self._names(), argument)

    @property
    def _n_columns(self) -> int:
        return int(self.means_.shape[1])

    def _names(self) -> list[str] | None:
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else [str(name) for name in names]


def as_probabilities(values: Any, argument: str) -> Array:
    """Require numbers between 0 and 1, of any shape."""
    array = checks.as_floats(values, argument)
    wrong = (array < 0) | (array > 1)
    if wrong.any():
        raise ValueError(
            f"{argument} must lie between 0 and 1; got {array[wrong].flat[0]}."
        )
    return array
