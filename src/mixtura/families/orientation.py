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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array, IntArray
from mixtura.families.sets import chosen
from mixtura.families.variances import BoolArray, Profile, divergence

MOST = 200
"""Sweeps over the planes, or steps of Newton's method, at most …"""

MOST_ABOVE = 8
"""… and above a floor, where variances that are at it make the way long: the next
M-step goes on from there."""

MOST_TURNS = 20
"""Sweeps over the planes where Newton's method gains nothing: then a variance goes to
zero or there are too many planes for it, and the next M-step goes on from there."""

VISIBLE = 1e-13
"""Gain per observation, in nats, that differences of F can show."""

NEGLIGIBLE = 1e-22
"""Gain per observation that is not worth another step."""

CREEPING = 1e-6
"""Gain per observation of a turn in every plane that is left to the next M-step, where
Newton's method gains nothing: then a variance is at its floor, and the way is long."""

VANISHED = 1e-20
"""Share of the largest variance at which one without a floor is on its way to zero."""

FLAT = 1e-10
"""Curvatures below this share of the largest are taken for this share."""

STEEP = 1e-6
"""Curvature, as a share of that in the planes alone, from which on no direction counts
as flat."""

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
        """Sample variances along the axes, (..., K, D)."""
        return along(self.matrices)

    def among(self, which: NDArray[Any]) -> "Axes":
        """Return those of some of the sets."""
        return Axes(*(values[which] for values in self))

    def but(self, which: NDArray[Any], other: "Axes") -> "Axes":
        """Return these with those of some of the sets replaced."""
        copies = [values.copy() for values in self]
        for copy, values in zip(copies, other, strict=True):
            copy[which] = values
        return Axes(*copies)


