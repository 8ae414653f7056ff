"""Fewer iterations: extrapolate from past EM steps, and never do worse than EM.

An acceleration works on any model, in the unconstrained vector of its parameters.
Every proposal is judged by its likelihood against that of the plain EM step from the
same point, so the objective rises at least as much as EM's would. The E-step at the EM
step is not wasted: it gives one EM step more to extrapolate from.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mixtura._types import Array
from mixtura.convergence import (
    TREND,
    accelerated_remaining_gain,
    is_slow,
    remaining_gain,
)
from mixtura.exceptions import DegenerateComponentError
from mixtura.models import LatentModel
from mixtura.statistics import EStatistics

FIRST_STRETCH = 4.0
"""How far SQUAREM extrapolates at first, in its own units: 1 is plain EM."""

STRETCH = 4.0
"""Factor on that limit after a success at the limit, or a refusal."""


class Point(NamedTuple):
    """Parameters and the statistics of the E-step at them."""

    params: Any
    statistics: EStatistics


EStep = Callable[[Any], EStatistics]
"""Parameters -> statistics of all data."""

Path = tuple[Array, Array, Array]
"""The vectors of a point and of two EM steps from there."""


class Stepper(ABC):
    """One run of an acceleration, with the memory it needs.

    A step is one of EM, or the better of that and a proposal. Who runs many at once
    asks each the same questions as `advance`.
    """

    def proposes(self, level: float) -> bool:
        """Whether the step from a point of this log-likelihood has a proposal."""
        return True

    @abstractmethod
    def proposal(self, path: Path) -> Array:
        """Return the vector to try, after two EM steps."""

    @abstractmethod
    def judged(self, accepted: bool) -> None:
        """Learn whether it was better than the first of them."""

    def advance(self, model: LatentModel, e_step: EStep, point: Point) -> Point:
        """Return the next point; its likelihood is at least that of the EM step."""
        if not self.proposes(point.statistics.log_likelihood):
            params = model.m_step(point.params, point.statistics)
            return Point(params, e_step(params))
        steps = TwoSteps.of(model, e_step, point)
        chosen, accepted = steps.or_better(model, e_step, self.proposal(steps.path))
        self.judged(accepted)
        return chosen

    def remaining(self, trace: Sequence[float]) -> float:
        """Estimate how much the objective still rises, in nats."""
        return accelerated_remaining_gain(trace)


class TwoSteps(NamedTuple):
    """An EM step from a point, evaluated, and one more from there if there is one.

    Parameters
    ----------
    first : Point
        The EM step.
    second : object
        Parameters of the EM step from there, not evaluated.
    path : tuple of three ndarrays
        The vectors of the point and of the two steps.
    """

    first: Point
    second: Any
    path: Path

    @classmethod
    def of(cls, model: LatentModel, e_step: EStep, point: Point) -> "TwoSteps":
        """Take them, with one pass over the data."""
        params = model.m_step(point.params, point.statistics)
        first = Point(params, e_step(params))
        try:
            second = model.m_step(params, first.statistics)
        except DegenerateComponentError:
            second = params  # the next step will tell, if that is where it goes
        path = (
            model.unconstrained(point.params),
            model.unconstrained(params),
            model.unconstrained(second),
        )
        return cls(first, second, path)

    def or_better(
        self, model: LatentModel, e_step: EStep, proposal: Array
    ) -> tuple[Point, bool]:
        """Return the better of the first step and a proposal, and whether it is new."""
        try:
            # A proposal may lie anywhere; what is not a number loses below.
            with np.errstate(all="ignore"):
                params = model.constrained(proposal, self.second)
                candidate = Point(params, e_step(params))
            level = candidate.statistics.log_likelihood
        except (DegenerateComponentError, np.linalg.LinAlgError):
            return self.first, False
        if np.isfinite(level) and level > self.first.statistics.log_likelihood:
            return candidate, True
        return self.first, False


class Acceleration(ABC):
    """A way to take fewer steps than EM."""

    @abstractmethod
    def start(self) -> Stepper:
        """Begin a run."""


class PlainStepper(Stepper):
    """M-step, E-step."""

    def proposes(self, level: float) -> bool:
        """Never."""
        return False

    def proposal(self, path: Path) -> Array:
        """Return the second EM step."""
        return path[-1]

    def judged(self, accepted: bool) -> None:
        """Learn nothing."""

    def remaining(self, trace: Sequence[float]) -> float:
        """Return Aitken's estimate."""
        return remaining_gain(trace)


@dataclass(frozen=True)
class Anderson(Acceleration):
    r"""Anderson acceleration.

    With :math:`f_i = M(\theta_i) - \theta_i` the EM steps so far, take the combination
    of the last points whose steps cancel best,

    .. math:: \min_\gamma \lVert f_t - \Delta F \gamma \rVert, \qquad
        \theta_{t+1} = M(\theta_t) - (\Delta \Theta + \Delta F) \gamma .

    Parameters
    ----------
    memory : int
        Number of differences kept.

    References
    ----------
    .. [HendersonVaradhan2019] N. C. Henderson, R. Varadhan. Damped Anderson
       acceleration with restarts and monotonicity control for accelerating EM.
    """

    memory: int = 10

    def start(self) -> Stepper:
        """Begin a run."""
        return _AndersonStepper(self.memory)


