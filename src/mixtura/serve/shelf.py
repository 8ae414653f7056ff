"""A bounded shelf of values with names that cannot be guessed."""

import secrets
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from mixtura.serve.refusal import Refused

Value = TypeVar("Value")


class Shelf(Generic[Value]):
    """Keep the values used last, and forget the others.

    Parameters
    ----------
    what : str
        What messages call a value.
    size : int
        How many are kept.
    remedy : str
        What to do about one that has been forgotten.

    Examples
    --------
    >>> shelf = Shelf("number", 1, "Count again.")
    >>> shelf[shelf.add(5)]
    5
    """

    def __init__(self, what: str, size: int, remedy: str) -> None:
        self._what = what
        self._remedy = remedy
        self._size = size
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: Value) -> str:
        """Keep a value; return its name."""
        name = secrets.token_urlsafe(9)
        with self._lock:
            self._values[name] = value
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return name

    def __getitem__(self, name: str) -> Value:
        """Return a value, which is then the one used last.

        Raises
        ------
        Refused
            404 if it was never there or has been forgotten.
        """
        with self._lock:
            if name not in self._values:
                reason = f"This {self._what} is no longer held. {self._remedy}"
                raise Refused(404, reason)
            self._values.move_to_end(name)
            return self._values[name]
