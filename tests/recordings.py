"""Recordings of real fits, made by hand from `em_steps`, for the EM player."""

import base64
from itertools import islice

import numpy as np

from mixtura import em_steps, load_dataset
from mixtura.completion import SOFT
from mixtura.data import Rows
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

ALGORITHMS = {"Soft": "em", "Hard": "hard", "Stochastic": "stochastic"}


def base64_bytes(responsibilities):
    """One byte a share, row by row."""
    shares = np.round(255 * np.asarray(responsibilities)).astype(np.uint8)
    return base64.b64encode(shares.tobytes()).decode("ascii")


def half_step(step):
    """One half-step of a fit as the recording holds it."""
    params = step.params
    return {
        "iteration": step.iteration,
        "phase": step.phase,
        "weights": params.weights.tolist(),
        "means": params.components.means.tolist(),
        "covariances": params.components.covariances.tolist(),
        "log_likelihood": step.log_likelihood,
        "elbo": step.elbo,
        "q": step.q,
        "entropy": step.entropy,
        "kl": step.kl,
        "responsibilities": base64_bytes(step.responsibilities),
    }


def recording_of(X, columns, means, *, n_iter=15, completion=SOFT, title="A fit"):
    """Record EM from equal weights, given means, and the covariance of all rows."""
    X, means = np.asarray(X, dtype=np.float64), np.asarray(means, dtype=np.float64)
    n_components = len(means)
    family = Gaussian(Full())
    spread = np.atleast_2d(np.cov(X.T))
    start = MixtureParams(
        np.full(n_components, 1 / n_components),
        family.params(means, np.repeat(spread[None], n_components, axis=0)),
    )
    steps = em_steps(Mixture(family), Rows(X), start, completion=completion)
    return {
        "format": "mixtura-recording",
        "version": 1,
        "title": title,
        "columns": list(columns),
        "n_samples": len(X),
        "points": X.tolist(),
        "n_components": n_components,
        "algorithm": ALGORITHMS[type(completion).__name__],
        "covariance_type": "full",
        "outcome": "",
        "converged": False,
        "steps": [half_step(step) for step in islice(steps, 2 * n_iter + 1)],
    }


def faithful(**options):
    """Old Faithful, two components, from two unlikely means."""
    table = load_dataset("old-faithful")
    options = {"title": "Old Faithful", **options}
    return recording_of(
        table.values, table.names, [[2.5, 80.0], [4.5, 60.0]], **options
    )


def waiting(**options):
    """Old Faithful's waiting times alone."""
    table = load_dataset("old-faithful")
    options = {"title": "Waiting for Old Faithful", **options}
    return recording_of(
        table.values[:, 1:], table.names[1:], [[60.0], [70.0]], **options
    )


def iris(**options):
    """Four columns, three components, from three of the flowers."""
    table = load_dataset("iris")
    options = {"title": "Iris", "n_iter": 40, **options}
    return recording_of(
        table.values, table.names, table.values[[10, 60, 120]], **options
    )
