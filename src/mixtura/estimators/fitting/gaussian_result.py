"""What a fit leaves behind: fitted attributes and warnings."""

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from mixtura._types import Array
from mixtura.em import EMResult, Outcome
from mixtura.estimators.fitting.data_warnings import (
    warn_of_collapse,
    warn_of_data,
    warn_of_noise,
)
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.estimators.fitting.outcomes import unconverged
from mixtura.estimators.fitting.robust_fit import (
    ATTRIBUTES,
    RobustProblem,
    restored,
    trim_threshold,
)
from mixtura.models.mixture import MixtureParams
from mixtura.trace.em_trace import EMTrace
from mixtura.trace.frames import ScaledUnits
from mixtura.trace.half_step import About
from mixtura.trace.records import Records
from mixtura.trace.sampled import SampledRows


def store(
    estimator: Any,
    problem: Problem,
    result: EMResult,
    X: Array,
    sample_weight: Any,
    params: MixtureParams | None = None,
) -> None:
    """Set the fitted attributes in the user's units, in which params may be known."""
    for name in (*ATTRIBUTES, "trace_"):
        vars(estimator).pop(name, None)  # of an earlier fit
    if params is None:
        params = problem.in_user_units(result.params)
    if isinstance(problem, RobustProblem):
        params = restored(estimator, params)
    estimator._set_params(params)
    bounds = problem.bounds(result)
    estimator.lower_bounds_ = bounds[1:] or bounds
    estimator.lower_bound_ = bounds[-1]
    estimator.log_likelihood_ = problem.total(result, estimator.algorithm != "hard")
    # A first step that only rounding undid was made, and its bound is reported.
    estimator.n_iter_ = max(result.n_iter, min(estimator.max_iter, 1))
    estimator.converged_ = result.converged
    estimator.outcome_ = result.message
    estimator.n_samples_fit_ = problem.data.n_observations
    if isinstance(problem, RobustProblem):
        for name, value in problem.attributes(result).items():
            setattr(estimator, name, value)
        if estimator.trim > 0:
            ranks = estimator._log_density(X)
            border = trim_threshold(ranks, sample_weight, estimator.trim)
            estimator.trim_threshold_ = border


def column_names(estimator: Any, problem: Problem) -> list[str]:
    """Return the names that the columns had, or make some."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = [f"x{j}" for j in range(problem.data.n_features)]
    return [str(name) for name in names]


def trace_of(
    estimator: Any,
    problem: Problem,
    records: Records,
    sample: SampledRows,
    outcome: tuple[str, bool],
) -> EMTrace:
    """Return the recorded half-steps of a fit, in the user's units.

    The outcome is why it stopped, and whether it converged.
    """
    offset = problem.n_counted * problem.bound_offset
    return EMTrace(
        records,
        problem.fitted,
        ScaledUnits(problem.units, problem.family.structure, offset),
        sample,
        About(
            tuple(column_names(estimator, problem)),
            estimator.algorithm,
            estimator.covariance_type,
            *outcome,
        ),
    )


def warn_of_fit(estimator: Any, problem: Problem, result: EMResult) -> None:
    """Say what a user must know about the fit."""
    names = [
        str(name)
        for name in getattr(
            estimator, "feature_names_in_", range(problem.data.n_features)
        )
    ]
    warn_of_data(problem, estimator.n_components, names)
    warn_of_collapse(problem, result.params)
    if isinstance(problem, RobustProblem) and problem.has_noise:
        warn_of_noise(problem, result.params)
    quiet = (Outcome.CONVERGED, Outcome.CHAIN_FINISHED)
    if result.outcome not in quiet and estimator.max_iter > 0:
        warnings.warn(unconverged(result), ConvergenceWarning, stacklevel=3)
