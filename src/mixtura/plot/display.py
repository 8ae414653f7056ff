"""What every picture is: values, and the artists that `plot` makes of them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from io import BytesIO
from typing import Self

import numpy as np
from matplotlib import _pylab_helpers
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from numpy.typing import NDArray

from mixtura.plot.drawing.figures import (
    clear_powers,
    figure_size,
    name_axes,
    pair_axes,
    place_legend,
    split_below,
    target_axes,
    tidy,
)


class NotebookFigure:
    """Show ``figure_`` in a notebook, unless pyplot is about to."""

    figure_: Figure | SubFigure

    def _repr_png_(self) -> bytes | None:
        figure = getattr(self, "figure_", None)
        if figure is None or _managed_by_pyplot(figure.figure):
            return None
        buffer = BytesIO()
        figure.figure.savefig(buffer, format="png")
        return buffer.getvalue()


class Display(NotebookFigure, ABC):
    """A picture, in scikit-learn's Display convention.

    A subclass is a dataclass of the values that it draws. Artists are its attributes
    whose names end in an underscore.
    """

    ax_: Axes
    axes_: NDArray[np.object_]

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the computed values.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Its place is split where there are several panels. Default: a new figure.

        Returns
        -------
        Display
            Itself, with the artists as attributes.

        Raises
        ------
        TypeError
            If `ax` is not one Axes.
        """
        self.ax_ = target_axes(ax, self._size())
        self.axes_ = np.array([self.ax_], dtype=object)
        self.figure_ = self.ax_.get_figure()  # type: ignore[assignment]
        self._draw()
        return self

    @abstractmethod
    def _size(self) -> tuple[float, float]:
        """Inches of a new figure."""

    @abstractmethod
    def _draw(self) -> None:
        """Draw the values on ``ax_``."""

    def _split_below(self, fraction: float) -> Axes:
        """Cut a second panel off the lower part of the axes."""
        below = split_below(self.ax_, fraction)
        self.axes_ = np.array([self.ax_, below], dtype=object)
        return below


class LegendDisplay(Display):
    """A picture whose legend can be left out."""

    legend_: Legend | None

    def plot(self, ax: Axes | None = None, *, legend: bool = True) -> Self:
        """Draw the computed values.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Its place is split where there are several panels. Default: a new figure.
        legend : bool, default=True
            Beside or below the panels, or where a grid of pairs is empty.

        Returns
        -------
        Display
            Itself, with the artists as attributes.

        Raises
        ------
        TypeError
            If `ax` is not one Axes.
        """
        self.legend_, self._has_legend = None, legend
        return super().plot(ax)


class ColumnsDisplay(LegendDisplay):
    """A picture of one column, of the plane of two, or of all pairs of more."""

    limits: Sequence[tuple[float, float]]
    feature_names: Sequence[str]
    n_features: int

    def _size(self) -> tuple[float, float]:
        return figure_size(len(self.feature_names), legend=self._has_legend)

    def _draw(self) -> None:
        count = len(self.feature_names)
        draw = {1: self._draw_line, 2: self._draw_plane}.get(count, self._draw_pairs)
        draw()
        if self._has_legend:
            self.legend_ = place_legend(self.ax_, self._handles(), count)

    @abstractmethod
    def _draw_line(self) -> None:
        """Draw the only column."""

    @abstractmethod
    def _draw_column(self, ax: Axes, column: int) -> None:
        """Draw one column on the diagonal of a grid."""

    @abstractmethod
    def _draw_pair(self, ax: Axes, row: int, column: int) -> None:
        """Draw two columns, that of `column` along x."""

    @abstractmethod
    def _handles(self) -> list[Artist]:
        """Entries of the legend, from what is drawn."""

    def _draw_plane(self) -> None:
        self._pair_panel(self.ax_, 1, 0)
        name_axes(self.ax_, self.feature_names)

    def _draw_pairs(self) -> None:
        count = len(self.feature_names)
        self.axes_ = pair_axes(self.ax_, self.feature_names)
        for row in range(count):
            self._draw_column(self.axes_[row, row], row)
            for column in range(row):
                self._pair_panel(self.axes_[row, column], row, column)
        clear_powers(self.axes_[-1])
        if count < self.n_features:
            self.ax_.set_title(
                f"{count} of {self.n_features} columns", loc="right", fontsize="small"
            )

    def _pair_panel(self, ax: Axes, row: int, column: int) -> None:
        self._draw_pair(ax, row, column)
        ax.set_xlim(self.limits[column])
        ax.set_ylim(self.limits[row])
        tidy(ax)


def _managed_by_pyplot(figure: Figure) -> bool:
    managers = _pylab_helpers.Gcf.get_all_fig_managers()
    return any(manager.canvas.figure is figure for manager in managers)
