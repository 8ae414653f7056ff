"""
Listing 1: a mixture on the line
================================

Six hundred numbers of two components, thirteen iterations of EM from two rows picked at random, a picture after every other one. As
printed the listing does not run: two strings are broken over lines, and its loop has lost its indentation.
It prints ``t + 1`` and writes ``t`` above its pictures; here both are the number of iterations done.
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

# sphinx_gallery_thumbnail_number = 2

# %%
# The data and the start
# ----------------------

rng = np.random.RandomState(0)
z = rng.choice([0, 1], size=600, p=[0.65, 0.35])
spread, middle = np.array([0.45, 0.7])[z], np.array([-1.2, 1.8])[z]
y = rng.randn(600) * spread + middle
assert (y == load_dataset("lecture-15-1d").values[:, 0]).all()

weights = np.array([0.5, 0.5])
means = rng.choice(y, 2, replace=False)
variances = np.full(2, y.var())
print("means", means.round(4), " variance", variances[0].round(4))

# %%
# NumPy
# -----


def textbook(y, weights, means, variances):
    d = y[:, None] - means
    scales = np.sqrt(2 * np.pi * variances)
    joint = weights * np.exp(-(d**2) / (2 * variances)) / scales
    evidence = joint.sum(axis=1)
    r = joint / evidence[:, None]
    N = r.sum(axis=0)
    means = r.T @ y / N
    variances = (r * (y[:, None] - means) ** 2).sum(axis=0) / N
    return (N / len(y), means, variances), np.log(evidence).sum()


theta, written = (weights, means, variances), []
for _ in range(14):
    after, log_likelihood = textbook(y, *theta)
    written.append((theta, log_likelihood))
    theta = after

# %%
# The package
# -----------
#
# It agrees in each of the thirteen iterations. Printed are those that the listing
# prints, and the log-likelihood, which it does not compute.

Y, family = y[:, None], Gaussian(Full())
components = family.params(means[:, None], variances[:, None, None])
start = MixtureParams(weights, components)
steps = list(islice(em_steps(Mixture(family), Y, start), 27))[::2]

for step, (theta, log_likelihood) in zip(steps, written, strict=True):
    inner = step.params.components
    found = step.params.weights, inner.means, inner.covariances
    for ours, theirs in zip(found, theta, strict=True):
        np.testing.assert_allclose(ours.ravel(), theirs, rtol=1e-10)
    np.testing.assert_allclose(
        step.log_likelihood, log_likelihood, 1e-10
    )
    if step.iteration % 2:
        print(
            f"{step.iteration:2d}"
            f"  mu {theta[1].round(3)}"
            f"  var {theta[2].round(3)}"
            f"  pi {theta[0].round(3)}"
            f"  {step.log_likelihood:.3f}"
        )

# %%
# After every other iteration
# ---------------------------
#
# The listing scales the responsibilities so that they fit over the histogram; they have their own axis here, from 0 to 1.


def fitted(step):
    """The parameters of a step, as an estimator."""
    inner = step.params.components
    return GaussianMixture.from_parameters(
        step.params.weights, inner.means, inner.covariances
    )


figure, grid = plt.subplots(
    4, 2, figsize=(8.4, 12), layout="constrained"
)
for ax, step in zip(grid.flat, steps[1::2], strict=False):
    display = MixtureDisplay.from_estimator(
        fitted(step), Y, feature_names=["y"], legend=False, ax=ax
    )
    display.ax_.set_title(f"iteration {step.iteration}", loc="left")
ax = grid.flat[-1]
trace = [step.log_likelihood for step in steps]
ax.plot(trace, marker="o", ms=4, color="#0072B2")
ax.set_title("log-likelihood", loc="left")
ax.set_xlabel("iteration")
ax.set_ylabel("nats")
ax.spines[["top", "right"]].set_visible(False)

# %%
# To the end
# ----------
#
# The lecture's text describes a stopping rule and the log-likelihood; its listing has neither. The package stops when what is left to gain is
# estimated to be negligible, and says so.

model = GaussianMixture(2, random_state=0).fit(Y)
figure, ax = plt.subplots(figsize=(7.6, 4.4), layout="constrained")
MixtureDisplay.from_estimator(model, Y, feature_names=["y"], ax=ax)
order = model.means_[:, 0].argsort()
print(*model.outcome_.split(": "), sep="\n  ")
print("truth     ", [0.65, 0.35], [-1.2, 1.8], [0.45, 0.7])
print(
    "estimates ",
    model.weights_[order].round(3),
    model.means_[order, 0].round(3),
    np.sqrt(model.covariances_[order, 0, 0]).round(3),
)
print(f"log-likelihood {model.log_likelihood_:.6f}")
plt.show()
