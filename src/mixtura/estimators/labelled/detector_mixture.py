"""The mixture behind a detector: fitted, and taken out of what wraps it."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import has_fit_parameter

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.estimators import checks
from mixtura.estimators.fitted.fitted_gaussian_mixture import FittedGaussianMixture
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.init.distinct import distinct_rows

DISTINCT_ROWS = 5_000
"""Up to so many rows, equal ones are merged before the fit."""


def fitted_to_distinct_rows(mixture: Any, X: Array, sample_weight: Any) -> Any:
    """Fit; to few rows so that neither their order nor copies change a bit.

    The covariance of fewer rows than columns has a condition number of 1e10, by
    which the rounding of a sum would otherwise be magnified.
    """
    accepts = has_fit_parameter(mixture, "sample_weight")
    if len(X) > DISTINCT_ROWS or not accepts:
        given = {} if sample_weight is None else {"sample_weight": sample_weight}
        return mixture.fit(X, None, **given)
    weights = checks.check_sample_weight(sample_weight, X)
    rows = Rows(X, weights).take(np.flatnonzero(weights))
    merged = distinct_rows(rows, len(rows), np.random.default_rng(0))
    mixture.fit(merged.X, None, sample_weight=merged.weights)
    if hasattr(mixture, "labels_"):
        mixture.labels_ = mixture.predict(X)
    return mixture


def density_of(fitted: Any, names: Any) -> FittedGaussianMixture:
    """Return the mixture inside a frozen estimator or a search, less any noise.

    It is a copy that knows no names of columns, which the detector checks instead.

    Parameters
    ----------
    fitted : estimator
    names : ndarray of str or None
        Names of the columns of the detector.

    Raises
    ------
    TypeError
        If there is no Gaussian mixture of this package.
    ValueError
        If it was fitted to columns of other names.
    """
    inner = fitted.estimator if isinstance(fitted, FrozenEstimator) else fitted
    found = getattr(inner, "best_estimator_", inner)
    if not isinstance(found, FittedGaussianMixture):
        raise TypeError(
            "GaussianMixtureDetector(mixture=...) must be a mixtura GaussianMixture, "
            f"or a search for one; got {type(found).__name__}."
        )
    own = getattr(found, "feature_names_in_", None)
    if own is not None and names is not None and list(own) != list(names):
        raise ValueError(
            "GaussianMixtureDetector: X must have the columns that its mixture was "
            f"fitted to, {list(own)}; got {list(names)}."
        )
    if hasattr(found, "noise_weight_"):
        return GaussianMixture.from_parameters(
            found.weights_ / found.weights_.sum(),
            found.means_,
            found.covariances_,
            covariance_type=found.covariance_type,
        )
    density = copy(found)
    if own is not None:
        del density.feature_names_in_
    return density
