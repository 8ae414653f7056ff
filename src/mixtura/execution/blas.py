"""One BLAS thread inside a fit: its matrices are small, and rows give the threads."""

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
