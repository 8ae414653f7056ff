"""Many cheap starts, judged by likelihood after a few EM steps, and ways out of optima.

k-means++ in standardised space misses components that differ in direction only, in
whitened space those that differ in the columns' own units; together they miss little,
and a handful of EM steps tells which start is worth following. What EM cannot leave by
itself, splits of one component at the cost of another do.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from mixtura._types import Array, Rng
from mixtura.data import Rows
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.gaussian import Gaussian
from mixtura.init.candidate import SAME, Candidate, merit, optima_of, same_optimum
from mixtura.init.clear import is_clear
from mixtura.init.moves import Move, best_moves
from mixtura.init.partial import after_moves, is_possible
from mixtura.init.regions import LocalRows, local_rows
from mixtura.init.run import Run
from mixtura.init.runs import followed, from_partitions, responsibilities
from mixtura.init.stack import KeptRows
from mixtura.init.starts import AroundCentres
from mixtura.models.mixture import Mixture, MixtureParams

BATCHES = (2, 4, 14)
"""Starts tried at first, and after that if these do not agree."""

AGREE = 2
"""Starts that must lead to the best optimum for the search to end early."""

SHORT = 10
"""EM steps after which a start is first judged."""

FEW_ROWS = 2_000
"""Rows that starts are tried on; the best of them go on with all."""

FINALISTS, MOST = 4, 3
"""Starts that are followed further, of which so many must lead to the best optimum
for it to be believed."""

LONG = 30
"""EM steps after which the finalists are judged."""

FEW_COMPONENTS = 2
"""Starts that agree on so many are believed."""

MOVES = 24
"""Moves judged by EM within the components that they change …"""

LOCAL = 8
"""… in so many steps …"""

FOLLOWED, AFTER = 4, 5
"""… of which so many are followed by EM of the whole, for so many steps."""

FEW_MOVES, TOGETHER = 12, 6
"""Moves followed where there is no such part, so many at a time, until one helps."""

PART = 4
"""Components from which on a move is judged by itself."""

LEADERS = 3
"""Moves that are followed further."""

PATIENCE, ROUNDS, FEW_ROUNDS = 2, 16, 3
"""Optima that are left by moves without finding a better one; in all; and in all where
they are those of a poorer model, which does not know the best from the next best."""

OTHERS = 3
"""Optima that are kept beside the best."""

LOSS, LOSS_EACH = 8.0, 0.01
"""A move that may cost more nats, and more for each observation, is not tried."""

THIN = 1.0
"""A component on fewer rows than this times its parameters is thin."""

STARVED = 0.5
"""Components on fewer rows than this times their parameters stay where they start."""


class Search:
    """One search: many short runs on a few rows, and longer ones on all."""

    def __init__(
        self,
        model: Mixture,
        data: Rows,
        is_sound: Callable[[Any], bool],
        rng: Rng,
        rounds: int = ROUNDS,
    ) -> None:
        self.model = model
        self.data = KeptRows.of(data)
        self.few = _some_rows(self.data, rng)
        self.is_sound = is_sound
        self.rng = rng
        self.rounds = rounds
        self.best: Candidate | None = None
        self.is_sure = False
        self.visited: list[Candidate] = []
        self.local: LocalRows | None = None
        assert isinstance(model.family, Gaussian)
        self.family = model.family
        # what counts is the number of distinct rows: weights may have any unit
        self.mean_weight = data.n_observations / len(data)

    def best_run(self, partitions: AroundCentres) -> Run:
        """Return the best run, and remember whether it is surely the best there is."""
        optima, agreed = self.explored(partitions)
        assert self.best is not None
        if self.is_starved():
            return self.best.run
        if agreed and self.are_few():
            if self.best.run.n_steps > SHORT and self.few is self.data:
                self.wander([self.best], 0)  # they took long to agree
            return self.best.run
        finalists = optima[: 1 if agreed else FINALISTS]
        runs = [candidates[0].run for candidates in finalists]
        begun = self.follow(self.data, runs, LONG)
        self.best = max(begun, key=merit, default=self.best)
        if self.is_clear(self.data):
            self.is_sure = True
            return self.best.run
        most_same = len(begun) == FINALISTS and len(optima_of(begun, SAME)[0]) >= MOST
        self.is_sure = agreed or most_same
        self.wander(begun, 0 if self.is_sure else TOGETHER)
        return self.best.run

    def improved(self, start: MixtureParams) -> MixtureParams:
        """Return where moves lead from a start; itself, if that is nowhere better."""
        self.few = self.data
        begun = self.follow(self.data, [Run.at(start)], LONG)
        if not begun:
            return start
        self.best = begun[0]
        if self.is_starved() or self.is_clear(self.data):
            return start
        self.wander(begun, 0)
        return start if self.best is begun[0] else self.best.run.params

    def others(self) -> tuple[MixtureParams, ...]:
        """Return the next best optima, for the case that the best one collapses yet."""
        rest = [each for each in self.visited if each is not self.best and each.sound]
        ranked = sorted(rest, key=merit, reverse=True)
        return tuple(each.run.params for each in ranked[:OTHERS])

    def explored(self, partitions: AroundCentres) -> tuple[list[list[Candidate]], bool]:
        """Try starts; return the optima with what reached each, the best first.

        And whether that is believed to be the best there is.
        """
        found: list[Candidate] = []
        for size in BATCHES:
            found += self.tried(partitions.more(size))
            optima = optima_of(found)
            self.best = optima[0][0]
            if len(optima[0]) >= AGREE or self.is_clear(self.few):
                return optima, True
            if len(found) > size and self.is_starved():
                break
            if len(found) > size != BATCHES[-1] and self.are_few():
                optima = self.after_all(optima)
                if len(optima[0]) >= AGREE:
                    return optima, True
        return optima, False

    def after_all(self, optima: list[list[Candidate]]) -> list[list[Candidate]]:
        """Follow the best two: where EM is slow, ten steps hide that they are one."""
        runs = [candidates[0].run for candidates in optima[:AGREE]]
        reached = optima_of(self.follow(self.few, runs, LONG), SAME)
        self.best = reached[0][0]
        return [*reached, *optima[AGREE:]]

    def wander(self, begun: list[Candidate], surely: int) -> None:
        """Go from optimum to optimum by moves, always on from the best not yet left.

        From each of them so many moves are tried `surely`, whatever they may lose.
        """
        visited = self.visited
        unseen: list[Candidate] = []
        reached, fruitless = begun, 0
        for _ in range(self.rounds):
            fruitless += 1
            for there in reached:
                if any(same_optimum(there, known) for known in visited):
                    continue
                visited.append(there)
                unseen.append(there)
                if self.best is None or merit(there) > merit(self.best):
                    self.best, fruitless = there, 0
            if not unseen or fruitless > PATIENCE:
                break
            here = max(unseen, key=merit)
            unseen = [each for each in unseen if each is not here]
            reached = self.neighbours(here, visited, surely)

    def neighbours(
        self, here: Candidate, visited: Sequence[Candidate], surely: int
    ) -> list[Candidate]:
        """Return where the most promising moves from an optimum lead."""
        few = self.few
        values = responsibilities(self.model, few, here.run.params)
        least = -(LOSS + LOSS_EACH * len(few)) * self.mean_weight
        if self.local is None:
            n_axes = self.family.structure.n_axes
            self.local = local_rows(few, n_axes, with_crowds=surely > 0)
        moves = best_moves(values, self.local, MOVES, least, surely)
        known = visited
        if moves and few is not self.data:
            known = self.follow(few, [each.run for each in visited], 0)
        found: list[Candidate] = []
        starts, n_steps = self.moved(here, moves)
        for first in range(0, len(starts), TOGETHER):
            runs = [Run.at(start) for start in starts[first : first + TOGETHER]]
            found += [
                there
                for there in self.follow(few, runs, n_steps)
                if not any(same_optimum(there, other) for other in known)
            ]
            found = sorted(found, key=merit, reverse=True)
            if found and merit(found[0]) > merit(here):
                break
        leaders = [each.run for each in found[:LEADERS]]
        return self.follow(self.data, leaders, LONG)

    def moved(
        self, here: Candidate, moves: Sequence[Move]
    ) -> tuple[list[MixtureParams], int]:
        """Return where moves lead, the most promising first, and for how many steps."""
        model, few, params = self.model, self.few, here.run.params
        if not moves:
            return [], 0
        if len(params.weights) >= PART and is_possible(model, few):
            with suppress(DegenerateComponentError):  # by one; others are sound
                reached = after_moves(model, few, params, moves, LOCAL)
                return reached[:FOLLOWED], AFTER
        partitions = [move.values for move in moves[:FEW_MOVES]]
        return from_partitions(model, few, partitions), SHORT

    def tried(self, partitions: Sequence[Array]) -> list[Candidate]:
        """Short runs on few rows."""
        starts = from_partitions(self.model, self.few, partitions)
        if self.best is None:
            self.best = Candidate(False, Run.at(starts[0]))
        return self.follow(self.few, [*map(Run.at, starts)], SHORT)

    def follow(self, data: Rows, runs: list[Run], n_steps: int) -> list[Candidate]:
        """Take the runs further."""
        further = followed(self.model, data, runs, n_steps)
        return [self.judged(run) for run in further]

    def judged(self, run: Run) -> Candidate:
        """Count the components that are thin; each must be worth what BIC asks.

        Those that share their covariance with others gain little from chance.
        """
        sound = self.is_sound(run.params)
        if not self.family.structure.separate:
            return Candidate(sound, run)
        n_parameters = self.n_parameters(run.params)
        n_rows = len(self.data)
        n_thin = np.count_nonzero(run.params.weights * n_rows < THIN * n_parameters)
        handicap = n_thin * n_parameters * np.log(n_rows) / 2 * self.mean_weight
        return Candidate(sound, run, float(handicap))

    def are_few(self) -> bool:
        """Whether components are so few that starts that agree are believed."""
        assert self.best is not None
        return len(self.best.run.params.weights) <= FEW_COMPONENTS

    def is_clear(self, data: Rows) -> bool:
        """Whether the best, of which these rows are the data, needs no other start."""
        assert self.best is not None
        sound, params = self.best.sound, self.best.run.params
        least = params.weights.min() * len(data)
        if not sound or least < STARVED * self.n_parameters(params):
            return False
        return is_clear(self.model, self.family.structure, self.few, params)

    def is_starved(self) -> bool:
        """Whether rows are so few for a component that EM hardly moves it."""
        assert self.best is not None
        params = self.best.run.params
        each = len(self.few) / len(params.weights)
        return each < STARVED * self.n_parameters(params)

    def n_parameters(self, params: MixtureParams) -> float:
        """Free parameters of a component, on average."""
        return self.model.n_free_parameters(params) / len(params.weights)


def _some_rows(data: KeptRows, rng: Rng) -> KeptRows:
    """Few rows to try many starts on."""
    if len(data) <= FEW_ROWS:
        return data
    return data.take(np.sort(rng.choice(len(data), size=FEW_ROWS, replace=False)))
