"""Compiled runs of EM on a few rows, each from its start to its end in one call.

An EM step on three hundred rows takes five microseconds of arithmetic, and as an array
program two hundred of calls. So E-step, M-step, acceleration and stopping rule are one
loop here.

Slow runs are accelerated (`anderson`) in the sufficient statistics: EM maps these onto
the next ones, for every structure alike, and what is extrapolated becomes parameters by
the M-step. No step is taken that lowers the likelihood.
"""

from math import sqrt
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
from mixtura.kernels.fourteen import NUMBERS, VVI, nearest
from mixtura.kernels.fused import compiled
from mixtura.kernels.moments import DEAD
from mixtura.kernels.small_e_step import BLOCK, e_step, log_density, sum_moments
from mixtura.kernels.small_matrices import decompose, inlined, once, precision_factor

__all__ = ["BLOCK", "CARE", "CONVERGED", "FLOOR", "LIMIT", "NUMBERS", "climb"]

CONVERGED, LIMIT, FLOOR, CARE = range(4)
"""Why a run ended: nothing left to gain; no more steps; a component at the floor; or
something out of the ordinary, a dead component or a fall of the likelihood."""

ON = -1
"""It has not."""

SLOW = 0.9
"""EM is slow when its gains shrink, but to no less than this share, for a while."""

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
def _m_step(rules: Any, counts: Any, centers: Any, own: Any, params: Any) -> int:
    """Write parameters, beginning searches at those; return what is wrong, or ON."""
    structure, equal, floor = rules
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
    nearest(structure, counts, own, matrices)
    for k in range(len(counts)):
        if not precision_factor(matrices[k], factors[k]):
            return FLOOR
        if not _is_above(floor, matrices[k], factors[k]):
            return FLOOR
    return ON


@inlined
def _pack(statistics: Any) -> None:
    """Write counts, first and second moments about the origin as a vector."""
    counts, centers, own, vector = statistics
    K, D = centers.shape
    place = 0
    for k in range(K):
        vector[place] = counts[k]
        place += 1
        for d in range(D):
            vector[place] = counts[k] * centers[k, d]
            place += 1
            for c in range(d + 1):
                square = own[k, d, c] + centers[k, d] * centers[k, c]
                vector[place] = counts[k] * square
                place += 1


@inlined
def _unpack(statistics: Any) -> bool:
    """Write what the vector says; False if a count is not positive."""
    counts, centers, own, vector = statistics
    K, D = centers.shape
    place = 0
    for k in range(K):
        count = vector[place]
        if not count > 0.0:
            return False
        counts[k] = count
        place += 1
        for d in range(D):
            centers[k, d] = vector[place] / count
            place += 1
            for c in range(d + 1):
                square = vector[place] / count - centers[k, d] * centers[k, c]
                own[k, d, c] = own[k, c, d] = square
                place += 1
    return True


@inlined
def _put(source: Any, target: Any) -> None:
    """Write the first three of a group of arrays over those of another."""
    for k in range(len(source[0])):
        target[0][k] = source[0][k]
        for d in range(source[1].shape[1]):
            target[1][k, d] = source[1][k, d]
            for c in range(source[1].shape[1]):
                target[2][k, d, c] = source[2][k, d, c]


@inlined
def _put_params(source: Any, target: Any) -> None:
    """Write parameters over others."""
    _put(source, target)
    for k in range(len(source[0])):
        for d in range(source[1].shape[1]):
            for c in range(source[1].shape[1]):
                target[3][k, d, c] = source[3][k, d, c]


@inlined
def _put_floor(source: Any, floor: Any, target: Any) -> None:
    """Write weights and means, and covariances at the floor."""
    for k in range(len(source[0])):
        target[0][k] = source[0][k]
        for d in range(len(floor)):
            target[1][k, d] = source[1][k, d]
            for c in range(len(floor)):
                target[2][k, d, c] = floor[d] if c == d else 0.0
                target[3][k, d, c] = 1.0 / sqrt(floor[d]) if c == d else 0.0


@inlined
def _put_vector(source: Any, target: Any) -> None:
    for c in range(len(source)):
        target[c] = source[c]


@inlined
def _remembered(memory: Any, n_known: int, origin: Any, image: Any) -> int:
    """Add a step to the memory of Anderson acceleration; return its length."""
    origins, images = memory
    if n_known > MEMORY:
        for i in range(MEMORY):
            _put_vector(origins[i + 1], origins[i])
            _put_vector(images[i + 1], images[i])
        n_known = MEMORY
    _put_vector(origin, origins[n_known])
    _put_vector(image, images[n_known])
    return n_known + 1


