"""Animation of a recorded fit: one picture for each half-step of EM."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mixtura.plot.display import NotebookFigure
from mixtura.plot.drawing import panels, shares
from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.drawing.figures import name_axes, tidy
from mixtura.plot.drawing.legends import component_handles
from mixtura.plot.fits.gif import Picture, gif
from mixtura.plot.fits.recorded_frames import (
    RecordedFrame,
    chosen_frames,
    recorded_frames,
)
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import choose_plane
from mixtura.plot.quantities.summaries import Histogram, curves, histogram, view_limits

CALLER = "AnimationDisplay.from_trace"
SIZE = (7.2, 4.0)
RESOLUTION = 100
PLACE = (0.1, 0.13, 0.49, 0.72)
CURVE_PLACE = (0.71, 0.42, 0.27, 0.38)
POINT = 16.0

MOST_NAMED = 5
SHORT_NUMBERS = range(-3, 4)
"""Powers of ten that leave room for the label of an axis."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

MOST_FPS = 50

PHASES = {
    "E": "E-step: responsibilities from the parameters",
    "M": "M-step: parameters from the responsibilities",
}


class AnimationDisplay(NotebookFigure):
    """A recorded fit as a sequence of pictures, one for each half-step of EM.

    Points have the colours of their responsibilities, components are ellipses with the
    path of their mean (over one column densities), and beside them the log-likelihood
    grows, with the bound that each E-step raises to touch it. Make it with
    :meth:`from_trace`; :meth:`save` writes an animated GIF.

    Parameters
    ----------
    recording : mapping
        Of one column or two, as `EMTrace.recording` makes it.
    max_frames : int, default=60
        Of more half-steps, the first ones and then ever fewer are shown, with the last.

    Attributes
    ----------
    frames : tuple of RecordedFrame
        The half-steps that are shown.
    ax_, curve_ax_ : matplotlib.axes.Axes
        Of the frame that was drawn last: the data, and the log-likelihood.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from mixtura import AnimationDisplay, GaussianMixture, load_dataset
    >>> faithful = load_dataset("old-faithful").values
    >>> model = GaussianMixture(
    ...     2, init_params="random_from_data", record=True, random_state=0
    ... ).fit(faithful)
    >>> animation = AnimationDisplay.from_trace(model.trace_, faithful)
    >>> animation
    AnimationDisplay(29 frames, columns: x0, x1)
    >>> animation.plot(0).figure_.texts[0].get_text()
    'Iteration 0'
    """

    ax_: Axes
    curve_ax_: Axes
    figure_: Figure

    def __init__(self, recording: Any, *, max_frames: int = 60) -> None:
        if max_frames < 2:
            raise ValueError(
                f"AnimationDisplay: max_frames must be at least 2; got {max_frames}."
            )
        self.recording = recording
        steps = recorded_frames(recording)
        self.frames: tuple[RecordedFrame, ...] = tuple(
            steps[index] for index in chosen_frames(len(steps), max_frames)
        )
        self.points: Array = np.array(recording["points"], dtype=np.float64)
        self.feature_names = tuple(recording["columns"])

    def __repr__(self) -> str:
        names = ", ".join(self.feature_names)
        return f"AnimationDisplay({len(self.frames)} frames, columns: {names})"

    @classmethod
    def from_trace(
        cls,
        trace: Any,
        X: Any = None,
        *,
        columns: Sequence[int | str] | int | str | None = None,
        max_frames: int = 60,
        max_points: int = 1000,
    ) -> "AnimationDisplay":
        """Draw the last frame of a fit that was recorded.

        Parameters
        ----------
        trace : EMTrace
            Such as ``GaussianMixture(record=True).fit(X).trace_``.
        X : array-like of shape (n, D), optional
            The rows of the fit. Default: those that the trace has kept.
        columns : sequence of int or str, int or str, optional
            One column or two, as names or numbers from 0. Default: the first two.
        max_frames : int, default=60
        max_points : int, default=1000
            Of more rows, evenly spaced ones are shown.

        Returns
        -------
        AnimationDisplay

        Raises
        ------
        ValueError
            If a column is unknown, or there are more than two.
        """
        chosen = choose_plane(columns, trace.about.columns, CALLER)
        recording = trace.recording(
            X, columns=chosen, max_points=max_points, max_steps=len(trace) + 4
        )
        return cls(recording, max_frames=max_frames).plot()

    def plot(self, frame: int = -1) -> "AnimationDisplay":
        """Draw one frame in a new figure.

        Parameters
        ----------
        frame : int, default=-1
            Its position among the frames.

        Returns
        -------
        AnimationDisplay
            Itself, with the figure as attribute.
        """
        position = range(len(self.frames))[frame]
        self.figure_ = Figure(figsize=SIZE, dpi=RESOLUTION)
        self.ax_ = self.figure_.add_axes(PLACE)
        self.curve_ax_ = self.figure_.add_axes(CURVE_PLACE)
        shown = self.frames[position]
        self.styles = component_styles(shown.components.weights)
        if len(self.feature_names) == 1:
            self._draw_line(shown)
        else:
            self._draw_plane(position)
        for axis in (self.ax_.xaxis, self.ax_.yaxis):
            _shorten(axis)
        self._draw_curve(position)
        self._write(shown, is_last=position == len(self.frames) - 1)
        return self

    def pictures(self) -> Iterator[Picture]:
        """Draw all frames, one after the other, as red, green and blue."""
        for position in range(len(self.frames)):
            canvas: Any = FigureCanvasAgg(self.plot(position).figure_)
            canvas.draw()
            yield np.asarray(canvas.buffer_rgba())[..., :3].copy()

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        fps: float = 4.0,
        hold: float = 1.5,
        n_colours: int = 64,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        """Write an animated GIF that repeats.

        Parameters
        ----------
        path : str or path
            Its suffix is ``.gif``.
        fps : float, default=4
            Frames per second.
        hold : float, default=1.5
            Seconds for which the first frame is shown; the last stays twice as long.
        n_colours : int, default=64
            From 2 to 256; fewer make a smaller file.
        progress : callable, optional
            Called with the number of frames drawn, after each.

        Raises
        ------
        ValueError
            If the path has another suffix, or a number is out of range.
        OSError
            If the file cannot be written.
        """
        path = Path(path)
        self._check_output(path, fps, hold, n_colours)
        seconds = np.full(len(self.frames), 1 / fps)
        seconds[0] = max(hold, seconds[0])
        seconds[-1] = max(2 * hold, seconds[-1])

        def drawn() -> Iterator[Picture]:
            for count, picture in enumerate(self.pictures(), 1):
                yield picture
                if progress is not None:
                    progress(count)

        path.write_bytes(gif(drawn(), seconds.tolist(), n_colours))

    def _check_output(
        self, path: Path, fps: float, hold: float, n_colours: int
    ) -> None:
        if path.suffix.lower() != ".gif":
            raise ValueError(
                f"AnimationDisplay.save: path must end in .gif; got {path.name!r}. For "
                "a page, see mixtura.report.player.player_page."
            )
        if not (0 < fps <= MOST_FPS and hold >= 0 and 2 <= n_colours <= 256):
            raise ValueError(
                f"AnimationDisplay.save: fps must be above 0 and at most {MOST_FPS}, "
                "hold not negative and n_colours from 2 to 256; got "
                f"fps={fps}, hold={hold}, n_colours={n_colours}."
            )

    @cached_property
    def _limits(self) -> list[tuple[float, float]]:
        """Axis limits of the columns, the same in all frames."""
        return [
            view_limits(self.frames[-1].components, j, float(x.min()), float(x.max()))
            for j, x in enumerate(self.points.T)
        ]

    @cached_property
    def _bars(self) -> Histogram | None:
        """Histogram of the only column."""
        return histogram(self.points[:, 0], np.ones(len(self.points)))

    def _draw_plane(self, position: int) -> None:
        ax, frame = self.ax_, self.frames[position]
        self._draw_rows(frame, self.points)
        panels.draw_ellipses(ax, frame.components, self.styles, halo=False)
        paths = np.array([f.components.means for f in self.frames[: position + 1]])
        for k, style in enumerate(self.styles):
            ax.plot(*paths[:, k].T, color=style.colour, linewidth=0.9, zorder=5)
        panels.draw_plane_means(ax, frame.components, self.styles, 10)
        ax.set_xlim(self._limits[0])
        ax.set_ylim(self._limits[1])
        name_axes(ax, self.feature_names)
        tidy(ax)

    def _draw_line(self, frame: RecordedFrame) -> None:
        ax, bars = self.ax_, self._bars
        assert bars is not None
        low, high = self._limits[0]
        curve = curves(frame.components, low, high)
        panels.draw_histogram(ax, bars)
        panels.draw_densities(ax, curve, self.styles)
        panels.draw_sum(ax, curve, 1.0)
        last = curves(self.frames[-1].components, low, high).densities.sum(axis=1)
        top = 1.1 * max(float(bars.heights.max()), float(last.max()))
        self._draw_rows(frame, shares.rug_places(self.points[:, 0], top))
        shares.floor_at_rug(ax, top)
        ax.set_xlim(low, high)
        name_axes(ax, self.feature_names)
        ax.set_ylabel("density")
        tidy(ax)

    def _draw_rows(self, frame: RecordedFrame, places: Array) -> None:
        weights = np.ones(len(places))
        panels.draw_points(
            self.ax_, places, frame.responsibilities, weights, self.styles, size=POINT
        )

    def _draw_curve(self, position: int) -> None:
        """Draw log-likelihood and bound up to this frame, in the room of all."""
        ax = self.curve_ax_
        times = np.array([frame.time for frame in self.frames])
        levels = np.array([[f.log_likelihood, f.bound] for f in self.frames])
        seen = slice(0, position + 1)
        looks: tuple[dict[str, Any], ...] = (
            {"color": panels.INK, "linewidth": 1.5, "zorder": 3},
            {"color": "0.65", "linewidth": 1.1, "zorder": 2},
        )
        names = ("log-likelihood", "bound")
        for level, look, name in zip(levels.T, looks, names, strict=True):
            ax.plot(times[seen], level[seen], label=name, **look)
            ax.plot(times[position], level[position], "o", markersize=4, **look)
        room = 0.06 * (np.ptp(levels) or 1.0)
        ax.set_xlim(-0.02 * times[-1] - 0.2, 1.03 * times[-1] + 0.2)
        ax.set_ylim(levels.min() - room, levels.max() + room)
        ax.set_xlabel("iteration", fontsize="small", labelpad=1)
        ax.set_ylabel("nats", fontsize="small")
        ax.tick_params(labelsize="x-small")
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(4))
        ax.ticklabel_format(axis="y", useOffset=False)
        ax.yaxis.get_offset_text().set_fontsize("x-small")
        ax.legend(frameon=False, fontsize="x-small", loc="lower right")
        tidy(ax)

    def _write(self, frame: RecordedFrame, *, is_last: bool) -> None:
        """Say which half-step this is, its log-likelihood and the weights."""
        write, left, right = self.figure_.text, PLACE[0], CURVE_PLACE[0] - 0.07
        done = is_last and self.recording["converged"]
        write(
            left,
            0.94,
            f"Iteration {frame.iteration}" + (", converged" if done else ""),
            fontsize="large",
            fontweight="bold",
        )
        write(left, 0.885, PHASES[frame.phase], fontsize="small")
        level = f"{frame.log_likelihood:,.2f}".replace("-", "\N{MINUS SIGN}")
        write(right, 0.94, f"{level} nats", fontsize="large", fontweight="bold")
        rows = f"log-likelihood of {self.recording['n_samples']:,} rows"
        write(right, 0.885, rows, fontsize="small")
        self.figure_.legend(
            handles=component_handles(
                self.styles, frame.components.weights, markers=True, most=MOST_NAMED
            ),
            loc="upper left",
            bbox_to_anchor=(right - 0.01, CURVE_PLACE[1] - 0.13),
            frameon=False,
            fontsize="small",
            borderaxespad=0,
        )


def _shorten(axis: Axis) -> None:
    """Move a power of ten of large or small numbers into the label of their axis.

    Numbers far from 0 and near each other have too many digits for that.
    """
    interval = axis.get_view_interval()
    largest = float(np.abs(interval).max())
    power = int(np.floor(np.log10(largest))) if largest > 0 else 0
    if power in SHORT_NUMBERS or np.ptp(interval) < largest / 10:
        return
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value / 10.0**power:.4g}")
    )
    exponent = str(power).translate(SUPERSCRIPTS)
    axis.set_label_text(f"{axis.get_label_text()} (×10{exponent})")
