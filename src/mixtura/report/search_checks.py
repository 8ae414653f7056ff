"""What a reader should mind about a search."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.report.evidence import SAME, Evidence
from mixtura.report.finding import Finding, Level
from mixtura.report.numbers import counted, listed
from mixtura.report.subject import Subject

NEAR_TIES = {"bic": 2.0, "aic": 2.0, "aicc": 2.0, "icl": 2.0}
"""Differences in a criterion that are hardly worth mentioning."""


def rivals(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Whether other candidates are about as good."""
    search = subject.search
    if search is None or search.runner_up_ is None:
        return
    limit = NEAR_TIES.get(search.criterion_.name, search.margin_standard_error_)
    if math.isnan(limit):
        return
    others = near_ties(search, limit)
    if not others:
        yield Finding(
            Level.GOOD,
            "No other candidate is as good.",
            f"The next one ({candidate_name(search, search.runner_up_index_)}) is "
            f"worse by {search.margin_:.3g}.",
        )
        return
    names = [f"({candidate_name(search, i)})" for i in others]
    yield Finding(
        Level.WARNING,
        "Other candidates are about as good.",
        f"{listed(names)} {'is' if len(names) == 1 else 'are'} within {limit:.2g} of "
        f"the best by {search.criterion_.label}. The data do not decide between them: "
        "let what the components mean decide, or take the simpler one.",
    )


def near_ties(search: Any, limit: float) -> list[int]:
    """Sound candidates within a limit of the best that are not the same mixture."""
    results, best = search.results_, search.best_index_
    is_sound = np.isin(results["status"], ("converged", "not converged"))
    behind = criterion_values(search) - search.best_score_
    is_same = (
        (results["n_components"] == results["n_components"][best])
        & (results["n_parameters"] == results["n_parameters"][best])
        & (np.abs(results["log_likelihood"] - results["log_likelihood"][best]) < SAME)
    )
    return np.flatnonzero(is_sound & (behind <= limit) & ~is_same).tolist()


def edges(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Whether the search was wide enough, and what it could not fit."""
    search = subject.search
    if search is None:
        return
    sizes = search.results_["n_components"]
    best = search.best_params_["n_components"]
    if best == sizes.max() and sizes.max() > sizes.min():
        yield Finding(
            Level.WARNING,
            f"The best candidate has the most components that were tried, {best}.",
            "More may be better still: search further.",
        )
    status = search.results_["status"]
    failed = np.flatnonzero(status == "failed").tolist()
    if failed:
        reasons = list(dict.fromkeys(search.results_["reason"][failed].tolist()))
        yield Finding(
            Level.NOTE,
            f"{counted(len(failed), 'candidate')} could not be fitted.",
            " ".join(reasons[:3]),
        )
    unseen = int((status == "not run").sum())
    if unseen:
        yield Finding(
            Level.WARNING,
            f"{counted(unseen, 'candidate')} {'was' if unseen == 1 else 'were'} not "
            "tried.",
            "The search was interrupted; what it would have found may be better.",
        )
    fallen = int((status == "collapsed").sum())
    if fallen:
        yield Finding(
            Level.NOTE,
            f"In {counted(fallen, 'candidate')} a component collapsed.",
            "Their likelihood means little, so they rank behind all others.",
        )


def criterion_values(search: Any) -> Array:
    """Return the criterion of each candidate of a search; nan where there is none."""
    results, name = search.results_, search.criterion_.name
    values = -results["cv_log_likelihood"] if name == "cv" else results[name]
    return np.asarray(values, dtype=np.float64)


def candidate_name(search: Any, index: int) -> str:
    """Name a candidate: size and structure."""
    results = search.results_
    count = int(results["n_components"][index])
    return f"{counted(count, 'component')}, {results['covariance_type'][index]}"
