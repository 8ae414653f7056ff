"""Starting points in a space of rows: centres, partitions and random responsibilities.

Every function takes rows X of shape (n, n_features) in the space whose distances
matter, their weights (n,), the number of components and a generator.
"""

from collections.abc import Callable

import numpy as np
from sklearn.cluster import KMeans, kmeans_plusplus

from mixtura._types import Array, IntArray, Rng
from mixtura.models.categorical import one_hot

Start = Callable[[Array, Array, int, Rng], Array]
"""(X, weights, n_components, rng) -> responsibilities (n, n_components)."""

Centres = Callable[[Array, Array, int, Rng], IntArray]
"""(X, weights, n_components, rng) -> indices of the rows that are the centres."""


def plus_plus(X: Array, weights: Array, n_components: int, rng: Rng) -> IntArray:
    """Draw centres with probability proportional to the squared distance to others."""
    _, chosen = kmeans_plusplus(
        X, n_components, sample_weight=weights, random_state=_seed(rng)
    )
    return np.asarray(chosen, dtype=np.intp)


def random_rows(X: Array, weights: Array, n_components: int, rng: Rng) -> IntArray:
    """Draw centres among the distinct rows, by weight, without replacement."""
    probabilities = weights / weights.sum()
    return rng.choice(len(X), size=n_components, replace=False, p=probabilities)


def kmeans(X: Array, weights: Array, n_components: int, rng: Rng) -> Array:
    """Responsibilities of 1 for the cluster that k-means puts a row in."""
    clustering = KMeans(n_components, n_init=1, random_state=_seed(rng))
    labels = clustering.fit(X, sample_weight=weights).labels_
    return one_hot(labels, n_components)


def random(X: Array, weights: Array, n_components: int, rng: Rng) -> Array:
    """Responsibilities that are uniform numbers, scaled to sum to one."""
    values = rng.uniform(size=(len(X), n_components))
    return np.asarray(values / values.sum(axis=1, keepdims=True))


def nearest(X: Array, weights: Array, chosen: IntArray, n_steps: int) -> Array:
    """Responsibilities of 1 for the nearest centre, after a few Lloyd steps.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    weights : ndarray of shape (n,)
    chosen : ndarray of int
        The rows where the centres start.
    n_steps : int
        How often each centre moves to the mean of the rows nearest to it.
    """
    centres = X[chosen]
    for _ in range(n_steps + 1):
        distances = (centres**2).sum(axis=1) - 2 * X @ centres.T
        partition = one_hot(distances.argmin(axis=1), len(chosen))
        weighted = partition * weights[:, None]
        counts = weighted.sum(axis=0)[:, None]
        means = weighted.T @ X / np.where(counts > 0, counts, 1.0)
        centres = np.where(counts > 0, means, centres)
    return partition


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**31))
