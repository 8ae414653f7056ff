"""The fit of all classes together, under one structure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura._types import Array, IntArray, Rng
from mixtura.data import UNKNOWN, Rows
from mixtura.em import EMResult, em
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.estimators.gaussian_mixture import ACCELERATIONS, GaussianMixture
from mixtura.execution.blas import single_threaded_blas
from mixtura.families.covariance_structure import Covariance
from mixtura.models.categorical import one_hot
from mixtura.models.grouped_mixture import FixedGroups, GroupedMixture
from mixtura.models.mixture import MixtureParams

SEPARABLE = ("full", "diag", "spherical")
"""Structures under which the components share nothing, in a layout of their own."""


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

    @property
    def is_final(self) -> bool:
        """Whether EM has converged, or the first parameters were the maximum."""
        is_exact = len(self.result.log_likelihoods) == 1 and self.result.n_iter == 0
        return self.result.converged or is_exact


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
