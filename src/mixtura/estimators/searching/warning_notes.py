"""Warnings of several threads, each kept with the work that caused it."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Note:
    """A warning that was caught.

    Attributes
    ----------
    category : type
        Subclass of Warning.
    text : str
        In one line.
    """

    category: type[Warning]
    text: str

    def is_a(self, category: type[Warning]) -> bool:
        """Whether the warning is of this category."""
        return issubclass(self.category, category)


class WarningNotes:
    """Catch the warnings of threads that ask for it.

    The filters of Python's warnings belong to the whole process, so they are changed
    once, around all threads; a warning then goes to the list of the thread it was
    issued in. Other threads' warnings are shown as ever.

    Examples
    --------
    >>> import warnings
    >>> notes = WarningNotes()
    >>> with notes.caught(), notes.collected() as found:
    ...     warnings.warn("mind this", UserWarning)
    >>> found
    [Note(category=<class 'UserWarning'>, text='mind this')]
    """

    def __init__(self) -> None:
        self._own = threading.local()

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch warnings in this block, in all threads that collect them."""
        with warnings.catch_warnings():
            show = warnings.showwarning

            def note(
                message: Warning | str, category: type[Warning], *place: Any
            ) -> None:
                found = getattr(self._own, "found", None)
                if found is None:
                    show(message, category, *place)
                else:
                    found.append(Note(category, " ".join(str(message).split())))

            warnings.simplefilter("always")
            warnings.showwarning = note  # type: ignore[assignment]
            yield

    @contextmanager
    def collected(self) -> Iterator[list[Note]]:
        """Collect what is warned of in this block and thread; blocks may nest."""
        outer = getattr(self._own, "found", None)
        found: list[Note] = []
        self._own.found = found
        try:
            yield found
        finally:
            self._own.found = outer
