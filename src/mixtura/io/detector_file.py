"""GaussianMixtureDetector as a JSON document, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mixtura.exceptions import ModelFileError
from mixtura.io import fit_record
from mixtura.io import gaussian_mixture_file as mixture_file
from mixtura.io import json_checks as check

NAME = "GaussianMixtureDetector"

MEMBERS = (
    "n_features",
    "offset",
    "rule",
    "expected_log_density",
    "calibration",
    "mixture",
    "feature_names",
)

OPTIONAL = ()

_CALIBRATION = ("log_densities", "probabilities")

_RULES = ("contamination", "threshold", "false_alarm_rate")
"""Constructor arguments; of the last two the one that is given decides."""


def to_document(model: Any) -> dict[str, Any]:
    """Describe a fitted detector by plain numbers.

    Parameters
    ----------
    model : GaussianMixtureDetector
        A fitted detector.

    Returns
    -------
    dict
        The members of ``MEMBERS``.

    Raises
    ------
    ModelFileError
        If a number is not finite.
    """
    chosen = [name for name in _RULES if getattr(model, name) is not None][-1]
    numbers = ("offset", "expected_log_density")
    steps = {name: getattr(model.calibration_, name) for name in _CALIBRATION}
    return {
        "n_features": int(model.n_features_in_),
        **fit_record.finite({name: getattr(model, f"{name}_") for name in numbers}),
        "rule": {"name": chosen, "value": float(getattr(model, chosen))},
        "calibration": fit_record.finite(steps),
        "mixture": mixture_file.nested_document(model.mixture_),
        "feature_names": fit_record.names_of(model),
    }


def from_document(document: Mapping[str, Any]) -> Any:
    """Build the detector that a document describes.

    Parameters
    ----------
    document : mapping
        Parsed JSON with the members of ``MEMBERS``; nothing else is trusted.

    Returns
    -------
    GaussianMixtureDetector
        Flags rows exactly as the saved detector did.

    Raises
    ------
    ModelFileError
        If a member has the wrong type or shape, or contradicts another.
    """
    from mixtura.estimators.gaussian_mixture_detector import GaussianMixtureDetector

    n_features = check.integer(document["n_features"], "n_features", 1)
    mixture = mixture_file.from_nested(document["mixture"], "mixture")
    n_components, n_columns = mixture.means_.shape
    if n_columns != n_features:
        raise ModelFileError(
            f"mixture has n_features = {n_columns}, the detector {n_features}."
        )
    if hasattr(mixture, "noise_weight_"):
        raise ModelFileError("mixture of a detector must be without noise.")
    rule = check.fields(document["rule"], "rule", ("name", "value"))
    name = check.choice(rule["name"], "rule.name", _RULES)
    detector = GaussianMixtureDetector(
        n_components, covariance_type=mixture.covariance_type
    )
    setattr(detector, name, check.number(rule["value"], "rule.value"))
    names = fit_record.feature_names(document["feature_names"], n_features)
    fit_record.set_columns(detector, n_features, names)
    detector.mixture_ = mixture
    detector.offset_ = check.number(document["offset"], "offset")
    detector.expected_log_density_ = check.number(
        document["expected_log_density"], "expected_log_density"
    )
    detector.calibration_ = _calibration(document["calibration"])
    return detector


def _calibration(value: object) -> Any:
    from mixtura.anomalies.tail import TailCalibration

    stored = check.fields(value, "calibration", _CALIBRATION)
    n_steps = len(check.items(stored["log_densities"], "calibration.log_densities"))
    sizes = (n_steps, n_steps + 1)
    levels, probabilities = (
        check.array(stored[name], f"calibration.{name}", (size,))
        for name, size in zip(_CALIBRATION, sizes, strict=True)
    )
    if n_steps == 0 or (np.diff(levels) < 0).any():
        raise ModelFileError("calibration.log_densities must ascend, one at least.")
    if (np.diff(probabilities) < 0).any() or not (
        0 < probabilities[0] and probabilities[-1] <= 1
    ):
        raise ModelFileError("calibration.probabilities must ascend within (0, 1].")
    return TailCalibration(levels, probabilities)
