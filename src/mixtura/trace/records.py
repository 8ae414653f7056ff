"""Half-steps without their data, and how many of them are kept."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal, Self

import numpy as np

from mixtura.completion import Completion
from mixtura.em import EMStep

MOST_HALF_STEPS = 1000
"""Kept of a fit, however many it takes …"""

MOST_BYTES = 1 << 26
"""… and fewer where their parameters would take more than this."""

LEAST_HALF_STEPS = 16
"""Kept of parameters of any size."""


@dataclass(frozen=True)
class Record:
    """A half-step in the units of the fit, without its data and statistics.

    Parameters
    ----------
    iteration : int
    phase : {"E", "M"}
    params : object
        After this half-step.
    posterior_params : object
        Those whose posterior q is: after an M-step still the old ones.
    completion : Completion
        What made q of that posterior.
    log_likelihood, q, entropy : float
        Sums over observations, in nats.
    """

    iteration: int
    phase: Literal["E", "M"]
    params: Any
    posterior_params: Any
    completion: Completion
    log_likelihood: float
    q: float
    entropy: float

    @classmethod
    def of(cls, step: EMStep, iteration: int) -> Self:
        """Keep what a half-step says of itself, under another number."""
        return cls(
            iteration,
            step.phase,
            step.params,
            step.posterior_params,
            step.completion,
            step.log_likelihood,
            step.q,
            step.entropy,
        )


Records = tuple[Record, ...]
"""The half-steps of one iteration: M and E, or one of them at the ends of a path."""


class Path:
    """Evenly spaced iterations of a path of any length: the first, and then each n-th.

    Parameters
    ----------
    most : int
        Half-steps to keep, if their parameters are small.
    """

    def __init__(self, most: int = MOST_HALF_STEPS) -> None:
        self.most = most
        self.stride = 1
        self.kept: list[Records] = []

    def add(self, records: Records) -> None:
        """Keep an iteration if its turn has come; if there are too many, every other.

        The iterations come in order.
        """
        number = records[-1].iteration
        if number % self.stride and self.kept:
            return
        self.kept.append(records)
        if len(self.kept) > self._limit(records):
            self.stride *= 2
            first, *rest = self.kept
            later = [r for r in rest if r[-1].iteration % self.stride == 0]
            self.kept = [first, *later]

    def until(self, last: Records) -> Records:
        """Return the half-steps of the iterations kept, up to and with the last."""
        end = last[-1].iteration
        before = [records for records in self.kept if records[-1].iteration < end]
        return tuple(record for records in (*before, last) for record in records)

    def _limit(self, records: Records) -> int:
        """Iterations to keep beside the last: each has two half-steps."""
        # After thinning, the posterior's parameters are no longer shared.
        size = max(n_bytes(records[-1].params), 1)
        affordable = max(MOST_BYTES // size, LEAST_HALF_STEPS)
        return max(min(self.most, affordable) // 2 - 1, 1)


class Recorder:
    """A callback of `em` that keeps the path of one fit, within bounds.

    `em` shows the E-steps; the M-step before one follows from it and the E-step before.

    Parameters
    ----------
    most : int
        Half-steps to keep, if their parameters are small.
    """

    def __init__(self, most: int = MOST_HALF_STEPS) -> None:
        self.path = Path(most)
        self.recent: deque[Records] = deque(maxlen=2)
        self.peak: Records = ()
        self.height = -np.inf
        self.before: EMStep | None = None

    def __call__(self, step: EMStep) -> None:
        """Keep an E-step, and the M-step that led to it."""
        again = self._seen(step.params)
        records = self._again(step, again) if again else self._next(step)
        if step.objective > self.height:
            self.peak, self.height = records, step.objective
        self.recent.append(records)
        self.path.add(records)
        self.before = step

    def ending_at(self, params: Any) -> Records:
        """Return the path to the parameters that a fit has returned."""
        end = self._seen(params) or self.recent[-1]
        return self.path.until(end)

    def _seen(self, params: Any) -> Records:
        """Return the iteration that led to these very parameters, if it is at hand."""
        for records in (*reversed(self.recent), self.peak):
            if records and records[-1].params is params:
                return records
        return ()

    def _next(self, step: EMStep) -> Records:
        """Record an iteration."""
        if self.before is None:
            return (Record.of(step, 0),)
        number = self.recent[-1][-1].iteration + 1
        there = replace(
            self.before,
            phase="M",
            params=step.params,
            log_likelihood=step.log_likelihood,
        )
        return Record.of(there, number), Record.of(step, number)

    def _again(self, step: EMStep, records: Records) -> Records:
        """Record another E-step at the same parameters, as the fit goes on from there.

        The first was in single precision, and the steps after it are taken back.
        """
        *m_steps, seen = records
        kept = self.path.kept
        self.path.kept = [r for r in kept if r[-1].iteration < seen.iteration]
        self.recent.clear()
        self.peak, self.height = (), -np.inf
        known = step.log_likelihood
        return (
            *(replace(each, log_likelihood=known) for each in m_steps),
            Record.of(step, seen.iteration),
        )


def n_bytes(value: Any) -> int:
    """Return the size of the arrays in a dataclass, at any depth."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if not is_dataclass(value):
        return 0
    return sum(n_bytes(getattr(value, item.name)) for item in fields(value))


def iterations(steps: Iterable[EMStep]) -> Iterator[Records]:
    """Group half-steps, as `em_steps` yields them, by iteration."""
    records: Records = ()
    for step in steps:
        record = Record.of(step, step.iteration)
        if records and records[-1].iteration != record.iteration:
            yield records
            records = ()
        records = (*records, record)
    if records:
        yield records
