"""Fused one-pass E-steps and scoring: one walk over the rows, in cached blocks.

A block is transposed, whitened by every component, turned into responsibilities,
and its moments are added in the whitened coordinates of the current parameters,
which stay accurate at any offset and condition.

In the workspace (of the element type of the computation) follow one another: the
block (D lines of rows), differences, log joint (a multiple of HEIGHT lines), weights,
scales, marks or densities, scratch (HEIGHT lines), whitened differences.
"""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from mixtura.kernels.packing import HEIGHT
from mixtura.kernels.scatter import scatter, scatter_diagonal, scatter_first
from mixtura.kernels.simd import REGISTER_BYTES
from mixtura.kernels.softmax import (
    FAR_MARK,
    best_components,
    log_densities,
    posterior,
    scale,
)
from mixtura.kernels.tiles import (
    SPAN,
    compare,
    gather_rows,
    join_scaled,
    whiten,
)

VECTOR_BYTES = REGISTER_BYTES
SPAN_BYTES = SPAN * VECTOR_BYTES
"""Blocks are multiples of this many bytes of rows."""

LOG_JOINT, LOG_DENSITY, LABELS = 0, 1, 2
"""What the scoring kernels write."""


def _fingerprint() -> str:
    """Identify the sources of all kernels, and of the rules that they know."""
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), here.parent / "convergence.py"]
    return f"{zlib.crc32(b''.join(path.read_bytes() for path in sources)):08x}"


