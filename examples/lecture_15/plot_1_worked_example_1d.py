"""
A worked example in one dimension
=================================

Section 3.6.1 of the lecture works one iteration of EM by hand: six numbers, two components. Its responsibilities are right
except for one; nearly every number after them is wrong. This page does each step three times: with 50 digits, in
NumPy, and with the package.
"""

from decimal import Decimal, getcontext
from itertools import islice

import matplotlib.pyplot as plt
import numpy as np

from mixtura import GaussianMixture, em_steps
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

y = np.array([-2.0, -1.0, -0.5, 1.0, 2.0, 3.0])
weights = np.array([0.5, 0.5])
means = np.array([-1.0, 2.0])
variances = np.array([1.0, 1.0])

# %%
# The package
# -----------
#
# Three half-steps: E-step 0, M-step 1, E-step 1.

family = Gaussian(Full())
components = family.params(means[:, None], variances[:, None, None])
start = MixtureParams(weights, components)
steps = list(islice(em_steps(Mixture(family), y[:, None], start), 21))
e_step, m_step = steps[:2]
after = m_step.params.components

# %%
# NumPy
# -----

joint = weights * np.exp(-0.5 * (y[:, None] - means) ** 2 / variances)
joint /= np.sqrt(2 * np.pi * variances)
r = joint / joint.sum(axis=1, keepdims=True)
N = r.sum(axis=0)
mu = r.T @ y / N
sigma2 = (r * (y[:, None] - mu) ** 2).sum(axis=0) / N

np.testing.assert_allclose(e_step.responsibilities, r, rtol=1e-10)
np.testing.assert_allclose(m_step.params.weights, N / 6, rtol=1e-10)
np.testing.assert_allclose(after.means[:, 0], mu, rtol=1e-10)
np.testing.assert_allclose(
    after.covariances[:, 0, 0], sigma2, rtol=1e-10
)

# %%
# Fifty digits
# ------------
#
# With equal weights and variances of one, the responsibility is a logistic function,
# :math:`\gamma_{i1} = 1 / (1 + e^{3 y_i - 3/2})`.

getcontext().prec = 50
Y = [Decimal(str(value)) for value in y]
gamma1 = [1 / (1 + (3 * value - Decimal("1.5")).exp()) for value in Y]
GAMMA = [gamma1, [1 - value for value in gamma1]]


def mean(weight, values):
    """Weighted mean."""
    pairs = zip(weight, values, strict=True)
    return sum(w * value for w, value in pairs) / sum(weight)


COUNT = [sum(gamma) for gamma in GAMMA]
MU = [mean(gamma, Y) for gamma in GAMMA]
SIGMA2 = [
    mean(gamma, [(value - mu) ** 2 for value in Y])
    for gamma, mu in zip(GAMMA, MU, strict=True)
]

# %%
# The E-step
# ----------
#
# As printed, exactly, and by the package. A star marks what is not the exact value rounded to the printed digits.


def line(name, printed, exact, found):
    """One row of a table; the number is printed as it stands there."""
    digits = len(printed.partition(".")[2])
    star = " " if round(exact, digits) == Decimal(printed) else "*"
    assert abs(Decimal(float(found)) - exact) < Decimal("1e-14")
    print(
        f"{name:12s}{printed:>9s}{star} {exact:14.10f} {found:14.10f}"
    )


header = f"{'':12s}{'printed':>9s}  {'exact':>14s} {'package':>14s}"
printed = "0.9994 0.9890 0.9560 0.1824 0.0110 0.0006".split()
found = e_step.responsibilities[:, 0]
print(header)
for value, *row in zip(y, printed, gamma1, found, strict=True):
    line(f"γ1({value:4.1f})", *row)

# %%
# The M-step
# ----------
#
# The lecture's sums of :math:`\gamma_{ik} y_i` are −3.9810 and 6.9810. They must add up to the sum of the data, 2.5; they add up to 3.
# Whatever went wrong there, the means and the variances are wrong with them, by up to 0.43.

sums = e_step.responsibilities.T @ y
TABLE = {
    "N": ("3.1384 2.8616", COUNT, e_step.statistics.counts),
    "π": (
        "0.5231 0.4769",
        [n / 6 for n in COUNT],
        m_step.params.weights,
    ),
    "Σγy": (
        "-3.9810 6.9810",
        [mu * n for mu, n in zip(MU, COUNT, strict=True)],
        sums,
    ),
    "μ": ("-1.268 2.439", MU, after.means[:, 0]),
    "σ²": ("0.547 0.818", SIGMA2, after.covariances[:, 0, 0]),
}
print(header)
for name, (printed, exact, found) in TABLE.items():
    rows = zip(printed.split(), exact, found, strict=True)
    for k, row in enumerate(rows, 1):
        line(f"{name} {k}", *row)

# %%
# Before and after
# ----------------
#
# The six numbers, coloured by responsibility, under the components before and after the iteration. Dotted: what the lecture's numbers would give.
# Its components are too narrow and too far out.

x = np.linspace(-4.5, 5.5, 400)
lecture = GaussianMixture.from_parameters(
    [0.5231, 0.4769], [[-1.268], [2.439]], [[[0.547]], [[0.818]]]
)
blue, red = "#0072B2", "#D55E00"
figure, axes = plt.subplots(
    2, 1, figsize=(7, 5), sharex=True, sharey=True, layout="constrained"
)
for ax, step, title in zip(
    axes, steps[:2], ("Start", "After one iteration"), strict=True
):
    inner = step.params.components
    model = GaussianMixture.from_parameters(
        step.params.weights, inner.means, inner.covariances
    )
    density = np.exp(model.score_samples(x[:, None]))[:, None]
    parts = model.predict_proba(x[:, None]) * density
    for k, colour in enumerate((blue, red)):
        ax.plot(
            x, parts[:, k], color=colour, label=f"component {k + 1}"
        )
    share = e_step.responsibilities[:, :1]
    mixed = share * [[0, 0x72 / 255, 0xB2 / 255]]
    mixed = mixed + (1 - share) * [[0xD5 / 255, 0x5E / 255, 0]]
    ax.scatter(
        y, np.full(6, 0.008), c=mixed, s=70, zorder=3, ec="white"
    )
    ax.set_title(title, loc="left")
    ax.set_ylabel("weighted density")
    ax.spines[["top", "right"]].set_visible(False)
density = np.exp(lecture.score_samples(x[:, None]))[:, None]
parts = lecture.predict_proba(x[:, None]) * density
for k, colour in enumerate((blue, red)):
    label = "lecture's numbers" if k == 0 else None
    axes[1].plot(x, parts[:, k], ":", color=colour, label=label)
axes[1].legend(frameon=False, fontsize="small")
axes[1].set_xlabel("y")
axes[1].set_ylim(bottom=0)
plt.show()

# %%
# On from here
# ------------
#
# The lecture does not print the log-likelihood. It rises at each iteration; with the numbers that the lecture prints, the first would have been a fall.

for step in steps[::4]:
    print(f"iteration {step.iteration:2d}  {step.log_likelihood:.10f}")
print(
    f"\nat the lecture's numbers  {lecture.score_samples(y[:, None]).sum():.4f}"
)
