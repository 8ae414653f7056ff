"""What a report is about: a fitted mixture, its rows, and the search that chose it."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.gaussian_mixture_search import GaussianMixtureSearch
from mixtura.plot.quantities.gaussians import full_covariances
from mixtura.plot.quantities.inputs import check_fitted, check_weights, read_table

CALLER = "Report.from_estimator"


@dataclass(frozen=True)
class Subject:
    """A fitted mixture and its rows.

    Parameters
    ----------
    model : GaussianMixture
        Fitted; without the names of its columns, so that it takes arrays.
    search : GaussianMixtureSearch or None
        That chose it.
    values : ndarray of shape (n, D)
        Rows of positive weight.
    weights : ndarray of shape (n,) or None
    names : tuple of str
        Of the columns.
    n_without_weight : int
        Rows of weight zero, which are not among `values`.
    responsibilities : ndarray of shape (n, K)
        With noise, K + 1 columns.
    """

    model: Any
    search: Any
    values: Array
    weights: Array | None
    names: tuple[str, ...]
    n_without_weight: int
    responsibilities: Array

    @classmethod
    def of(cls, estimator: Any, X: Any, sample_weight: Any, names: Any) -> "Subject":
        """Check what the user passes.

        Raises
        ------
        TypeError
            If the estimator is no Gaussian mixture or search of this package.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        ValueError
            If rows, weights or names do not suit the fit.
        """
        if not isinstance(estimator, GaussianMixture | GaussianMixtureSearch):
            raise TypeError(
                f"{CALLER}: estimator must be a fitted GaussianMixture or "
                f"GaussianMixtureSearch; got {type(estimator).__name__}."
            )
        is_search = isinstance(estimator, GaussianMixtureSearch)
        needed = "best_estimator_" if is_search else "means_"
        check_fitted(estimator, (needed,), CALLER, "Call fit(X) first.")
        model = estimator.best_estimator_ if is_search else estimator
        table = read_table(model, X, names, CALLER)
        weights = check_weights(sample_weight, len(table.values), CALLER)
        kept = weights > 0
        nameless = copy.copy(model)
        if hasattr(nameless, "feature_names_in_"):
            del nameless.feature_names_in_
        values = np.ascontiguousarray(table.values[kept])
        return cls(
            nameless,
            estimator if is_search else None,
            values,
            None if sample_weight is None else weights[kept],
            table.names,
            int((~kept).sum()),
            nameless.predict_proba(values),
        )

    @property
    def n_rows(self) -> int:
        """Rows of positive weight."""
        return len(self.values)

    @property
    def n_columns(self) -> int:
        """Columns of the rows."""
        return self.values.shape[1]

    @property
    def n_components(self) -> int:
        """Components, without noise."""
        return len(self.model.weights_)

    @property
    def n_free_parameters(self) -> int:
        """Weights, means and covariances that can vary independently."""
        model = self.model
        inner = model._structure().n_free_parameters(*model.means_.shape)
        weights = 0 if model.equal_weights else self.n_components - 1
        return int(weights + model.means_.size + inner)

    @property
    def row_weights(self) -> Array:
        """Weight of each row, (n,)."""
        return np.ones(self.n_rows) if self.weights is None else self.weights

    @property
    def labels(self) -> IntArray:
        """Most probable component of each row, (n,); K for noise."""
        found: IntArray = self.responsibilities.argmax(axis=1)
        return found

    @property
    def covariances(self) -> Array:
        """Full covariance matrices, (K, D, D)."""
        return full_covariances(self.model)

    @property
    def standard_deviations(self) -> Array:
        """Standard deviation of each column in each component, (K, D)."""
        return np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))

    def telling_columns(self, most: int) -> list[int]:
        """Return the columns that tell components apart best, in their own order.

        The share of a column's variance that lies between the means of the components.

        Parameters
        ----------
        most : int
            At most so many.
        """
        weights = self.model.weights_ / self.model.weights_.sum()
        centre = weights @ self.model.means_
        between = weights @ (self.model.means_ - centre) ** 2
        within = weights @ self.standard_deviations**2
        share = between / np.maximum(between + within, np.finfo(float).tiny)
        return sorted(np.argsort(-share, kind="stable")[:most].tolist())
