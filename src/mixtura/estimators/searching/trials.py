"""Run the candidates of a search, one after the other or in threads."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from mixtura.estimators.searching.candidates import NOT_RUN, Candidate, Trial

INTERRUPTED = "Interrupted before this candidate was fitted."


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
    run = _in_turn if n_threads == 1 else _in_threads
    interrupted = False
    try:
        for trial in run(attempt, candidates, n_threads):
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


def _in_turn(
    attempt: Callable[[Candidate], Trial], candidates: Sequence[Candidate], _: int
) -> Iterator[Trial]:
    return map(attempt, candidates)


def _in_threads(
    attempt: Callable[[Candidate], Trial], candidates: Sequence[Candidate], count: int
) -> Iterator[Trial]:
    """Yield trials as they are finished; on leaving, start no further ones."""
    stopping = threading.Event()

    def unless_stopped(candidate: Candidate) -> Trial | None:
        return None if stopping.is_set() else attempt(candidate)

    with ThreadPoolExecutor(count, "mixtura-search") as pool:
        pending: set[Future[Trial | None]] = {
            pool.submit(unless_stopped, candidate) for candidate in candidates
        }
        try:
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    trial = future.result()
                    assert trial is not None
                    yield trial
        finally:
            stopping.set()
