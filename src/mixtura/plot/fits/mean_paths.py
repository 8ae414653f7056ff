"""Picture of the ways that the means of the components go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse

from mixtura.plot.drawing import panels
from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.drawing.figures import (
    name_axes,
    place_legend,
    split_grid,
    tidy,
)
from mixtura.plot.drawing.legends import component_handles
from mixtura.plot.fits.traced import (
    RecordedDisplay,
    check_trace,
    count_iterations,
    e_steps,
    name_columns,
)
from mixtura.plot.quantities.gaussians import Array, GaussianComponents
from mixtura.plot.quantities.inputs import choose_columns
from mixtura.trace import EMTrace

CALLER = "MeanPathsDisplay"
POINTS = 14.0
"""Area of the points of a plane, in square typographic points."""


@dataclass(kw_only=True, repr=False, eq=False)
class MeanPathsDisplay(RecordedDisplay):
    """The paths of the means, from where EM began to where it ended.

    Two columns give a plane with the rows, the paths and the last ellipses; any other
    number gives a panel for each column, with the means over the iterations. Make it
    with :meth:`from_trace` or :meth:`from_estimator`.

    Parameters
    ----------
    iterations : ndarray of shape (T,)
    means : ndarray of shape (T, K, d)
        After each iteration, in the columns that are shown.
    components : GaussianComponents
        The last, in the same columns.
    points : ndarray of shape (m, d)
        Some of the rows.
    feature_names : sequence of str, length d

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The plane, or the first panel.
    axes_ : ndarray of Axes
    figure_ : matplotlib.figure.Figure
    path_lines_ : list of matplotlib.lines.Line2D
        One for each component, panel by panel.
    start_markers_, end_markers_ : list of matplotlib.lines.Line2D
        Likewise.
    ellipses_ : list of matplotlib.patches.Ellipse
    scatter_ : PathCollection or None
    legend_ : matplotlib.legend.Legend

    Examples
    --------
    >>> from mixtura import GaussianMixture, load_dataset
    >>> from mixtura.plot import MeanPathsDisplay
    >>> faithful = load_dataset("old-faithful").values
    >>> model = GaussianMixture(2, init_params="random_from_data",
    ...     acceleration=None, record=True, random_state=0).fit(faithful)
    >>> MeanPathsDisplay.from_estimator(model).axes_.shape
    (1,)
    """

    iterations: Array
    means: Array
    components: GaussianComponents
    points: Array
    feature_names: Sequence[str]

    def __repr__(self) -> str:
        columns = ", ".join(self.feature_names)
        return f"MeanPathsDisplay({len(self.components)} components in {columns})"

    @classmethod
    def from_trace(
        cls,
        trace: EMTrace,
        *,
        columns: Sequence[int | str] | None = None,
        feature_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a trace.

        Parameters
        ----------
        trace : EMTrace
            Of a Gaussian mixture.
        columns : sequence of int or str, optional
            Default: the first six. Two give a plane.
        feature_names : sequence of str, optional
            One for each column of the data, with units. Default: those of the fit.
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        MeanPathsDisplay

        Raises
        ------
        TypeError
            If it is no trace of a Gaussian mixture.
        ValueError
            If a column is unknown, or there is not one name for each.
        """
        check_trace(trace, CALLER)
        names = name_columns(trace, feature_names, CALLER)
        chosen = list(choose_columns(columns, names, f"{CALLER}.from_trace"))
        steps = [trace[int(index)] for index in e_steps(trace)]
        last = steps[-1].params
        whole = GaussianComponents(
            last.weights, last.components.means, trace.covariances(-1)
        )
        rows = np.empty((0, len(trace.about.columns)))
        if trace.sample is not None:
            rows = trace.sample.rows.X
        display = cls(
            iterations=np.array([step.iteration for step in steps], dtype=float),
            means=np.array([step.params.components.means[:, chosen] for step in steps]),
            components=whole.marginal(chosen),
            points=rows[:, chosen],
            feature_names=tuple(names[j] for j in chosen),
        )
        return display.plot(ax=ax)

    def _draw(self) -> None:
        self.path_lines_: list[Line2D] = []
        self.start_markers_: list[Line2D] = []
        self.end_markers_: list[Line2D] = []
        self.ellipses_: list[Ellipse] = []
        self.scatter_: PathCollection | None = None
        self.styles = component_styles(self.components.weights)
        count = len(self.feature_names)
        if count == 2:
            self._plot_plane()
        else:
            self.axes_ = split_grid(self.ax_, [1] * count, [1])[:, 0]
            for column, panel in enumerate(self.axes_):
                self._plot_column(panel, column)
            self.figure_.align_ylabels(list(self.axes_))
        for panel in self.axes_:
            tidy(panel)
        self._explain()

    def _size(self) -> tuple[float, float]:
        count = len(self.feature_names)
        return 7.6, (4.8 if count == 2 else 1.6 + 1.5 * count)

    def _plot_plane(self) -> None:
        if len(self.points):
            self.scatter_ = panels.draw_dots(self.ax_, self.points, POINTS)
            self.scatter_.set_alpha(0.22)
        self.ellipses_ = panels.draw_ellipses(
            self.ax_, self.components, self.styles, halo=False
        )
        for k in range(len(self.components)):
            self._path(self.ax_, self.means[:, k, 0], self.means[:, k, 1], k)
        name_axes(self.ax_, self.feature_names)

    def _plot_column(self, panel: Axes, column: int) -> None:
        for k in range(len(self.components)):
            self._path(panel, self.iterations, self.means[:, k, column], k)
        panel.set_ylabel(f"mean of\n{self.feature_names[column]}")
        if column > 0:
            panel.sharex(self.ax_)
        is_last = column == len(self.feature_names) - 1
        panel.tick_params(labelbottom=is_last)
        count_iterations(panel, "iteration" if is_last else "")

    def _path(self, ax: Axes, x: Array, y: Array, k: int) -> None:
        """Draw the path of one mean, hollow where it begins."""
        colour = self.styles[k].colour
        self.path_lines_ += ax.plot(
            x, y, color=colour, marker=".", markersize=4, linewidth=1.3, zorder=5
        )
        self.start_markers_ += ax.plot(
            x[0],
            y[0],
            marker="o",
            markersize=8,
            markerfacecolor="white",
            markeredgecolor=colour,
            markeredgewidth=1.6,
            linestyle="none",
            zorder=6,
            clip_on=False,
        )
        self.end_markers_ += ax.plot(
            x[-1],
            y[-1],
            marker="X",
            markersize=10,
            markerfacecolor=colour,
            markeredgecolor="white",
            markeredgewidth=1.4,
            linestyle="none",
            zorder=7,
            clip_on=False,
        )

    def _explain(self) -> None:
        ink: dict[str, Any] = {"color": panels.INK, "linestyle": "none"}
        handles = component_handles(self.styles, self.components.weights, markers=False)
        for handle, line in zip(handles, self.path_lines_, strict=False):
            if isinstance(handle, Line2D) and not self.ellipses_:
                handle.set_linestyle(line.get_linestyle())
        handles += [
            Line2D([], [], marker="o", markerfacecolor="white", label="start", **ink),
            Line2D([], [], marker=".", label="each iteration", **ink),
            Line2D([], [], marker="X", markersize=8, label="end", **ink),
        ]
        self.legend_ = place_legend(self.ax_, handles, 2)
