"""Picture of the log-likelihood and the bound at every half-step."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes

from mixtura.plot.drawing.colours import PALETTE
from mixtura.plot.drawing.figures import tidy
from mixtura.plot.fits.traced import (
    BOUND,
    LIKELIHOOD,
    RecordedDisplay,
    check_trace,
    count_iterations,
)
from mixtura.plot.quantities.gaussians import Array
from mixtura.trace import EMTrace

CALLER = "HalfStepsDisplay"
MARKER_LIMIT = 60
"""Half-steps beyond which they are a line without markers."""

NOTHING = 1e-9
"""Gaps of less than this share of the log-likelihood are rounding."""

DWARFED = 20.0
"""The first half-steps lie below the axis where they are so many times the rest."""


@dataclass(kw_only=True, repr=False, eq=False)
class HalfStepsDisplay(RecordedDisplay):
    """Log-likelihood and bound after each half-step, and the gap between them.

    An M-step raises the bound, and the log-likelihood at least as much; an E-step
    raises the bound until it touches. The lower panel has the gap that each M-step
    opens, KL(q || posterior), on a logarithmic axis. Make it with :meth:`from_trace`
    or :meth:`from_estimator`.

    Parameters
    ----------
    half_steps : ndarray of shape (m,)
        Where the half-steps stand: at t after E-step t, at t - ½ after M-step t.
    log_likelihood, bound : ndarray of shape (m,)
        Sums over the observations, in nats.
    n_samples : int, optional
        Number of rows, for the label.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The upper panel.
    axes_ : ndarray of Axes, shape (2,)
    figure_ : matplotlib.figure.Figure
    likelihood_line_, bound_line_, gap_line_ : matplotlib.lines.Line2D
    gap_ : matplotlib.collections.PolyCollection
        The area between the log-likelihood and the bound.

    Examples
    --------
    >>> from mixtura import GaussianMixture, load_dataset
    >>> from mixtura.plot import HalfStepsDisplay
    >>> waiting = load_dataset("old-faithful").values[:, 1:]
    >>> model = GaussianMixture(2, init_params="random_from_data",
    ...     acceleration=None, record=True, random_state=0).fit(waiting)
    >>> HalfStepsDisplay.from_estimator(model)  # doctest: +ELLIPSIS
    HalfStepsDisplay(... half-steps)
    """

    half_steps: Array
    log_likelihood: Array
    bound: Array
    n_samples: int | None = None

    def __repr__(self) -> str:
        return f"HalfStepsDisplay({len(self.half_steps)} half-steps)"

    @classmethod
    def from_trace(cls, trace: EMTrace, *, ax: Axes | None = None) -> Self:
        """Draw a trace.

        Parameters
        ----------
        trace : EMTrace
            Of any model.
        ax : matplotlib.axes.Axes, optional
            Split in two panels. Default: a new figure.

        Returns
        -------
        HalfStepsDisplay

        Raises
        ------
        TypeError
            If it is no trace.
        """
        check_trace(trace, CALLER)
        table = trace.table()
        half = np.where(table["phase"] == "M", 0.5, 0.0)
        display = cls(
            half_steps=table["iteration"] - half,
            log_likelihood=table["log_likelihood"],
            bound=table["elbo"],
            n_samples=None if trace.sample is None else trace.sample.n_samples,
        )
        return display.plot(ax=ax)

    def _draw(self) -> None:
        below = self._split_below(0.34)
        self._plot_levels()
        self._plot_gap(below)
        for panel in (self.ax_, below):
            tidy(panel)
        self.figure_.align_ylabels([self.ax_, below])

    def _size(self) -> tuple[float, float]:
        return 6.8, 5.0

    def _plot_levels(self) -> None:
        style: dict[str, Any] = {
            "marker": "o" if len(self.half_steps) <= MARKER_LIMIT else "",
            "markersize": 3.5,
            "linewidth": 1.4,
        }
        self.gap_ = self.ax_.fill_between(
            self.half_steps,
            self.bound,
            self.log_likelihood,
            color=BOUND,
            alpha=0.18,
            linewidth=0,
            label="gap: KL(q ‖ posterior)",
        )
        (self.likelihood_line_,) = self.ax_.plot(
            self.half_steps,
            self.log_likelihood,
            color=LIKELIHOOD,
            label="log-likelihood",
            **style,
        )
        (self.bound_line_,) = self.ax_.plot(
            self.half_steps,
            self.bound,
            color=BOUND,
            linestyle="--",
            label="bound: Q + H(q)",
            **style,
        )
        rows = "" if self.n_samples is None else f"over {self.n_samples:,} rows "
        self.ax_.set_ylabel(f"sum {rows}(nats)")
        self.ax_.ticklabel_format(axis="y", style="plain", useOffset=False)
        self._limit_levels()
        self.ax_.legend(frameon=False, fontsize="small", loc="lower right")

    def _limit_levels(self) -> None:
        """Let the first half-steps fall below the axis where they dwarf the rest."""
        top = float(self.log_likelihood.max())
        depths = top - self.bound
        first = _first_comparable(depths)
        depth = float(depths[first:].max()) or 0.1 * max(abs(top), 1.0)
        self.ax_.set_ylim(top - 1.08 * depth, top + 0.12 * depth)
        if first:
            self.ax_.annotate(
                f"from {self.bound[0]:,.6g}".replace("-", "\N{MINUS SIGN}")
                + ", below the axis",
                (0.02, 0.03),
                xycoords="axes fraction",
                fontsize="small",
                color="0.4",
            )

    def _plot_gap(self, below: Axes) -> None:
        after_m = self.half_steps % 1 == 0.5
        gap = (self.log_likelihood - self.bound)[after_m]
        rounding = NOTHING * np.abs(self.log_likelihood).max()
        (self.gap_line_,) = below.plot(
            self.half_steps[after_m],
            np.where(gap > rounding, gap, np.nan),
            color=PALETTE[1],
            marker="o" if len(gap) <= MARKER_LIMIT else "",
            markersize=3.5,
            linewidth=1.0,
        )
        if (gap > rounding).any():
            below.set_yscale("log")
        else:
            below.set_yticks([])
            below.text(0.5, 0.5, "no gap", transform=below.transAxes, ha="center")
        below.set_ylabel("gap after\nM-step (nats)")
        count_iterations(below, "iteration: E-steps at whole numbers, M-steps between")


def _first_comparable(depths: Array) -> int:
    """Index from which on the depths below the top are of one size."""
    for index in range(min(len(depths) - 8, 6), 0, -1):
        if depths[index - 1] > DWARFED * depths[index:].max() > 0:
            return index
    return 0
