"""Entries of the legends."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mixtura.plot.drawing.colours import ComponentStyle, percent
from mixtura.plot.drawing.ellipse import mass_within
from mixtura.plot.drawing.panels import (
    BARS,
    INK,
    NOISE_INK,
    NOISE_MARKER,
    STANDARD_DEVIATIONS,
    region_shades,
    uncertain_area,
    uncertain_shade,
)
from mixtura.plot.drawing.shares import NOISE
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.rows import DrawnRows
from mixtura.plot.quantities.summaries import DensityGrid

LEGEND_ROWS = 12
LEAST_NOISE = 1e-9


def mixture_handles(
    styles: Sequence[ComponentStyle],
    weights: Array,
    rows: DrawnRows,
    grid: DensityGrid | None,
    *,
    is_line: bool,
    has_parts: bool,
    has_sum: bool,
) -> list[Artist]:
    """Legend of a mixture, from what is drawn of it.

    Parameters
    ----------
    styles : sequence of ComponentStyle
    weights : ndarray of shape (K,)
    rows : DrawnRows
    grid : DensityGrid or None
        None if there are no contours.
    is_line : bool
        One column: curves, and no ellipses.
    has_parts, has_sum : bool
        Whether the components, and whether their sum along a column, are drawn.
    """
    handles: list[Artist] = []
    if has_parts:
        handles += component_handles(styles, weights, markers=not is_line)
        if weights.sum() < 1 - LEAST_NOISE and not is_line:
            handles.append(apart_handle("noise", 1 - float(weights.sum())))
        if rows.trimmed_share > 0 and not is_line:
            handles.append(apart_handle("trimmed", rows.trimmed_share))
    if has_sum:
        handles.append(sum_handle())
    if has_parts:
        handles.append(mean_handle())
    if has_parts and not is_line:
        handles.append(ellipse_handle())
    if grid is not None:
        handles += [contour_handle(grid)] if has_parts else region_handles(grid)
    handles.append(data_handle(rows.n_rows, len(rows.points), bars=is_line))
    return handles


def uncertainty_handles(size: float) -> list[Artist]:
    """Legend entries of uncertainties; the area of a half is `size`."""
    labels = {0.0: "0", 0.1: "0.1", 0.25: "0.25", 0.5: "0.5 or more"}
    return [
        Line2D(
            [],
            [],
            marker="o",
            markersize=float(np.sqrt(uncertain_area(value, size))),
            markerfacecolor=tuple(uncertain_shade(value)),
            markeredgewidth=0,
            linestyle="none",
            label=f"uncertainty {label}",
        )
        for value, label in labels.items()
    ]


def wrong_handle(count: int | None) -> Line2D:
    """Legend entry of the misclassified rows, counted unless None."""
    text = "misclassified"
    if count is not None:
        text += f" · {count:,} {'row' if count == 1 else 'rows'}"
    return Line2D(
        [],
        [],
        marker="s",
        markersize=7,
        markerfacecolor="none",
        markeredgecolor="black",
        linestyle="none",
        label=text,
    )


def unknown_handle(count: int) -> Line2D:
    """Legend entry of the rows without a class."""
    return Line2D(
        [],
        [],
        marker="o",
        markersize=5,
        markerfacecolor="none",
        markeredgecolor="0.45",
        linestyle="none",
        label=f"no class · {count:,} {'row' if count == 1 else 'rows'}",
    )


def component_handles(
    styles: Sequence[ComponentStyle],
    weights: Array,
    *,
    markers: bool,
    most: int = LEGEND_ROWS,
) -> list[Artist]:
    """Legend entries of the components; of many, those of largest weight."""
    heaviest = np.sort(np.argsort(-weights, kind="stable")[:most])
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


def border_handle(*, marginal: bool, near: bool = False) -> Line2D:
    """Legend entry of the borders between components, given all columns or some.

    With `near` it stands for borders between clusters as well.
    """
    label = "equally probable" + (", or near" if near else "")
    label += "\n(given these columns)" if marginal else ""
    return Line2D([], [], color=INK, linewidth=1.0, label=label)


def apart_handle(name: str, share: float) -> Line2D:
    """Legend entry of the rows that belong to no component, of this weight."""
    return Line2D(
        [],
        [],
        color=NOISE_INK,
        marker=NOISE_MARKER,
        markersize=5,
        linestyle="none",
        label=f"{name} · {percent(share)}",
    )


def noise_handle() -> Patch:
    """Legend entry of the noise component."""
    return Patch(facecolor=NOISE, label="noise")


def class_handles(styles: Sequence[ComponentStyle]) -> list[Artist]:
    """Legend entries of known classes."""
    return [
        Line2D(
            [],
            [],
            color=style.colour,
            marker=style.marker,
            markersize=5,
            linestyle="none",
            label=f"class {style.label}",
        )
        for style in styles
    ]


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


def region_handles(grid: DensityGrid) -> list[Artist]:
    """Legend entries that say how much of the mixture each shade holds."""
    shades = region_shades(len(grid.masses))
    return [
        Patch(
            facecolor=shade,
            edgecolor="0.55",
            linewidth=0.7,
            label=f"{percent(mass)} of the mixture",
        )
        for mass, shade in zip(reversed(grid.masses), reversed(shades), strict=True)
    ]


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
