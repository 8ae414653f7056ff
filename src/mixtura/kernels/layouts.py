"""From parameters to what the fused kernels read, and back from what they add up."""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels import packing
from mixtura.kernels.moments import Array
from mixtura.kernels.plain import Parameters
from mixtura.kernels.triangular import upper_triangular_inverses

Float = np.dtype[np.floating]
Sums = tuple[Array, ...]

FARTHEST_MEANS = {np.dtype(np.float64): 300.0, np.dtype(np.float32): 32.0}
"""Spread of means, in standard deviations, up to which products of whitened rows
and means lose about 1e-11 (double) or 1e-4 (single) nats to cancellation."""


class Layout(Protocol):
    """One covariance structure's parameters, as the fused kernels take them."""

    @property
    def kernel(self) -> str:
        """Ending of the names of the kernels."""

    @property
    def model(self) -> tuple[Any, ...]:
        """Arrays and sizes for the kernels, without the width of a span."""

    @property
    def kept_lines(self) -> int:
        """Whitened lines that an E-step keeps for one block."""

    @property
    def work(self) -> int:
        """Multiplications for one row; an exponential counts as 20."""

    def empty_sums(self) -> Sums:
        """Zero sums: counts first."""

    def unpacked(self, sums: Sums) -> tuple[Array, Array, Array]:
        """Counts, first and second moments about the means."""


@dataclass(frozen=True)
class FullLayout:
    """One triangular factor for each component."""

    model: tuple[Any, ...]
    factors: Array  # float64 values of what the kernels use
    kernel: str = "full"

    @classmethod
    def of(cls, parameters: Parameters, dtype: Float) -> "FullLayout":
        """Pack the parameters in the precision of the computation."""
        constants, means, precision = parameters
        rounded = precision.astype(dtype)
        model = (
            constants.astype(dtype),
            packing.split_means(means, dtype),
            packing.packed_factors(rounded).ravel(),
            means.shape[1],
        )
        exact: Array = rounded.astype(np.float64)
        return cls(model, exact)

    @property
    def kept_lines(self) -> int:
        """Keep every component's whitened rows."""
        return math.prod(self.factors.shape[:2])

    @property
    def work(self) -> int:
        """Two triangular products for each component."""
        n_components, n_features = self.factors.shape[:2]
        return n_components * (n_features * (n_features + 1) + 20)

    def empty_sums(self) -> Sums:
        """Zero sums: counts first."""
        n_components, n_features = self.factors.shape[:2]
        length = packing.moment_order(n_features).length
        return np.zeros(n_components), np.zeros(n_components * length)

    def unpacked(self, sums: Sums) -> tuple[Array, Array, Array]:
        """Counts, first and second moments about the means."""
        counts, moments = sums
        n_components, n_features = self.factors.shape[:2]
        order = packing.moment_order(n_features)
        by_component = moments.reshape(n_components, -1)
        back = upper_triangular_inverses(self.factors)
        first = (by_component[:, None, order.first] @ back)[:, 0, :]
        return counts, first, mapped_back(by_component[:, order.second], back)


