"""The memory layouts of the fused kernels: tiles of factors and of moments."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels.moments import Array

HEIGHT = 4
TILE = HEIGHT * HEIGHT
Indices = NDArray[np.intp]


@lru_cache(maxsize=64)
def factor_order(n_features: int) -> Indices:
    """Flat indices that pack an upper triangular matrix; -1 for padding.

    Columns go in tiles of HEIGHT. A tile holds its columns' entries row by row, down
    to the last diagonal entry.
    """
    parts = []
    for first in range(0, n_features, HEIGHT):
        columns = np.arange(first, first + HEIGHT)
        rows = np.arange(min(first + HEIGHT, n_features))[:, None]
        inside = (columns < n_features) & (rows <= columns)
        parts.append(np.where(inside, rows * n_features + columns, -1).ravel())
    return np.concatenate(parts)


def packed_factors(
    precision_cholesky: NDArray[np.floating],
) -> NDArray[np.floating]:
    """Upper triangular matrices (K, D, D) in the order of `factor_order`."""
    n_components, n_features = precision_cholesky.shape[:2]
    order = factor_order(n_features)
    packed = np.take(precision_cholesky.reshape(n_components, -1), order, axis=1)
    packed[:, order < 0] = 0.0
    return packed


class MomentOrder(NamedTuple):
    """Where the moments of one component lie: second (D, D), first (D,), length."""

    second: Indices
    first: Indices
    length: int


@lru_cache(maxsize=64)
def moment_order(n_features: int) -> MomentOrder:
    """Places of the moments in the tiles that the kernels add to.

    Tile (a, b) with b < a holds HEIGHT columns for each of its rows; a diagonal tile
    holds the first moments of its rows, then the lower triangle.
    """
    feature = np.arange(n_features)
    tile, row = np.divmod(feature, HEIGHT)
    height = np.minimum(HEIGHT, n_features - tile * HEIGHT)
    start = tile * (tile + 1) // 2 * TILE
    first = start + tile * TILE + row
    square = start[:, None] + tile * TILE + row[:, None] * HEIGHT + row
    triangle = (start + tile * TILE + height + row * (row + 1) // 2)[:, None] + row
    lower = np.where(tile[:, None] == tile, triangle, square)
    i = np.maximum(feature[:, None], feature)
    j = np.minimum(feature[:, None], feature)
    second = lower[i, j]
    n_tiles = -(-n_features // HEIGHT)
    return MomentOrder(second, first, n_tiles * (n_tiles + 1) // 2 * TILE)


def split_means(
    means: Array, dtype: np.dtype[np.floating], factors: Array | float = 1.0
) -> NDArray[np.floating]:
    """Flat means; in single precision followed by what rounding took, times factors."""
    if dtype == np.float64:
        return means.flatten()
    high = means.astype(np.float32)
    low = ((means - high) * factors).astype(np.float32)
    return np.concatenate([high.ravel(), low.ravel()])


def in_groups(rows: Array) -> Array:
    """Rows (K, D) as (groups, D, HEIGHT), the last group filled up with zeros."""
    n_rows, n_columns = rows.shape
    filled = np.zeros((-(-n_rows // HEIGHT) * HEIGHT, n_columns))
    filled[:n_rows] = rows
    grouped = filled.reshape(-1, HEIGHT, n_columns).transpose(0, 2, 1)
    return np.ascontiguousarray(grouped)
