"""The automatic start: many cheap starts, judged by likelihood after a few EM steps.

k-means++ in standardised space misses components that differ in direction only, in
whitened space those that differ in the columns' own units; together they miss little,
and a handful of EM steps tells which start is worth finishing.
"""

from collections.abc import Callable, Iterator
from itertools import cycle, islice, product
from typing import Any, NamedTuple

from mixtura._types import Rng
from mixtura.data import Rows
from mixtura.em import Outcome, em
from mixtura.exceptions import DegenerateComponentError
from mixtura.init.distinct import standardised, whitened
from mixtura.init.starts import nearest, plus_plus
from mixtura.models.mixture import Mixture

MOST = 20
"""Starts tried at most."""

AGREE = 2
"""Starts that must lead to the best optimum for the search to end early."""

LLOYD = (3, 0)
"""Steps of k-means before EM takes over, in turn."""

SHORT = 12
"""EM steps after which a start is first judged."""

FINALISTS = 4
"""Starts that are followed further."""

LONG = 40
"""EM steps after which the finalists are judged."""

SAME = 1e-7
"""Objectives closer than this share count as the same optimum."""


class Candidate(NamedTuple):
    """A start, and where a short run from it has got to."""

    start: Any
    params: Any
    sound: bool = False
    objective: float = -float("inf")


class SearchInterrupted(KeyboardInterrupt):
    """Ctrl-C during the search, which has parameters to show for itself.

    Parameters
    ----------
    params : object
        Where the run that was interrupted had got to.
    """

    def __init__(self, params: Any) -> None:
        super().__init__()
        self.params = params


def best_start(
    model: Mixture,
    data: Rows,
    n_components: int,
    rng: Rng,
    is_sound: Callable[[Any], bool],
) -> Any:
    """Return the start of the most likely of several short EM runs.

    Parameters
    ----------
    model : Mixture
    data : Rows
        Distinct rows with weights.
    n_components : int
    rng : Generator
    is_sound : callable
        Whether parameters are free of collapsed components, which can have any
        likelihood and are not wanted.

    Raises
    ------
    DegenerateComponentError
        If every start collapses.
    SearchInterrupted
        If the user interrupts.
    """
    starts = _starts(model, data, n_components, rng)
    if n_components == 1:
        return next(starts)
    found: dict[int, list[Candidate]] = {}
    for start in starts:
        run = _judged(Candidate(start, start), model, data, SHORT, is_sound)
        found.setdefault(_optimum(run, data), []).append(run)
        if len(_ranked(found)[0]) == AGREE:
            break
    finalists = [runs[0] for runs in _ranked(found)[:FINALISTS]]
    if len(finalists) == 1:
        return finalists[0].start
    judged = [_judged(run, model, data, LONG, is_sound) for run in finalists]
    return max(judged, key=_merit).start


def _merit(run: Candidate) -> tuple[bool, float]:
    """Sound before unsound, then by objective."""
    return run.sound, run.objective


def _optimum(run: Candidate, data: Rows) -> int:
    """Name the optimum that a run is at: its objective, rounded."""
    return round(run.objective / (SAME * (1 + data.n_observations)))


def _ranked(found: dict[int, list[Candidate]]) -> list[list[Candidate]]:
    """Return the optima, each with the runs that reached it, best first."""
    return sorted(found.values(), key=lambda runs: _merit(runs[0]), reverse=True)


def _starts(model: Mixture, data: Rows, n_components: int, rng: Rng) -> Iterator[Any]:
    """Partitions around k-means++ centres, in both spaces in turn."""
    assert data.weights is not None
    error = None
    n_starts = 0
    kinds = cycle(product(LLOYD, (standardised(data), whitened(data))))
    for n_steps, space in islice(kinds, MOST):
        centres = plus_plus(space, data.weights, n_components, rng)
        partition = nearest(space, data.weights, centres, n_steps)
        try:
            yield model.from_responsibilities(data, partition)
            n_starts += 1
        except DegenerateComponentError as collapse:
            error = collapse
    if n_starts == 0 and error is not None:
        raise error


def _judged(
    run: Candidate,
    model: Mixture,
    data: Rows,
    max_iter: int,
    is_sound: Callable[[Any], bool],
) -> Candidate:
    """Follow a start a little further."""
    result = em(model, data, run.params, tol=0.0, max_iter=max_iter)
    if result.outcome is Outcome.INTERRUPTED:
        raise SearchInterrupted(result.params)
    sound = is_sound(result.params)
    return Candidate(run.start, result.params, sound, result.log_likelihood)
