r"""The multiples m of components whose covariances m_k C have C in common.

Given sample covariances S_k with shares w_k of the observations, minimise

.. math:: \log|C| + \sum_k w_k (D \log m_k + \mathrm{tr}(C^{-1} S_k) / m_k)

without a floor, or with C above the identity and all m above 1, which loses nothing
where the products must be above the identity. The best C for given multiples is the
pooled :math:`\sum_k w_k S_k / m_k` raised to the floor. What is left is convex in the
logs of the multiples, and Newton's method finds its minimum.

Without a floor it is the log of a sum of exponentials with positive coefficients
along any line, so :math:`|f'''| \le r f''` where the logs change by as much as r apart.
Hence Newton's step never loses where r is below 1.79, and shortened to
:math:`\log(1 + r)` nowhere.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.families.sets import chosen

MOST = 100
"""Steps at most."""

NEGLIGIBLE = 1e-24
"""Gain per observation, in nats, that is not worth another step."""

VISIBLE = 1e-13
"""Loss per observation that may be rounding."""

VANISHED = 1e-20
"""Share of the largest multiple at which one without a floor is on its way to zero."""

TINY = 1e-12
"""Share of the observations that is added to second derivatives."""

SHORT = 1.6
"""Largest difference between changes of logs at which Newton's step is taken whole."""

SLACK = 0.9
"""Share, in logs, of what C is above its floor that is given to the multiples."""


class Relative(NamedTuple):
    """Sample covariances in units of the best C for some multiples.

    With leading axes: of several sets, as everywhere here.
    """

    pooled: Array  # (..., D), the variances of the pool
    common: Array  # (..., D), those of C
    own: Array  # (..., K, P), all entries of the components
    best: Array  # (..., K), the best multiples for this C
    rates: NDArray[Any]  # (..., P), how C follows the pool


class Point(NamedTuple):
    """Multiples above the bound, and what follows from them."""

    multiples: Array  # (..., K)
    slopes: Array  # (..., K), derivatives by the logs of the multiples
    curvatures: Array  # (..., K, K)
    best: Array  # (..., K), the best multiples for this C
    is_free: Array  # (...), 1.0 where C is nowhere at its floor
    value: Array  # (...)


