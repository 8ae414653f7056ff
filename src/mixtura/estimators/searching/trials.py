"""Run the candidates of a search, one after the other or in threads."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from operator import attrgetter
from typing import TypeVar

from joblib import effective_n_jobs

from mixtura.estimators.searching.candidates import SearchData
from mixtura.estimators.searching.trial import NOT_RUN, Candidate, Trial

INTERRUPTED = "Interrupted before this candidate was fitted."

THREADED_CELLS = 100_000
"""Cells of X from which on candidates run in threads. Smaller fits spend their time in
the interpreter, of which there is one: threads make them slower …"""

COMPILED_THREADS = 2
"""… and, where runs are compiled, more than so many no faster."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def threads_for(n_jobs: int | None, data: SearchData) -> int:
    """Return how many threads to use; None leaves it to the size of the data."""
    allowed = int(effective_n_jobs(-1 if n_jobs is None else n_jobs))
    if n_jobs is not None or data.X.size >= THREADED_CELLS:
        return allowed
    is_compiled = data.starts is not None and data.starts.are_compiled
    return min(COMPILED_THREADS if is_compiled else 1, allowed)


def run_trials(
    attempt: Callable[[Candidate], Trial],
    candidates: Sequence[Candidate],
    n_threads: int,
    announce: Callable[[Trial], None],
) -> tuple[list[Trial], bool]:
    """Return a trial for each candidate, in their order.

    Parameters
    ----------
    attempt : callable
        Candidate -> Trial.
    candidates : sequence of Candidate
    n_threads : int
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
    ordered = candidates if n_threads == 1 else apart
    try:
        for trial in results(attempt, ordered, n_threads):
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


def results(
    task: Callable[[_Item], _Result], items: Sequence[_Item], n_threads: int
) -> Iterator[_Result]:
    """Yield results as they come; on leaving, begin no further ones."""
    if n_threads == 1:
        yield from map(task, items)
        return
    stopping = threading.Event()

    def unless_stopped(item: _Item) -> list[_Result]:
        return [] if stopping.is_set() else [task(item)]

    with ThreadPoolExecutor(n_threads, "mixtura-search") as pool:
        pending: set[Future[list[_Result]]] = {
            pool.submit(unless_stopped, item) for item in items
        }
        try:
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield from future.result()
        finally:
            stopping.set()
