"""Run the fused kernels over chunks of rows, on threads, with fixed results.

The chunks depend on the sizes of the model only and their sums are added in their
order, so that the result has the same bits on any number of threads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels import fused, plain
from mixtura.kernels.layouts import (
    DiagonalLayout,
    Float,
    FullLayout,
    Layout,
    Sums,
    TiedLayout,
)
from mixtura.kernels.moments import Array, Moments, Rows
from mixtura.kernels.packing import HEIGHT
from mixtura.kernels.plain import Parameters, Structure
from mixtura.kernels.scaled import Scaled
from mixtura.kernels.softmax import FAR_MARK
from mixtura.kernels.threads import in_order

BLOCKS = (224, 160, 96, 64, 32)
"""Rows in a block, in double precision. Large powers of two are slower: their lines
fall into the same sets of the first-level cache."""

BLOCK_BYTES = 3 * 2**18
"""What the whitened rows of one block may take of the second-level cache."""

CHUNK_WORK = 2**24
"""Multiplications in one chunk: about a millisecond, to 20 microseconds of Python."""

SMALLEST_CHUNK = 2 * BLOCKS[0]
LARGEST_CHUNK = 512 * BLOCKS[0]

CACHE_LINE = 64
NO_WEIGHTS = np.empty(0)


class Plan(NamedTuple):
    """One model made ready for the kernels.

    Attributes
    ----------
    dtype : dtype
        Type of the computation.
    shift : float
        What was subtracted from the constants.
    layout : Layout
    block : int
        Rows in a block.
    workspaces : Workspaces
    """

    dtype: Float
    shift: float
    layout: Layout
    block: int
    workspaces: "Workspaces"

    @property
    def model(self) -> tuple[Any, ...]:
        """The parameters as the kernels take them."""
        return (*self.layout.model, fused.SPAN_BYTES // self.dtype.itemsize)

    @property
    def work(self) -> int:
        """Multiplications for one row, as many as there is time for in double."""
        return self.layout.work * self.dtype.itemsize // 8


class Workspaces:
    """Scratch memory, one piece for each thread, used again for later chunks."""

    def __init__(self, size: int, dtype: Float) -> None:
        self._size = size
        self._dtype = dtype
        self._idle: list[NDArray[Any]] = []

    @contextmanager
    def one(self) -> Iterator[NDArray[Any]]:
        """Lend a piece that no other thread uses."""
        try:
            piece = self._idle.pop()
        except IndexError:
            piece = aligned(self._size, self._dtype)
        yield piece
        self._idle.append(piece)


def aligned(size: int, dtype: Float) -> NDArray[Any]:
    """Uninitialised memory from the start of a cache line.

    Vector loads that straddle two lines take twice as long.
    """
    n_bytes = size * dtype.itemsize
    memory = np.empty(n_bytes + CACHE_LINE, dtype=np.uint8)
    start = -address_of(memory) % CACHE_LINE
    return memory[start : start + n_bytes].view(dtype)


def address_of(array: NDArray[Any]) -> int:
    """Where the first element lies; `ctypes` takes twice as long to say so."""
    address: int = array.__array_interface__["data"][0]
    return address


def e_step(
    structure: Structure,
    X: Rows,
    row_weights: Array | None,
    parameters: Parameters,
    n_threads: int,
) -> Moments:
    """Sum the moments of one E-step over the rows."""
    plan = _plan(structure, X, parameters, keep=True)
    kernel = getattr(fused, f"e_step_{plan.layout.kernel}")
    source, move = _source(X, plan.dtype)

    def one_chunk(rows: slice) -> tuple[Sums, Array, Moments | None]:
        chunk = np.ascontiguousarray(source[rows], dtype=plan.dtype)
        weights = NO_WEIGHTS
        if row_weights is not None:
            weights = np.array(row_weights[rows], dtype=np.float64)
        far = np.zeros(len(chunk), dtype=np.uint8)
        totals = np.zeros((2, fused.SPAN_BYTES // plan.dtype.itemsize))
        sums = plan.layout.empty_sums()
        added = (*sums, totals.reshape(-1))
        address, model = address_of(chunk), plan.model
        with plan.workspaces.one() as work:
            n_far = kernel(address, move, weights, far, work, plan.block, model, added)
        rest = None
        if n_far:
            chosen = far.astype(bool)
            few = weights[chosen] if weights.size else None
            rest = plain.e_step(structure, X[rows][chosen], few, parameters)
        return sums, totals.sum(axis=1), rest

    sums, totals = plan.layout.empty_sums(), np.zeros(2)
    far_moments = []
    parts = chunks(len(X), plan.work)
    for chunk_sums, chunk_totals, rest in in_order(one_chunk, parts, n_threads):
        totals += chunk_totals
        for total, part in zip(sums, chunk_sums, strict=True):
            total += part
        if rest is not None:
            far_moments.append(rest)
    result = _moments(structure, plan, sums, totals)
    for rest in far_moments:
        result = result.plus(rest)
    return result


def _moments(structure: Structure, plan: Plan, sums: Sums, totals: Array) -> Moments:
    counts, first, second = plan.layout.unpacked(sums)
    if structure.pooled and plan.layout.kernel == "full":
        second = second.sum(axis=0)
    if structure.name == "spherical":
        second = second.sum(axis=1)
    log_likelihood = float(totals[0]) + plan.shift * float(counts.sum())
    return Moments(log_likelihood, float(totals[1]), counts, first, second)


def score(
    structure: Structure,
    X: Rows,
    parameters: Parameters,
    mode: int,
    out: NDArray[Any],
    n_threads: int,
) -> None:
    """Write log joint (n, K), log density (n,) or labels (n,) into `out`."""
    plan = _plan(structure, X, parameters, keep=False)
    kernel = getattr(fused, f"score_{plan.layout.kernel}")
    source, move = _source(X, plan.dtype)
    in_plain = (plain.log_joint, plain.log_density, plain.labels)[mode]
    direct = out.dtype == np.float64 and out.flags.c_contiguous

    def one_chunk(rows: slice) -> None:
        chunk = np.ascontiguousarray(source[rows], dtype=plan.dtype)
        scores = out[rows] if direct else np.empty(out[rows].shape)
        flat = scores.reshape(-1)
        with plan.workspaces.one() as work:
            address, n = address_of(chunk), len(chunk)
            n_far = kernel(address, move, n, mode, flat, work, plan.block, plan.model)
        if n_far:
            flags = scores[:, 0] if mode == fused.LOG_JOINT else scores
            far = np.flatnonzero(flags > FAR_MARK)
        if plan.shift and mode != fused.LABELS:
            scores += plan.shift
        if n_far:
            scores[far] = in_plain(structure, X[rows][far], parameters)
        if not direct:
            out[rows] = scores

    for _ in in_order(one_chunk, chunks(len(X), plan.work), n_threads):
        pass


def _source(X: Rows, dtype: Float) -> tuple[Rows, NDArray[Any]]:
    """What the kernels read, and what moves and scales its columns as they do.

    Scaled rows whose own type is another are scaled by NumPy, chunk by chunk.
    """
    if isinstance(X, Scaled):
        center, factor = X.move
        if X.X.dtype == center.dtype == dtype and factor is not None:
            return X.X, np.concatenate([center, factor])
    return X, np.repeat([0.0, 1.0], X.shape[1]).astype(dtype)


def _plan(structure: Structure, X: Rows, parameters: Parameters, keep: bool) -> Plan:
    """Lay out parameters and workspace; `keep` the whitened rows for the moments."""
    dtype = computing_type(X)
    # what all constants share would cost digits in single precision
    shift = 0.0 if dtype == np.float64 else float(parameters.constants.max())
    shifted = parameters._replace(constants=parameters.constants - shift)
    layout = layout_of(structure, shifted, dtype)
    n_components, n_features = parameters.means.shape
    kept = layout.kept_lines if keep else n_features
    fitting = [rows for rows in BLOCKS if 8 * kept * rows <= BLOCK_BYTES]
    # bytes, not rows, fill the cache: twice the rows in single precision
    block = (fitting or BLOCKS[-1:])[0] * (8 // dtype.itemsize)
    joint = -(-n_components // HEIGHT) * HEIGHT
    lines = n_features + joint + 3 + HEIGHT + kept
    size = lines * block + n_features * fused.SPAN_BYTES // dtype.itemsize
    return Plan(dtype, shift, layout, block, Workspaces(size, dtype))


def computing_type(X: Rows) -> Float:
    """Single precision for rows in single precision, double for all others."""
    return np.dtype(np.float32 if X.dtype == np.float32 else np.float64)


def layout_of(structure: Structure, parameters: Parameters, dtype: Float) -> Layout:
    """Choose kernel and layout for the parameters."""
    if structure.name == "full":
        return FullLayout.of(parameters, dtype)
    if structure.name == "tied":
        tied = TiedLayout.of(parameters, dtype)
        if tied is not None:
            return tied
        n_components = len(parameters.constants)
        each = np.repeat(parameters.precision_cholesky[None], n_components, axis=0)
        return FullLayout.of(parameters._replace(precision_cholesky=each), dtype)
    scales = parameters.precision_cholesky
    if structure.name == "spherical":
        scales = scales[:, None]
    return DiagonalLayout.of(parameters._replace(precision_cholesky=scales), dtype)


def chunks(n_rows: int, work: int) -> list[slice]:
    """Slices of rows, by their number and the work for each alone.

    They come in equal fours, so that few threads have nothing to wait for at the end.
    """
    size = min(max(CHUNK_WORK // work, SMALLEST_CHUNK), LARGEST_CHUNK)
    number = 1 if n_rows <= size else -(-n_rows // (4 * size)) * 4
    size = max(-(-n_rows // (number * SMALLEST_CHUNK)), 1) * SMALLEST_CHUNK
    return [slice(i, min(i + size, n_rows)) for i in range(0, n_rows, size)]
