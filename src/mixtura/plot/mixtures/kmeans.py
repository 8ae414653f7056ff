"""The clusters of k-means beside the components of EM, on the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from mixtura.models.categorical import one_hot
from mixtura.plot.display import LegendDisplay
from mixtura.plot.drawing import legends, panels, shares
from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.drawing.figures import (
    axis_names,
    fill_with_legend,
    name_axes,
    place_legend,
    room_for_legend,
    split_grid,
    tidy,
)
from mixtura.plot.mixtures.clusterings import (
    check_clusters,
    matched_clusters,
    nearness_grid,
    titles,
)
from mixtura.plot.mixtures.uncertain_rows import misclassified
from mixtura.plot.quantities.gaussians import Array, GaussianComponents
from mixtura.plot.quantities.inputs import (
    check_classes,
    check_max_points,
    choose_plane,
    read_mixture,
)
from mixtura.plot.quantities.plane import ResponsibilityGrid, responsibility_grid
from mixtura.plot.quantities.rows import evenly_spaced, posterior
from mixtura.plot.quantities.summaries import columns_limits, curves, histogram

CALLER = "KMeansDisplay.from_estimator"
POINT, FRAME = 16.0, 34.0


@dataclass(kw_only=True, repr=False, eq=False)
class KMeansDisplay(LegendDisplay):
    """The clusters of k-means beside the components of EM.

    Both have K groups of the same rows. Colours are matched: a cluster has the colour
    of the component that shares most rows with it. Lines separate the groups, where the
    shown columns are all columns. With known classes `y` the titles have the adjusted
    Rand index, and rows of the wrong class are framed. Make it with
    :meth:`from_estimator`.

    Parameters
    ----------
    points : ndarray of shape (m, d)
        Drawn rows in one shown column or two.
    clusters : ndarray of int of shape (m,)
        Of k-means, numbered as the components they match.
    centres : ndarray of shape (K, d)
        In the same order.
    responsibilities : ndarray of shape (m, K)
    components : GaussianComponents
        Mixture of the shown columns.
    grids : pair of ResponsibilityGrid, or None
        Of k-means and of EM; None where not all columns are shown.
    wrong : pair of ndarray of bool of shape (m,), or None
        Rows that k-means, and EM, put in another class than they have.
    titles : pair of str
    n_rows : int
        Of which the points are evenly spaced.
    limits : sequence of (float, float)
    feature_names : sequence of str

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        That of k-means.
    axes_ : ndarray of Axes, shape (2,)
        k-means and EM: side by side, or one above the other for one column.
    figure_ : matplotlib.figure.Figure
    scatters_ : list of list of PathCollection
        The rows of k-means and of EM, by component.
    wrong_ : list of PathCollection
        Frames of rows in the wrong class, of k-means and of EM.
    centre_markers_, mean_markers_ : list of Line2D
    ellipses_ : list of Ellipse
    borders_ : list of QuadContourSet
    legend_ : matplotlib.legend.Legend or None

    Examples
    --------
    >>> from mixtura import GaussianMixture, KMeansDisplay, load_dataset
    >>> iris = load_dataset("iris").values
    >>> model = GaussianMixture(3, random_state=0).fit(iris)
    >>> KMeansDisplay.from_estimator(model, iris, columns=[2, 3])
    KMeansDisplay(3 groups, columns: x2, x3)
    """

    points: Array
    clusters: NDArray[np.intp]
    centres: Array
    responsibilities: Array
    components: GaussianComponents
    grids: tuple[ResponsibilityGrid, ResponsibilityGrid] | None
    wrong: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None
    titles: tuple[str, str]
    n_rows: int
    limits: Sequence[tuple[float, float]]
    feature_names: Sequence[str]

    def __repr__(self) -> str:
        names = ", ".join(self.feature_names)
        return f"KMeansDisplay({len(self.centres)} groups, columns: {names})"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        y: Any = None,
        kmeans: Any = None,
        feature_names: Sequence[str] | None = None,
        columns: Sequence[int | str] | int | str | None = None,
        max_points: int = 5000,
        legend: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Cluster the rows by k-means, and draw that beside a fitted mixture.

        Parameters
        ----------
        estimator : fitted estimator
            ``mixtura.GaussianMixture`` or ``sklearn.mixture.GaussianMixture``.
        X : array-like or data frame of shape (n, D)
        y : array-like of shape (n,), optional
            Known classes, in whatever numbers or names.
        kmeans : sklearn.cluster.KMeans, optional
            Fitted to the rows, with as many clusters. Default: the best of ten starts,
            in the units of `X`.
        feature_names : sequence of str, length D, optional
            Default: the names of the fit, else those of the data frame, else
            x0, x1, ...
        columns : sequence of int or str, int or str, optional
            One column or two, as names or numbers from 0. Default: the first two.
        max_points : int, default=5000
            Of a longer table, evenly spaced rows are scattered.
        legend : bool, default=True
        ax : matplotlib.axes.Axes, optional
            Split in two panels. Default: a new figure.

        Returns
        -------
        KMeansDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no Gaussian mixture, or `X` holds something else than numbers.
        ValueError
            If `X` has another width than the model, `y` another length than `X`,
            `kmeans` another number of clusters, or a column is unknown.
        """
        table = read_mixture(estimator, X, feature_names, CALLER)
        check_max_points(max_points, CALLER)
        check_classes(y, len(table.values), CALLER)
        shown = choose_plane(columns, table.names, CALLER)
        whole = GaussianComponents.of(estimator)
        if kmeans is None:
            kmeans = KMeans(len(whole), n_init=10, random_state=0).fit(table.values)
        responsibilities = posterior(estimator, table, np.arange(len(table.values)))
        found = responsibilities.argmax(axis=1)
        check_clusters(kmeans, len(whole), CALLER)
        clusters, centres = matched_clusters(kmeans, table.values, found)
        components = whole.marginal(shown)
        points = table.values[:, shown]
        limits = columns_limits(components, points)
        grids = None
        if len(shown) == len(table.names):
            em_grid = responsibility_grid(estimator, components, limits, len(shown))
            grids = nearness_grid(centres, em_grid), em_grid
        drawn = evenly_spaced(len(points), max_points)
        wrong = None
        if y is not None:
            wrong = misclassified(clusters, y)[drawn], misclassified(found, y)[drawn]
        display = cls(
            points=points[drawn],
            clusters=clusters[drawn],
            centres=centres[:, shown],
            responsibilities=responsibilities[drawn, : len(whole)],
            components=components,
            grids=grids,
            wrong=wrong,
            titles=titles(clusters, found, y),
            n_rows=len(points),
            limits=limits,
            feature_names=table.names_of(shown),
        )
        return display.plot(ax=ax, legend=legend)

    def _draw(self) -> None:
        self.scatters_: list[list[PathCollection]] = []
        self.wrong_: list[PathCollection] = []
        self.borders_: list[QuadContourSet] = []
        self.centre_markers_: list[Line2D] = []
        self.mean_markers_: list[Line2D] = []
        self.ellipses_: list[Ellipse] = []
        self.styles = component_styles(self.components.weights)
        below = self._has_legend and not self._is_line
        room = room_for_legend(self.ax_, 0.18) if below else None
        shape = ([1, 1], [1]) if self._is_line else ([1], [1, 1])
        self.axes_ = split_grid(self.ax_, *shape).ravel()
        draw = self._plot_line if self._is_line else self._plot_plane
        draw()
        for panel, title in zip(self.axes_, self.titles, strict=True):
            panel.set_title(title, loc="left", fontsize="medium")
            panel.set_xlim(self.limits[0])
            tidy(panel)
        self.axes_[-1].set_xlabel(axis_names(self.feature_names)[0])
        if room is not None:
            self.legend_ = fill_with_legend(room, self._handles())
        elif self._has_legend:
            self.legend_ = place_legend(self.ax_, self._handles(), 1)

    @property
    def _is_line(self) -> bool:
        return len(self.feature_names) == 1

    def _size(self) -> tuple[float, float]:
        return (7.6, 5.4) if self._is_line else (8.6, 5.0 if self._has_legend else 4.2)

    def _plot_plane(self) -> None:
        left, right = self.axes_
        labels = one_hot(self.clusters, len(self.centres))
        for number, (panel, values) in enumerate(
            ((left, labels), (right, self.responsibilities))
        ):
            self._draw_rows(panel, self.points, values)
            if self.wrong is not None:
                wrong = self.points[self.wrong[number]]
                self.wrong_.append(_frame(panel, wrong))
            if self.grids is not None:
                self.borders_ += shares.draw_borders(panel, self.grids[number])
            panel.set_ylim(self.limits[1])
        self.centre_markers_ += panels.draw_plane_means(
            left, replace(self.components, means=self.centres), self.styles, 10
        )
        self.ellipses_ += panels.draw_ellipses(
            right, self.components, self.styles, halo=len(self.points) > panels.CROWD
        )
        self.mean_markers_ += panels.draw_plane_means(
            right, self.components, self.styles, 10
        )
        name_axes(left, self.feature_names)
        right.tick_params(labelleft=False)

    def _plot_line(self) -> None:
        above, below = self.axes_
        x, labels = self.points[:, 0], one_hot(self.clusters, len(self.centres))
        curve = curves(self.components, *self.limits[0])
        bars = histogram(x, np.ones(len(x)))
        assert bars is not None
        top = 1.1 * max(bars.heights.max(), curve.densities.sum(axis=1).max())
        for number, (panel, values) in enumerate(
            ((above, labels), (below, self.responsibilities))
        ):
            panels.draw_histogram(panel, bars)
            places = shares.rug_places(x, top)
            self._draw_rows(panel, places, values)
            if self.wrong is not None:
                wrong = places[self.wrong[number]]
                self.wrong_.append(_frame(panel, wrong))
            shares.floor_at_rug(panel, top)
            panel.set_ylabel("density")
        for style, centre in zip(self.styles, self.centres[:, 0], strict=True):
            self.centre_markers_ += above.plot(
                [centre, centre],
                [0, top],
                color=style.colour,
                linestyle=style.line_style,
                linewidth=1.6,
            )
        panels.draw_densities(below, curve, self.styles)
        panels.draw_sum(below, curve, 1.0)
        above.tick_params(labelbottom=False)

    def _draw_rows(self, ax: Axes, places: Array, values: Array) -> None:
        self.scatters_.append(
            panels.draw_points(
                ax, places, values, np.ones(len(places)), self.styles, size=POINT
            )
        )

    def _handles(self) -> list[Artist]:
        handles = legends.component_handles(
            self.styles, self.components.weights, markers=True
        )
        if not self._is_line:
            handles += [legends.mean_handle(), legends.ellipse_handle()]
        if self.borders_:
            handles.append(legends.border_handle(marginal=False, near=True))
        if self.wrong is not None:
            handles.append(legends.wrong_handle(None))
        drawn = len(self.points)
        handles.append(legends.data_handle(self.n_rows, drawn, bars=False))
        return handles


def _frame(ax: Axes, places: Array) -> PathCollection:
    """Frame rows, the more of them the finer."""
    frames = panels.draw_wrong(ax, places[:, 0], places[:, 1], FRAME)
    frames.set_linewidth(float(np.clip(np.sqrt(40 / max(len(places), 1)), 0.4, 1.0)))
    return frames
