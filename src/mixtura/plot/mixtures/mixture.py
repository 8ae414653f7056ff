"""Picture of a fitted mixture over its data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, StepPatch
from numpy.typing import ArrayLike

from mixtura.plot.display import ColumnsDisplay
from mixtura.plot.drawing import legends, panels
from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.drawing.figures import name_axes, tidy
from mixtura.plot.quantities.gaussians import Array, GaussianComponents
from mixtura.plot.quantities.inputs import (
    check_max_points,
    check_weights,
    choose_columns,
    read_mixture,
)
from mixtura.plot.quantities.rows import DrawnRows, drawn_rows
from mixtura.plot.quantities.summaries import (
    Curves,
    DensityGrid,
    Histogram,
    columns_limits,
    columns_ranges,
    curves,
    histogram,
    pair_grids,
)

CALLER = "MixtureDisplay.from_estimator"
KINDS = ("both", "classification", "density")
PLANE, PAIR = 22.0, 9.0
"""Areas of the points in a plane, and in a grid of pairs."""


@dataclass(kw_only=True, repr=False, eq=False)
class MixtureDisplay(ColumnsDisplay):
    """Picture of a Gaussian mixture over its data.

    One column gives a histogram under the weighted component densities, with
    the responsibilities below it; two give a scatter plot with covariance
    ellipses and density contours; more give a grid of pairs, each panel with
    the exact marginal of the mixture. Other kinds show the components or their sum
    alone. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    components : GaussianComponents
        Mixture of the shown columns, d of them.
    rows : DrawnRows
        Points to scatter.
    histograms : sequence of Histogram or None
        One for each shown column, or none where two columns are shown.
    marginals : sequence of Curves
        As many as `histograms`.
    grids : mapping of (int, int) to DensityGrid
        For the contours of the panels that have any, by row and column.
    limits : sequence of (float, float)
        Axis limits of the shown columns.
    feature_names : sequence of str
        Of the shown columns.
    n_features : int
        Columns of the model, shown or not.
    kind : {"both", "classification", "density"}

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The main panel; for a grid of pairs the invisible frame around it.
    axes_ : ndarray of Axes
        Shape (2,) for one column (densities, responsibilities), (1,) for
        two columns and for the density of one, (d, d) for more, with None above
        the diagonal.
    figure_ : matplotlib.figure.Figure
    histograms_, component_lines_, mixture_lines_, responsibility_lines_ : list
        Artists of one-column panels, in the order of drawing.
    scatters_, ellipses_, contours_, regions_ : list
        Artists of two-column panels.
    mean_markers_ : list of Line2D
    legend_ : matplotlib.legend.Legend or None

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from mixtura.plot import MixtureDisplay
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> display = MixtureDisplay.from_estimator(GaussianMixture().fit(X), X)
    >>> display.ax_.get_xlabel()
    'x0'
    """

    components: GaussianComponents
    rows: DrawnRows
    histograms: Sequence[Histogram | None]
    marginals: Sequence[Curves]
    grids: Mapping[tuple[int, int], DensityGrid]
    limits: Sequence[tuple[float, float]]
    feature_names: Sequence[str]
    n_features: int
    kind: str = "both"

    def __repr__(self) -> str:
        return (
            f"MixtureDisplay({len(self.components)} components, "
            f"columns: {', '.join(self.feature_names)})"
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        kind: str = "both",
        sample_weight: ArrayLike | None = None,
        feature_names: Sequence[str] | None = None,
        columns: Sequence[int | str] | int | str | None = None,
        masses: Sequence[float] = (0.5, 0.9, 0.99),
        max_points: int = 5000,
        legend: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a fitted Gaussian mixture over data.

        Parameters
        ----------
        estimator : fitted estimator
            ``mixtura.GaussianMixture`` or ``sklearn.mixture.GaussianMixture``,
            of any covariance structure.
        X : array-like or data frame of shape (n, D)
            With all columns of the fit.
        kind : {"both", "classification", "density"}, default="both"
            "classification": rows coloured by component, and the components;
            "density": highest-density regions of each pair of columns and their
            sum along each column, without the components.
        sample_weight : array-like of shape (n,), optional
            Weights the histograms; points have areas in proportion.
        feature_names : sequence of str, length D, optional
            Default: the names of the fit, else those of the data frame, else
            x0, x1, ...
        columns : sequence of int or str, int or str, optional
            Columns to show, as names or numbers from 0. Default: the first
            six.
        masses : sequence of float, default=(0.5, 0.9, 0.99)
            Probability masses of the highest-density regions to outline where
            two columns are shown, and of each pair for "density"; empty for none.
        max_points : int, default=5000
            Of a longer table, evenly spaced rows are scattered; histograms
            always count every row.
        legend : bool, default=True
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        MixtureDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no Gaussian mixture, or `X` holds something else than
            numbers.
        ValueError
            If `X` has another width than the model, a column is unknown, or
            `kind`, a weight, a mass or `max_points` is out of range.

        Notes
        -----
        Colours show the responsibilities of the whole model, also where only
        some columns are shown.
        """
        table = read_mixture(estimator, X, feature_names, CALLER)
        _check_options(kind, masses, max_points)
        weights = check_weights(sample_weight, len(table.values), CALLER)
        shown = choose_columns(columns, table.names, CALLER)
        components = GaussianComponents.of(estimator).marginal(shown)
        values = table.values[:, shown][weights > 0]
        weights_kept = weights[weights > 0]
        ranges = columns_ranges(components, values)
        single = range(len(shown)) if len(shown) != 2 else ()
        outlined = kind == "density" or (kind == "both" and len(shown) == 2)
        display = cls(
            components=components,
            rows=drawn_rows(estimator, table, shown, weights, max_points),
            histograms=[histogram(values[:, j], weights_kept) for j in single],
            marginals=[curves(components.marginal([j]), *ranges[j]) for j in single],
            grids=pair_grids(components, ranges, masses) if outlined else {},
            limits=columns_limits(components, values),
            feature_names=table.names_of(shown),
            n_features=len(table.names),
            kind=kind,
        )
        return display.plot(ax=ax, legend=legend)

    def _draw(self) -> None:
        self.histograms_: list[StepPatch] = []
        self.component_lines_: list[Line2D] = []
        self.mixture_lines_: list[Line2D] = []
        self.responsibility_lines_: list[Line2D] = []
        self.scatters_: list[PathCollection] = []
        self.ellipses_: list[Ellipse] = []
        self.contours_: list[QuadContourSet] = []
        self.regions_: list[QuadContourSet] = []
        self.mean_markers_: list[Line2D] = []
        self.styles = component_styles(self.components.weights)
        super()._draw()

    def _handles(self) -> list[Artist]:
        return legends.mixture_handles(
            self.styles,
            self.components.weights,
            self.rows,
            next(iter(self.grids.values()), None),
            is_line=len(self.feature_names) == 1,
            has_parts=self.kind != "density",
            has_sum=bool(self.mixture_lines_),
        )

    def _draw_line(self) -> None:
        if self.kind == "density":
            self._draw_column(self.ax_, 0)
            name_axes(self.ax_, self.feature_names)
            self.ax_.set_ylabel("density")
            return
        below = self._split_below(0.3)
        self._draw_column(self.ax_, 0)
        self.mean_markers_ += panels.draw_curve_means(
            self.ax_, self.components, self.styles
        )
        self.ax_.set_ylabel("density")
        self.responsibility_lines_ += panels.draw_responsibilities(
            below, self.marginals[0], self.styles
        )
        name_axes(below, self.feature_names)
        below.set_ylabel(
            "responsibility"
            if self.n_features == 1
            else "responsibility\n(this column)"
        )
        tidy(below)
        self.figure_.align_ylabels([self.ax_, below])

    def _draw_column(self, ax: Axes, column: int) -> None:
        bars, curve = self.histograms[column], self.marginals[column]
        top = curve.densities.sum(axis=1).max()
        if bars is not None:
            top = max(top, bars.heights.max())
            self.histograms_.append(panels.draw_histogram(ax, bars))
        if self.kind != "density":
            self.component_lines_ += panels.draw_densities(ax, curve, self.styles)
        if self.kind != "classification":
            width = 1.6 if self.kind == "density" else 1.0
            self.mixture_lines_.append(panels.draw_sum(ax, curve, width))
        ax.set_xlim(self.limits[column])
        ax.set_ylim(0, 1.06 * top)
        tidy(ax)

    def _draw_pair(self, ax: Axes, row: int, column: int) -> None:
        size = PLANE if len(self.feature_names) == 2 else PAIR
        grid, points = self.grids.get((row, column)), self.rows.points[:, [column, row]]
        if grid is not None:
            self.contours_.append(panels.draw_contours(ax, grid))
        if self.kind == "density":
            self.scatters_.append(panels.draw_dots(ax, points, size / 3))
            if grid is not None:
                self.regions_.append(panels.draw_regions(ax, grid))
        else:
            self._draw_components(ax, points, [column, row], size)

    def _draw_components(
        self, ax: Axes, points: Array, columns: Sequence[int], size: float
    ) -> None:
        pair = self.components.marginal(columns)
        self.scatters_ += panels.draw_points(
            ax,
            points,
            self.rows.responsibilities,
            self.rows.weights,
            self.styles,
            size=size,
        )
        crowded = len(self.rows.points) > panels.CROWD
        self.ellipses_ += panels.draw_ellipses(ax, pair, self.styles, halo=crowded)
        cross = 11 if len(self.feature_names) == 2 else 8
        self.mean_markers_ += panels.draw_plane_means(ax, pair, self.styles, cross)


def _check_options(kind: str, masses: Sequence[float], max_points: int) -> None:
    if kind not in KINDS:
        known = "'both', 'classification' or 'density'"
        raise ValueError(f"{CALLER}: kind must be {known}; got {kind!r}.")
    if any(not 0 < mass < 1 for mass in masses):
        raise ValueError(
            f"{CALLER}: masses must lie between 0 and 1, exclusive; got "
            f"{list(masses)!r}. Half of the probability is 0.5."
        )
    check_max_points(max_points, CALLER)
