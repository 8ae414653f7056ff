"""Starting points in a space of rows: centres, partitions and random responsibilities.

Every function takes rows X of shape (n, n_features) in the space whose distances
matter, their weights (n,), the number of components and a generator.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree
from sklearn.cluster import KMeans

from mixtura._types import Array, IntArray, Rng
from mixtura.data import Rows
from mixtura.execution.blas import single_threaded_openmp
from mixtura.init.distinct import standardised, whitened
from mixtura.init.hierarchy import merges, space
from mixtura.models.categorical import one_hot

MERGED_ROWS = 1_000
"""Rows that agglomeration merges: its time grows with their square."""

LLOYD = (2, 0, 0, 2)
"""Steps of k-means before EM takes over, in turn."""

Start = Callable[[Array, Array, int, Rng], Array]
"""(X, weights, n_components, rng) -> responsibilities (n, n_components)."""

Centres = Callable[[Array, Array, int, Rng], IntArray]
"""(X, weights, n_components, rng) -> indices of the rows that are the centres."""


def plus_plus(X: Array, weights: Array, n_components: int, rng: Rng) -> IntArray:
    """Draw centres with probability proportional to the squared distance to others.

    Of several draws for a centre, the one that leaves the least distance is taken
    (greedy k-means++, [ArthurVassilvitskii2007]_).

    References
    ----------
    .. [ArthurVassilvitskii2007] D. Arthur, S. Vassilvitskii. k-means++: the advantages
       of careful seeding.
    """
    return several_plus_plus(X, weights, n_components, 1, rng)[0]


def several_plus_plus(
    X: Array, weights: Array, n_components: int, n_sets: int, rng: Rng
) -> IntArray:
    """Draw several sets of such centres side by side, (n_sets, n_components)."""
    n_draws = 2 + int(np.log(n_components))
    lengths = (X**2).sum(axis=1)
    sets = np.arange(n_sets)
    chosen = np.empty((n_sets, n_components), dtype=np.intp)
    chosen[:, :1] = _drawn(np.tile(weights, (n_sets, 1)), 1, rng)
    nearest = _squared_distances(X, lengths, chosen[:, 0])
    for k in range(1, n_components):
        drawn = _drawn(weights * nearest, n_draws, rng)
        there = _squared_distances(X, lengths, drawn.ravel())
        distances = np.minimum(nearest[:, None], there.reshape(n_sets, n_draws, -1))
        best = (distances @ weights).argmin(axis=1)
        chosen[:, k], nearest = drawn[sets, best], distances[sets, best]
    return chosen


def _drawn(shares: Array, size: int, rng: Rng) -> IntArray:
    """Draw indices (n_sets, size) with probabilities proportional to rows of shares.

    A share may be zero.
    """
    cumulated = shares.cumsum(axis=1)
    places = rng.uniform(size=(len(shares), size)) * cumulated[:, -1:]
    pairs = zip(cumulated, places, strict=True)
    indices = np.array([row.searchsorted(own, side="right") for row, own in pairs])
    return np.minimum(indices, shares.shape[1] - 1)


def _squared_distances(X: Array, lengths: Array, chosen: IntArray) -> Array:
    """Squared distances of the chosen rows from all, (n_chosen, n)."""
    distances = lengths[chosen, None] + lengths - 2 * X[chosen] @ X.T
    return np.maximum(distances, 0.0)


def random_rows(X: Array, weights: Array, n_components: int, rng: Rng) -> IntArray:
    """Draw centres among the distinct rows, by weight, without replacement."""
    probabilities = weights / weights.sum()
    return rng.choice(len(X), size=n_components, replace=False, p=probabilities)


def kmeans(X: Array, weights: Array, n_components: int, rng: Rng) -> Array:
    """Responsibilities of 1 for the cluster that k-means puts a row in."""
    clustering = KMeans(n_components, n_init=1, random_state=int(rng.integers(2**31)))
    with single_threaded_openmp():
        labels = clustering.fit(X, sample_weight=weights).labels_
    return one_hot(labels, n_components)


def hierarchical(X: Array, weights: Array, n_components: int, rng: Rng) -> Array:
    """Responsibilities of 1 for the clusters that agglomeration leaves.

    Of many rows a subsample is merged, and the others join the cluster of the nearest
    of these.
    """
    scaled = space(Rows(X, weights))
    if len(X) <= MERGED_ROWS:
        return one_hot(merges(scaled, weights).labels(n_components), n_components)
    chosen = np.sort(rng.choice(len(X), size=MERGED_ROWS, replace=False))
    few = scaled[chosen]
    labels = merges(few, weights[chosen]).labels(n_components)
    return one_hot(labels[cKDTree(few).query(scaled)[1]], n_components)


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
        The rows where the centres start, (n_components,), or several sets of them,
        (n_sets, n_components).
    n_steps : int
        How often each centre moves to the mean of the rows nearest to it.

    Returns
    -------
    ndarray of shape (n, n_components) or (n, n_sets, n_components)
    """
    centres = X[chosen]
    partition = _nearest(X, centres)
    for _ in range(n_steps):
        flat = partition.reshape(len(X), -1)
        counts = (weights @ flat).reshape(*chosen.shape, 1)
        sums = (flat.T @ (weights[:, None] * X)).reshape(centres.shape)
        centres = np.where(counts > 0, sums / np.where(counts > 0, counts, 1), centres)
        partition = _nearest(X, centres)
    return partition


def _nearest(X: Array, centres: Array) -> Array:
    *sets, n_components, n_features = centres.shape
    products = X @ centres.reshape(-1, n_features).T
    distances = (centres**2).sum(axis=-1) - 2 * products.reshape(
        -1, *sets, n_components
    )
    labels = distances.argmin(axis=-1)[..., None]
    return np.asarray(labels == np.arange(n_components), dtype=np.float64)


class AroundCentres:
    """Partitions around k-means++ centres, in both spaces in turn, without end.

    Parameters
    ----------
    data : Rows
        Distinct rows with weights.
    n_components : int
    rng : Generator
    """

    def __init__(self, data: Rows, n_components: int, rng: Rng) -> None:
        assert data.weights is not None
        self.weights = data.weights
        self.spaces = standardised(data), whitened(data)
        self.n_components = n_components
        self.rng = rng
        self.n_made = 0

    def more(self, size: int) -> list[Array]:
        """Return so many further ones, (n, n_components) each, made side by side."""
        numbers = np.arange(self.n_made, self.n_made + size)
        self.n_made += size
        made: dict[int, Array] = {}
        for i, rows in enumerate(self.spaces):
            own = numbers[numbers % len(self.spaces) == i]
            if not len(own):
                continue
            centres = several_plus_plus(
                rows, self.weights, self.n_components, len(own), self.rng
            )
            n_steps = np.array(LLOYD)[own % len(LLOYD)]
            for n in np.unique(n_steps).tolist():
                partitions = nearest(rows, self.weights, centres[n_steps == n], n)
                places = own[n_steps == n].tolist()
                made |= zip(places, partitions.swapaxes(0, 1), strict=True)
        return [made[number] for number in numbers.tolist()]
