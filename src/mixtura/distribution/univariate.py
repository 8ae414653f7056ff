"""Gaussian mixtures in one dimension: distribution function, quantiles, regions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from mixtura._types import Array
from mixtura.models.mixture import MixtureParams

EPS = float(np.finfo(np.float64).eps)

GRID = np.linspace(-10.0, 10.0, 401)
"""Deviations from each mean between which turning points of the density are sought."""


@dataclass(frozen=True)
class Univariate:
    """One mixture, or a stack of them, with components along the last axis.

    Parameters
    ----------
    weights, means, deviations : ndarray of shape (..., K)
        Deviations are standard deviations.
    """

    weights: Array
    means: Array
    deviations: Array

    @classmethod
    def of(cls, params: MixtureParams) -> "Univariate":
        """Take a mixture of one column."""
        components = params.components
        return cls(
            params.weights,
            components.means[:, 0],
            components.covariances[:, 0, 0] ** 0.5,
        )

    def log_density(self, x: Array) -> Array:
        """Log p(x) in nats, in the shape of x."""
        log_joint = self._log_joint(x)
        top = log_joint.max(axis=-1)
        return np.asarray(top + np.log(np.exp(log_joint - top[..., None]).sum(axis=-1)))

    def cdf(self, x: Array) -> Array:
        """Return P(X <= x), in the shape of x."""
        return self._tail(x, np.ones(np.shape(x)))

    def quantile(self, probability: Array) -> Array:
        """Return x with P(X <= x) = probability, by bisection to the last digits.

        The quantile of the mixture lies between those of its components. Above the
        median, the upper tail is matched, which has the digits that matter.
        """
        inside = (probability > 0) & (probability < 1)
        p = np.where(inside, probability, 0.5)
        alone = self.means + self.deviations * ndtri(p)[..., None]
        alive = self.weights > 0
        low = np.where(alive, alone, np.inf).min(axis=-1)
        high = np.where(alive, alone, -np.inf).max(axis=-1)
        upper = p > 0.5
        sign, target = np.where(upper, -1.0, 1.0), np.minimum(p, 1 - p)

        def below(x: Array) -> NDArray[np.bool_]:
            return np.asarray((self._tail(x, sign) < target) ^ upper)

        found = bisect(below, low, high, EPS * self.deviations.min(axis=-1))
        return np.where(inside, found, np.where(probability == 0, -np.inf, np.inf))

    def turning_points(self) -> Array:
        """Modes and antimodes in increasing order; they lie between the means.

        Those that are sought on a grid of 1/20 of a component's deviation may be
        missed in pairs, where the density is flat to that resolution.
        """
        low, high = self.means.min(), self.means.max()
        if low == high:
            return self.means[:1]
        points = (self.means + self.deviations * GRID[:, None]).ravel()
        points = np.unique(np.concatenate([np.clip(points, low, high), self.means]))
        rising = self._slope_sign(points) > 0
        rising[0], rising[-1] = True, False  # all means are on one side
        turns = np.flatnonzero(rising[1:] != rising[:-1])
        upwards = rising[turns]

        def below(x: Array) -> NDArray[np.bool_]:
            return np.asarray((self._slope_sign(x) > 0) == upwards)

        return bisect(
            below, points[turns], points[turns + 1], EPS * self.deviations.min()
        )

    def level_and_intervals(self, probability: float) -> tuple[float, Array]:
        """Highest-density region: its least log density, and intervals (M, 2)."""
        edges = self.turning_points()
        highest = float(self.log_density(edges).max())

        def excess(depth: float) -> float:
            outside = self._outside(self._above(highest - depth, edges))
            return outside - (1 - probability)

        deepest = 1.0
        while excess(deepest) > 0:
            deepest *= 2
        depth = float(brentq(excess, 0.0, deepest, xtol=1e-14, rtol=4 * EPS))
        return highest - depth, self._above(highest - depth, edges)

    def _above(self, level: float, edges: Array) -> Array:
        """Intervals on which log p is at least `level`, (M, 2)."""
        # Where every component is below the level, so is the mixture.
        peaks = -np.log(self.deviations * np.sqrt(2 * np.pi))
        reach = self.deviations * np.sqrt(2 * np.maximum(peaks - level, 0.0))
        ends = (self.means - reach).min(), (self.means + reach).max()
        points = np.concatenate([[ends[0]], edges, [ends[1]]])
        inside = self.log_density(points) >= level
        inside[0] = inside[-1] = False
        turns = np.flatnonzero(inside[1:] != inside[:-1])
        leaving = inside[turns]

        def before(x: Array) -> NDArray[np.bool_]:
            return np.asarray((self.log_density(x) >= level) == leaving)

        crossings = bisect(
            before, points[turns], points[turns + 1], EPS * self.deviations.min()
        )
        return crossings.reshape(-1, 2)

    def _outside(self, intervals: Array) -> float:
        """Probability of what the intervals leave out, without cancellation."""
        ends = np.concatenate([[-np.inf], intervals.ravel(), [np.inf]])
        gaps = (ends.reshape(-1, 2, 1) - self.means) / self.deviations  # (M + 1, 2, K)
        right = gaps[:, 0] > 0
        low = np.where(right, -gaps[:, 1], gaps[:, 0])
        high = np.where(right, -gaps[:, 0], gaps[:, 1])
        return float((ndtr(high) - ndtr(low)).sum(axis=0) @ self.weights)

    def _log_joint(self, x: Array) -> Array:
        z = (np.asarray(x)[..., None] - self.means) / self.deviations
        scale = self.deviations * np.sqrt(2 * np.pi)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.weights) - np.log(scale) - z**2 / 2)

    def _slope_sign(self, x: Array) -> Array:
        """A positive multiple of p'(x) that does not underflow."""
        log_joint = self._log_joint(x)
        shares = np.exp(log_joint - log_joint.max(axis=-1, keepdims=True))
        pull = (self.means - x[..., None]) / self.deviations
        least = self.deviations.min()
        return np.asarray((shares * pull * (least / self.deviations)).sum(axis=-1))

    def _tail(self, x: Array, sign: Array) -> Array:
        """P(X <= x) where sign is 1, P(X >= x) where it is -1."""
        z = (np.asarray(x)[..., None] - self.means) / self.deviations
        return np.asarray(
            (self.weights * ndtr(np.asarray(sign)[..., None] * z)).sum(-1)
        )


def bisect(
    below: Callable[[Array], NDArray[np.bool_]],
    low: Array,
    high: Array,
    resolution: Array | float,
) -> Array:
    """Points where `below` turns from true to false, one in each [low, high].

    Parameters
    ----------
    below : callable
        Of an array of points, one in each interval.
    low, high : ndarray
    resolution : float or ndarray
        Absolute accuracy where zero is nearer than that.
    """
    while True:
        middle = low + (high - low) / 2
        wide = high - low > 2 * EPS * np.abs(middle) + resolution
        if not wide.any():
            return middle
        left = below(middle)
        low = np.where(wide & left, middle, low)
        high = np.where(wide & ~left, middle, high)
