"""Picture of the responsibilities over one or two columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.contour import QuadContourSet
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse

from mixtura.plot.display import LegendDisplay
from mixtura.plot.drawing import legends, panels, shares
from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.drawing.figures import (
    fill_with_legend,
    name_axes,
    place_legend,
    room_for_legend,
    split_grid,
    tidy,
)
from mixtura.plot.quantities.classes import KnownClasses
from mixtura.plot.quantities.gaussians import Array, GaussianComponents
from mixtura.plot.quantities.inputs import check_max_points, choose_plane, read_mixture
from mixtura.plot.quantities.plane import ResponsibilityGrid, responsibility_grid
from mixtura.plot.quantities.rows import DrawnRows, drawn_rows, posterior
from mixtura.plot.quantities.summaries import columns_limits
from mixtura.short_names import short_names

CALLER = "ResponsibilityDisplay.from_estimator"
POINT, SMALL_POINT = 20.0, 12.0
LONGEST_NAME = 26


@dataclass(kw_only=True, repr=False, eq=False)
class ResponsibilityDisplay(LegendDisplay):
    """How the components of a mixture share the line or the plane.

    The responsibilities are the posterior probabilities of the components, given the
    shown columns. Over two columns their colours are mixed in proportion, and lines
    separate the regions of different most probable components. Over one column they
    are stacked to 1, above the rows. With known classes `y` a plane has the mixture
    that EM found on its left and the classes on its right, and over one column each
    class has a lane of its own. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    grid : ResponsibilityGrid
        Over the shown columns, one or two.
    components : GaussianComponents
        Mixture of the shown columns.
    rows : DrawnRows
        Points to scatter.
    known : KnownClasses, optional
    limits : sequence of (float, float)
        Axis limits of the shown columns.
    feature_names : sequence of str
        Of the shown columns.
    n_features : int
        Columns of the model, shown or not.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The panel of the responsibilities.
    axes_ : ndarray of Axes
        Shape (2,) for one column (responsibilities, rows), (1,) for two, and (3,) for
        two with known classes: components, responsibilities, classes.
    figure_ : matplotlib.figure.Figure
    image_ : matplotlib.image.AxesImage or None
        Mixed colours of the plane, None for one column.
    areas_ : list of PolyCollection
        Stacked responsibilities over one column.
    borders_ : list of QuadContourSet
        Where two components are equally probable.
    scatters_, class_scatters_ : list of PathCollection
        Points by component in each panel that shows them, and by class.
    ellipses_, mean_markers_ : list
        The components.
    legend_ : matplotlib.legend.Legend or None

    Examples
    --------
    >>> from mixtura import GaussianMixture, ResponsibilityDisplay, load_dataset
    >>> faithful = load_dataset("old-faithful").values
    >>> model = GaussianMixture(2, random_state=0).fit(faithful)
    >>> ResponsibilityDisplay.from_estimator(model, faithful)
    ResponsibilityDisplay(2 components, columns: x0, x1)
    """

    grid: ResponsibilityGrid
    components: GaussianComponents
    rows: DrawnRows
    known: KnownClasses | None
    limits: Sequence[tuple[float, float]]
    feature_names: Sequence[str]
    n_features: int

    def __repr__(self) -> str:
        return (
            f"ResponsibilityDisplay({len(self.components)} components, "
            f"columns: {', '.join(self.feature_names)})"
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        y: Any = None,
        feature_names: Sequence[str] | None = None,
        columns: Sequence[int | str] | int | str | None = None,
        max_points: int = 5000,
        legend: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the responsibilities of a fitted Gaussian mixture.

        Parameters
        ----------
        estimator : fitted estimator
            ``mixtura.GaussianMixture`` or ``sklearn.mixture.GaussianMixture``,
            of any covariance structure.
        X : array-like or data frame of shape (n, D)
            With all columns of the fit.
        y : array-like of shape (n,), optional
            Known classes, in whatever numbers or names.
        feature_names : sequence of str, length D, optional
            Default: the names of the fit, else those of the data frame, else
            x0, x1, ...
        columns : sequence of int or str, int or str, optional
            One column or two, as names or numbers from 0. Default: the first two.
        max_points : int, default=5000
            Of a longer table, evenly spaced rows are scattered.
        legend : bool, default=True
        ax : matplotlib.axes.Axes, optional
            Default: a new figure. Its place is split where there are several panels.

        Returns
        -------
        ResponsibilityDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no Gaussian mixture, or `X` holds something else than numbers.
        ValueError
            If `X` has another width than the model, `y` another length than `X`, or a
            column is unknown, or there are more than two.

        Notes
        -----
        Of a model of more columns, the picture of two shows the responsibilities
        given these two alone; the points have the colours that all columns give them.
        """
        table = read_mixture(estimator, X, feature_names, CALLER)
        check_max_points(max_points, CALLER)
        shown = choose_plane(columns, table.names, CALLER)
        components = GaussianComponents.of(estimator).marginal(shown)
        values = table.values[:, shown]
        limits = columns_limits(components, values)
        weights = np.ones(len(values))
        rows = drawn_rows(estimator, table, shown, weights, max_points)
        known = None
        if y is not None:
            found = posterior(estimator, table, np.arange(len(values))).argmax(axis=1)
            known = KnownClasses.of(found, y, CALLER).take(rows.numbers)
        display = cls(
            grid=responsibility_grid(estimator, components, limits, len(table.names)),
            components=components,
            rows=rows,
            known=known,
            limits=limits,
            feature_names=table.names_of(shown),
            n_features=len(table.names),
        )
        return display.plot(ax=ax, legend=legend)

    def _draw(self) -> None:
        self.image_: AxesImage | None = None
        self.areas_: list[PolyCollection] = []
        self.borders_: list[QuadContourSet] = []
        self.scatters_: list[PathCollection] = []
        self.class_scatters_: list[PathCollection] = []
        self.ellipses_: list[Ellipse] = []
        self.mean_markers_: list[Line2D] = []
        self.styles = component_styles(self.components.weights)
        self.class_styles = self.known.styles(self.styles) if self.known else []
        wide = bool(self.known) and not self._is_line
        room = room_for_legend(self.ax_, 0.22) if self._has_legend and wide else None
        draw = self._plot_line if self._is_line else self._plot_plane
        draw()
        if room is not None:
            self.legend_ = fill_with_legend(room, self._handles())
        elif self._has_legend:
            self.legend_ = place_legend(self.axes_[0], self._handles(), 2)

    @property
    def _is_line(self) -> bool:
        return len(self.feature_names) == 1

    def _size(self) -> tuple[float, float]:
        if self.known and not self._is_line:
            return 9.6, (4.4 if self._has_legend else 3.5)
        return (7.6 if self._has_legend else 5.8), (3.9 if self._is_line else 4.8)

    def _plot_line(self) -> None:
        """Stack the responsibilities, over lanes of the rows."""
        below = self._split_below(0.12 + 0.08 * len(self.class_styles))
        self.areas_ += shares.draw_shares(self.ax_, self.grid, self.styles)
        given = "" if self.n_features == 1 else "\n(given this column)"
        self.ax_.set_ylabel(f"responsibility{given}")
        self.scatters_ += panels.draw_points(
            below,
            self._lanes(),
            self.rows.responsibilities,
            self.rows.weights,
            self.styles,
            size=POINT,
        )
        names = [style.label for style in self.class_styles] or ["rows"]
        below.set_yticks(range(len(names)), names)
        below.tick_params(axis="y", length=0)
        below.set_ylim(len(names) - 0.5, -0.5)
        below.spines["left"].set_visible(False)
        below.set_xlim(self.limits[0])
        name_axes(below, self.feature_names)
        for panel in self.axes_:
            tidy(panel)

    def _lanes(self) -> Array:
        """Places of the rows in the lower panel of a line, spread within lanes."""
        points = self.rows.points[:, 0]
        lane = self.known.codes if self.known else np.zeros(len(points))
        spread = np.random.default_rng(0).uniform(-0.28, 0.28, len(points))
        return np.column_stack([points, lane + spread])

    def _plot_plane(self) -> None:
        self.axes_ = split_grid(self.ax_, [1], [1] * (3 if self.known else 1))[0]
        self.ax_ = self.axes_[len(self.axes_) // 2]
        self.image_ = shares.draw_mixed_colours(self.ax_, self.grid, self.styles)
        self.borders_ += shares.draw_borders(self.ax_, self.grid)
        self._draw_rows(self.ax_)
        if self.known:
            self._plot_beside(self.known)
        x_name, y_name = short_names(self.feature_names, LONGEST_NAME)
        for panel in self.axes_:
            panel.set_xlim(self.limits[0])
            panel.set_ylim(self.limits[1])
            panel.set_xlabel(x_name)
            tidy(panel)
        for panel in self.axes_[1:]:
            panel.tick_params(labelleft=False)
        self.axes_[0].set_ylabel(y_name)

    def _plot_beside(self, known: KnownClasses) -> None:
        """Draw what EM found on the left, the classes on the right."""
        left, middle, right = self.axes_
        self._draw_rows(left)
        self.ellipses_ += panels.draw_ellipses(
            left, self.components, self.styles, halo=False
        )
        self.mean_markers_ += panels.draw_plane_means(
            left, self.components, self.styles, 10
        )
        self.class_scatters_ += panels.draw_classes(
            right, self.rows.points, known.codes, self.class_styles, SMALL_POINT
        )
        index = f"{known.adjusted_rand_index:.2f}".replace("-", "\N{MINUS SIGN}")
        for panel, title in (
            (left, "mixture found by EM"),
            (middle, "responsibilities"),
            (right, f"known classes, adjusted Rand index {index}"),
        ):
            panel.set_title(title, loc="left", fontsize="medium")

    def _draw_rows(self, ax: Axes) -> None:
        self.scatters_ += panels.draw_points(
            ax,
            self.rows.points,
            self.rows.responsibilities,
            self.rows.weights,
            self.styles,
            size=SMALL_POINT if self.known else POINT,
        )

    def _handles(self) -> list[Artist]:
        handles = legends.component_handles(
            self.styles, self.components.weights, markers=True
        )
        if self.borders_:
            handles.append(legends.border_handle(marginal=self.n_features > 2))
        if self.grid.has_noise:
            handles.append(legends.noise_handle())
        if self.ellipses_:
            handles += [legends.mean_handle(), legends.ellipse_handle()]
        if self.known and not self._is_line:
            handles += legends.class_handles(self.class_styles)
        drawn = len(self.rows.points)
        handles.append(legends.data_handle(self.rows.n_rows, drawn, bars=False))
        return handles
