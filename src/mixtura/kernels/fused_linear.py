"""Compiled E-step and scoring of linear families, and their run over chunks of rows.

It is the tied Gaussian's kernel without whitening: rows lie transposed in interleaved
tiles, products go through tiles of registers both ways. In the workspace follow one
another: tiles of statistics (P lines of rows), log joint (a multiple of HEIGHT lines),
weights, scales, marks or densities, base.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels import fused, linear
from mixtura.kernels.fused import compiled, inlined
from mixtura.kernels.launch import (
    BLOCK_BYTES,
    BLOCKS,
    NO_WEIGHTS,
    Workspaces,
    address_of,
    chunks,
)
from mixtura.kernels.linear import Linear, LinearMoments, LinearRows
from mixtura.kernels.moments import Array
from mixtura.kernels.packing import HEIGHT, TILE, in_groups
from mixtura.kernels.scatter import scatter_first
from mixtura.kernels.simd import Emitter, Vector, numba_function
from mixtura.kernels.softmax import (
    FAR_MARK,
    best_components,
    log_densities,
    posterior,
    scale,
)
from mixtura.kernels.threads import in_order
from mixtura.kernels.tiles import Panel, compare, in_tiles

FORBIDDEN = -1e250
"""Stands for -inf in sums and products, where -inf would make nan."""

NEARLY_FORBIDDEN = -1e200
"""Log joints below hold a `FORBIDDEN`."""

LOOKUPS = 1 << 17
"""Table entries looked up by one thread at a time."""

DOUBLE = np.dtype(np.float64)
WIDTH = fused.SPAN_BYTES // DOUBLE.itemsize


def _gather_tiles(
    emit: Emitter, work: Any, size: Any, rows: Any, n: Any, n_features: Any
) -> None:
    """Transpose `size` rows into tiles; beyond the n that exist, repeat the last.

    Asks for the rows of the next block meanwhile.
    """
    rows = emit.builder.inttoptr(rows, emit.element.as_pointer())
    target = Panel(emit, work, emit.integer(0), size)
    last = emit.add(n, -1)

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        places = []
        for i in range(emit.lanes):
            row = emit.add(lane, i)
            inside = emit.builder.icmp_signed("<", row, n)
            row = emit.builder.select(inside, row, last)
            places.append(emit.times(row, n_features))

        def tile(number: Any, height: int, _: Sequence[Vector]) -> list[Vector]:
            first = emit.times(number, HEIGHT)
            columns = [emit.add(first, j) for j in range(height)]
            vectors = [
                emit.gather(rows, [emit.add(place, column) for place in places])
                for column in columns
            ]
            target.store_tile(vectors, first, lane)
            next_rows = emit.times(emit.add(size, lane), n_features)
            for column in columns:
                place = emit.add(next_rows, emit.times(column, emit.lanes))
                emit.prefetch(rows, place)
            return []

        in_tiles(emit, n_features, [], tile)
        return []

    emit.loop(0, size, emit.lanes, [], some_rows)


gather_tiles = numba_function(_gather_tiles)


@inlined
def _load(
    work: Any, size: int, rows: int, bases: Any, start: int, n: int, model: Any
) -> int:
    """Fetch one block and its log joint; returns the place of the log joint."""
    constants, eta, K, D, width, forbids = model
    joint = D * size
    base = joint + constants.size * size + 3 * size
    rest = n - start
    used = min(size, rest)
    gather_tiles(work, size, rows + start * D * 8, rest, D)
    for i in range(used):
        work[base + i] = bases[start + i]
    work[base + used : base + size] = 0.0
    for lane in range(0, size, width):
        for first in range(0, K, HEIGHT):
            line = joint + first * size
            some, natural = constants[first:], eta[first * D :]
            compare(work, 0, line, size, lane, D, some, natural, base)
    if forbids:
        _mark_impossible(work, joint, size, K)
    return joint


@inlined
def _mark_impossible(work: Any, joint: int, size: int, K: int) -> None:
    """Make rows that every component forbids look as if their squares overflowed."""
    for i in range(size):
        best = work[joint + i]
        for k in range(1, K):
            best = max(best, work[joint + k * size + i])
        if best < NEARLY_FORBIDDEN:
            work[joint + i] = -np.inf


@compiled
def e_step_linear(
    rows: int,
    bases: Any,
    weights: Any,
    far: Any,
    work: Any,
    block: int,
    model: Any,
    sums: Any,
) -> None:
    """Add up the statistics of all rows."""
    constants, _, K, D, width, _ = model
    counts, moments, totals = sums
    n, weighted = far.size, int(weights.size > 0)
    groups = constants.size // HEIGHT
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        joint = _load(work, size, rows, bases, start, n, model)
        weight = joint + constants.size * size
        scales, marks = weight + size, weight + 2 * size
        fused._set_weights(work, weight, size, weights[start:], n - start)
        n_far = posterior(work, joint, weight, scales, marks, size, K, totals, weighted)
        if n_far > 0.0:
            fused._exclude(work, marks, size, far[start:], joint, K)
        work[joint + K * size : joint + constants.size * size] = 0.0
        for k in range(K):
            counts[k] += scale(work, joint + k * size, scales, size)
        for group in range(groups):
            r = joint + group * HEIGHT * size
            moment = group * (moments.size // groups)
            scatter_first(work, 0, r, size, D, moments, moment)


@compiled
def score_linear(
    rows: int,
    bases: Any,
    n: int,
    mode: int,
    out: Any,
    work: Any,
    block: int,
    model: Any,
) -> int:
    """Score all rows; returns how many could not be."""
    constants, _, K, _, width, _ = model
    n_far = 0
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        joint = _load(work, size, rows, bases, start, n, model)
        densities = joint + constants.size * size + 2 * size
        if mode == fused.LOG_DENSITY:
            log_densities(work, joint, densities, size, K)
        else:
            best_components(work, joint, densities, size, K)
        for i in range(min(size, n - start)):
            score = work[densities + i]
            n_far += score > FAR_MARK
            if mode != fused.LOG_JOINT:
                out[start + i] = score
            else:
                for k in range(K):
                    out[(start + i) * K + k] = work[joint + k * size + i]
                if score > FAR_MARK:
                    out[(start + i) * K] = score
    return n_far


@compiled
def add_entries(X: Any, D: int, table: Any, out: Any) -> bool:
    """Sum the entries of the table that each row names; false if one does not."""
    for i in range(out.size):
        total = 0.0
        for j in range(D):
            value = X[i * D + j]
            if not 0.0 <= value < table.size:
                return False
            place = int(value)
            if place != value:
                return False
            total += table[place]
        out[i] = total
    return True


class Plan(NamedTuple):
    """The components made ready for the kernels."""

    model: tuple[Any, ...]
    block: int
    workspaces: Workspaces
    chunks: list[slice]


def e_step(
    rows: LinearRows, row_weights: Array | None, components: Linear, n_threads: int
) -> LinearMoments:
    """Sum over the rows."""
    plan = _plan(rows, components)
    n_components, n_statistics = components.eta.shape
    groups, tiles = (-(-n // HEIGHT) for n in components.eta.shape)

    def one_chunk(which: slice) -> LinearMoments:
        chunk, bases = _contiguous(rows, which)
        weights = NO_WEIGHTS
        if row_weights is not None:
            weights = np.array(row_weights[which], dtype=np.float64)
        far = np.zeros(len(chunk), dtype=np.uint8)
        counts, moments = np.zeros(n_components), np.zeros(groups * tiles * TILE)
        totals = np.zeros((2, WIDTH))
        sums = (counts, moments, totals.ravel())
        address = address_of(chunk)
        with plan.workspaces.one() as work:
            e_step_linear(
                address, bases, weights, far, work, plan.block, plan.model, sums
            )
        grouped = moments.reshape(groups, -1, HEIGHT)[:, :n_statistics]
        by_component = grouped.transpose(0, 2, 1).reshape(-1, n_statistics)
        log_likelihood, entropy = map(float, totals.sum(axis=1))
        result = LinearMoments(
            log_likelihood, entropy, counts, by_component[:n_components]
        )
        if not far.any():
            return result
        few = rows.part(which).part(far.astype(bool))
        weight = weights[far.astype(bool)] if weights.size else None
        return result.plus(linear.plain_e_step(few, weight, components))

    total = LinearMoments(
        0.0, 0.0, np.zeros(n_components), np.zeros(components.eta.shape)
    )
    for part in in_order(one_chunk, plan.chunks, n_threads):
        total = total.plus(part)
    return total


def score(
    mode: int, rows: LinearRows, components: Linear, out: NDArray[Any], n_threads: int
) -> None:
    """Write log joint (n, K), log density (n,) or labels (n,) into `out`."""
    plan = _plan(rows, components)

    def one_chunk(which: slice) -> None:
        chunk, bases = _contiguous(rows, which)
        scores = np.empty(out[which].shape)
        with plan.workspaces.one() as work:
            n_far = score_linear(
                address_of(chunk),
                bases,
                len(chunk),
                mode,
                scores.reshape(-1),
                work,
                plan.block,
                plan.model,
            )
        if n_far:
            flags = scores[:, 0] if mode == fused.LOG_JOINT else scores
            far = np.flatnonzero(flags > FAR_MARK)
            few = rows.part(which).part(far)
            redone = np.empty(out[which][far].shape)
            linear.plain_score(mode, few, components, redone)
            scores[far] = redone
        if mode == fused.LOG_JOINT:
            scores[scores < NEARLY_FORBIDDEN] = -np.inf
        out[which] = scores

    for _ in in_order(one_chunk, plan.chunks, n_threads):
        pass


def table_sums(X: Array, table: Array, n_threads: int) -> Array | None:
    """Sum table entries over columns; None if X holds anything but indices."""
    n, n_features = X.shape
    result = np.empty(n)

    def one_chunk(which: slice) -> bool:
        chunk = np.ascontiguousarray(X[which], dtype=np.float64)
        address = chunk.reshape(-1)
        return bool(add_entries(address, n_features, table, result[which]))

    size = max(1, LOOKUPS // n_features)
    parts = [slice(i, min(i + size, n)) for i in range(0, n, size)]
    return result if all(in_order(one_chunk, parts, n_threads)) else None


def _contiguous(rows: LinearRows, which: slice) -> tuple[Array, Array]:
    """Statistics and base of some rows, as the kernels read them."""
    part = rows.part(which)
    statistics = np.ascontiguousarray(part.statistics, dtype=np.float64)
    return statistics, np.array(part.base, dtype=np.float64)


def _plan(rows: LinearRows, components: Linear) -> Plan:
    """Lay out components, workspace and chunks, by the sizes alone."""
    constants, eta = (np.maximum(array, FORBIDDEN) for array in components)
    n_components, n_statistics = eta.shape
    padded = np.zeros(-(-n_components // HEIGHT) * HEIGHT)
    padded[:n_components] = constants
    forbids = bool(np.isneginf(components.eta).any())
    model = (
        padded,
        in_groups(eta).ravel(),
        n_components,
        n_statistics,
        WIDTH,
        forbids,
    )
    fitting = [size for size in BLOCKS if 8 * n_statistics * size <= BLOCK_BYTES]
    block = (fitting or BLOCKS[-1:])[0]
    workspaces = Workspaces((n_statistics + len(padded) + 4) * block, DOUBLE)
    work = n_components * (2 * n_statistics + 20)
    return Plan(model, block, workspaces, chunks(len(rows), work))
