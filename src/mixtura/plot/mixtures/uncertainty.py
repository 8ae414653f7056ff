"""Picture of how sure a mixture is of the component of each row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mixtura.plot.drawing import legends, panels
from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.drawing.figures import (
    NotebookFigure,
    figure_size,
    pair_axes,
    place_legend,
    split_below,
    target_axes,
    tidy,
)
from mixtura.plot.mixtures.uncertain_rows import (
    axis_top,
    misclassified,
    uncertainty_curve,
    uncertainty_of,
)
from mixtura.plot.quantities.gaussians import Array, GaussianComponents
from mixtura.plot.quantities.inputs import check_fitted, choose_columns, read_table
from mixtura.plot.quantities.rows import evenly_spaced, posterior
from mixtura.plot.quantities.summaries import (
    Curves,
    Histogram,
    curves,
    data_range,
    histogram,
    view_limits,
)

CALLER = "UncertaintyDisplay.from_estimator"
PARAMETERS = ("weights_", "means_", "covariances_")
LABEL = "uncertainty (1 \N{MINUS SIGN} largest responsibility)"
LARGE, SMALL = 90.0, 36.0
"""Areas of the most uncertain points in a plane and in a grid of pairs."""


class UncertaintyDisplay(NotebookFigure):
    """How sure a mixture is of the component of each row.

    The uncertainty of a row is 1 minus its largest responsibility, a probability
    between 0 and 1 - 1 / K. One column gives it over the column, above a histogram;
    two give a scatter plot over the components' ellipses, the points the larger and
    darker the more uncertain they are; more give a grid of pairs. ``kind="ranked"``
    gives the uncertainties of all rows in ascending order, for any number of columns.
    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    uncertainty : ndarray of shape (n,)
        Of each row, under the whole model.
    misclassified : ndarray of bool of shape (n,), optional
        Where the classes are known.
    kind : {"map", "ranked"}
    points : ndarray of shape (n, d)
        Values in the shown columns.
    drawn : ndarray of int of shape (m,)
        Numbers of the rows that a map scatters.
    components : GaussianComponents
        Mixture of the shown columns.
    curve : tuple of two ndarrays, optional
        Values of the only column of the model, and the uncertainty there.
    bars : Histogram, optional
        Of the only shown column.
    density : Curves, optional
        Likewise.
    limits : sequence of (float, float)
        Axis limits of the shown columns.
    feature_names : sequence of str
        Of the shown columns.
    n_features : int
        Columns of the model, shown or not.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The main panel; for a grid of pairs the invisible frame around it.
    axes_ : ndarray of Axes
        Shape (2,) for a map of one column (uncertainty, histogram), (1,) for two
        columns and for ranks, (d, d) for more, with None above the diagonal.
    figure_ : matplotlib.figure.Figure
    curve_ : matplotlib.lines.Line2D or None
        Over the only column of the model, or over the ranks.
    scatters_ : list of PathCollection
        The rows, the most uncertain last; one for each panel.
    misclassified_ : list of PathCollection
        Squares around the misclassified rows; one for each panel.
    ellipses_, mean_markers_, component_lines_ : list
        The components.
    legend_ : matplotlib.legend.Legend or None

    Examples
    --------
    >>> from mixtura import GaussianMixture, UncertaintyDisplay, load_dataset
    >>> faithful = load_dataset("old-faithful").values
    >>> model = GaussianMixture(2, random_state=0).fit(faithful)
    >>> UncertaintyDisplay.from_estimator(model, faithful)
    UncertaintyDisplay(272 rows, 1 of uncertainty above 0.1)
    """

    ax_: Axes
    axes_: NDArray[np.object_]
    figure_: Figure | SubFigure
    curve_: Line2D | None
    scatters_: list[PathCollection]
    misclassified_: list[PathCollection]
    ellipses_: list[Ellipse]
    mean_markers_: list[Line2D]
    component_lines_: list[Line2D]
    legend_: Legend | None

    def __init__(
        self,
        *,
        uncertainty: Array,
        misclassified: NDArray[np.bool_] | None,
        kind: str,
        points: Array,
        drawn: NDArray[np.intp],
        components: GaussianComponents,
        curve: tuple[Array, Array] | None,
        bars: Histogram | None,
        density: Curves | None,
        limits: Sequence[tuple[float, float]],
        feature_names: Sequence[str],
        n_features: int,
    ) -> None:
        self.uncertainty = uncertainty
        self.misclassified = misclassified
        self.kind = kind
        self.points = points
        self.drawn = drawn
        self.components = components
        self.curve = curve
        self.bars = bars
        self.density = density
        self.limits = tuple(limits)
        self.feature_names = tuple(feature_names)
        self.n_features = n_features

    def __repr__(self) -> str:
        count, above = len(self.uncertainty), int((self.uncertainty > 0.1).sum())
        return f"UncertaintyDisplay({count} rows, {above} of uncertainty above 0.1)"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        kind: str = "map",
        y: Any = None,
        feature_names: Sequence[str] | None = None,
        columns: Sequence[int | str] | int | str | None = None,
        max_points: int = 5000,
        legend: bool = True,
        ax: Axes | None = None,
    ) -> "UncertaintyDisplay":
        """Draw the uncertainty of rows under a fitted Gaussian mixture.

        Parameters
        ----------
        estimator : fitted estimator
            ``mixtura.GaussianMixture`` or ``sklearn.mixture.GaussianMixture``.
        X : array-like or data frame of shape (n, D)
            With all columns of the fit.
        kind : {"map", "ranked"}, default="map"
            Over the columns, or in ascending order.
        y : array-like of shape (n,), optional
            Known classes, in whatever numbers or names. A row is misclassified if its
            component is not the one that suits its class best (see
            :func:`mixtura.agreement`).
        feature_names : sequence of str, length D, optional
            Default: the names of the fit, else those of the data frame, else
            x0, x1, ...
        columns : sequence of int or str, int or str, optional
            Columns of a map, as names or numbers from 0. Default: the first six.
        max_points : int, default=5000
            Of a longer table, a map scatters evenly spaced rows.
        legend : bool, default=True
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        UncertaintyDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no Gaussian mixture, or `X` holds something else than numbers.
        ValueError
            If `X` has another width than the model, `y` another length than `X`, or
            `kind`, a column or `max_points` is unknown or out of range.
        """
        check_fitted(estimator, PARAMETERS, CALLER, "Pass a Gaussian mixture.")
        table = read_table(estimator, X, feature_names, CALLER)
        _check_options(kind, max_points, y, len(table.values))
        shown = choose_columns(columns, table.names, CALLER)
        shares = posterior(estimator, table, np.arange(len(table.values)))
        wrong = None if y is None else misclassified(shares.argmax(axis=1), y)
        components = GaussianComponents.of(estimator).marginal(shown)
        points = table.values[:, shown]
        ranges = [data_range(components, j, x) for j, x in enumerate(points.T)]
        is_line = len(shown) == 1
        density = curves(components, *ranges[0]) if is_line else None
        display = cls(
            uncertainty=uncertainty_of(shares),
            misclassified=wrong,
            kind=kind,
            points=points,
            drawn=evenly_spaced(len(points), max_points),
            components=components,
            curve=uncertainty_curve(estimator, table, density),
            bars=histogram(points[:, 0], np.ones(len(points))) if is_line else None,
            density=density,
            limits=[view_limits(components, j, *ends) for j, ends in enumerate(ranges)],
            feature_names=[table.names[column] for column in shown],
            n_features=len(table.names),
        )
        return display.plot(ax=ax, legend=legend)

    def plot(
        self, ax: Axes | None = None, *, legend: bool = True
    ) -> "UncertaintyDisplay":
        """Draw the computed values.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Default: a new figure. A map of one column splits it in two panels, one
            of more than two hides it and fills its place with a grid.
        legend : bool, default=True
            Inside for ranks; of a map right of the axes, or in the empty half of the
            grid.

        Returns
        -------
        UncertaintyDisplay
            Itself, with the artists as attributes.

        Raises
        ------
        TypeError
            If `ax` is not one Axes.
        """
        self.curve_ = self.legend_ = None
        self.scatters_, self.misclassified_ = [], []
        self.ellipses_, self.mean_markers_, self.component_lines_ = [], [], []
        self.styles = component_styles(self.components.weights)
        count, is_map = len(self.feature_names), self.kind == "map"
        size = figure_size(count, legend=legend) if is_map else (6.4, 4.4)
        self.ax_ = target_axes(ax, size)
        self.axes_ = np.array([self.ax_], dtype=object)
        self.figure_ = self.ax_.get_figure()  # type: ignore[assignment]
        if not is_map:
            self._plot_ranks(legend=legend)
            return self
        draw = {1: self._plot_line, 2: self._plot_plane}.get(count, self._plot_pairs)
        draw()
        if legend:
            self.legend_ = place_legend(self.ax_, self._map_handles(), count)
        return self

    def _plot_ranks(self, *, legend: bool) -> None:
        order = np.argsort(self.uncertainty, kind="stable")
        ranks, values = np.arange(1.0, len(order) + 1), self.uncertainty[order]
        (self.curve_,) = self.ax_.plot(ranks, values, color=panels.INK, linewidth=1.4)
        self.ax_.fill_between(ranks, values, color=panels.BARS, linewidth=0)
        handles: list[Artist] = [legends.data_handle(len(order), len(order), bars=True)]
        if self.misclassified is not None:
            wrong = self.misclassified[order]
            self.ax_.vlines(ranks[wrong], 0, values[wrong], color="black", lw=0.7)
            self.misclassified_.append(
                panels.draw_wrong(self.ax_, ranks[wrong], values[wrong], SMALL)
            )
            handles.append(legends.wrong_handle(int(wrong.sum())))
        self.ax_.set_xlabel("rows, from the most certain to the least")
        self.ax_.set_ylabel(LABEL)
        self.ax_.set_xlim(0, len(order) + 1)
        self.ax_.set_ylim(0, axis_top(self.uncertainty))
        tidy(self.ax_)
        if legend:
            self.legend_ = self.ax_.legend(
                handles=handles, loc="upper left", frameon=False, fontsize="small"
            )

    def _plot_line(self) -> None:
        assert self.density is not None
        below = split_below(self.ax_, 0.4)
        self.axes_ = np.array([self.ax_, below], dtype=object)
        if self.curve is not None:
            (self.curve_,) = self.ax_.plot(
                *self.curve, color=panels.INK, linewidth=1.2, zorder=2
            )
        self._uncertainty_panel(self.ax_, 0, LARGE / 2)
        self.ax_.set_ylabel(LABEL.replace(" (", "\n("))
        if self.bars is not None:
            panels.draw_histogram(below, self.bars)
        self.component_lines_ += panels.draw_densities(below, self.density, self.styles)
        below.set_ylim(bottom=0)
        below.set_xlabel(self.feature_names[0])
        below.set_ylabel("density")
        tidy(below)
        self.figure_.align_ylabels([self.ax_, below])

    def _plot_plane(self) -> None:
        self._pair_panel(self.ax_, 1, 0, LARGE)
        self.ax_.set_xlabel(self.feature_names[0])
        self.ax_.set_ylabel(self.feature_names[1])

    def _plot_pairs(self) -> None:
        count = len(self.feature_names)
        self.axes_ = pair_axes(self.ax_, self.feature_names)
        for row in range(count):
            self._uncertainty_panel(self.axes_[row, row], row, SMALL)
            for column in range(row):
                self._pair_panel(self.axes_[row, column], row, column, SMALL)
        first = self.axes_[0, 0]
        first.set_ylabel("uncertainty")
        first.yaxis.set_major_locator(MaxNLocator(3))
        first.spines["left"].set_visible(True)
        if count < self.n_features:
            self.ax_.set_title(
                f"{count} of {self.n_features} columns", loc="right", fontsize="small"
            )

    def _uncertainty_panel(self, ax: Axes, column: int, size: float) -> None:
        """Draw the uncertainty of the rows over one column."""
        self._scatter(ax, self.points[:, column], self.uncertainty, size)
        ax.set_xlim(self.limits[column])
        top = axis_top(self.uncertainty if self.curve is None else self.curve[1])
        ax.set_ylim(-0.04 * top, top)
        tidy(ax)

    def _pair_panel(self, ax: Axes, row: int, column: int, size: float) -> None:
        pair = self.components.marginal([column, row])
        self._scatter(ax, self.points[:, column], self.points[:, row], size)
        self.ellipses_ += panels.draw_ellipses(ax, pair, self.styles, halo=False)
        cross = 9 if size == LARGE else 7
        self.mean_markers_ += panels.draw_plane_means(ax, pair, self.styles, cross)
        ax.set_xlim(self.limits[column])
        ax.set_ylim(self.limits[row])
        tidy(ax)

    def _scatter(self, ax: Axes, x: Array, y: Array, size: float) -> None:
        rows = self.drawn
        self.scatters_.append(
            panels.draw_uncertain(ax, x[rows], y[rows], self.uncertainty[rows], size)
        )
        if self.misclassified is not None:
            wrong = rows[self.misclassified[rows]]
            self.misclassified_.append(panels.draw_wrong(ax, x[wrong], y[wrong], size))

    def _map_handles(self) -> list[Artist]:
        is_line = len(self.feature_names) == 1
        size = {1: LARGE / 2, 2: LARGE}.get(len(self.feature_names), SMALL)
        handles = legends.uncertainty_handles(size)
        if self.misclassified is not None:
            handles.append(legends.wrong_handle(int(self.misclassified.sum())))
        handles += legends.component_handles(
            self.styles, self.components.weights, markers=False
        )
        if not is_line:
            handles += [legends.mean_handle(), legends.ellipse_handle()]
        rows, drawn = len(self.uncertainty), len(self.drawn)
        handles.append(legends.data_handle(rows, drawn, bars=is_line))
        return handles


def _check_options(kind: str, max_points: int, y: Any, count: int) -> None:
    if kind not in ("map", "ranked"):
        raise ValueError(f"{CALLER}: kind must be 'map' or 'ranked'; got {kind!r}.")
    if max_points < 1:
        raise ValueError(f"{CALLER}: max_points must be at least 1; got {max_points}.")
    if y is not None and np.shape(y) != (count,):
        raise ValueError(
            f"{CALLER}: y must have one class for each of the {count} rows of X; got "
            f"shape {np.shape(y)}."
        )
