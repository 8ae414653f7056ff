"""Picture of the hidden states of a sequence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from mixtura.data import Rows
from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams
from mixtura.plot.display import LegendDisplay
from mixtura.plot.drawing.colours import component_styles, percent
from mixtura.plot.drawing.figures import PANEL_NAME, split_grid, tidy
from mixtura.plot.drawing.shares import draw_shares, lightened
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import choose_columns, read_sequence
from mixtura.plot.quantities.plane import ResponsibilityGrid
from mixtura.short_names import short_names

CALLER = "StateSequenceDisplay.from_params"
CROWD = 600
"""Time steps beyond which the observations have no markers."""


@dataclass(kw_only=True, repr=False, eq=False)
class StateSequenceDisplay(LegendDisplay):
    """The hidden states of a sequence under a hidden Markov model.

    A panel for each shown column has the observations, over the colours of the most
    likely state sequence (Viterbi) and with the mean of each state in it; the last
    panel stacks the posterior probabilities of the states at each time, given the whole
    sequence. The two differ where the states are uncertain. Make it with
    :meth:`from_params`.

    Parameters
    ----------
    observations : ndarray of shape (T, d)
        In the shown columns.
    probabilities : ndarray of shape (T, K)
    path : ndarray of int of shape (T,)
        The most likely state sequence as a whole.
    times : ndarray of shape (T,)
        Ascending.
    time_name : str
    feature_names : sequence of str
        Of the shown columns.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The panel of the first column.
    axes_ : ndarray of Axes, shape (d + 1,)
        The columns, and the probabilities.
    figure_ : matplotlib.figure.Figure
    lines_ : list of Line2D
        Observations of each column.
    scatters_ : list of PathCollection
        Observations by state, column after column.
    levels_ : list of LineCollection
        Means of the states, column after column.
    areas_ : list of PolyCollection
        Probabilities.
    runs_ : list of (int, int, int)
        State, first and last time step of each stretch of the path.
    legend_ : matplotlib.legend.Legend or None

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.families.poisson import Poisson, PoissonParams
    >>> from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams
    >>> from mixtura.plot import StateSequenceDisplay
    >>> params = HiddenMarkovParams(
    ...     start=np.array([0.5, 0.5]),
    ...     transition=np.array([[0.9, 0.1], [0.1, 0.9]]),
    ...     components=PoissonParams(np.array([[2.0], [9.0]])),
    ... )
    >>> counts = np.array([1, 2, 2, 9, 11, 8, 1, 3])
    >>> display = StateSequenceDisplay.from_params(
    ...     HiddenMarkov(Poisson()), params, counts
    ... )
    >>> display
    StateSequenceDisplay(8 time steps, 2 states)
    >>> display.runs_
    [(0, 0, 2), (1, 3, 5), (0, 6, 7)]
    """

    observations: Array
    probabilities: Array
    path: NDArray[np.intp]
    times: Array
    time_name: str
    feature_names: Sequence[str]

    def __repr__(self) -> str:
        length, count = self.probabilities.shape
        return f"StateSequenceDisplay({length:,} time steps, {count} states)"

    @classmethod
    def from_params(
        cls,
        model: HiddenMarkov,
        params: HiddenMarkovParams,
        X: Any,
        *,
        times: Any = None,
        time_name: str = "time step",
        feature_names: Sequence[str] | None = None,
        columns: Sequence[int | str] | int | str | None = None,
        legend: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw one sequence.

        Parameters
        ----------
        model : HiddenMarkov
            Of any family.
        params : HiddenMarkovParams
        X : array-like or data frame of shape (T, D), or (T,) for one column
            The sequence, with all columns of the model.
        times : array-like of shape (T,), optional
            Of the rows, ascending. Default: 0, 1, ...
        time_name : str, default="time step"
            Label of the time axis, with its unit.
        feature_names : sequence of str, length D, optional
            Default: the names of the data frame, else x0, x1, ...
        columns : sequence of int or str, int or str, optional
            Columns to show, as names or numbers from 0. Default: the first six.
        legend : bool, default=True
        ax : matplotlib.axes.Axes, optional
            Split in panels. Default: a new figure.

        Returns
        -------
        StateSequenceDisplay

        Raises
        ------
        TypeError
            If a column of `X` does not hold numbers.
        ValueError
            If `X` is empty or has missing values, a column is unknown, or `times` has
            another length or does not ascend.
        """
        table = read_sequence(X, feature_names, CALLER)
        if np.isnan(table.values).any():
            row = int(np.isnan(table.values).any(axis=1).argmax())
            raise ValueError(
                f"{CALLER}: X must have no missing values; row {row} has one. "
                "Draw the sequences before and after the gap."
            )
        shown = choose_columns(columns, table.names, CALLER)
        posterior = model.posterior(params, Rows(table.values))
        display = cls(
            observations=table.values[:, shown],
            probabilities=posterior.values,
            path=posterior.mode().values.argmax(axis=1),
            times=_checked_times(times, len(table.values)),
            time_name=time_name,
            feature_names=table.names_of(shown),
        )
        return display.plot(ax=ax, legend=legend)

    def _draw(self) -> None:
        self.lines_: list[Line2D] = []
        self.scatters_: list[PathCollection] = []
        self.levels_: list[LineCollection] = []
        self.runs_ = _runs(self.path)
        self.styles = component_styles(self.probabilities.mean(axis=0))
        count = len(self.feature_names)
        self.axes_ = split_grid(self.ax_, [1.7] * count + [1.0], [1])[:, 0]
        for column, panel in enumerate(self.axes_[:-1]):
            self._draw_column(panel, column)
        self._draw_probabilities(self.axes_[-1])
        edges = self._edges()
        for panel in self.axes_:
            panel.set_xlim(edges[0], edges[-1])
            tidy(panel)
        self.axes_[-1].set_xlabel(self.time_name)
        self.figure_.align_ylabels(list(self.axes_))
        if self._has_legend:
            self.legend_ = self.ax_.legend(
                handles=self._handles(),
                loc="upper left",
                bbox_to_anchor=(1.01, 1.0),
                frameon=False,
                fontsize="small",
            )

    def _size(self) -> tuple[float, float]:
        return 9.0, 2.2 + 1.7 * len(self.feature_names)

    def _edges(self) -> Array:
        """Times between the rows, and half a step beyond the first and the last."""
        times = self.times
        if len(times) == 1:
            return np.array([times[0] - 0.5, times[0] + 0.5])
        middle = (times[1:] + times[:-1]) / 2
        return np.r_[2 * times[0] - middle[0], middle, 2 * times[-1] - middle[-1]]

    def _draw_column(self, panel: Axes, column: int) -> None:
        values, edges = self.observations[:, column], self._edges()
        crowded = len(values) > CROWD
        means = self._state_means(values)
        for k, style in enumerate(self.styles):
            runs = [(edges[a], edges[b + 1]) for s, a, b in self.runs_ if s == k]
            panel.broken_barh(
                [(left, right - left) for left, right in runs],
                (0, 1),
                transform=panel.get_xaxis_transform(),
                facecolor=lightened(lightened(style.colour)),
                linewidth=0,
                zorder=0,
            )
            segments = [[(a, means[k]), (b, means[k])] for a, b in runs]
            level = LineCollection(segments, colors=[style.colour], linewidths=1.6)
            panel.add_collection(level, autolim=False)
            self.levels_.append(level)
            chosen = self.path == k
            if not crowded:
                self.scatters_.append(
                    panel.scatter(
                        self.times[chosen],
                        values[chosen],
                        s=12,
                        c=[style.colour],
                        marker=style.marker,
                        linewidths=0,
                        zorder=3,
                    )
                )
        colour, width = ("0.4", 0.35) if crowded else ("0.6", 0.8)
        self.lines_ += panel.plot(self.times, values, color=colour, linewidth=width)
        panel.set_ylabel(short_names(self.feature_names, PANEL_NAME)[column])
        panel.tick_params(labelbottom=False)

    def _state_means(self, values: Array) -> Array:
        """Mean of the observations in each state, weighted by its probability."""
        weights = self.probabilities.sum(axis=0)
        sums = self.probabilities.T @ values
        return np.divide(
            sums, weights, out=np.full_like(sums, np.nan), where=weights > 0
        )

    def _draw_probabilities(self, panel: Axes) -> None:
        grid = ResponsibilityGrid((self.times,), self.probabilities)
        self.areas_ = draw_shares(
            panel, grid, self.styles, lines=len(self.times) <= CROWD
        )
        panel.set_ylabel("state\nprobability")

    def _handles(self) -> list[Any]:
        handles: list[Any] = [
            Line2D(
                [],
                [],
                color=style.colour,
                marker=style.marker,
                markersize=5,
                linewidth=1.6,
                label=f"state {k} · {percent(share)} of the time",
            )
            for k, (style, share) in enumerate(
                zip(self.styles, self.probabilities.mean(axis=0), strict=True)
            )
        ]
        handles.append(Patch(facecolor="0.88", label="most likely sequence"))
        handles.append(Line2D([], [], color="0.35", linewidth=1.6, label="state mean"))
        return handles


def _runs(path: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    """State, first and last position of each stretch of equal states."""
    starts = np.flatnonzero(np.r_[True, np.diff(path) != 0])
    ends = np.r_[starts[1:] - 1, len(path) - 1]
    return [(int(path[a]), int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def _checked_times(times: Any, length: int) -> Array:
    if times is None:
        return np.arange(length, dtype=np.float64)
    values = np.asarray(times, dtype=np.float64)
    if values.shape != (length,) or not (np.diff(values) > 0).all():
        raise ValueError(
            f"{CALLER}: times must be one number for each of the {length} rows of X, "
            f"ascending; got shape {values.shape}."
        )
    return values
