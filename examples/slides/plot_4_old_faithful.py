"""
Soft EM on Old Faithful
=======================

The slides show a video of EM on the eruptions of Old Faithful. Here it can be stepped, played and scrubbed: every frame is a
half-step of a fit that this page has run.
"""

from itertools import islice

import matplotlib.pyplot as plt
import numpy as np

from mixtura import (
    EMTrace,
    GaussianMixture,
    MixtureDisplay,
    em_steps,
    load_dataset,
)
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

faithful = load_dataset("old-faithful").values
names = ["eruption (minutes)", "waiting (minutes)"]

# %%
# A poor start: two means in the empty corners of the plane. ``EMTrace`` keeps every half-step
# (``GaussianMixture(record=True)`` leaves one, too, as ``trace_``).

family = Gaussian(Full())
means = np.array([[2.2, 78.0], [4.6, 58.0]])
covariances = np.array([np.diag([0.3, 40.0])] * 2)
start = MixtureParams(
    np.array([0.5, 0.5]), family.params(means, covariances)
)
steps = islice(em_steps(Mixture(family), faithful, start), 31)
trace = EMTrace.from_steps(steps, columns=names)

# %%
# Press play, or step with the arrow keys. After an E-step the bound touches the log-likelihood; after an M-step both have risen, and a
# gap has opened that the next E-step closes.

trace

# %%
# NumPy agrees with each half-step
# --------------------------------


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


theta = start.weights, means, covariances
for step in trace[::2]:
    inner = step.params.components
    found = step.params.weights, inner.means, inner.covariances
    for ours, theirs in zip(found, theta, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    theta, log_likelihood = textbook(faithful, *theta)
    np.testing.assert_allclose(
        step.log_likelihood, log_likelihood, 1e-10
    )
print(f"{trace[-1].iteration} iterations agree")

# %%
# Chicken and egg
# ---------------
#
# At the maximum each half of EM gives back what the other was given: weights, means and covariances are the averages under the responsibilities, which
# are those at these weights, means and covariances. Solving for both at once is hard; EM takes turns until nothing changes.

model = GaussianMixture(2, tol=1e-14, random_state=0).fit(faithful)
theta = model.weights_, model.means_, model.covariances_
again, _ = textbook(faithful, *theta)
for given, returned in zip(theta, again, strict=True):
    np.testing.assert_allclose(returned, given, rtol=1e-5)
change = max(
    np.abs(b / a - 1).max() for a, b in zip(theta, again, strict=True)
)
print(f"one more iteration changes them by {change:.0e} of their size")

# %%
# Four frames, for those who read this on paper
# ---------------------------------------------

figure, grid = plt.subplots(
    2,
    2,
    figsize=(8.4, 7),
    sharex=True,
    sharey=True,
    layout="constrained",
)
last = trace[-1].iteration
for ax, iteration in zip(grid.flat, (0, 2, 8, last), strict=True):
    step = trace[2 * iteration]
    inner = step.params.components
    frame = GaussianMixture.from_parameters(
        step.params.weights, inner.means, inner.covariances
    )
    MixtureDisplay.from_estimator(
        frame, faithful, feature_names=names, legend=False, ax=ax
    )
    ax.set_title(
        f"iteration {iteration}: {step.log_likelihood:.1f}", loc="left"
    )
plt.show()

# %%
# The paths of the means, from the empty corners to the clusters:

_, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
trace.plot("means", ax=ax)
plt.show()

# %%
# The table behind the player:

table = trace.table()
for row in range(0, 13):
    print(
        f"{table['phase'][row]} {table['iteration'][row]:2d}"
        f"  log p {table['log_likelihood'][row]:10.3f}"
        f"  bound {table['elbo'][row]:10.3f}"
        f"  KL {table['kl'][row]:z7.3f}"
    )
