"""Heat map of the responsibilities of rows."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mixtura.plot.display import Display
from mixtura.plot.drawing.colours import component_styles, percent
from mixtura.plot.drawing.figures import split_grid
from mixtura.plot.drawing.panels import INK
from mixtura.plot.drawing.shares import NOISE
from mixtura.plot.quantities.classes import KnownClasses
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import check_fitted, read_table
from mixtura.plot.quantities.rows import evenly_spaced, posterior

CALLER = "ResponsibilityHeatmapDisplay.from_estimator"
PARAMETERS = ("weights_", "means_")


@dataclass(kw_only=True, repr=False, eq=False)
class ResponsibilityHeatmapDisplay(Display):
    """The responsibilities of rows as a heat map, rows by components.

    Rows are sorted by their most probable component, and within it from the most to
    the least certain. A cell has the full colour of its component where the
    responsibility is 1, and is white where it is 0. Any number of columns of data.
    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    responsibilities : ndarray of shape (n, K) or (n, K + 1)
        In the order of the data; a last column beyond the weights is noise.
    weights : ndarray of shape (K,)
        Of the components.
    known : KnownClasses, optional
        Classes of the rows.
    max_rows : int
        Of more rows, evenly spaced ones of the sorted are drawn.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    axes_ : ndarray of Axes, shape (1,) or (2,)
        The heat map, and with known classes a strip of them.
    figure_ : matplotlib.figure.Figure
    image_ : matplotlib.image.AxesImage
    class_image_ : matplotlib.image.AxesImage or None
    separators_ : list of Line2D
        Between rows of different most probable components.
    colorbar_ : matplotlib.colorbar.Colorbar
    order_ : ndarray of int of shape (n,)
        Numbers of the rows as sorted, from the top.

    Examples
    --------
    >>> from mixtura import GaussianMixture, ResponsibilityHeatmapDisplay, load_dataset
    >>> iris = load_dataset("iris").values
    >>> model = GaussianMixture(3, random_state=0).fit(iris)
    >>> ResponsibilityHeatmapDisplay.from_estimator(model, iris)
    ResponsibilityHeatmapDisplay(150 rows, 3 components)
    """

    responsibilities: Array
    weights: Array
    known: KnownClasses | None = None
    max_rows: int = 2000

    def __repr__(self) -> str:
        count = f"{len(self.responsibilities)} rows, {len(self.weights)} components"
        return f"ResponsibilityHeatmapDisplay({count})"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        y: Any = None,
        max_rows: int = 2000,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the responsibilities of rows under a fitted mixture.

        Parameters
        ----------
        estimator : fitted estimator
            ``mixtura.GaussianMixture`` or ``sklearn.mixture.GaussianMixture``.
        X : array-like or data frame of shape (n, D)
        y : array-like of shape (n,), optional
            Known classes, in whatever numbers or names; drawn as a strip.
        max_rows : int, default=2000
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        ResponsibilityHeatmapDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no Gaussian mixture, or `X` holds something else than numbers.
        ValueError
            If `X` has another width than the model, `y` another length than `X`, or
            `max_rows` is not positive.
        """
        check_fitted(estimator, PARAMETERS, CALLER, "Pass a Gaussian mixture.")
        if max_rows < 1:
            raise ValueError(f"{CALLER}: max_rows must be at least 1; got {max_rows}.")
        table = read_table(estimator, X, None, CALLER)
        shares = posterior(estimator, table, np.arange(len(table.values)))
        known = None if y is None else KnownClasses.of(shares.argmax(axis=1), y, CALLER)
        weights = np.array(estimator.weights_, dtype=np.float64)
        display = cls(
            responsibilities=shares, weights=weights, known=known, max_rows=max_rows
        )
        return display.plot(ax=ax)

    def _draw(self) -> None:
        count = self.responsibilities.shape[1]
        widths = [max(count, 3), 0.5] if self.known else [1]
        self.axes_ = split_grid(self.ax_, [1], widths)[0]
        labels = self.responsibilities.argmax(axis=1)
        certainty = self.responsibilities.max(axis=1)
        self.order_ = np.lexsort((-certainty, labels))
        drawn = self.order_[evenly_spaced(len(self.order_), self.max_rows)]
        self._draw_cells(self.responsibilities[drawn])
        self._label(labels)
        self.class_image_: AxesImage | None = None
        if self.known:
            self._draw_classes(self.axes_[1], self.known.take(drawn))
        scale = ScalarMappable(cmap="Greys")
        scale.set_clim(0, 1)
        self.colorbar_ = self.figure_.colorbar(
            scale, ax=self.ax_, location="bottom", aspect=24, ticks=[0, 0.5, 1]
        )
        self.colorbar_.set_label("responsibility: white 0, full colour 1")

    def _size(self) -> tuple[float, float]:
        return 3.0 + 0.6 * min(self.responsibilities.shape[1], 14), 5.8

    @property
    def colours(self) -> Array:
        """Colour of each column of the map, (K, 3) or (K + 1, 3)."""
        styles = component_styles(self.weights)
        noise = [[float(NOISE)] * 3] * (len(self.responsibilities.T) - len(styles))
        return np.array([*(style.colour for style in styles), *noise])

    def _draw_cells(self, shares: Array) -> None:
        cells = 1 - shares[..., np.newaxis] * (1 - self.colours)
        self.image_ = self.ax_.imshow(
            cells,
            aspect="auto",
            interpolation="nearest",
            extent=(-0.5, shares.shape[1] - 0.5, len(self.order_), 0),
        )

    def _label(self, labels: NDArray[np.intp]) -> None:
        """Name the components along x, and count their rows along y."""
        count = len(self.colours)
        names = [f"{k}\n{percent(weight)}" for k, weight in enumerate(self.weights)]
        names += ["noise"] * (count - len(names))
        self.ax_.set_xticks(range(count), names)
        self.ax_.set_xlabel("component and weight")
        self.ax_.tick_params(length=0)
        if count > len(self.weights) or count > 12:
            self.ax_.tick_params(axis="x", labelsize="small")
        sizes = np.bincount(labels, minlength=count)
        ends = np.cumsum(sizes)
        inhabited = sizes > 0.02 * len(labels)
        self.ax_.set_yticks(
            (ends - sizes / 2)[inhabited],
            [f"{size:,}" for size in sizes[inhabited]],
        )
        self.ax_.set_ylabel(
            f"rows, most probable component first · {len(labels):,} in all"
        )
        self.separators_ = [
            self.ax_.axhline(end, color=INK, linewidth=0.7)
            for end in np.unique(ends)
            if 0 < end < len(labels)
        ]

    def _draw_classes(self, strip: Axes, known: KnownClasses) -> None:
        styles = known.styles(component_styles(self.weights))
        palette = np.array([style.colour for style in styles])
        self.class_image_ = strip.imshow(
            palette[known.codes][:, np.newaxis],
            aspect="auto",
            interpolation="nearest",
            extent=(-0.5, 0.5, len(self.order_), 0),
        )
        strip.set_xticks([0], ["known\nclass"])
        strip.set_yticks([])
        strip.tick_params(length=0)
        strip.legend(
            handles=[
                Line2D(
                    [],
                    [],
                    marker="s",
                    markersize=8,
                    linestyle="none",
                    color=style.colour,
                    label=style.label,
                )
                for style in styles
            ],
            loc="upper left",
            bbox_to_anchor=(1.05, 1.0),
            frameon=False,
            fontsize="small",
        )
