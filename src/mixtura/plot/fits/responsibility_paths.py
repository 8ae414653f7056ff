"""Picture of the responsibilities of the rows, iteration by iteration."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray

from mixtura.plot.drawing.colours import blend, component_styles, percent
from mixtura.plot.drawing.figures import place_legend, tidy
from mixtura.plot.drawing.legends import LEGEND_ROWS
from mixtura.plot.fits.traced import (
    RecordedDisplay,
    check_trace,
    count_iterations,
    e_steps,
)
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.rows import evenly_spaced
from mixtura.trace import EMTrace

CALLER = "ResponsibilityPathsDisplay"
MOST_COLUMNS = 200
"""Iterations in the picture; of more, evenly spaced ones."""


@dataclass(kw_only=True, repr=False, eq=False)
class ResponsibilityPathsDisplay(RecordedDisplay):
    """What EM thought of each row, iteration by iteration.

    A line for each row and a column for each E-step: the colours of the components,
    blended in proportion to the responsibilities. Rows of one component at the end lie
    together, the surest outside. Make it with :meth:`from_trace` or
    :meth:`from_estimator`.

    Parameters
    ----------
    iterations : ndarray of shape (T,)
    responsibilities : ndarray of shape (T, m, K)
        Of the rows in the order of the picture, from the top.
    weights : ndarray of shape (K,)
        The last.
    n_samples : int
        Number of all rows.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    image_ : matplotlib.image.AxesImage
    legend_ : matplotlib.legend.Legend

    Examples
    --------
    >>> from mixtura import GaussianMixture, load_dataset
    >>> from mixtura.plot import ResponsibilityPathsDisplay
    >>> waiting = load_dataset("old-faithful").values[:, 1:]
    >>> model = GaussianMixture(2, init_params="random_from_data",
    ...     acceleration=None, record=True, random_state=0).fit(waiting)
    >>> display = ResponsibilityPathsDisplay.from_estimator(model)
    >>> display.image_.get_array().shape[0]
    272
    """

    iterations: Array
    responsibilities: Array
    weights: Array
    n_samples: int

    def __repr__(self) -> str:
        n_iterations, n_rows, _ = self.responsibilities.shape
        return f"ResponsibilityPathsDisplay({n_rows} rows, {n_iterations} E-steps)"

    @classmethod
    def from_trace(
        cls,
        trace: EMTrace,
        X: Any = None,
        *,
        labels: Any = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a trace.

        Parameters
        ----------
        trace : EMTrace
            Of a mixture.
        X : array-like of shape (n, n_features), optional
            Rows. Default: those that the trace has kept.
        labels : array-like of int of shape (n,), optional
            Known components of the rows of `X`, -1 where unknown.
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        ResponsibilityPathsDisplay

        Raises
        ------
        TypeError
            If it is no trace of a Gaussian mixture.
        ValueError
            If the trace has no rows and none are given.
        """
        check_trace(trace, CALLER)
        steps = e_steps(trace)
        steps = steps[evenly_spaced(len(steps), MOST_COLUMNS)].tolist()
        count = trace.n_components
        values = np.array([trace.responsibilities(i, X, labels=labels) for i in steps])
        values = values[:, :, :count]  # noise turns dark
        known = values.shape[1] if trace.sample is None else trace.sample.n_samples
        display = cls(
            iterations=np.array([trace.records[i].iteration for i in steps], float),
            responsibilities=values[:, _order(values)],
            weights=trace[-1].params.weights,
            n_samples=known if X is None else values.shape[1],
        )
        return display.plot(ax=ax)

    def _draw(self) -> None:
        self.styles = component_styles(self.weights)
        n_steps, n_rows, n_components = self.responsibilities.shape
        flat = self.responsibilities.reshape(-1, n_components)
        colours = blend(flat, self.styles).reshape(n_steps, n_rows, 3)
        half = np.diff(self.iterations).mean() / 2 if n_steps > 1 else 0.5
        left, right = self.iterations[0] - half, self.iterations[-1] + half
        self.image_ = self.ax_.imshow(
            colours.swapaxes(0, 1),
            aspect="auto",
            interpolation="nearest",
            extent=(left, right, n_rows, 0),
        )
        count_iterations(self.ax_, "iteration (E-step)")
        self.ax_.set_yticks([])
        shown = "" if n_rows == self.n_samples else f"{n_rows:,} of "
        self.ax_.set_ylabel(
            f"{shown}{self.n_samples:,} rows, by their component at the end"
        )
        tidy(self.ax_)
        heaviest = np.sort(np.argsort(-self.weights, kind="stable")[:LEGEND_ROWS])
        handles = [
            Patch(facecolor=self.styles[k].colour, label=self.styles[k].label)
            for k in heaviest
        ]
        if (self.responsibilities.sum(axis=2) < 0.5).any():
            rest = percent(1 - self.weights.sum())
            handles.append(Patch(facecolor="black", label=f"noise · {rest}"))
        self.legend_ = place_legend(self.ax_, handles, 2)

    def _size(self) -> tuple[float, float]:
        return 7.6, 4.8


def _order(values: Array) -> NDArray[np.intp]:
    """Order rows by their last component, the surest at the outer ends."""
    last = values[-1]
    label = last.argmax(axis=1)
    sureness = last.max(axis=1)
    outward = np.where(label == 0, -sureness, sureness)
    # Among the equally sure, those that changed last lie next to the border.
    moves = np.abs(np.diff(values, axis=0)).sum(axis=2).T @ np.arange(1, len(values))
    moves = np.where(label == 0, moves, -moves)
    return np.lexsort((moves, outward, label))
