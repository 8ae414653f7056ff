"""Histograms, curves and grids: the numbers behind a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixtura.plot.quantities.gaussians import (
    Array,
    GaussianComponents,
    highest_density_levels,
)

_GRID_BUDGET = 240
_MAX_BINS = 100
# Standard deviations at which a narrow curve must come down between two points
# of the even grid; at the last one a density is zero in double precision.
_TAIL = np.array([5.5, 6.0, 7.0, 9.0, 39.0])


@dataclass(frozen=True)
class Histogram:
    """Bars of total area 1.

    Attributes
    ----------
    edges : ndarray of shape (b + 1,)
    heights : ndarray of shape (b,)
        Densities, per unit of the column.
    """

    edges: Array
    heights: Array


@dataclass(frozen=True)
class Curves:
    """One column of a mixture as functions of x.

    Attributes
    ----------
    x : ndarray of shape (m,)
    densities : ndarray of shape (m, K)
        Weight times density of each component; the sum over a row is the
        density of the mixture.
    responsibilities : ndarray of shape (m, K)
        Posterior probability of each component given this column alone.
    """

    x: Array
    densities: Array
    responsibilities: Array


@dataclass(frozen=True)
class DensityGrid:
    """Density of a mixture of two columns on a rectangular grid.

    Attributes
    ----------
    x : ndarray of shape (a,)
    y : ndarray of shape (b,)
    density : ndarray of shape (b, a)
    masses : tuple of float
        Probability masses of the highest-density regions, descending.
    levels : ndarray
        Density on the border of each region, ascending.
    """

    x: Array
    y: Array
    density: Array
    masses: tuple[float, ...]
    levels: Array


def histogram(values: Array, weights: Array) -> Histogram | None:
    """Weighted histogram of the values that are not missing.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN where missing.
    weights : ndarray of shape (n,)
        Non-negative. Any common factor leaves the histogram as it is.

    Returns
    -------
    Histogram or None
        None if no value is left.

    Examples
    --------
    >>> import numpy as np
    >>> bars = histogram(np.array([0.0, 1.0, 1.0, 4.0]), np.ones(4))
    >>> float((np.diff(bars.edges) * bars.heights).sum())
    1.0
    """
    kept = np.isfinite(values) & (weights > 0)
    values, weights = values[kept], weights[kept]
    if not len(values):
        return None
    edges = _bin_edges(values, weights)
    mass, _ = np.histogram(values, bins=edges, weights=weights)
    return Histogram(edges, mass / (mass.sum() * np.diff(edges)))


def _bin_edges(values: Array, weights: Array) -> Array:
    """Freedman and Diaconis' bins, and no fewer than the root of the row count.

    Their rule alone is too coarse for well separated components: the
    interquartile range then measures the distance between them.
    """
    low, high = values.min(), values.max()
    if low == high:
        half = 0.5 * (abs(low) or 1.0)
        return np.array([low - half, low + half])
    size = weights.sum() ** 2 / np.square(weights).sum()
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order]) / weights.sum()
    quartiles = np.interp([0.25, 0.75], cumulative, values[order])
    width = (high - low) / max(np.sqrt(size), 5.0)
    if quartiles[1] > quartiles[0]:
        width = min(width, 2 * (quartiles[1] - quartiles[0]) / np.cbrt(size))
    width = max(width, (high - low) / _MAX_BINS)
    step = _rounding_step(values[order])
    if step and width > step / 2:
        # Bins that hold different numbers of possible values show false peaks.
        width, low = step * max(1.0, np.round(width / step)), low - step / 2
    count = int(np.ceil((high - low) / width))
    edges: Array = low + width * np.arange(count + 1)
    edges[-1] = max(edges[-1], high)
    return edges


def _rounding_step(ordered: Array) -> float:
    """Step of which all differences are multiples, or 0 for continuous data."""
    gaps = np.diff(ordered)
    gaps = gaps[gaps > 1e-9 * (ordered[-1] - ordered[0])]
    step = float(gaps.min())
    multiples = gaps / step
    return step if np.abs(multiples - np.round(multiples)).max() < 1e-6 else 0.0


def curves(components: GaussianComponents, low: float, high: float) -> Curves:
    """Evaluate a one-column mixture where its curves bend.

    Parameters
    ----------
    components : GaussianComponents
        Of one column.
    low, high : float
        The range of the data, covered in any case.

    Returns
    -------
    Curves
    """
    x = _abscissae(components, 0, low, high, reach=5.0)
    log_joint = components.log_joint(x[:, np.newaxis])
    relative = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    return Curves(
        x=x,
        densities=np.exp(log_joint),
        responsibilities=relative / relative.sum(axis=1, keepdims=True),
    )


def density_grid(
    components: GaussianComponents,
    low: Array,
    high: Array,
    masses: Sequence[float],
) -> DensityGrid:
    """Evaluate a two-column mixture on a grid, finer near each component.

    Parameters
    ----------
    components : GaussianComponents
        Of two columns.
    low, high : ndarray of shape (2,)
        The range of the data, covered in any case.
    masses : sequence of float
        Probability masses of the regions to outline, between 0 and 1.

    Returns
    -------
    DensityGrid
    """
    x, y = (
        _abscissae(components, column, low[column], high[column], reach=4.0)
        for column in (0, 1)
    )
    points = np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)])
    ordered = tuple(sorted(masses, reverse=True))
    return DensityGrid(
        x=x,
        y=y,
        density=components.density(points).reshape(len(y), len(x)),
        masses=ordered,
        levels=highest_density_levels(components, ordered),
    )


def pair_grids(
    components: GaussianComponents,
    ranges: Sequence[tuple[float, float]],
    masses: Sequence[float],
) -> dict[tuple[int, int], DensityGrid]:
    """Evaluate the marginal of each pair of columns.

    Parameters
    ----------
    components : GaussianComponents
    ranges : sequence of (float, float)
        Of the data, one for each column.
    masses : sequence of float
        As in :func:`density_grid`.

    Returns
    -------
    dict
        From the columns along y and x, in this order, y after x; empty without
        masses.
    """
    grids: dict[tuple[int, int], DensityGrid] = {}
    if not len(masses):
        return grids
    for row in range(len(ranges)):
        for column in range(row):
            low, high = np.transpose([ranges[column], ranges[row]])
            pair = components.marginal([column, row])
            grids[row, column] = density_grid(pair, low, high, masses)
    return grids


def _abscissae(
    components: GaussianComponents, column: int, low: float, high: float, reach: float
) -> Array:
    means = components.means[:, column]
    spread = components.standard_deviations[:, column]
    low = min(low, float((means - reach * spread).min()))
    high = max(high, float((means + reach * spread).max()))
    steps = max(9, _GRID_BUDGET // len(components) | 1)
    near = np.concatenate([-_TAIL, np.linspace(-reach, reach, steps), _TAIL])
    local = means[:, np.newaxis] + np.outer(spread, near)
    everywhere = np.linspace(low, high, _GRID_BUDGET)
    return np.unique(np.clip(np.r_[everywhere, local.ravel()], low, high))


def data_range(
    components: GaussianComponents, column: int, values: Array
) -> tuple[float, float]:
    """Least and greatest value that is not missing, else those of the means."""
    present = values[np.isfinite(values)]
    if not len(present):
        present = components.means[:, column]
    return float(present.min()), float(present.max())


def view_limits(
    components: GaussianComponents, column: int, low: float, high: float
) -> tuple[float, float]:
    """Axis limits that show the data and the body of each component.

    Parameters
    ----------
    components : GaussianComponents
    column : int
    low, high : float
        The range of the data.

    Returns
    -------
    tuple of float

    Notes
    -----
    A very wide component does not push the data into a corner: beyond them
    the axis grows by half their range at each end at most.
    """
    means = components.means[:, column]
    spread = components.standard_deviations[:, column]
    allowed = (high - low) / 2 if high > low else np.inf
    bottom = max(low - allowed, min(low, float((means - 3 * spread).min())))
    top = min(high + allowed, max(high, float((means + 3 * spread).max())))
    margin = 0.03 * (top - bottom)
    return bottom - margin, top + margin


def columns_ranges(
    components: GaussianComponents, points: Array
) -> list[tuple[float, float]]:
    """Least and greatest value of each column of the points (n, D)."""
    return [data_range(components, j, values) for j, values in enumerate(points.T)]


def columns_limits(
    components: GaussianComponents, points: Array
) -> list[tuple[float, float]]:
    """Axis limits of each column of the points (n, D), by `view_limits`."""
    return [
        view_limits(components, j, *ends)
        for j, ends in enumerate(columns_ranges(components, points))
    ]
