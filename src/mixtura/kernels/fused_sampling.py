"""Draws from Gaussian components in compiled blocks; `sampling` says what they are.

A block of normal numbers lies transposed in the workspace, as in the other kernels: the
lanes of a vector are rows. Multiplied by the factor, the rows are written once.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils

from mixtura.kernels.fused import compiled
from mixtura.kernels.launch import aligned
from mixtura.kernels.moments import Array
from mixtura.kernels.packing import HEIGHT, packed_factors
from mixtura.kernels.sampling import STREAMS, Chunk, Words
from mixtura.kernels.simd import Emitter, Vector, numba_function
from mixtura.kernels.tiles import WIDTH, Panel, in_tiles, tile_product
from mixtura.kernels.vector_math import log_of_normal, of_quarter_turn

BLOCK = 64
"""Rows of one block: a multiple of the streams and of all tiles."""

WARM_UP = 12
"""Words that a stream throws away at its start, as NumPy's does."""


def filler(X: Array, means: Array, factors: Array) -> Callable[[Chunk, Words], None]:
    """Return what fills one chunk of X from its seed words."""
    n_features = X.shape[1]
    packed = packed_factors(np.ascontiguousarray(np.swapaxes(factors, 1, 2)))
    size = (3 * n_features + 1) * BLOCK
    double = np.dtype(np.float64)

    def fill(chunk: Chunk, words: Words) -> None:
        streams = np.ones((4, STREAMS), dtype=np.uint64)
        streams[:3] = words
        k = chunk.component
        rows = X[chunk.rows].reshape(-1)
        work = aligned(size, double)
        draw(rows, n_features, means[k], packed[k], streams.view(double).ravel(), work)

    return fill


@compiled
def draw(rows: Any, D: int, mean: Any, factor: Any, streams: Any, work: Any) -> None:
    """Fill the rows of one chunk, given flat."""
    n = rows.size // D
    n_pairs = (D + 1) // 2
    last = 2 * n_pairs * BLOCK
    warm_up(streams)
    for start in range(0, n, BLOCK):
        normals(work, streams, n_pairs)
        if start + BLOCK <= n:
            transform(work, factor, mean, rows, start * D, D)
        else:
            transform(work, factor, mean, work, last, D)
            rows[start * D :] = work[last : last + (n - start) * D]


Streams = list[Any]


def _next_word(emit: Emitter, streams: Streams) -> tuple[Any, Streams]:
    """One step of the generator SFC64: a word, and the state after it."""
    builder = emit.builder
    a, b, c, counter = streams

    def shifted(how: Callable[..., Any], value: Any, by: int) -> Any:
        return how(value, emit.bit_constant(by))

    word = builder.add(builder.add(a, b), counter)
    high, low = shifted(builder.shl, c, 24), shifted(builder.lshr, c, 40)
    return word, [
        builder.xor(b, shifted(builder.lshr, b, 11)),
        builder.add(c, shifted(builder.shl, c, 3)),
        builder.add(builder.or_(high, low), word),
        builder.add(counter, emit.bit_constant(1)),
    ]


def _load_streams(emit: Emitter, streams: Any, first: int) -> list[Vector]:
    places = range(first, first + 4 * STREAMS, STREAMS)
    return [emit.load(streams, place) for place in places]


def _store_streams(
    emit: Emitter, state: Sequence[Vector], streams: Any, first: int
) -> None:
    for i, vector in enumerate(state):
        emit.store(vector, streams, first + i * STREAMS)


def _warm_up(emit: Emitter, streams: Any) -> None:
    """Make streams of words that have just been seeded."""

    def one(_: Any, state: Sequence[Vector]) -> list[Vector]:
        _, after = _next_word(emit, [emit.as_bits(vector) for vector in state])
        return [emit.from_bits(value) for value in after]

    for first in range(0, STREAMS, emit.lanes):
        state = _load_streams(emit, streams, first)
        state = emit.loop(0, WARM_UP, 1, state, one)
        _store_streams(emit, state, streams, first)


