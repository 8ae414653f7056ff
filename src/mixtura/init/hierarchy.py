"""Model-based agglomeration: merge rows, two clusters at a time, until one is left."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array, IntArray
from mixtura.data import Rows
from mixtura.execution.turns import away
from mixtura.init.distinct import standardised
from mixtura.kernels.optional import compiled_code


@dataclass(frozen=True)
class Merges:
    """All merges of n rows, in order.

    Parameters
    ----------
    pairs : ndarray of int of shape (n - 1, 2)
        A row of either cluster; the first names the union from then on.
    losses : ndarray of shape (n - 1,)
        What each merge adds to the criterion.
    """

    pairs: IntArray
    losses: Array

    def labels(self, n_clusters: int) -> IntArray:
        """Labels (n,) of so many clusters, from zero, by the first row of each."""
        name = list(range(len(self.pairs) + 1))
        for kept, gone in reversed(self.pairs[: len(name) - n_clusters].tolist()):
            name[gone] = name[kept]
        number = {one: i for i, one in enumerate(dict.fromkeys(name))}
        return np.array([number[one] for one in name])


def merges(X: Array, weights: Array, compiled: bool = False) -> Merges:
    r"""Merge the two clusters whose union costs least, until one is left.

    The criterion is the classification likelihood of Gaussians with covariances of
    their own, with a term that keeps small clusters from having none ([Fraley1998]_):
    with scatters W about the means of clusters of weight n,

    .. math:: \sum_k n_k \log\Bigl(\Bigl\lvert\frac{W_k}{n_k}\Bigr\rvert
        + \frac{\operatorname{tr} W_k + \alpha}{n_k}\Bigr), \qquad
        \alpha = \frac{\operatorname{tr} W}{n D}

    It takes O(n²) memory, and time for as many determinants.

    Parameters
    ----------
    X : ndarray of shape (n, D)
        In a `space` where the trace means something.
    weights : ndarray of shape (n,)
        Positive.
    compiled : bool
        Whether waiting for a compiler pays; of mergers that cost the same, another may
        come first.

    References
    ----------
    .. [Fraley1998] C. Fraley. Algorithms for model-based Gaussian hierarchical
       clustering. SIAM Journal on Scientific Computing 20.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [10.0], [12.0]])
    >>> merges(X, np.ones(4)).labels(2)
    array([0, 0, 1, 1])
    """
    kernel = compiled_code("agglomeration") if compiled else None
    if kernel is None:
        return _merges(X.tobytes(), weights.tobytes(), X.shape)
    pairs, losses = np.empty((len(X) - 1, 2), dtype=np.int64), np.empty(len(X) - 1)
    weights = weights.astype(np.float64)
    alpha = _alpha(X, weights)
    with away():
        kernel.agglomerate(X, weights, alpha, pairs, losses)
    return Merges(pairs, losses)


def _alpha(X: Array, weights: Array) -> float:
    """Return the mean variance of the columns, which keeps small clusters apart."""
    centred = X - np.average(X, axis=0, weights=weights)
    variance = float(weights @ (centred**2).sum(axis=1)) / (weights.sum() * X.shape[1])
    return max(variance, float(np.finfo(np.float64).eps))


@lru_cache(maxsize=4)
def _merges(X: bytes, weights: bytes, shape: tuple[int, int]) -> Merges:
    """Merge rows; fits of several sizes ask again and again for the same ones."""
    rows = np.frombuffer(X).reshape(shape)
    clusters = _Clusters.of(rows, np.frombuffer(weights))
    pairs, losses = [], []
    costs = clusters.costs_of_pairs()
    nearest, least = costs.argmin(axis=1), costs.min(axis=1)
    for _ in range(len(rows) - 1):
        kept = int(least.argmin())
        gone = int(nearest[kept])
        pairs.append((kept, gone))
        losses.append(float(least[kept]))
        clusters.merge(kept, gone)
        costs[gone], costs[:, gone], least[gone] = np.inf, np.inf, np.inf
        others = np.flatnonzero(clusters.alive)
        others = others[others != kept]
        new = clusters.costs(kept, others)
        costs[kept, others] = costs[others, kept] = new
        closer = others[new < least[others]]
        nearest[closer], least[closer] = kept, costs[closer, kept]
        lost = others[np.isin(nearest[others], (kept, gone)) & (new > least[others])]
        for row in (kept, *lost):
            nearest[row] = costs[row].argmin()
            least[row] = costs[row, nearest[row]]
    return Merges(np.array(pairs).reshape(-1, 2), np.array(losses))


def space(data: Rows) -> Array:
    """Principal components of the standardised columns, drawn half-way to equal scale.

    Each is divided by the square root of its own singular value, as mclust does;
    those without variance are left out.
    """
    X = standardised(data)
    total = data.n_observations
    correlation = np.cov(X.T, aweights=data.weights, ddof=0).reshape(X.shape[1], -1)
    eigenvalues, vectors = np.linalg.eigh(correlation)
    kept = eigenvalues > 1e-10 * max(eigenvalues[-1], 1.0)
    # R's standard deviations have n - 1, whose power is left over in the scale
    shrunk = (1 - 1 / max(total, 2.0)) ** 0.25 / total**0.25
    scale = shrunk / eigenvalues[kept] ** 0.25
    return np.asarray(X @ (vectors[:, kept] * scale))


@dataclass(frozen=True)
class _Clusters:
    """Weights, means and scatters of the clusters, each named by one of its rows."""

    sizes: Array
    means: Array
    scatters: Array
    terms: Array
    alive: NDArray[np.bool_]
    alpha: float

    @classmethod
    def of(cls, X: Array, weights: Array) -> "_Clusters":
        """Every row by itself."""
        n, d = X.shape
        alpha = _alpha(X, weights)
        sizes = weights.astype(np.float64)
        terms = sizes * np.log(alpha / sizes)
        alive = np.ones(n, dtype=bool)
        return cls(sizes, X.copy(), np.zeros((n, d, d)), terms, alive, alpha)

    def merge(self, kept: int, gone: int) -> None:
        """Let one cluster take in another."""
        sizes, offsets, scatters = self._unions(kept, np.array([gone]))
        self.terms[kept] = self._terms(sizes, scatters)[0]
        self.means[kept] += self.sizes[gone] / sizes[0] * offsets[0]
        self.scatters[kept] = scatters[0]
        self.sizes[kept] = sizes[0]
        self.alive[gone] = False

    def costs(self, one: int, others: IntArray) -> Array:
        """What a merger of one cluster with each of the others would cost."""
        sizes, _, scatters = self._unions(one, others)
        return self._terms(sizes, scatters) - self.terms[others] - self.terms[one]

    def costs_of_pairs(self) -> Array:
        """Costs (n, n) of all mergers, infinite on the diagonal."""
        rows = np.arange(len(self.sizes))
        costs = np.full((len(rows), len(rows)), np.inf)
        for row in rows[1:]:
            costs[row, :row] = costs[:row, row] = self.costs(row, rows[:row])
        return costs

    def _unions(self, one: int, others: IntArray) -> tuple[Array, Array, Array]:
        """Weights, differences of the means, and scatters of the unions."""
        sizes = self.sizes[others] + self.sizes[one]
        offsets = self.means[others] - self.means[one]
        shares = self.sizes[others] * self.sizes[one] / sizes
        between = (shares[:, None] * offsets)[:, :, None] * offsets[:, None, :]
        return sizes, offsets, self.scatters[others] + self.scatters[one] + between

    def _terms(self, sizes: Array, scatters: Array) -> Array:
        """What clusters of these weights and scatters add to the criterion."""
        inside = (np.trace(scatters, axis1=1, axis2=2) + self.alpha) / sizes
        d = scatters.shape[1]
        full = sizes > d  # fewer rows span no volume
        volumes = np.linalg.det(scatters[full] / sizes[full, None, None])
        inside[full] += volumes.clip(min=0.0)
        return np.asarray(sizes * np.log(inside))
