"""Compiled runs of EM on a few rows, each from its start to its end in one call.

An EM step on three hundred rows takes five microseconds of arithmetic, and as an array
program two hundred of calls. So E-step, M-step, acceleration and stopping rule are one
loop here.

Slow runs are accelerated (`anderson`) in the sufficient statistics: EM maps these onto
the next ones, for every structure alike, and what is extrapolated becomes parameters by
the M-step. No step is taken that lowers the likelihood.
"""

from math import exp, sqrt
from typing import Any

import numpy as np

from mixtura.convergence import (
    LEAST_RATE,
    RISES,
    SLOW_SHARE,
    TREND,
    WORST_ROUNDING,
)
from mixtura.kernels.anderson import MEMORY, mixed
from mixtura.kernels.climb_arrays import (
    pack,
    put,
    put_floor,
    put_params,
    put_statistics,
    remembered,
    unpack,
)
from mixtura.kernels.fourteen import NUMBERS, VVI, nearest
from mixtura.kernels.fused import compiled
from mixtura.kernels.moments import DEAD
from mixtura.kernels.small_e_step import (
    BLOCK,
    e_step,
    log_density,
    sum_moments,
)
from mixtura.kernels.small_matrices import (
    decompose,
    inlined,
    once,
    precision_factor,
    put_unit,
)

__all__ = [
    "BLOCK",
    "CARE",
    "CONVERGED",
    "FLOOR",
    "LIMIT",
    "NUMBERS",
    "climb",
    "posterior",
]

CONVERGED, LIMIT, FLOOR, CARE = range(4)
"""Why a run ended: nothing left to gain; no more steps; a component at the floor; or
something out of the ordinary, a dead component or a fall of the likelihood."""

ON = -1
"""It has not."""

SLOW = 0.7
"""EM is slow when its gains shrink, but to no less than this share, for a while."""

WHILE, TIMES = 20, 100.0
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
def _is_above(floor: Any, matrix: Any, factor: Any) -> bool:
    """Whether a covariance, given with its factor, is above diag(floor)."""
    D = len(floor)
    trace = 0.0
    for d in range(D):
        for c in range(d, D):
            trace += floor[d] * factor[d, c] * factor[d, c]
    if trace <= 1.0:
        return True
    ratios, values, axes = np.empty((D, D)), np.empty(D), np.empty((D, D))
    for d in range(D):
        for c in range(D):
            ratios[d, c] = matrix[d, c] / sqrt(floor[d] * floor[c])
    decompose(ratios, values, axes)
    return values[0] >= 1.0


@once
def _m_step(rules: Any, found: Any, params: Any, near: Any) -> int:
    """Write parameters, beginning searches at those; return what is wrong, or ON."""
    structure, equal, floor = rules
    counts, centers, own, _ = found
    weights, means, matrices, factors = params
    total = 0.0
    for k in range(len(counts)):
        total += counts[k]
    for k in range(len(counts)):
        if not counts[k] > DEAD * total:
            return CARE
        weights[k] = 1.0 / len(counts) if equal else counts[k] / total
        for d in range(len(floor)):
            means[k, d] = centers[k, d]
    nearest(structure, counts, own, matrices, near)
    for k in range(len(counts)):
        if not precision_factor(matrices[k], factors[k]):
            return FLOOR
        if not _is_above(floor, matrices[k], factors[k]):
            return FLOOR
    return ON


@once
def _evaluated(
    data: Any,
    rules: Any,
    found: Any,
    params: Any,
    near: Any,
    work: Any,
    is_start: bool,
) -> tuple[int, float]:
    """Write the M-step of statistics, unless at the start, and the E-step there.

    Returns what is wrong, or ON, and the log-likelihood in nats.
    """
    if not is_start:
        problem = _m_step(rules, found, params, near)
        if problem != ON:
            return problem, -np.inf
    level = e_step(data[0], data[1], params, rules[0] <= VVI, work, found)
    return (ON if abs(level) < np.inf else CARE), level


