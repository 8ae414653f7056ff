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

from mixtura.convergence import TREND
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
from mixtura.kernels.climb_end import (
    CARE,
    CONVERGED,
    FLOOR,
    LIMIT,
    ON,
    end_of,
    is_slow,
    kept,
    of_fall,
    rank,
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
    has_params: bool,
) -> tuple[int, float]:
    """Write the M-step of statistics, unless parameters are known, and the E-step.

    Returns what is wrong, or ON, and the log-likelihood in nats.
    """
    if not has_params:
        problem = _m_step(rules, found, params, near)
        if problem != ON:
            return problem, -np.inf
    level = e_step(data[0], data[1], params, rules[0] <= VVI, work, found)
    return (ON if abs(level) < np.inf else CARE), level


@inlined
def _unit_matrices(number: int, D: int) -> Any:
    matrices = np.empty((number, D, D))
    for k in range(number):
        put_unit(matrices[k])
    return matrices


@inlined
def _blank(K: int, D: int) -> Any:
    """Room for parameters."""
    return np.empty(K), np.empty((K, D)), np.empty((K, D, D)), np.empty((K, D, D))


@inlined
def _begun(
    data: Any,
    rules: Any,
    params: Any,
    here: Any,
    shares: Any,
    trace: Any,
    work: Any,
) -> int:
    """Write the statistics and the objective of parameters, or first those of shares.

    Returns what is wrong, or ON.
    """
    K, D = params[1].shape
    ahead, near = _blank(K, D), _unit_matrices(K + 1, D)
    put_params(params, ahead)
    has_params = len(shares) == 0
    if not has_params:
        sum_moments(data[0], shares, params[1], rules[0] <= VVI, work[K], here)
    problem, level = _evaluated(data, rules, here, ahead, near, work, has_params)
    if problem == ON:
        put_params(ahead, params)
        pack(here)
    else:
        put_floor(ahead, rules[2], params)
    trace[0] = level
    return problem


@once
def _follow(
    data: Any,
    rules: Any,
    params: Any,
    here: Any,
    limits: Any,
    trace: Any,
    work: Any,
) -> tuple[int, int]:
    """Climb from parameters, whose statistics are here and whose objective is known.

    Write where that ends, and the objectives.
    """
    K, D = params[1].shape
    size = len(here[3])
    there = (np.empty(K), np.empty((K, D)), np.empty((K, D, D)), np.empty(size))
    ahead, near = _blank(K, D), _unit_matrices(K + 1, D)
    memory = np.empty((MEMORY + 1, size)), np.empty((MEMORY + 1, size))
    n_observations = data[1].sum()
    n, n_plain, n_known, is_fast = 0, 0, 0, True
    outcome = LIMIT if limits[0] == 0 else ON
    while outcome == ON:
        # go on from statistics as they are, or extrapolated
        is_bold = n_known > 1 and mixed(memory, n_known - 1, there[3])
        is_bold = is_bold and unpack(there)
        if not is_bold:
            put_statistics(here, there)
        put_params(params, ahead)
        problem, level = _evaluated(data, rules, there, ahead, near, work, False)
        if is_bold and (problem != ON or not level > trace[n]):
            n_known = 0
            continue
        if problem == FLOOR:
            put_floor(ahead, rules[2], params)
        if problem == ON and level < trace[n]:
            problem = of_fall(trace[n] - level, abs(level) + n_observations)
        if problem != ON:
            return problem, n
        n, n_plain = n + 1, 0 if is_bold else n_plain + 1
        trace[n] = level
        put_params(ahead, params)
        put(there, here)
        pack(here)
        outcome = end_of(trace, n, n_plain, n_observations, limits)
        if is_bold and level - trace[n - 1] <= limits[1]:
            is_fast, n_known = True, 0  # plain steps tell whether this is the end
        elif is_fast and n_plain >= TREND - 1 and limits[3]:
            is_fast = not is_slow(trace, n)
        if not is_fast:
            n_known = remembered(memory, n_known, there[3], here[3])
    return outcome, n


