"""The half-steps of a recording, as an animation shows them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.plot.quantities.gaussians import Array, GaussianComponents

FULL = 255


@dataclass(frozen=True)
class RecordedFrame:
    """One half-step.

    Attributes
    ----------
    iteration : int
    phase : {"E", "M"}
    components : GaussianComponents
        Of the shown columns. After an M-step they are new, while the responsibilities
        are still those of the E-step before.
    responsibilities : ndarray of shape (m, K)
    log_likelihood, bound : float
        In nats, summed over all rows.
    """

    iteration: int
    phase: str
    components: GaussianComponents
    responsibilities: Array
    log_likelihood: float
    bound: float

    @property
    def time(self) -> float:
        """Iterations since the start; an M-step lies half way between two E-steps."""
        return self.iteration - 0.5 * (self.phase == "M")


def recorded_frames(recording: Mapping[str, Any]) -> tuple[RecordedFrame, ...]:
    """Read the half-steps of a recording of one column or two."""
    shape = len(recording["points"]), recording["n_components"]
    return tuple(_frame(step, shape) for step in recording["steps"])


def _frame(step: Mapping[str, Any], shape: tuple[int, int]) -> RecordedFrame:
    shades = np.frombuffer(base64.b64decode(step["responsibilities"]), dtype=np.uint8)
    return RecordedFrame(
        iteration=step["iteration"],
        phase=step["phase"],
        components=GaussianComponents(
            *(np.array(step[name]) for name in ("weights", "means", "covariances"))
        ),
        responsibilities=shades.reshape(shape) / FULL,
        log_likelihood=step["log_likelihood"],
        bound=step["elbo"],
    )


def chosen_frames(count: int, most: int) -> NDArray[np.intp]:
    """Choose at most so many of `count` half-steps: dense at first, then ever wider.

    EM moves fast at first and then slowly; the first half of the frames are therefore
    consecutive, and the last is the last.

    Examples
    --------
    >>> chosen_frames(5, 10).tolist()
    [0, 1, 2, 3, 4]
    >>> chosen_frames(200, 10).tolist()
    [0, 1, 2, 3, 4, 9, 19, 42, 91, 199]
    """
    if count <= most:
        return np.arange(count)
    first = max(most // 2, 1)
    later = np.geomspace(first - 1 or 1, count - 1, most - first + 1)[1:]
    return np.unique([*range(first), *later.round().astype(np.intp)])
