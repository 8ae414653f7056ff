"""Whole EM runs from many starts, side by side where the data are small.

Every run takes the steps of `em`, to rounding, and ends by the same rule; but one
E-step and one M-step serve them all. What rounding could spoil is left to `em` itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array, IntArray
from mixtura.acceleration import Acceleration, PlainStepper, Stepper
from mixtura.data import Rows
from mixtura.em import Ascent, EMResult, Outcome
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.gaussian import GaussianStatistics
from mixtura.init import stack
from mixtura.init.stack import Stack
from mixtura.kernels.quadratic import QuadraticRows
from mixtura.models.mixture import Mixture, MixtureParams

EXACT = 1e7
"""Squared distances from the centre, in a component's standard deviations, up to which
rounding in log-densities (1e-9 nats) is far below any tolerance."""

ENDS = (Outcome.CONVERGED, Outcome.ITERATION_LIMIT)
"""How a run may end here; what else befalls it, `em` finds out."""

NOT_A_MIXTURE = (DegenerateComponentError, np.linalg.LinAlgError)
"""What a proposal may raise that lies anywhere."""


class Runner(NamedTuple):
    """One run: its place among the starts, its trace, and what makes its steps."""

    place: int
    ascent: Ascent
    stepper: Stepper


class Lap(NamedTuple):
    """Where all runs are, and what the E-step says there.

    Parameters
    ----------
    runners : tuple of Runner
    stack : Stack
    levels : ndarray of shape (R,)
        Objectives in nats.
    moments : GaussianStatistics
        Of all components.
    """

    runners: tuple[Runner, ...]
    stack: Stack
    levels: Array
    moments: GaussianStatistics

    @classmethod
    def at(
        cls,
        model: Mixture,
        rows: QuadraticRows,
        runners: tuple[Runner, ...],
        here: Stack,
    ) -> "Lap":
        """Run the E-step. What is too narrow for it gets a number all the same."""
        with np.errstate(all="ignore"):
            log_density, moments = here.e_step(model, rows)
            levels = log_density @ rows.weights
        return cls(runners, here, levels, moments)

    def taken(self, chosen: IntArray) -> "Lap":
        """Return some of the runs."""
        return Lap(
            tuple(self.runners[i] for i in chosen),
            self.stack.taken(chosen),
            self.levels[chosen],
            stack.taken(self.moments, chosen, self.stack.n_components),
        )

    def without(self, leaving: NDArray[np.bool_]) -> "Lap":
        """Return the runs that do not leave."""
        return self.taken(np.flatnonzero(~leaving)) if leaving.any() else self

    def joined(self, other: "Lap") -> "Lap":
        """Put other runs behind."""
        return Lap(
            self.runners + other.runners,
            self.stack.joined(other.stack),
            np.concatenate([self.levels, other.levels]),
            stack.joined(self.moments, other.moments),
        )


def raced(
    model: Mixture,
    data: Rows,
    starts: Sequence[MixtureParams],
    tol: float,
    max_iter: int,
    acceleration: Acceleration | None,
) -> list[EMResult | None]:
    """Run EM from each start to its end.

    Parameters
    ----------
    model : Mixture
    data : Rows
        Few enough for `stack.is_possible`.
    starts : sequence of MixtureParams
        Of equally many components.
    tol, max_iter, acceleration
        As for `em`.

    Returns
    -------
    list of EMResult or None
        What `em` returns, to rounding, from each start; None where `em` itself has to
        tell: components are narrow or collapse. If the user interrupts, the runs that
        have not ended yet say so.

    Raises
    ------
    KeyboardInterrupt
        If nothing has been computed yet.
    """
    runners = tuple(
        Runner(place, Ascent(tol, data, True, stepper), stepper)
        for place, stepper in enumerate(_steppers(acceleration, len(starts)))
    )
    ended: dict[int, EMResult] = {}
    try:
        rows = stack.quadratic_rows(model, data)
        lap = Lap.at(model, rows, runners, Stack.of(model, starts))
        lap = lap.without(lap.stack.needs_care(rows, EXACT))
        for iteration in count():
            lap = _judged(lap, iteration >= max_iter, ended)
            if not lap.runners:
                break
            lap = _advanced(model, rows, lap)
    except KeyboardInterrupt:
        begun = {each.place: each.ascent for each in runners if each.ascent.trace}
        if not begun:
            raise
        stopped = {i: run.result(Outcome.INTERRUPTED) for i, run in begun.items()}
        ended = stopped | ended
    return [_unstacked(model, ended.get(i)) for i in range(len(starts))]


def _steppers(acceleration: Acceleration | None, n_runs: int) -> list[Stepper]:
    if acceleration is None:
        return [PlainStepper() for _ in range(n_runs)]
    return [acceleration.start() for _ in range(n_runs)]


def _unstacked(model: Mixture, result: EMResult | None) -> EMResult | None:
    """Return the result with the parameters of its one mixture."""
    if result is None:
        return None
    here, place = result.params
    [params] = here.taken(np.array([place])).unstacked(model)
    return replace(result, params=params)


def _judged(lap: Lap, is_last: bool, ended: dict[int, EMResult]) -> Lap:
    """Tell each run where it is; return those that go on."""
    leaving = np.zeros(len(lap.runners), dtype=bool)
    for i, level in enumerate(lap.levels.tolist()):
        run = lap.runners[i].ascent
        outcome = run.take((lap.stack, i), level)
        if outcome is None and is_last:
            outcome = Outcome.ITERATION_LIMIT
        leaving[i] = outcome is not None
        if outcome in ENDS:
            ended[lap.runners[i].place] = run.result(outcome)
    return lap.without(leaving)


def _advanced(model: Mixture, rows: QuadraticRows, lap: Lap) -> Lap:
    """Let each run take its step; those that need care or collapse leave."""
    asked = [
        runner.stepper.proposes(level)
        for runner, level in zip(lap.runners, lap.levels.tolist(), strict=True)
    ]
    moved, leaving = _m_step(model, lap)
    leaving |= moved.needs_care(rows, EXACT)
    first = Lap.at(model, rows, lap.runners, moved)
    others = leaving | ~np.array(asked)
    if others.all():
        return first.without(leaving)
    tried = _tried(model, rows, lap.without(others), first.without(others))
    some, chosen = np.flatnonzero(~others), np.arange(len(others))
    accepted = np.isfinite(tried.levels) & (tried.levels > first.levels[some])
    chosen[some[accepted]] = len(others) + np.flatnonzero(accepted)
    for runner, is_better in zip(tried.runners, accepted, strict=True):
        runner.stepper.judged(bool(is_better))
    there = first.joined(tried).taken(chosen[~leaving])
    return there.without(there.stack.needs_care(rows, EXACT))


def _tried(model: Mixture, rows: QuadraticRows, here: Lap, first: Lap) -> Lap:
    """Evaluate the proposals; what is no mixture has no likelihood."""
    second, _ = _m_step(model, first)  # a collapse stays: the next step will tell
    paths = zip(
        here.stack.unconstrained(model),
        first.stack.unconstrained(model),
        second.unconstrained(model),
        strict=True,
    )
    vectors = [
        runner.stepper.proposal(path)
        for runner, path in zip(here.runners, paths, strict=True)
    ]
    with np.errstate(all="ignore"):
        proposed, failed = _constrained(model, second, np.array(vectors))
    there = Lap.at(model, rows, here.runners, proposed)
    return there._replace(levels=np.where(failed, -np.inf, there.levels))


def _constrained(
    model: Mixture, like: Stack, vectors: Array
) -> tuple[Stack, NDArray[np.bool_]]:
    """Return the mixtures of vectors, and which of these are none."""
    failed = np.zeros(len(vectors), dtype=bool)
    try:
        return like.constrained(model, vectors), failed
    except NOT_A_MIXTURE:
        if len(vectors) == 1:
            return like, ~failed
    parts = [
        _constrained(model, like.taken(each), vectors[each])
        for each in np.arange(len(vectors))[:, None]
    ]
    stacks, failures = zip(*parts, strict=True)
    return reduce(Stack.joined, stacks), np.concatenate(failures)


def _m_step(model: Mixture, lap: Lap) -> tuple[Stack, NDArray[np.bool_]]:
    """M-step of all, and which of them have none and stay where they are."""
    lost = np.zeros(len(lap.runners), dtype=bool)
    try:
        return lap.stack.m_step(model, lap.moments), lost
    except DegenerateComponentError as collapse:
        assert collapse.component is not None
        lost[collapse.component // lap.stack.n_components] = True
    others = np.flatnonzero(~lost)
    if not len(others):
        return lap.stack, lost
    moved, also = _m_step(model, lap.taken(others))
    lost[others] = also
    order = np.arange(len(lost))
    order[others] = len(lost) + np.arange(len(others))
    return lap.stack.joined(moved).taken(order), lost
