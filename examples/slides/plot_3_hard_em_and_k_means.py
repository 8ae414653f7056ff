"""
Hard EM, and k-means as its special case
========================================

Hard EM gives each point to its most probable component, and then takes the maximum with these labels as if they were
known. With equal weights and one fixed round covariance, the most probable component is the nearest mean: that is k-means.
"""

from itertools import islice

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans

from mixtura import (
    GaussianMixture,
    MixtureDisplay,
    em_steps,
    load_dataset,
)
from mixtura.completion import HARD
from mixtura.em import em
from mixtura.families.constraints import Fixed
from mixtura.families.covariance import Full, Spherical
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Equal, Mixture, MixtureParams

X = load_dataset("walk-through").values
means = X[[0, 10, 250]]

# %%
# Hard EM
# -------
#
# In NumPy, with weights and full covariances, from three rows:


def textbook(X, weights, means, covariances):
    d = X[:, None] - means
    inverses = np.linalg.inv(covariances)
    squares = np.einsum("nki,kij,nkj->nk", d, inverses, d)
    scales = np.linalg.det(2 * np.pi * covariances)
    log_joint = np.log(weights) - 0.5 * (squares + np.log(scales))
    r = np.eye(len(weights))[log_joint.argmax(axis=1)]
    N = r.sum(axis=0)
    means = r.T @ X / N[:, None]
    d = X[:, None] - means
    scatter = np.einsum("nk,nki,nkj->kij", r, d, d)
    theta = N / len(X), means, scatter / N[:, None, None]
    return theta, log_joint.max(axis=1).sum()


# %%
# In the package ``completion=HARD`` replaces the posterior by its mode; all else stays as it is. What hard EM climbs
# is the log-likelihood of points and labels together.

weights, covariances = np.full(3, 1 / 3), np.array([np.cov(X.T)] * 3)
family = Gaussian(Full())
start = MixtureParams(weights, family.params(means, covariances))
walk = em_steps(Mixture(family), X, start, completion=HARD)
theta = weights, means, covariances
for step in list(islice(walk, 41))[::2]:
    inner = step.params.components
    found = step.params.weights, inner.means, inner.covariances
    for ours, theirs in zip(found, theta, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)
    theta, climbed = textbook(X, *theta)
    np.testing.assert_allclose(step.objective, climbed, rtol=1e-10)
    if step.iteration in (0, 1, 2, 5, 10, 20):
        print(f"iteration {step.iteration:2d}  {step.objective:11.4f}")

# %%
# k-means
# -------
#
# Equal weights, and a spherical covariance that stays as it is: two objects, ``Equal()`` and ``Fixed()``. The means are those of
# Lloyd's algorithm in NumPy and in scikit-learn, from the same three rows.


def lloyd(X, means):
    nearest = ((X[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    return np.array([X[nearest == k].mean(axis=0) for k in range(3)])


centres = means
for _ in range(50):
    centres = lloyd(X, centres)

k_means = Mixture(Gaussian(Spherical(), Fixed()), Equal())
at_start = MixtureParams(
    np.full(3, 1 / 3), k_means.family.params(means, np.ones(3))
)
result = em(k_means, X, at_start, completion=HARD)
theirs = KMeans(3, init=means, n_init=1, algorithm="lloyd", tol=0).fit(
    X
)

found = result.params.components.means
np.testing.assert_allclose(found, centres, rtol=1e-10)
np.testing.assert_allclose(found, theirs.cluster_centers_, rtol=1e-10)
print(f"{result.outcome.name} after {result.n_iter} iterations")
print(found.round(4))

# %%
# The variance that is fixed does not matter: it scales all distances alike.

for variance in (0.01, 100.0):
    spread = np.full(3, variance)
    other = MixtureParams(
        np.full(3, 1 / 3), k_means.family.params(means, spread)
    )
    same = em(k_means, X, other, completion=HARD)
    np.testing.assert_allclose(same.params.components.means, found)

# %%
# Clusters of different shapes
# ----------------------------
#
# Unlike k-means, hard EM has room for shapes and sizes. Like k-means, it is never in doubt: a point between two
# clusters belongs wholly to one of them, and the covariances come out a little too small. Soft EM blends.

truth = GaussianMixture.from_parameters(
    [0.6, 0.25, 0.15],
    [[0, 0], [2.6, 2.2], [4.4, -1.0]],
    [
        [[1.0, 0.7], [0.7, 1.0]],
        [[0.3, -0.2], [-0.2, 0.9]],
        [[0.5, 0.0], [0.0, 0.1]],
    ],
)
Y, _ = truth.sample(800, random_state=1)
centroids = KMeans(3, n_init=10, random_state=0).fit(Y).cluster_centers_
round_ = GaussianMixture.from_parameters(
    np.full(3, 1 / 3), centroids, np.array([np.eye(2)] * 3)
)
fits = {
    "k-means": round_,
    "hard EM": GaussianMixture(3, algorithm="hard", random_state=0).fit(
        Y
    ),
    "soft EM": GaussianMixture(3, random_state=0).fit(Y),
    "truth": truth,
}
figure, grid = plt.subplots(
    2,
    2,
    figsize=(8.4, 7),
    sharex=True,
    sharey=True,
    layout="constrained",
)
for ax, (name, fit) in zip(grid.flat, fits.items(), strict=True):
    order = fit.means_[:, 0].argsort()
    sorted_fit = GaussianMixture.from_parameters(
        fit.weights_[order], fit.means_[order], fit.covariances_[order]
    )
    MixtureDisplay.from_estimator(
        sorted_fit, Y, kind="classification", legend=False, ax=ax
    )
    ax.set_title(name, loc="left")
plt.show()
for name, fit in fits.items():
    order = fit.means_[:, 0].argsort()
    areas = np.sqrt(np.linalg.det(fit.covariances_))[order]
    print(f"{name:8s} areas of the ellipses / π: {areas.round(3)}")
