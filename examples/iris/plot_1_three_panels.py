"""
Iris in three panels
====================

The notebook fits three components to the sepals of 150 flowers and draws three panels: the components, their responsibilities over the plane, and
the species.

Its M-step is not that of EM. It calls ``np.cov(x, aweights=r)``, which divides by :math:`V_1 - V_2 / V_1` with
:math:`V_1 = \\sum_n r_n` and :math:`V_2 = \\sum_n r_n^2`, where the formula above it, and the comment beside it, divide by :math:`V_1`. Its covariances are too
large, the more so for small components, and where it stops is no maximum of the likelihood. This page runs it as it
stands, and EM from the same start.
"""

from itertools import islice

import matplotlib.pyplot as plt
import numpy as np

from mixtura import (
    GaussianMixture,
    ResponsibilityDisplay,
    em_steps,
    load_dataset,
)
from mixtura.em import em
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

X = load_dataset("iris").values[:, :2]
species = np.repeat(["setosa", "versicolor", "virginica"], 50)

# %%
# The start
# ---------
#
# Three rows, drawn *with* replacement: now and then two components start at one row, and then they never separate. With this seed they are distinct.

rng = np.random.RandomState(1234)
means = X[rng.choice(150, 3)]
weights = np.full(3, 1 / 3)
covariances = np.array([np.diag(X.var(axis=0))] * 3)
print(means)

# %%
# NumPy, with either divisor
# --------------------------
#
# ``covariance`` is the one line that differs. The notebook also adds ``epsilon`` to the variances, which is its tolerance as well.

EPSILON = 1e-5


def of_the_notebook(X, r):
    return np.cov(X, aweights=r, rowvar=False) + EPSILON * np.eye(2)


def of_em(X, r):
    return np.cov(X, aweights=r, rowvar=False, ddof=0)


def textbook(X, weights, means, covariances, covariance=of_em):
    d = X[:, None] - means
    inverses = np.linalg.inv(covariances)
    squares = np.einsum("nki,kij,nkj->nk", d, inverses, d)
    scales = np.sqrt(np.linalg.det(2 * np.pi * covariances))
    joint = weights * np.exp(-squares / 2) / scales
    evidence = joint.sum(axis=1)
    r = joint / evidence[:, None]
    N = r.sum(axis=0)
    covariances = np.array([covariance(X, column) for column in r.T])
    theta = N / len(X), r.T @ X / N[:, None], covariances
    return theta, np.log(evidence).mean()


theta, before, t = (weights, means, covariances), -np.inf, 0
while True:
    theta, now = textbook(X, *theta, of_the_notebook)
    if abs(now - before) < EPSILON:
        break
    before, t = now, t + 1
print(f"converged after {t} iterations, average log-likelihood {now}")
notebook = theta

# %%
# That is what the notebook prints, number for number. It counts from zero, so that 85 iterations were done; the
# likelihood is that before the last.
#
# The package
# -----------
#
# As many steps of EM from the same start end higher, and at the maximum higher still.

family = Gaussian(Full())
mixture = Mixture(family)
start = MixtureParams(weights, family.params(means, covariances))
steps = list(islice(em_steps(mixture, X, start), 2 * 85 + 1))[::2]

theta = weights, means, covariances
for step in steps:
    inner = step.params.components
    found = step.params.weights, inner.means, inner.covariances
    for ours, theirs in zip(found, theta, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)
    theta, average = textbook(X, *theta)
    np.testing.assert_allclose(
        step.log_likelihood / 150, average, 1e-10
    )

maximum = em(mixture, X, start, tol=1e-12, max_iter=5000)
reached = GaussianMixture.from_parameters(*notebook).score(X)
print(f"the notebook, 85 steps  {reached:.7f}")
print(f"EM, 85 steps            {steps[85].log_likelihood / 150:.7f}")
print(f"EM, the maximum         {maximum.log_likelihood / 150:.7f}")

# %%
# How much too large the notebook's covariances are, by component:

r = GaussianMixture.from_parameters(*notebook).predict_proba(X)
V1, V2 = r.sum(axis=0), (r**2).sum(axis=0)
for k in range(3):
    factor = V1[k] / (V1[k] - V2[k] / V1[k])
    print(f"{V1[k]:6.1f} rows: factor {factor:.3f}")

# %%
# Three panels
# ------------
#
# On the left the components over their points; in the middle the responsibilities of every point of the plane, with lines where two are
# equally probable (the notebook forgets the weights there, which moves the borders); on the right the species.

NAMES = ["sepal length (cm)", "sepal width (cm)"]


def three_panels(weights, means, covariances):
    """The notebook's figure, of a mixture with these parameters."""
    order = means[:, 0].argsort()
    model = GaussianMixture.from_parameters(
        weights[order], means[order], covariances[order]
    )
    _, ax = plt.subplots(figsize=(10, 4), layout="constrained")
    ResponsibilityDisplay.from_estimator(
        model, X, y=species, feature_names=NAMES, ax=ax
    )


three_panels(*notebook)

# %%
# EM from the same start, at its maximum. The small component has shrunk to the few flowers at the upper edge of *setosa*.

inner = maximum.params.components
three_panels(maximum.params.weights, inner.means, inner.covariances)

# %%
# The default start finds a higher maximum. Versicolor and virginica overlap in the sepals, and it splits them in a way
# of its own; with the petals or known labels they come apart.

model = GaussianMixture(3, random_state=0).fit(X)
three_panels(model.weights_, model.means_, model.covariances_)
plt.show()
print(f"average log-likelihood {model.score(X):.7f}")
