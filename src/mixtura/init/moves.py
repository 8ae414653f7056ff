"""Ways out of a local optimum: merge two components and split a third, or split anew.

EM moves components continuously and cannot carry one from a place that has too many to
a place that has too few; these moves do, and EM judges them ([Ueda2000]_). What a move
gains at least is known from fits to the regions concerned, so few need be tried.

References
----------
.. [Ueda2000] N. Ueda, R. Nakano, Z. Ghahramani, G. E. Hinton. SMEM algorithm for
   mixture models.
"""

from typing import NamedTuple

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.init.regions import (
    TINY,
    LocalRows,
    across_axes,
    best_splits,
    level_of_one,
    level_of_pairs,
)

OVERLAPPING, NEAR = 3, 2
"""Neighbours with which a merger is considered: by rows in common, by distance."""

WAYS = 3
"""Axes across which each component is split on the way to one more, at most."""

SAME = 0.1
"""A pair that splits anew with less than this share of its rows changing hands has only
found itself."""


class Move(NamedTuple):
    """A way out of a local optimum.

    Parameters
    ----------
    values : ndarray of shape (n, n_components)
        The responsibilities that it leads to.
    components : tuple of int
        Those that it changes: three that merge and split, or two that split anew and
        their neighbour; all, if there are only two.
    """

    values: Array
    components: tuple[int, ...]


def best_moves(
    values: Array, rows: LocalRows, most: int, least: float, surely: int = 0
) -> list[Move]:
    """Return the most promising moves.

    Parameters
    ----------
    values : ndarray of shape (n, n_components)
        Responsibilities at a local optimum of at least two components.
    rows : LocalRows
    most : int
        Number of moves.
    least : float
        What a move gains at least, in nats, for it to be worth trying; may be negative.
    surely : int
        Number of moves that are worth trying whatever they lose.

    Returns
    -------
    list of Move
        The best first.
    """
    own = np.ascontiguousarray(values.T)  # (K, n)
    n_components = len(own)
    pairs = _neighbours(own, rows)
    both = own[pairs].sum(axis=1)
    first = own[pairs[:, 0]] / np.maximum(both, TINY)
    present = level_of_pairs(rows, both, first)
    losses = present - level_of_one(rows, both)
    gains = np.full((len(pairs), n_components + 1), -np.inf)
    single = best_splits(rows, own) if n_components > 2 else None  # of a third
    if single is not None:
        gains[:, :-1] = single.level - level_of_one(rows, own) - losses[:, None]
        np.put_along_axis(gains, pairs, -np.inf, axis=1)
    close = losses.argsort(kind="stable")[:n_components]
    anew = best_splits(rows, both[close])
    differs = _difference(anew.first, first[close], both[close] * rows.weights) > SAME
    gains[close[differs], -1] = (anew.level - present[close])[differs]
    order = gains.ravel().argsort()[::-1][:most]
    worth = gains.ravel()[order]
    worth = (worth > least) | ((np.arange(len(order)) < surely) & (worth > -np.inf))
    promising = order[worth]
    moves = []
    for pair, split in np.stack(np.unravel_index(promising, gains.shape), axis=1):
        i, j = pairs[pair]
        moved = own.copy()
        if split == n_components:
            (where,) = np.flatnonzero(close == pair)
            moved[[i, j]] = _halves(both[pair], anew.first[where])
            split = _neighbour(own, rows, i, j)
        else:
            assert single is not None
            moved[i] = both[pair]
            moved[[split, j]] = _halves(own[split], single.first[split])
        changed = dict.fromkeys([int(i), int(j), int(split)])
        moves.append(Move(moved.T, tuple(changed)))
    return moves


def grown(values: Array, rows: LocalRows, most: int) -> list[Array]:
    """Return responsibilities with one component more: one of them split in two.

    Parameters
    ----------
    values : ndarray of shape (n, n_components)
        Responsibilities.
    rows : LocalRows
    most : int
        Number of splits: across one to three axes of each component, or of the largest.

    Returns
    -------
    list of ndarray of shape (n, n_components + 1)
    """
    own = np.ascontiguousarray(values.T)  # (K, n)
    largest = (-(own @ rows.weights)).argsort(kind="stable")[:most]
    halves = across_axes(rows, own[largest], min(WAYS, most // len(largest)))
    n_ways, n_components, n_rows = halves.shape[1], *own.shape
    results = np.empty((len(largest), n_ways, n_components + 1, n_rows))
    results[:, :, :-1] = own
    places, split = np.arange(len(largest)), own[largest][:, None]
    results[places, :, largest] = split * halves
    results[:, :, -1] = split * (1 - halves)
    return [each.T for each in results.reshape(-1, n_components + 1, n_rows)]


def shrunk(values: Array, weights: Array, most: int) -> list[Array]:
    """Return responsibilities with one component less: each in turn left out.

    Parameters
    ----------
    values : ndarray of shape (n, n_components)
        Responsibilities of at least two components.
    weights : ndarray of shape (n,)
    most : int
        Number of components that are left out.

    Returns
    -------
    list of ndarray of shape (n, n_components - 1)
        Without the component that the others explain best first.
    """
    own = np.ascontiguousarray(values.T)  # (K, n)
    costs = -(np.log(np.maximum(1 - own, TINY)) @ weights)
    order = costs.argsort(kind="stable")[:most]
    others = np.arange(len(own) - 1)
    results = own[others + (others >= order[:, None])]
    results /= np.maximum(results.sum(axis=1, keepdims=True), TINY)
    return [each.T for each in results]


def _halves(region: Array, first: Array) -> Array:
    """Divide a region's share (n,) of each row between the two halves, (2, n)."""
    return np.stack([region * first, region * (1 - first)])


def _difference(one: Array, other: Array, weights: Array) -> Array:
    """Share (R,) of each region that changes hands between two ways to split it."""
    apart = np.abs(np.stack([one - other, one + other - 1]))
    total = np.maximum(weights.sum(axis=1), TINY)
    return np.asarray(((apart * weights).sum(axis=2) / total).min(axis=0))


def _neighbour(own: Array, rows: LocalRows, i: int, j: int) -> int:
    """Component that shares most rows with a pair; one of it if there is no other."""
    overlap = own @ ((own[i] + own[j]) * rows.weights)
    overlap[[i, j]] = -1.0
    return int(overlap.argmax())


def _neighbours(own: Array, rows: LocalRows) -> IntArray:
    """Pairs (n_pairs, 2) of components (K, n) that share rows or lie near another."""
    n_components = len(own)
    shares = own * rows.weights
    overlap = shares @ own.T
    means = shares @ rows.centred / np.maximum(shares.sum(axis=1), TINY)[:, None]
    distances = ((means[:, None] - means) ** 2).sum(axis=2)
    itself = np.arange(n_components)
    overlap[itself, itself], distances[itself, itself] = -np.inf, np.inf
    near = np.zeros((n_components, n_components), dtype=bool)
    for by, number in ((-overlap, OVERLAPPING), (distances, NEAR)):
        nearest = by.argsort(axis=1)[:, : min(number, n_components - 1)]
        np.put_along_axis(near, nearest, True, axis=1)
    return np.argwhere(np.triu(near | near.T))