@dataclass(frozen=True)
class CommonAxes:
    """The search for the common axes of sample covariances.

    Parameters
    ----------
    own : ndarray of shape (..., n_components, n_features, n_features)
        Sample covariances; with leading axes, of several sets.
    counts : ndarray of shape (..., n_components)
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

    @property
    def newton_size(self) -> int:
        """Numbers in the largest array of Newton's method, for one set of matrices."""
        n_features = self.own.shape[-1]
        return len(planes(n_features)[0]) * n_features**2

    def at(self, axes: Array) -> Axes:
        """Evaluate axes."""
        each = axes[..., None, :, :]
        matrices = each.swapaxes(-1, -2) @ self.own @ each
        own = along(matrices)
        variances = self.variances.closest(own, self.counts, self.floor)
        value = divergence(variances, own, self.counts)
        value = np.where(np.isfinite(value), value, np.inf)
        return Axes(axes, matrices, variances, value)

    def best(self, starts: Array) -> tuple[Axes, Array]:
        """Descend from orthogonal matrices, and return the least divergence reached.

        Only the first of the starts (..., n_starts, D, D) matters while none of the
        others is better: with the previous axes first, later in a fit, that is. The
        divergence at the first start is returned as well; it is infinite if a sample
        variance along these axes is zero, and no floor is under it.
        """
        shape = starts.shape[:-2]
        each = self._of(
            np.broadcast_to(self.own[..., None, :, :, :], shape + self.own.shape[-3:]),
            np.broadcast_to(self.counts[..., None, :], shape + self.counts.shape[-1:]),
        )
        here = each.at(starts)
        is_tried = here.divergence < here.divergence[..., :1]
        is_tried[..., 0] = True
        ends = each.among(is_tried).descended(here.among(is_tried))
        reached = np.full(shape, np.inf)
        reached[is_tried] = ends.divergence
        places = np.cumsum(is_tried).reshape(shape) - 1
        least = reached.argmin(axis=-1)[..., None]
        best = ends.among(np.take_along_axis(places, least, axis=-1)[..., 0])
        return best, here.divergence[..., 0]

    def divergence(self, covariances: Array, axes: Array) -> Array:
        """Return that of covariances which have these axes in common."""
        each = axes[..., None, :, :]
        variances = along(each.swapaxes(-1, -2) @ covariances @ each)
        own = along(each.swapaxes(-1, -2) @ self.own @ each)
        return divergence(variances, own, self.counts)

    def among(self, which: NDArray[Any]) -> "CommonAxes":
        """Return the search for some of the sets of matrices."""
        return self._of(self.own[which], self.counts[which])

    def _of(self, own: Array, counts: Array) -> "CommonAxes":
        return CommonAxes(own, counts, self.variances, self.floor)

    def descended(self, here: Axes) -> Axes:
        """Go down from (n_sets, D, D), each until nothing is to be gained."""
        if len(here.axes) > max(1, NEWTON_SIZE // max(1, self.newton_size)):
            halves = np.array_split(np.arange(len(here.axes)), 2)
            ends = [self.among(half).descended(here.among(half)) for half in halves]
            return Axes(*map(np.concatenate, zip(*ends, strict=True)))
        going = np.flatnonzero(np.isfinite(here.divergence))
        ended = here
        turns = np.zeros(len(here.axes), dtype=int)
        for _ in range(MOST if self.floor is None else MOST_ABOVE):
            if not len(going):
                break
            there, is_end, fails = self.among(going)._step(ended.among(going))
            ended = ended.but(going, there)
            turns[going] += fails
            going = going[~is_end & (turns[going] < MOST_TURNS)]
        return ended

    def _step(self, here: Axes) -> tuple[Axes, BoolArray, BoolArray]:
        """Take Newton's steps, or where they gain nothing turn in every plane.

        Says of each set whether that was the last, and whether Newton's step failed.
        """
        n_observations = self.counts.sum(axis=-1)
        there, predicted, left = self.by_newton(here)
        is_sure = predicted <= VISIBLE * n_observations
        is_end = is_sure & (left <= NEGLIGIBLE * n_observations)
        fails = ~is_sure & ~(there.divergence < here.divergence)
        if fails.any():
            old = here.among(fails)
            turned = better(self.among(fails).by_planes(old), old)
            there = there.but(fails, turned)
            gain = old.divergence - turned.divergence
            is_end[fails] = gain <= CREEPING * n_observations[fails]
        if self.floor is None:
            variances = there.variances.reshape(len(is_end), -1)
            is_end |= variances.min(axis=-1) < VANISHED * variances.max(axis=-1)
        return there, is_end, fails

    def by_planes(self, here: Axes) -> Axes:
        r"""Turn in every plane once, disjoint planes at a time.

        With the variances held, F in the plane of two columns is
        :math:`a \cos 2\theta + b \sin 2\theta` plus a constant.
        """
        for p, q in disjoint_planes(here.axes.shape[-1]):
            own = here.own
            with np.errstate(all="ignore"):  # variances of zero leave no angle
                weights = self.counts[..., None] / here.variances
                differences = weights[..., p] - weights[..., q]  # (..., K, planes)
                a = (differences * (own[..., p] - own[..., q])).sum(axis=-2) / 2
                b = (differences * here.matrices[..., p, q]).sum(axis=-2)
            angles = np.arctan2(0.0 - b, 0.0 - a) / 2
            turn = np.zeros_like(here.axes) + np.eye(here.axes.shape[-1])
            turn[..., p, p] = turn[..., q, q] = np.cos(angles)
            turn[..., q, p] = np.sin(angles)
            turn[..., p, q] = -turn[..., q, p]
            here = self.at(here.axes @ turn)
        return here

    def by_newton(self, here: Axes) -> tuple[Axes, Array, Array]:
        """Return Newton's step in all planes, its predicted gain, and what is left.

        Directions of negative curvature are followed downwards. For very many planes,
        or where F is not smooth, no step is made and no end predicted.
        """
        n_features = here.axes.shape[-1]
        p, q = planes(n_features)
        if self.newton_size > NEWTON_SIZE or not len(p):
            predicted = np.full(here.divergence.shape, np.inf if len(p) else 0.0)
            return here, predicted, predicted
        weights = self.counts[..., None] / here.variances
        pulls = (here.matrices * weights[..., None, :]).sum(axis=-3)
        with np.errstate(over="ignore", invalid="ignore"):
            hessian = self._hessian(here, weights)
        # not with variances of zero
        is_smooth = np.asarray(np.isfinite(hessian).all(axis=(-2, -1)))
        gradient = np.where(is_smooth[:, None], 2 * _skew(pulls)[..., p, q], 0.0)
        hessian = np.where(is_smooth[:, None, None], hessian, 0.0)
        angles, is_minimum = _downhill(gradient, hessian)
        there = self.at(here.axes @ rotations(angles, n_features))
        predicted = (gradient * angles).sum(axis=-1) / 2
        predicted = np.where(is_smooth, predicted, np.inf)
        # a minimum is approached quadratically
        longest = np.minimum(np.abs(angles).max(axis=-1), 1.0)
        left = predicted * np.where(is_minimum, longest**2, 1.0)
        both = zip(there, here, strict=True)
        there = Axes(*(chosen(is_smooth, *values) for values in both))
        return there, predicted, left

    def _hessian(self, here: Axes, weights: Array) -> Array:
        """Second derivatives of F by the angles in all planes.

        A turn G in the plane of columns p and q changes a matrix S by S G + (S G)^T,
        which is S_p in column q, - S_q in column p, and the same in rows.
        """
        matrices = here.matrices
        p, q = planes(matrices.shape[-1])
        each = np.arange(len(p))
        pulls = np.einsum("...kap,...kq->...apq", matrices, weights)
        total = np.einsum("...pbb->...pb", pulls)
        moved = np.zeros((*pulls.shape[:-3], len(p), *pulls.shape[-2:]))
        columns = moved.swapaxes(-1, -2)
        columns[..., each, q, :] += pulls[..., p, q].swapaxes(-1, -2)
        columns[..., each, p, :] -= pulls[..., q, p].swapaxes(-1, -2)
        moved[..., each, q, :] += total[..., p, :]
        moved[..., each, p, :] -= total[..., q, :]
        # the variances follow, and take columns along
        changes = self._changes(here) * weights[..., None]
        taken = np.moveaxis(changes, -3, -1) @ np.moveaxis(matrices, -1, -3)
        columns -= taken.swapaxes(-3, -2)  # (..., planes, D, D)
        rows = 2 * (moved[..., p, q] - moved[..., q, p])
        return np.asarray(rows + np.swapaxes(rows, -1, -2)) / 2

    def _changes(self, here: Axes) -> Array:
        """Change of log variances by the angle in each plane, (..., K, D, planes)."""
        p, q = planes(here.axes.shape[-1])
        each = np.arange(len(p))
        floor = 0.0 if self.floor is None else self.floor
        free = here.variances > floor
        own = np.where(free & (here.own > 0), here.own, 1.0)
        shares = self.counts * (here.own / here.variances).max(axis=-1)
        twice = 2 * here.matrices[..., p, q]  # (..., K, planes)
        rates = np.zeros((*twice.shape, own.shape[-1]))
        rates[..., each, q] = twice / own[..., q]
        rates[..., each, p] = -twice / own[..., p]
        changes = self.variances.tangent(
            rates.swapaxes(-3, -2), free[..., None, :, :], shares[..., None, :]
        )
        return np.asarray(np.moveaxis(changes, -3, -1))


def better(one: Axes, other: Axes) -> Axes:
    """Return the axes of less divergence, for each set of matrices."""
    is_better = np.asarray(one.divergence <= other.divergence)
    both = zip(one, other, strict=True)
    return Axes(*(chosen(is_better, *values) for values in both))


def along(matrices: Array) -> Array:
    """Diagonals of (..., D, D), which rounding may have put below zero."""
    return np.maximum(np.diagonal(matrices, axis1=-2, axis2=-1), 0.0)


def _downhill(gradient: Array, hessian: Array) -> tuple[Array, BoolArray]:
    """Newton's step, turned downwards where curvature is negative; and where none is.

    Curvatures are as far apart as ratios of variances; they are compared in units in
    which each plane alone has curvature one.
    """
    alone = np.abs(np.diagonal(hessian, axis1=-2, axis2=-1))
    units = 1 / np.sqrt(np.where(alone > 0, alone, 1.0))
    hessian = hessian * units[..., None, :] * units[..., None]
    slopes = gradient * units
    try:
        least = np.diagonal(np.linalg.cholesky(hessian), axis1=-2, axis2=-1).min()
    except np.linalg.LinAlgError:
        least = 0.0
    if least**2 > STEEP:
        angles = units * np.linalg.solve(hessian, slopes[..., None])[..., 0]
        return angles, np.ones(len(angles), dtype=bool)
    signed, directions = np.linalg.eigh(hessian)
    curvature = np.abs(signed)
    smallest = FLAT * curvature.max(axis=-1, keepdims=True) + 1e-300
    amounts = (slopes[..., None, :] @ directions)[..., 0, :]
    amounts /= np.maximum(curvature, smallest)
    angles = units * (directions @ amounts[..., None])[..., 0]
    return angles, np.asarray((signed > 0).all(axis=-1))


def _skew(matrices: Array) -> Array:
    return matrices - np.swapaxes(matrices, -1, -2)


@cache
def planes(n_features: int) -> tuple[IntArray, IntArray]:
    """Return all pairs of columns."""
    return np.triu_indices(n_features, 1)


def rotations(angles: Array, n_features: int) -> Array:
    """Return orthogonal matrices that turn by minus these angles, where they are small.

    They are Cayley's, of angles (..., planes).
    """
    p, q = planes(n_features)
    step = np.zeros((*angles.shape[:-1], n_features, n_features))
    step[..., p, q], step[..., q, p] = -angles, angles
    eye = np.eye(n_features)
    return np.asarray(np.linalg.solve(eye - step / 2, eye + step / 2))


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
