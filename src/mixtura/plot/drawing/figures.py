"""New figures, and panels inside given axes."""

import sys
from collections.abc import Iterable, Sequence

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mixtura.short_names import short_names

FILE_BACKENDS = frozenset({"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"})
PAIR_GAP = 0.08
PANEL_GAP = 0.12
SHORT_NUMBERS = (-3, 5)
"""Powers of ten at and beyond which the numbers of a small panel share one."""

POWER_HEIGHT = 9
"""Typographic points."""

PLANE_NAME, PANEL_NAME = 40, 20
"""Characters that have room along a plane, and along one of many panels."""


def new_axes(size: tuple[float, float]) -> Axes:
    """Return axes in a new figure of `size` inches.

    The figure is registered with pyplot only where the caller has loaded
    pyplot and its backend shows figures, so that notebooks and ``plt.show()``
    find it. Otherwise nothing but the caller holds it: it needs no screen
    and is freed with its display.
    """
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or pyplot.get_backend().lower() in FILE_BACKENDS:
        return Figure(figsize=size, layout="constrained").add_subplot()
    with matplotlib.rc_context({"figure.max_open_warning": 0}):
        figure: Figure = pyplot.figure(figsize=size, layout="constrained")
    return figure.add_subplot()


def target_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return `ax`, or axes in a new figure where it is None.

    Raises
    ------
    TypeError
        If `ax` is not one Axes.
    """
    if ax is None:
        return new_axes(size)
    if not isinstance(ax, Axes):
        raise TypeError(
            "ax must be one matplotlib Axes, or None for a new figure; got "
            f"{type(ax).__name__}. From an array of axes, pass one element."
        )
    return ax


def split_below(ax: Axes, fraction: float) -> Axes:
    """Cut a panel that shares the x axis off the lower part of `ax`.

    Parameters
    ----------
    ax : Axes
        Keeps the upper part of its place.
    fraction : float
        Height of the new panel, as a part of the whole.

    Returns
    -------
    Axes
    """
    place = ax.get_subplotspec()
    if place is not None:
        rows = place.subgridspec(2, 1, height_ratios=(1 - fraction, fraction))
        ax.set_subplotspec(rows[0])
        below = ax.get_figure().add_subplot(rows[1], sharex=ax)  # type: ignore[union-attr]
    else:
        box = ax.get_position()
        gap = 0.06 * box.height
        height = fraction * box.height
        ax.set_position((box.x0, box.y0 + height, box.width, box.height - height))
        below = ax.get_figure().add_axes(  # type: ignore[union-attr]
            (box.x0, box.y0, box.width, height - gap), sharex=ax
        )
    ax.tick_params(labelbottom=False)
    return below


def split_grid(
    ax: Axes, heights: Sequence[float], widths: Sequence[float]
) -> NDArray[np.object_]:
    """Cut the place of `ax` into rows and columns of panels.

    Parameters
    ----------
    ax : Axes
        Keeps the first place.
    heights, widths : sequence of float
        Of the rows and columns, in proportion.

    Returns
    -------
    ndarray of Axes, shape (len(heights), len(widths))
    """
    figure, place = ax.get_figure(), ax.get_subplotspec()
    assert figure is not None
    if place is not None:
        grid = place.subgridspec(
            len(heights), len(widths), height_ratios=heights, width_ratios=widths
        )
        cells = [grid[index] for index in range(len(heights) * len(widths))]
        ax.set_subplotspec(cells[0])
        rest = [figure.add_subplot(cell) for cell in cells[1:]]
    else:
        first, *others = _boxes(ax.get_position().bounds, heights, widths)
        ax.set_position(first)
        rest = [figure.add_axes(box) for box in others]
    panels = np.empty(1 + len(rest), dtype=object)
    panels[:] = [ax, *rest]
    return panels.reshape(len(heights), len(widths))


def _boxes(
    place: tuple[float, float, float, float],
    heights: Sequence[float],
    widths: Sequence[float],
) -> list[tuple[float, float, float, float]]:
    """Cells of a grid in a place without a layout, row by row from the top."""
    left, bottom, width, height = place
    right = left + width * np.cumsum(widths) / np.sum(widths)
    down = bottom + height * (1 - np.cumsum(heights) / np.sum(heights))
    return [
        (
            float(x - width * w / np.sum(widths)),
            float(y),
            float((1 - PANEL_GAP) * width * w / np.sum(widths)),
            float((1 - PANEL_GAP) * height * h / np.sum(heights)),
        )
        for y, h in zip(down, heights, strict=True)
        for x, w in zip(right, widths, strict=True)
    ]


def pair_axes(frame: Axes, names: Sequence[str]) -> NDArray[np.object_]:
    """Fill the place of `frame` with the lower triangle of a square grid.

    Parameters
    ----------
    frame : Axes
        Becomes invisible.
    names : sequence of str, length d
        Labels of the rows and columns; cut if they are long.

    Returns
    -------
    ndarray of shape (d, d)
        Axes, None above the diagonal. Panels of a column share x; panels of
        a row share y, except for the diagonal.
    """
    count, labels = len(names), axis_names(names)
    frame.set_axis_off()
    side = (1 - PAIR_GAP) / count
    axes = np.full((count, count), None, dtype=object)
    for row in range(count):
        for column in range(row + 1):
            panel = frame.inset_axes(
                (column / count, 1 - (row + 1) / count, side, side),
                sharex=axes[column, column],
                sharey=axes[row, 0] if 0 < column < row else None,
            )
            axes[row, column] = panel
            _label_panel(panel, row, column, labels)
    return axes


def _label_panel(panel: Axes, row: int, column: int, names: Sequence[str]) -> None:
    panel.tick_params(labelsize="small")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(MaxNLocator(4))
        axis.get_offset_text().set_fontsize("small")
    panel.ticklabel_format(scilimits=SHORT_NUMBERS)
    if row < len(names) - 1:
        panel.tick_params(labelbottom=False)
    else:
        panel.set_xlabel(names[column])
    if row == column:
        panel.yaxis.set_visible(row == 0)
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
        panel.set_ylabel("density" if row == 0 else "")
    elif column > 0:
        panel.tick_params(labelleft=False)
    else:
        panel.set_ylabel(names[row])


def clear_powers(row: Iterable[Axes]) -> None:
    """Move the labels along x below the powers of ten that numbers share, if any."""
    panels = list(row)
    if any(_power(panel.xaxis) for panel in panels):
        for panel in panels:
            panel.xaxis.labelpad += POWER_HEIGHT


def _power(axis: Axis) -> str:
    formatter = axis.get_major_formatter()
    formatter.set_locs(axis.get_majorticklocs().tolist())
    return formatter.get_offset()


def axis_names(names: Sequence[str]) -> list[str]:
    """Cut the names of one column, of the two of a plane or of all of a grid."""
    return short_names(names, PLANE_NAME if len(names) <= 2 else PANEL_NAME)


def name_axes(ax: Axes, names: Sequence[str]) -> None:
    """Write the name of a column along x, and of a second one along y."""
    labels = axis_names(names)
    ax.set_xlabel(labels[0])
    if len(labels) > 1:
        ax.set_ylabel(labels[1])


def figure_size(n_columns: int, *, legend: bool) -> tuple[float, float]:
    """Inches of a figure of so many columns of data."""
    if n_columns > 2:
        side = 1.2 + 1.9 * n_columns
        return side, side
    return (7.6 if legend else 5.8), 4.8


def place_legend(ax: Axes, handles: Sequence[Artist], n_columns: int) -> Legend:
    """Put a legend right of the axes, or in the empty half of a grid of pairs."""
    is_grid = n_columns > 2
    return ax.legend(
        handles=list(handles),
        loc="upper right" if is_grid else "upper left",
        bbox_to_anchor=(1.0, 1.0) if is_grid else (1.01, 1.0),
        frameon=False,
        fontsize="small",
        handlelength=2.8,
    )


def room_for_legend(ax: Axes, share: float) -> Axes:
    """Cut invisible axes off the bottom of `ax`, to hold a legend of several panels."""
    below: Axes = split_grid(ax, [1 - share, share], [1])[1, 0]
    below.set_axis_off()
    return below


def fill_with_legend(room: Axes, handles: Sequence[Artist]) -> Legend:
    """Put a legend of several columns where `room_for_legend` made room."""
    return room.legend(
        handles=list(handles),
        loc="upper center",
        ncols=4,
        borderaxespad=0,
        frameon=False,
        fontsize="small",
        handlelength=2.2,
    )


def tidy(ax: Axes) -> None:
    """Remove the frame lines that carry no scale."""
    ax.spines[["top", "right"]].set_visible(False)
