"""GaussianMixture as a JSON document, and back."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.exceptions import ModelFileError
from mixtura.io import json_checks as check

MEMBERS = (
    "covariance_type",
    "equal_weights",
    "n_components",
    "n_features",
    "parameters",
    "feature_names",
    "fit",
)

_PARAMETERS = ("weights", "means", "covariances", "precisions_cholesky")

_FIT = (
    "converged",
    "n_iter",
    "log_likelihood",
    "lower_bound",
    "lower_bounds",
    "outcome",
    "n_samples",
)

_UNSAVED = {"noise_weight_": "noise", "trim_threshold_": "trimming"}

_WEIGHT_SUM_TOLERANCE = 1e-9
"""Room for the rounding of a division by the sum, over many components."""


def to_document(model: Any) -> dict[str, Any]:
    """Describe a fitted model by plain numbers.

    Parameters
    ----------
    model : GaussianMixture
        A fitted model.

    Returns
    -------
    dict
        The members of ``MEMBERS``, ready for JSON.

    Raises
    ------
    ModelFileError
        If a parameter is not finite, or the model has noise or was trimmed.
    """
    for name, what in _UNSAVED.items():
        if hasattr(model, name):
            raise ModelFileError(
                f"save_model: a mixture with {what} has no file format yet. Save the "
                "mixture of its components with GaussianMixture.from_parameters, or "
                "fit without."
            )
    parameters = {name: getattr(model, f"{name}_") for name in _PARAMETERS}
    for name, values in parameters.items():
        if not np.isfinite(values).all():
            raise ModelFileError(
                f"save_model: {name}_ must be finite; it has NaN or infinite entries. "
                f"The fit went wrong; such a model is not saved."
            )
    n_components, n_features = model.means_.shape
    names = getattr(model, "feature_names_in_", None)
    return {
        "covariance_type": str(model.covariance_type),
        "equal_weights": bool(model.equal_weights),
        "n_components": int(n_components),
        "n_features": int(n_features),
        "parameters": {
            name: np.asarray(values, dtype=np.float64).tolist()
            for name, values in parameters.items()
        },
        "feature_names": None if names is None else [str(name) for name in names],
        "fit": _fit_document(model),
    }


def from_document(document: Mapping[str, Any]) -> Any:
    """Build the model that a document describes.

    Parameters
    ----------
    document : mapping
        Parsed JSON with the members of ``MEMBERS``; nothing else is trusted.

    Returns
    -------
    GaussianMixture
        Scores rows exactly as the saved model did.

    Raises
    ------
    ModelFileError
        If a member has the wrong type or shape, or the parameters are no mixture.
    """
    from mixtura.estimators.gaussian_mixture import GaussianMixture

    covariance_type = check.text(document["covariance_type"], "covariance_type")
    n_components = check.integer(document["n_components"], "n_components", 1)
    n_features = check.integer(document["n_features"], "n_features", 1)
    equal_weights = check.boolean(document["equal_weights"], "equal_weights")
    structure = _structure(covariance_type)
    shapes = _shapes(structure, n_components, n_features)
    stored = check.fields(document["parameters"], "parameters", _PARAMETERS)
    parameters = {
        name: check.array(stored[name], f"parameters.{name}", shapes[name])
        for name in _PARAMETERS
    }
    _check_mixture(parameters, structure)
    if equal_weights and np.ptp(parameters["weights"]) > _WEIGHT_SUM_TOLERANCE:
        raise ModelFileError("parameters.weights differ, but equal_weights is true.")
    names = _feature_names(document["feature_names"], n_features)
    fit = _fit_attributes(document["fit"])
    try:
        model = GaussianMixture.from_parameters(
            parameters["weights"],
            parameters["means"],
            parameters["covariances"],
            covariance_type=covariance_type,
            feature_names=names,
        )
        model.equal_weights = equal_weights
    except ValueError as error:
        raise ModelFileError(f"parameters are not a mixture: {error}") from error
    # a new factorisation could differ in the last bit from the one in use when saved
    attributes = {f"{name}_": values for name, values in parameters.items()} | fit
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


def _fit_document(model: Any) -> dict[str, Any] | None:
    if not hasattr(model, "n_iter_"):
        return None
    return {
        "converged": bool(model.converged_),
        "n_iter": int(model.n_iter_),
        "log_likelihood": _finite_or_none(model.log_likelihood_),
        "lower_bound": _finite_or_none(model.lower_bound_),
        "lower_bounds": [_finite_or_none(value) for value in model.lower_bounds_],
        "outcome": str(model.outcome_),
        "n_samples": _finite_or_none(model.n_samples_fit_),
    }


def _finite_or_none(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _fit_attributes(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    fit = check.fields(value, "fit", _FIT)
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


def _structure(covariance_type: str) -> Any:
    from mixtura.estimators.structures import OPEN_NAMES, STRUCTURES

    if covariance_type not in STRUCTURES:
        raise ModelFileError(
            f"covariance_type must be one of {', '.join(STRUCTURES)}, "
            f"{OPEN_NAMES}; got {covariance_type[:40]!r}."
        )
    return STRUCTURES[covariance_type]


def _shapes(
    structure: Any, n_components: int, n_features: int
) -> dict[str, tuple[int, ...]]:
    shape = structure.shape(n_components, n_features)
    return {
        "weights": (n_components,),
        "means": (n_components, n_features),
        "covariances": shape,
        "precisions_cholesky": shape,
    }


def _feature_names(value: object, n_features: int) -> list[str] | None:
    if value is None:
        return None
    entries = check.items(value, "feature_names")
    names = [check.text(name, f"feature_names[{i}]") for i, name in enumerate(entries)]
    if len(names) != n_features or len(set(names)) != n_features:
        raise ModelFileError(f"feature_names must be {n_features} different strings.")
    return names


def _check_mixture(
    parameters: Mapping[str, NDArray[np.float64]], structure: Any
) -> None:
    weights = parameters["weights"]
    if weights.min() < 0 or abs(weights.sum() - 1) > _WEIGHT_SUM_TOLERANCE:
        raise ModelFileError(
            f"parameters.weights must be at least 0 and sum to 1; "
            f"the least is {weights.min():g}, their sum {weights.sum():.12g}."
        )
    covariances, factors = parameters["covariances"], parameters["precisions_cholesky"]
    if len(structure.shape(1, 1)) < 2 + structure.per_component:  # no matrices
        _check_variances(covariances, factors)
        return
    dimension = covariances.shape[-1]
    pairs = zip(
        covariances.reshape(-1, dimension, dimension),
        factors.reshape(-1, dimension, dimension),
        strict=True,
    )
    for k, (covariance, factor) in enumerate(pairs):
        place = (
            f"parameters.covariances[{k}]"
            if structure.per_component
            else ("parameters.covariances")
        )
        _check_covariance(covariance, factor, place)


def _check_variances(
    variances: NDArray[np.float64], factors: NDArray[np.float64]
) -> None:
    if not (variances > 0).all():
        raise ModelFileError(
            f"parameters.covariances must be positive; "
            f"the least is {variances.min():g}."
        )
    if not np.allclose(factors * np.sqrt(variances), 1.0, rtol=0, atol=1e-6):
        raise _inconsistent("parameters.covariances")


def _check_covariance(
    covariance: NDArray[np.float64], factor: NDArray[np.float64], place: str
) -> None:
    deviations = np.sqrt(np.abs(np.diag(covariance)))
    if not (np.diag(covariance) > 0).all():
        raise ModelFileError(f"{place} is not positive definite.")
    correlation = covariance / np.outer(deviations, deviations)
    if not np.allclose(correlation, correlation.T, rtol=0, atol=1e-8):
        raise ModelFileError(f"{place} is not symmetric.")
    try:
        np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError as error:
        raise ModelFileError(f"{place} is not positive definite.") from error
    scaled = deviations[:, None] * factor
    if np.any(np.tril(factor, -1)) or not (np.diag(factor) > 0).all():
        raise _inconsistent(place)
    dimension = len(covariance)
    # rounding of an inverse grows with the condition number
    slack = 1e-6 + 64 * dimension * np.finfo(float).eps * np.linalg.cond(correlation)
    if np.abs(scaled.T @ correlation @ scaled - np.eye(dimension)).max() > slack:
        raise _inconsistent(place)


def _inconsistent(place: str) -> ModelFileError:
    return ModelFileError(
        f"parameters.precisions_cholesky does not belong to {place}: it must be the "
        f"upper Cholesky factor of the inverse."
    )
