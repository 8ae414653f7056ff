"""Picture of the bound under the log-likelihood, along a line of parameters."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mixtura.plot.drawing.figures import tidy
from mixtura.plot.fits.traced import BOUND, LIKELIHOOD, RecordedDisplay, check_trace
from mixtura.plot.quantities.gaussians import Array
from mixtura.trace import EMTrace
from mixtura.trace.bound_slice import BoundSlice

CALLER = "BoundDisplay"
NEXT = "#E69F00"


@dataclass(kw_only=True, repr=False, eq=False)
class BoundDisplay(RecordedDisplay):
    """The bound of an E-step under the log-likelihood, computed along a line.

    The line goes through the parameters of the E-step, s = 0, and those that the
    M-step makes of them, s = 1. The bound touches the log-likelihood at the one and
    is highest at the other, where the next bound touches. Make it with
    :meth:`from_trace` or :meth:`from_estimator`.

    Parameters
    ----------
    curves : BoundSlice
    touches : bool
        Whether the bound is that of soft EM, which touches.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    likelihood_line_, bound_line_, next_line_ : matplotlib.lines.Line2D
    start_marker_, maximum_marker_, end_marker_ : matplotlib.lines.Line2D
        The E-step, the maximum of the bound, and the log-likelihood above it.
    gap_ : matplotlib.text.Annotation
        The KL divergence that the M-step opens.
    legend_ : matplotlib.legend.Legend

    Examples
    --------
    >>> from mixtura import GaussianMixture, load_dataset
    >>> from mixtura.plot import BoundDisplay
    >>> waiting = load_dataset("old-faithful").values[:, 1:]
    >>> model = GaussianMixture(2, init_params="random_from_data",
    ...     acceleration=None, record=True, random_state=0).fit(waiting)
    >>> BoundDisplay.from_estimator(model, iteration=1)
    BoundDisplay(E-step 1)
    """

    curves: BoundSlice
    touches: bool = True

    def __repr__(self) -> str:
        return f"BoundDisplay(E-step {self.curves.iteration})"

    @classmethod
    def from_trace(
        cls,
        trace: EMTrace,
        X: Any = None,
        *,
        iteration: int | None = None,
        sample_weight: Any = None,
        labels: Any = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw one E-step of a trace.

        Parameters
        ----------
        trace : EMTrace
            Of any model of rows.
        X : array-like of shape (n, n_features), optional
            The rows of the fit; not needed up to 1000, which the trace has kept.
        iteration : int, optional
            Of the E-step. Default: the one after which the M-step opens the widest gap.
        sample_weight, labels : array-like of shape (n,), optional
            Those that the fit had, if `X` is given.
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        BoundDisplay

        Raises
        ------
        TypeError
            If it is no trace.
        ValueError
            If the trace has no such E-step, or the rows are not those of the fit.
        """
        check_trace(trace, CALLER)
        curves = trace.bound_slice(
            iteration, X, sample_weight=sample_weight, labels=labels
        )
        return cls(curves=curves, touches=trace.about.algorithm == "em").plot(ax=ax)

    def _draw(self) -> None:
        t = self.curves.iteration
        self.likelihood_line_ = self._curve(
            self.curves.log_likelihood, LIKELIHOOD, "-", "log-likelihood"
        )
        self.bound_line_ = self._curve(
            self.curves.bound, BOUND, "--", f"bound of E-step {t}"
        )
        self.next_line_ = self._curve(
            self.curves.next_bound, NEXT, ":", f"bound of E-step {t + 1}"
        )
        self._mark()
        self._limit()
        self.ax_.set_xlabel("line through both")
        self.ax_.set_xticks(
            [0, 1],
            [f"0\nparameters at E-step {t}", f"1\nparameters after M-step {t + 1}"],
        )
        self.ax_.set_ylabel("sum over the rows (nats)")
        self.ax_.ticklabel_format(axis="y", style="plain", useOffset=False)
        tidy(self.ax_)
        self.legend_ = self.ax_.legend(frameon=False, fontsize="small", loc="best")

    def _size(self) -> tuple[float, float]:
        return 6.8, 4.6

    def _curve(self, values: Array, colour: str, style: str, label: str) -> Line2D:
        (line,) = self.ax_.plot(
            self.curves.s,
            values,
            color=colour,
            linestyle=style,
            linewidth=1.8 if style != ":" else 1.5,
            label=label,
        )
        return line

    def _mark(self) -> None:
        """Mark where the bound touches, where it is highest, and what lies above."""
        curves = self.curves
        start, end = (int(np.abs(curves.s - place).argmin()) for place in (0, 1))
        self.start_marker_ = self._dot(start, curves.bound, BOUND)
        self.maximum_marker_ = self._dot(end, curves.bound, BOUND)
        self.end_marker_ = self._dot(end, curves.log_likelihood, LIKELIHOOD)
        self._measure(curves.bound[end], curves.log_likelihood[end])
        if self.touches:
            self.ax_.annotate(
                "touches",
                (0, curves.bound[start]),
                xytext=(-8, 8),
                textcoords="offset points",
                ha="right",
                fontsize="small",
                color="0.25",
            )

    def _measure(self, low: float, high: float) -> None:
        """Write how far the log-likelihood is above the bound after the M-step."""
        self.gap_ = self.ax_.annotate(
            f"KL = {high - low:.3g}",
            (1, (low + high) / 2),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
            color="0.25",
        )
        self.ax_.vlines(1, low, high, color="0.35", linewidth=1.0, zorder=1)

    def _dot(self, index: int, values: Array, colour: str) -> Line2D:
        (marker,) = self.ax_.plot(
            self.curves.s[index],
            values[index],
            marker="o",
            markersize=7,
            color=colour,
            markeredgecolor="white",
            zorder=5,
        )
        return marker

    def _limit(self) -> None:
        """Show the bound where it rises; let it leave the picture below."""
        curves = self.curves
        within = (curves.s >= -0.25) & (curves.s <= 1.25)
        top = float(np.nanmax(curves.log_likelihood))
        low = float(np.nanmin(curves.bound[within]))
        rise = max(top - low, 1e-9 * max(abs(top), 1.0))
        self.ax_.set_ylim(top - 1.15 * rise, top + 0.1 * rise)
        self.ax_.set_xlim(curves.s[0], curves.s[-1])
