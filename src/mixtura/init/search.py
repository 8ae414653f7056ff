"""The automatic start: many cheap starts, judged by likelihood after a few EM steps.

k-means++ in standardised space misses components that differ in direction only, in
whitened space those that differ in the columns' own units; together they miss little,
and a handful of EM steps tells which start is worth following. What EM cannot leave by
itself, splits of one component at the cost of another do.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice, product
from typing import Any, NamedTuple

import numpy as np

from mixtura._types import Array, Rng
from mixtura.data import Rows
from mixtura.exceptions import DegenerateComponentError
from mixtura.init.distinct import standardised, whitened
from mixtura.init.moves import splits
from mixtura.init.runs import Run, followed, from_partitions
from mixtura.init.starts import nearest, plus_plus
from mixtura.models.mixture import Mixture, MixtureParams

BATCHES = (2, 4, 14)
"""Starts tried at first, and after that if these do not agree."""

AGREE = 2
"""Starts that must lead to the best optimum for the search to end early."""

LLOYD = (2, 0)
"""Steps of k-means before EM takes over, in turn."""

SHORT = 10
"""EM steps after which a start is first judged."""

FEW_ROWS = 1_500
"""Rows that starts are tried on; the best of them go on with all."""

FINALISTS = 4
"""Starts that are followed further."""

LONG = 30
"""EM steps after which the finalists are judged."""

MOVES = 12
"""Splits tried at a time."""

ROUNDS = 3
"""How often splits are tried while they help."""

HEATS = ((3, 4), (8, 1))
"""EM steps after which starts from elsewhere are judged, and how many then go on."""

SAME = 1e-5
"""Objectives closer than this, per observation, count as the same optimum: after so few
steps they have not converged."""


class Candidate(NamedTuple):
    """A run, and whether no component has collapsed in it."""

    sound: bool
    run: Run


class Start(NamedTuple):
    """Parameters to start from.

    Parameters
    ----------
    params : MixtureParams
    objectives : tuple of float
        What EM has climbed on the way to them, if that was on all rows, in nats.
    origin : MixtureParams, optional
        Where that way began.
    """

    params: Any
    objectives: tuple[float, ...] = ()
    origin: Any = None


class SearchInterrupted(KeyboardInterrupt):
    """Ctrl-C during the search, which has parameters to show for itself.

    Parameters
    ----------
    params : object
        The best so far.
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
    max_iter: int,
) -> Start:
    """Return where the most likely of several short EM runs has got to.

    Or where it began, if it has taken more steps than are allowed.

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
    max_iter : int
        Steps that are allowed from the start.

    Raises
    ------
    DegenerateComponentError
        If every start collapses.
    SearchInterrupted
        If the user interrupts.
    """
    if n_components == 1:
        return Start(from_partitions(model, data, [np.ones((len(data), 1))])[0])
    search = _Search(model, data, is_sound, rng)
    try:
        run = search.best_run(_partitions(search.few, n_components, rng))
    except KeyboardInterrupt:
        if search.best is None:
            raise
        raise SearchInterrupted(search.best.run.params) from None
    if run.n_steps >= max_iter:
        return Start(run.start)
    if search.few is not data:
        return Start(run.params)
    return Start(run.params, run.objectives, run.start)


def several_starts(
    model: Mixture,
    data: Rows,
    n_components: int,
    rng: Rng,
    is_sound: Callable[[Any], bool],
    most: int,
) -> list[MixtureParams]:
    """Return the best few different optima that short EM runs are on the way to.

    Parameters
    ----------
    model : Mixture
    data : Rows
        Distinct rows with weights.
    n_components : int
    rng : Generator
    is_sound : callable
        Whether parameters are free of collapsed components.
    most : int
        Number of optima, if there are so many.

    Raises
    ------
    DegenerateComponentError
        If every start collapses.
    """
    search = _Search(model, data, is_sound, rng)
    optima = search.explored(_partitions(search.few, n_components, rng))
    return [candidates[0].run.params for candidates in optima[:most]]


