"""How far probabilities of classes are to be trusted: a temperature."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from mixtura._types import Array, IntArray

LARGEST_LOG_TEMPERATURE = 7.0
"""Temperatures are looked for within e^-7 ... e^7."""


def best_temperature(log_joint: Array, labels: IntArray, weights: Array) -> float:
    r"""Return the T that minimises the log loss of :math:`p(c | x)^{1/T}`, rescaled.

    Parameters
    ----------
    log_joint : ndarray of shape (n_samples, n_classes)
        Of rows that were not fitted, in nats.
    labels : ndarray of int of shape (n_samples,)
        Their classes.
    weights : ndarray of shape (n_samples,)
    """
    with np.errstate(invalid="ignore"):
        margins = log_joint - log_joint.max(axis=1, keepdims=True)
    chosen = np.arange(len(labels)), labels

    def loss(log_temperature: float) -> float:
        scaled = margins * np.exp(-log_temperature)
        return float(weights @ (logsumexp(scaled, axis=1) - scaled[chosen]))

    bounds = (-LARGEST_LOG_TEMPERATURE, LARGEST_LOG_TEMPERATURE)
    found = minimize_scalar(loss, bounds=bounds, method="bounded")
    return float(np.exp(found.x))
