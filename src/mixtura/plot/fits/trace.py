"""Picture of the log-likelihood over the iterations of a fit."""

from dataclasses import dataclass
from textwrap import fill
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mixtura.plot.display import Display
from mixtura.plot.drawing.colours import PALETTE
from mixtura.plot.drawing.figures import tidy
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import check_fitted

CALLER = "TraceDisplay.from_estimator"
TRACE = ("lower_bounds_", "converged_", "n_iter_")
REMEDY = "A model built from parameters has no trace: fit it to data."
RISE, FALL = PALETTE[:2]
MARKER_LIMIT = 60
TITLE_WIDTH = 60
DWARFED = 1000


@dataclass(kw_only=True, repr=False, eq=False)
class TraceDisplay(Display):
    """Log-likelihood of a fit at each iteration, and what each one gained.

    The lower panel has a logarithmic axis: EM near its limit gains a constant
    factor less at each iteration, which is a straight line there. Make it with
    :meth:`from_estimator`.

    Parameters
    ----------
    log_likelihoods : array-like of shape (T,)
        Mean per observation, in nats, one for each iteration.
    converged : bool
    n_iter : int
        Iterations that the fit reports.
    outcome : str, optional
        Why the fit stopped; its first sentence is shown if it did not converge.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The log-likelihood.
    axes_ : ndarray of Axes, shape (2,)
        The log-likelihood and the increments.
    figure_ : matplotlib.figure.Figure
    line_, increment_line_ : matplotlib.lines.Line2D
    fall_line_ : matplotlib.lines.Line2D or None
        Absolute values of the negative increments, if there are any.
    annotation_ : matplotlib.text.Annotation
        The final value.

    Examples
    --------
    >>> from mixtura.plot import TraceDisplay
    >>> trace = TraceDisplay(
    ...     log_likelihoods=[-3.0, -2.0, -1.5], converged=True, n_iter=3
    ... )
    >>> trace.plot().ax_.get_title(loc="left")
    'Converged after 3 iterations'
    """

    log_likelihoods: Array
    converged: bool
    n_iter: int
    outcome: str | None = None

    def __post_init__(self) -> None:
        self.log_likelihoods = np.asarray(self.log_likelihoods, dtype=np.float64)

    def __repr__(self) -> str:
        return f"TraceDisplay({self._title()})"

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None) -> Self:
        """Draw the trace of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            Has ``lower_bounds_``, ``converged_`` and ``n_iter_``.
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        TraceDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it keeps no trace.
        ValueError
            If its trace is empty.
        """
        check_fitted(estimator, TRACE, CALLER, REMEDY)
        if not len(estimator.lower_bounds_):
            raise ValueError(
                f"{CALLER}: lower_bounds_ must hold one value or more; it is empty. "
                f"{REMEDY}"
            )
        display = cls(
            log_likelihoods=estimator.lower_bounds_,
            converged=bool(estimator.converged_),
            n_iter=int(estimator.n_iter_),
            outcome=getattr(estimator, "outcome_", None),
        )
        return display.plot(ax=ax)

    def _draw(self) -> None:
        below = self._split_below(0.36)
        self._plot_values()
        self._plot_increments(below)
        for panel in (self.ax_, below):
            tidy(panel)
        self.figure_.align_ylabels([self.ax_, below])

    def _size(self) -> tuple[float, float]:
        return 6.4, 4.8

    def _title(self) -> str:
        unit = "iteration" if self.n_iter == 1 else "iterations"
        state = "Converged" if self.converged else "Not converged"
        return f"{state} after {self.n_iter:,} {unit}"

    def _plot_values(self) -> None:
        count = len(self.log_likelihoods)
        (self.line_,) = self.ax_.plot(
            np.arange(1, count + 1),
            self.log_likelihoods,
            color=RISE,
            marker="o" if count <= MARKER_LIMIT else "",
            markersize=3.5,
            linewidth=1.4,
        )
        final = self.log_likelihoods[-1]
        self.annotation_ = self.ax_.annotate(
            f"{final:.7g}".replace("-", "\N{MINUS SIGN}"),
            (count, final),
            xytext=(0, 6),
            textcoords="offset points",
            ha="right" if count > 1 else "center",
            va="bottom",
        )
        title = self._title()
        if self.outcome and not self.converged:
            title += "\n" + fill(self.outcome.split(". ")[0], TITLE_WIDTH)
        self.ax_.set_title(title, loc="left")
        margin = max(0.03 * (count - 1), 0.25)
        self.ax_.set_xlim(1 - margin, count + margin)
        self.ax_.set_ylabel("log-likelihood per\nobservation (nats)")
        self.ax_.ticklabel_format(axis="y", style="plain", useOffset=False)
        self._limit_values(final)

    def _limit_values(self, final: float) -> None:
        """Let the first values fall below the axis where they dwarf the rest."""
        first = _first_comparable(self.log_likelihoods)
        shown = self.log_likelihoods[first:]
        height = float(np.ptp(shown)) or 0.1 * max(abs(final), 1.0)
        self.ax_.set_ylim(shown.min() - 0.12 * height, shown.max() + 0.2 * height)
        if first:
            start = f"{self.log_likelihoods[0]:.4g}".replace("-", "\N{MINUS SIGN}")
            self.ax_.annotate(
                f"from {start}, below the axis",
                (0.98, 0.05),
                xycoords="axes fraction",
                ha="right",
                fontsize="small",
                color="0.4",
            )

    def _plot_increments(self, below: Axes) -> None:
        increments = np.diff(self.log_likelihoods)
        iterations = np.arange(2, len(increments) + 2)
        style: dict[str, Any] = {
            "marker": "o" if len(increments) <= MARKER_LIMIT else "",
            "markersize": 3.5,
            "linewidth": 1.4,
        }
        rises, falls = increments > 0, increments < 0
        (self.increment_line_,) = below.plot(
            iterations, np.where(rises, increments, np.nan), color=RISE, **style
        )
        self.fall_line_: Line2D | None = None
        if falls.any():
            (self.fall_line_,) = below.plot(
                iterations[falls],
                -increments[falls],
                color=FALL,
                marker="v",
                markersize=5,
                linestyle="none",
                label="fall",
            )
            below.legend(frameon=False, fontsize="small")
        if rises.any() or falls.any():
            below.set_yscale("log")
        else:
            below.set_yticks([])
            below.text(
                0.5, 0.5, "no increments", transform=below.transAxes, ha="center"
            )
        below.set_xlabel("iteration")
        below.set_ylabel("increment\n(nats)")
        below.xaxis.set_major_locator(
            MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
        )


def _first_comparable(log_likelihoods: Array) -> int:
    """Index after the last step a thousand times the whole rise that follows it."""
    increments = np.diff(log_likelihoods)
    for index in range(len(increments) - 2, 0, -1):
        following = float(np.ptp(log_likelihoods[index:]))
        if 0 < DWARFED * following < increments[index - 1]:
            return index
    return 0