FINGERPRINT = _fingerprint()


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first call, keep the result on disk, release the GIL.

    Numba names its cache files after the function and notices changes of this file
    only; most of the instructions come from others.
    """
    function.__qualname__ += f"_{FINGERPRINT}"
    try:
        kept: Callable[..., Any] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no directory can hold the cache
        kept = numba.njit(nogil=True)(function)
    return kept


inlined = numba.njit(nogil=True)


@inlined
def _places(size: int, D: int, K: int, width: int) -> Any:
    """Offsets of the log joint, weights, scales, densities, scratch, whitened."""
    joint = D * size + D * width
    weights = joint + (K + HEIGHT - 1) // HEIGHT * HEIGHT * size
    scratch = weights + 3 * size
    whitened = scratch + HEIGHT * size
    return joint, weights, weights + size, weights + 2 * size, scratch, whitened


@inlined
def _set_weights(work: Any, place: int, size: int, row_weights: Any, rest: int) -> None:
    """Set the weights of one block; rows that only fill it up get none."""
    used = min(size, rest)
    if row_weights.size:
        for i in range(used):
            work[place + i] = row_weights[i]
    else:
        work[place : place + used] = 1.0
    work[place + used : place + size] = 0.0


@inlined
def _exclude(
    work: Any, marks: int, size: int, far: Any, first: int, lines: int
) -> None:
    """Mark the rows of infinite density as far, and erase them from plain lines."""
    for i in range(size):
        if work[marks + i] > FAR_MARK:
            if i < far.size:
                far[i] = 1
            for j in range(lines):
                work[first + j * size + i] = 0.0


@inlined
def _exclude_whitened(
    work: Any, marks: int, size: int, first: int, K: int, D: int
) -> None:
    """Erase the rows of infinite density from K sets of interleaved lines."""
    lanes = VECTOR_BYTES // work.itemsize
    for i in range(size):
        if work[marks + i] > FAR_MARK:
            for k in range(K):
                for d in range(D):
                    tile = d // HEIGHT * HEIGHT
                    height = min(HEIGHT, D - tile)
                    line = first + (k * D + tile) * size
                    vector = i // lanes * height + d - tile
                    work[line + vector * lanes + i % lanes] = 0.0


@inlined
def _join_full(work: Any, size: int, keep: int, model: Any) -> None:
    constants, means, factors, D, width = model
    K = constants.size
    joint, _, _, _, _, whitened = _places(size, D, K, width)
    z = D * size
    for k in range(K):
        y = whitened + keep * k * D * size
        p = k * (factors.size // K)
        line = joint + k * size
        whiten(work, z, y, size, means, k * D, K * D, factors, p, D, line, constants, k)


@inlined
def _join_diagonal(work: Any, size: int, model: Any) -> None:
    constants, means, scales, D, width = model
    K = constants.size
    joint = _places(size, D, K, width)[0]
    for k in range(K):
        line = joint + k * size
        join_scaled(work, 0, size, means, scales, k * D, K * D, D, line, constants, k)


@inlined
def _join_tied(work: Any, size: int, model: Any) -> None:
    constants, means, factor, whitened_means, origin, _, D, width = model
    joint, _, _, base, _, y = _places(size, D, constants.size, width)
    z = D * size
    whiten(work, z, y, size, means, 0, D, factor, 0, D, base, origin, 0)
    for lane in range(0, size, width):
        for first in range(0, constants.size, HEIGHT):
            line = joint + first * size
            some = constants[first:]
            means_of_some = whitened_means[first * D :]
            compare(work, y, line, size, lane, D, some, means_of_some, base)


@inlined
def _write_scores(
    work: Any, size: int, D: int, K: int, width: int, mode: int, out: Any
) -> int:
    """Write scores of one block; returns how many rows could not be scored."""
    joint, _, _, densities, _, _ = _places(size, D, K, width)
    used = min(size, out.size // (K if mode == LOG_JOINT else 1))
    if mode == LOG_DENSITY:
        log_densities(work, joint, densities, size, K)
    else:
        best_components(work, joint, densities, size, K)
    n_far = 0
    for i in range(used):
        score = work[densities + i]
        n_far += score > FAR_MARK
        if mode != LOG_JOINT:
            out[i] = score
        else:
            for k in range(K):
                out[i * K + k] = work[joint + k * size + i]
            if score > FAR_MARK:
                out[i * K] = score
    return n_far


@compiled
def e_step_full(
    rows: int,
    move: Any,
    row_weights: Any,
    far: Any,
    work: Any,
    block: int,
    model: Any,
    sums: Any,
) -> float:
    """Add up the moments of all rows under full covariance; counts the far ones."""
    constants, _, _, D, width = model
    counts, moments, totals = sums
    n, K, weighted = far.size, constants.size, int(row_weights.size > 0)
    n_far = 0.0
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        joint, weights, scales, marks, scratch, whitened = _places(size, D, K, width)
        gather_rows(work, 0, size, rows + start * D * work.itemsize, n - start, D, move)
        _set_weights(work, weights, size, row_weights[start:], n - start)
        _join_full(work, size, 1, model)
        lost = posterior(work, joint, weights, scales, marks, size, K, totals, weighted)
        if lost > 0.0:
            n_far += lost
            _exclude(work, marks, size, far[start:], joint, K)
            _exclude_whitened(work, marks, size, whitened, K, D)
        for k in range(K):
            r = joint + k * size
            count = scale(work, r, scales, size)
            if count > 0.0:
                counts[k] += count
                y = whitened + k * D * size
                moment = k * (moments.size // K)
                scatter(work, y, r, scratch, size, D, moments, moment)
    return n_far


@compiled
def e_step_diagonal(
    rows: int,
    move: Any,
    row_weights: Any,
    far: Any,
    work: Any,
    block: int,
    model: Any,
    sums: Any,
) -> float:
    """Add up the moments of all rows under diagonal covariance; counts the far ones."""
    constants, means, factors, D, width = model
    counts, moments, totals = sums
    n, K, weighted = far.size, constants.size, int(row_weights.size > 0)
    n_far = 0.0
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        joint, weights, scales, marks, _, _ = _places(size, D, K, width)
        gather_rows(work, 0, size, rows + start * D * work.itemsize, n - start, D, move)
        _set_weights(work, weights, size, row_weights[start:], n - start)
        _join_diagonal(work, size, model)
        lost = posterior(work, joint, weights, scales, marks, size, K, totals, weighted)
        if lost > 0.0:
            n_far += lost
            _exclude(work, marks, size, far[start:], joint, K)
            _exclude(work, marks, size, far[start:], 0, D)
        for k in range(K):
            r = joint + k * size
            count = scale(work, r, scales, size)
            if count > 0.0:
                counts[k] += count
                moment = k * (moments.size // K)
                scatter_diagonal(
                    work, 0, r, size, means, factors, k * D, K * D, D, moments, moment
                )
    return n_far


@compiled
def e_step_tied(
    rows: int,
    move: Any,
    row_weights: Any,
    far: Any,
    work: Any,
    block: int,
    model: Any,
    sums: Any,
) -> float:
    """Add up the moments of all rows under tied covariance; counts the far ones."""
    _, _, _, _, _, K, D, width = model
    counts, moments, pooled, totals = sums
    n, weighted = far.size, int(row_weights.size > 0)
    n_far = 0.0
    groups = (K + HEIGHT - 1) // HEIGHT
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        joint, weights, scales, marks, scratch, whitened = _places(size, D, K, width)
        gather_rows(work, 0, size, rows + start * D * work.itemsize, n - start, D, move)
        _set_weights(work, weights, size, row_weights[start:], n - start)
        _join_tied(work, size, model)
        lost = posterior(work, joint, weights, scales, marks, size, K, totals, weighted)
        if lost > 0.0:
            n_far += lost
            _exclude(work, marks, size, far[start:], joint, K)
            _exclude_whitened(work, marks, size, whitened, 1, D)
            _exclude(work, marks, size, far[start:], weights, 1)
        work[joint + K * size : joint + groups * HEIGHT * size] = 0.0
        for k in range(K):
            counts[k] += scale(work, joint + k * size, scales, size)
        for group in range(groups):
            r = joint + group * HEIGHT * size
            moment = group * (moments.size // groups)
            scatter_first(work, whitened, r, size, D, moments, moment)
        scatter(work, whitened, weights, scratch, size, D, pooled, 0)
    return n_far


@compiled
def score_full(
    rows: int, move: Any, n: int, mode: int, out: Any, work: Any, block: int, model: Any
) -> int:
    """Score all rows under full covariance; returns how many could not be."""
    constants, _, _, D, width = model
    K = constants.size
    n_far = 0
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        gather_rows(work, 0, size, rows + start * D * work.itemsize, n - start, D, move)
        _join_full(work, size, 0, model)
        target = out[start * (K if mode == LOG_JOINT else 1) :]
        n_far += _write_scores(work, size, D, K, width, mode, target)
    return n_far


@compiled
def score_diagonal(
    rows: int, move: Any, n: int, mode: int, out: Any, work: Any, block: int, model: Any
) -> int:
    """Score all rows under diagonal covariance; returns how many could not be."""
    constants, _, _, D, width = model
    K = constants.size
    n_far = 0
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        gather_rows(work, 0, size, rows + start * D * work.itemsize, n - start, D, move)
        _join_diagonal(work, size, model)
        target = out[start * (K if mode == LOG_JOINT else 1) :]
        n_far += _write_scores(work, size, D, K, width, mode, target)
    return n_far


@compiled
def score_tied(
    rows: int, move: Any, n: int, mode: int, out: Any, work: Any, block: int, model: Any
) -> int:
    """Score all rows under tied covariance; returns how many could not be."""
    _, _, _, _, _, K, D, width = model
    n_far = 0
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        gather_rows(work, 0, size, rows + start * D * work.itemsize, n - start, D, move)
        _join_tied(work, size, model)
        target = out[start * (K if mode == LOG_JOINT else 1) :]
        n_far += _write_scores(work, size, D, K, width, mode, target)
    return n_far
