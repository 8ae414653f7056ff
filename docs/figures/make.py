"""Draw the pictures of the README and the pages.

python docs/figures/make.py [folder]
"""

import sys
from itertools import islice
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from mixtura import GaussianMixture, MixtureDisplay, em_steps, load_dataset
from mixtura.data import Rows
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

N_STEPS = 13
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


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    old_faithful(folder / "old-faithful.png")
    half_steps(folder / "half-steps.png")


if __name__ == "__main__":
    main()
