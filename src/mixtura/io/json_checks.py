"""Checks of parsed JSON, each with the place in the document in its message."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.exceptions import ModelFileError


@contextmanager
def inside(place: str) -> Iterator[None]:
    """Put the place of a part before every message about it."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{place}: {error}") from error


def fields(
    value: object, place: str, names: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    """Require an object with exactly these members.

    Parameters
    ----------
    value : object
        Parsed JSON.
    place : str
        Where it stands, for messages.
    names : tuple of str
        The members it must have.
    optional : tuple of str
        Members it may have; no others are allowed.

    Returns
    -------
    mapping

    Raises
    ------
    ModelFileError
        Naming the missing or unknown members.
    """
    if not isinstance(value, dict):
        raise _wrong(place, "an object", value)
    missing = [name for name in names if name not in value]
    unknown = [name for name in value if name not in (*names, *optional)]
    if missing:
        raise ModelFileError(f"{place} lacks {', '.join(missing)}.")
    if unknown:
        raise ModelFileError(
            f"{place} has the unknown field {unknown[0][:40]!r}; it was not written by "
            f"this version of mixtura."
        )
    return value


def text(value: object, place: str) -> str:
    """Require a string that can be written as UTF-8."""
    if not isinstance(value, str):
        raise _wrong(place, "a string", value)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ModelFileError(f"{place} is not valid Unicode.") from error
    return value


def choice(value: object, place: str, allowed: tuple[str, ...]) -> str:
    """Require one of these strings."""
    chosen = text(value, place)
    if chosen not in allowed:
        raise ModelFileError(
            f"{place} must be one of {', '.join(allowed)}; got {chosen[:40]!r}."
        )
    return chosen


def boolean(value: object, place: str) -> bool:
    """Require true or false."""
    if not isinstance(value, bool):
        raise _wrong(place, "true or false", value)
    return value


def integer(value: object, place: str, minimum: int) -> int:
    """Require a whole number of at least ``minimum``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise _wrong(place, f"a whole number of at least {minimum}", value)
    return value


def number(value: object, place: str) -> float:
    """Require a finite number."""
    if type(value) not in (int, float):
        raise _wrong(place, "a finite number", value)
    try:
        converted = float(value)  # type: ignore[arg-type]
    except OverflowError as error:
        raise _wrong(place, "a finite number", value) from error
    if not math.isfinite(converted):
        raise _wrong(place, "a finite number", value)
    return converted


def at_least(value: object, place: str, minimum: float) -> float:
    """Require a finite number of at least ``minimum``."""
    found = number(value, place)
    if found < minimum:
        raise ModelFileError(f"{place} must be at least {minimum:g}; got {found:g}.")
    return found


def number_or_null(value: object, place: str) -> float:
    """Require a finite number, or null, which stands for one that is not finite."""
    return math.nan if value is None else number(value, place)


def items(value: object, place: str) -> list[Any]:
    """Require an array of any length."""
    if not isinstance(value, list):
        raise _wrong(place, "an array", value)
    return value


def array(value: object, place: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Require nested arrays of finite numbers with this shape.

    Shape and entries are checked before memory is taken, so the document cannot
    ask for more than it holds.
    """
    _check_nested(value, place, shape)
    return np.array(value, dtype=np.float64).reshape(shape)


def _check_nested(value: object, place: str, shape: tuple[int, ...]) -> None:
    if not shape:
        number(value, place)
        return
    if not isinstance(value, list):
        raise _wrong(place, f"an array of length {shape[0]}", value)
    if len(value) != shape[0]:
        raise ModelFileError(f"{place} must have {shape[0]} entries; got {len(value)}.")
    if len(shape) == 1 and all(type(v) is float and math.isfinite(v) for v in value):
        return
    for i, entry in enumerate(value):
        _check_nested(entry, f"{place}[{i}]", shape[1:])


def _wrong(place: str, expected: str, value: object) -> ModelFileError:
    if isinstance(value, dict | list):
        got = "an object" if isinstance(value, dict) else "an array"
    else:
        got = repr(value)[:40]
    return ModelFileError(f"{place} must be {expected}; got {got}.")