@inlined
def _of_fall(fall: float, size: float) -> int:
    """Return what a fall of an objective of some size means."""
    return CARE if fall > WORST_ROUNDING * size else CONVERGED


@inlined
def _is_behind(trace: Any, n: int, to_beat: float) -> bool:
    """Whether a run at step n will hardly end higher than another."""
    middle = trace[n - WHILE // 2]
    last, first = trace[n] - middle, middle - trace[n - WHILE]
    return last <= first and trace[n] + TIMES * (first + last) < to_beat


@inlined
def _end(trace: Any, n: int, n_plain: int, n_observations: float, limits: Any) -> int:
    """Return why a run ends with step n, or ON."""
    if n > 0:
        least = limits[2] * (abs(trace[n]) + n_observations)
        if trace[n] - trace[n - 1] <= least:
            return CONVERGED
    if n >= WHILE and _is_behind(trace, n, limits[4]):
        return LIMIT
    if n_plain >= LEAST_GAINS and remaining_gain(trace, n) <= limits[1]:
        return CONVERGED
    return LIMIT if n >= limits[0] else ON


@inlined
def _unit_matrices(number: int, D: int) -> Any:
    matrices = np.empty((number, D, D))
    for k in range(number):
        put_unit(matrices[k])
    return matrices


@once
def _follow(
    data: Any, rules: Any, params: Any, shares: Any, limits: Any, trace: Any, work: Any
) -> tuple[int, int]:
    """Climb from parameters, or shares; write where that ends, and the objectives."""
    K, D = params[1].shape
    size = K * (1 + D + D * (D + 1) // 2)
    here = (np.empty(K), np.empty((K, D)), np.empty((K, D, D)), np.empty(size))
    there = (np.empty(K), np.empty((K, D)), np.empty((K, D, D)), np.empty(size))
    ahead = (np.empty(K), np.empty((K, D)), np.empty((K, D, D)), np.empty((K, D, D)))
    memory = np.empty((MEMORY + 1, size)), np.empty((MEMORY + 1, size))
    near = _unit_matrices(K + 1, D)
    n_observations = data[1].sum()
    trace[0] = -np.inf
    n, n_plain, n_known = -1, -1, 0
    is_fast, is_bold = True, False
    has_params = len(shares) == 0
    if not has_params:
        sum_moments(data[0], shares, params[1], rules[0] <= VVI, work[K], there)
    while True:
        if n >= 0:
            # go on from statistics as they are, or extrapolated
            is_bold = n_known > 1 and mixed(memory, n_known - 1, there[3])
            is_bold = is_bold and unpack(there)
            if not is_bold:
                put_statistics(here, there)
        put_params(params, ahead)
        is_start = n < 0 and has_params
        problem, level = _evaluated(data, rules, there, ahead, near, work, is_start)
        if is_bold and (problem != ON or not level > trace[n]):
            n_known = 0
            continue
        if problem == FLOOR or (problem == CARE and n < 0):
            put_floor(ahead, rules[2], params)
        if problem == ON and n >= 0 and level < trace[n]:
            problem = _of_fall(trace[n] - level, abs(level) + n_observations)
        if problem != ON:
            return problem, max(n, 0)
        n, n_plain = n + 1, 0 if is_bold else n_plain + 1
        trace[n] = level
        put_params(ahead, params)
        put(there, here)
        pack(here)
        outcome = _end(trace, n, n_plain, n_observations, limits)
        if outcome != ON:
            return outcome, n
        if is_bold and level - trace[n - 1] <= limits[1]:
            is_fast, n_known = True, 0  # plain steps tell whether this is the end
        elif is_fast and n_plain >= TREND - 1 and limits[3]:
            is_fast = not is_slow(trace, n)
        if n > 0 and not is_fast:
            n_known = remembered(memory, n_known, there[3], here[3])


@inlined
def _is_sound(judge: Any, params: Any) -> bool:
    """Whether no component is lighter or, in some direction, narrower than allowed."""
    weights, _, matrices, factors = params
    least, least_weight = judge
    for k in range(len(weights)):
        if weights[k] < least_weight or not _is_above(least, matrices[k], factors[k]):
            return False
    return True


@inlined
def _rank(order: Any, n_alive: int, ends: Any, levels: Any) -> None:
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


@compiled
def climb(
    data: Any,
    rules: Any,
    judge: Any,
    heats: Any,
    params: Any,
    shares: Any,
    traces: Any,
    densities: Any,
    ends: Any,
    order: Any,
) -> None:
    """Run EM from parameters, which are overwritten by those at the end; R times.

    Where a component falls to the floor, or has died at the start, all covariances are
    put there.

    Parameters
    ----------
    data : tuple of ndarray
        Rows transposed (D, size), in a size that is a multiple of `BLOCK`, and their
        weights (size,): zero for rows that only fill the block.
    rules : (int, bool, ndarray of shape (D,))
        Number of the structure; whether weights are equal; the floor.
    judge : (ndarray of shape (D,), float)
        Variances and weight that components of a sound mixture have at least.
    heats : tuple of ndarray of length H
        For each heat steps at most, and runs that then go on, or 0 for all of them in
        their order; nats in total that may be left, and gain per unit of the objective
        that is none; and whether slow runs are accelerated. Where only one is to be
        left, those that fall behind end early.
    params : tuple of ndarray
        Weights (R, K), means (R, K, D), covariances (R, K, D, D) and factors, upper
        triangular P with the precision P P^T, of that shape.
    shares : ndarray of shape (R, K, size) or (R, 0, 0)
        Responsibilities times weights of the rows whose M-step is the start instead.
    traces : ndarray of shape (R, n_steps + 1)
        The objectives, to be written.
    densities : ndarray of shape (R, size)
        Log-densities of the rows at the end of those that are left, to be written.
    ends : ndarray of int of shape (R, 3)
        Why each run ended, the steps that it has taken, and whether it is sound, to be
        written.
    order : ndarray of int of shape (R,)
        The numbers of the runs; those that are left will come first, and the best of
        them before others.
    """
    n_alive, n_shares = len(order), shares.shape[1]
    work = np.empty((params[0].shape[1] + 3, data[0].shape[1]))
    levels, over = np.empty(n_alive), np.zeros(n_alive, np.bool_)
    ends[:] = 0
    for h in range(len(heats[0])):
        to_beat = -np.inf
        for place in range(n_alive):
            r = order[place]
            own = params[0][r], params[1][r], params[2][r], params[3][r]
            if over[r]:
                continue
            start, before = shares[r, : 0 if h else n_shares], ends[r, 1]
            trace = traces[r, before:]
            limits = heats[0][h], heats[2][h], heats[3][h], heats[4][h], to_beat
            outcome, n = _follow(data, rules, own, start, limits, trace, work)
            levels[r], ends[r, 0], ends[r, 1] = trace[n], outcome, before + n
            ends[r, 2] = _is_sound(judge, own)
            is_at_end = outcome == CONVERGED and limits[3]
            over[r] = outcome == FLOOR or outcome == CARE or is_at_end
            if heats[1][h] == 1 and is_at_end and ends[r, 2]:
                to_beat = max(to_beat, levels[r])
        if heats[1][h] > 0:
            _rank(order, n_alive, ends, levels)
            n_alive = min(n_alive, heats[1][h])
    for place in range(n_alive):
        r = order[place]
        own = params[0][r], params[1][r], params[2][r], params[3][r]
        densities[r] = log_density(data[0], own, rules[0] <= VVI, work)


@compiled
def posterior(data: Any, rules: Any, params: Any, work: Any) -> Any:
    """Write responsibilities into the first K lines (size,) of `work` (K + 3, size).

    Parameters are those of one mixture; the log-densities of the rows are returned.
    """
    # which leaves log joint densities in those lines
    density = log_density(data[0], params, rules[0] <= VVI, work)
    for k in range(len(params[0])):
        for i in range(len(density)):
            work[k, i] = exp(work[k, i] - density[i])
    return density
