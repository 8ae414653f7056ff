"""When a compiled run is slow or ends, and which of several go on."""

from typing import Any

import numpy as np

from mixtura.convergence import LEAST_RATE, RISES, SLOW_SHARE, TREND, WORST_ROUNDING
from mixtura.kernels.small_matrices import inlined

CONVERGED, LIMIT, FLOOR, CARE = range(4)
"""Why a run ended: nothing left to gain; no more steps; a component at the floor; or
something out of the ordinary, a dead component or a fall of the likelihood."""

ON = -1
"""It has not."""

SLOW = 0.7
"""EM is slow when its gains shrink, but to no less than this share, for a while."""

WHILE, TIMES = 6, 30.0
"""A run is left when it gains less and less, and so many times what it has gained in a
while would not take it to where another has ended."""

LEAST_GAINS = 3
"""Gains of plain EM from which its end is told."""


@inlined
def remaining_gain(trace: Any, n: int) -> float:
    """Estimate how much EM still rises after step n, as `convergence` does."""
    one, two = trace[n - 2] - trace[n - 3], trace[n - 1] - trace[n - 2]
    three = trace[n] - trace[n - 1]
    if one <= 0.0 or two <= 0.0 or three <= 0.0:
        return np.inf
    first, last = two / one, three / two
    rate = max(first, last)
    if rate >= 1.0:
        return np.inf
    rising = min(last * (last / first) ** RISES, 1.0 - SLOW_SHARE)
    rate = max(rate, rising, LEAST_RATE)
    return three * rate / (1.0 - rate)


@inlined
def is_slow(trace: Any, n: int) -> bool:
    """Whether the gains up to step n shrank, but hardly, as `convergence` tells."""
    for i in range(n - TREND + 2, n):
        before, after = trace[i] - trace[i - 1], trace[i + 1] - trace[i]
        if not (SLOW * before <= after and after < before):
            return False
    return True


@inlined
def of_fall(fall: float, size: float) -> int:
    """Return what a fall of an objective of some size means."""
    return CARE if fall > WORST_ROUNDING * size else CONVERGED


@inlined
def _is_behind(trace: Any, n: int, to_beat: float) -> bool:
    """Whether a run at step n will hardly end higher than another."""
    if n < WHILE:
        return False
    middle = trace[n - WHILE // 2]
    last, first = trace[n] - middle, middle - trace[n - WHILE]
    return last <= first and trace[n] + TIMES * (first + last) < to_beat


@inlined
def end_of(trace: Any, n: int, n_plain: int, n_observations: float, limits: Any) -> int:
    """Return why a run ends with step n, or ON."""
    if n > 0:
        least = limits[2] * (abs(trace[n]) + n_observations)
        if trace[n] - trace[n - 1] <= least:
            return CONVERGED
    if _is_behind(trace, n, limits[4]) and not limits[5]:
        return LIMIT
    if n_plain >= LEAST_GAINS and remaining_gain(trace, n) <= limits[1]:
        return CONVERGED
    return LIMIT if n >= limits[0] else ON


@inlined
def rank(order: Any, n_alive: int, ends: Any, levels: Any) -> None:
    """Put sound runs first, then those that have climbed higher."""
    for place in range(1, n_alive):
        r, i = order[place], place
        while i > 0:
            other = order[i - 1]
            if ends[other, 2] > ends[r, 2]:
                break
            if ends[other, 2] == ends[r, 2] and levels[other] >= levels[r]:
                break
            order[i] = other
            i -= 1
        order[i] = r


@inlined
def kept(order: Any, n_alive: int, n_left: int, is_sure: Any) -> int:
    """Leave the first few, and sure ones, in their order; return how many that are."""
    n_kept = n_others = 0
    for place in range(n_alive):
        r = order[place]
        if is_sure[r] or n_others < n_left:
            n_others += not is_sure[r]
            order[n_kept] = r
            n_kept += 1
    return n_kept
