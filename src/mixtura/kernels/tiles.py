"""The linear algebra of the fused kernels, in tiles that stay in registers.

A block of B rows lies transposed in the workspace, one feature after the other, so
that the lanes of a vector are rows. Tiles hold `HEIGHT` outputs by `WIDTH` vectors of
rows. Offsets count elements. `packing` describes how factors and moments are laid out.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mixtura.kernels.packing import HEIGHT
from mixtura.kernels.simd import N_REGISTERS, Emitter, Vector, numba_function

SUMS = N_REGISTERS // 2
"""Sums that a loop keeps: the other registers hold what is multiplied."""

WIDTH = SUMS // HEIGHT

SPAN = 4
"""Registers of rows that go together through formulas without tiles, of which blocks
are multiples: chains of dependent instructions then overlap."""


class Panel(NamedTuple):
    """A matrix in the workspace: `stride` elements from one line to the next."""

    emit: Emitter
    work: Any
    base: Any
    stride: Any

    def _place(self, line: Any, lane: Any) -> Any:
        emit = self.emit
        return emit.add(self.base, emit.times(line, self.stride), lane)

    def load(self, line: Any, lane: Any) -> Vector:
        """Load a vector from `lane` on."""
        return self.emit.load(self.work, self._place(line, lane))

    def store(self, vector: Vector, line: Any, lane: Any) -> None:
        """Store a vector from `lane` on."""
        self.emit.store(vector, self.work, self._place(line, lane))

    def loads(self, line: Any, lanes: Sequence[Any]) -> list[Vector]:
        """Load a vector from each of these lanes on."""
        return [self.load(line, lane) for lane in lanes]

    def stores(
        self, vectors: Sequence[Vector], line: Any, lanes: Sequence[Any]
    ) -> None:
        """Store a vector from each of these lanes on."""
        for vector, lane in zip(vectors, lanes, strict=True):
            self.store(vector, line, lane)

    def lines(self, first: Any, count: int, lane: Any) -> list[Vector]:
        """Load the vectors of consecutive lines."""
        return [self.load(self.emit.add(first, j), lane) for j in range(count)]

    def load_tile(self, first: Any, height: int, lane: Any) -> list[Vector]:
        """Load the vectors of `height` interleaved lines."""
        start = self._place(first, self.emit.times(lane, height))
        return [
            self.emit.load(self.work, self.emit.add(start, j * self.emit.lanes))
            for j in range(height)
        ]

    def store_tile(self, vectors: Sequence[Vector], first: Any, lane: Any) -> None:
        """Store the vectors of interleaved lines."""
        start = self._place(first, self.emit.times(lane, len(vectors)))
        for j, vector in enumerate(vectors):
            place = self.emit.add(start, j * self.emit.lanes)
            self.emit.store(vector, self.work, place)


def in_tiles(
    emit: Emitter,
    total: Any,
    carried: Sequence[Vector],
    body: Callable[[Any, int, Sequence[Vector]], Sequence[Vector]],
    finish: Callable[[Sequence[Vector]], None] = lambda _: None,
) -> None:
    """Run ``body(number, height, carried)`` on whole tiles, then on the rest."""
    whole = emit.builder.sdiv(total, emit.integer(HEIGHT))
    rest = emit.builder.srem(total, emit.integer(HEIGHT))
    results = emit.loop(0, whole, 1, carried, lambda i, c: body(i, HEIGHT, c))
    with emit.only_if_equal(rest, 0):
        finish(results)
    for height in range(1, HEIGHT):
        with emit.only_if_equal(rest, height):
            finish(body(whole, height, results))


def _gather_rows(
    emit: Emitter,
    work: Any,
    block: Any,
    size: Any,
    rows: Any,
    n: Any,
    n_features: Any,
    move: Any,
) -> None:
    """Transpose `size` rows, moved and scaled; beyond the n that exist repeat the last.

    `rows` is an address: the caller's array may be read-only, and Numba would
    compile everything once more for such arrays. `move` holds what is subtracted from
    each column, then what it is multiplied by. Asks for the rows of the next block,
    which memory then brings while this one is worked on.
    """
    rows = emit.builder.inttoptr(rows, emit.element.as_pointer())
    target = Panel(emit, work, block, size)
    last = emit.add(n, -1)
    fewer = emit.builder.icmp_signed("<", n, size)
    there = emit.builder.select(fewer, n, size)
    full = emit.times(emit.builder.sdiv(there, emit.integer(emit.lanes)), emit.lanes)

    def store(values: Vector, d: Any, lane: Any) -> None:
        moved = values - emit.broadcast(move, d)
        factor = emit.broadcast(move, emit.add(d, n_features))
        target.store(moved * factor, d, lane)

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        places = []
        for i in range(emit.lanes):
            row = emit.add(lane, i)
            inside = emit.builder.icmp_signed("<", row, n)
            row = emit.builder.select(inside, row, last)
            places.append(emit.times(row, n_features))

        def one_feature(d: Any, _: Sequence[Vector]) -> list[Vector]:
            values = emit.gather(rows, [emit.add(place, d) for place in places])
            store(values, d, lane)
            next_rows = emit.times(emit.add(size, lane), n_features)
            emit.prefetch(rows, emit.add(next_rows, emit.times(d, emit.lanes)))
            return []

        return emit.loop(0, n_features, 1, [], one_feature)

    for height in range(1, HEIGHT + 1):
        with emit.only_if_equal(n_features, height):
            _narrow_rows(emit, rows, full, height, store)
    narrow = emit.builder.icmp_signed("<=", n_features, emit.integer(HEIGHT))
    begun = emit.builder.select(narrow, full, emit.integer(0))
    emit.loop(begun, size, emit.lanes, [], some_rows)


def _narrow_rows(
    emit: Emitter,
    rows: Any,
    n_rows: Any,
    n_features: int,
    store: Callable[[Vector, Any, Any], None],
) -> None:
    """Transpose whole vectors of rows that follow one another, by shuffles."""

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        columns = emit.deinterleaved(rows, emit.times(lane, n_features), n_features)
        next_rows = emit.times(emit.add(n_rows, lane), n_features)
        for d, values in enumerate(columns):
            store(values, d, lane)
            emit.prefetch(rows, emit.add(next_rows, d * emit.lanes))
        return []

    emit.loop(0, n_rows, emit.lanes, [], some_rows)


def difference(x: Vector, means: Any, place: Any, low: Any) -> Vector:
    """``x - mean``; in single precision the mean has two parts, `low` apart."""
    emit = x.emit
    rest = x - emit.broadcast(means, place)
    if emit.double:
        return rest
    return rest - emit.broadcast(means, emit.add(place, low))


def scaled_difference(
    x: Vector, scale: Vector, means: Any, place: Any, low: Any
) -> Vector:
    """``(x - mean) * scale``; in single precision `low` apart lies -scale * rest.

    The rest is what rounding took from the mean; so it costs no instruction.
    """
    emit = x.emit
    nearly = x - emit.broadcast(means, place)
    if emit.double:
        return nearly * scale
    rest = emit.broadcast(means, emit.add(place, low))
    return rest.plus_product(nearly, scale)


def tile_product(coefficients: Any, base: Any, height: int) -> Callable[..., Any]:
    """One step of a product: adds the vectors of line d times its coefficients."""

    def step(
        d: Any, vectors: Sequence[Vector], sums: Sequence[Vector], start: int = 0
    ) -> list[Vector]:
        results, emit = list(sums), vectors[0].emit
        for j in range(start, height):
            place = emit.add(base, emit.times(d, HEIGHT), j)
            factor = emit.broadcast(coefficients, place)
            for v, vector in enumerate(vectors):
                i = j * WIDTH + v
                results[i] = results[i].plus_product(vector, factor)
        return results

    return step


def _whiten(
    emit: Emitter,
    work: Any,
    scratch: Any,
    target: Any,
    size: Any,
    means: Any,
    mean: Any,
    low: Any,
    factors: Any,
    factor: Any,
    n_features: Any,
    log_joint: Any,
    constants: Any,
    component: Any,
) -> None:
    """Product of the differences of all rows from one mean with its factor.

    WIDTH vectors of rows at a time. The whitened lines of one tile are interleaved,
    vector by vector, so that a tile is one stream through memory. Also writes
    ``constant - |whitened|**2 / 2``.
    """
    x = Panel(emit, work, emit.integer(0), size)
    z = Panel(emit, work, scratch, emit.integer(WIDTH * emit.lanes))
    y = Panel(emit, work, target, size)
    lanes = [v * emit.lanes for v in range(WIDTH)]

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        def differences(d: Any) -> list[Vector]:
            vectors = x.loads(d, [emit.add(lane, place) for place in lanes])
            at = emit.add(mean, d)
            return [difference(row, means, at, low) for row in vectors]

        def tile(number: Any, height: int, squares: Sequence[Vector]) -> list[Vector]:
            sums = _triangular_tile(z, differences, factors, factor, number, height)
            results = list(squares)
            for v, place in enumerate(lanes):
                values = sums[v::WIDTH]
                y.store_tile(values, emit.times(number, HEIGHT), emit.add(lane, place))
                for value in values:
                    results[v] = results[v].plus_product(value, value)
            return results

        def finish(squares: Sequence[Vector]) -> None:
            line = emit.add(log_joint, lane)
            _store_log_joint(work, line, squares, constants, component)

        in_tiles(emit, n_features, [emit.constant(0.0)] * WIDTH, tile, finish)
        return []

    emit.loop(0, size, WIDTH * emit.lanes, [], some_rows)


def _triangular_tile(
    z: Panel,
    differences: Callable[[Any], list[Vector]],
    factors: Any,
    factor: Any,
    number: Any,
    height: int,
) -> Sequence[Vector]:
    """Products of the differences with the columns of one tile of the factor.

    Those of its own features, on the diagonal of the triangle, are left in z to the
    tiles that follow.
    """
    emit = z.emit
    lanes = [v * emit.lanes for v in range(WIDTH)]
    first = emit.times(number, HEIGHT)
    before = emit.times(emit.times(first, HEIGHT // 2), emit.add(number, 1))
    step = tile_product(factors, emit.add(factor, before), height)

    def earlier(d: Any, sums: Sequence[Vector]) -> Sequence[Vector]:
        for line in (emit.add(d, j) for j in range(HEIGHT)):
            sums = step(line, z.loads(line, lanes), sums)
        return sums

    start = [emit.constant(0.0)] * (height * WIDTH)
    sums: Sequence[Vector] = emit.loop(0, first, HEIGHT, start, earlier)
    for j in range(height):
        d = emit.add(first, j)
        vectors = differences(d)
        if height == HEIGHT:  # a lower tile is the last
            z.stores(vectors, d, lanes)
        sums = step(d, vectors, sums, j)
    return sums


def _store_log_joint(
    work: Any, line: Any, squares: Sequence[Vector], constants: Any, component: Any
) -> None:
    """``constant - square / 2`` of consecutive vectors of rows."""
    emit = squares[0].emit
    constant = emit.broadcast(constants, component)
    for v, square in enumerate(squares):
        value = constant.plus_product(square, emit.constant(-0.5))
        emit.store(value, work, emit.add(line, v * emit.lanes))


def _compare(
    emit: Emitter,
    work: Any,
    whitened: Any,
    log_joint: Any,
    size: Any,
    lane: Any,
    n_features: Any,
    constants: Any,
    means: Any,
    base: Any,
) -> None:
    """Log joint of SPAN vectors of rows and HEIGHT means under one precision.

    ``constants[k] + y · means[k]``, plus what `base` holds for each row.
    """
    y = Panel(emit, work, whitened, size)
    joint = Panel(emit, work, log_joint, size)

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        lanes = [emit.add(lane, v * emit.lanes) for v in range(WIDTH)]

        def tile(number: Any, height: int, sums: Sequence[Vector]) -> Sequence[Vector]:
            first = emit.times(number, HEIGHT)
            step = tile_product(means, 0, HEIGHT)
            vectors = [y.load_tile(first, height, place) for place in lanes]
            for d in range(height):
                sums = step(emit.add(first, d), [tile[d] for tile in vectors], sums)
            return sums

        def finish(sums: Sequence[Vector]) -> None:
            for v, place in enumerate(lanes):
                common = emit.load(work, emit.add(base, place))
                for j in range(HEIGHT):
                    joint.store(sums[j * WIDTH + v] + common, j, place)

        start = [emit.broadcast(constants, j) for j in range(HEIGHT)]
        repeated = [constant for constant in start for _ in range(WIDTH)]
        in_tiles(emit, n_features, repeated, tile, finish)
        return []

    end = emit.add(lane, SPAN * emit.lanes)
    emit.loop(lane, end, WIDTH * emit.lanes, [], some_rows)


def _join_scaled(
    emit: Emitter,
    work: Any,
    source: Any,
    size: Any,
    means: Any,
    scales: Any,
    first: Any,
    low: Any,
    n_features: Any,
    log_joint: Any,
    constants: Any,
    component: Any,
) -> None:
    """``constant - |scale * (x - mean)|**2 / 2`` of all rows."""
    emit = emit.wider(SPAN)
    x = Panel(emit, work, source, size)

    def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
        def one_feature(d: Any, squares: Sequence[Vector]) -> list[Vector]:
            place = emit.add(first, d)
            scale = emit.broadcast(scales, place)
            value = scaled_difference(x.load(d, lane), scale, means, place, low)
            return [squares[0].plus_product(value, value)]

        squares = emit.loop(0, n_features, 1, [emit.constant(0.0)], one_feature)
        line = emit.add(log_joint, lane)
        _store_log_joint(work, line, squares, constants, component)
        return []

    emit.loop(0, size, emit.lanes, [], some_rows)


gather_rows = numba_function(_gather_rows)
whiten = numba_function(_whiten)
compare = numba_function(_compare)
join_scaled = numba_function(_join_scaled)
