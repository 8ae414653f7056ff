"""GaussianMixtureClassifier as a JSON document, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.exceptions import ModelFileError
from mixtura.io import fit_record
from mixtura.io import gaussian_mixture_file as mixture_file
from mixtura.io import json_checks as check

NAME = "GaussianMixtureClassifier"

MEMBERS = (
    "covariance_type",
    "n_features",
    "classes",
    "priors",
    "temperature",
    "mixtures",
    "feature_names",
    "fit",
)

OPTIONAL = ()

_FIT = ("converged", "n_iter", "log_likelihood", "bic", "lower_bounds")

_SUM_TOLERANCE = 1e-9

_DTYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "object": (str, int, float, bool),
    "bool": (bool,),
    **{f"{sign}int{size}": (int,) for sign in ("", "u") for size in (8, 16, 32, 64)},
    **{f"float{size}": (int, float) for size in (16, 32, 64)},
}
"""NumPy types that classes may have, and the types of their values in JSON."""


def to_document(model: Any) -> dict[str, Any]:
    """Describe a fitted classifier by plain numbers and the names of its classes.

    Parameters
    ----------
    model : GaussianMixtureClassifier
        A fitted classifier.

    Returns
    -------
    dict
        The members of ``MEMBERS``.

    Raises
    ------
    ModelFileError
        If a number is not finite, or a class is neither a string, a number nor a
        truth value.
    """
    numbers = {"class_prior": model.class_prior_, "temperature": model.temperature_}
    stored = fit_record.finite(numbers)
    return {
        "covariance_type": _one_or_each(model.covariance_types_),
        "n_features": int(model.n_features_in_),
        "classes": _classes_document(model.classes_),
        "priors": stored["class_prior"],
        "temperature": stored["temperature"],
        "mixtures": [mixture_file.nested_document(m) for m in model.mixtures_],
        "feature_names": fit_record.names_of(model),
        "fit": {
            "converged": bool(model.converged_),
            "n_iter": int(model.n_iter_),
            "log_likelihood": fit_record.finite_or_none(model.log_likelihood_),
            "bic": fit_record.finite_or_none(model.bic_),
            "lower_bounds": list(map(fit_record.finite_or_none, model.lower_bounds_)),
        },
    }


def from_document(document: Mapping[str, Any]) -> Any:
    """Build the classifier that a document describes.

    Parameters
    ----------
    document : mapping
        Parsed JSON with the members of ``MEMBERS``; nothing else is trusted.

    Returns
    -------
    GaussianMixtureClassifier
        Classifies rows exactly as the saved classifier did.

    Raises
    ------
    ModelFileError
        If a member has the wrong type or shape, or contradicts another.
    """
    from mixtura.estimators.gaussian_mixture_classifier import (
        GaussianMixtureClassifier,
    )

    n_features = check.integer(document["n_features"], "n_features", 1)
    classes = _classes(document["classes"])
    structures = _structures(document["covariance_type"], len(classes))
    priors = check.array(document["priors"], "priors", classes.shape)
    if not (priors > 0).all() or abs(priors.sum() - 1) > _SUM_TOLERANCE:
        raise ModelFileError(
            f"priors must be positive and sum to 1; their sum is {priors.sum():.12g}."
        )
    temperature = check.number(document["temperature"], "temperature")
    if temperature <= 0:
        raise ModelFileError(f"temperature must be positive; got {temperature:g}.")
    mixtures = _mixtures(document["mixtures"], len(classes), n_features)
    names = fit_record.feature_names(document["feature_names"], n_features)
    fit = _fit(document["fit"])
    sizes = [len(mixture.weights_) for mixture in mixtures]
    classifier = GaussianMixtureClassifier(
        dict(zip(classes.tolist(), sizes, strict=True)) if max(sizes) > 1 else 1,
        covariance_type=_one_or_each(list(dict.fromkeys(structures))),
        temperature=temperature,
    )
    fit_record.set_columns(classifier, n_features, names)
    classifier.classes_, classifier.class_prior_ = classes, priors
    classifier.mixtures_, classifier.n_components_ = mixtures, np.array(sizes)
    classifier.covariance_types_, classifier.temperature_ = structures, temperature
    for name, value in fit.items():
        setattr(classifier, name, value)
    return classifier


def _one_or_each(names: list[str]) -> str | list[str]:
    """Return the one name, or the list where there are several."""
    return names[0] if len(set(names)) == 1 else names


def _structures(value: object, n_classes: int) -> list[str]:
    """Read one name for all classes, or a list of one for each."""
    from mixtura.estimators.structures import STRUCTURES

    names = [value] * n_classes if isinstance(value, str) else value
    names = check.items(names, "covariance_type")
    if len(names) != n_classes:
        raise ModelFileError(
            f"covariance_type must name one structure, or {n_classes}, one a class."
        )
    for name in names:
        if check.text(name, "covariance_type") not in STRUCTURES:
            raise ModelFileError(
                f"covariance_type must name a structure; got {name[:40]!r}."
            )
    return names


def _classes_document(classes: NDArray[Any]) -> dict[str, Any]:
    dtype = "str" if classes.dtype.kind == "U" else classes.dtype.name
    values = classes.tolist()
    allowed = _DTYPES.get(dtype, ())
    for value in values:
        if type(value) not in allowed:
            raise ModelFileError(
                "save_model: classes must be strings, numbers or truth values; got "
                f"{value!r} of the type {type(value).__name__}."
            )
    return {"dtype": dtype, "values": values}


def _classes(value: object) -> NDArray[Any]:
    stored = check.fields(value, "classes", ("dtype", "values"))
    dtype = check.choice(stored["dtype"], "classes.dtype", tuple(_DTYPES))
    values = check.items(stored["values"], "classes.values")
    for i, entry in enumerate(values):
        if type(entry) not in _DTYPES[dtype]:
            raise ModelFileError(
                f"classes.values[{i}] must be of the type {dtype}; got "
                f"{repr(entry)[:40]}."
            )
        if isinstance(entry, str):
            check.text(entry, f"classes.values[{i}]")
    try:
        classes = np.array(values, dtype=dtype)
        ascend = len(values) > 0 and np.array_equal(np.unique(classes), classes)
    except (OverflowError, TypeError) as error:
        raise ModelFileError(f"classes.values are no classes: {error}.") from error
    if not ascend:
        raise ModelFileError("classes.values must ascend, one at least.")
    return classes


def _mixtures(value: object, n_classes: int, n_features: int) -> list[Any]:
    parts = check.items(value, "mixtures")
    if len(parts) != n_classes:
        raise ModelFileError(f"mixtures must have {n_classes} entries, one a class.")
    mixtures = []
    for c, part in enumerate(parts):
        mixture = mixture_file.from_nested(part, f"mixtures[{c}]")
        if mixture.means_.shape[1] != n_features:
            raise ModelFileError(
                f"mixtures[{c}] has n_features = {mixture.means_.shape[1]}, the "
                f"classifier {n_features}."
            )
        mixtures.append(mixture)
    return mixtures


def _fit(value: object) -> dict[str, Any]:
    fit = check.fields(value, "fit", _FIT)
    bounds = check.items(fit["lower_bounds"], "fit.lower_bounds")
    return {
        "converged_": check.boolean(fit["converged"], "fit.converged"),
        "n_iter_": check.integer(fit["n_iter"], "fit.n_iter", 0),
        "log_likelihood_": check.number_or_null(
            fit["log_likelihood"], "fit.log_likelihood"
        ),
        "bic_": check.number_or_null(fit["bic"], "fit.bic"),
        "lower_bounds_": [
            check.number_or_null(bound, f"fit.lower_bounds[{i}]")
            for i, bound in enumerate(bounds)
        ],
    }
