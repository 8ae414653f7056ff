"""The outcome of a search as a table, and the order of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array, IntArray
from mixtura.estimators.searching.held_out import standard_error
from mixtura.estimators.searching.trial import (
    COLLAPSE,
    CONVERGED,
    FAILED,
    NOT_CONVERGED,
    NOT_RUN,
    Candidate,
    Trial,
)
from mixtura.selection.criteria import CRITERIA, CROSS_VALIDATION, Criterion

SAME_FIT = 1e-3
"""Fits of one size and number of parameters with log-likelihoods this close, in nats,
are one model under two names, as all spherical structures of one component are."""

_PRECEDENCE = {CONVERGED: 0, NOT_CONVERGED: 0, COLLAPSE: 1, FAILED: 3, NOT_RUN: 3}
UNKNOWN = 2
"""Precedence of a fit without the criterion."""


@dataclass(frozen=True)
class Choice:
    """The best candidate, the next different one, and what lies between them.

    Attributes
    ----------
    ranking : ndarray of int
        Candidates, best first; collapsed and then failed ones last.
    runner_up : int or None
        None if no other model was fitted.
    margin : float
        By how much the criterion of the runner-up is worse; nan without one.
    margin_standard_error : float
        Of the margin, from the rows held out of both; nan for other criteria.
    """

    ranking: IntArray
    runner_up: int | None
    margin: float
    margin_standard_error: float

    @property
    def best(self) -> int:
        """Number of the best candidate."""
        return int(self.ranking[0])


def with_one_component(
    trials: Sequence[Trial], alone: Mapping[str, Trial]
) -> list[Trial]:
    """Tell each trial the log-likelihood of one component of its structure.

    Parameters
    ----------
    trials : sequence of Trial
    alone : mapping of str to Trial
        The trials of one component by structure.

    Returns
    -------
    list of Trial
    """
    told = []
    for trial in trials:
        one = alone.get(trial.candidate.covariance_type)
        if trial.summary is not None and one is not None and one.summary is not None:
            known = one.summary.log_likelihood
            summary = replace(trial.summary, one_component_log_likelihood=known)
            trial = replace(trial, summary=summary)
        told.append(trial)
    return told


def criterion_values(trials: Sequence[Trial], criterion: Criterion) -> Array:
    """Return the criterion of each trial, nan where it has none."""
    return np.array(
        [
            nan if trial.summary is None else criterion.value(trial.summary)
            for trial in trials
        ],
        dtype=np.float64,
    )


def choice(trials: Sequence[Trial], criterion: Criterion) -> Choice:
    """Order the candidates by the criterion; of equal ones the first is better.

    One model under two names is equal, whatever rounding says. Fits without the
    criterion, as NEC is unknown until all are finished, come behind those with it, by
    BIC.
    """
    values = criterion_values(trials, criterion)
    unknown = np.isnan(values)
    bic = criterion_values(trials, CRITERIA["bic"])
    precedence = np.array([_PRECEDENCE[trial.status] for trial in trials])
    precedence[unknown & (precedence < _PRECEDENCE[FAILED])] = UNKNOWN
    n_parameters = np.array(_counts(trials))
    # Where a criterion is infinite or equal, the smaller model comes first.
    keys = (
        np.where(unknown, 0.0, _of_first_names(values, trials)),
        np.where(unknown, _of_first_names(bic, trials), 0.0),
    )
    ranking = np.lexsort(
        (np.arange(len(trials)), n_parameters, *keys[::-1], precedence)
    )
    best = int(ranking[0])
    for i in ranking[1:].tolist():
        comparable = precedence[i] == precedence[best] and np.isfinite(values[i])
        if comparable and not _is_same_fit(trials[i], trials[best]):
            error = _difference_error(trials[i], trials[best], criterion)
            return Choice(ranking, i, float(values[i] - values[best]), error)
    return Choice(ranking, None, nan, nan)


def _of_first_names(values: Array, trials: Sequence[Trial]) -> Array:
    """Give fits that are one model under several names the value of the first."""
    result = values.copy()
    first: dict[tuple[int, int], list[int]] = {}
    for i, trial in enumerate(trials):
        if trial.summary is None or not np.isfinite(values[i]):
            continue
        size = trial.summary.n_components, trial.summary.n_parameters
        alike = first.setdefault(size, [])
        for j in alike:
            is_near = abs(values[i] - values[j]) <= 2 * SAME_FIT
            if is_near and _is_same_fit(trial, trials[j]):
                result[i] = values[j]
                break
        else:
            alike.append(i)
    return result


def _is_same_fit(one: Trial, other: Trial) -> bool:
    a, b = one.summary, other.summary
    assert a is not None and b is not None
    return (
        a.n_components == b.n_components
        and a.n_parameters == b.n_parameters
        and abs(a.log_likelihood - b.log_likelihood) < SAME_FIT
    )


def _difference_error(one: Trial, other: Trial, criterion: Criterion) -> float:
    if criterion.name != CROSS_VALIDATION.name:
        return nan
    assert one.held_out is not None and other.held_out is not None
    difference = one.held_out.log_densities - other.held_out.log_densities
    return standard_error(difference, one.held_out.weights)


def results_table(
    trials: Sequence[Trial], ranking: IntArray, criterion: Criterion
) -> dict[str, NDArray[Any]]:
    """Return one row for each candidate, as columns of equal length.

    Parameters
    ----------
    trials : sequence of Trial
    ranking : ndarray of int
    criterion : Criterion
        Gets a column if it is none of those that all tables have.

    Returns
    -------
    dict of str to ndarray
    """
    candidates: list[Candidate] = [trial.candidate for trial in trials]
    rank = np.empty(len(trials), dtype=np.intp)
    rank[ranking] = np.arange(1, len(trials) + 1)
    columns: dict[str, Any] = {
        "n_components": [candidate.n_components for candidate in candidates],
        "covariance_type": _objects([c.covariance_type for c in candidates]),
        "rank": rank,
        "log_likelihood": _numbers(trials, "log_likelihood"),
        "n_parameters": _counts(trials),
        "entropy": _numbers(trials, "entropy"),
    }
    for known in CRITERIA.values():
        if known is not CROSS_VALIDATION:
            columns[known.name] = criterion_values(trials, known)
    held_out = [trial.held_out for trial in trials]
    if any(held_out):
        columns["cv_log_likelihood"] = [h.mean if h else nan for h in held_out]
        columns["cv_standard_error"] = [
            h.standard_error if h else nan for h in held_out
        ]
    if criterion.name not in CRITERIA:
        columns[criterion.name] = criterion_values(trials, criterion)
    columns |= {
        "converged": [trial.status == CONVERGED for trial in trials],
        "n_iter": [t.model.n_iter_ if t.summary else 0 for t in trials],
        "smallest": [t.smallest for t in trials],
        "n_empty": [trial.n_empty for trial in trials],
        "n_collapsed": [trial.n_collapsed for trial in trials],
        "status": _objects([trial.status for trial in trials]),
        "reason": _objects([trial.reason for trial in trials]),
        "seconds": [trial.seconds for trial in trials],
    }
    return {name: np.asarray(values) for name, values in columns.items()}


def _numbers(trials: Sequence[Trial], name: str) -> Array:
    return np.array([getattr(t.summary, name) if t.summary else nan for t in trials])


def _counts(trials: Sequence[Trial]) -> list[int]:
    return [trial.summary.n_parameters if trial.summary else 0 for trial in trials]


def _objects(values: Sequence[str]) -> NDArray[np.object_]:
    return np.array(values, dtype=object)
