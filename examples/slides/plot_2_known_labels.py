"""
Maximum likelihood with known labels
====================================

Had we seen the labels, the likelihood would have a maximum in closed form: the shares, means and covariances of the classes. Nothing
has to be iterated. (The slides call the complete-data log-likelihood convex; it is concave, in the natural parameters,
and a maximum is what one wants.)
"""

import matplotlib.pyplot as plt
import numpy as np

from mixtura import GaussianMixture, MixtureDisplay, load_dataset

iris = load_dataset("iris")
X, z = iris.values[:, 2:], np.repeat([0, 1, 2], 50)

# %%
# NumPy: the three formulas of the slide
# --------------------------------------

one_hot = np.eye(3)[z]  # 1{z_n = k}
N = one_hot.sum(axis=0)
pi = N / len(X)
mu = one_hot.T @ X / N[:, None]
d = X[:, None] - mu
Sigma = np.einsum("nk,nki,nkj->kij", one_hot, d, d) / N[:, None, None]

# %%
# The package: labels for every row
# ---------------------------------
#
# ``fit(X, labels=...)`` holds the given labels fixed, and infers those that are −1. With all of them given, the
# first M-step is the answer, and the second changes nothing.

model = GaussianMixture(3).fit(X, labels=z)
np.testing.assert_allclose(model.weights_, pi, rtol=1e-10)
np.testing.assert_allclose(model.means_, mu, rtol=1e-10)
np.testing.assert_allclose(model.covariances_, Sigma, atol=1e-10)
print(f"{model.n_iter_} iterations; means\n{model.means_}")

# %%
# What it maximises is the log-likelihood of points *and* labels,

inverses, scales = (
    np.linalg.inv(Sigma),
    np.linalg.det(2 * np.pi * Sigma),
)
squares = np.einsum("nki,kij,nkj->nk", d, inverses, d)
log_joint = np.log(pi) - 0.5 * (squares + np.log(scales))
complete = log_joint[np.arange(150), z].sum()
np.testing.assert_allclose(model.log_likelihood_, complete, rtol=1e-10)
print(f"complete-data log-likelihood {complete:.6f}")

# %%
# Without labels
# --------------
#
# The likelihood of the points alone is another function, with its maximum at another place. Its logarithm holds a sum, and no formula
# gives the maximum; EM finds it by filling in the labels with their probabilities, over and over.

blind = GaussianMixture(3, random_state=0).fit(X)
some = np.where(np.arange(150) % 10 == 0, z, -1)
few = GaussianMixture(3, random_state=0).fit(X, labels=some)
names = ["petal length (cm)", "petal width (cm)"]
figure, axes = plt.subplots(
    1,
    3,
    figsize=(9.6, 3.6),
    sharex=True,
    sharey=True,
    layout="constrained",
)
for ax, (fit, title) in zip(
    axes,
    ((model, "150 labels"), (few, "15 labels"), (blind, "no labels")),
    strict=True,
):
    MixtureDisplay.from_estimator(
        fit,
        X,
        kind="classification",
        feature_names=names,
        legend=False,
        ax=ax,
    )
    ax.set_title(title, loc="left")
plt.show()
for name, fit in (("150", model), ("15", few), ("no", blind)):
    point = fit.score(X) * 150
    print(
        f"{name:>4s} labels: log-likelihood of the points {point:9.3f}"
    )
