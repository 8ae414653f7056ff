"""From log joint to responsibilities, densities and labels, lanes being rows."""

from collections.abc import Sequence
from functools import reduce
from operator import mul
from typing import Any

from mixtura.kernels.moments import LOG_FLOOR
from mixtura.kernels.simd import Emitter, Vector, numba_function
from mixtura.kernels.tiles import SPAN, Panel
from mixtura.kernels.vector_math import exp_of_nonpositive, log_of_normal

SINGLE_LOG_FLOOR = -1e30

FAR_MARK = 1e37
"""Rows that cannot be scored are marked by a larger number."""


def _sound(check: Vector) -> Vector:
    """Lanes in which no square overflowed, judged by the sum over components."""
    emit = check.emit
    return check > emit.constant(LOG_FLOOR if emit.double else SINGLE_LOG_FLOOR)


def _largest(joint: Panel, n_components: Any, lane: Any) -> tuple[Vector, Vector]:
    """Largest entry and sum over components."""
    emit = joint.emit
    start = joint.load(0, lane)

    def compare(k: Any, seen: Sequence[Vector]) -> list[Vector]:
        value = joint.load(k, lane)
        return [emit.larger(value, seen[0]), seen[1] + value]

    top, total = emit.loop(1, n_components, 1, [start, start], compare)
    return top, total


def _posterior(
    emit: Emitter,
    work: Any,
    log_joint: Any,
    weights: Any,
    scales: Any,
    marks: Any,
    size: Any,
    n_components: Any,
    totals: Any,
    weighted: Any,
) -> float:
    """Turn the log joint into unscaled responsibilities and their scales.

    `totals` gains the log-likelihood and the entropy, lane by lane. Returns the
    number of rows whose squares overflowed: they get scale 0 and the mark inf.
    Weights must be 0 or 1 unless `weighted` is 1.
    """
    emit = emit.wider(SPAN)
    zero, one = emit.constant(0.0), emit.constant(1.0)
    infinity = emit.constant(float("inf"))
    joint = Panel(emit, work, log_joint, size)

    def some_rows(lane: Any, carried: Sequence[Vector]) -> list[Vector]:
        top, check = _largest(joint, n_components, lane)

        def exponentials(k: Any, sums: Sequence[Vector]) -> list[Vector]:
            relative = joint.load(k, lane) - top
            value = exp_of_nonpositive(relative)
            joint.store(value, k, lane)
            return [sums[0] + value, sums[1].plus_product(value, relative)]

        total, spread = emit.loop(0, n_components, 1, [zero, zero], exponentials)
        weight = emit.load(work, emit.add(weights, lane))
        scale, sound = weight / total, _sound(check)
        emit.store(emit.where(sound, scale, zero), work, emit.add(scales, lane))
        counted = emit.where(weight > zero, total, one)
        marked = emit.where(sound, counted, infinity)
        emit.store(marked, work, emit.add(marks, lane))
        return [
            carried[0] + emit.where(sound, weight * top, zero),
            carried[1] - emit.where(sound, scale * spread, zero),
            carried[2] + emit.where(sound, zero, one),
        ]

    sums = emit.loop(0, size, emit.lanes, [zero] * 3, some_rows)
    emit.add_to_doubles(sums[0], totals, 0)
    emit.add_to_doubles(sums[1], totals, emit.lanes)
    _add_logs(emit, work, weights, marks, size, totals, weighted)
    return emit.lane_sum(sums[2])


def _add_logs(
    emit: Emitter,
    work: Any,
    weights: Any,
    marks: Any,
    size: Any,
    totals: Any,
    weighted: Any,
) -> None:
    """Add the logs of the rows' sums to both totals.

    Without weights one log serves all registers of a vector: that of their product.
    """
    narrow = emit.wider(1)

    def sums_at(lane: Any) -> Vector:
        marked = emit.load(work, emit.add(marks, lane))
        far = marked > emit.constant(FAR_MARK)
        return emit.where(far, emit.constant(1.0), marked)

    def by_product(lane: Any, carried: Sequence[Vector]) -> list[Vector]:
        product = reduce(mul, emit.registers(sums_at(lane)))
        return [carried[0] + log_of_normal(product)]

    def by_weight(lane: Any, carried: Sequence[Vector]) -> list[Vector]:
        weight = emit.load(work, emit.add(weights, lane))
        return [carried[0].plus_product(weight, log_of_normal(sums_at(lane)))]

    for case, emitter, body in ((0, narrow, by_product), (1, emit, by_weight)):
        with emit.only_if_equal(weighted, case):
            start = [emitter.constant(0.0)]
            (logs,) = emit.loop(0, size, emit.lanes, start, body)
            emitter.add_to_doubles(logs, totals, 0)
            emitter.add_to_doubles(logs, totals, emit.lanes)


def _log_densities(
    emit: Emitter,
    work: Any,
    log_joint: Any,
    densities: Any,
    size: Any,
    n_components: Any,
) -> None:
    """Log of the sum of exponentials of each row; inf where a square overflowed."""
    emit = emit.wider(SPAN)
    zero = emit.constant(0.0)
    joint = Panel(emit, work, log_joint, size)

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        top, check = _largest(joint, n_components, lane)

        def exponentials(k: Any, sums: Sequence[Vector]) -> list[Vector]:
            return [sums[0] + exp_of_nonpositive(joint.load(k, lane) - top)]

        (total,) = emit.loop(0, n_components, 1, [zero], exponentials)
        density = top + log_of_normal(total)
        marked = emit.where(_sound(check), density, emit.constant(float("inf")))
        emit.store(marked, work, emit.add(densities, lane))
        return []

    emit.loop(0, size, emit.lanes, [], some_rows)


def _best_components(
    emit: Emitter,
    work: Any,
    log_joint: Any,
    labels: Any,
    size: Any,
    n_components: Any,
) -> None:
    """Index of the largest entry of each row; inf where a square overflowed."""
    emit = emit.wider(SPAN)
    joint = Panel(emit, work, log_joint, size)

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        start = joint.load(0, lane)

        def compare(k: Any, seen: Sequence[Vector]) -> list[Vector]:
            top, best, number, total = seen
            value = joint.load(k, lane)
            better = value > top
            number = number + emit.constant(1.0)
            return [
                emit.where(better, value, top),
                emit.where(better, number, best),
                number,
                total + value,
            ]

        zero = emit.constant(0.0)
        seen = emit.loop(1, n_components, 1, [start, zero, zero, start], compare)
        marked = emit.where(_sound(seen[3]), seen[1], emit.constant(float("inf")))
        emit.store(marked, work, emit.add(labels, lane))
        return []

    emit.loop(0, size, emit.lanes, [], some_rows)


def _scale(
    emit: Emitter, work: Any, responsibilities: Any, scales: Any, size: Any
) -> float:
    """Multiply the responsibilities of one component by the scales; their sum."""
    emit = emit.wider(SPAN)

    def some_rows(lane: Any, sums: Sequence[Vector]) -> list[Vector]:
        place = emit.add(responsibilities, lane)
        value = emit.load(work, place) * emit.load(work, emit.add(scales, lane))
        emit.store(value, work, place)
        return [sums[0] + value]

    (total,) = emit.loop(0, size, emit.lanes, [emit.constant(0.0)], some_rows)
    return emit.lane_sum(total)


posterior = numba_function(_posterior)
log_densities = numba_function(_log_densities)
best_components = numba_function(_best_components)
scale = numba_function(_scale)
