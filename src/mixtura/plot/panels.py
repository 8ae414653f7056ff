"""Draw one panel; each function returns the artists it added."""

from collections.abc import Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Patch, StepPatch

from mixtura.plot.colours import PALETTE, ComponentStyle, blend, percent
from mixtura.plot.ellipse import covariance_ellipse, mass_within
from mixtura.plot.gaussians import Array, GaussianComponents
from mixtura.plot.summaries import Curves, DensityGrid, Histogram

STANDARD_DEVIATIONS = (1, 2)
LEGEND_ROWS = 12
CROWD = 1000
INK = "0.25"
BARS = "0.85"

Styles = Sequence[ComponentStyle]


def _halo(width: float) -> list[patheffects.AbstractPathEffect]:
    return [patheffects.withStroke(linewidth=width, foreground="white")]


def draw_histogram(ax: Axes, bars: Histogram) -> StepPatch:
    """Draw bars of total area 1."""
    return ax.stairs(
        bars.heights, bars.edges, fill=True, facecolor=BARS, edgecolor="white", zorder=1
    )


def draw_densities(
    ax: Axes, curve: Curves, styles: Styles
) -> tuple[list[Line2D], Line2D]:
    """Draw the weighted component densities and their sum."""
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
    (total,) = ax.plot(
        curve.x, curve.densities.sum(axis=1), color=INK, linewidth=1.0, zorder=2.5
    )
    return lines, total


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
    proportional to the weight, up to four times the average.
    """
    labels = responsibilities.argmax(axis=1)
    colours = blend(responsibilities, styles)
    crowding = float(np.clip(np.sqrt(500 / len(points)), 0.25, 1.0))
    areas = size * crowding * np.clip(weights / weights.mean(), 0.05, 4.0)
    return [
        ax.scatter(
            points[labels == k, 0],
            points[labels == k, 1],
            s=areas[labels == k],
            c=colours[labels == k],
            marker=style.marker,
            alpha=0.4 + 0.4 * crowding,
            linewidths=0,
            zorder=2,
        )
        for k, style in enumerate(styles)
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


def component_handles(styles: Styles, weights: Array, *, markers: bool) -> list[Artist]:
    """Legend entries of the components; of many, those of largest weight."""
    heaviest = np.sort(np.argsort(-weights, kind="stable")[:LEGEND_ROWS])
    handles: list[Artist] = [
        Line2D(
            [],
            [],
            color=styles[k].colour,
            linestyle=styles[k].line_style,
            linewidth=1.6,
            label=styles[k].label,
            marker=styles[k].marker if markers else "",
            markersize=5,
        )
        for k in heaviest
    ]
    if len(styles) > len(heaviest):
        rest = len(styles) - len(heaviest)
        share = percent(1 - weights[heaviest].sum())
        handles.append(Patch(alpha=0, label=f"and {rest} more · {share}"))
    return handles


def mean_handle() -> Line2D:
    """Legend entry of the crosses."""
    return Line2D(
        [], [], marker="X", markersize=8, color=INK, linestyle="none", label="mean"
    )


def sum_handle() -> Line2D:
    """Legend entry of the density of the mixture."""
    return Line2D([], [], color=INK, linewidth=1.0, label="mixture (sum)")


def ellipse_handle() -> Line2D:
    """Legend entry that says how much of a component its ellipses hold."""
    one, two = (percent(mass_within(radius)) for radius in STANDARD_DEVIATIONS)
    return Line2D(
        [],
        [],
        color=INK,
        marker="o",
        markersize=9,
        markerfacecolor="none",
        linestyle="none",
        label="ellipses: 1 and 2 standard\n"
        f"deviations ({one} and {two}\nof a component)",
    )


def contour_handle(grid: DensityGrid) -> Line2D:
    """Legend entry that says how much of the mixture the contours hold."""
    masses = " and ".join(
        ", ".join(percent(mass) for mass in sorted(grid.masses)).rsplit(", ", 1)
    )
    return Line2D(
        [],
        [],
        color="0.55",
        linewidth=0.8,
        label=f"contours: {masses}\nof the mixture",
    )


def data_handle(n_rows: int, n_drawn: int, *, bars: bool) -> Artist:
    """Legend entry that counts the rows."""
    text = "data · 1 row" if n_rows == 1 else f"data · {n_rows:,} rows"
    if bars:
        return Patch(facecolor=BARS, label=text)
    if n_drawn < n_rows:
        text = f"data · {n_drawn:,} of {n_rows:,} rows"
    return Line2D(
        [], [], marker="o", markersize=4, color="0.6", linestyle="none", label=text
    )
