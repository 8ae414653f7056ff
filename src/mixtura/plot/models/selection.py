"""Picture of a search: the criterion over the sizes, a line for each structure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mixtura.plot.display import LegendDisplay
from mixtura.plot.drawing.colours import LINE_STYLES, MARKERS, PALETTE
from mixtura.plot.drawing.figures import tidy
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import check_fitted

CALLER = "SelectionDisplay.from_estimator"
SEARCHED = ("results_", "best_index_", "criterion_")
REMEDY = "Fit a GaussianMixtureSearch."
INK = "0.25"
PROMINENT = 4
"""Structures with thick lines, the best ones."""

HEADROOM = 4.0
"""Height of the axis, in widths of the range of the best values of the structures."""


@dataclass(frozen=True)
class Curve:
    """The criterion of one structure.

    Attributes
    ----------
    name : str
    number : int
        Place among the structures of the search, which decides colour and marker.
    n_components : ndarray of shape (m,)
        Ascending.
    values : ndarray of shape (m,)
        nan for candidates that failed.
    is_sound : ndarray of shape (m,)
        False where a component has collapsed.
    """

    name: str
    number: int
    n_components: Array
    values: Array
    is_sound: NDArray[np.bool_]

    @property
    def least(self) -> float:
        """Smallest value of a sound candidate; infinite if there is none."""
        sound = self.values[self.is_sound & np.isfinite(self.values)]
        return float(sound.min()) if len(sound) else np.inf


def selection_curves(results: Mapping[str, Any], column: str) -> list[Curve]:
    """Split the table of a search into structures, the best first.

    Parameters
    ----------
    results : mapping of str to array
        ``results_`` of a search.
    column : str
        The criterion; "cv" is minus the column ``cv_log_likelihood``.

    Returns
    -------
    list of Curve
    """
    if column == "cv":
        values = -np.asarray(results["cv_log_likelihood"], dtype=np.float64)
    else:
        values = np.asarray(results[column], dtype=np.float64)
    names = np.asarray(results["covariance_type"], dtype=object)
    sizes = np.asarray(results["n_components"])
    sound = np.asarray(results["n_collapsed"]) == 0
    curves = []
    for number, name in enumerate(dict.fromkeys(names.tolist())):
        rows = np.flatnonzero(names == name)
        rows = rows[np.argsort(sizes[rows], kind="stable")]
        curves.append(Curve(str(name), number, sizes[rows], values[rows], sound[rows]))
    return sorted(curves, key=lambda curve: curve.least)


@dataclass(kw_only=True, repr=False, eq=False)
class SelectionDisplay(LegendDisplay):
    """Criterion of each candidate of a search, over the number of components.

    Lower is better. The best candidate carries a ring, the runner-up a thin one;
    candidates with a collapsed component are hollow. Make it with
    :meth:`from_estimator`.

    Parameters
    ----------
    curves : sequence of Curve
        Best structure first.
    label : str
        Of the criterion.
    best : (int, str)
        Size and structure of the best candidate.
    runner_up : (int, str) or None
    margin : str
        Distance of the runner-up, in words; may be empty.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    lines_ : list of Line2D
        One for each structure, the best first.
    best_marker_, runner_up_marker_ : matplotlib.lines.Line2D or None
    legend_ : matplotlib.legend.Legend or None

    Examples
    --------
    >>> from mixtura import GaussianMixtureSearch, SelectionDisplay, load_dataset
    >>> search = GaussianMixtureSearch((1, 2, 3), covariance_type="diag")
    >>> search = search.fit(load_dataset("old-faithful").values)
    >>> SelectionDisplay.from_estimator(search).ax_.get_ylabel()
    'BIC (lower is better)'
    """

    curves: Sequence[Curve]
    label: str
    best: tuple[int, str]
    runner_up: tuple[int, str] | None = None
    margin: str = ""

    def __repr__(self) -> str:
        size, structure = self.best
        return f"SelectionDisplay({self.label}: {structure}, {size} components)"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        whole: bool = False,
        legend: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the criterion of a fitted search.

        Parameters
        ----------
        estimator : GaussianMixtureSearch
            Fitted.
        whole : bool, default=False
            Whether the axis holds every value. Default: those near the best ones,
            among which there is something to choose.
        legend : bool, default=True
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        SelectionDisplay

        Raises
        ------
        NotFittedError
            If the search is not fitted.
        TypeError
            If it is no search.
        """
        check_fitted(estimator, SEARCHED, CALLER, REMEDY)
        runner_up = estimator.runner_up_
        display = cls(
            curves=selection_curves(estimator.results_, estimator.criterion_.name),
            label=estimator.criterion_.label,
            best=_pair(estimator.best_params_),
            runner_up=None if runner_up is None else _pair(runner_up),
            margin=_margin(estimator),
        )
        return display.plot(ax=ax, whole=whole, legend=legend)

    def plot(
        self, ax: Axes | None = None, *, whole: bool = False, legend: bool = True
    ) -> Self:
        """Draw the computed values.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.
        whole : bool, default=False
            Whether the axis holds every value.
        legend : bool, default=True
            Right of the axes, best structure first.

        Returns
        -------
        SelectionDisplay
            Itself, with the artists as attributes.

        Raises
        ------
        TypeError
            If `ax` is not one Axes.
        """
        self._whole = whole
        return super().plot(ax, legend=legend)

    def _size(self) -> tuple[float, float]:
        return (7.6 if self._has_legend else 6.2), 4.8

    def _draw(self) -> None:
        self.lines_ = [
            self._plot_curve(curve, place) for place, curve in enumerate(self.curves)
        ]
        self.best_marker_ = self._plot_ring(self.best, 1.8)
        self.runner_up_marker_ = (
            None if self.runner_up is None else self._plot_ring(self.runner_up, 0.8)
        )
        self._set_limits()
        self._add_title()
        self.legend_ = self._add_legend() if self._has_legend else None
        self.ax_.set_xlabel("number of components")
        self.ax_.set_ylabel(f"{self.label} (lower is better)")
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        self.ax_.ticklabel_format(axis="y", style="plain", useOffset=False)
        tidy(self.ax_)

    def _plot_curve(self, curve: Curve, place: int) -> Line2D:
        colour = PALETTE[curve.number % len(PALETTE)]
        # From the ninth on a colour comes again, with another marker and line.
        style = curve.number + curve.number // len(PALETTE)
        values = np.where(np.isfinite(curve.values), curve.values, np.nan)
        (line,) = self.ax_.plot(
            curve.n_components,
            values,
            color=colour,
            linestyle=LINE_STYLES[style % len(LINE_STYLES)],
            marker=MARKERS[style % len(MARKERS)],
            markersize=5,
            linewidth=1.6 if place < PROMINENT else 0.9,
            label=curve.name,
            zorder=4 - place / (len(self.curves) + 1),
        )
        collapsed = ~curve.is_sound
        self.ax_.plot(
            curve.n_components[collapsed],
            values[collapsed],
            color=colour,
            marker=line.get_marker(),
            markersize=6,
            markerfacecolor="white",
            linestyle="none",
            zorder=5,
        )
        return line

    def _place(self, candidate: tuple[int, str]) -> tuple[float, float] | None:
        size, structure = candidate
        for curve in self.curves:
            if curve.name == structure:
                value = curve.values[curve.n_components == size]
                if len(value) and np.isfinite(value[0]):
                    return size, float(value[0])
        return None

    def _plot_ring(self, candidate: tuple[int, str], width: float) -> Line2D | None:
        place = self._place(candidate)
        if place is None:
            return None
        (ring,) = self.ax_.plot(
            *place,
            marker="o",
            markersize=14,
            markerfacecolor="none",
            markeredgecolor=INK,
            markeredgewidth=width,
            linestyle="none",
            zorder=6,
        )
        return ring

    def _set_limits(self) -> None:
        """Show the best value of each structure, and what is near the best of all."""
        finite = np.concatenate([c.values[np.isfinite(c.values)] for c in self.curves])
        if not len(finite):
            return
        low, high = float(finite.min()), float(finite.max())
        least = np.array([c.least for c in self.curves if np.isfinite(c.least)])
        if len(least) and not self._whole:
            last = self.curves[0].values[np.isfinite(self.curves[0].values)][-1]
            reach = max(last - low, HEADROOM * float(np.median(least) - low))
            high = min(high, low + 1.3 * reach) if reach > 0 else high
        height = (high - low) or 1.0
        self.ax_.set_ylim(low - 0.12 * height, high + 0.05 * height)

    def _add_title(self) -> None:
        size, structure = self.best
        said = f"best: {structure}, {counted(size)}"
        self.ax_.set_title("\n".join(filter(None, (said, self.margin))), loc="left")

    def _add_legend(self) -> Legend:
        bottom, top = self.ax_.get_ylim()
        handles = []
        for curve, line in zip(self.curves, self.lines_, strict=True):
            handle = Line2D([], [])
            handle.update_from(line)
            beyond = not bottom <= curve.least <= top
            handle.set_label(f"{curve.name} (above)" if beyond else curve.name)
            handles.append(handle)
        rings = {"best": self.best_marker_, "runner-up": self.runner_up_marker_}
        for label, ring in rings.items():
            if ring is not None:
                handles.append(_ring_handle(label, ring))
        if not all(curve.is_sound.all() for curve in self.curves):
            handles.append(_collapsed_handle())
        return self.ax_.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            frameon=False,
            fontsize="small",
            handlelength=2.8,
        )


