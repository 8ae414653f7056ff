"""Threads for the loops over rows: how many are allowed here, and pieces in order."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TypeVar

_THREADS: ContextVar[int] = ContextVar("threads", default=1)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def active_threads() -> int:
    """Return the number of threads allowed here; 1 unless `using_threads` says more."""
    return _THREADS.get()


@contextmanager
def using_threads(n_threads: int) -> Iterator[None]:
    """Allow `n_threads` in this block, and in this thread only."""
    token = _THREADS.set(n_threads)
    try:
        yield
    finally:
        _THREADS.reset(token)


def in_order(
    task: Callable[[_Item], _Result], items: Sequence[_Item], n_threads: int
) -> Iterator[_Result]:
    """Yield the results of a task in the order of its items, few of them at a time.

    The calling thread does not wait for what nobody has begun: it does that itself.

    Parameters
    ----------
    task : callable
        May run in any thread.
    items : sequence
    n_threads : int
        The calling thread and its helpers.
    """
    if n_threads == 1 or len(items) == 1:
        yield from map(task, items)
        return
    pool = _helpers(n_threads - 1)
    ahead = 2 * n_threads
    futures: dict[int, Future[_Result]] = {}
    own: dict[int, _Result] = {}
    try:
        for head in range(len(items)):
            begun = head + len(futures) + len(own)
            for i in range(begun, min(head + ahead, len(items))):
                futures[i] = pool.submit(task, items[i])
            while head in futures and not futures[head].done():
                free = next((i for i in futures if futures[i].cancel()), None)
                if free is None:
                    break
                del futures[free]
                own[free] = task(items[free])
            yield own.pop(head) if head in own else futures.pop(head).result()
    finally:
        for future in futures.values():
            future.cancel()
        wait(futures.values())


@cache
def _helpers(n_threads: int) -> ThreadPoolExecutor:
    """Threads that are kept: starting them takes as long as a small E-step."""
    return ThreadPoolExecutor(n_threads, "mixtura")


# A child process has none of its parent's threads.
os.register_at_fork(after_in_child=_helpers.cache_clear)