@dataclass(frozen=True)
class TiedLayout:
    """One triangular factor, the means whitened by it about their centre."""

    model: tuple[Any, ...]
    factor: Array
    means: Array
    kernel: str = "tied"

    @classmethod
    def of(cls, parameters: Parameters, dtype: Float) -> "TiedLayout | None":
        """Pack the parameters; None if the means lie too far apart for products."""
        constants, means, precision = parameters
        factor = precision.astype(dtype)
        exact: Array = factor.astype(np.float64)
        centre = means.mean(axis=0)
        whitened = ((means - centre) @ exact).astype(dtype).astype(np.float64)
        squares = (whitened**2).sum(axis=1)
        if not squares.max() < FARTHEST_MEANS[dtype] ** 2:
            return None
        padded = np.zeros(-(-len(constants) // packing.HEIGHT) * packing.HEIGHT)
        padded[: len(constants)] = constants - 0.5 * squares
        model = (
            padded.astype(dtype),
            packing.split_means(centre[None, :], dtype),
            packing.packed_factors(factor[None, :, :]).ravel(),
            packing.in_groups(whitened).astype(dtype).ravel(),
            np.zeros(1, dtype=dtype),
            len(constants),
            means.shape[1],
        )
        return cls(model, exact, whitened)

    @property
    def kept_lines(self) -> int:
        """Keep the whitened rows, common to all components."""
        return len(self.factor)

    @property
    def work(self) -> int:
        """Two triangular products, and two products with the means."""
        n_components, n_features = self.means.shape
        return n_components * (2 * n_features + 20) + n_features * (n_features + 1)

    def empty_sums(self) -> Sums:
        """Zero sums: counts first."""
        n_components, n_features = self.means.shape
        groups, tiles = (-(-n // packing.HEIGHT) for n in (n_components, n_features))
        length = packing.moment_order(n_features).length
        return (
            np.zeros(n_components),
            np.zeros(groups * tiles * packing.TILE),
            np.zeros(length),
        )

    def unpacked(self, sums: Sums) -> tuple[Array, Array, Array]:
        """Counts, first and second moments about the means."""
        counts, moments, pooled = sums
        n_components, n_features = self.means.shape
        groups = -(-n_components // packing.HEIGHT)
        grouped = moments.reshape(groups, -1, packing.HEIGHT)[:, :n_features]
        raw = grouped.transpose(0, 2, 1).reshape(-1, n_features)[:n_components]
        first = raw - counts[:, None] * self.means
        order = packing.moment_order(n_features)
        cross = (first + 0.5 * counts[:, None] * self.means).T @ self.means
        second = pooled[order.second] - cross - cross.T
        back = upper_triangular_inverses(self.factor)
        return counts, first @ back, mapped_back(second, back)


@dataclass(frozen=True)
class DiagonalLayout:
    """One scale for each component and feature."""

    model: tuple[Any, ...]
    scales: Array
    kernel: str = "diagonal"

    @classmethod
    def of(cls, parameters: Parameters, dtype: Float) -> "DiagonalLayout":
        """Pack the parameters in the precision of the computation."""
        constants, means, scales = parameters
        rounded = np.array(np.broadcast_to(scales, means.shape), dtype, order="C")
        exact: Array = rounded.astype(np.float64)
        model = (
            constants.astype(dtype),
            packing.split_means(means, dtype, -exact),
            rounded.ravel(),
            means.shape[1],
        )
        return cls(model, exact)

    @property
    def kept_lines(self) -> int:
        """Keep nothing: scaled differences are computed twice."""
        return 0

    @property
    def work(self) -> int:
        """Scaled differences and their products, twice, for each component."""
        n_components, n_features = self.scales.shape
        return n_components * (4 * n_features + 20)

    def empty_sums(self) -> Sums:
        """Zero sums: counts first."""
        n_components, n_features = self.scales.shape
        tiles = -(-n_features // packing.HEIGHT)
        return np.zeros(n_components), np.zeros(n_components * tiles * packing.TILE)

    def unpacked(self, sums: Sums) -> tuple[Array, Array, Array]:
        """Counts, first and second moments about the means."""
        counts, moments = sums
        n_components, n_features = self.scales.shape
        by_component = moments.reshape(n_components, -1)
        feature = np.arange(n_features)
        tile = feature // packing.HEIGHT * packing.HEIGHT
        place = tile * packing.HEIGHT + feature - tile
        height = np.minimum(packing.HEIGHT, n_features - tile)
        first = by_component[:, place] / self.scales
        second = by_component[:, place + height] / self.scales / self.scales
        return counts, first, second


def mapped_back(second: Array, back: NDArray[np.floating]) -> Array:
    """Second moments in the original coordinates, exactly symmetric."""
    result = np.swapaxes(back, -1, -2) @ second @ back
    symmetric: Array = 0.5 * (result + np.swapaxes(result, -1, -2))
    return symmetric
