"""Draw one panel; each function returns the artists it added."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, StepPatch
from numpy.typing import ArrayLike, NDArray

from mixtura.plot.drawing.colours import PALETTE, ComponentStyle, blend
from mixtura.plot.drawing.ellipse import covariance_ellipse
from mixtura.plot.quantities.gaussians import Array, GaussianComponents
from mixtura.plot.quantities.summaries import Curves, DensityGrid, Histogram

STANDARD_DEVIATIONS = (1, 2)
CROWD = 1000
INK = "0.25"
BARS = "0.85"
NOISE_INK, NOISE_MARKER = "0.4", "x"

Styles = Sequence[ComponentStyle]


def _halo(width: float) -> list[patheffects.AbstractPathEffect]:
    return [patheffects.withStroke(linewidth=width, foreground="white")]


def draw_histogram(ax: Axes, bars: Histogram) -> StepPatch:
    """Draw bars of total area 1."""
    return ax.stairs(
        bars.heights, bars.edges, fill=True, facecolor=BARS, edgecolor="white", zorder=1
    )


def draw_densities(ax: Axes, curve: Curves, styles: Styles) -> list[Line2D]:
    """Draw the weighted component densities."""
    lines = []
    for style, density in zip(styles, curve.densities.T, strict=True):
        lines += ax.plot(
            curve.x,
            density,
            color=style.colour,
            linestyle=style.line_style,
            linewidth=1.6,
            zorder=3,
        )
    return lines


def draw_sum(ax: Axes, curve: Curves, width: float) -> Line2D:
    """Draw the density of the mixture."""
    (total,) = ax.plot(
        curve.x, curve.densities.sum(axis=1), color=INK, linewidth=width, zorder=2.5
    )
    return total


def draw_responsibilities(ax: Axes, curve: Curves, styles: Styles) -> list[Line2D]:
    """Draw the posterior probability of each component as a function of x."""
    lines = []
    for style, values in zip(styles, curve.responsibilities.T, strict=True):
        lines += ax.plot(
            curve.x,
            values,
            color=style.colour,
            linestyle=style.line_style,
            linewidth=1.6,
        )
    ax.set_ylim(-0.06, 1.06)
    ax.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    return lines


def draw_curve_means(
    ax: Axes, components: GaussianComponents, styles: Styles
) -> list[Line2D]:
    """Mark each mean with a cross on its curve and a line down to the axis."""
    peaks = components.weights / (
        components.standard_deviations[:, 0] * np.sqrt(2 * np.pi)
    )
    markers = []
    for style, mean, peak in zip(styles, components.means[:, 0], peaks, strict=True):
        ax.vlines(mean, 0, peak, color=style.colour, linewidth=0.7, zorder=2)
        markers += _cross(ax, mean, peak, style)
    return markers


def draw_plane_means(
    ax: Axes, components: GaussianComponents, styles: Styles, size: float
) -> list[Line2D]:
    """Mark each mean with a cross; of more than eight, with its number too."""
    markers = []
    for index, (style, (x, y)) in enumerate(zip(styles, components.means, strict=True)):
        markers += _cross(ax, x, y, style, size)
        if len(components) > len(PALETTE):
            ax.annotate(
                str(index),
                (x, y),
                xytext=(4, 4),
                textcoords="offset points",
                fontsize="small",
                fontweight="bold",
                path_effects=_halo(2.5),
                zorder=7,
            )
    return markers


def _cross(
    ax: Axes, x: float, y: float, style: ComponentStyle, size: float = 11
) -> list[Line2D]:
    return ax.plot(
        x,
        y,
        marker="X",
        markersize=size,
        markerfacecolor=style.colour,
        markeredgecolor="white",
        markeredgewidth=1.4,
        linestyle="none",
        zorder=6,
    )


def draw_points(
    ax: Axes,
    points: Array,
    responsibilities: Array,
    weights: Array,
    styles: Styles,
    *,
    size: float,
) -> list[PathCollection]:
    """Scatter the points, their colours blended by responsibility.

    The marker is that of the most probable component; the area is
    proportional to the weight, up to four times the average. What is left of a row's
    responsibilities is noise: grey, and a cross where it is most probable.
    """
    noise = np.clip(1 - responsibilities.sum(axis=1), 0, 1)
    is_noise = noise > responsibilities.max(axis=1)
    labels = np.where(is_noise, -1, responsibilities.argmax(axis=1))
    colours = blend(responsibilities, styles) + float(NOISE_INK) * noise[:, None]
    crowding = float(np.clip(np.sqrt(500 / len(points)), 0.25, 1.0))
    areas = size * crowding * np.clip(weights / weights.mean(), 0.05, 4.0)
    markers = [(k, style.marker) for k, style in enumerate(styles)]
    if is_noise.any():
        markers.append((-1, NOISE_MARKER))
    return [
        ax.scatter(
            points[labels == k, 0],
            points[labels == k, 1],
            s=areas[labels == k],
            c=np.minimum(colours[labels == k], 1.0),
            marker=marker,
            alpha=0.4 + 0.4 * crowding,
            linewidths=0 if k >= 0 else 1,
            zorder=2,
        )
        for k, marker in markers
    ]


def draw_ellipses(
    ax: Axes, components: GaussianComponents, styles: Styles, *, halo: bool
) -> list[Ellipse]:
    """Draw each component's ellipses at 1 and 2 standard deviations.

    A white `halo` keeps them visible over a crowd of points.
    """
    ellipses = []
    for style, mean, covariance in zip(
        styles, components.means, components.covariances, strict=True
    ):
        for radius in STANDARD_DEVIATIONS:
            ellipse = covariance_ellipse(
                mean,
                covariance,
                radius,
                facecolor="none",
                edgecolor=style.colour,
                linestyle=style.line_style,
                linewidth=1.8 if radius == 1 else 1.2,
                path_effects=_halo(3.2) if halo else [],
                zorder=4,
            )
            ax.add_patch(ellipse)
            ellipses.append(ellipse)
    return ellipses


def draw_contours(ax: Axes, grid: DensityGrid) -> QuadContourSet:
    """Outline the highest-density regions of the mixture."""
    return ax.contour(
        grid.x,
        grid.y,
        grid.density,
        levels=np.unique(grid.levels),
        colors="0.55",
        linewidths=0.7,
        linestyles="solid",
        zorder=3,
    )


def draw_regions(ax: Axes, grid: DensityGrid) -> QuadContourSet:
    """Fill the highest-density regions of the mixture, the smallest darkest."""
    levels = np.unique(grid.levels)
    return ax.contourf(
        grid.x,
        grid.y,
        grid.density,
        levels=levels,
        colors=region_shades(len(levels)),
        extend="max",
        zorder=1,
    )


def draw_dots(ax: Axes, points: Array, size: float) -> PathCollection:
    """Scatter the points in one colour."""
    crowding = float(np.clip(np.sqrt(500 / len(points)), 0.25, 1.0))
    return ax.scatter(
        points[:, 0],
        points[:, 1],
        s=size * crowding,
        c=INK,
        alpha=0.3 + 0.4 * crowding,
        linewidths=0,
        zorder=2,
    )


def draw_class_region(
    ax: Axes, x: Array, y: Array, margin: Array, style: ComponentStyle
) -> QuadContourSet | None:
    """Tint where a class is ahead, if it is anywhere."""
    if margin.max() <= 0:
        return None
    levels = [0.0, margin.max() + 1]
    colours = [style.colour]
    return ax.contourf(
        x, y, margin, levels=levels, colors=colours, alpha=0.13, zorder=1
    )


def draw_class_border(
    ax: Axes, x: Array, y: Array, margin: Array
) -> QuadContourSet | None:
    """Draw where a class comes to be ahead, if it does anywhere."""
    if not margin.min() < 0 < margin.max():
        return None
    return ax.contour(
        x, y, margin, levels=[0.0], colors=[INK], linewidths=0.8, zorder=1.5
    )


def draw_classes(
    ax: Axes, points: Array, numbers: NDArray[np.intp], styles: Styles, size: float
) -> list[PathCollection]:
    """Scatter points by class; those of a negative number are hollow and grey."""
    crowding = float(np.clip(np.sqrt(500 / max(len(points), 1)), 0.25, 1.0))
    drawn = [
        ax.scatter(
            points[numbers == c, 0],
            points[numbers == c, 1],
            s=size * crowding,
            color=[style.colour],
            marker=style.marker,
            alpha=0.4 + 0.4 * crowding,
            linewidths=0,
            zorder=2,
        )
        for c, style in enumerate(styles)
    ]
    unknown = points[numbers < 0]
    if len(unknown):
        drawn.append(
            ax.scatter(
                unknown[:, 0],
                unknown[:, 1],
                s=size * crowding,
                facecolors="none",
                edgecolors="0.45",
                linewidths=0.7,
                zorder=2,
            )
        )
    return drawn


def draw_uncertain(
    ax: Axes, x: Array, y: Array, uncertainty: Array, size: float
) -> PathCollection:
    """Scatter points, the larger and darker the more uncertain, these on top."""
    order = np.argsort(uncertainty, kind="stable")
    crowding = float(np.clip(np.sqrt(500 / max(len(x), 1)), 0.25, 1.0))
    return ax.scatter(
        x[order],
        y[order],
        s=crowding * uncertain_area(uncertainty[order], size),
        c=uncertain_shade(uncertainty[order]),
        linewidths=0,
        zorder=3,
    )


def draw_wrong(ax: Axes, x: Array, y: Array, size: float) -> PathCollection:
    """Draw squares around misclassified points."""
    return ax.scatter(
        x,
        y,
        s=size,
        marker="s",
        facecolors="none",
        edgecolors="black",
        linewidths=1.0,
        zorder=5,
    )


def uncertain_area(uncertainty: ArrayLike, size: float) -> Array:
    """Area of points, in square typographic points; `size` at an uncertainty of ½."""
    shares = np.asarray(uncertainty, dtype=np.float64)
    return size * (0.15 + 0.85 * np.minimum(2 * shares, 1.0))


def uncertain_shade(uncertainty: ArrayLike) -> Array:
    """Red, green, blue and opacity of points, (n, 4); darkest from ½ on."""
    shares = np.minimum(2 * np.asarray(uncertainty, dtype=np.float64), 1.0)
    return np.asarray(matplotlib.colormaps["Greys"](0.35 + 0.65 * shares))


def region_shades(count: int) -> list[str]:
    """Colours of highest-density regions, the largest first."""
    shades = matplotlib.colormaps["Blues"](np.linspace(0.12, 0.55, count))
    return [to_hex(shade) for shade in shades]
