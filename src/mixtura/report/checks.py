"""What a reader should mind about data, search and fit, in plain words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.plot.colours import percent
from mixtura.report.evidence import SAME, Evidence
from mixtura.report.numbers import counted, listed
from mixtura.report.subject import Subject

FEW_ROWS = 10.0
"""Rows of a component below which its mean is hardly known."""

UNSURE = 0.1
"""Uncertainty above which a row is said to lie between components."""

MIXED = 0.1
"""Share of one component's rows that goes to another when they are said to overlap."""

DEPENDENT = 1e-9
"""Smallest eigenvalue of the correlations, over the largest, of independent columns."""

NEAR_TIES = {"bic": 2.0, "aic": 2.0, "aicc": 2.0, "icl": 2.0}
"""Differences in a criterion that are hardly worth mentioning."""


class Level(Enum):
    """How much a finding matters."""

    GOOD = "In order"
    NOTE = "To know"
    WARNING = "Take care"


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Parameters
    ----------
    level : Level
    title : str
    text : str
        What follows from it, and what can be done.
    """

    level: Level
    title: str
    text: str


def findings(subject: Subject, evidence: Evidence) -> list[Finding]:
    """Check everything; the gravest come first.

    Parameters
    ----------
    subject : Subject
    evidence : Evidence

    Returns
    -------
    list of Finding
    """
    order = [Level.WARNING, Level.NOTE, Level.GOOD]
    found = [item for check in CHECKS for item in check(subject, evidence)]
    return sorted(found, key=lambda item: order.index(item.level))


def convergence(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Whether the fit stopped because nothing was left to gain."""
    model = subject.model
    after = f"after {counted(model.n_iter_, 'iteration')}"
    if subject.search is not None:
        after += " from the start that the search had found"
    if model.converged_:
        yield Finding(Level.GOOD, f"The fit converged {after}.", model.outcome_)
    else:
        yield Finding(
            Level.WARNING,
            f"The fit did not converge: it stopped {after}.",
            f"{model.outcome_} The numbers may still change: allow more iterations "
            "(max_iter).",
        )


