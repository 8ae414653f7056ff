r"""The common axes of several covariance matrices, by maximum likelihood.

Given sample covariances S_k with counts N_k, find the orthogonal D and the variances
t_k along its columns that minimise

.. math:: F = \sum_k N_k \sum_j \log t_{kj} + s_{kj} / t_{kj},
    \qquad s_{kj} = (D^\top S_k D)_{jj}.

Rotations in single planes, each by its best angle, never raise F and work anywhere;
Newton's method over all planes at once ends what they begin in a few steps.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.families.sets import chosen
from mixtura.families.variances import Profile, divergence

MOST = 200
"""Sweeps over the planes, or steps of Newton's method, at most."""

VISIBLE = 1e-13
"""Gain per observation, in nats, that differences of F can show."""

NEGLIGIBLE = 1e-22
"""Gain per observation that is not worth another step."""

CREEPING = 1e-6
"""Gain per observation of a turn in every plane that is left to the next M-step, where
Newton's method gains nothing: then a variance is at its floor, and the way is long."""

FLAT = 1e-10
"""Curvatures below this share of the largest are taken for this share."""

NEWTON_SIZE = 2_000_000
"""Numbers in the largest array up to which Newton's method is used."""


class Axes(NamedTuple):
    """Axes, the matrices in their coordinates, and the best variances along them.

    With leading axes: of several sets of matrices, each with its own axes.
    """

    axes: Array  # (..., D, D), in columns
    matrices: Array  # (..., K, D, D)
    variances: Array  # (..., K, D)
    divergence: Array  # (...)

    @property
    def own(self) -> Array:
        """Sample variances along the axes, (K, D)."""
        return along(self.matrices)


