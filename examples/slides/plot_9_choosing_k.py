"""
Choosing K: AIC, BIC, cross-validation
======================================

The likelihood of the fitted rows always prefers more components. Held-out rows do not; AIC and BIC estimate what they would say. (The slides say that cross-validation was not possible for
k-means: not by likelihood, for k-means has none.)
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import KFold

from mixtura import (
    GaussianMixture,
    GaussianMixtureSearch,
    SelectionDisplay,
    load_dataset,
)

X = load_dataset("walk-through").values
SIZES = range(1, 7)

# %%
# By hand
# -------
#
# Five folds: each row is scored by a mixture that has not seen it. The held-out score is computed twice, by NumPy and by the package.


def log_density(x, model):
    """The logarithm of a weighted sum of Gaussian densities."""
    d = x[:, None] - model.means_
    inverses = np.linalg.inv(model.covariances_)
    squares = np.einsum("nki,kij,nkj->nk", d, inverses, d)
    scales = np.sqrt(np.linalg.det(2 * np.pi * model.covariances_))
    parts = model.weights_ * np.exp(-squares / 2) / scales
    return np.log(parts.sum(axis=1))


folds = list(KFold(5, shuffle=True, random_state=0).split(X))
held_out, errors = [], []
for K in SIZES:
    scores = np.empty(300)
    for seen, unseen in folds:
        model = GaussianMixture(K, random_state=0).fit(X[seen])
        scores[unseen] = model.score_samples(X[unseen])
        np.testing.assert_allclose(
            scores[unseen], log_density(X[unseen], model), rtol=1e-10
        )
    held_out.append(scores.mean())
    errors.append(scores.std() / np.sqrt(300))

# %%
# With :math:`p` parameters, :math:`\mathrm{AIC} = -2 \ell + 2 p` and :math:`\mathrm{BIC} = -2 \ell + p \log n`.

fits = [GaussianMixture(K, random_state=0).fit(X) for K in SIZES]
for K, fit in zip(SIZES, fits, strict=True):
    p = 6 * K - 1
    aic = -2 * fit.log_likelihood_ + 2 * p
    bic = -2 * fit.log_likelihood_ + p * np.log(300)
    np.testing.assert_allclose(
        [fit.aic(X), fit.bic(X)], [aic, bic], 1e-10
    )
    print(
        f"K = {K}  fitted {fit.score(X):7.4f}"
        f"  held out {held_out[K - 1]:7.4f}"
        f"  AIC {aic:7.1f}  BIC {bic:7.1f}"
    )

figure, (left, right) = plt.subplots(
    1, 2, figsize=(8.6, 3.8), layout="constrained"
)
left.plot(
    SIZES,
    [fit.score(X) for fit in fits],
    "o-",
    color="#0072B2",
    label="fitted rows",
)
left.errorbar(
    SIZES,
    held_out,
    errors,
    fmt="s-",
    color="#D55E00",
    capsize=3,
    label="held-out rows",
)
left.set_title("log-likelihood", loc="left")
left.set_ylabel("nats per row")
for name, colour, marker in (
    ("aic", "#D55E00", "s"),
    ("bic", "#0072B2", "o"),
):
    values = [getattr(fit, name)(X) for fit in fits]
    right.plot(
        SIZES, values, marker=marker, color=colour, label=name.upper()
    )
right.set_title("criteria: lower is better", loc="left")
for ax in (left, right):
    ax.set_xlabel("number of components K")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)

# %%
# In one call
# -----------
#
# ``GaussianMixtureSearch`` tries sizes and structures, and *is* the best of them afterwards.

for criterion in ("aic", "bic", "cv"):
    search = GaussianMixtureSearch(
        SIZES,
        covariance_type=["full", "spherical"],
        criterion=criterion,
        cv=KFold(5, shuffle=True, random_state=0)
        if criterion == "cv"
        else None,
        random_state=0,
    ).fit(X)
    print(f"{criterion:4s}", search.best_params_)

# %%
# For BIC, over all of them:

search = GaussianMixtureSearch(
    SIZES,
    covariance_type=["full", "tied", "diag", "spherical"],
    random_state=0,
).fit(X)
figure, ax = plt.subplots(figsize=(7.4, 4.4), layout="constrained")
SelectionDisplay.from_estimator(search, ax=ax)
plt.show()
