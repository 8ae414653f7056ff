"""Two components in place of one, fitted to a part of the data: what a split gains.

A region is a component's share of the rows, or that of two neighbours together. With
the shares of a region held fixed, EM within it raises a lower bound on the likelihood
of the whole mixture ([Ueda2000]_, partial EM). So what two components explain better
than one, in the region of a component, is what a split gains at least; in the region of
two neighbours it is what their merger costs at most.

All regions take their steps together, as the mixtures of a search do.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.init.crowds import Crowds
from mixtura.init.distinct import standardised
from mixtura.kernels.quadratic import QuadraticRows

FLOOR = 1e-4
"""Added to the variances of local components; the whole data have variance 1."""

SHARPNESS = 4.0
"""How sharply a first split separates two halves, per standard deviation."""

AXES = 2
"""Splits are tried across this many of a region's longest axes."""

CROWD = 1.5
"""Radius of a first half around a crowd, in distances of its row's last neighbour."""

STEPS = 6
"""EM steps in a region."""

TINY = np.finfo(float).tiny


class Splits(NamedTuple):
    """The best split of each region in two.

    Parameters
    ----------
    first : ndarray of shape (R, n)
        The first half's share of the region's part of each row.
    level : ndarray of shape (R,)
        Log-likelihood of the two components, in nats.
    """

    first: Array
    level: Array


class LocalRows(NamedTuple):
    """Standardised rows, and where they crowd.

    Parameters
    ----------
    quadratic : QuadraticRows
    crowds : Crowds or None
    """

    quadratic: QuadraticRows
    crowds: Crowds | None

    @property
    def weights(self) -> Array:
        """Of the rows, (n,)."""
        return self.quadratic.weights

    @property
    def centred(self) -> Array:
        """Rows less their mean, (n, D)."""
        return self.quadratic.centred


def local_rows(data: Rows, n_axes: int, with_crowds: bool = True) -> LocalRows:
    """Return the standardised rows, for components with covariances or variances.

    Parameters
    ----------
    data : Rows
    n_axes : int
        Of one component's covariance: 2 for a matrix, less for variances.
    with_crowds : bool
        Whether to look for neighbours, which takes as long as some steps of EM.
    """
    X = standardised(data)
    quadratic = QuadraticRows.of(X, data.weights, max(n_axes, 1))
    return LocalRows(quadratic, Crowds.of(X) if with_crowds else None)


def best_splits(rows: LocalRows, regions: Array) -> Splits:
    """Split each region across its longest axes and around its crowd; take the best.

    Parameters
    ----------
    rows : LocalRows
    regions : ndarray of shape (R, n)
        Shares of the rows.
    """
    halves = across_axes(rows, regions, AXES)  # (R, ways, n)
    if rows.crowds is not None:
        halves = np.concatenate([halves, _around_crowds(rows, regions)], axis=1)
    n_ways = halves.shape[1]
    first = halves.reshape(-1, halves.shape[2])
    repeated = np.repeat(regions, n_ways, axis=0)
    for _ in range(STEPS):
        first, levels = _step(rows, repeated, first)
    levels = levels.reshape(len(regions), n_ways)
    best = levels.argmax(axis=1) + n_ways * np.arange(len(regions))
    return Splits(first[best], levels.ravel()[best])


def across_axes(rows: LocalRows, regions: Array, n_axes: int) -> Array:
    """Shares (R, n_axes, n) of one half, split across each region's longest axes.

    Parameters
    ----------
    rows : LocalRows
    regions : ndarray of shape (R, n)
        Shares of the rows.
    n_axes : int
        At most one for each column.
    """
    shift, covariances = _estimates(rows.quadratic, regions * rows.weights)
    n_features = shift.shape[1]
    if rows.quadratic.n_axes == 2:
        variances, axes = np.linalg.eigh(covariances)
        axes = axes[:, :, -n_axes:] / np.sqrt(variances[:, None, -n_axes:])
    else:
        longest = covariances.argsort(axis=1)[:, -n_axes:]
        variances = np.take_along_axis(covariances, longest, axis=1)
        axes = np.eye(n_features)[:, longest].swapaxes(0, 1)
        axes /= np.sqrt(variances[:, None])
    scores = axes.swapaxes(1, 2) @ rows.centred.T  # (R, axes, n)
    scores -= (shift[:, None] @ axes).swapaxes(1, 2)
    return expit(SHARPNESS * scores)


