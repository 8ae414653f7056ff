"""Draw the pictures of the README and the pages.

python docs/figures/make.py [folder]
"""

import sys
import warnings
from itertools import islice
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from mixtura import (
    GaussianMixture,
    GaussianMixtureSearch,
    MixtureDisplay,
    SelectionDisplay,
    UncertaintyDisplay,
    em_steps,
    load_dataset,
)
from mixtura.data import Rows
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

N_STEPS = 13
METHODS = ("k-means", "EM")
COLOURS = ("#0072b2", "#d55e00", "#009e73")
BLUE, RED, GREY = "#0072b2", "#d55e00", "#777777"


def old_faithful(path):
    """The mixture that `mixtura fit old-faithful` finds, over the data."""
    faithful = load_dataset("old-faithful")
    model = GaussianMixture(2, random_state=0).fit(faithful.values)
    display = MixtureDisplay.from_estimator(
        model,
        faithful.values,
        feature_names=["eruption (minutes)", "waiting (minutes)"],
    )
    display.figure_.savefig(path, dpi=130)


def half_steps(path):
    """Log-likelihood and bound over the half-steps of EM, from a poor start."""
    waiting = load_dataset("old-faithful").values[:, 1:]
    family = Gaussian(Full())
    variances = np.full((2, 1, 1), waiting.var())
    start = MixtureParams(
        np.array([0.5, 0.5]), family.params(np.array([[60.0], [75.0]]), variances)
    )
    walk = em_steps(Mixture(family), Rows(waiting), start)
    steps = list(islice(walk, N_STEPS))
    at = np.arange(len(steps)) / 2
    log_likelihoods = np.array([step.log_likelihood for step in steps])
    bounds = np.array([step.elbo for step in steps])
    figure, axes = plt.subplots(figsize=(7.2, 3.9), layout="constrained")
    axes.fill_between(at, bounds, log_likelihoods, color=RED, alpha=0.15, lw=0)
    axes.plot(at, log_likelihoods, color=BLUE, marker="o", ms=4, label="log p(x | θ)")
    axes.plot(at, bounds, color=RED, marker="o", ms=4, label="bound: Q + H(q)")
    axes.set_xticks(at[::2], [f"E {step.iteration}" for step in steps[::2]])
    axes.set_xticks(at[1::2], ["M"] * len(at[1::2]), minor=True, color=GREY)
    axes.set_ylabel("nats, summed over 272 rows")
    axes.spines[["top", "right"]].set_visible(False)
    gap = int(np.argmax(log_likelihoods - bounds))
    axes.annotate(
        "KL(q ‖ posterior)",
        (at[gap], (bounds[gap] + log_likelihoods[gap]) / 2),
        xytext=(18, -34),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-", "color": GREY},
    )
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=130)


def selection(path):
    """BIC of Old Faithful over sizes and structures."""
    faithful = load_dataset("old-faithful").values
    search = GaussianMixtureSearch(random_state=0).fit(faithful)
    SelectionDisplay.from_estimator(search).figure_.savefig(path, dpi=130)


def uncertainty(path):
    """How sure the mixture of Iris is of each flower."""
    iris = load_dataset("iris")
    units = [f"{name.replace('_', ' ')} (cm)" for name in iris.names]
    model = GaussianMixture(3, random_state=0).fit(iris.values)
    species = np.repeat(["setosa", "versicolor", "virginica"], 50)
    display = UncertaintyDisplay.from_estimator(
        model,
        iris.values,
        y=species,
        columns=[2, 3],
        feature_names=units,
    )
    display.figure_.savefig(path, dpi=130)


def three_cases():
    """The mixtures of the page on k-means, by name."""
    thirds, plane = [1 / 3] * 3, np.eye(2)
    long = np.array([[1.0, 1.9], [1.9, 4.0]])
    cases = {
        "anisotropic": (thirds, [[-4, 0], [0, 0], [4, 0]], [long] * 3),
        "unequal variances": (
            thirds,
            [[-4.5, -1.5], [0, 2], [4, -1]],
            [plane, 6.25 * plane, 0.25 * plane],
        ),
        "uneven sizes": (
            [0.85, 0.1, 0.05],
            [[0, 0], [4.5, 3], [4.5, -3]],
            [2.25 * plane, 0.25 * plane, 0.25 * plane],
        ),
    }
    return {
        name: GaussianMixture.from_parameters(*parameters)
        for name, parameters in cases.items()
    }


def k_means(path):
    """Three data sets, coloured by k-means and by EM; crosses are their means."""
    figure, grid = plt.subplots(2, 3, figsize=(8.4, 5.6), layout="constrained")
    for panels, (name, truth) in zip(grid.T, three_cases().items(), strict=True):
        X, component = truth.sample(900, random_state=0)
        means = KMeans(3, n_init=10, random_state=0).fit(X)
        mixture = GaussianMixture(3, random_state=0).fit(X)
        found = (
            (means.labels_, means.cluster_centers_),
            (mixture.labels_, mixture.means_),
        )
        for ax, (labels, centres), method in zip(panels, found, METHODS, strict=True):
            index = adjusted_rand_score(component, labels)
            _, order = linear_sum_assignment(cdist(truth.means_, centres))
            for k, colour, marker in zip(order, COLOURS, "os^", strict=True):
                rows, style = X[labels == k], {"color": colour, "marker": marker}
                ax.scatter(*rows.T, s=7, alpha=0.55, lw=0, **style)
                ax.plot(*centres[k], "X", color=colour, ms=11, mec="white", mew=1.4)
            said = f"{method}, Rand index {index:.2f}"
            ax.set_title(said, loc="left", fontsize="medium")
            ax.set_aspect("equal", "datalim")
            ax.set_xticks([])
            ax.set_yticks([])
        panels[0].annotate(
            name,
            (0.5, 1.15),
            xycoords="axes fraction",
            ha="center",
            fontweight="bold",
        )
    figure.savefig(path, dpi=130)


def overfitting(path):
    """Log-likelihood of 60 rows and of new ones, over the number of components."""
    walk = load_dataset("walk-through").values
    fifth = np.arange(len(walk)) % 5 == 0
    rows, new_rows = walk[fifth], walk[~fifth]
    sizes = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [GaussianMixture(size, random_state=0).fit(rows) for size in sizes]
    figure, ax = plt.subplots(figsize=(6.6, 3.9), layout="constrained")
    for X, colour, marker, name in (
        (rows, BLUE, "o", "the 60 rows"),
        (new_rows, RED, "s", "240 new rows"),
    ):
        scores = [fit.score(X) for fit in fits]
        ax.plot(sizes, scores, color=colour, marker=marker, ms=5, label=name)
    ax.axvline(3, color=GREY, lw=0.8, ls=":")
    ax.annotate(
        "truth", (3, 4.2), xytext=(4, 0), textcoords="offset points", color=GREY
    )
    ax.set_xscale("log")
    ax.set_xticks([1, 2, 3, 5, 10, 20, 60], [1, 2, 3, 5, 10, 20, 60])
    ax.minorticks_off()
    ax.set_ylim(-12, 17)
    ax.set_xlabel("number of components")
    ax.set_ylabel("log-likelihood, nats per row")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=130)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    old_faithful(folder / "old-faithful.png")
    half_steps(folder / "half-steps.png")
    selection(folder / "selection.png")
    uncertainty(folder / "uncertainty.png")
    k_means(folder / "kmeans.png")
    overfitting(folder / "overfitting.png")


if __name__ == "__main__":
    main()
