"""Run the candidates of a search, one after the other or in threads."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from joblib import effective_n_jobs

from mixtura.estimators.searching.candidates import SearchData
from mixtura.estimators.searching.trial import NOT_RUN, Candidate, Trial
from mixtura.execution.turns import Turn

INTERRUPTED = "Interrupted before this candidate was fitted."

THREADED_CELLS = 100_000
"""Cells of X from which on candidates run in threads. Smaller fits spend their time in
the interpreter, of which there is one: threads make them slower …"""

COMPILED_THREADS = 2
"""… and, where runs are compiled, more than so many no faster."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Workers(NamedTuple):
    """Threads that work on the candidates of a search.

    Parameters
    ----------
    n_threads : int
    take_turns : bool
        Whether one at a time is outside of compiled code.
    """

    n_threads: int
    take_turns: bool = False

    @classmethod
    def of(cls, n_jobs: int | None, data: SearchData) -> "Workers":
        """Return as many as `n_jobs` says; None leaves it to the size of the data."""
        allowed = int(effective_n_jobs(-1 if n_jobs is None else n_jobs))
        if data.X.size >= THREADED_CELLS:
            return cls(allowed)
        is_compiled = data.starts is not None and data.starts.are_compiled
        if n_jobs is None:
            allowed = min(COMPILED_THREADS if is_compiled else 1, allowed)
        return cls(allowed, is_compiled)

    def results(
        self, task: Callable[[_Item], _Result], items: Sequence[_Item]
    ) -> Iterator[_Result]:
        """Yield results as they come; on leaving, begin no further ones."""
        if self.n_threads == 1:
            yield from map(task, items)
            return
        stopping = threading.Event()
        turn: Any = Turn() if self.take_turns else nullcontext()

        def unless_stopped(item: _Item) -> list[_Result]:
            with turn:
                return [] if stopping.is_set() else [task(item)]

        with ThreadPoolExecutor(self.n_threads, "mixtura-search") as pool:
            pending = [pool.submit(unless_stopped, item) for item in items]
            try:
                for future in as_completed(pending):
                    yield from future.result()
            finally:
                stopping.set()


ALONE = Workers(1)
"""No other thread."""


def run_trials(
    attempt: Callable[[Candidate], Trial],
    candidates: Sequence[Candidate],
    workers: Workers,
    announce: Callable[[Trial], None],
) -> tuple[list[Trial], bool]:
    """Return a trial for each candidate, in their order.

    Parameters
    ----------
    attempt : callable
        Candidate -> Trial.
    candidates : sequence of Candidate
    workers : Workers
    announce : callable
        Called with each trial when it is there.

    Returns
    -------
    list of Trial
    bool
        Whether Ctrl-C ended the search; candidates that were not finished then are
        "not run".
    """
    done: dict[Candidate, Trial] = {}
    interrupted = False
    # Sizes of one structure start from each other: side by side, one would wait.
    apart = sorted(candidates, key=attrgetter("n_components"))
    ordered = candidates if workers.n_threads == 1 else apart
    try:
        for trial in workers.results(attempt, ordered):
            if trial.interrupted:
                interrupted = True
                break
            done[trial.candidate] = trial
            announce(trial)
    except KeyboardInterrupt:
        interrupted = True
    trials = [
        done.get(candidate) or Trial(candidate, NOT_RUN, INTERRUPTED)
        for candidate in candidates
    ]
    return trials, interrupted
