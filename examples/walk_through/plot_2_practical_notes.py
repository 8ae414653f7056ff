"""
The practical notes
===================

The walk-through ends with advice: start from k-means, regularise, compare K by AIC and BIC, restart, constrain the covariances.
What does each of them do for its three clusters?
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np

from mixtura import GaussianMixture, compare_restarts, load_dataset
from mixtura.exceptions import DegenerateDataWarning

X = load_dataset("walk-through").values

# %%
# Initialisation
# --------------
#
# Plain EM from five kinds of start, to the same tolerance: how many iterations, and where it ends.

for init in (
    "random",
    "random_from_data",
    "k-means++",
    "kmeans",
    "auto",
):
    model = GaussianMixture(
        3, init_params=init, acceleration=None, random_state=0
    ).fit(X)
    print(
        f"{init:18s}{model.n_iter_:4d} iterations"
        f"  {model.log_likelihood_:.6f}"
    )

# %%
# Regularisation
# --------------
#
# A component that sits on one row has a likelihood without bound. Here are 12 rows and a component for each two. Without regularisation
# the fit is refused; with the walk-through's jitter it is whatever the jitter makes of it; the default keeps
# a floor under the variances, relative to those of the columns, and warns.

few = X[::25]
try:
    GaussianMixture(6, reg_covar=0, random_state=0).fit(few)
except ValueError as error:
    print(type(error).__name__, "-", str(error)[:60], "...")
for reg_covar in (1e-8, 1e-2, "auto"):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DegenerateDataWarning)
        model = GaussianMixture(
            6, reg_covar=reg_covar, random_state=0
        ).fit(few)
    print(
        f"reg_covar={reg_covar!s:6}"
        f"  log-likelihood {model.log_likelihood_:7.2f}"
        f"  on all rows {model.score(X) * 300:14.4g}"
        f"  warnings {len(caught)}"
    )

# %%
# Model selection
# ---------------
#
# With :math:`p` parameters, AIC is :math:`-2 \ell + 2 p` and BIC :math:`-2 \ell + p \log n`; lower is better. Three components of two columns have
# 2 free weights, 6 means and 9 covariances. BIC finds three components; AIC, whose charge is lower, goes on falling.

sizes = range(1, 7)
models = [GaussianMixture(K, random_state=0).fit(X) for K in sizes]
for K, model in zip(sizes, models, strict=True):
    p = (K - 1) + 2 * K + 3 * K
    ell = model.log_likelihood_
    np.testing.assert_allclose(model.aic(X), -2 * ell + 2 * p, 1e-10)
    np.testing.assert_allclose(
        model.bic(X), -2 * ell + p * np.log(300), 1e-10
    )
    print(
        f"K = {K}  p = {p:2d}  log-likelihood {ell:8.2f}"
        f"  AIC {model.aic(X):7.1f}  BIC {model.bic(X):7.1f}"
    )

figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for name, colour, marker in (
    ("aic", "#D55E00", "s"),
    ("bic", "#0072B2", "o"),
):
    values = [getattr(model, name)(X) for model in models]
    ax.plot(
        sizes, values, color=colour, marker=marker, label=name.upper()
    )
    best = int(np.argmin(values))
    ax.plot(
        sizes[best],
        values[best],
        "o",
        ms=13,
        mfc="none",
        mec=colour,
        mew=1.4,
    )
ax.set_xlabel("number of components K")
ax.set_ylabel("criterion (lower is better)")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

# %%
# Restarts
# --------
#
# Fifty random starts of plain EM, as the walk-through advises, and how many of them find the best solution:

plain = GaussianMixture(
    3, init_params="random_from_data", acceleration=None
)
result = compare_restarts(plain, X, n_starts=50, random_state=0)
print(result)

# %%
# Constraints
# -----------
#
# The clusters were drawn round and equally large. Each constraint that fits them costs little likelihood and saves parameters, and BIC prefers it.

for structure in ("full", "tied", "diag", "spherical", "EII"):
    model = GaussianMixture(
        3, covariance_type=structure, random_state=0
    ).fit(X)
    p = (model.bic(X) + 2 * model.log_likelihood_) / np.log(300)
    print(
        f"{structure:10s}{p:3.0f} parameters"
        f"  log-likelihood {model.log_likelihood_:9.2f}"
        f"  BIC {model.bic(X):7.1f}"
    )
