"""
Two clusters in twenty iterations
=================================

Lesson 16 draws two round clusters, runs twenty iterations of EM from two rows picked at random, colours the points by
responsibility and plots the log-likelihood. Here are its data, its start and its pictures.

One of its pictures cannot be right. The lesson sums the logarithm of the responsibilities of each row *after* it has
normalised them: the logarithm of one. Its curve is zero up to rounding, and does not show that the likelihood rises.
"""

# %%
# The data and the start
# ----------------------
#
# A local generator of NumPy's old kind draws what the lesson draws after ``np.random.seed(42)``, number for number.
# The data are also a data set of the package.

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

N_ITER = 20

rng = np.random.RandomState(42)
corners, identity = ([-2, -2], [2, 2]), np.eye(2)
X = np.vstack(
    [rng.multivariate_normal(mean, identity, 120) for mean in corners]
)
assert (X == load_dataset("lesson-16").values).all()

weights = np.array([0.5, 0.5])
means = X[rng.choice(240, 2, replace=False)]
covariances = np.array([identity, identity])
print(means.round(3))

# %%
# A dozen lines of NumPy
# ----------------------
#
# One iteration. The log-likelihood is that of the parameters before it, summed *before* the rows are normalised.


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
    return theta, r, np.log(evidence).sum()


theta, written = (weights, means, covariances), []
for _ in range(N_ITER + 1):
    after, r, log_likelihood = textbook(X, *theta)
    written.append((theta, r, log_likelihood))
    theta = after

# %%
# The package
# -----------
#
# ``em_steps`` yields every half-step: E-step 0, M-step 1, E-step 1, and so on. Every second one is an E-step.

family = Gaussian(Full())
start = MixtureParams(weights, family.params(means, covariances))
walk = em_steps(Mixture(family), X, start)
steps = list(islice(walk, 2 * N_ITER + 1))[::2]

for step, (theta, r, log_likelihood) in zip(
    steps, written, strict=True
):
    inner = step.params.components
    found = step.params.weights, inner.means, inner.covariances
    for ours, theirs in zip(found, theta, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)
    np.testing.assert_allclose(step.responsibilities, r, atol=1e-10)
    np.testing.assert_allclose(
        step.log_likelihood, log_likelihood, 1e-10
    )
trace = [step.log_likelihood for step in steps]
print(f"log-likelihood: {trace[0]:.5f} to {trace[-1]:.5f}")

# %%
# Responsibilities
# ----------------
#
# The lesson's first picture. The display adds the ellipses, and says how much weight each component has.

model = GaussianMixture.from_parameters(*found)
figure, ax = plt.subplots(figsize=(7.6, 4.8), layout="constrained")
MixtureDisplay.from_estimator(
    model, X, feature_names=["x1", "x2"], ax=ax
)
ax.set_title("After 20 iterations", loc="left")

# %%
# The log-likelihood, and what the lesson plots
# ---------------------------------------------
#
# On the left the log-likelihood at the start and after each iteration: it leaps at the first and climbs for ten more.
# On the right the number that the lesson calls log-likelihood: the rounding error of a sum of ones.

as_printed = [np.log(r.sum(axis=1)).sum() for _, r, _ in written]
figure, (left, right) = plt.subplots(
    1, 2, figsize=(8.4, 3.6), layout="constrained"
)
left.plot(trace, marker="o", ms=4, color="#0072B2")
left.set_title("The log-likelihood", loc="left")
left.set_ylabel("nats, summed over 240 rows")
right.plot(as_printed, marker="o", ms=4, color="#D55E00")
right.set_title("As the lesson computes it", loc="left")
for ax in (left, right):
    ax.set_xlabel("iteration")
    ax.set_xticks(range(0, N_ITER + 1, 5))
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# It never falls:

assert (np.diff(trace) > 0).all()
for iteration in (0, 1, 2, 5, 10, 15, 20):
    print(f"iteration {iteration:2d} {trace[iteration]:12.5f}")

# %%
# Far from everything
# -------------------
#
# The lesson's densities are plain numbers. A point a thousand units away has the density 0 in both components; its
# responsibilities are 0 / 0, and one iteration later so are all means. The package works with logarithms, and
# to it the point is merely very improbable.

far = np.vstack([X, [[1000.0, 1000.0]]])
with np.errstate(all="ignore"):
    after, _, _ = textbook(far, weights, means, covariances)
print("NumPy:  ", after[1].ravel())
_, step = islice(em_steps(Mixture(family), far, start), 2)
print("package:", step.params.components.means.round(3).ravel())
