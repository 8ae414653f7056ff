"""Fits behind the classifier: of one class, and of all classes together."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from mixtura._types import Array, IntArray, Rng
from mixtura.data import UNKNOWN, Rows
from mixtura.em import EMResult, em
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.estimators.gaussian_mixture import ACCELERATIONS, GaussianMixture
from mixtura.exceptions import DegenerateComponentError
from mixtura.execution.blas import single_threaded_blas
from mixtura.families.covariance_structure import Covariance
from mixtura.models.categorical import one_hot
from mixtura.models.grouped_mixture import FixedGroups, GroupedMixture
from mixtura.models.mixture import MixtureParams

SEPARABLE = ("full", "diag", "spherical")
"""Structures under which the components share nothing, in a layout of their own."""

LARGEST_LOG_TEMPERATURE = 7.0
"""Temperatures are looked for within e^-7 ... e^7."""


@dataclass(frozen=True)
class JointFit:
    """Parameters of the components of all classes, fitted together.

    Parameters
    ----------
    params : MixtureParams
        In the user's units.
    result : EMResult
        In the units of the fit.
    offset : float
        Added to its objectives, in nats, gives log-likelihoods in the user's units.
    collapsed : list of int
        Components held only by the floor under the variances.
    """

    params: MixtureParams
    result: EMResult
    offset: float
    collapsed: list[int]


def class_fit(
    name: Any, rows: Rows, candidates: Sequence[int], settings: Mapping[str, Any]
) -> GaussianMixture:
    """Fit a mixture to the rows of one class; of several sizes, that of least BIC.

    Raises
    ------
    ValueError
        If the class has fewer rows than components, or no fit succeeds.
    """
    usable = [size for size in candidates if size <= len(rows)]
    if not usable:
        raise ValueError(
            f"Class {name!r} has n_samples = {len(rows)} rows, fewer than its "
            f"n_components = {min(candidates)}. Choose fewer components for it."
        )
    fits: list[tuple[int, float, _Fit]] = []
    failure: DegenerateComponentError | None = None
    for size in usable:
        try:
            fit = _noted(GaussianMixture(size, **settings), rows)
        except DegenerateComponentError as error:
            failure = error
            continue
        # what is warned of, such as a collapse, makes a likelihood mean little
        bic = fit.model.bic(rows.X, rows.weights) if len(usable) > 1 else 0.0
        fits.append((len(fit.warnings), bic, fit))
    if not fits:
        raise ValueError(f"Class {name!r}: {failure}") from failure
    best = min(fits, key=lambda fit: fit[:2])[2]
    for item in best.warnings:
        message = f"Class {name!r}: {item.message}"
        warnings.warn(message, item.category, stacklevel=4)
    return best.model


class _Fit(NamedTuple):
    model: GaussianMixture
    warnings: list[warnings.WarningMessage]


def _noted(model: GaussianMixture, rows: Rows) -> _Fit:
    """Fit, and note what is warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(rows.X, sample_weight=rows.weights)
    return _Fit(model, list(caught))


def first_responsibilities(
    rows: Rows, models: Sequence[GaussianMixture] | None, n_classes: int
) -> tuple[Array, IntArray]:
    """Responsibilities of labelled rows, zero outside their class, and the groups.

    Without models each class is one component.
    """
    assert rows.labels is not None
    if models is None:
        return one_hot(rows.labels, n_classes), np.arange(n_classes)
    groups = np.repeat(np.arange(n_classes), [len(m.weights_) for m in models])
    values = np.zeros((len(rows), len(groups)))
    for c, model in enumerate(models):
        chosen = np.flatnonzero(rows.labels == c)
        values[np.ix_(chosen, groups == c)] = model.predict_proba(rows.X[chosen])
    return values, groups


