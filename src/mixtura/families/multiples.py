r"""The multiples m of components whose covariances m_k C have C in common.

Given sample covariances S_k with shares w_k of the observations, minimise

.. math:: \log|C| + \sum_k w_k (D \log m_k + \mathrm{tr}(C^{-1} S_k) / m_k)

without a floor, or with C above the identity and all m above 1, which loses nothing
where the products must be above the identity. The best C for given multiples is the
pooled :math:`\sum_k w_k S_k / m_k` raised to the floor. What is left is convex in the
logs of the multiples. Newton's steps are taken where they gain more than the best
multiples for the present C, which never lose.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mixtura._types import Array
from mixtura.families.sets import chosen

MOST = 100
"""Steps at most."""

NEGLIGIBLE = 1e-22
"""Gain per observation, in nats, that is not worth another step."""

VISIBLE = 1e-13
"""Loss per observation that may be rounding."""

TINY = 1e-12
"""Share of the observations that is added to second derivatives."""

SLACK = 0.9
"""Share, in logs, of what C is above its floor that is given to the multiples."""


class Along(NamedTuple):
    """A pool in the coordinates in which it and C are diagonal."""

    pooled: Array  # (..., D), the variances of the pool
    common: Array  # (..., D), those of C
    own: Array  # (..., K, D), those of the components
    entries: Array  # (..., K, P), all that the components have in these coordinates
    bends: Array  # (..., P), minus the change of the inverse of C with the pool's


class Point(NamedTuple):
    """Multiples and what follows from them. With leading axes: of several sets."""

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
    def along(self, pool: Array) -> Along:
        """Turn to the coordinates in which a pool is diagonal."""

    @property
    @abstractmethod
    def means(self) -> Array:
        """Mean variance of each component, (..., n_components)."""

    @property
    def shares(self) -> Array:
        """Shares of all observations."""
        return np.asarray(self.counts / self.counts.sum(axis=-1, keepdims=True))

    def pool(self, multiples: Array) -> Array:
        """Average `own` over the multiples."""
        flat = self.own.reshape(*self.counts.shape, -1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            pool = divided(self.shares, multiples)[..., None, :] @ flat
        shape = self.own.shape[self.counts.ndim :]
        return np.asarray(pool.reshape(*multiples.shape[:-1], *shape))

    def best_multiples(self) -> Array:
        """Return the best multiples, (..., n_components); nan where there are none."""
        with np.errstate(all="ignore"):
            here = self._at(np.maximum(self.means, self.least))
            for _ in range(MOST):
                new, gain = self._newton(here)
                if not (gain > NEGLIGIBLE).any():
                    break
                here = _better(self._at(np.stack([new, here.best])))
        left = gain[..., None]
        unbounded = (left > VISIBLE) & (self.least == 0)
        last = np.where(left > NEGLIGIBLE, here.best, new)
        return np.where(unbounded, np.nan, last)

    def _at(self, multiples: Array) -> Point:
        """Evaluate multiples, divided by the least of them, which never loses."""
        shares = self.shares
        alive = np.where(shares > 0, multiples, np.inf)
        multiples = multiples / alive.min(axis=-1, keepdims=True)
        weights = divided(shares, multiples)
        there = self.along(self.pool(multiples))
        n_features = there.common.shape[-1]
        best = (there.own / there.common[..., None, :]).mean(axis=-1)
        pulls = n_features * weights * best
        scaled = there.entries * weights[..., None]
        curvatures = (-scaled * there.bends[..., None, :]) @ scaled.swapaxes(-1, -2)
        curvatures = curvatures + pulls[..., None] * np.eye(pulls.shape[-1])
        logs = n_features * np.where(shares > 0, shares * np.log(multiples), 0.0)
        value = np.log(there.common) + there.pooled / there.common
        lowest = there.pooled.min(axis=-1)
        slack = np.maximum(lowest, 1.0)[..., None] ** SLACK
        return Point(
            multiples * slack,
            n_features * shares - pulls,
            curvatures,
            np.maximum(best * slack, self.least),
            np.where(lowest >= self.least, 1.0, 0.0),
            value.sum(axis=-1) + logs.sum(axis=-1),
        )

    def _newton(self, here: Point) -> tuple[Array, Array]:
        """Return the multiples after a step within the bound, and its expected gain."""
        shares = self.shares
        fixed = (here.multiples <= self.least) & (here.slopes > 0)
        usable = (shares > 0) & np.isfinite(here.curvatures).all(axis=-1)
        fixed = np.asarray(fixed | ~usable)
        slopes = np.where(fixed, 0.0, here.slopes)
        moves = ~fixed[..., None] & ~fixed[..., None, :]
        eye = np.eye(shares.shape[-1])
        ridge = TINY * shares[..., None] * eye
        hessian = np.where(moves, here.curvatures + ridge, eye)
        # A common factor is free while C is off its floor, and then only has a slope.
        damping = np.abs(slopes.sum(axis=-1)) + here.is_free
        common = np.where(fixed, 0.0, shares)
        common = damping[..., None, None] * common[..., None] * common[..., None, :]
        hessian = hessian + common
        step = np.linalg.solve(hessian, slopes[..., None])[..., 0]
        new = np.maximum(here.multiples * np.exp(-step), self.least)
        return np.where(fixed, here.best, new), np.abs((slopes * step).sum(axis=-1))


class Rows(Pool):
    """Variances along known axes, (..., n_components, n_features)."""

    def along(self, pool: Array) -> Along:
        """Stay, as all is diagonal."""
        common = np.maximum(pool, self.least)
        bends = (pool >= self.least) / common**2
        return Along(pool, common, self.own, self.own, bends)

    @property
    def means(self) -> Array:
        """Mean of each row."""
        return np.asarray(self.own.mean(axis=-1))


class Squares(Pool):
    """Matrices, (..., n_components, n_features, n_features)."""

    def along(self, pool: Array) -> Along:
        """Turn to the principal axes."""
        finite = np.asarray(np.isfinite(pool).all(axis=(-2, -1)))[..., None]
        pooled, axes = np.linalg.eigh(np.where(finite[..., None], pool, 0.0))
        pooled = np.where(finite, pooled, np.nan)
        common = np.maximum(pooled, self.least)
        each = axes[..., None, :, :]
        turned = each.swapaxes(-1, -2) @ self.own @ each
        gaps = pooled[..., None] - pooled[..., None, :]
        rates = (common[..., None] - common[..., None, :]) / gaps
        rates = np.where(gaps == 0, pooled[..., None] >= self.least, rates)
        bends = rates / (common[..., None] * common[..., None, :])
        own = np.diagonal(turned, axis1=-2, axis2=-1)
        entries = turned.reshape(*own.shape[:-1], -1)
        bends = bends.reshape(*pooled.shape[:-1], -1)
        return Along(pooled, common, own, entries, bends)

    @property
    def means(self) -> Array:
        """Mean of each diagonal."""
        return np.asarray(np.diagonal(self.own, axis1=-2, axis2=-1).mean(axis=-1))


def divided(shares: Array, multiples: Array) -> Array:
    """Shares over multiples; zero for a dead component, whatever its multiple is."""
    return np.where(shares > 0, shares / multiples, 0.0)


def _better(both: Point) -> Point:
    """Choose between Newton's steps and sure ones, set by set."""
    newton, sure = both.value
    is_newton = np.asarray(newton <= sure + VISIBLE)
    return Point(*(chosen(is_newton, *values) for values in both))
