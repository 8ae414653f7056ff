"""Picture of how sure a mixture is of the component of each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mixtura.plot.display import ColumnsDisplay
from mixtura.plot.drawing import legends, panels
from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.drawing.figures import name_axes, tidy
from mixtura.plot.mixtures.uncertain_rows import (
    axis_top,
    misclassified,
    uncertainty_curve,
    uncertainty_of,
)
from mixtura.plot.quantities.gaussians import Array, GaussianComponents
from mixtura.plot.quantities.inputs import (
    check_classes,
    check_max_points,
    choose_columns,
    read_mixture,
)
from mixtura.plot.quantities.rows import evenly_spaced, posterior
from mixtura.plot.quantities.summaries import (
    Curves,
    Histogram,
    columns_limits,
    curves,
    data_range,
    histogram,
)

CALLER = "UncertaintyDisplay.from_estimator"
LABEL = "uncertainty (1 \N{MINUS SIGN} largest responsibility)"
LARGE, SMALL = 90.0, 36.0
"""Areas of the most uncertain points in a plane and in a grid of pairs."""


@dataclass(kw_only=True, repr=False, eq=False)
class UncertaintyDisplay(ColumnsDisplay):
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

    uncertainty: Array
    misclassified: NDArray[np.bool_] | None
    kind: str
    points: Array
    drawn: NDArray[np.intp]
    components: GaussianComponents
    curve: tuple[Array, Array] | None
    bars: Histogram | None
    density: Curves | None
    limits: Sequence[tuple[float, float]]
    feature_names: Sequence[str]
    n_features: int

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
    ) -> Self:
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
        table = read_mixture(estimator, X, feature_names, CALLER)
        if kind not in ("map", "ranked"):
            raise ValueError(f"{CALLER}: kind must be 'map' or 'ranked'; got {kind!r}.")
        check_max_points(max_points, CALLER)
        check_classes(y, len(table.values), CALLER)
        shown = choose_columns(columns, table.names, CALLER)
        shares = posterior(estimator, table, np.arange(len(table.values)))
        wrong = None if y is None else misclassified(shares.argmax(axis=1), y)
        components = GaussianComponents.of(estimator).marginal(shown)
        points = table.values[:, shown]
        is_line = len(shown) == 1
        ends = data_range(components, 0, points[:, 0])
        density = curves(components, *ends) if is_line else None
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
            limits=columns_limits(components, points),
            feature_names=table.names_of(shown),
            n_features=len(table.names),
        )
        return display.plot(ax=ax, legend=legend)

    def _draw(self) -> None:
        self.curve_: Line2D | None = None
        self.scatters_: list[PathCollection] = []
        self.misclassified_: list[PathCollection] = []
        self.ellipses_: list[Ellipse] = []
        self.mean_markers_: list[Line2D] = []
        self.component_lines_: list[Line2D] = []
        self.styles = component_styles(self.components.weights)
        if self.kind == "map":
            super()._draw()
        else:
            self._draw_ranks()

    def _size(self) -> tuple[float, float]:
        return super()._size() if self.kind == "map" else (6.4, 4.4)

    def _draw_ranks(self) -> None:
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
        if self._has_legend:
            self.legend_ = self.ax_.legend(
                handles=handles, loc="upper left", frameon=False, fontsize="small"
            )

    def _draw_line(self) -> None:
        assert self.density is not None
        below = self._split_below(0.4)
        if self.curve is not None:
            (self.curve_,) = self.ax_.plot(
                *self.curve, color=panels.INK, linewidth=1.2, zorder=2
            )
        self._draw_column(self.ax_, 0)
        self.ax_.set_ylabel(LABEL.replace(" (", "\n("))
        if self.bars is not None:
            panels.draw_histogram(below, self.bars)
        self.component_lines_ += panels.draw_densities(below, self.density, self.styles)
        below.set_ylim(bottom=0)
        name_axes(below, self.feature_names)
        below.set_ylabel("density")
        tidy(below)
        self.figure_.align_ylabels([self.ax_, below])

    def _draw_pairs(self) -> None:
        super()._draw_pairs()
        first = self.axes_[0, 0]
        first.set_ylabel("uncertainty")
        first.yaxis.set_major_locator(MaxNLocator(3))
        first.spines["left"].set_visible(True)

    def _draw_column(self, ax: Axes, column: int) -> None:
        """Draw the uncertainty of the rows over one column."""
        self._scatter(ax, self.points[:, column], self.uncertainty)
        ax.set_xlim(self.limits[column])
        top = axis_top(self.uncertainty if self.curve is None else self.curve[1])
        ax.set_ylim(-0.04 * top, top)
        tidy(ax)

    def _draw_pair(self, ax: Axes, row: int, column: int) -> None:
        pair = self.components.marginal([column, row])
        self._scatter(ax, self.points[:, column], self.points[:, row])
        self.ellipses_ += panels.draw_ellipses(ax, pair, self.styles, halo=False)
        cross = 9 if len(self.feature_names) == 2 else 7
        self.mean_markers_ += panels.draw_plane_means(ax, pair, self.styles, cross)

    @property
    def _largest(self) -> float:
        """Area of the most uncertain points."""
        return {1: LARGE / 2, 2: LARGE}.get(len(self.feature_names), SMALL)

    def _scatter(self, ax: Axes, x: Array, y: Array) -> None:
        rows, size = self.drawn, self._largest
        self.scatters_.append(
            panels.draw_uncertain(ax, x[rows], y[rows], self.uncertainty[rows], size)
        )
        if self.misclassified is not None:
            wrong = rows[self.misclassified[rows]]
            self.misclassified_.append(panels.draw_wrong(ax, x[wrong], y[wrong], size))

    def _handles(self) -> list[Artist]:
        is_line = len(self.feature_names) == 1
        handles = legends.uncertainty_handles(self._largest)
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
