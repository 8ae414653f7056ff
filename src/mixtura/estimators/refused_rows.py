"""Where in the rows is what scikit-learn refuses, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import narwhals as nw
import numpy as np

from mixtura._types import Array

REFUSED = ("Input X contains", "Input contains")
"""How messages about NaN and infinity begin."""


@contextmanager
def located(X: Any) -> Iterator[None]:
    """Add row and column to the message of an error about the values of X.

    Parameters
    ----------
    X : array-like or data frame

    Raises
    ------
    ValueError, TypeError
        As before, with more to say.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        told = str(error).partition("\n")[0]
        is_refused = told.startswith(REFUSED)
        where = _not_finite(X) if is_refused else _no_number(X)
        if where is None:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{told.rstrip('.')}. {where}") from None


def _not_finite(X: Any) -> str | None:
    """Say where the first value is that is no finite number, and how many follow."""
    columns = _columns(X)
    try:
        wrong = [~np.isfinite(np.asarray(each, float)) for _, each in columns]
    except (TypeError, ValueError):  # missing values of another kind
        return None
    counts = [int(each.sum()) for each in wrong]
    if not sum(counts):
        return None
    column = next(j for j, count in enumerate(counts) if count)
    row = int(wrong[column].argmax())
    others = sum(counts) - 1
    more = f", and {others} more" if others else ""
    name, values = columns[column]
    return (
        f"It is {_plain(values[row])!r} in row {row}, {name}{more}. Leave such rows "
        "out, or fill them in."
    )


def _no_number(X: Any) -> str | None:
    """Say where the first value is that is no number."""
    for name, values in _columns(X):
        for row, value in enumerate(values):
            try:
                float(value)
            except (TypeError, ValueError):
                return (
                    f"X must hold numbers; got {_plain(value)!r} in row {row}, {name}. "
                    "Leave that column out, or encode it."
                )
    return None


def _columns(X: Any) -> list[tuple[str, Array]]:
    """Columns with what to call them; none where X is no table."""
    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        names = frame.columns
        return [(f"column {name!r}", frame[name].to_numpy()) for name in names]
    try:
        array = np.asarray(X)
    except (TypeError, ValueError):
        return []
    if array.ndim != 2 or array.dtype.kind not in "biufOSU":
        return []
    return [(f"column {j}", column) for j, column in enumerate(array.T)]


def _plain(value: Any) -> Any:
    """Return a value as Python writes it."""
    return value.item() if isinstance(value, np.generic) else value
