"""BayesianGaussianMixture as a JSON document, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.exceptions import ModelFileError
from mixtura.io import fit_record
from mixtura.io import json_checks as check
from mixtura.io.covariance_checks import check_covariances

NAME = "BayesianGaussianMixture"

MEMBERS = (
    "covariance_type",
    "weight_concentration_prior_type",
    "n_components",
    "n_features",
    "posterior",
    "prior",
    "feature_names",
    "fit",
)

OPTIONAL = ()

_POSTERIOR = (
    "weight_concentration",
    "mean_precision",
    "degrees_of_freedom",
    "means",
    "covariances",
    "precisions_cholesky",
)

_PRIOR = (
    "weight_concentration",
    "mean_precision",
    "degrees_of_freedom",
    "mean",
    "covariance",
    "precision_cholesky",
)


def to_document(model: Any) -> dict[str, Any]:
    """Describe the posterior of a fitted model, and its prior, by plain numbers.

    Parameters
    ----------
    model : BayesianGaussianMixture
        A fitted model.

    Returns
    -------
    dict
        The members of ``MEMBERS``.

    Raises
    ------
    ModelFileError
        If a parameter is not finite.
    """
    n_components, n_features = model.means_.shape
    factor = model._prior.gaussian.precision_cholesky
    if model._structure().per_component:
        factor = factor[0]
    prior = {name: getattr(model, f"{name}_prior_") for name in _PRIOR[:-1]} | {
        "precision_cholesky": factor
    }
    return {
        "covariance_type": str(model.covariance_type),
        "weight_concentration_prior_type": str(model.weight_concentration_prior_type),
        "n_components": int(n_components),
        "n_features": int(n_features),
        "posterior": fit_record.finite(
            {name: getattr(model, f"{name}_") for name in _POSTERIOR}
        ),
        "prior": fit_record.finite(prior),
        "feature_names": fit_record.names_of(model),
        "fit": fit_record.to_document(model),
    }


def from_document(document: Mapping[str, Any]) -> Any:
    """Build the model that a document describes.

    Parameters
    ----------
    document : mapping
        Parsed JSON with the members of ``MEMBERS``; nothing else is trusted.

    Returns
    -------
    BayesianGaussianMixture
        Scores rows exactly as the saved model did.

    Raises
    ------
    ModelFileError
        If a member has the wrong type or shape, or the numbers are no distribution.
    """
    from mixtura.estimators.bayesian.bayesian_priors import WEIGHT_PRIORS
    from mixtura.estimators.bayesian.fitted_bayesian_mixture import STRUCTURES
    from mixtura.estimators.bayesian_gaussian_mixture import BayesianGaussianMixture

    covariance_type = check.choice(
        document["covariance_type"], "covariance_type", tuple(STRUCTURES)
    )
    kind = check.choice(
        document["weight_concentration_prior_type"],
        "weight_concentration_prior_type",
        tuple(WEIGHT_PRIORS),
    )
    n_components = check.integer(document["n_components"], "n_components", 1)
    n_features = check.integer(document["n_features"], "n_features", 1)
    structure = STRUCTURES[covariance_type]
    pair = kind == "dirichlet_process"
    posterior = _posterior(
        document["posterior"], structure, n_components, n_features, pair
    )
    prior = _prior(document["prior"], structure, n_features)
    names = fit_record.feature_names(document["feature_names"], n_features)
    fit = fit_record.attributes(document["fit"])
    model = BayesianGaussianMixture(
        n_components,
        covariance_type=covariance_type,
        weight_concentration_prior_type=kind,
    )
    fit_record.set_columns(model, n_features, names)
    for name, value in ({f"{k}_": v for k, v in posterior.items()} | fit).items():
        setattr(model, name, value)
    model.weight_concentration_prior_ = prior["weight_concentration"]
    _set_rest(model, structure, prior)
    return model


def _posterior(
    value: object, structure: Any, n_components: int, n_features: int, pair: bool
) -> dict[str, Any]:
    """Read the distribution of weights, means and precisions."""
    stored = check.fields(value, "posterior", _POSTERIOR)
    each, shape = (n_components,), structure.shape(n_components, n_features)
    shapes = {
        "weight_concentration": (2, n_components) if pair else each,
        "mean_precision": each,
        "degrees_of_freedom": each if structure.per_component else (),
        "means": (n_components, n_features),
        "covariances": shape,
        "precisions_cholesky": shape,
    }
    found: dict[str, Any] = {
        name: check.array(stored[name], f"posterior.{name}", shapes[name])
        for name in _POSTERIOR
    }
    least = {"weight_concentration": 0, "mean_precision": 0}
    for name, bound in (least | {"degrees_of_freedom": n_features - 1}).items():
        _check_above(found[name], f"posterior.{name}", bound)
    covariances, factors = found["covariances"], found["precisions_cholesky"]
    check_covariances(covariances, factors, structure, "posterior")
    if pair:
        found["weight_concentration"] = tuple(found["weight_concentration"])
    if not structure.per_component:
        found["degrees_of_freedom"] = float(found["degrees_of_freedom"])
    return found


def _prior(value: object, structure: Any, n_features: int) -> dict[str, Any]:
    """Read the distribution that the posterior was reached from."""
    stored = check.fields(value, "prior", _PRIOR)
    shape = structure.shape(1, n_features)
    one = shape[structure.per_component :]
    shapes = {"mean": (n_features,), "covariance": one, "precision_cholesky": one}
    found: dict[str, Any] = {
        name: check.array(stored[name], f"prior.{name}", shapes.get(name, ()))
        for name in _PRIOR
    }
    least = {"weight_concentration": 0, "mean_precision": 0}
    for name, bound in (least | {"degrees_of_freedom": n_features - 1}).items():
        _check_above(found[name], f"prior.{name}", bound)
        found[name] = float(found[name])
    covariances = (found["covariance"] / found["degrees_of_freedom"]).reshape(shape)
    factors = found["precision_cholesky"].reshape(shape)
    with check.inside("prior"):
        check_covariances(covariances, factors, structure, "prior")
    return found | {"covariances": covariances, "factors": factors}


def _set_rest(model: Any, structure: Any, prior: Mapping[str, Any]) -> None:
    """Set what follows from the posterior, and the prior."""
    from mixtura.families.gaussian import GaussianParams
    from mixtura.families.normal_wishart import NormalWishart

    weights = model._weight_prior().expected_weights(
        np.array(model.weight_concentration_)
    )
    model.weights_ = weights / weights.sum()
    with np.errstate(over="ignore"):
        model.precisions_ = structure.precisions(model.precisions_cholesky_)
    model.mean_precision_prior_ = prior["mean_precision"]
    model.mean_prior_ = prior["mean"]
    model.degrees_of_freedom_prior_ = prior["degrees_of_freedom"]
    covariance = prior["covariance"]
    model.covariance_prior_ = covariance if covariance.ndim else float(covariance)
    model._prior = NormalWishart(
        GaussianParams(prior["mean"][None], prior["covariances"], prior["factors"]),
        np.array([prior["mean_precision"]]),
        np.array([prior["degrees_of_freedom"]]),
    )


def _check_above(values: NDArray[np.float64], place: str, bound: float) -> None:
    if not (values > bound).all():
        raise ModelFileError(
            f"{place} must be greater than {bound}; the least is {values.min():g}."
        )