def _normal_pair(emit: Emitter, first: Any, second: Any) -> tuple[Vector, Vector]:
    """Box and Muller's transform of two words, as in `sampling.normal_pairs`."""
    builder = emit.builder
    bits = builder.lshr(first, emit.bit_constant(1))
    u = Vector(emit, builder.sitofp(bits, emit.type)) + emit.constant(0.5)
    logarithm = log_of_normal(u * emit.constant(2.0**-63))
    radius = _square_root(emit, logarithm * emit.constant(-2.0))
    fraction = builder.shl(second, emit.bit_constant(2))
    turn = Vector(emit, builder.sitofp(fraction, emit.type)) * emit.constant(2.0**-64)
    cosine, sine = of_quarter_turn(turn)
    sign = builder.and_(second, emit.bit_constant(1 << 63))
    cosine = emit.from_bits(builder.xor(emit.as_bits(cosine), sign))
    exchange = builder.and_(second, emit.bit_constant(1 << 62))
    chosen = Vector(emit, builder.icmp_unsigned("==", exchange, emit.bit_constant(0)))
    a = emit.where(chosen, cosine, sine)
    b = emit.where(chosen, sine, cosine)
    return radius * a, radius * b


def _square_root(emit: Emitter, vector: Vector) -> Vector:
    signature = ir.FunctionType(emit.type, [emit.type])
    function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        emit.builder.module, signature, f"llvm.sqrt.v{emit.lanes}f64"
    )
    return Vector(emit, emit.builder.call(function, [vector.value]))


def _normals(emit: Emitter, work: Any, streams: Any, n_pairs: Any) -> None:
    """Fill a block with standard normal numbers, one line for each column."""
    block = Panel(emit, work, emit.integer(0), emit.integer(BLOCK))
    for first in range(0, STREAMS, emit.lanes):

        def some_rows(row: Any, state: Sequence[Vector], at: int = first) -> Any:
            lane = emit.add(row, at)

            def one_pair(pair: Any, state: Sequence[Vector]) -> list[Vector]:
                bits: Streams = [emit.as_bits(vector) for vector in state]
                one, bits = _next_word(emit, bits)
                two, bits = _next_word(emit, bits)
                line = emit.times(pair, 2)
                for i, vector in enumerate(_normal_pair(emit, one, two)):
                    block.store(vector, emit.add(line, i), lane)
                return [emit.from_bits(value) for value in bits]

            return emit.loop(0, n_pairs, 1, state, one_pair)

        state = _load_streams(emit, streams, first)
        state = emit.loop(0, BLOCK, STREAMS, state, some_rows)
        _store_streams(emit, state, streams, first)


def _transform(
    emit: Emitter,
    work: Any,
    factor: Any,
    mean: Any,
    rows: Any,
    place: Any,
    n_features: Any,
) -> None:
    """Mean plus the product with a triangular factor, written row by row."""
    stride = emit.integer(BLOCK)

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        z = Panel(emit, work, lane, stride)

        def tile(number: Any, height: int, _: Sequence[Vector]) -> list[Vector]:
            first = emit.times(number, HEIGHT)
            before = emit.times(emit.times(first, HEIGHT // 2), emit.add(number, 1))
            step = tile_product(factor, before, height)

            def above(d: Any, sums: Sequence[Vector], first: int = 0) -> list[Vector]:
                vectors = [z.load(d, v * emit.lanes) for v in range(WIDTH)]
                return step(d, vectors, sums, first)

            start = [emit.broadcast(mean, emit.add(first, j)) for j in range(height)]
            sums = [vector for vector in start for _ in range(WIDTH)]
            sums = emit.loop(0, first, 1, sums, above)
            for j in range(height):  # the triangle on the diagonal
                sums = above(emit.add(first, j), sums, j)
            for v in range(WIDTH):
                row = emit.add(lane, v * emit.lanes)
                start_place = emit.add(place, emit.times(row, n_features), first)
                _store_rows(emit, sums[v::WIDTH], rows, start_place, n_features)
            return []

        in_tiles(emit, n_features, [], tile)
        return []

    emit.loop(0, BLOCK, WIDTH * emit.lanes, [], some_rows)


def _store_rows(
    emit: Emitter, columns: Sequence[Vector], rows: Any, place: Any, stride: Any
) -> None:
    """Store vectors of lanes as rows of columns."""
    builder = emit.builder
    for column in range(0, len(columns) - 1, 2):
        pair = columns[column : column + 2]
        for lane, piece in enumerate(emit.pairs(*pair)):
            target = emit.add(place, emit.times(stride, lane), column)
            target = builder.bitcast(
                builder.gep(rows, [target]), piece.type.as_pointer()
            )
            builder.store(piece, target, align=8)
    if len(columns) % 2:
        for lane in range(emit.lanes):
            value = builder.extract_element(columns[-1].value, emit.integer(lane))
            target = emit.add(place, emit.times(stride, lane), len(columns) - 1)
            builder.store(value, builder.gep(rows, [target]))


warm_up = numba_function(_warm_up)
normals = numba_function(_normals)
transform = numba_function(_transform)