@once
def _evaluated(
    data: Any, rules: Any, found: Any, params: Any, work: Any, is_start: bool
) -> tuple[int, float]:
    """Write the M-step of statistics, unless at the start, and the E-step there.

    Returns what is wrong, or ON, and the log-likelihood in nats.
    """
    if not is_start:
        problem = _m_step(rules, found[0], found[1], found[2], params)
        if problem != ON:
            return problem, -np.inf
    level = e_step(data[0], data[1], params, rules[0] <= VVI, work, found)
    return (ON if abs(level) < np.inf else CARE), level


@inlined
def _of_fall(fall: float, size: float) -> int:
    """Return what a fall of an objective of some size means."""
    return CARE if fall > WORST_ROUNDING * size else CONVERGED


@inlined
def _end(trace: Any, n: int, n_plain: int, n_observations: float, limits: Any) -> int:
    """Return why a run ends with step n, or ON."""
    if n > 0:
        least = limits[2] * (abs(trace[n]) + n_observations)
        if trace[n] - trace[n - 1] <= least:
            return CONVERGED
    if n_plain >= LEAST_GAINS and remaining_gain(trace, n) <= limits[1]:
        return CONVERGED
    return LIMIT if n >= limits[0] else ON


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
            is_bold = is_bold and _unpack(there)
            if not is_bold:
                _put(here, there)
                _put_vector(here[3], there[3])
        _put_params(params, ahead)
        is_start = n < 0 and has_params
        problem, level = _evaluated(data, rules, there, ahead, work, is_start)
        if is_bold and (problem != ON or not level > trace[n]):
            n_known = 0
            continue
        if problem == FLOOR:
            _put_floor(ahead, rules[2], params)
        if problem == ON and n >= 0 and level < trace[n]:
            problem = _of_fall(trace[n] - level, abs(level) + n_observations)
        if problem != ON:
            return problem, max(n, 0)
        n, n_plain = n + 1, 0 if is_bold else n_plain + 1
        trace[n] = level
        _put_params(ahead, params)
        _put(there, here)
        _pack(here)
        outcome = _end(trace, n, n_plain, n_observations, limits)
        if outcome != ON:
            return outcome, n
        if is_bold and level - trace[n - 1] <= limits[1]:
            is_fast, n_known = True, 0  # plain steps tell whether this is the end
        elif is_fast and n_plain >= TREND - 1 and limits[3]:
            is_fast = not is_slow(trace, n)
        if n > 0 and not is_fast:
            n_known = _remembered(memory, n_known, there[3], here[3])


@compiled
def climb(
    data: Any,
    rules: Any,
    params: Any,
    shares: Any,
    limits: Any,
    traces: Any,
    densities: Any,
    ends: Any,
) -> None:
    """Run EM from parameters, which are overwritten by those at the end; R times.

    Where a component falls to the floor, all covariances are put there.

    Parameters
    ----------
    data : tuple of ndarray
        Rows transposed (D, size), in a size that is a multiple of `BLOCK`, and their
        weights (size,): zero for rows that only fill the block.
    rules : (int, bool, ndarray of shape (D,))
        Number of the structure; whether weights are equal; the floor.
    params : tuple of ndarray
        Weights (R, K), means (R, K, D), covariances (R, K, D, D) and factors, upper
        triangular P with the precision P P^T, of that shape.
    shares : ndarray of shape (R, K, size) or (R, 0, 0)
        Responsibilities times weights of the rows whose M-step is the start instead.
    limits : (int, float, float, bool)
        Steps at most; nats in total that may be left; gain per unit of the objective
        that is none; whether slow runs are accelerated.
    traces : ndarray of shape (R, n_steps + 1)
        The objectives, to be written.
    densities : ndarray of shape (R, size)
        Log-densities of the rows at the end, to be written.
    ends : ndarray of int of shape (R, 2)
        Why each run ended, and the steps that it has taken, to be written.
    """
    work = np.empty((params[0].shape[1] + 3, data[0].shape[1]))
    for r in range(len(ends)):
        own = params[0][r], params[1][r], params[2][r], params[3][r]
        ends[r] = _follow(data, rules, own, shares[r], limits, traces[r], work)
        densities[r] = log_density(data[0], own, rules[0] <= VVI, work)
