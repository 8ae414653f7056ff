"""Picture of a mixture of many columns in the plane that shows it best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from mixtura.plot.display import LegendDisplay
from mixtura.plot.drawing import legends, panels
from mixtura.plot.drawing.colours import component_styles, percent
from mixtura.plot.drawing.figures import split_grid, tidy
from mixtura.plot.mixtures.directions import (
    NEGLIGIBLE,
    Directions,
    discriminating_directions,
)
from mixtura.plot.quantities.classes import KnownClasses
from mixtura.plot.quantities.gaussians import GaussianComponents
from mixtura.plot.quantities.inputs import check_max_points, check_weights, read_mixture
from mixtura.plot.quantities.rows import DrawnRows, drawn_rows, posterior
from mixtura.plot.quantities.summaries import (
    DensityGrid,
    columns_limits,
    columns_ranges,
    pair_grids,
)
from mixtura.short_names import short_names

CALLER = "ProjectionDisplay.from_estimator"
POINT = 22.0
SHOWN_COLUMNS = 8
LONGEST_NAME = 22


@dataclass(kw_only=True, repr=False, eq=False)
class ProjectionDisplay(LegendDisplay):
    """A Gaussian mixture of many columns, in the plane where it is seen best.

    The axes are the two linear combinations of the columns that tell the components
    apart most: the scatter between the means is largest relative to the scatter within
    the components, whose variance along each axis is 1. Points, means, ellipses and
    contours are exact projections. The small panel shows how the columns correlate with
    the axes. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    directions : Directions
    components : GaussianComponents
        Projected.
    rows : DrawnRows
        Projected.
    known : KnownClasses, optional
        Classes of the drawn rows.
    grid : DensityGrid or None
        Density of the projected mixture.
    limits : sequence of (float, float)
    feature_names : sequence of str
        Of all columns.

    Attributes
    ----------
    ax_, columns_ax_ : matplotlib.axes.Axes
        The plane, and the correlations of the columns.
    figure_ : matplotlib.figure.Figure
    scatters_, ellipses_, contours_, mean_markers_ : list
        Artists of the plane.
    column_markers_ : list of Line2D
        Correlations of the columns with the first and the second axis.
    columns_ : ndarray of int
        Numbers of these columns, from the top.
    legend_ : matplotlib.legend.Legend or None

    Examples
    --------
    >>> from mixtura import GaussianMixture, ProjectionDisplay, load_dataset
    >>> iris = load_dataset("iris").values
    >>> model = GaussianMixture(3, random_state=0).fit(iris)
    >>> ProjectionDisplay.from_estimator(model, iris)
    ProjectionDisplay(3 components, 4 columns in 2)
    """

    directions: Directions
    components: GaussianComponents
    rows: DrawnRows
    known: KnownClasses | None
    grid: DensityGrid | None
    limits: Sequence[tuple[float, float]]
    feature_names: Sequence[str]

    def __repr__(self) -> str:
        count = f"{len(self.components)} components"
        return f"ProjectionDisplay({count}, {len(self.feature_names)} columns in 2)"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        feature_names: Sequence[str] | None = None,
        masses: Sequence[float] = (0.5, 0.9, 0.99),
        max_points: int = 5000,
        legend: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a fitted Gaussian mixture of two columns or more.

        Parameters
        ----------
        estimator : fitted estimator
            ``mixtura.GaussianMixture`` or ``sklearn.mixture.GaussianMixture``,
            of any covariance structure.
        X : array-like or data frame of shape (n, D)
        y : array-like of shape (n,), optional
            Known classes: they then give the points their colours and markers.
        sample_weight : array-like of shape (n,), optional
            Points have areas in proportion.
        feature_names : sequence of str, length D, optional
            Default: the names of the fit, else those of the data frame, else
            x0, x1, ...
        masses : sequence of float, default=(0.5, 0.9, 0.99)
            Probability masses of the highest-density regions to outline; empty for
            none.
        max_points : int, default=5000
            Of a longer table, evenly spaced rows are scattered.
        legend : bool, default=True
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        ProjectionDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no Gaussian mixture, or `X` holds something else than numbers.
        ValueError
            If the model has one column, `X` has another width than the model, or `y` or
            the weights another length than `X`.
        """
        table = read_mixture(estimator, X, feature_names, CALLER)
        check_max_points(max_points, CALLER)
        if len(table.names) < 2:
            raise ValueError(
                f"{CALLER}: the model must have 2 columns or more; got 1, which needs "
                "no projection. Use MixtureDisplay."
            )
        weights = check_weights(sample_weight, len(table.values), CALLER)
        whole = GaussianComponents.of(estimator)
        directions = discriminating_directions(whole)
        components = directions.components(whole)
        every = range(len(table.names))
        rows = drawn_rows(estimator, table, every, weights, max_points)
        rows = replace(rows, points=directions.points(rows.points))
        projected = directions.points(table.values[weights > 0])
        ranges = columns_ranges(components, projected)
        known = None
        if y is not None:
            shares = posterior(estimator, table, np.arange(len(table.values)))
            known = KnownClasses.of(shares.argmax(axis=1), y, CALLER).take(rows.numbers)
        display = cls(
            directions=directions,
            components=components,
            rows=rows,
            known=known,
            grid=pair_grids(components, ranges, masses).get((1, 0)),
            limits=columns_limits(components, projected),
            feature_names=table.names,
        )
        return display.plot(ax=ax, legend=legend)

    def _draw(self) -> None:
        self.contours_: list[QuadContourSet] = []
        self.styles = component_styles(self.components.weights)
        _, beside = split_grid(self.ax_, [1], [0.64, 0.36])[0]
        above, columns_ax = split_grid(beside, [0.58, 0.42], [1])[:, 0]
        self.columns_ax_: Axes = columns_ax
        above.set_axis_off()
        if self.grid is not None:
            self.contours_.append(panels.draw_contours(self.ax_, self.grid))
        self._draw_rows()
        crowded = len(self.rows.points) > panels.CROWD
        self.ellipses_ = panels.draw_ellipses(
            self.ax_, self.components, self.styles, halo=crowded
        )
        self.mean_markers_ = panels.draw_plane_means(
            self.ax_, self.components, self.styles, 11
        )
        self.ax_.set_xlim(self.limits[0])
        self.ax_.set_ylim(self.limits[1])
        self.ax_.set_xlabel(self._axis_label(0))
        self.ax_.set_ylabel(self._axis_label(1))
        tidy(self.ax_)
        self._draw_columns()
        if self._has_legend:
            self.legend_ = above.legend(
                handles=self._handles(),
                loc="upper left",
                bbox_to_anchor=(0.0, 1.0),
                borderaxespad=0,
                frameon=False,
                fontsize="small",
            )

    def _size(self) -> tuple[float, float]:
        return 9.2, 5.2

    def _axis_label(self, axis: int) -> str:
        share = self.directions.shares[axis]
        part = percent(share) if share > NEGLIGIBLE else "none"
        return (
            f"direction {axis + 1}: {part} of the separation of the means\n"
            "(standard deviations within components)"
        )

    def _draw_rows(self) -> None:
        points = self.rows.points
        if self.known is None:
            shares, weights = self.rows.responsibilities, self.rows.weights
            self.scatters_ = panels.draw_points(
                self.ax_, points, shares, weights, self.styles, size=POINT
            )
        else:
            styles = self.known.styles(self.styles)
            self.scatters_ = panels.draw_classes(
                self.ax_, points, self.known.codes, styles, POINT
            )

    def _draw_columns(self) -> None:
        """Draw the correlation of the columns with both axes, the strongest on top."""
        correlations = self.directions.correlations
        strength = np.hypot(*correlations.T)
        self.columns_ = np.argsort(-strength, kind="stable")[:SHOWN_COLUMNS]
        panel = self.columns_ax_
        panel.axvline(0, color="0.8", linewidth=0.8)
        places = np.arange(len(self.columns_))
        self.column_markers_: list[Line2D] = []
        for axis, face in enumerate((panels.INK, "white")):
            self.column_markers_ += panel.plot(
                correlations[self.columns_, axis],
                places,
                marker="o",
                markersize=5,
                markerfacecolor=face,
                markeredgecolor=panels.INK,
                linestyle="none",
                clip_on=False,
                label=f"direction {axis + 1}",
            )
        names = [self.feature_names[column] for column in self.columns_]
        panel.set_yticks(places, short_names(names, LONGEST_NAME))
        panel.yaxis.tick_right()
        panel.set_ylim(max(len(places), 4) - 0.5, -0.5)
        panel.set_xlim(-1.1, 1.1)
        panel.set_xticks([-1, 0, 1], ["\N{MINUS SIGN}1", "0", "1"])
        panel.tick_params(labelsize="small")
        panel.tick_params(axis="y", length=0)
        panel.spines[["left", "right", "top"]].set_visible(False)
        total = len(self.feature_names)
        which = f"{len(places)} of {total}" if len(places) < total else "the"
        panel.set_title(
            f"correlation of {which} columns\nwith directions 1 ● and 2 ○",
            fontsize="small",
            loc="left",
        )

    def _handles(self) -> list[Artist]:
        weights = self.components.weights
        handles = legends.component_handles(
            self.styles, weights, markers=self.known is None
        )
        if self.known is not None:
            handles += legends.class_handles(self.known.styles(self.styles))
        handles += [legends.mean_handle(), legends.ellipse_handle()]
        if self.grid is not None:
            handles.append(legends.contour_handle(self.grid))
        drawn = len(self.rows.points)
        handles.append(legends.data_handle(self.rows.n_rows, drawn, bars=False))
        return handles
