"""How many threads the loops over rows may use in this context."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_THREADS: ContextVar[int] = ContextVar("threads", default=1)


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
