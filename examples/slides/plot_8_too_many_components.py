"""
A likelihood without bound, and overfitting
===========================================

With a component on one row, and its variance going to zero, the likelihood grows without limit. With a component for each row, K = N, so does that of the whole sample; of any new row the mixture
then says that it cannot be.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np

from mixtura import GaussianMixture, load_dataset
from mixtura.exceptions import (
    DegenerateComponentError,
    DegenerateDataWarning,
)

walk = load_dataset("walk-through").values
fifth = np.arange(300) % 5 == 0
rows, new = walk[fifth], walk[~fifth]

# %%
# K = N, and shrinking
# --------------------
#
# A component of standard deviation :math:`\sigma` on each of the 60 rows. As :math:`\sigma` halves, each row gains
# :math:`D \log 2` nats. (The slide has the quadratic form inside a logarithm and leaves out the weights; as printed its sum is
# infinite at once.)

sigmas = 2.0 ** np.arange(1, -11, -1)
inside, outside = [], []
for sigma in sigmas:
    variances = np.full(60, sigma**2)
    model = GaussianMixture.from_parameters(
        np.full(60, 1 / 60),
        rows,
        variances,
        covariance_type="spherical",
    )
    inside.append(model.score(rows))
    outside.append(model.score(new))

squares = ((rows[:, None] - rows) ** 2).sum(axis=2)
for sigma, found in zip(sigmas, inside, strict=True):
    density = np.exp(-squares / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    textbook = np.log(density.mean(axis=1)).mean()
    np.testing.assert_allclose(found, textbook, rtol=1e-10)
print(
    f"the last halving gains {inside[-1] - inside[-2]:.4f} nats a row"
)
print(f"2 log 2 is             {2 * np.log(2):.4f}")

figure, ax = plt.subplots(figsize=(6.8, 3.8), layout="constrained")
ax.semilogx(
    sigmas, inside, "o-", color="#0072B2", ms=5, label="the 60 rows"
)
ax.semilogx(
    sigmas, outside, "s-", color="#D55E00", ms=5, label="new rows"
)
ax.set_ylim(-60, 15)
ax.invert_xaxis()
ax.set_xlabel("standard deviation of each component")
ax.set_ylabel("log-likelihood, nats per row")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="lower left")

# %%
# What a fit makes of it
# ----------------------
#
# Plain maximum likelihood has no answer, and the package says so. Its default keeps a floor under the variances, 1e-10 of the columns' own: the fit is
# finite, and a warning says what it is worth.

try:
    GaussianMixture(60, reg_covar=0, random_state=0).fit(rows)
except DegenerateComponentError as error:
    print(f"reg_covar=0: {type(error).__name__}")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", DegenerateDataWarning)
    GaussianMixture(60, random_state=0).fit(rows)
print("default:", str(caught[-1].message)[:64], "...")

# %%
# Overfitting
# -----------
#
# The likelihood of the fitted rows rises with K all the way. That of new rows is highest at the truth, three, and falls from there.

sizes = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    fits = [GaussianMixture(K, random_state=0).fit(rows) for K in sizes]
figure, ax = plt.subplots(figsize=(6.8, 3.8), layout="constrained")
for X, colour, marker, name in (
    (rows, "#0072B2", "o", "the 60 rows"),
    (new, "#D55E00", "s", "240 new rows"),
):
    scores = [fit.score(X) for fit in fits]
    ax.plot(
        sizes, scores, color=colour, marker=marker, ms=5, label=name
    )
    print(f"{name:12s}", *(f"{score:7.2f}" for score in scores[:6]))
ax.axvline(3, color="#777777", lw=0.8, ls=":")
ax.set_xscale("log")
ax.set_xticks([1, 2, 3, 5, 10, 20], [1, 2, 3, 5, 10, 20])
ax.minorticks_off()
ax.set_ylim(-12, 12)
ax.set_xlabel("number of components K")
ax.set_ylabel("log-likelihood, nats per row")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="upper left")
plt.show()
