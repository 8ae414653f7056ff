"""
Why seed 78 is stuck
====================

The second run of the lecture's listing ends 79 nats below a better solution for the same data. The notes do not say so; nothing in the
listing could tell. This page shows what happened, how often it happens, and what helps.
"""

from itertools import islice

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from mixtura import (
    GaussianMixture,
    MixtureDisplay,
    compare_restarts,
    em_steps,
    load_dataset,
)
from mixtura.em import em
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

Y = load_dataset("lecture-15-2d-78").values
family = Gaussian(Full())
mixture = Mixture(family)


def start_at(means, covariances, weights=(1 / 3, 1 / 3, 1 / 3)):
    """Initial parameters."""
    inner = family.params(np.array(means), np.array(covariances))
    return MixtureParams(np.array(weights), inner)


def fitted(params):
    """Parameters as an estimator, which can be drawn."""
    inner = params.components
    return GaussianMixture.from_parameters(
        params.weights, inner.means, inner.covariances
    )


# %%
# Two optima
# ----------
#
# From the start of the listing, and from the parameters that drew the data. Both runs have converged; 121 iterations from the listing's
# start had not.

truth = (
    [[-2.0, -1.0], [1.5, 0.7], [0.0, 2.5]],
    [
        [[0.6, 0.2], [0.2, 0.5]],
        [[0.5, -0.1], [-0.1, 0.4]],
        [[0.3, 0.0], [0.0, 0.8]],
    ],
    [0.4, 0.35, 0.25],
)


def picked(seed):
    """The three rows that the listing picks, after it drew the data."""
    rng = np.random.RandomState(seed)
    z = rng.choice(3, size=800, p=truth[2])
    for k in range(3):
        rng.multivariate_normal(
            truth[0][k], truth[1][k], (z == k).sum()
        )
    return rng.choice(800, 3, replace=False)


listed = start_at(Y[picked(78)], [np.cov(Y.T)] * 3)
runs = {
    "from the listing's start": em(
        mixture, Y, listed, tol=1e-12, max_iter=3000
    ),
    "from the truth": em(mixture, Y, start_at(*truth), tol=1e-12),
}
after_121 = next(islice(em_steps(mixture, Y, listed), 242, None))
print(f"after 121 iterations       {after_121.log_likelihood:.4f}")
for name, run in runs.items():
    print(
        f"{name:26s} {run.log_likelihood:.4f}  {run.n_iter} iterations"
    )


def textbook(X, weights, means, covariances):
    """The log-likelihood, in NumPy."""
    d = X[:, None] - means
    inverses = np.linalg.inv(covariances)
    squares = np.einsum("nki,kij,nkj->nk", d, inverses, d)
    scales = np.sqrt(np.linalg.det(2 * np.pi * covariances))
    joint = weights * np.exp(-squares / 2) / scales
    return np.log(joint.sum(axis=1)).sum()


for run in runs.values():
    inner = run.params.components
    theta = run.params.weights, inner.means, inner.covariances
    np.testing.assert_allclose(
        run.log_likelihood, textbook(Y, *theta), rtol=1e-10
    )

figure, axes = plt.subplots(
    1, 2, figsize=(8.4, 4.2), sharey=True, layout="constrained"
)
for ax, (name, run) in zip(axes, runs.items(), strict=True):
    MixtureDisplay.from_estimator(
        fitted(run.params),
        Y,
        feature_names=["y1", "y2"],
        legend=False,
        ax=ax,
    )
    ax.set_title(f"{name}: {run.log_likelihood:.1f}", loc="left")

# %%
# How it got there
# ----------------
#
# The three rows that the listing picks all lie in the lower left cluster. At first the three components are alike and
# wide. The one nearest to the other two clusters takes both, and must stay wide to do so; the two others are left to
# share the cluster they started in.

steps = list(islice(em_steps(mixture, Y, listed), 41))[::2]
figure, grid = plt.subplots(
    2,
    2,
    figsize=(8.4, 7.6),
    sharex=True,
    sharey=True,
    layout="constrained",
)
for ax, iteration in zip(grid.flat, (0, 2, 5, 20), strict=True):
    step = steps[iteration]
    MixtureDisplay.from_estimator(
        fitted(step.params),
        Y,
        kind="classification",
        feature_names=["y1", "y2"],
        legend=False,
        ax=ax,
    )
    title = f"iteration {iteration}: {step.log_likelihood:.0f} nats"
    ax.set_title(title, loc="left")
    ax.set_xlim(-4.6, 4.2)
    ax.set_ylim(-3.6, 5.4)

# %%
# Why it stays there
# ------------------
#
# Walk in a straight line from one optimum to the other, through the space of the parameters: weights, means and covariances
# in proportion. On the way the log-likelihood falls by a hundred nats before it rises. One of the two components
# would have to leave its cluster and cross where there are no points, and each step of EM may only go up.

stuck, better = (run.params for run in runs.values())
order = linear_sum_assignment(
    cdist(stuck.components.means, better.components.means)
)[1]


def between(share):
    """Parameters so far along the line."""
    ends = [
        (stuck.components, stuck.weights, slice(None), 1 - share),
        (better.components, better.weights, order, share),
    ]
    return GaussianMixture.from_parameters(
        sum(part * w[at] for _, w, at, part in ends),
        sum(part * c.means[at] for c, _, at, part in ends),
        sum(part * c.covariances[at] for c, _, at, part in ends),
    )


shares = np.linspace(-0.05, 1.05, 111)
slice_ = [800 * between(share).score(Y) for share in shares]
figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.plot(shares, slice_, color="#0072B2")
for share, run in zip((0, 1), runs.values(), strict=True):
    ax.plot(share, run.log_likelihood, "o", color="#D55E00", ms=7)
ax.annotate(
    "seed 78", (0, slice_[5]), (8, 6), textcoords="offset points"
)
ax.annotate(
    "better",
    (1, max(slice_)),
    (-8, 6),
    textcoords="offset points",
    ha="right",
)
ax.set_xlabel("share of the way from one optimum to the other")
ax.set_ylabel("log-likelihood (nats)")
ax.margins(y=0.15)
ax.spines[["top", "right"]].set_visible(False)
plt.show()
depth = runs["from the listing's start"].log_likelihood - min(slice_)
print(f"the valley is {depth:.0f} nats deep")

# %%
# How often
# ---------
#
# A hundred starts of the listing's kind, three rows at random, on these data: a few of them end where seed 78 does.

plain = GaussianMixture(
    3, init_params="random_from_data", acceleration=None
)
result = compare_restarts(plain, Y, n_starts=100, random_state=0)
for row in result.table():
    print(
        f"{row['log_likelihood']:10.2f}  {row['n_starts']:3d} of 100 starts"
    )

# %%
# The notes mean to show one data set and two starts. On one data set, that of seed 1, the rows that the two seeds pick lead to the same optimum:

first = load_dataset("lecture-15-2d").values
for seed in (1, 78):
    start = start_at(first[picked(seed)], [np.cov(first.T)] * 3)
    run = em(mixture, first, start, max_iter=3000)
    print(f"rows of seed {seed:2d}: {run.log_likelihood:.2f}")

# %%
# What helps
# ----------
#
# The lecture's advice, restarts and a start from k-means; or the default, which tries many starts in short runs and improves the best by
# moving components where they are missing.

for seed in range(3):
    fit = GaussianMixture(3, random_state=seed).fit(Y)
    print(f"default start, seed {seed}: {fit.log_likelihood_:.4f}")
fit = GaussianMixture(3, init_params="kmeans", random_state=0).fit(Y)
print(f"k-means:               {fit.log_likelihood_:.4f}")
