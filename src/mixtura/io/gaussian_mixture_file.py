"""GaussianMixture as a JSON document, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.exceptions import ModelFileError
from mixtura.io import fit_record, robust_members
from mixtura.io import json_checks as check
from mixtura.io.covariance_checks import check_covariances

NAME = "GaussianMixture"

MEMBERS = (
    "covariance_type",
    "equal_weights",
    "n_components",
    "n_features",
    "parameters",
    "feature_names",
    "fit",
)

OPTIONAL = robust_members.MEMBERS

_PARAMETERS = ("weights", "means", "covariances", "precisions_cholesky")

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
        The members of ``MEMBERS`` and, as far as they apply, of ``OPTIONAL``.

    Raises
    ------
    ModelFileError
        If a parameter is not finite.
    """
    n_components, n_features = model.means_.shape
    return {
        "covariance_type": str(model.covariance_type),
        "equal_weights": bool(model.equal_weights),
        "n_components": int(n_components),
        "n_features": int(n_features),
        "parameters": fit_record.finite(
            {name: getattr(model, f"{name}_") for name in _PARAMETERS}
        ),
        **robust_members.to_document(model),
        "feature_names": fit_record.names_of(model),
        "fit": fit_record.to_document(model),
    }


def from_document(document: Mapping[str, Any]) -> Any:
    """Build the model that a document describes.

    Parameters
    ----------
    document : mapping
        Parsed JSON with the members of ``MEMBERS``, and perhaps of ``OPTIONAL``;
        nothing else is trusted.

    Returns
    -------
    GaussianMixture
        Scores rows exactly as the saved model did.

    Raises
    ------
    ModelFileError
        If a member has the wrong type or shape, or the parameters are no mixture.
    """
    from mixtura.families.gaussian import GaussianParams
    from mixtura.models.mixture import MixtureParams

    covariance_type = check.text(document["covariance_type"], "covariance_type")
    n_components = check.integer(document["n_components"], "n_components", 1)
    n_features = check.integer(document["n_features"], "n_features", 1)
    equal_weights = check.boolean(document["equal_weights"], "equal_weights")
    structure = _structure(covariance_type)
    shape = structure.shape(n_components, n_features)
    shapes = ((n_components,), (n_components, n_features), shape, shape)
    stored = check.fields(document["parameters"], "parameters", _PARAMETERS)
    weights, means, covariances, factors = (
        check.array(stored[name], f"parameters.{name}", shape)
        for name, shape in zip(_PARAMETERS, shapes, strict=True)
    )
    robust = robust_members.from_document(document, n_components, n_features)
    _check_weights(weights, robust.noise_weight, equal_weights)
    check_covariances(covariances, factors, structure, "parameters")
    names = fit_record.feature_names(document["feature_names"], n_features)
    fit = fit_record.attributes(document["fit"])
    model = _blank(means, covariances, covariance_type)
    fit_record.set_columns(model, n_features, names)
    model.equal_weights = equal_weights
    # a new factorisation could differ in the last bit from the one in use when saved
    components = GaussianParams(means, covariances, factors)
    model._set_params(MixtureParams(weights, components))
    robust.apply(model)
    for name, value in fit.items():
        setattr(model, name, value)
    return model


def nested_document(model: Any) -> dict[str, Any]:
    """Describe a mixture that is part of another model."""
    return {"model": NAME, **to_document(model)}


def from_nested(value: object, place: str) -> Any:
    """Build a mixture that is part of another model.

    Raises
    ------
    ModelFileError
        As `from_document`, with the place before the message.
    """
    with check.inside(place):
        document = check.fields(value, "it", ("model", *MEMBERS), OPTIONAL)
        check.choice(document["model"], "model", (NAME,))
        return from_document(document)


def _structure(covariance_type: str) -> Any:
    from mixtura.estimators.structures import OPEN_NAMES, STRUCTURES

    if covariance_type not in STRUCTURES:
        raise ModelFileError(
            f"covariance_type must be one of {', '.join(STRUCTURES)}, "
            f"{OPEN_NAMES}; got {covariance_type[:40]!r}."
        )
    return STRUCTURES[covariance_type]


def _check_weights(
    weights: NDArray[np.float64], noise_weight: float, equal_weights: bool
) -> None:
    total = weights.sum() + noise_weight
    if weights.min() < 0 or abs(total - 1) > _WEIGHT_SUM_TOLERANCE:
        raise ModelFileError(
            f"parameters.weights, with the noise's if there is noise, must be at least "
            f"0 and sum to 1; the least is {weights.min():g}, their sum {total:.12g}."
        )
    if equal_weights and np.ptp(weights) > _WEIGHT_SUM_TOLERANCE:
        raise ModelFileError("parameters.weights differ, but equal_weights is true.")


def _blank(
    means: NDArray[np.float64], covariances: NDArray[np.float64], covariance_type: str
) -> Any:
    """Return a mixture of equal weights; it checks that covariances are of the type."""
    from mixtura.estimators.gaussian_mixture import GaussianMixture

    weights = np.full(len(means), 1 / len(means))
    try:
        return GaussianMixture.from_parameters(
            weights, means, covariances, covariance_type=covariance_type
        )
    except ValueError as error:
        raise ModelFileError(f"parameters are not a mixture: {error}") from error
