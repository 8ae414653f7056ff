"""Numbers with the digits that their uncertainty warrants, and no more."""

import math
from collections.abc import Sequence

MOST_DIGITS = 15
"""Digits that a float has."""


def to_resolution(values: Sequence[float], resolution: float) -> list[str]:
    """Write numbers so that differences of this size show, in the shorter notation.

    Parameters
    ----------
    values : sequence of float
        Finite.
    resolution : float
        Positive.

    Returns
    -------
    list of str
        All with the same number of decimals.

    Examples
    --------
    >>> to_resolution([2.0364, 4.2897], 0.01), to_resolution([99999996.23], 0.1)
    (['2.04', '4.29'], ['99999996.2'])
    >>> to_resolution([3.14e-9], 1e-11), to_resolution([-6.022e23], 1e21)
    (['3.14e-09'], ['-6.02e+23'])
    >>> to_resolution([-0.0004], 0.01)
    ['0.00']
    """
    power = math.floor(math.log10(resolution))
    largest = max(map(abs, values))
    top = max(power, math.floor(math.log10(largest)) if largest > 0 else 0)
    decimals = max(0, -power)
    digits = min(top - power, MOST_DIGITS - 1)
    notations = [
        [f"{value:z.{min(decimals, 99)}f}" for value in values],
        [f"{value:.{digits}e}" for value in values],
    ]
    return min(notations, key=lambda texts: max(map(len, texts)))