@dataclass(frozen=True)
class Pool(ABC):
    """Sample covariances, and what they have in common.

    Parameters
    ----------
    own : ndarray
        Sample covariances, in units of the floor if there is one.
    counts : ndarray of shape (..., n_components)
        Observations behind each. A component without any has no say.
    least : float
        Bound of the multiples and C: 1, or 0 for none.
    """

    own: Array
    counts: Array
    least: float

    @abstractmethod
    def relative(self, pool: Array) -> Relative:
        """Take the C of a pool for the unit."""

    @cached_property
    def shares(self) -> Array:
        """Shares of all observations."""
        return np.asarray(self.counts / self.counts.sum(axis=-1, keepdims=True))

    @cached_property
    def _eye(self) -> Array:
        return np.eye(self.counts.shape[-1])

    @cached_property
    def _ridge(self) -> Array:
        """Second derivatives in the way of the flat and the dead, (..., K)."""
        return np.where(self.shares > 0, TINY * self.shares, 1.0)

    @cached_property
    def _flat(self) -> Array:
        """Products of shares, (..., K, K), for the direction of a common factor."""
        return self.shares[..., None] * self.shares[..., None, :]

    def pool(self, multiples: Array) -> Array:
        """Average `own` over the multiples."""
        flat = self.own.reshape(*self.counts.shape, -1)
        pool = (self.shares / multiples)[..., None, :] @ flat
        return pool.reshape(self.counts.shape[:-1] + self.own.shape[self.counts.ndim :])

    def best_multiples(self, common: Array) -> Array:
        """Return the best multiples, (..., n_components); nan where there are none.

        Parameters
        ----------
        common : ndarray
            A C, above the bound, for whose best multiples the search begins. The result
            depends on it by rounding only.
        """
        with np.errstate(all="ignore"):
            start = self.relative(common).best
            return self._bounded(start) if self.least else self._unbounded(start)

    def _unbounded(self, multiples: Array) -> Array:
        """Take Newton's steps, shortened where they might lose."""
        for _ in range(MOST):
            there, slopes, curvatures = self._derivatives(multiples)
            curvatures = curvatures + self._flat + self._ridge[..., None] * self._eye
            steps = np.linalg.solve(curvatures, slopes[..., None])[..., 0]
            longest = 2 * np.abs(steps).max(axis=-1)
            left = (slopes * steps).sum(axis=-1) * longest**2
            if (longest > SHORT).any():
                most = np.maximum(np.log1p(longest), SHORT)
                steps = steps * np.minimum(most / longest, 1.0)[..., None]
                vanish = multiples < VANISHED * multiples.max(axis=-1, keepdims=True)
                multiples = np.where(vanish, np.nan, multiples)
            multiples = multiples * np.exp(-steps)
            if not (left > NEGLIGIBLE).any():
                break
        else:
            multiples = np.where((left > VISIBLE)[..., None], np.nan, multiples)
        if self.shares.all():
            return multiples
        there, *_ = self._derivatives(multiples)
        return np.where(self.shares > 0, multiples, there.best)

    def _bounded(self, start: Array) -> Array:
        """Take Newton's steps where they gain, and else the sure ones.

        Second derivatives jump where C comes to its floor. After a step too far the
        next are no longer than a quarter of it, and then twice as long each.
        """
        here = self._at(np.maximum(start, self.least))
        reach = np.full(here.value.shape, np.inf)
        for _ in range(MOST):
            steps, gain = self._newton(here)
            if not (gain > NEGLIGIBLE).any():
                break
            longest = np.abs(steps).max(axis=-1)
            part = np.minimum(reach / longest, 1.0)
            there = self._at(self._moved(here, steps * part[..., None]))
            gains = np.asarray(there.value <= here.value - part * gain / 10 + VISIBLE)
            reach = np.where(gains, 2 * reach, part * longest / 4)
            if not gains.all():
                sure = self._at(here.best)
                there = _chosen(gains | (there.value <= sure.value), there, sure)
            here = there
        return self._moved(here, steps)

    def _derivatives(self, multiples: Array) -> tuple[Relative, Array, Array]:
        """Evaluate multiples: slopes and curvatures by their logs."""
        weights = self.shares / multiples
        there = self.relative(self.pool(multiples))
        n_features = there.common.shape[-1]
        pulls = n_features * weights * there.best
        slopes = n_features * self.shares - pulls
        scaled = there.own * weights[..., None]
        products = (scaled * there.rates[..., None, :]) @ scaled.swapaxes(-1, -2)
        return there, slopes, pulls[..., None] * self._eye - products

    def _at(self, multiples: Array) -> Point:
        """Evaluate multiples, divided by the least of them, which never loses."""
        alive = np.where(self.shares > 0, multiples, np.inf)
        multiples = multiples / alive.min(axis=-1, keepdims=True)
        there, slopes, curvatures = self._derivatives(multiples)
        value = np.log(there.common) + there.pooled / there.common
        logs = value.shape[-1] * self.shares * np.log(multiples)
        lowest = there.pooled.min(axis=-1)
        slack = np.maximum(lowest, 1.0)[..., None] ** SLACK
        return Point(
            multiples * slack,
            slopes,
            curvatures,
            np.maximum(there.best * slack, self.least),
            np.where(lowest >= self.least, 1.0, 0.0),
            value.sum(axis=-1) + logs.sum(axis=-1),
        )

    def _newton(self, here: Point) -> tuple[Array, Array]:
        """Return what is to be taken from the logs, and the expected gain."""
        shares = self.shares
        fixed = (here.multiples <= self.least) & (here.slopes > 0) | (shares == 0)
        slopes = np.where(fixed, 0.0, here.slopes)
        moves = ~fixed[..., None] & ~fixed[..., None, :]
        # A common factor is free while C is off its floor, and then only has a slope.
        damping = np.abs(slopes.sum(axis=-1)) + here.is_free
        hessian = here.curvatures + damping[..., None, None] * self._flat
        hessian = hessian + self._ridge[..., None] * self._eye
        hessian = np.where(moves, hessian, self._eye)
        step = np.linalg.solve(hessian, slopes[..., None])[..., 0]
        return step, np.abs((slopes * step).sum(axis=-1))

    def _moved(self, here: Point, steps: Array) -> Array:
        """Return the multiples after a step within the bound."""
        new = np.maximum(here.multiples * np.exp(-steps), self.least)
        return np.where(self.shares > 0, new, here.best)


class Rows(Pool):
    """Variances along known axes, (..., n_components, n_features)."""

    def relative(self, pool: Array) -> Relative:
        """Divide by the pool, raised to the floor."""
        common = np.maximum(pool, self.least)
        own = self.own / common[..., None, :]
        best = own.sum(axis=-1) / common.shape[-1]
        return Relative(pool, common, own, best, pool >= self.least)


class Squares(Pool):
    """Matrices, (..., n_components, n_features, n_features)."""

    def relative(self, pool: Array) -> Relative:
        """Turn to the principal axes of the pool, and divide."""
        finite = np.asarray(np.isfinite(pool).all(axis=(-2, -1)))[..., None]
        pooled, axes = np.linalg.eigh(np.where(finite[..., None], pool, 0.0))
        pooled = np.where(finite, pooled, np.nan)
        common = np.maximum(pooled, self.least)
        each = (axes / np.sqrt(common)[..., None, :])[..., None, :, :]
        own = each.swapaxes(-1, -2) @ self.own @ each
        own = own.reshape(*self.counts.shape, -1)
        n_features = pool.shape[-1]
        best = own[..., :: n_features + 1].sum(axis=-1) / n_features
        return Relative(pooled, common, own, best, self._rates(pooled, common))

    def _rates(self, pooled: Array, common: Array) -> Array:
        gaps = pooled[..., None] - pooled[..., None, :]
        rates = (common[..., None] - common[..., None, :]) / gaps
        rates = np.where(gaps == 0, pooled[..., None] >= self.least, rates)
        return rates.reshape(*pooled.shape[:-1], -1)


def _chosen(is_first: NDArray[np.bool_], first: Point, second: Point) -> Point:
    """Choose between points, set by set."""
    both = zip(first, second, strict=True)
    return Point(*(chosen(is_first, *values) for values in both))
