"""What a reader should mind about a fit."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mixtura.em import Outcome
from mixtura.plot.drawing.colours import percent
from mixtura.report.evidence import SAME, Evidence
from mixtura.report.finding import Finding, Level
from mixtura.report.numbers import counted, listed
from mixtura.report.subject import Subject

FEW_ROWS = 10.0
"""Rows of a component below which its mean is hardly known."""

UNSURE = 0.1
"""Uncertainty above which a row is said to lie between components."""

MIXED = 0.1
"""Share of rows that may lie between components that are said to be apart."""

FAR = 0.1
"""Nats below the maximum from which standard errors are rough."""


def convergence(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Whether the fit stopped because nothing was left to gain."""
    model = subject.model
    after = f"after {counted(model.n_iter_, 'iteration')}"
    if subject.search is not None:
        after += " from the start that the search had found"
    if model.converged_:
        yield Finding(Level.GOOD, f"The fit converged {after}.", model.outcome_)
    elif model.outcome_ == Outcome.CHAIN_FINISHED.value:
        yield Finding(Level.NOTE, f"Stochastic EM ended {after}.", model.outcome_)
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


def components(numbers: Any) -> str:
    """Name components by their numbers."""
    names = [str(number) for number in numbers]
    return f"component{'s' * (len(names) > 1)} {listed(names)}"


def overlap(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Which components share their rows."""
    count = subject.n_components
    if count == 1:
        return
    unsure = subject.row_weights[subject.responsibilities.max(axis=1) < 1 - UNSURE]
    share = float(unsure.sum() / subject.row_weights.sum())
    pairs = overlapping(subject)
    if not pairs:
        is_clear = share <= MIXED
        yield Finding(
            Level.GOOD if is_clear else Level.NOTE,
            "The components are well apart."
            if is_clear
            else "Many rows lie between the components.",
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


def errors(_: Subject, evidence: Evidence) -> Iterator[Finding]:
    """What there is to mind about the standard errors."""
    found = evidence.errors
    if found is None:
        yield Finding(Level.NOTE, "No standard errors.", evidence.errors_note)
        return
    missing = np.flatnonzero(np.isnan(found.standard_errors)).tolist()
    if missing:
        yield Finding(
            Level.NOTE,
            f"{counted(len(missing), 'parameter')} without a standard error.",
            f"The data leave open {listed([found.names[i] for i in missing], 4)}: "
            "components may coincide or have collapsed, or there are too few rows.",
        )
    if found.remaining > FAR:
        yield Finding(
            Level.NOTE,
            "The standard errors are rough.",
            f"The fit stopped about {found.remaining:.2g} nats below the maximum of the"
            " likelihood; a smaller tol brings it closer.",
        )
