"""
Samples of the joint and of the marginal
========================================

A mixture is a joint distribution of a label and a point: draw the label, then the point given the label. With the labels in colours one sees
:math:`p(x, z)`; without them, :math:`p(x) = \\sum_k \\pi_k \\, \\mathcal N(x \\mid \\mu_k, \\Sigma_k)`, which is all that is given in practice.
"""

import matplotlib.pyplot as plt
import numpy as np

from mixtura import GaussianMixture

WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = np.array([[0.3, 0.3], [0.6, 0.55], [0.75, 0.25]])
COVARIANCES = np.array(
    [
        [[0.010, 0.008], [0.008, 0.012]],
        [[0.012, -0.006], [-0.006, 0.009]],
        [[0.004, 0.0], [0.0, 0.004]],
    ]
)
COLOURS = np.array(["#0072B2", "#D55E00", "#009E73"])

model = GaussianMixture.from_parameters(WEIGHTS, MEANS, COVARIANCES)
X, z = model.sample(1000, random_state=0)

# %%
# Samples
# -------

figure, (left, right) = plt.subplots(
    1,
    2,
    figsize=(8.4, 4),
    sharex=True,
    sharey=True,
    layout="constrained",
)
for k, marker in enumerate("os^"):
    left.scatter(
        *X[z == k].T,
        s=9,
        color=COLOURS[k],
        marker=marker,
        label=f"z = {k}",
    )
left.set_title("joint: points and labels", loc="left")
left.legend(frameon=False)
right.scatter(*X.T, s=9, color="0.35")
right.set_title("marginal: points alone", loc="left")

# %%
# Densities
# ---------
#
# The joint has a density for each label, and the marginal is their sum. In NumPy:


def joint(x):
    """pi_k N(x | mu_k, Sigma_k), of shape (n, K)."""
    d = x[:, None] - MEANS
    inverses = np.linalg.inv(COVARIANCES)
    squares = np.einsum("nki,kij,nkj->nk", d, inverses, d)
    scales = np.sqrt(np.linalg.det(2 * np.pi * COVARIANCES))
    return WEIGHTS * np.exp(-squares / 2) / scales


axis = np.linspace(-0.1, 1.1, 150)
grid = np.meshgrid(axis, axis)
plane = np.column_stack([values.ravel() for values in grid])
parts = joint(plane)
marginal = np.exp(model.score_samples(plane))
np.testing.assert_allclose(parts.sum(axis=1), marginal, rtol=1e-10)
np.testing.assert_allclose(
    parts / parts.sum(axis=1, keepdims=True),
    model.predict_proba(plane),
    atol=1e-10,
)

figure, (left, right) = plt.subplots(
    1,
    2,
    figsize=(8.4, 4),
    sharex=True,
    sharey=True,
    layout="constrained",
)
for k, colour in enumerate(COLOURS):
    part = parts[:, k].reshape(150, 150)
    levels = part.max() * np.array([0.05, 0.2, 0.5, 0.8])
    left.contour(*grid, part, levels, colors=[colour])
left.set_title("joint: one density for each label", loc="left")
levels = marginal.max() * np.array(
    [0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1]
)
right.contourf(*grid, marginal.reshape(150, 150), levels, cmap="Greys")
right.set_title("marginal: their sum", loc="left")

# %%
# On the line
# -----------
#
# The average of two Gaussians, for which it is natural to introduce a mixture: no single Gaussian has this shape.

pair = GaussianMixture.from_parameters(
    [0.5, 0.5], [[-1.5], [1.5]], [[[0.6]], [[1.0]]]
)
x = np.linspace(-5, 5, 300)[:, None]
density = np.exp(pair.score_samples(x))
parts = pair.predict_proba(x) * density[:, None]
figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for k, colour in enumerate(COLOURS[:2]):
    ax.plot(x, parts[:, k], "--", color=colour, label=f"component {k}")
ax.plot(x, density, color="black", label="mixture")
ax.set_xlabel("x")
ax.set_ylabel("density")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

# %%
# The sample agrees with what it was drawn from: shares of the labels, and the mean of each column within a few standard
# errors.

print("weights", WEIGHTS, " shares", np.bincount(z) / 1000)
standard_error = X.std(axis=0) / np.sqrt(1000)
errors = (X.mean(axis=0) - model.mean()) / standard_error
print("means are off by", errors.round(2), "standard errors")
