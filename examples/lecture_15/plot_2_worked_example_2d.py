"""
A worked example in two dimensions
==================================

Section 3.6.2 of the lecture: six points of the plane in two groups of three, one iteration of EM. The lecture rounds the responsibilities to zero
and one and does not evaluate the covariances; this page does each step in full.
"""

from decimal import Decimal, getcontext
from itertools import islice

import matplotlib.pyplot as plt
import numpy as np

from mixtura import GaussianMixture, MixtureDisplay, em_steps
from mixtura.completion import HARD
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

Y = np.array([[0, 0], [1, 0], [0, 1], [4, 4], [5, 4], [4, 5]], float)
weights = np.array([0.5, 0.5])
means = np.array([[0.0, 0.0], [4.0, 4.0]])
covariances = np.array([np.eye(2), np.eye(2)])

# %%
# The package, and NumPy
# ----------------------

family = Gaussian(Full())
start = MixtureParams(weights, family.params(means, covariances))
steps = list(islice(em_steps(Mixture(family), Y, start), 3))
e_step, m_step, _ = steps
after = m_step.params.components

squares = ((Y[:, None] - means) ** 2).sum(axis=2)
joint = np.exp(-0.5 * squares)
r = joint / joint.sum(axis=1, keepdims=True)
N = r.sum(axis=0)
mu = r.T @ Y / N[:, None]
d = Y[:, None] - mu
Sigma = np.einsum("nk,nki,nkj->kij", r, d, d) / N[:, None, None]

np.testing.assert_allclose(e_step.responsibilities, r, atol=1e-10)
np.testing.assert_allclose(after.means, mu, rtol=1e-10)
np.testing.assert_allclose(after.covariances, Sigma, rtol=1e-10)

# %%
# The E-step
# ----------
#
# The squared distances are as printed. The responsibilities differ from zero and one by a few millionths or less: for the
# second point the lecture prints :math:`1 - 7 \times 10^{-6}`. It is :math:`1 / (1 + e^{12})` short of one, which
# rounds to :math:`6 \times 10^{-6}`.

getcontext().prec = 50
print("point    d1²  d2²   share of the other component, exact")
for row, (point, (d1, d2), gamma) in enumerate(
    zip(Y, squares, e_step.responsibilities, strict=True)
):
    other = 1 / (1 + Decimal(abs(d1 - d2) / 2).exp())
    found = gamma[1 if row < 3 else 0]
    assert abs(found / float(other) - 1) < 1e-13
    x1, x2 = point.astype(int)
    print(
        f"({x1}, {x2}) {d1:6.0f} {d2:4.0f}   {found:.10e}  {other:.10e}"
    )

# %%
# The M-step
# ----------
#
# The lecture's means, 1/3 and 13/3, are those of the limit in which each point belongs to one component. So is the
# covariance that it leaves to the reader: 2/9 on the diagonal, −1/9 beside it.

limit = np.array([[2 / 9, -1 / 9], [-1 / 9, 2 / 9]])
for k in (0, 1):
    print(f"component {k + 1}   N = {e_step.statistics.counts[k]:.10f}")
    print(f"  mean        {after.means[k, 0]:.10f}", end="")
    print(f"   limit {[1 / 3, 13 / 3][k]:.10f}")
    for row, column in ((0, 0), (0, 1)):
        value = after.covariances[k, row, column]
        name = ("variance  ", "covariance")[column]
        print(
            f"  {name} {value:13.10f}   limit {limit[row, column]:.10f}"
        )

# %%
# Before and after
# ----------------
#
# The circles are the unit covariances of the start; after one iteration each ellipse has taken the shape of its three points.

figure, axes = plt.subplots(
    1, 2, figsize=(8.4, 4.2), sharey=True, layout="constrained"
)
for ax, step, title in zip(
    axes, steps[:2], ("Start", "After one iteration"), strict=True
):
    inner = step.params.components
    model = GaussianMixture.from_parameters(
        step.params.weights, inner.means, inner.covariances
    )
    MixtureDisplay.from_estimator(
        model,
        Y,
        kind="classification",
        feature_names=["y1", "y2"],
        legend=False,
        ax=ax,
    )
    ax.set_title(title, loc="left")
    ax.set_xlim(-2.5, 7)
    ax.set_ylim(-2.5, 7)
    ax.set_aspect("equal")
plt.show()

# %%
# Gaussian densities of a mixture are never zero, so neither are responsibilities. But the lecture's limit is an algorithm of its own, hard EM,
# and here its one iteration is exact:

_, hard = islice(
    em_steps(Mixture(family), Y, start, completion=HARD), 2
)
np.testing.assert_allclose(hard.params.components.covariances[0], limit)
print(hard.params.components.means)