def level_of_pairs(rows: LocalRows, regions: Array, first: Array) -> Array:
    """Log-likelihood (R,) of the two components that a region consists of, in nats.

    Parameters
    ----------
    rows : LocalRows
    regions : ndarray of shape (R, n)
        Shares of the rows.
    first : ndarray of shape (R, n)
        The first component's share of the region's part of each row.
    """
    return _step(rows, regions, first)[1]


def level_of_one(rows: LocalRows, regions: Array) -> Array:
    """Log-likelihood (R,) of one component for each region (R, n), in nats."""
    shares = regions * rows.weights
    log_joint = _log_joint(rows, shares, np.ones(len(regions)))
    return np.asarray((shares * log_joint).sum(axis=1))


def _step(rows: LocalRows, regions: Array, first: Array) -> tuple[Array, Array]:
    """M-step from the first half's shares, then E-step: new shares, levels (R,)."""
    shares = regions * rows.weights
    halves = np.stack([first, 1 - first], axis=1) * shares[:, None]  # (R, 2, n)
    flat = halves.reshape(-1, halves.shape[2])
    weights = halves.sum(axis=2)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), TINY)
    one, other = np.moveaxis(
        _log_joint(rows, flat, weights.ravel()).reshape(halves.shape), 1, 0
    )
    top = np.maximum(one, other)
    lead = np.exp(one - top)
    total = lead + np.exp(other - top)
    levels = (shares * (top + np.log(total))).sum(axis=1)
    return lead / total, levels


def _log_joint(rows: LocalRows, shares: Array, weights: Array) -> Array:
    """Log weight plus log-density (J, n) of components estimated from shares (J, n)."""
    shift, covariances = _estimates(rows.quadratic, shares)
    n_features = shift.shape[1]
    if rows.quadratic.n_axes == 2:
        factors = np.linalg.cholesky(covariances)
        precision_cholesky = np.linalg.inv(factors).swapaxes(1, 2)
        diagonal = np.diagonal(precision_cholesky, axis1=1, axis2=2)
    else:
        precision_cholesky = diagonal = 1 / np.sqrt(covariances)
    constants = np.log(np.maximum(weights, TINY)) + np.log(diagonal).sum(axis=1)
    constants -= 0.5 * n_features * np.log(2 * np.pi)
    return rows.quadratic.log_joint(
        constants, rows.quadratic.origin + shift, precision_cholesky
    )


def _estimates(rows: QuadraticRows, shares: Array) -> tuple[Array, Array]:
    """Means less the origin, and covariances or variances, from shares (J, n)."""
    counts, first, second = rows.moments(shares)
    total = np.maximum(counts, TINY)
    shift = first / total[:, None]
    if rows.n_axes == 2:
        outer = shift[:, :, None] * shift[:, None, :]
        floor = FLOOR * np.eye(shift.shape[1])
        return shift, second / total[:, None, None] - outer + floor
    return shift, second / total[:, None] - shift**2 + FLOOR


def _around_crowds(rows: LocalRows, regions: Array) -> Array:
    """Shares (R, 1, n) of one half, which is where rows crowd most in each region."""
    assert rows.crowds is not None
    log_joint = _log_joint(rows, regions * rows.weights, np.ones(len(regions)))
    seeds = rows.crowds.densest(regions, log_joint)
    apart = rows.centred[seeds][:, None] - rows.centred
    distances = np.sqrt((apart**2).sum(axis=2)) / rows.crowds.spacing[seeds][:, None]
    return expit(SHARPNESS * (CROWD - distances))[:, None]
