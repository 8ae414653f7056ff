"""One thread for other libraries inside a fit, whose own threads walk its rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Limit BLAS to one thread in this block, and restore what it had after."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@contextmanager
def single_threaded_openmp() -> Iterator[None]:
    """Limit OpenMP likewise, whose threads wait longer for each other than they work.

    Sums over rows then have one order, however many cores there are.
    """
    with _controller().limit(limits=1, user_api="openmp"):
        yield