def best_of(
    model: Mixture,
    data: Rows,
    starts: Sequence[MixtureParams],
    is_sound: Callable[[Any], bool],
    heats: Sequence[tuple[int, int]] = HEATS,
) -> Candidate:
    """Return the best of several short EM runs.

    Parameters
    ----------
    model : Mixture
    data : Rows
    starts : sequence of MixtureParams
        Of equally many components.
    is_sound : callable
        Whether parameters are free of collapsed components.
    heats : sequence of (int, int)
        EM steps, and how many of the runs go on after them.

    Raises
    ------
    DegenerateComponentError
        If every run collapses.
    """
    runs = [*map(Run.at, starts)]
    for n_steps, n_left in heats:
        judged = [
            Candidate(is_sound(run.params), run)
            for run in followed(model, data, runs, n_steps)
        ]
        judged = sorted(judged, key=merit, reverse=True)[:n_left]
        runs = [candidate.run for candidate in judged]
    if not judged:
        raise DegenerateComponentError("Every start collapsed.")
    return judged[0]


class _Search:
    """One search: many short runs on a few rows, and longer ones on all."""

    def __init__(
        self, model: Mixture, data: Rows, is_sound: Callable[[Any], bool], rng: Rng
    ) -> None:
        self.model = model
        self.data = data
        self.few = _some_rows(data, rng)
        self.is_sound = is_sound
        self.rng = rng
        self.best: Candidate | None = None

    def best_run(self, partitions: Iterator[Array]) -> Run:
        """Return the best run."""
        optima = self.explored(partitions)
        assert self.best is not None
        if len(optima[0]) >= AGREE:
            return self.best.run
        finalists = [candidates[0].run for candidates in optima[:FINALISTS]]
        polished = self.follow(self.data, finalists, LONG)
        self.best = max(polished, key=merit, default=self.best)
        if sum(_same(self.best, other, self.data) for other in polished) > AGREE:
            return self.best.run
        for _ in range(ROUNDS):
            if not self.moved():
                break
        return self.best.run

    def explored(self, partitions: Iterator[Array]) -> list[list[Candidate]]:
        """Try starts; return the optima with what reached each, the best first."""
        found: list[Candidate] = []
        for size in BATCHES:
            found += self.tried(islice(partitions, size))
            optima = _optima(found, self.few)
            self.best = optima[0][0]
            if len(optima[0]) >= AGREE:
                break
        return optima

    def moved(self) -> bool:
        """Try to get away from the best run by splits; return whether it is better."""
        assert self.best is not None
        before, params = self.best, self.best.run.params
        found = self.tried(splits(self.model, self.few, params, MOVES, self.rng))
        if not found:
            return False
        further = self.follow(self.data, [max(found, key=merit).run], LONG)
        self.best = max([before, *further], key=merit)
        return not _same(self.best, before, self.data)

    def tried(self, partitions: Iterable[Array]) -> list[Candidate]:
        """Short runs on few rows."""
        starts = from_partitions(self.model, self.few, [*partitions])
        if self.best is None:
            self.best = Candidate(False, Run.at(starts[0]))
        return self.follow(self.few, [*map(Run.at, starts)], SHORT)

    def follow(self, data: Rows, runs: list[Run], n_steps: int) -> list[Candidate]:
        """Take the runs further."""
        further = followed(self.model, data, runs, n_steps)
        return [Candidate(self.is_sound(run.params), run) for run in further]


def _some_rows(data: Rows, rng: Rng) -> Rows:
    """Few rows to try many starts on."""
    if len(data) <= FEW_ROWS:
        return data
    return data.take(np.sort(rng.choice(len(data), size=FEW_ROWS, replace=False)))


def _optima(runs: list[Candidate], data: Rows) -> list[list[Candidate]]:
    """Group the runs that have reached the same optimum, the best first."""
    ranked = sorted(runs, key=merit, reverse=True)
    groups = [ranked[:1]]
    for run in ranked[1:]:
        if _same(groups[-1][0], run, data):
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups


def _same(one: Candidate, other: Candidate, data: Rows) -> bool:
    """Whether two runs are, as far as can be told, at the same optimum."""
    near = SAME * (1 + data.n_observations)
    apart = abs(one.run.objective - other.run.objective)
    return one.sound == other.sound and apart < near


def merit(candidate: Candidate) -> tuple[bool, float]:
    """Rank sound before unsound, then by objective."""
    return candidate.sound, candidate.run.objective


def _partitions(data: Rows, n_components: int, rng: Rng) -> Iterator[Array]:
    """Partitions around k-means++ centres, in both spaces in turn."""
    assert data.weights is not None
    spaces = standardised(data), whitened(data)
    for n_steps, space in cycle(product(LLOYD, spaces)):
        centres = plus_plus(space, data.weights, n_components, rng)
        yield nearest(space, data.weights, centres, n_steps)
