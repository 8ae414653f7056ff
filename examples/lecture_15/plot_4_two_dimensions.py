"""
Listing 2: a mixture in the plane, twice
========================================

Eight hundred points of three components, 121 iterations of EM, for the seeds 1 and 78. The notes call the seeds two starts on one data set.
They are not: the listing seeds the generator before it draws the data, so that there are two data sets.

As printed the listing stops at ``np.cov(Y.T for _ in range(K))``, where a bracket is misplaced; the text has it right.
"""

from itertools import islice

import matplotlib.pyplot as plt
import numpy as np

from mixtura import (
    GaussianMixture,
    MixtureDisplay,
    em_steps,
    load_dataset,
)
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

N_ITER = 121
TRUTH = (
    [0.4, 0.35, 0.25],
    [[-2.0, -1.0], [1.5, 0.7], [0.0, 2.5]],
    [
        [[0.6, 0.2], [0.2, 0.5]],
        [[0.5, -0.1], [-0.1, 0.4]],
        [[0.3, 0.0], [0.0, 0.8]],
    ],
)

# %%
# The data and the start, as the listing draws them
# -------------------------------------------------
#
# The start has three rows as means, and for all three components the covariance of the data with divisor N − 1.


def drawn(seed):
    """Data, and start: weights, means, covariances."""
    rng = np.random.RandomState(seed)
    pi, mu, Sigma = TRUTH
    z = rng.choice(3, size=800, p=pi)
    parts = [
        rng.multivariate_normal(mu[k], Sigma[k], size=(z == k).sum())
        for k in range(3)
    ]
    Y = np.vstack(parts)
    means = Y[rng.choice(800, 3, replace=False)]
    return Y, (np.full(3, 1 / 3), means, np.array([np.cov(Y.T)] * 3))


data = {seed: drawn(seed) for seed in (1, 78)}
assert (data[1][0] == load_dataset("lecture-15-2d").values).all()
assert (data[78][0] == load_dataset("lecture-15-2d-78").values).all()

figure, axes = plt.subplots(
    1,
    2,
    figsize=(8.4, 4),
    sharex=True,
    sharey=True,
    layout="constrained",
)
for ax, (seed, (Y, (_, means, _))) in zip(
    axes, data.items(), strict=True
):
    ax.scatter(*Y.T, s=6, color="0.6")
    ax.scatter(*means.T, marker="X", s=110, color="#D55E00", ec="white")
    ax.set_title(f"seed {seed}: data and initial means", loc="left")
    ax.set_xlabel("y1")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("y2")

# %%
# NumPy
# -----


def textbook(X, weights, means, covariances):
    d = X[:, None] - means
    inverses = np.linalg.inv(covariances)
    squares = np.einsum("nki,kij,nkj->nk", d, inverses, d)
    scales = np.sqrt(np.linalg.det(2 * np.pi * covariances))
    joint = weights * np.exp(-squares / 2) / scales
    evidence = joint.sum(axis=1)
    r = joint / evidence[:, None]
    N = r.sum(axis=0)
    means = r.T @ X / N[:, None]
    d = X[:, None] - means
    scatter = np.einsum("nk,nki,nkj->kij", r, d, d)
    theta = N / len(X), means, scatter / N[:, None, None]
    return theta, np.log(evidence).sum()


# %%
# The package
# -----------
#
# It must agree in each of the 121 iterations, for both seeds.

family, walks = Gaussian(Full()), {}
for seed, (Y, theta) in data.items():
    weights, means, covariances = theta
    start = MixtureParams(weights, family.params(means, covariances))
    walk = em_steps(Mixture(family), Y, start)
    walks[seed] = steps = list(islice(walk, 2 * N_ITER + 1))[::2]
    for step in steps:
        inner = step.params.components
        found = step.params.weights, inner.means, inner.covariances
        for ours, theirs in zip(found, theta, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-10)
        theta, log_likelihood = textbook(Y, *theta)
        np.testing.assert_allclose(
            step.log_likelihood, log_likelihood, 1e-10
        )

# %%
# The pictures of the listing
# ---------------------------
#
# It draws the first iteration and every twentieth after it.

SHOWN = [1, 21, 41, 61, 81, 101, 121]


def pictures(seed):
    """Seven iterations and the log-likelihood."""
    Y, steps = data[seed][0], walks[seed]
    _, grid = plt.subplots(
        4, 2, figsize=(8.4, 13), layout="constrained"
    )
    for ax, iteration in zip(grid.flat, SHOWN, strict=False):
        params = steps[iteration].params
        inner = params.components
        model = GaussianMixture.from_parameters(
            params.weights, inner.means, inner.covariances
        )
        MixtureDisplay.from_estimator(
            model, Y, feature_names=["y1", "y2"], legend=False, ax=ax
        )
        ax.set_title(f"seed {seed}, iteration {iteration}", loc="left")
    ax = grid.flat[-1]
    ax.plot([step.log_likelihood for step in steps], color="#0072B2")
    ax.set_title("log-likelihood", loc="left")
    ax.set_xlabel("iteration")
    ax.set_ylabel("nats")
    ax.set_ylim(-2800, -2400)
    ax.spines[["top", "right"]].set_visible(False)


pictures(1)

# %%
# Seed 1 finds the three components. Seed 78 does not: two components share the cluster at the lower left, and one
# spans the other two clusters.

pictures(78)
plt.show()

# %%
# What the listing prints
# -----------------------
#
# The last estimates. The next page says why seed 78 is stuck.

for seed, steps in walks.items():
    last = steps[-1]
    print(f"seed {seed}: log-likelihood {last.log_likelihood:.3f}")
    print("  pi", last.params.weights.round(3))
    print("  mu", *last.params.components.means.round(3))
