"""What the files of all models say in the same way: names, and how it was fitted."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mixtura.exceptions import ModelFileError
from mixtura.io import json_checks as check

MEMBERS = (
    "converged",
    "n_iter",
    "log_likelihood",
    "lower_bound",
    "lower_bounds",
    "outcome",
    "n_samples",
)


def to_document(model: Any) -> dict[str, Any] | None:
    """Describe how a mixture was fitted; None for one built from parameters.

    What a class does not know, such as a likelihood where a bound was maximised, is
    null, as are numbers that are not finite.
    """
    if not hasattr(model, "n_iter_"):
        return None
    return {
        "converged": bool(model.converged_),
        "n_iter": int(model.n_iter_),
        "log_likelihood": finite_or_none(getattr(model, "log_likelihood_", math.nan)),
        "lower_bound": finite_or_none(model.lower_bound_),
        "lower_bounds": [finite_or_none(value) for value in model.lower_bounds_],
        "outcome": str(model.outcome_),
        "n_samples": finite_or_none(model.n_samples_fit_),
    }


def attributes(value: object) -> dict[str, Any]:
    """Return the fitted attributes that a record stands for, by name.

    Raises
    ------
    ModelFileError
        If it is neither null nor such a record.
    """
    if value is None:
        return {}
    fit = check.fields(value, "fit", MEMBERS)
    bounds = check.items(fit["lower_bounds"], "fit.lower_bounds")
    return {
        "converged_": check.boolean(fit["converged"], "fit.converged"),
        "n_iter_": check.integer(fit["n_iter"], "fit.n_iter", 0),
        "log_likelihood_": check.number_or_null(
            fit["log_likelihood"], "fit.log_likelihood"
        ),
        "lower_bound_": check.number_or_null(fit["lower_bound"], "fit.lower_bound"),
        "lower_bounds_": [
            check.number_or_null(bound, f"fit.lower_bounds[{i}]")
            for i, bound in enumerate(bounds)
        ],
        "outcome_": check.text(fit["outcome"], "fit.outcome"),
        "n_samples_fit_": check.number_or_null(fit["n_samples"], "fit.n_samples"),
    }


def finite_or_none(value: Any) -> float | None:
    """Return a number as JSON can hold it."""
    return float(value) if math.isfinite(value) else None


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return arrays as nested lists of float64.

    Raises
    ------
    ModelFileError
        Naming the attribute that has NaN or infinite entries.
    """
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise ModelFileError(
                f"save_model: {name}_ must be finite; it has NaN or infinite entries. "
                f"The fit went wrong; such a model is not saved."
            )
    return {
        name: np.asarray(value, dtype=np.float64).tolist()
        for name, value in values.items()
    }


def names_of(model: Any) -> list[str] | None:
    """Names of the columns, if the model knows any."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def feature_names(value: object, n_features: int) -> list[str] | None:
    """Require null, or as many different strings as there are columns."""
    if value is None:
        return None
    entries = check.items(value, "feature_names")
    names = [check.text(name, f"feature_names[{i}]") for i, name in enumerate(entries)]
    if len(names) != n_features or len(set(names)) != n_features:
        raise ModelFileError(f"feature_names must be {n_features} different strings.")
    return names


def set_columns(model: Any, n_features: int, names: list[str] | None) -> None:
    """Tell a model how many columns it has, and their names."""
    model.n_features_in_ = n_features
    if names is not None:
        model.feature_names_in_ = np.array(names, dtype=object)