@single_threaded_blas()
def joint_fit(
    rows: Rows,
    structure: Covariance,
    models: Sequence[GaussianMixture] | None,
    priors: Array | None,
    n_classes: int,
    settings: Mapping[str, Any],
    rng: Rng,
) -> JointFit:
    """Fit the components of all classes under one structure, by EM with labels.

    The first parameters are those of the labelled rows; rows without a label join in
    the iterations. If every row is labelled and each class is one component, the
    first parameters are the maximum, and nothing is iterated.
    """
    assert rows.labels is not None
    problem = Problem.of(rows, structure, settings["reg_covar"], rng)
    known = np.flatnonzero(rows.labels != UNKNOWN)
    values, groups = first_responsibilities(rows.take(known), models, n_classes)
    mixture = problem.model
    if priors is not None:
        mixture = replace(mixture, proportions=FixedGroups(groups, priors))
    start = mixture.from_responsibilities(problem.data.take(known), values)
    is_exact = len(known) == len(rows) and len(groups) == n_classes
    result = em(
        GroupedMixture(mixture, groups),
        problem.data,
        start,
        tol=problem.tolerance(settings["tol"]),
        max_iter=0 if is_exact else settings["max_iter"],
        acceleration=None if is_exact else ACCELERATIONS["auto"],
    )
    return JointFit(
        problem.in_user_units(result.params),
        result,
        -problem.log_volume,
        problem.collapsed(result.params),
    )


def class_mixtures(
    params: MixtureParams,
    structure: Covariance,
    groups: IntArray,
) -> list[GaussianMixture]:
    """Cut the mixture of all components into one mixture for each class."""
    components, kind = params.components, structure.name
    covariances = components.covariances
    if kind != "tied" and kind not in SEPARABLE:
        kind = "full"
        covariances = structure.to_full(covariances, *components.means.shape)
    mixtures = []
    for c in range(int(groups.max()) + 1):
        members = groups == c
        weights = params.weights[members]
        mixtures.append(
            GaussianMixture.from_parameters(
                weights / weights.sum(),
                components.means[members],
                covariances if kind == "tied" else covariances[members],
                covariance_type=kind,
            )
        )
    return mixtures


def bayesian_criterion(
    rows: Rows,
    mixtures: Sequence[GaussianMixture],
    priors: Array,
    structure: Covariance,
    pooled: bool,
) -> float:
    """BIC of the densities of all classes, lower is better; see `bic_`."""
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    densities = np.column_stack([m.score_samples(rows.X) for m in mixtures])
    with np.errstate(divide="ignore"):  # a class that is never to be found
        levels = logsumexp(densities + np.log(priors), axis=1)
    sizes = [len(m.weights_) for m in mixtures]
    sharing = [sum(sizes)] if pooled else sizes
    count = sum(sizes) * (rows.n_features + 1) - len(sizes)
    count += sum(structure.n_free_parameters(k, rows.n_features) for k in sharing)
    return float(count * np.log(weights.sum()) - 2 * weights @ levels)


def best_temperature(log_joint: Array, labels: IntArray, weights: Array) -> float:
    r"""Return the T that minimises the log loss of :math:`p(c | x)^{1/T}`, rescaled.

    Parameters
    ----------
    log_joint : ndarray of shape (n_samples, n_classes)
        Of rows that were not fitted, in nats.
    labels : ndarray of int of shape (n_samples,)
        Their classes.
    weights : ndarray of shape (n_samples,)
    """
    with np.errstate(invalid="ignore"):
        margins = log_joint - log_joint.max(axis=1, keepdims=True)
    chosen = np.arange(len(labels)), labels

    def loss(log_temperature: float) -> float:
        scaled = margins * np.exp(-log_temperature)
        return float(weights @ (logsumexp(scaled, axis=1) - scaled[chosen]))

    bounds = (-LARGEST_LOG_TEMPERATURE, LARGEST_LOG_TEMPERATURE)
    found = minimize_scalar(loss, bounds=bounds, method="bounded")
    return float(np.exp(found.x))