def _ring_handle(label: str, ring: Line2D) -> Line2D:
    return Line2D(
        [],
        [],
        marker="o",
        markersize=9,
        markerfacecolor="none",
        markeredgecolor=INK,
        markeredgewidth=ring.get_markeredgewidth(),
        linestyle="none",
        label=label,
    )


def _collapsed_handle() -> Line2D:
    return Line2D(
        [],
        [],
        marker="o",
        markersize=6,
        markerfacecolor="white",
        markeredgecolor=INK,
        linestyle="none",
        label="collapsed",
    )


def counted(n_components: int) -> str:
    """Write a number of components.

    Examples
    --------
    >>> counted(1), counted(2)
    ('1 component', '2 components')
    """
    return f"{n_components} component{'s' * (n_components != 1)}"


def _pair(params: Mapping[str, Any]) -> tuple[int, str]:
    return int(params["n_components"]), str(params["covariance_type"])


def _margin(search: Any) -> str:
    """Say who comes second, and how far behind."""
    if search.runner_up_ is None:
        return ""
    size, structure = _pair(search.runner_up_)
    error = search.margin_standard_error_
    spread = f" ± {error:.2g}" if np.isfinite(error) else ""
    verdict = search.criterion_.verdict(search.margin_)
    behind = f"worse by {search.margin_:.3g}{spread}"
    said = f"runner-up: {structure}, {counted(size)}; {behind}"
    return "\n".join(filter(None, (said, verdict)))
