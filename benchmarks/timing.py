"""Seconds of functions that are called in turn."""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

STEP = 0.01
"""Seconds between looks at whether this process is at rest."""

AT_REST = 0.2
"""Share of a CPU below which it is."""

SHORTEST = 0.1
"""Seconds that a measurement of something repeatable should last."""


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call, whatever it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        function()
        return time.perf_counter() - start


def rest() -> None:
    """Wait until no thread of this process runs.

    The threads of OpenBLAS keep a CPU busy for a while after their work (100 ms were
    measured), and whoever is timed next would pay for it.
    """
    busy = True
    while busy:
        before = time.process_time()
        time.sleep(STEP)
        busy = time.process_time() - before > AT_REST * STEP


def steady(function: Callable[[], object]) -> Callable[[], float]:
    """Return a timer of one call among several in a row, as in a loop.

    They are as many as take `SHORTEST` seconds, so that neither the first touch of
    caches nor the clock of a processor that has rested decides.
    """
    function()
    rest()
    n_calls = max(1, math.ceil(SHORTEST / max(seconds(function), 1e-6)))

    def several() -> None:
        for _ in range(n_calls):
            function()

    return lambda: seconds(several) / n_calls


@dataclass(frozen=True)
class Rounds:
    """Seconds of some functions, called in turn.

    Parameters
    ----------
    times : sequence of sequence of float
        For each round the seconds of each function.
    """

    times: Sequence[Sequence[float]]

    def median(self, which: int) -> float:
        """Median seconds of a function."""
        return median(times[which] for times in self.times)

    def ratio(self, slow: int, fast: int) -> float:
        """Median over the rounds of how many times as long one takes as another.

        Both sides of each ratio were measured within moments of each other, so that
        what else the machine does weighs on both.
        """
        return median(times[slow] / times[fast] for times in self.times)


def alternate(
    functions: Sequence[Callable[[], object]], repeats: int, warm_up: int = 1
) -> Rounds:
    """Call the functions in turn, `repeats` times after rounds that do not count."""
    return alternate_timers(
        [lambda f=f: seconds(f) for f in functions], repeats, warm_up
    )


def alternate_timers(
    timers: Sequence[Callable[[], float]], repeats: int, warm_up: int = 1
) -> Rounds:
    """Do the same with functions that return the seconds they measured."""

    def rested(timer: Callable[[], float]) -> float:
        rest()
        return timer()

    rounds = [[rested(timer) for timer in timers] for _ in range(warm_up + repeats)]
    return Rounds(rounds[warm_up:])
