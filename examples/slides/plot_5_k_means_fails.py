"""
Three failures of k-means
=========================

K-means draws the border half way between two means, and straight. The slides show three cases where that is wrong and EM is right: clusters that
are long, clusters of unequal spread, clusters of uneven size.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from mixtura import GaussianMixture, KMeansDisplay

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

# %%
# Side by side
# ------------
#
# Framed rows are in the wrong group. The adjusted Rand index compares a clustering with the components that drew the points: 1 is agreement, 0 is
# chance. NumPy agrees with both: the nearest mean, and the largest weighted density.


def shares(X, weights, means, covariances):
    """Responsibilities."""
    d = X[:, None] - means
    inverses = np.linalg.inv(covariances)
    squares = np.einsum("nki,kij,nkj->nk", d, inverses, d)
    scales = np.sqrt(np.linalg.det(2 * np.pi * covariances))
    joint = weights * np.exp(-squares / 2) / scales
    return joint / joint.sum(axis=1, keepdims=True)


def compare(name):
    """Fit both, check them, draw them."""
    truth = GaussianMixture.from_parameters(*map(np.array, CASES[name]))
    X, component = truth.sample(900, random_state=0)
    mixture = GaussianMixture(3, random_state=0).fit(X)
    r = shares(
        X, mixture.weights_, mixture.means_, mixture.covariances_
    )
    np.testing.assert_allclose(mixture.predict_proba(X), r, atol=1e-10)
    k_means = KMeans(3, n_init=10, random_state=0).fit(X)
    d = X[:, None] - k_means.cluster_centers_
    nearest = (d**2).sum(axis=2).argmin(axis=1)
    assert (k_means.labels_ == nearest).all()
    _, ax = plt.subplots(figsize=(9.6, 4), layout="constrained")
    KMeansDisplay.from_estimator(
        mixture, X, y=component, kmeans=k_means, ax=ax
    )
    best = adjusted_rand_score(component, truth.predict(X))
    print(f"the mixture that drew the points: {best:.2f}")


compare("anisotropic")

# %%
# Clusters of unequal variance: k-means draws the border half way, into the wide cluster.

compare("unequal variances")

# %%
# Clusters of uneven size: k-means cuts the large one.

compare("uneven sizes")
plt.show()

# %%
# What it costs
# -------------
#
# Iterations to the end, from one start each, of EM as in the textbook. K-means often starts it, which is cheap and saves some of them.

for name, parameters in CASES.items():
    truth = GaussianMixture.from_parameters(*map(np.array, parameters))
    X, _ = truth.sample(900, random_state=0)
    counts = [KMeans(3, n_init=1, random_state=0).fit(X).n_iter_]
    for start in ("random_from_data", "kmeans"):
        plain = GaussianMixture(
            3, init_params=start, acceleration=None, random_state=0
        )
        counts.append(plain.fit(X).n_iter_)
    print(
        f"{name:18s} k-means {counts[0]:3d}"
        f"  EM {counts[1]:3d}, from k-means {counts[2]:3d}"
    )

# %%
# And each costs more: :math:`O(NKD^2 + KD^3)` an iteration against :math:`O(NKD)`. (The slides say :math:`O(NKD^3)`; the matrices are factorised once for each component, not once for
# each row.) The user guide has means over several data sets, and what else it costs.
