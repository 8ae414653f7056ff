"""Densities and moments of rows of one to four columns, all of them in registers.

For so few columns a loop over rows for each entry of a factor spends its time in
loading and storing; here the entries are constants of one loop.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mixtura.kernels.simd import Emitter, Vector, numba_function
from mixtura.kernels.small_matrices import inlined

__all__ = ["MOST", "log_joint_line", "write_moments"]

MOST = 4
"""Columns, at most."""


def _differences(
    emit: Emitter, rows: Any, size: Any, mean: Any, n_features: int
) -> Callable[[Any], list[Vector]]:
    """Return the differences from a mean as a function of the first of some rows."""
    means = [emit.broadcast(mean, d) for d in range(n_features)]

    def differences(lane: Any) -> list[Vector]:
        places = (emit.add(emit.times(d, size), lane) for d in range(n_features))
        values = (emit.load(rows, place) for place in places)
        return [x - m for x, m in zip(values, means, strict=True)]

    return differences


def _entries(n_features: int) -> Iterator[tuple[int, int]]:
    """Yield row and column of the entries on and above the diagonal."""
    for d in range(n_features):
        for c in range(d + 1):
            yield c, d


def _log_joint(n_features: int) -> Any:
    def log_joint(
        emit: Emitter,
        rows: Any,
        mean: Any,
        factor: Any,
        constant: Any,
        out: Any,
        size: Any,
    ) -> None:
        differences = _differences(emit, rows, size, mean, n_features)
        shares = {
            (c, d): emit.broadcast(factor, c * n_features + d)
            for c, d in _entries(n_features)
        }
        top, half = emit.splat(constant), emit.constant(-0.5)

        def some_rows(lane: Any, _: Sequence[Vector]) -> list[Vector]:
            y, squares = differences(lane), emit.constant(0.0)
            for d in range(n_features):
                z = y[d] * shares[d, d]
                for c in range(d):
                    z = z.plus_product(y[c], shares[c, d])
                squares = squares.plus_product(z, z)
            emit.store(top.plus_product(half, squares), out, lane)
            return []

        emit.loop(0, size, emit.lanes, [], some_rows)

    return numba_function(log_joint)


def _moments(n_features: int) -> Any:
    def moments(
        emit: Emitter,
        rows: Any,
        mean: Any,
        shares: Any,
        sums: Any,
        size: Any,
    ) -> None:
        differences = _differences(emit, rows, size, mean, n_features)
        entries = list(_entries(n_features))

        def some_rows(lane: Any, before: Sequence[Vector]) -> list[Vector]:
            y, share = differences(lane), emit.load(shares, lane)
            weighted = [share * value for value in y]
            terms = [share, *weighted]
            first = [total + term for total, term in zip(before, terms, strict=False)]
            second = [
                total.plus_product(weighted[d], y[c])
                for total, (c, d) in zip(before[len(terms) :], entries, strict=True)
            ]
            return [*first, *second]

        count = 1 + n_features + len(entries)
        zeros = [emit.constant(0.0)] * count
        totals = emit.loop(0, size, emit.lanes, zeros, some_rows)
        for i, total in enumerate(totals):
            place = emit.builder.gep(sums, [emit.integer(i)])
            emit.builder.store(emit.lane_sum(total), place)

    return numba_function(moments)


_JOINT_1, _MOMENTS_1 = _log_joint(1), _moments(1)
_JOINT_2, _MOMENTS_2 = _log_joint(2), _moments(2)
_JOINT_3, _MOMENTS_3 = _log_joint(3), _moments(3)
_JOINT_4, _MOMENTS_4 = _log_joint(4), _moments(4)


@inlined
def log_joint_line(
    rows: Any, mean: Any, factor: Any, constant: float, out: Any
) -> None:
    """Write a constant less half the squared distances from a mean.

    Parameters
    ----------
    rows : ndarray of shape (D, size)
        Transposed, with D up to `MOST`; the size is a multiple of a vector's lanes.
    mean : ndarray of shape (D,)
    factor : ndarray of shape (D, D)
        Upper triangular; distances are in its units.
    constant : float
    out : ndarray of shape (size,)
    """
    D, size = rows.shape
    if D == 1:
        _JOINT_1(rows, mean, factor, constant, out, size)
    elif D == 2:
        _JOINT_2(rows, mean, factor, constant, out, size)
    elif D == 3:
        _JOINT_3(rows, mean, factor, constant, out, size)
    else:
        _JOINT_4(rows, mean, factor, constant, out, size)


@inlined
def write_moments(rows: Any, mean: Any, shares: Any, sums: Any) -> None:
    """Write the sums of shares, and of differences and their products times shares.

    Parameters
    ----------
    rows, mean
        As for `log_joint_line`.
    shares : ndarray of shape (size,)
    sums : ndarray
        One count, D sums, and those of the lower triangle of products, row by row.
    """
    D, size = rows.shape
    if D == 1:
        _MOMENTS_1(rows, mean, shares, sums, size)
    elif D == 2:
        _MOMENTS_2(rows, mean, shares, sums, size)
    elif D == 3:
        _MOMENTS_3(rows, mean, shares, sums, size)
    else:
        _MOMENTS_4(rows, mean, shares, sums, size)
