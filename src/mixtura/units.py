"""The units in which a fit is computed: z = (x - c) / s for each column.

c is a value of the column and s a power of two, so both ways are exact to rounding of
the data themselves; in z nothing is far from the origin and nothing is very large.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.data import Rows
from mixtura.kernels.scaled import Scaled

BLOCK_ROWS = 1 << 14

FAR = 1e-4
"""Where the middle half of the rows shows less than this share of a column's variance,
few rows far away make up the rest …"""

FEW_ROWS = 2_000
"""… as so many rows tell."""

FARTHEST = 1e-12
"""Share of a column's deviation below which nothing is told apart any more."""

SMALLEST = 1e-150
"""Deviations below this, or above its inverse, have no variance in float64."""

NORMAL_RANGE = 1.349
"""Standard deviations between the quartiles of a normal distribution."""


@dataclass(frozen=True)
class Units:
    """Centre and scale of each column.

    Parameters
    ----------
    center : ndarray of shape (n_features,)
        A value of each column near its mean.
    scale : ndarray of shape (n_features,)
        A power of two near each column's standard deviation, or near its size if the
        column is constant.
    variances : ndarray of shape (n_features,)
        Variances of the columns of z; zero for constant columns.
    usual : ndarray of shape (n_features,)
        The same, without few rows so far away that they make up nearly all of it.
    """

    center: Array
    scale: Array
    variances: Array
    usual: Array

    @classmethod
    def of(cls, X: Array, weights: Array | None, by_column: bool) -> Self:
        """Measure the columns of X (n_samples, n_features).

        Parameters
        ----------
        X : ndarray
        weights : ndarray of shape (n_samples,), optional
        by_column : bool
            Give each column its own scale, or all the same.
        """
        center, deviation = _center_and_deviation(Rows(X, weights))
        size = np.where(deviation > 0, deviation, np.abs(center))
        size = np.where(size > 0, size, 1.0)
        if not by_column:
            varying = deviation[deviation > 0]
            common = varying if len(varying) else size
            largest = common.max()
            size = np.full_like(
                size, largest * np.sqrt(((common / largest) ** 2).mean())
            )
        scale = np.exp2(np.round(np.log2(size)))
        usual = _usual_deviation(X, weights, deviation)
        return cls(center, scale, (deviation / scale) ** 2, (usual / scale) ** 2)

    @cached_property
    def constant(self) -> list[int]:
        """Columns without variance."""
        return np.flatnonzero(self.variances == 0).tolist()

    @cached_property
    def without_squares(self) -> list[int]:
        """Columns so small or large that their variance is no number of float64."""
        far = (self.scale < SMALLEST) | (self.scale > 1 / SMALLEST)
        return np.flatnonzero(far).tolist()

    @property
    def log_volume(self) -> float:
        """sum_j log s_j: a log-density in x is the one in z less this."""
        return float(np.log(self.scale).sum())

    def to_z(self, X: Array, dtype: Any = np.float64) -> Array:
        """(x - c) / s in C order, for the rows of X in any layout.

        In single precision the difference is taken in that of X, where it is exact to
        rounding, and no wider array is made.
        """
        return np.asarray(self.scaled(X, dtype))

    def scaled(self, X: Array, dtype: Any = np.float64) -> Scaled:
        """Do the same where the rows are needed."""
        return Scaled(X, self.center, self.scale, np.dtype(dtype))

    def to_x(self, Z: Array) -> Array:
        """C + s z for the rows of Z."""
        return self.center + self.scale * Z


def _center_and_deviation(rows: Rows) -> tuple[Array, Array]:
    """Value nearest the weighted mean, and weighted standard deviation, by column.

    Sums are taken about a value of the column and in units of its range: they neither
    cancel nor overflow.
    """
    low = rows.X.min(axis=0).astype(np.float64) / 2.0
    high = rows.X.max(axis=0).astype(np.float64) / 2.0
    reach = np.where(high > low, high - low, 1.0)
    total, first = 0.0, np.zeros(rows.n_features)
    for block in _in_float64(rows):
        first += block.weighted((block.X / 2.0 - low) / reach).sum(axis=0)
        total += block.n_observations
    mean = first / total
    second = np.zeros(rows.n_features)
    nearest, center = np.full(rows.n_features, np.inf), 2 * low
    for block in _in_float64(rows):
        distance = np.abs((block.X / 2.0 - low) / reach - mean)
        second += block.weighted(distance**2).sum(axis=0)
        least = distance.min(axis=0)
        value = np.where(distance == least, block.X, np.inf).min(axis=0)
        # The smaller of equally near values, so that the order of rows is immaterial.
        value = np.where(least == nearest, np.minimum(value, center), value)
        center = np.where(least <= nearest, value, center)
        nearest = np.minimum(least, nearest)
    deviation = 2 * reach * np.sqrt(second / total)
    return center, np.where(high > low, deviation, 0.0)


def _usual_deviation(X: Array, weights: Array | None, deviation: Array) -> Array:
    """Return the deviations, or what the quartiles say if far rows rule a column."""
    step = -(-len(X) // FEW_ROWS)
    few = np.asarray(X[::step], dtype=np.float64)
    shares = np.ones(len(few)) if weights is None else weights[::step]
    order = few.argsort(axis=0)
    reached = shares[order].cumsum(axis=0)
    total = reached[-1]
    if not (total > 0).all():
        return deviation
    columns = np.arange(few.shape[1])
    first, third = (
        few[order[(reached < share * total).sum(axis=0), columns], columns]
        for share in (0.25, 0.75)
    )
    with np.errstate(over="ignore"):
        usual = (third - first) / NORMAL_RANGE
    is_far = (usual > 0) & (usual < np.sqrt(FAR) * deviation)
    return np.where(is_far, np.maximum(usual, FARTHEST * deviation), deviation)


def _in_float64(rows: Rows) -> Iterator[Rows]:
    """Blocks whose sums depend neither on the dtype of X nor on its layout."""
    for block in rows.blocks(BLOCK_ROWS):
        yield replace(block, X=np.asarray(block.X, dtype=np.float64, order="C"))


@dataclass(frozen=True)
class ScaledRows:
    """Rows in the caller's units that turn into z block by block.

    The whole of z never exists, so data may be large, read-only or on disk. A kernel
    that is given all rows makes z while it reads them.

    Parameters
    ----------
    rows : Rows
        In the caller's units, of any real dtype.
    units : Units
    dtype : dtype-like
        Type of the numbers in the blocks.
    """

    rows: Rows
    units: Units
    dtype: Any = np.float64

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def n_observations(self) -> float:
        """Sum of the weights."""
        return self.rows.n_observations

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.rows.n_features

    @property
    def X(self) -> Scaled:
        """All of z, for who asks for it block by block."""
        return self.units.scaled(self.rows.X, self.dtype)

    @property
    def weights(self) -> Array | None:
        """Weights of the rows."""
        return self.rows.weights

    @property
    def labels(self) -> IntArray | None:
        """Known labels of the rows."""
        return self.rows.labels

    def blocks(self, size: int) -> Iterator[Rows]:
        """Yield blocks of z."""
        for block in self.rows.blocks(size):
            yield replace(block, X=self.units.to_z(block.X, self.dtype))

    def take(self, chosen: IntArray) -> Rows:
        """Yield z for some of the rows."""
        rows = self.rows
        return Rows(
            self.units.to_z(rows.X[chosen]),
            None if rows.weights is None else rows.weights[chosen],
            None if rows.labels is None else rows.labels[chosen],
        )
