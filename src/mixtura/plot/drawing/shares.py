"""Draw responsibilities over a line or a plane; each function returns its artists."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.contour import QuadContourSet
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from mixtura.plot.drawing.colours import ComponentStyle, blend
from mixtura.plot.drawing.panels import INK
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.plane import ResponsibilityGrid

NOISE = "0.58"
RUG = 0.12
"""Depth of the rows below a density, as a part of its height."""

LIGHT = 0.42
"""What is left of a colour's distance from white where it fills an area."""

Styles = Sequence[ComponentStyle]


def draw_shares(
    ax: Axes, grid: ResponsibilityGrid, styles: Styles, *, lines: bool = True
) -> list[PolyCollection]:
    """Stack the components' shares of 1 over one column; noise is on top, grey.

    White `lines` separate them, unless they would lie too close.
    """
    (x,), shares = grid.axes, grid.values
    tops = np.cumsum(shares, axis=1)
    areas: list[PolyCollection] = []
    for k, style in enumerate(styles):
        colour, bottom = lightened(style.colour), tops[:, k] - shares[:, k]
        areas.append(ax.fill_between(x, bottom, tops[:, k], color=colour, linewidth=0))
        if k and lines:
            ax.plot(x, bottom, color="white", linewidth=1.2)
    if grid.has_noise:
        ax.fill_between(x, tops[:, -1], 1.0, color=NOISE, linewidth=0)
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    return areas


def draw_mixed_colours(ax: Axes, grid: ResponsibilityGrid, styles: Styles) -> AxesImage:
    """Colour the plane by the shares of the components, softly."""
    shares = grid.values
    colours = lightened(blend(shares.reshape(-1, shares.shape[-1]), styles))
    (left, right), (bottom, top) = ((x[0], x[-1]) for x in grid.axes)
    return ax.imshow(
        colours.reshape(*shares.shape[:2], 3),
        extent=(left, right, bottom, top),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        zorder=0,
    )


def draw_border(ax: Axes, grid: ResponsibilityGrid, lead: Array) -> QuadContourSet:
    """Draw where a component's lead over the others is zero."""
    x, y = grid.axes
    return ax.contour(
        x,
        y,
        lead,
        levels=[0.0],
        colors=INK,
        linewidths=1.0,
        linestyles="solid",
        zorder=3,
    )


def draw_borders(ax: Axes, grid: ResponsibilityGrid) -> list[QuadContourSet]:
    """Draw all borders between the regions of the most probable components."""
    return [
        draw_border(ax, grid, lead)
        for lead in grid.leads()
        if lead.min() < 0 < lead.max()
    ]


def rug_places(x: Array, top: float) -> Array:
    """Places of rows under the axis of a density as high as `top`, (m, 2)."""
    depth = np.random.default_rng(0).uniform(0.3, 1.0, len(x))
    return np.column_stack([x, -RUG * top * depth])


def floor_at_rug(ax: Axes, top: float) -> None:
    """Draw the axis of a density above its rows, and end the scale at 0."""
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_ylim(-1.2 * RUG * top, top)
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= top])


def lightened(colours: ArrayLike) -> Array:
    """Colours closer to white, for areas under points and lines."""
    return np.asarray(1 - LIGHT * (1 - np.asarray(colours, dtype=np.float64)))
