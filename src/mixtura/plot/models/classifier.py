"""Picture of what a classifier calls which class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from numpy.typing import NDArray

from mixtura.plot.display import ColumnsDisplay
from mixtura.plot.drawing import legends, panels
from mixtura.plot.drawing.colours import component_styles, percent
from mixtura.plot.drawing.figures import name_axes, tidy
from mixtura.plot.models.class_regions import (
    UNKNOWN,
    ClassDensities,
    Regions,
    class_numbers,
    pair_regions,
    predicted_numbers,
)
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import (
    check_fitted,
    check_max_points,
    choose_columns,
    read_table,
)
from mixtura.plot.quantities.rows import evenly_spaced
from mixtura.plot.quantities.summaries import (
    Curves,
    Histogram,
    columns_limits,
    columns_ranges,
    histogram,
)

CALLER = "ClassifierDisplay.from_estimator"
PARAMETERS = ("classes_", "mixtures_", "class_prior_", "temperature_")
PLANE, PAIR = 22.0, 9.0
"""Areas of the points in a plane, and in a grid of pairs."""


@dataclass(kw_only=True, repr=False, eq=False)
class ClassifierDisplay(ColumnsDisplay):
    """The regions of the classes, the rows, and those that are misclassified.

    Two columns give the plane, shaded by the most probable class, with the border
    between classes; more give a grid of pairs. There each panel is shaded by what its
    two columns say alone, from the exact marginal of each class, and the diagonal has
    the densities of the classes; which rows are misclassified is always told by all
    columns. One column gives the densities, and the probabilities below them. Make it
    with :meth:`from_estimator`.

    Parameters
    ----------
    classes : sequence
        Names of the classes.
    priors : ndarray of shape (n_classes,)
    points : ndarray of shape (n, d)
        Values in the shown columns.
    known, predicted : ndarray of int of shape (n,)
        Number of the class of each row, -1 where unknown, and of the class it is
        assigned to.
    drawn : ndarray of int of shape (m,)
        Numbers of the rows that are scattered.
    regions : mapping of (int, int) to Regions
        By row and column of the panel.
    marginals : sequence of Curves
        One for each shown column, or none where two are shown.
    histograms : sequence of Histogram or None
        Likewise.
    limits : sequence of (float, float)
        Axis limits of the shown columns.
    feature_names : sequence of str
        Of the shown columns.
    n_features : int
        Columns of the classifier, shown or not.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The main panel; for a grid of pairs the invisible frame around it.
    axes_ : ndarray of Axes
        Shape (2,) for one column (densities, probabilities), (1,) for two, (d, d) for
        more, with None above the diagonal.
    figure_ : matplotlib.figure.Figure
    regions_, borders_ : list of QuadContourSet or None
        One for each class in each panel; None where it is nowhere ahead, and where it
        is so everywhere.
    scatters_ : list of PathCollection
        Rows by class, those of unknown class last.
    misclassified_ : list of PathCollection
        Squares around them; one for each panel.
    histograms_, density_lines_, probability_lines_ : list
        Of panels of one column.
    legend_ : matplotlib.legend.Legend or None

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from mixtura import ClassifierDisplay, GaussianMixtureClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = GaussianMixtureClassifier().fit(X[:, 2:], y)
    >>> ClassifierDisplay.from_estimator(classifier, X[:, 2:], y)
    ClassifierDisplay(3 classes, 3 of 150 rows misclassified)
    """

    classes: Sequence[Any]
    priors: Array
    points: Array
    known: NDArray[np.intp]
    predicted: NDArray[np.intp]
    drawn: NDArray[np.intp]
    regions: Mapping[tuple[int, int], Regions]
    marginals: Sequence[Curves]
    histograms: Sequence[Histogram | None]
    limits: Sequence[tuple[float, float]]
    feature_names: Sequence[str]
    n_features: int

    def __repr__(self) -> str:
        count, known = int(self.misclassified.sum()), int((self.known >= 0).sum())
        return (
            f"ClassifierDisplay({len(self.classes)} classes, "
            f"{count} of {known} rows misclassified)"
        )

    @property
    def misclassified(self) -> NDArray[np.bool_]:
        """Which rows of known class are assigned to another, (n,)."""
        return (self.known != UNKNOWN) & (self.known != self.predicted)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        feature_names: Sequence[str] | None = None,
        columns: Sequence[int | str] | int | str | None = None,
        max_points: int = 5000,
        legend: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw what a fitted classifier says over data.

        Parameters
        ----------
        estimator : GaussianMixtureClassifier
            Fitted.
        X : array-like or data frame of shape (n, D)
            With all columns of the fit.
        y : array-like of shape (n,), optional
            Their classes; what is no class of the fit counts as unknown. Default: the
            rows are coloured by the class they are assigned to.
        feature_names : sequence of str, length D, optional
            Default: the names of the fit, else those of the data frame, else
            x0, x1, ...
        columns : sequence of int or str, int or str, optional
            Columns to show, as names or numbers from 0. Default: the first six.
        max_points : int, default=5000
            Of a longer table, evenly spaced rows are scattered; those that are
            misclassified are always marked.
        legend : bool, default=True
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        ClassifierDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no classifier by Gaussian mixtures.
        ValueError
            If `X` has another width than the fit, `y` another length than `X` or no
            class of the fit, a column is unknown, or `max_points` is below 1.
        """
        remedy = "Pass a GaussianMixtureClassifier."
        check_fitted(estimator, PARAMETERS, CALLER, remedy)
        check_max_points(max_points, CALLER)
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", None)
        table = read_table(estimator.mixtures_[0], X, feature_names, CALLER)
        shown = choose_columns(columns, table.names, CALLER)
        n_rows = len(table.values)
        known = np.full(n_rows, UNKNOWN, dtype=np.intp)
        if y is not None:
            known = class_numbers(y, estimator.classes_, n_rows, CALLER)
        densities = ClassDensities.of(estimator).marginal(shown)
        components, points = densities.components, table.values[:, shown]
        ranges = columns_ranges(components, points)
        limits = columns_limits(components, points)
        single = range(len(shown)) if len(shown) != 2 else ()
        display = cls(
            classes=estimator.classes_.tolist(),
            priors=estimator.class_prior_,
            points=points,
            known=known,
            predicted=predicted_numbers(estimator, table),
            drawn=evenly_spaced(n_rows, max_points),
            regions=pair_regions(densities, limits),
            marginals=[densities.marginal([j]).curves(*ranges[j]) for j in single],
            histograms=[histogram(points[:, j], np.ones(n_rows)) for j in single],
            limits=limits,
            feature_names=table.names_of(shown),
            n_features=len(table.names),
        )
        return display.plot(ax=ax, legend=legend)

    def _draw(self) -> None:
        self.regions_: list[QuadContourSet | None] = []
        self.borders_: list[QuadContourSet | None] = []
        self.scatters_: list[PathCollection] = []
        self.misclassified_: list[PathCollection] = []
        self.histograms_: list[StepPatch] = []
        self.density_lines_: list[Line2D] = []
        self.probability_lines_: list[Line2D] = []
        self.styles = [
            replace(style, label=f"{name} · {percent(prior)}")
            for style, name, prior in zip(
                component_styles(self.priors), self.classes, self.priors, strict=True
            )
        ]
        super()._draw()

    def _draw_line(self) -> None:
        below = self._split_below(0.3)
        self._draw_column(self.ax_, 0)
        wrong = self.points[self.misclassified, 0]
        squares = panels.draw_wrong(self.ax_, wrong, np.zeros(len(wrong)), 3 * PLANE)
        squares.set_clip_on(False)  # they lie on the axis
        self.misclassified_.append(squares)
        self.ax_.set_ylabel("density")
        self.probability_lines_ += panels.draw_responsibilities(
            below, self.marginals[0], self.styles
        )
        name_axes(below, self.feature_names)
        below.set_ylabel("probability")
        tidy(below)
        self.figure_.align_ylabels([self.ax_, below])

    def _draw_column(self, ax: Axes, column: int) -> None:
        bars, curve = self.histograms[column], self.marginals[column]
        top = curve.densities.max()
        if bars is not None:
            top = max(top, bars.heights.max())
            self.histograms_.append(panels.draw_histogram(ax, bars))
        self.density_lines_ += panels.draw_densities(ax, curve, self.styles)
        ax.set_xlim(self.limits[column])
        ax.set_ylim(0, 1.06 * top)
        tidy(ax)

    def _draw_pair(self, ax: Axes, row: int, column: int) -> None:
        size = PLANE if len(self.feature_names) == 2 else PAIR
        found = self.regions[row, column]
        for margin, style in zip(found.margins, self.styles, strict=True):
            plane = (ax, found.x, found.y, margin)
            self.regions_.append(panels.draw_class_region(*plane, style))
            self.borders_.append(panels.draw_class_border(*plane))
        pair = self.points[:, [column, row]]
        told = self.predicted if (self.known == UNKNOWN).all() else self.known
        self.scatters_ += panels.draw_classes(
            ax, pair[self.drawn], told[self.drawn], self.styles, size
        )
        x, y = pair[self.misclassified].T
        self.misclassified_.append(panels.draw_wrong(ax, x, y, 3 * size))

    def _handles(self) -> list[Artist]:
        count, has_points = len(self.feature_names), bool(self.scatters_)
        handles = legends.component_handles(
            self.styles, self.priors, markers=has_points
        )
        if count == 2:
            for handle in handles:
                handle.set(linestyle="none")
        n_unknown = int((self.known == UNKNOWN).sum())
        if has_points and 0 < n_unknown < len(self.known):
            handles.append(legends.unknown_handle(n_unknown))
        if has_points:
            handles.append(legends.border_handle(marginal=self.n_features > 2))
        if n_unknown < len(self.known):
            handles.append(legends.wrong_handle(int(self.misclassified.sum())))
        n_rows, n_drawn = len(self.points), len(self.drawn)
        handles.append(legends.data_handle(n_rows, n_drawn, bars=count == 1))
        return handles
