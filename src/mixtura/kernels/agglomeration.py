"""Compiled agglomeration of rows, where calling a library for each merger costs more.

Clusters are named by one of their rows, as in `init.hierarchy`, whose criterion it is.
"""

from math import log
from typing import Any

import numpy as np

from mixtura.kernels.fused import compiled
from mixtura.kernels.small_matrices import inlined

__all__ = ["agglomerate"]


@inlined
def _determinant(matrix: Any) -> float:
    """Return that of a symmetric matrix without negative eigenvalues, which is lost."""
    D = len(matrix)
    product = 1.0
    for j in range(D):
        pivot = matrix[j, j]
        if not pivot > 0.0:
            return 0.0
        product *= pivot
        for i in range(j + 1, D):
            share = matrix[i, j] / pivot
            for c in range(j + 1, i + 1):
                matrix[i, c] -= share * matrix[c, j]
    return product


@inlined
def _term(size: float, scatter: Any, alpha: float, scratch: Any) -> float:
    """Return what a cluster adds to the criterion."""
    D = len(scatter)
    inside = alpha
    for d in range(D):
        inside += scatter[d, d]
    inside /= size
    if size > D:  # fewer rows span no volume
        for i in range(D):
            for j in range(i + 1):
                scratch[i, j] = scatter[i, j] / size
        inside += _determinant(scratch)
    return size * log(inside)


@inlined
def _unite(clusters: Any, one: int, other: int, scatter: Any) -> None:
    """Write the scatter of a union, of which the lower triangle is used."""
    sizes, means, scatters, _ = clusters
    share = sizes[one] * sizes[other] / (sizes[one] + sizes[other])
    D = len(scatter)
    for i in range(D):
        weighted = share * (means[other, i] - means[one, i])
        for j in range(i + 1):
            between = weighted * (means[other, j] - means[one, j])
            scatter[i, j] = scatters[other, i, j] + scatters[one, i, j] + between


@inlined
def _cost(clusters: Any, one: int, other: int, alpha: float, scratch: Any) -> float:
    """Return what a merger costs."""
    sizes, terms = clusters[0], clusters[3]
    _unite(clusters, one, other, scratch[0])
    term = _term(sizes[one] + sizes[other], scratch[0], alpha, scratch[1])
    return term - terms[other] - terms[one]


@inlined
def _merge(clusters: Any, kept: int, gone: int, alpha: float, scratch: Any) -> None:
    """Let one cluster take in another."""
    sizes, means, scatters, terms = clusters
    _unite(clusters, kept, gone, scratch[0])
    size = sizes[kept] + sizes[gone]
    for i in range(means.shape[1]):
        means[kept, i] += sizes[gone] / size * (means[gone, i] - means[kept, i])
        for j in range(i + 1):
            scatters[kept, i, j] = scratch[0, i, j]
    sizes[kept] = size
    terms[kept] = _term(size, scratch[0], alpha, scratch[1])


@inlined
def _find_nearest(costs: Any, row: int, nearest: Any, least: Any) -> None:
    """Write which merger of a cluster costs least, and how much."""
    nearest[row], least[row] = 0, costs[row, 0]
    for other in range(1, len(costs)):
        if costs[row, other] < least[row]:
            nearest[row], least[row] = other, costs[row, other]


@compiled
def agglomerate(X: Any, weights: Any, alpha: float, pairs: Any, losses: Any) -> None:
    """Merge the two clusters whose union costs least, until one is left.

    Parameters
    ----------
    X : ndarray of shape (n, D)
    weights : ndarray of shape (n,)
        Positive.
    alpha : float
        That of the criterion.
    pairs : ndarray of int of shape (n - 1, 2)
        A row of either cluster, the one that is kept before the other, to be written.
    losses : ndarray of shape (n - 1,)
        What each merger costs, to be written.
    """
    n, D = X.shape
    terms, alive = np.empty(n), np.ones(n, np.bool_)
    clusters = weights.copy(), X.copy(), np.zeros((n, D, D)), terms
    scratch = np.zeros((2, D, D))
    costs, nearest, least = np.empty((n, n)), np.empty(n, np.int64), np.empty(n)
    for row in range(n):
        terms[row] = weights[row] * log(alpha / weights[row])
        costs[row, row] = np.inf
        for other in range(row):
            cost = _cost(clusters, row, other, alpha, scratch)
            costs[row, other] = costs[other, row] = cost
    for row in range(n):
        _find_nearest(costs, row, nearest, least)
    for step in range(n - 1):
        kept = least.argmin()
        gone = nearest[kept]
        pairs[step, 0], pairs[step, 1], losses[step] = kept, gone, least[kept]
        _merge(clusters, kept, gone, alpha, scratch)
        alive[gone], least[gone] = False, np.inf
        for row in range(n):
            costs[gone, row] = costs[row, gone] = np.inf
        for row in range(n):
            if not alive[row] or row == kept:
                continue
            cost = _cost(clusters, kept, row, alpha, scratch)
            costs[kept, row] = costs[row, kept] = cost
            if cost < least[row]:
                nearest[row], least[row] = kept, cost
            elif nearest[row] == kept or nearest[row] == gone:
                _find_nearest(costs, row, nearest, least)
        _find_nearest(costs, kept, nearest, least)
