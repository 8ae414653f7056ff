r"""Components merged into clusters by the entropy of their responsibilities.

A mixture may need several Gaussians for one cluster. Starting from the components,
the pair is merged whose union lowers the entropy

.. math:: -\sum_i w_i \sum_k t_{ik} \log t_{ik}

most, :math:`t` being the responsibilities, which add up in a union; then the next, to
one [Baudry2010]_. The density stays what it was.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import entr

from mixtura._types import Array, IntArray
from mixtura.data import UNKNOWN
from mixtura.inference.tables import render

SURE = 14
"""Decimals of responsibilities: sums of all within rounding of one are certain."""


@dataclass(frozen=True)
class MergeTree:
    """The components of a mixture merged pair by pair; printed, a table.

    Parameters
    ----------
    model : object
        The fitted mixture.
    children : ndarray of int of shape (K - 1, 2)
        What step t joins: a component below K, or K + s for the union of step s.
    entropies : ndarray of shape (K,)
        Entropy in nats, summed over the rows, of 1, 2, ..., K clusters.
    merged : ndarray of shape (K - 1,)
        Expected number of rows in the union that step t makes.
    """

    model: Any
    children: IntArray
    entropies: Array
    merged: Array

    @property
    def n_components(self) -> int:
        """Number K of components."""
        return len(self.entropies)

    @property
    def n_clusters(self) -> int:
        """Number of clusters where the entropy stops falling steeply.

        Two straight lines are fitted to the entropies against the number of clusters,
        by least squares on both sides of each inner point; this is the point with the
        smallest residuals. With fewer than three components, their number.
        """
        return elbow(self.entropies)

    def groups(self, n_clusters: int | None = None) -> list[tuple[int, ...]]:
        """Components of each cluster, in the order of their first ones.

        Parameters
        ----------
        n_clusters : int, optional
            Default: the suggested number.

        Raises
        ------
        ValueError
            If it is not between 1 and the number of components.
        """
        n_clusters = self.n_clusters if n_clusters is None else n_clusters
        if not 1 <= n_clusters <= self.n_components:
            raise ValueError(
                "MergeTree: n_clusters must lie between 1 and the number of "
                f"components, {self.n_components}; got {n_clusters!r}."
            )
        found: dict[int, tuple[int, ...]]
        found = {k: (k,) for k in range(self.n_components)}
        for step in range(self.n_components - n_clusters):
            first, second = self.children[step].tolist()
            union = sorted((*found.pop(first), *found.pop(second)))
            found[self.n_components + step] = tuple(union)
        return sorted(found.values())

    def predict_proba(self, X: Any, n_clusters: int | None = None) -> Array:
        """Probability of each cluster for the rows of X, (n_samples, n_clusters).

        With noise there is one column more, the last, for it.
        """
        responsibilities = self.model.predict_proba(X)
        columns = [
            responsibilities[:, list(group)].sum(axis=1)
            for group in self.groups(n_clusters)
        ]
        return np.column_stack([*columns, responsibilities[:, self.n_components :]])

    def predict(self, X: Any, n_clusters: int | None = None) -> IntArray:
        """Most probable cluster of the rows of X, (n_samples,); -1 for noise."""
        labels = self.predict_proba(X, n_clusters).argmax(axis=1)
        is_noise = labels == len(self.groups(n_clusters))
        return np.where(is_noise, UNKNOWN, labels)

    def linkage(self) -> Array:
        """Return the tree for :func:`scipy.cluster.hierarchy.dendrogram`.

        Heights are the entropy that has been lost, which grows from step to step.
        """
        heights = self.entropies[-1] - self.entropies[-2::-1]
        sizes = np.ones(2 * self.n_components - 1)
        for step, (first, second) in enumerate(self.children):
            sizes[self.n_components + step] = sizes[first] + sizes[second]
        return np.column_stack([self.children, heights, sizes[self.n_components :]])

    def table(self) -> list[dict[str, Any]]:
        """One row a number of clusters, from all components to one."""
        rows = []
        for n_clusters in range(self.n_components, 0, -1):
            step = self.n_components - n_clusters - 1
            groups = ["+".join(map(str, group)) for group in self.groups(n_clusters)]
            rows.append(
                {
                    "n_clusters": n_clusters,
                    "entropy": float(self.entropies[n_clusters - 1]),
                    "merged": None if step < 0 else float(self.merged[step]),
                    "clusters": " ".join(groups),
                }
            )
        return rows

    def __repr__(self) -> str:
        return render(self.table())


def merge(
    model: Any, responsibilities: Array, weights: Array | None = None
) -> MergeTree:
    """Merge the components with these responsibilities (n_samples, K) pair by pair."""
    n_components = responsibilities.shape[1]
    rows = np.ones(len(responsibilities)) if weights is None else weights

    def entropy(values: Array) -> float:
        return float(rows @ entr(values.round(SURE)))

    clusters = dict(enumerate(responsibilities.T))
    own = {k: entropy(values) for k, values in clusters.items()}
    lost = {
        (k, l): own[k] + own[l] - entropy(clusters[k] + clusters[l])
        for k, l in combinations(clusters, 2)
    }
    entropies, children, merged = [sum(own.values())], [], []
    for new in range(n_components, 2 * n_components - 1):
        pair = max(lost, key=lambda pair: (lost[pair], -pair[0], -pair[1]))
        union = clusters.pop(pair[0]) + clusters.pop(pair[1])
        lost = {other: value for other, value in lost.items() if not {*other} & {*pair}}
        own[new] = entropy(union)
        for k, values in clusters.items():
            lost[k, new] = own[k] + own[new] - entropy(values + union)
        clusters[new] = union
        children.append(pair)
        merged.append(float(rows @ union))
        entropies.append(sum(own[k] for k in clusters))
    return MergeTree(
        model,
        np.array(children, dtype=np.intp).reshape(-1, 2),
        np.array(entropies[::-1]),
        np.array(merged),
    )


def elbow(values: Array) -> int:
    """Where two lines fitted to values at 1, 2, ..., K meet best, from 2 to K - 1."""
    n_values = len(values)
    if n_values < 3:
        return n_values
    places = np.arange(1.0, n_values + 1)
    residuals = [
        _residual(places[: i + 1], values[: i + 1]) + _residual(places[i:], values[i:])
        for i in range(1, n_values - 1)
    ]
    return int(np.argmin(residuals)) + 2


def _residual(x: Array, y: Array) -> float:
    """Sum of squares about the straight line through points."""
    slope, height = np.polyfit(x, y, 1)
    return float(((y - slope * x - height) ** 2).sum())
