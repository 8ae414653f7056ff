"""
EM climbs a bound
=================

For any distribution :math:`q` of the labels, :math:`\\mathcal L(q, \\theta) = \\mathrm E_q \\log p(X, Z \\mid \\theta) + H(q)` lies below the log-likelihood. The E-step makes the bound
touch; the M-step goes to its top. The slides draw this picture by hand; here it is computed, for a mixture with one unknown.
"""

from itertools import islice

import matplotlib.pyplot as plt
import numpy as np

from mixtura import GaussianMixture, em_steps, load_dataset
from mixtura.data import Rows
from mixtura.families.constraints import Fixed
from mixtura.families.covariance import Spherical
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Equal, Mixture, MixtureParams

# %%
# One unknown
# -----------
#
# Two components of equal weight and unit variance at :math:`\theta` and :math:`-\theta`. The model below would move both means freely; on data
# that are symmetric about zero they stay opposite, and :math:`\theta` is all there is.

rng = np.random.default_rng(3)
half = rng.normal(1.3, 1.0, 40)
x = np.concatenate([half, -half])
data = Rows(x[:, None])
model = Mixture(Gaussian(Spherical(), Fixed()), Equal())


def at(theta):
    """The parameters for one value of the unknown."""
    means = np.array([[theta], [-theta]])
    inner = model.family.params(means, np.ones(2))
    return MixtureParams(np.array([0.5, 0.5]), inner)


def log_likelihood(theta):
    """log p(x | theta), by the package."""
    return model.e_step(at(theta), data).log_likelihood


def bound(theta, statistics):
    """E_q log p(x, z | theta) + H(q), for the q of an E-step."""
    q = model.expected_log_joint(at(theta), statistics)
    return q + statistics.entropy


# %%
# NumPy
# -----


def textbook(theta, theta_q):
    """The log-likelihood at theta, and the bound with q from theta_q."""

    def log_joint(value):
        squares = (x[:, None] - [value, -value]) ** 2
        return -squares / 2 - np.log(2 * np.sqrt(2 * np.pi))

    q = np.exp(log_joint(theta_q))
    q /= q.sum(axis=1, keepdims=True)
    evidence = np.log(np.exp(log_joint(theta)).sum(axis=1)).sum()
    return evidence, (q * (log_joint(theta) - np.log(q))).sum()


for theta in (0.3, 1.0, 2.5):
    statistics = model.e_step(at(0.4), data)
    ours = log_likelihood(theta), bound(theta, statistics)
    np.testing.assert_allclose(ours, textbook(theta, 0.4), rtol=1e-10)

# %%
# The picture
# -----------
#
# From the first point the E-step makes a bound that touches there. Its top is the second point, by the M-step; and so on. Each bound
# lies below the likelihood everywhere, so what is higher on the bound is higher on the likelihood.

walk = list(islice(em_steps(model, data, at(0.3)), 9))[::2]
thetas = [step.params.components.means[0, 0] for step in walk]
axis = np.linspace(0.05, 2.4, 200)
curve = [log_likelihood(theta) for theta in axis]
figure, ax = plt.subplots(figsize=(7.6, 4.6), layout="constrained")
ax.plot(axis, curve, color="black", lw=2, label="log p(x | θ)")
colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
for t, (step, colour) in enumerate(zip(walk[:4], colours, strict=True)):
    below = np.array([bound(theta, step.statistics) for theta in axis])
    assert (below <= np.array(curve) + 1e-9).all()
    top = bound(thetas[t + 1], step.statistics)
    assert top >= below.max() - 1e-9
    label = f"bound after E-step {t}"
    ax.plot(axis, below, color=colour, lw=1.4, label=label)
    ax.plot(thetas[t], step.log_likelihood, "o", color=colour, ms=7)
    ax.plot(thetas[t + 1], top, "^", color=colour, ms=7)
    ax.vlines(
        thetas[t + 1],
        top,
        walk[t + 1].log_likelihood,
        color=colour,
        ls=":",
    )
ax.set_ylim(min(curve) - 6, max(curve) + 2)
ax.set_xlabel("θ")
ax.set_ylabel("nats, summed over 80 rows")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, fontsize="small", loc="upper left")

# %%
# Circles: the E-step, where bound and likelihood touch. Triangles: the M-step, the top of the bound. Dotted: the gap that has opened, the
# divergence KL(q ‖ p), which the next E-step closes.

print("t  theta    log-likelihood")
for step, theta in zip(walk, thetas, strict=True):
    print(f"{step.iteration}  {theta:.5f}  {step.log_likelihood:.5f}")

# %%
# In a real fit
# -------------
#
# Old Faithful's waiting times, with all parameters free. The same picture along a line through the space of the parameters, from those of an E-step
# to those that the M-step makes of them:

waiting = load_dataset("old-faithful").values[:, 1:]
fit = GaussianMixture(
    2,
    weights_init=[0.5, 0.5],
    means_init=[[60.0], [75.0]],
    acceleration=None,
    record=True,
).fit(waiting)
_, ax = plt.subplots(figsize=(7.6, 4.6), layout="constrained")
fit.trace_.plot("bound", ax=ax)

# %%
# And the log-likelihood with the bound over all half-steps: each E-step makes them touch, each M-step raises both.

_, ax = plt.subplots(figsize=(7.6, 5), layout="constrained")
fit.trace_.plot(ax=ax)
plt.show()
