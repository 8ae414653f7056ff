"""Weighted moments of one block, added tile by tile; see `tiles` and `packing`."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from mixtura.kernels.packing import HEIGHT, TILE
from mixtura.kernels.simd import Emitter, Vector, numba_function
from mixtura.kernels.tiles import SUMS, Panel, in_tiles, scaled_difference

Target = tuple[Any, Any]
Vectors = Callable[[Any], Sequence[Vector]]


def _add_sums(emit: Emitter, sums: Sequence[Vector], target: Target) -> None:
    """Add the lane sums of up to TILE vectors to consecutive numbers in memory."""
    array, index = target
    padding = [emit.constant(0.0)] * (-len(sums) % emit.lanes)
    padded = [*sums, *padding]
    for i in range(0, len(padded), emit.lanes):
        total = emit.transposed_sums(padded[i : i + emit.lanes])
        emit.add_to_doubles(total, array, emit.add(index, i))


def _diagonal_tile(
    y: Panel, weights: Any, z: Panel, first: Any, height: int, target: Target
) -> None:
    """First moments and the lower triangle of one tile; keeps weight times y in z."""
    emit = y.emit
    array, place = target
    linear: list[tuple[int, int | None]] = [(a, None) for a in range(height)]
    terms = [*linear, *((a, b) for a in range(height) for b in range(a + 1))]
    n_loops = -(-len(terms) // SUMS)
    at_once = -(-len(terms) // n_loops)
    for begin in range(0, len(terms), at_once):
        some = terms[begin : begin + at_once]

        def some_rows(
            lane: Any,
            sums: Sequence[Vector],
            some: Sequence[tuple[int, int | None]] = some,
            is_first: bool = begin == 0,
        ) -> list[Vector]:
            values = y.load_tile(first, height, lane)
            if is_first:
                weight = emit.load(y.work, emit.add(weights, lane))
                weighted = [value * weight for value in values]
                z.store_tile(weighted, 0, lane)
            else:
                weighted = z.load_tile(0, height, lane)
            return [
                s + weighted[a] if b is None else s.plus_product(weighted[a], values[b])
                for s, (a, b) in zip(sums, some, strict=True)
            ]

        zeros = [emit.constant(0.0)] * len(some)
        sums = emit.loop(0, y.stride, emit.lanes, zeros, some_rows)
        _add_sums(emit, sums, (array, emit.add(place, begin)))


def _rectangle(
    emit: Emitter, size: Any, left: Vectors, right: Vectors, height: int, target: Target
) -> None:
    """Sums over rows of the products of `height` vectors with HEIGHT on the right."""
    array, place = target
    for first in range(0, height, SUMS // HEIGHT):
        some = slice(first, min(first + SUMS // HEIGHT, height))

        def some_rows(
            lane: Any, sums: Sequence[Vector], some: slice = some
        ) -> list[Vector]:
            pairs = product(left(lane)[some], right(lane))
            return [s.plus_product(a, b) for s, (a, b) in zip(sums, pairs, strict=True)]

        zeros = [emit.constant(0.0)] * ((some.stop - first) * HEIGHT)
        sums = emit.loop(0, size, emit.lanes, zeros, some_rows)
        _add_sums(emit, sums, (array, emit.add(place, first * HEIGHT)))


def _scatter(
    emit: Emitter,
    work: Any,
    whitened: Any,
    weights: Any,
    scratch: Any,
    size: Any,
    n_features: Any,
    moments: Any,
    moment: Any,
) -> None:
    """First and second moments of one component."""
    y = Panel(emit, work, whitened, size)
    z = Panel(emit, work, scratch, size)

    def row_of_tiles(number: Any, height: int, _: Sequence[Vector]) -> list[Vector]:
        twice = emit.times(number, emit.add(number, 1))
        start = emit.add(moment, emit.times(twice, TILE // 2))
        first = emit.times(number, HEIGHT)
        place = emit.add(start, emit.times(number, TILE))
        _diagonal_tile(y, weights, z, first, height, (moments, place))

        def one_tile(other: Any, _: Sequence[Vector]) -> list[Vector]:
            column = emit.times(other, HEIGHT)
            _rectangle(
                emit,
                size,
                lambda lane: z.load_tile(0, height, lane),
                lambda lane: y.load_tile(column, HEIGHT, lane),
                height,
                (moments, emit.add(start, emit.times(other, TILE))),
            )
            return []

        return emit.loop(0, number, 1, [], one_tile)

    in_tiles(emit, n_features, [], row_of_tiles)


def _scatter_first(
    emit: Emitter,
    work: Any,
    whitened: Any,
    weights: Any,
    size: Any,
    n_features: Any,
    moments: Any,
    moment: Any,
) -> None:
    """First moments of HEIGHT components, whose weights follow one another."""
    y = Panel(emit, work, whitened, size)
    r = Panel(emit, work, weights, size)

    def tile(number: Any, height: int, _: Sequence[Vector]) -> list[Vector]:
        first = emit.times(number, HEIGHT)
        _rectangle(
            emit,
            size,
            lambda lane: y.load_tile(first, height, lane),
            lambda lane: r.lines(0, HEIGHT, lane),
            height,
            (moments, emit.add(moment, emit.times(number, TILE))),
        )
        return []

    in_tiles(emit, n_features, [], tile)


def _scatter_diagonal(
    emit: Emitter,
    work: Any,
    block: Any,
    weights: Any,
    size: Any,
    means: Any,
    scales: Any,
    place: Any,
    low: Any,
    n_features: Any,
    moments: Any,
    moment: Any,
) -> None:
    """First moments and squares of one component, HEIGHT features to a tile.

    The scaled differences are computed once more: that takes less time than to write
    them down and read them.
    """
    x = Panel(emit, work, block, size)

    def tile(number: Any, height: int, _: Sequence[Vector]) -> list[Vector]:
        first = emit.times(number, HEIGHT)
        places = [emit.add(place, first, j) for j in range(height)]
        factors = [emit.broadcast(scales, index) for index in places]

        def some_rows(lane: Any, sums: Sequence[Vector]) -> list[Vector]:
            weight = emit.load(work, emit.add(weights, lane))
            linear, squares = list(sums[:height]), list(sums[height:])
            for j, value in enumerate(x.lines(first, height, lane)):
                y = scaled_difference(value, factors[j], means, places[j], low)
                weighted = y * weight
                linear[j] = linear[j] + weighted
                squares[j] = squares[j].plus_product(weighted, y)
            return linear + squares

        zeros = [emit.constant(0.0)] * (2 * height)
        sums = emit.loop(0, size, emit.lanes, zeros, some_rows)
        _add_sums(emit, sums, (moments, emit.add(moment, emit.times(number, TILE))))
        return []

    in_tiles(emit, n_features, [], tile)


scatter = numba_function(_scatter)
scatter_first = numba_function(_scatter_first)
scatter_diagonal = numba_function(_scatter_diagonal)
