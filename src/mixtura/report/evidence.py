"""What is computed about a fit for its report: errors, restarts, a run to watch."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from mixtura._types import Array, IntArray, Rng
from mixtura.estimators.judging.fitted_problem import FittedProblem, is_plain
from mixtura.estimators.judging.refits import quiet_fit
from mixtura.estimators.judging.restarts import compare_restarts
from mixtura.estimators.judging.standard_errors import standard_errors
from mixtura.exceptions import DegenerateDataWarning
from mixtura.inference.replicates import Stopped
from mixtura.inference.restarts import Restarts
from mixtura.inference.standard_errors import StandardErrors
from mixtura.report.subject import Subject

N_RESTARTS = 10
N_RUNS = 8
CELLS_FOR_RESTARTS = 2_000_000
CELLS_FOR_A_RUN = 20_000_000
"""Rows times columns times components: more would keep a reader waiting."""

SECOND_DIFFERENCES = 12_000
"""Of covariances by their free parameters, for standard errors within seconds."""

SAME = 0.05
"""Runs whose log-likelihoods differ by less, in nats, have found the same mixture."""

RUN_ITERATIONS = 400


@dataclass(frozen=True)
class Evidence:
    """What a report says about how far a fit can be trusted.

    Parameters
    ----------
    errors : StandardErrors or None
    errors_note : str
        Why there are none.
    collapsed : tuple of int
        Components that rest on the floor under the variances.
    restarts : Restarts or None
        None where they are too costly, or could show nothing.
    run : object or None
        A fit whose ``trace_`` is to be watched.
    run_is_same : bool
        Whether it ends in the mixture of the report.
    """

    errors: StandardErrors | None
    errors_note: str
    collapsed: tuple[int, ...]
    restarts: Restarts | None
    run: Any
    run_is_same: bool

    @classmethod
    def of(cls, subject: Subject, seed: int) -> "Evidence":
        """Compute it."""
        errors, note = _errors(subject)
        run = _run(subject, np.random.default_rng(seed))
        return cls(
            errors,
            note,
            _collapsed(subject),
            _restarts(subject, seed),
            run,
            run is not None and _is_same(run, subject.model),
        )


def _errors(subject: Subject) -> tuple[StandardErrors | None, str]:
    model = subject.model
    if not is_plain(model):
        return None, (
            "For a fit with noise, a prior, trimming, bounded eigenvalues or fixed "
            "parts there is no formula; mixtura.bootstrap estimates them."
        )
    if _second_differences(subject) > SECOND_DIFFERENCES:
        return None, (
            f"For {subject.n_free_parameters:,} parameters of such covariances they "
            "take long; mixtura.standard_errors computes them."
        )
    with warnings.catch_warnings():
        # the checks say it in words of their own
        warnings.simplefilter("ignore", DegenerateDataWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        errors = standard_errors(model, subject.values, subject.weights)
    named = replace(errors.layout, columns=subject.names)
    return replace(errors, layout=named), ""


def _second_differences(subject: Subject) -> int:
    """Count pairs of parameters of the covariances that depend on each other."""
    structure = subject.model._structure()
    count, n_columns = subject.n_components, subject.n_columns
    alone: int = structure.n_free_parameters(1, n_columns)
    together: int = structure.n_free_parameters(count, n_columns)
    are_separate = together == count * alone
    return count * alone**2 if are_separate else together**2


def _collapsed(subject: Subject) -> tuple[int, ...]:
    if not is_plain(subject.model):
        return ()
    problem = FittedProblem.of(
        subject.model, subject.values, subject.weights, None, "Report"
    )
    fallen = (subject.model.weights_ > 0) & ~problem.regular
    return tuple(np.flatnonzero(fallen).tolist())


def _cells(subject: Subject) -> int:
    return subject.values.size * subject.n_components


def _unstarted(subject: Subject) -> Any:
    """Return the model's settings without a start of its own."""
    own = clone(subject.model).set_params(
        weights_init=None, means_init=None, precisions_init=None, warm_start=False
    )
    is_named = isinstance(own.init_params, str)
    return own if is_named else own.set_params(init_params="auto")


def _is_startable(subject: Subject) -> bool:
    """Whether another start could end elsewhere, and may be chosen."""
    return subject.n_components > 1 and not subject.model.fixed


def _restarts(subject: Subject, seed: int) -> Restarts | None:
    if not _is_startable(subject) or _cells(subject) > CELLS_FOR_RESTARTS:
        return None
    return compare_restarts(
        _unstarted(subject),
        subject.values,
        subject.weights,
        n_starts=N_RESTARTS,
        random_state=seed,
    )


def _run(subject: Subject, rng: Rng) -> Any:
    """Return a fit to be watched; None where that takes too long or is stopped."""
    if _cells(subject) > CELLS_FOR_A_RUN or subject.model.fixed:
        return None
    try:
        return _recorded(subject, rng)
    except Stopped:
        return None


def _recorded(subject: Subject, rng: Rng) -> Any:
    """Fit from rough starts until one ends in the mixture of the report.

    What is recorded is textbook EM, from the labels of that start in the order of the
    report's components; if no start gets there, from the last of them.
    """
    plain = _unstarted(subject).set_params(
        n_init=1, acceleration=None, max_iter=RUN_ITERATIONS, random_state=0
    )
    labels = np.zeros(subject.n_rows, dtype=np.intp)
    for _ in range(N_RUNS if _is_startable(subject) else 1):
        labels = _near_rows(subject, rng)
        model = clone(plain).set_params(init_params=labels)
        quiet_fit(model, subject.values, subject.weights)
        if _is_same(model, subject.model):
            labels = _matching(subject, model)[labels]
            break
    recorded = clone(plain).set_params(init_params=labels, record=True)
    return quiet_fit(recorded, subject.values, subject.weights)


def _near_rows(subject: Subject, rng: Rng) -> IntArray:
    """Label each row by the nearest of K rows drawn at random."""
    spread = subject.values.std(axis=0)
    rows = subject.values / np.where(spread > 0, spread, 1.0)
    drawn = rng.choice(len(rows), subject.n_components, replace=False)
    distances = np.stack([((rows - rows[i]) ** 2).sum(axis=1) for i in drawn])
    found: IntArray = distances.argmin(axis=0)
    return found


def _matching(subject: Subject, model: Any) -> IntArray:
    """Return the number in the report of each component of another fit."""
    others = model.predict_proba(subject.values)[:, : subject.n_components]
    own = subject.responsibilities[:, : subject.n_components]
    shared: Array = others.T @ own
    _, numbers = linear_sum_assignment(-shared)
    return np.asarray(numbers)


def _is_same(model: Any, other: Any) -> bool:
    return bool(abs(model.log_likelihood_ - other.log_likelihood_) < SAME)
