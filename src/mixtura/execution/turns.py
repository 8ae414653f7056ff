"""Threads that take turns in the interpreter, and leave it for compiled code.

NumPy lets go of the interpreter in every call on more than a few hundred numbers, and a
thread that waits for it takes it. Two threads that work on small arrays so hand it to
and fro, which takes longer than their calls. A turn lasts from one piece of compiled
code to the next instead.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_present = threading.local()


class Turn:
    """A context that one thread at a time is in.

    Examples
    --------
    >>> turn = Turn()
    >>> with turn:
    ...     with away():  # until here others have to wait, and after it
    ...         pass
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> "Turn":
        """Wait for the turn."""
        self._lock.acquire()
        _present.turn = self
        return self

    def __exit__(self, *error: object) -> None:
        """Give it to another thread."""
        _present.turn = None
        self._lock.release()


@contextmanager
def away() -> Iterator[None]:
    """Let others have the turn, if this thread has one; then wait for the next."""
    turn: Turn | None = getattr(_present, "turn", None)
    if turn is None:
        yield
        return
    turn.__exit__()
    try:
        yield
    finally:
        turn.__enter__()
