"""The automatic start: many cheap starts, judged by likelihood after a few EM steps.

k-means++ in standardised space misses components that differ in direction only, in
whitened space those that differ in the columns' own units; together they miss little,
and a handful of EM steps tells which start is worth finishing.
"""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, NamedTuple

from mixtura._types import Rng
from mixtura.data import Rows
from mixtura.em import Outcome, em
from mixtura.exceptions import DegenerateComponentError
from mixtura.init.distinct import standardised, whitened
from mixtura.init.starts import nearest, plus_plus
from mixtura.models.mixture import Mixture

SEEDS = 6
"""k-means++ draws in each of the two spaces."""

LLOYD = (3, 0)
"""Steps of k-means before EM takes over, in turn."""

SHORT = 12
"""EM steps after which a start is first judged."""

FINALISTS = 3
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
    runs = [Candidate(start, start) for start in starts]
    for max_iter, kept in ((SHORT, FINALISTS), (LONG, 1)):
        runs = _judged(runs, model, data, max_iter, is_sound)[:kept]
    return runs[0].start


def _starts(model: Mixture, data: Rows, n_components: int, rng: Rng) -> Iterator[Any]:
    assert data.weights is not None
    error = None
    n_starts = 0
    for space in (standardised(data), whitened(data)):
        for _, n_steps in zip(range(SEEDS), cycle(LLOYD), strict=False):
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
    runs: list[Candidate],
    model: Mixture,
    data: Rows,
    max_iter: int,
    is_sound: Callable[[Any], bool],
) -> list[Candidate]:
    """Run each a little further; best first, and one for each optimum."""
    judged: dict[int, Candidate] = {}
    for run in runs:
        result = em(model, data, run.params, tol=0.0, max_iter=max_iter)
        if result.outcome is Outcome.INTERRUPTED:
            raise SearchInterrupted(result.params)
        objective = result.log_likelihood
        optimum = round(objective / (SAME * (1 + data.n_observations)))
        sound = is_sound(result.params)
        candidate = Candidate(run.start, result.params, sound, objective)
        judged.setdefault(optimum, candidate)
    return sorted(
        judged.values(), key=lambda run: (run.sound, run.objective), reverse=True
    )
