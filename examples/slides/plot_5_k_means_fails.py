"""
Three failures of k-means
=========================

K-means draws the border half way between two means, and straight. The slides show three cases where that is wrong and EM is right: clusters that
are long, clusters of unequal spread, clusters of uneven size.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from mixtura import GaussianMixture

plane, thirds = np.eye(2), np.full(3, 1 / 3)
long = np.array([[1.0, 1.9], [1.9, 4.0]])
CASES = {
    "anisotropic": (thirds, [[-4, 0], [0, 0], [4, 0]], [long] * 3),
    "unequal variances": (
        thirds,
        [[-4.5, -1.5], [0, 2], [4, -1]],
        [plane, 6.25 * plane, 0.25 * plane],
    ),
    "uneven sizes": (
        [0.85, 0.1, 0.05],
        [[0, 0], [4.5, 3], [4.5, -3]],
        [2.25 * plane, 0.25 * plane, 0.25 * plane],
    ),
}
COLOURS = ("#0072B2", "#D55E00", "#009E73")

# %%
# The adjusted Rand index compares a clustering with the components that drew the points: 1 is agreement, 0 is chance. The last
# column is the mixture that drew them, which nothing beats on average.


def draw(ax, X, labels, centres, order):
    """Points in the colours of their clusters."""
    for k, colour, marker in zip(order, COLOURS, "os^", strict=True):
        points = X[labels == k]
        ax.scatter(
            *points.T, s=8, color=colour, marker=marker, alpha=0.6
        )
        ax.plot(*centres[k], "X", color=colour, ms=11, mec="white")


figure, grid = plt.subplots(
    3,
    2,
    figsize=(8.4, 10.5),
    layout="constrained",
)
print(f"{'':18s}  k-means    EM  truth")
for axes, (name, parameters) in zip(grid, CASES.items(), strict=True):
    truth = GaussianMixture.from_parameters(*map(np.array, parameters))
    X, component = truth.sample(900, random_state=0)
    k_means = KMeans(3, n_init=10, random_state=0).fit(X)
    mixture = GaussianMixture(3, random_state=0).fit(X)
    found = {
        "k-means": (k_means.labels_, k_means.cluster_centers_),
        "EM": (mixture.labels_, mixture.means_),
    }
    scores = []
    for ax, (method, (labels, centres)) in zip(
        axes, found.items(), strict=True
    ):
        index = adjusted_rand_score(component, labels)
        scores.append(index)
        _, order = linear_sum_assignment(cdist(truth.means_, centres))
        draw(ax, X, labels, centres, order)
        ax.set_title(f"{name}, {method}: {index:.2f}", loc="left")
        ax.set_aspect("equal", "datalim")
        ax.set_xticks([])
        ax.set_yticks([])
    scores.append(adjusted_rand_score(component, truth.predict(X)))
    print(f"{name:18s}", *(f"{score:7.2f}" for score in scores))
plt.show()

# %%
# EM costs more: :math:`O(NKD^2 + KD^3)` an iteration against :math:`O(NKD)`. (The slides say :math:`O(NKD^3)`; the matrices are factorised once for each component, not once for
# each row.) :doc:`../../guide/kmeans` has means over several data sets, and what else it costs.