class _AndersonStepper(Stepper):
    def __init__(self, memory: int) -> None:
        self.origins: deque[Array] = deque(maxlen=memory + 1)
        self.images: deque[Array] = deque(maxlen=memory + 1)

    def proposal(self, path: Path) -> Array:
        """Mix the last EM steps."""
        self.origins += path[:2]
        self.images += path[1:]
        return anderson_mixture(np.array(self.origins), np.array(self.images))

    def judged(self, accepted: bool) -> None:
        """After a refusal, begin a new memory."""
        if not accepted:
            self.origins.clear()
            self.images.clear()


def anderson_mixture(origins: Array, images: Array) -> Array:
    """Return the next point, given rows theta_i and M(theta_i), the latest last.

    Entries that are not finite in every row, such as logs of zero weights, are left
    where EM puts them.
    """
    finite = np.isfinite(origins).all(axis=0) & np.isfinite(images).all(axis=0)
    steps = images[:, finite] - origins[:, finite]
    changes = steps[1:] - steps[:-1]
    gamma, *_ = np.linalg.lstsq(changes.T, steps[-1], rcond=1e-8)
    mixed = images[-1].copy()
    mixed[finite] -= gamma @ (images[1:, finite] - images[:-1, finite])
    return mixed


@dataclass(frozen=True)
class Squarem(Acceleration):
    r"""Squared extrapolation from two EM steps.

    With :math:`r = \theta_1 - \theta_0` and :math:`v = (\theta_2 - \theta_1) - r` for
    two EM steps from :math:`\theta_0`, take
    :math:`\theta_0 - 2 \alpha r + \alpha^2 v` with
    :math:`\alpha = -\lVert r \rVert / \lVert v \rVert`.

    References
    ----------
    .. [VaradhanRoland2008] R. Varadhan, C. Roland. Simple and globally convergent
       methods for accelerating the convergence of any EM algorithm, scheme S3.
    """

    def start(self) -> Stepper:
        """Begin a run."""
        return _SquaremStepper()


class _SquaremStepper(Stepper):
    def __init__(self) -> None:
        self.longest = FIRST_STRETCH
        self.stretch = 1.0

    def proposal(self, path: Path) -> Array:
        """Extrapolate as far as it is worth while."""
        point, self.stretch = squared_step(*path, self.longest)
        return point

    def judged(self, accepted: bool) -> None:
        """Go further after a success at the limit, less far after a refusal."""
        if not accepted:
            self.longest = max(self.stretch / STRETCH, FIRST_STRETCH)
        elif self.stretch == self.longest:
            self.longest *= STRETCH


def squared_step(
    start: Array, first: Array, second: Array, longest: float
) -> tuple[Array, float]:
    """Extrapolate from two EM steps; entries that are not finite stay with EM.

    Returns
    -------
    point : ndarray
    stretch : float
        -alpha, which is 1 for the second EM step itself and at most `longest`.
    """
    finite = np.isfinite(start) & np.isfinite(first) & np.isfinite(second)
    r = first[finite] - start[finite]
    v = second[finite] - first[finite] - r
    length, bend = float(np.linalg.norm(r)), float(np.linalg.norm(v))
    stretch = min(max(length / bend, 1.0), longest) if bend > 0 else 1.0
    point = second.copy()
    point[finite] = start[finite] + 2 * stretch * r + stretch**2 * v
    return point, stretch


@dataclass(frozen=True)
class Automatic(Acceleration):
    """Plain EM while it is fast, SQUAREM once it is slow, Anderson where it works.

    Anderson acceleration is the fastest of the three where EM is nearly linear, and
    of no use far from there; SQUAREM always helps a little.

    Parameters
    ----------
    memory : int
        Of Anderson acceleration.
    rate : float
        EM is slow when several gains in a row are each at least this share of the one
        before, and less than it.
    patience : int
        SQUAREM steps before Anderson acceleration is tried, and after each of its
        refusals.
    """

    memory: int = 10
    rate: float = 0.9
    patience: int = 2

    def start(self) -> Stepper:
        """Begin a run."""
        return _AutomaticStepper(self)


class _AutomaticStepper(Stepper):
    def __init__(self, settings: Automatic) -> None:
        self.settings = settings
        self.trace: deque[float] = deque(maxlen=TREND)
        self.squarem: Stepper | None = None
        self.anderson = _AndersonStepper(settings.memory)
        self.wait = settings.patience

    def proposes(self, level: float) -> bool:
        """Once EM is slow."""
        self.trace.append(level)
        if self.squarem is None and is_slow(list(self.trace), self.settings.rate):
            self.squarem = _SquaremStepper()
        return self.squarem is not None

    def proposal(self, path: Path) -> Array:
        """Ask whichever method is in force."""
        return self._in_force.proposal(path)

    def judged(self, accepted: bool) -> None:
        """Leave Anderson acceleration for a while after its refusals."""
        self._in_force.judged(accepted)
        if self.wait > 0:
            self.wait -= 1
        elif not accepted:
            self.wait = self.settings.patience

    @property
    def _in_force(self) -> Stepper:
        if self.squarem is not None and self.wait > 0:
            return self.squarem
        return self.anderson

    def remaining(self, trace: Sequence[float]) -> float:
        """Return the estimate of the method in force."""
        if self.squarem is None:
            return remaining_gain(trace)
        return accelerated_remaining_gain(trace)