@dataclass(frozen=True)
class CommonAxes:
    """The search for the common axes of sample covariances.

    Parameters
    ----------
    own : ndarray of shape (n_components, n_features, n_features)
        Sample covariances.
    counts : ndarray of shape (n_components,)
        Observations behind each.
    variances : Profile
        What the variances along the axes have in common.
    floor : ndarray of shape (n_features,), optional
        A lower bound on them, the same for every axis.
    """

    own: Array
    counts: Array
    variances: Profile
    floor: Array | None = None

    def at(self, axes: Array) -> Axes:
        """Evaluate axes."""
        each = axes[..., None, :, :]
        matrices = each.swapaxes(-1, -2) @ self.own @ each
        own = along(matrices)
        variances = self.variances.closest(own, self.counts, self.floor)
        value = divergence(variances, own, self.counts)
        value = np.where(np.isfinite(value), value, np.inf)
        return Axes(axes, matrices, variances, value)

    def best(self, previous: Array, others: list[Array]) -> Axes:
        """Descend from orthogonal matrices, and return the least divergence reached.

        Only the previous axes matter while none of the others is better: later in a
        fit, that is.
        """
        first, *rest = map(self.at, [previous, *others])
        better = [axes for axes in rest if axes.divergence < first.divergence]
        ends = map(self.descended, [first, *better])
        return min(ends, key=lambda axes: axes.divergence)

    def descended(self, here: Axes) -> Axes:
        """Go down until nothing is to be gained."""
        n_observations = self.counts.sum()
        for _ in range(MOST):
            if not np.isfinite(here.divergence):
                break
            there, predicted = self.by_newton(here)
            if predicted <= VISIBLE * n_observations:
                here = there
                if predicted <= NEGLIGIBLE * n_observations:
                    break
                continue
            if not there.divergence < here.divergence:
                there = self.by_planes(here)
                if here.divergence - there.divergence <= CREEPING * n_observations:
                    return better(there, here)
            here = there
        return here

    def by_planes(self, here: Axes) -> Axes:
        r"""Turn in every plane once, disjoint planes at a time.

        With the variances held, F in the plane of two columns is
        :math:`a \cos 2\theta + b \sin 2\theta` plus a constant.
        """
        for p, q in disjoint_planes(here.axes.shape[-1]):
            weights = self.counts[..., None] / here.variances
            differences = weights[..., p] - weights[..., q]  # (..., K, planes)
            own = here.own
            a = (differences * (own[..., p] - own[..., q])).sum(axis=-2) / 2
            b = (differences * here.matrices[..., p, q]).sum(axis=-2)
            angles = np.arctan2(0.0 - b, 0.0 - a) / 2
            turn = np.zeros_like(here.axes) + np.eye(here.axes.shape[-1])
            turn[..., p, p] = turn[..., q, q] = np.cos(angles)
            turn[..., q, p] = np.sin(angles)
            turn[..., p, q] = -turn[..., q, p]
            here = self.at(here.axes @ turn)
        return here

    def by_newton(self, here: Axes) -> tuple[Axes, float]:
        """Return Newton's step in all planes, and the gain that it predicts.

        Directions of negative curvature are followed downwards. For very many planes,
        or where F is not smooth, no step is made and no end predicted.
        """
        n_components, n_features = here.variances.shape
        p, q = np.triu_indices(n_features, 1)
        size = len(p) * n_components * n_features**2
        if size > NEWTON_SIZE:
            return here, np.inf
        if not len(p):
            return here, 0.0
        weights = self.counts[:, None] / here.variances
        gradient = 2 * _skew((here.matrices * weights[:, None, :]).sum(axis=0))[p, q]
        with np.errstate(over="ignore", invalid="ignore"):
            hessian = self._hessian(here, weights, p, q)
        if not np.isfinite(hessian).all():  # variances that are all but zero
            return here, np.inf
        curvature, directions = np.linalg.eigh(hessian)
        curvature = np.abs(curvature)
        curvature = np.maximum(curvature, FLAT * curvature.max() + 1e-300)
        slopes = directions.T @ gradient
        step = np.zeros((n_features, n_features))
        step[p, q] = -directions @ (slopes / curvature)
        step -= step.T
        eye = np.eye(n_features)
        turn = np.linalg.solve(eye - step / 2, eye + step / 2)  # orthogonal
        return self.at(here.axes @ turn), float(slopes @ (slopes / curvature) / 2)

    def _hessian(self, here: Axes, weights: Array, p: IntArray, q: IntArray) -> Array:
        """Second derivatives of F by the angles in the planes (p, q)."""
        planes = np.arange(len(p))
        turns = np.zeros((len(p), 1, len(here.axes), len(here.axes)))
        turns[planes, 0, p, q] = 1.0
        turns[planes, 0, q, p] = -1.0
        moved = here.matrices @ turns
        moved = moved + np.swapaxes(moved, -1, -2)  # (planes, K, D, D)
        floor = 0.0 if self.floor is None else self.floor
        free = here.variances > floor
        own = np.where(free & (here.own > 0), here.own, 1.0)
        shares = self.counts * (here.own / here.variances).max(axis=1)
        rates = np.diagonal(moved, axis1=-2, axis2=-1) / own
        changes = self.variances.tangent(rates, free, shares)
        moved = (moved - here.matrices * changes[:, :, None, :]) * weights[:, None, :]
        rows = 2 * _skew(moved.sum(axis=1))[:, p, q]
        return np.asarray(rows + rows.T) / 2


def better(one: Axes, other: Axes) -> Axes:
    """Return the axes of less divergence, for each set of matrices."""
    is_better = np.asarray(one.divergence <= other.divergence)
    both = zip(one, other, strict=True)
    return Axes(*(chosen(is_better, *values) for values in both))


def along(matrices: Array) -> Array:
    """Diagonals of (..., D, D), which rounding may have put below zero."""
    return np.maximum(np.diagonal(matrices, axis1=-2, axis2=-1), 0.0)


def _skew(matrices: Array) -> Array:
    return matrices - np.swapaxes(matrices, -1, -2)


@cache
def disjoint_planes(n_features: int) -> list[tuple[IntArray, IntArray]]:
    """Return all pairs of columns, in rounds of a tournament."""
    seats = list(range(n_features + n_features % 2))
    half = len(seats) // 2
    rounds = []
    for _ in range(len(seats) - 1):
        pairs = [
            sorted(pair)
            for pair in zip(seats[:half], reversed(seats[half:]), strict=True)
            if max(pair) < n_features
        ]
        if pairs:
            p, q = np.array(pairs).T
            rounds.append((p, q))
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return rounds
