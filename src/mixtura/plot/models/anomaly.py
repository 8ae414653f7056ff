"""Picture of the scores of a detector, and of what it flags."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mixtura.plot.display import Display
from mixtura.plot.drawing.colours import PALETTE
from mixtura.plot.drawing.figures import name_axes, tidy
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import check_fitted, read_table

CALLER = "AnomalyDisplay.from_estimator"
PARAMETERS = ("mixture_", "offset_", "calibration_")
ORDINARY, FLAGGED = PALETTE[0], PALETTE[1]
GRID_POINTS = 160
N_BINS = 60
MARGIN = 0.08
LOWEST, TEN = 60.0, 10.0
"""Nats below the best score beyond which scores share a colour or a bar, in tens."""

FAR = 5
"""Widths of the bars of a histogram beyond which a threshold is told, not drawn."""


@dataclass(kw_only=True, repr=False, eq=False)
class AnomalyDisplay(Display):
    """Scores of a detector, its threshold and the rows it flags.

    Two columns give a map of the log-density with the contour of the threshold, and
    the rows over it; any number gives, with ``kind="histogram"``, how the
    log-densities of the rows are spread. Log-densities some 60 nats below the best
    share a colour or a bar, and a map leaves out rows that are far from all those
    above; the legend counts them. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Log-density of each row in nats.
    offset : float
        Log-density below which a row is flagged.
    points : ndarray of shape (n, 2), optional
        The rows, for a map.
    grid : tuple of three ndarrays, optional
        x (m,), y (m,) and the log-densities (m, m) of the map.
    feature_names : sequence of str
        Of the two columns of a map.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    map_, threshold_contour_ : QuadContourSet or None
    scatters_ : list of PathCollection
        Ordinary and flagged rows.
    bars_ : list of BarContainer
        Likewise.
    threshold_line_ : matplotlib.lines.Line2D or None
        None on a map, and where the threshold is far from all rows.

    Examples
    --------
    >>> from mixtura import GaussianMixtureDetector, load_dataset
    >>> from mixtura.plot import AnomalyDisplay
    >>> faithful = load_dataset("old-faithful").values
    >>> detector = GaussianMixtureDetector(2, contamination=0.02).fit(faithful)
    >>> AnomalyDisplay.from_estimator(detector, faithful)
    AnomalyDisplay(6 of 272 rows flagged, map)
    """

    scores: Array
    offset: float
    points: Array | None = None
    grid: tuple[Array, Array, Array] | None = None
    feature_names: Sequence[str] = ()

    def __repr__(self) -> str:
        kind = "histogram" if self.grid is None else "map"
        count = f"{self.flagged.sum()} of {len(self.scores)} rows flagged"
        return f"AnomalyDisplay({count}, {kind})"

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Which rows are flagged, (n,)."""
        return np.asarray(self.scores < self.offset)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        kind: str = "auto",
        feature_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the scores of rows.

        Parameters
        ----------
        estimator : GaussianMixtureDetector
            Fitted.
        X : array-like or data frame of shape (n, D)
        kind : {"auto", "map", "histogram"}, default="auto"
            "auto": a map of two columns, else a histogram.
        feature_names : sequence of str, length D, optional
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        AnomalyDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no detector.
        ValueError
            If a map is asked for and there are not two columns.
        """
        remedy = "Pass a GaussianMixtureDetector."
        check_fitted(estimator, PARAMETERS, CALLER, remedy)
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", None)
        table = read_table(estimator.mixture_, X, feature_names, CALLER)
        is_plane = len(table.names) == 2
        if kind not in ("auto", "map", "histogram"):
            raise ValueError(
                f"{CALLER}: kind must be 'auto', 'map' or 'histogram'; got {kind!r}."
            )
        if kind == "map" and not is_plane:
            raise ValueError(
                f"{CALLER}: a map needs 2 columns; got {len(table.names)}. Use "
                "kind='histogram'."
            )
        mapped = is_plane and kind != "histogram"
        mixture = estimator.mixture_
        scores = mixture.score_samples(table.values)
        return cls(
            scores=scores,
            offset=float(estimator.offset_),
            points=table.values if mapped else None,
            grid=_grid(mixture, table.values, scores) if mapped else None,
            feature_names=table.names,
        ).plot(ax=ax)

    def _draw(self) -> None:
        self.map_: QuadContourSet | None = None
        self.threshold_contour_: QuadContourSet | None = None
        self.threshold_line_: Line2D | None = None
        self.scatters_: list[PathCollection] = []
        self.bars_: list[BarContainer] = []
        if self.grid is None:
            self._plot_histogram()
        else:
            self._plot_map(*self.grid)
        tidy(self.ax_)
        self.ax_.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=2,
            borderaxespad=0,
            frameon=False,
            fontsize="small",
        )

    def _size(self) -> tuple[float, float]:
        return 6.4, 4.8

    def _plot_map(self, x: Array, y: Array, scores: Array) -> None:
        floor, top = _floor(scores), float(scores.max())
        low = max(float(scores.min()), floor)
        self.map_ = self.ax_.contourf(
            x,
            y,
            scores,
            levels=MaxNLocator(20, steps=[1, 2, 5, 10]).tick_values(low, top),
            extend="min" if scores.min() < floor else "neither",
            cmap="Greys_r",
            alpha=0.5,
        )
        self.figure_.colorbar(self.map_, ax=self.ax_, label="log density (nats)")
        if scores.min() < self.offset < top:
            self.threshold_contour_ = self.ax_.contour(
                x, y, scores, levels=[self.offset], colors=[FLAGGED], linestyles="solid"
            )
        self._scatter((x[0], y[0]), (x[-1], y[-1]))
        if self.threshold_contour_ is None:
            self._name_threshold(", outside the map", linestyle="none")
        else:
            self._name_threshold("", color=FLAGGED)
        self.ax_.set_xlim(x[0], x[-1])
        self.ax_.set_ylim(y[0], y[-1])
        name_axes(self.ax_, self.feature_names)

    def _scatter(self, low: tuple[float, float], high: tuple[float, float]) -> None:
        assert self.points is not None
        outside = ((self.points < low) | (self.points > high)).any(axis=1)
        for chosen, colour, marker, size, label in (
            (~self.flagged, ORDINARY, "o", 9, "ordinary"),
            (self.flagged, FLAGGED, "X", 42, "flagged"),
        ):
            count, unseen = chosen.sum(), (chosen & outside).sum()
            rest = f", {unseen:,} of them outside the map" if unseen else ""
            self.scatters_.append(
                self.ax_.scatter(
                    self.points[chosen, 0],
                    self.points[chosen, 1],
                    s=size,
                    c=[colour],
                    marker=marker,
                    linewidths=0,
                    label=f"{label} · {count:,} rows{rest}",
                )
            )

    def _plot_histogram(self) -> None:
        floor, top = _floor(self.scores), float(self.scores.max())
        low = max(float(self.scores.min()), floor)
        reach = min(FAR * (top - low), LOWEST)
        is_near = max(low - reach, floor) <= self.offset <= top + reach
        ends = [low, top, self.offset] if is_near else [low, top]
        edges = np.histogram_bin_edges(ends, N_BINS)
        if self.scores.min() < floor:
            edges = np.append(2 * edges[0] - edges[1], edges)
            self._count_in_tens(edges)
        shown = np.maximum(self.scores, edges[:2].mean())
        counts = int((~self.flagged).sum()), int(self.flagged.sum())
        _, _, bars = self.ax_.hist(
            [shown[~self.flagged], shown[self.flagged]],
            bins=edges.tolist(),
            color=[ORDINARY, FLAGGED],
            stacked=True,
            alpha=0.8,
            label=[
                f"{name} · {count:,} rows"
                for name, count in zip(("ordinary", "flagged"), counts, strict=True)
            ],
        )
        self.bars_ += bars  # type: ignore[arg-type]
        if is_near:
            look: dict[str, Any] = {"color": "0.2", "linestyle": "--", "linewidth": 1.2}
            self.threshold_line_ = self.ax_.axvline(self.offset, **look)
            self._name_threshold("", **look)
        else:
            side = "left" if self.offset < low else "right"
            self._name_threshold(f", beyond the {side} edge", linestyle="none")
        self.ax_.set_xlabel("log density (nats)")
        self.ax_.set_ylabel("rows")

    def _count_in_tens(self, edges: Array) -> None:
        """Mark every ten nats, and the first bar as that of all rows further down."""
        floor = edges[1]
        ticks = np.arange(floor + TEN, edges[-1], TEN)
        names = [f"{tick:,.0f}" for tick in ticks]
        labels = [f"< {floor:,.0f}", *names]
        self.ax_.set_xticks(
            [edges[:2].mean(), *ticks],
            [label.replace("-", "\N{MINUS SIGN}") for label in labels],
        )

    def _name_threshold(self, where: str, **look: Any) -> None:
        """Enter the threshold in the legend."""
        label = f"threshold {self.offset:.2f}".replace("-", "\N{MINUS SIGN}")
        self.ax_.plot([], [], label=label + where, **look)


def _floor(scores: Array) -> float:
    """Log-density, in tens, below which scores share a colour or a bar."""
    return float(TEN * np.floor((scores.max() - LOWEST) / TEN))


def _grid(mixture: Any, points: Array, scores: Array) -> tuple[Array, Array, Array]:
    """Log-densities over the plane of the rows but far ones, and a margin."""
    near = _near(points, points[scores >= _floor(scores)])
    low, high = near.min(axis=0), near.max(axis=0)
    margin = MARGIN * np.where(high > low, high - low, 1.0)
    x, y = (
        np.linspace(low[j] - margin[j], high[j] + margin[j], GRID_POINTS)
        for j in (0, 1)
    )
    plane = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return x, y, mixture.score_samples(plane).reshape(GRID_POINTS, GRID_POINTS)


def _near(points: Array, bulk: Array) -> Array:
    """Choose the points that are no farther from the bulk than it is wide."""
    low, high = bulk.min(axis=0), bulk.max(axis=0)
    width = np.where(high > low, high - low, np.inf)
    is_near = (points >= low - width) & (points <= high + width)
    return points[is_near.all(axis=1)]