@inlined
def _blank_statistics(shape: tuple[int, int, int]) -> Any:
    """Room for counts, means and covariances of runs, and for all that as vectors."""
    n_runs, K, D = shape
    size = K * (1 + D + D * (D + 1) // 2)
    return (
        np.empty((n_runs, K)),
        np.empty((n_runs, K, D)),
        np.empty((n_runs, K, D, D)),
        np.empty((n_runs, size)),
    )


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
def _of_run(arrays: Any, r: int) -> Any:
    """What four arrays have for one run."""
    return arrays[0][r], arrays[1][r], arrays[2][r], arrays[3][r]


@inlined
def _of_heat(heats: Any, h: int) -> Any:
    """What five arrays have for one heat."""
    return heats[0][h], heats[1][h], heats[2][h], heats[3][h], heats[4][h]


@inlined
def _put_responsibilities(log_joint: Any, density: Any, responsibilities: Any) -> None:
    """Write them (K, size), given log joint densities in the first K lines."""
    for k in range(len(responsibilities)):
        for i in range(len(density)):
            responsibilities[k, i] = exp(log_joint[k, i] - density[i])


@compiled
def climb(
    data: Any,
    rules: Any,
    judge: Any,
    to_beat: float,
    is_sure: Any,
    heats: Any,
    params: Any,
    shares: Any,
    traces: Any,
    densities: Any,
    of_best: Any,
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
    to_beat : float
        Log-likelihood of others, in nats.
    is_sure : ndarray of bool of shape (R,)
        Which runs go on to their end.
    heats : tuple of ndarray of length H
        For each heat steps at most, and other runs that then go on, or 0 for all of
        them in their order; nats in total that may be left, and gain per unit of the
        objective that is none; and whether slow runs are accelerated. In such heats
        those that fall behind others, or what is to beat, end early.
    params : tuple of ndarray
        Weights (R, K), means (R, K, D), covariances (R, K, D, D) and factors, upper
        triangular P with the precision P P^T, of that shape.
    shares : ndarray of shape (R, K, size) or (R, 0, 0)
        Responsibilities times weights of the rows whose M-step is the start instead.
    traces : ndarray of shape (R, n_steps + 1)
        The objectives, to be written.
    densities : ndarray of shape (R, size)
        Log-densities of the rows at the end of those that are left, to be written.
    of_best : ndarray of shape (K, size)
        The responsibilities at the end of the best of them, to be written.
    ends : ndarray of int of shape (R, 3)
        Why each run ended, the steps that it has taken, and whether it is sound, to be
        written.
    order : ndarray of int of shape (R,)
        The numbers of the runs; those that are left will come first, and the best of
        them before others.
    """
    n_alive = len(order)
    statistics = _blank_statistics(params[1].shape)
    work = np.empty((params[0].shape[1] + 3, data[0].shape[1]))
    levels, over = np.empty(n_alive), np.zeros(n_alive, np.bool_)
    ends[:] = 0
    for r in range(n_alive):
        own, here = _of_run(params, r), _of_run(statistics, r)
        ends[r, 0] = _begun(data, rules, own, here, shares[r], traces[r], work)
        levels[r], over[r] = traces[r, 0], ends[r, 0] != ON
        ends[r, 2] = _is_sound(judge, own)
    for h in range(len(heats[0])):
        steps, n_left, nats, no_gain, is_last = _of_heat(heats, h)
        for place in range(n_alive):
            r = order[place]
            own, here = _of_run(params, r), _of_run(statistics, r)
            if over[r]:
                continue
            before = ends[r, 1]
            limits = steps, nats, no_gain, is_last, to_beat, is_sure[r]
            found = _follow(data, rules, own, here, limits, traces[r, before:], work)
            ends[r, 0], ends[r, 1] = found[0], before + found[1]
            levels[r], ends[r, 2] = traces[r, ends[r, 1]], _is_sound(judge, own)
            is_at_end = found[0] == CONVERGED and is_last
            over[r] = found[0] == FLOOR or found[0] == CARE or is_at_end
            if n_left == 1 and is_at_end and ends[r, 2]:
                to_beat = max(to_beat, levels[r])
        if n_left > 0:
            rank(order, n_alive, ends, levels)
            n_alive = kept(order, n_alive, n_left, is_sure)
    for place in range(n_alive - 1, -1, -1):
        r = order[place]
        own = _of_run(params, r)
        densities[r] = log_density(data[0], own, rules[0] <= VVI, work)
    _put_responsibilities(work, densities[order[0]], of_best)


@compiled
def posterior(data: Any, rules: Any, params: Any, responsibilities: Any) -> Any:
    """Write responsibilities (K, size); return the log-densities of the rows.

    Parameters are those of one mixture.
    """
    work = np.empty((len(responsibilities) + 3, data[0].shape[1]))
    # which leaves log joint densities in its first lines
    density = log_density(data[0], params, rules[0] <= VVI, work)
    _put_responsibilities(work, density, responsibilities)
    return density
