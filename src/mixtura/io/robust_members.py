"""Noise, trimming, prior, bound and fixed parts of a mixture in its file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.exceptions import ModelFileError
from mixtura.io import json_checks as check
from mixtura.io.fit_record import finite

NOISE, TRIMMING, PRIOR = "noise", "trimming", "prior"
RATIO, FIXED = "max_eigenvalue_ratio", "fixed"
MEMBERS = (NOISE, TRIMMING, PRIOR, RATIO, FIXED)

_PRIOR = ("shrinkage", "mean", "dof", "scale", "concentration")

_STARTS = {
    "weights": "weights_init",
    "means": "means_init",
    "covariances": "precisions_init",
}
"""Parts of which some can be fixed, and the argument that gives their values."""


@dataclass(frozen=True)
class Robust:
    """What a file says beyond the plain mixture, checked.

    Parameters
    ----------
    attributes : dict
        Fitted attributes by name.
    settings : dict
        Constructor arguments by name.
    """

    attributes: dict[str, Any]
    settings: dict[str, Any]

    @property
    def noise_weight(self) -> float:
        """Weight of the noise, 0 without noise."""
        return float(self.attributes.get("noise_weight_", 0.0))

    def apply(self, model: Any) -> None:
        """Set all of it on a mixture that has its parameters."""
        for name, value in (self.attributes | self.settings).items():
            setattr(model, name, value)
        for part in self.settings.get(FIXED, {}):
            source = "precisions" if part == "covariances" else part
            setattr(model, _STARTS[part], getattr(model, f"{source}_"))


def to_document(model: Any) -> dict[str, Any]:
    """Describe what a mixture has; a plain one has none of the members.

    Raises
    ------
    ModelFileError
        If a number is not finite.
    """
    document: dict[str, Any] = {}
    if hasattr(model, "noise_weight_"):
        names = ("noise_weight", "noise_log_density")
        stored = finite({name: getattr(model, f"{name}_") for name in names})
        box = model.noise_box_
        document[NOISE] = {
            "weight": stored["noise_weight"],
            "log_density": stored["noise_log_density"],
            "box": None if box is None else finite({"noise_box": box})["noise_box"],
        }
    if hasattr(model, "trim_threshold_"):
        threshold = finite({"trim_threshold": model.trim_threshold_})
        document[TRIMMING] = {
            "share": float(model.trim),
            "threshold": threshold["trim_threshold"],
        }
    if hasattr(model, "prior_"):
        prior = {name: getattr(model.prior_, name) for name in _PRIOR}
        document[PRIOR] = finite(prior)
    if model.max_eigenvalue_ratio is not None:
        document[RATIO] = float(model.max_eigenvalue_ratio)
    if model.fixed:
        document[FIXED] = {
            part: np.atleast_1d(chosen).tolist()
            for part, chosen in model.fixed.items()
            if np.size(chosen)
        }
    return document


def from_document(
    document: Mapping[str, Any], n_components: int, n_features: int
) -> Robust:
    """Read the members that are there.

    Raises
    ------
    ModelFileError
        Naming the first that cannot be used.
    """
    readers: dict[str, Callable[[object], Robust]] = {
        NOISE: lambda value: _noise(value, n_features),
        TRIMMING: _trimming,
        PRIOR: lambda value: _prior(value, n_features),
        RATIO: lambda value: Robust({}, {RATIO: check.at_least(value, RATIO, 1.0)}),
        FIXED: lambda value: _fixed(value, n_components),
    }
    attributes: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for name, reader in readers.items():
        if name in document:
            found = reader(document[name])
            attributes |= found.attributes
            settings |= found.settings
    return Robust(attributes, settings)


def _noise(value: object, n_features: int) -> Robust:
    stored = check.fields(value, NOISE, ("weight", "log_density", "box"))
    weight = check.at_least(stored["weight"], "noise.weight", 0.0)
    log_density = check.number(stored["log_density"], "noise.log_density")
    box = None
    if stored["box"] is not None:
        box = check.array(stored["box"], "noise.box", (2, n_features))
        if not (box[0] < box[1]).all():
            raise ModelFileError("noise.box must have its low corner below its high.")
        with np.errstate(over="ignore"):
            volume = float(np.log(box[1] - box[0]).sum())
        if not abs(volume + log_density) <= 1e-9 * max(1.0, abs(volume)):
            raise ModelFileError("noise.log_density does not belong to noise.box.")
    names = ("noise_weight_", "noise_log_density_", "noise_box_")
    with np.errstate(over="ignore"):
        setting = "hull" if box is not None else float(np.exp(-log_density))
    values = zip(names, (weight, log_density, box), strict=True)
    return Robust(dict(values), {"noise": setting})


def _trimming(value: object) -> Robust:
    stored = check.fields(value, TRIMMING, ("share", "threshold"))
    share = check.at_least(stored["share"], "trimming.share", 0.0)
    if share >= 1:
        raise ModelFileError(f"trimming.share must be below 1; got {share:g}.")
    threshold = check.number(stored["threshold"], "trimming.threshold")
    return Robust({"trim_threshold_": threshold}, {"trim": share})


def _prior(value: object, n_features: int) -> Robust:
    from mixtura.priors import ConjugatePrior

    stored = check.fields(value, PRIOR, _PRIOR)
    shapes = {"mean": (n_features,), "scale": (n_features, n_features)}
    given: dict[str, Any] = {
        name: check.array(stored[name], f"prior.{name}", shapes[name])
        if name in shapes
        else check.number(stored[name], f"prior.{name}")
        for name in _PRIOR
    }
    try:
        np.linalg.cholesky(given["scale"])
        prior = ConjugatePrior(**given)
    except ValueError as error:
        raise ModelFileError(f"prior is none: {error}") from error
    return Robust({"prior_": prior}, {PRIOR: prior})


def _fixed(value: object, n_components: int) -> Robust:
    parts = check.fields(value, FIXED, (), tuple(_STARTS))
    fixed = {}
    for part, chosen in parts.items():
        place = f"{FIXED}.{part}"
        numbers = [
            check.integer(k, f"{place}[{i}]", 0)
            for i, k in enumerate(check.items(chosen, place))
        ]
        if len(set(numbers)) < len(numbers) or max(numbers, default=0) >= n_components:
            raise ModelFileError(
                f"{place} must name different components, 0 to {n_components - 1}."
            )
        fixed[part] = numbers
    return Robust({}, {FIXED: fixed})