def restarts(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """Whether fits from other starts end in the same mixture."""
    found = evidence.restarts
    if found is None:
        return
    gain = found.optima[0].log_likelihood - subject.model.log_likelihood_
    is_better = gain > SAME and not found.optima[0].is_collapsed
    same = sum(
        len(item.starts)
        for item in found.optima
        if abs(item.log_likelihood - subject.model.log_likelihood_) <= SAME
    )
    if is_better:
        yield Finding(
            Level.WARNING,
            "Another start found a better mixture of the same size and structure.",
            f"Its log-likelihood is larger by {gain:.3g} nats. Fit again with more "
            "starts (--n-init, or n_init in Python) before you rely on this one.",
        )
    elif 2 * same >= found.n_starts:
        yield Finding(
            Level.GOOD,
            f"{same} of {found.n_starts} new starts end in the same mixture.",
            "The result does not hang on where the fit began.",
        )
    else:
        yield Finding(
            Level.NOTE,
            f"Only {same} of {found.n_starts} new starts end in the same mixture.",
            "The others stop at worse ones. More starts (--n-init, or n_init in "
            "Python) make it less likely that the best one was missed.",
        )


def rivals(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Whether other candidates are about as good."""
    search = subject.search
    if search is None or search.runner_up_ is None:
        return
    name = search.criterion_.name
    values = criterion_values(search)
    sound = search.results_["status"] == "converged"
    limit = NEAR_TIES.get(name)
    if limit is None:
        return
    near = np.flatnonzero(sound & (values - search.best_score_ <= limit))
    others = [i for i in near.tolist() if i != search.best_index_]
    if search.margin_ > limit:
        yield Finding(
            Level.GOOD,
            "No other candidate is as good.",
            f"The next one ({candidate_name(search, search.runner_up_index_)}) is "
            f"worse by {search.margin_:.1f}.",
        )
        return
    names = [f"({candidate_name(search, i)})" for i in others]
    yield Finding(
        Level.WARNING,
        "Other candidates are about as good.",
        f"{listed(names)} {'is' if len(names) == 1 else 'are'} within {limit:g} of the "
        f"best {search.criterion_.label}. The data do not decide between them: let "
        "what the components mean decide, or take the simpler one.",
    )


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


def sizes(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """Components that collapsed, are empty, or rest on few rows."""
    if evidence.collapsed:
        names = components(evidence.collapsed)
        yield Finding(
            Level.WARNING,
            f"{names.capitalize()} collapsed.",
            "It rests on (nearly) equal values in some direction; the likelihood and "
            "every criterion of such a fit mean little. Use fewer components or a "
            "simpler structure, or look for repeated rows.",
        )
    counts = np.bincount(
        subject.labels, subject.row_weights, minlength=subject.n_components
    )[: subject.n_components]
    small = [
        k
        for k in np.flatnonzero(counts < FEW_ROWS).tolist()
        if k not in evidence.collapsed
    ]
    if small:
        sized = [f"component {k}: {counted(round(counts[k], 2), 'row')}" for k in small]
        yield Finding(
            Level.WARNING,
            f"{components(small).capitalize()} {'has' if len(small) == 1 else 'have'} "
            "few rows.",
            f"{listed(sized).capitalize()}. Perhaps outliers rather than a group; "
            "estimates that rest on so few rows are rough.",
        )


def overlap(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Which components share their rows."""
    count = subject.n_components
    if count == 1:
        return
    unsure = subject.row_weights[subject.responsibilities.max(axis=1) < 1 - UNSURE]
    share = float(unsure.sum() / subject.row_weights.sum())
    pairs = overlapping(subject)
    if not pairs:
        yield Finding(
            Level.GOOD,
            "The components are well apart.",
            f"{percent(share)} of the rows cannot be assigned with 90 % certainty.",
        )
        return
    joined = [f"{min(j, k)} with {max(j, k)}" for _, j, k in pairs]
    said = [
        f"{percent(part)} of component {j} could as well be of component {k}"
        for part, j, k in pairs
    ]
    yield Finding(
        Level.NOTE,
        f"Components overlap: {listed(joined, 3)}.",
        f"{listed(said, 3)}; {percent(share)} of all rows cannot be assigned with 90 % "
        "certainty. Such components may be one group whose shape no single Gaussian "
        "has; mixtura.merge_components shows what joins first.",
    )


def overlapping(subject: Subject) -> list[tuple[float, int, int]]:
    """Pairs of components that share rows: share of j's rows that is k's, j, k."""
    count = subject.n_components
    shares = np.zeros((count, count))
    for k in range(count):
        own = subject.labels == k
        weights = subject.row_weights[own]
        if weights.sum() > 0:
            parts = subject.responsibilities[own][:, :count]
            shares[k] = weights @ parts / weights.sum()
    found = [
        max((shares[j, k], j, k), (shares[k, j], k, j))
        for j in range(count)
        for k in range(j + 1, count)
    ]
    return sorted((item for item in found if item[0] > MIXED), reverse=True)


def columns(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Columns that say nothing, or repeat each other."""
    spread = np.ptp(subject.values, axis=0)
    constant = [subject.names[j] for j in np.flatnonzero(spread == 0)]
    if constant:
        yield Finding(
            Level.WARNING,
            f"The same in every row: {listed(constant)}.",
            "A constant column says nothing about the components; leave it out.",
        )
    dependent = dependent_columns(subject.values)
    if dependent:
        yield Finding(
            Level.WARNING,
            "Columns that repeat each other: "
            f"{listed([subject.names[j] for j in dependent])}.",
            "They are linearly dependent: each can be computed from the others. Leave "
            "one out, or use a diagonal structure.",
        )


def dependent_columns(values: Array) -> list[int]:
    """Columns that vary and take part in a linear dependence."""
    spread = values.std(axis=0)
    varying = np.flatnonzero(np.ptp(values, axis=0) > 0)
    if len(varying) < 2 or len(values) <= len(varying):
        return []
    z = (values[:, varying] - values[:, varying].mean(axis=0)) / spread[varying]
    eigenvalues, vectors = np.linalg.eigh(z.T @ z / len(z))
    null = vectors[:, eigenvalues < DEPENDENT * eigenvalues[-1]]
    return varying[(np.abs(null) > 1e-4).any(axis=1)].tolist()


def rows(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Rows that were not used, or are too few."""
    if subject.n_without_weight:
        yield Finding(
            Level.NOTE,
            f"{counted(subject.n_without_weight, 'row')} of weight zero "
            f"{'was' if subject.n_without_weight == 1 else 'were'} left out.",
            "They count in no number or picture of this report.",
        )
    free = n_free_parameters(subject)
    if subject.n_rows < 5 * free:
        yield Finding(
            Level.NOTE,
            f"{counted(subject.n_rows, 'row')} for {counted(free, 'free parameter')}.",
            "Fewer than five rows for each: a simpler structure or fewer components "
            "would be steadier.",
        )
    distinct = len(np.unique(subject.values, axis=0))
    if 2 * distinct <= subject.n_rows:
        yield Finding(
            Level.NOTE,
            f"Only {counted(distinct, 'row')} of {subject.n_rows:,} differ.",
            "Repeated rows draw narrow components to them.",
        )


def errors(_: Subject, evidence: Evidence) -> Iterator[Finding]:
    """What there is to mind about the standard errors."""
    if evidence.errors_note:
        title = "Some standard errors are missing or uncertain."
        if evidence.errors is None:
            title = "There are no standard errors."
        yield Finding(Level.NOTE, title, evidence.errors_note)


CHECKS: tuple[Callable[[Subject, Evidence], Iterator[Finding]], ...] = (
    convergence,
    restarts,
    rivals,
    edges,
    sizes,
    overlap,
    columns,
    rows,
    errors,
)
"""The checks, in the order in which their findings of one level are told."""


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


def components(numbers: Any) -> str:
    """Name components by their numbers."""
    names = [str(number) for number in numbers]
    return f"component{'s' * (len(names) > 1)} {listed(names)}"


def n_free_parameters(subject: Subject) -> int:
    """Count weights, means and covariances that can vary independently."""
    model = subject.model
    inner = model._structure().n_free_parameters(*model.means_.shape)
    weights = 0 if model.equal_weights else subject.n_components - 1
    return int(weights + model.means_.size + inner)
