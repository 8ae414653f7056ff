"""A header of numbers, such as years, that looks like the first row of data."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST_ROWS = 3
"""Rows below it by which a first row is judged."""

FAR = 10
"""Times the range of a column, beyond which a value does not belong to it."""


def counts_up(cells: Sequence[str]) -> bool:
    """Whether the cells are written as whole numbers in sequence.

    Examples
    --------
    >>> counts_up(["2019", "2020", "2021"]), counts_up(["2019", "2021"])
    (True, False)
    """
    if len(cells) < 2 or not all(cell.strip().isdecimal() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def stands_apart(values: NDArray[np.float64]) -> bool:
    """Whether a first row of whole numbers is of another kind than all others.

    No other row is of whole numbers, or it is far from them in every column.

    Examples
    --------
    >>> below = np.array([[3.4, 5.1], [2.2, 4.0], [3.0, 4.8]])
    >>> stands_apart(np.vstack([[1, 2], below]))
    True
    >>> stands_apart(np.vstack([[1, 2], below.round()]))
    False
    """
    first, others = values[0], values[1:]
    if len(others) < FEWEST_ROWS:
        return False
    if not (others == others.round()).all(axis=1).any():
        return True
    low, high = others.min(axis=0), others.max(axis=0)
    with np.errstate(over="ignore"):
        margin = FAR * (high - low)
        return bool(((first < low - margin) | (first > high + margin)).all())
