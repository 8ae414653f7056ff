"""How much the objective still rises: the estimates on which EM stops."""

import math
from collections.abc import Sequence
from itertools import pairwise

# Where no rate is known, the last gains may be a hundredth of what is left: slow EM
# gains no more in a step, nor does acceleration when a proposal is refused.
SLOW_SHARE = 0.01

# How often a rate may rise again by the factor by which it has just risen: a slow mode
# emerges from fast ones within a few steps, or EM leaves a plateau.
RISES = 4

# Gains that shrink faster are those of fast modes, behind which a slow one may be.
LEAST_RATE = 0.5

# Points of the trace that make a trend.
TREND = 6

# Rounding of a sum of n log-densities, relative to their size: far above what was
# measured (1e-15 times sqrt(n)), far below any gain that matters.
ROUNDING = 1e-13

# The same where a covariance is nearly singular (1e-7 at condition 1e10).
WORST_ROUNDING = 1e-6


def remaining_gain(trace: Sequence[float]) -> float:
    r"""Estimate how much the objective of plain EM still rises, in nats.

    If gains shrink geometrically with rate a, the sum of those to come is the last
    gain times a / (1 - a) (Aitken). The larger of the last two rates is used, or more
    where they rise, because a slow mode shows only when the fast ones have died away.
    Until there are two, the only rate is that of the leap from the start, and EM is
    taken to be slow.

    Parameters
    ----------
    trace : sequence of float
        The objective so far.

    Returns
    -------
    float
        Infinity while gains grow.

    Examples
    --------
    >>> remaining_gain([0.0, 8.0, 12.0, 14.0])
    2.0
    >>> round(remaining_gain([0.0, 8.0, 9.0, 9.5]), 6)  # the rate has risen from 1/8
    49.5
    """
    gains = [after - before for before, after in pairwise(trace[-4:])]
    if not gains or min(gains) <= 0:
        return math.inf
    if len(gains) < 3:
        return max(gains) / SLOW_SHARE
    first, last = (after / before for before, after in pairwise(gains))
    rate = max(first, last)
    if rate >= 1:
        return math.inf
    rising = min(last * (last / first) ** RISES, 1 - SLOW_SHARE)
    rate = max(rate, rising, LEAST_RATE)
    return gains[-1] * rate / (1 - rate)


def accelerated_remaining_gain(trace: Sequence[float]) -> float:
    """Estimate the same for accelerated EM, whose gains have no steady rate.

    Examples
    --------
    >>> accelerated_remaining_gain([0.0, 5.0, 5.01, 5.01, 5.01]) < 1.1
    True
    >>> accelerated_remaining_gain([0.0, 5.0])
    inf
    """
    if len(trace) < 4:
        return math.inf
    gains = [after - before for before, after in pairwise(trace[-4:])]
    return max(gains) / SLOW_SHARE


def is_slow(trace: Sequence[float], rate: float) -> bool:
    """Whether the last gains shrank, but each to `rate` times the one before or more.

    Growing gains mean that EM is leaving a saddle; extrapolating there would choose
    another way down.
    """
    gains = [after - before for before, after in pairwise(trace[-TREND:])]
    pairs = list(pairwise(gains))
    return len(pairs) == TREND - 2 and all(
        rate * before <= after < before for before, after in pairs
    )
