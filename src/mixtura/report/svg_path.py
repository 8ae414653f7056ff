"""The data of an SVG path, written with no more than a screen shows."""

import math
import re
from collections.abc import Iterable
from itertools import pairwise

FLAT = 0.06
"""Points this near to the line between their neighbours are left out, in units of 1/72
inch: a tenth of a pixel where a figure has its natural size."""

TINY = 20.0
"""Paths with no coordinate beyond this are signs, and get a decimal more."""

REACH = 12.0
"""Neighbours are never further apart than this, so that errors do not add up."""

_COMMAND = re.compile(r"([MLCQZz])([^MLCQZz]*)")

Point = tuple[float, float]


def shorter_path(data: str) -> str:
    r"""Round the coordinates, and leave out points on straight parts of a line.

    Parameters
    ----------
    data : str
        Absolute commands M, L, C, Q and z, as matplotlib writes them.

    Returns
    -------
    str

    Examples
    --------
    >>> shorter_path("M 0.12345 0 L 1 0.001 L 2 0 L 2 3 z")
    'M.12 0L2 0L2 3z'
    """
    commands = [
        (letter, [float(number) for number in rest.split()])
        for letter, rest in _COMMAND.findall(data)
    ]
    largest = max((abs(x) for _, numbers in commands for x in numbers), default=0.0)
    decimals = 2 if largest < TINY else 1
    parts: list[str] = []
    line: list[Point] = []
    for letter, numbers in commands:
        if letter == "L":
            line.append((numbers[0], numbers[1]))
            continue
        parts += _written(line, decimals)
        # later points of a line start where the last command ended
        line = [(numbers[-2], numbers[-1])] if numbers else []
        parts.append(letter + _joined(numbers, decimals))
    return "".join([*parts, *_written(line, decimals)])


def _written(line: list[Point], decimals: int) -> list[str]:
    """Write a line from its second point on."""
    return [f"L{_joined(point, decimals)}" for point in _thinned(line)[1:]]


def _thinned(line: list[Point]) -> list[Point]:
    if len(line) < 3:
        return line
    kept = [line[0]]
    for here, after in pairwise(line[1:]):
        if not _is_flat(kept[-1], here, after):
            kept.append(here)
    return [*kept, line[-1]]


def _is_flat(before: Point, here: Point, after: Point) -> bool:
    """Whether a point is where the straight line between two others passes."""
    dx, dy = after[0] - before[0], after[1] - before[1]
    length = math.hypot(dx, dy)
    if length > REACH:
        return False
    px, py = here[0] - before[0], here[1] - before[1]
    share = (px * dx + py * dy) / length**2 if length > 0 else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(px - share * dx, py - share * dy) < FLAT


def _joined(numbers: Iterable[float], decimals: int) -> str:
    return " ".join(_short(number, decimals) for number in numbers)


def _short(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}".rstrip("0").rstrip(".")
    if text == "-0":
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
