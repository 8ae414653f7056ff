"""Rows that belong to no component of a fitted mixture: noise, and the trimmed."""

from typing import Any

import numpy as np

from mixtura._types import Array, IntArray, Rng
from mixtura.data import UNKNOWN
from mixtura.families.covariance_structure import Covariance
from mixtura.families.with_noise import noisy_kernels, uniform_rows, with_flat
from mixtura.kernels import Kernels
from mixtura.models.mixture import MixtureParams


def has_noise(estimator: Any) -> bool:
    """Whether the mixture was fitted with noise."""
    return hasattr(estimator, "noise_weight_")


def kernels_of(estimator: Any, structure: Covariance) -> Kernels:
    """Return the kernels that score rows under the mixture."""
    return noisy_kernels(structure) if has_noise(estimator) else structure.kernels


def arguments_of(
    estimator: Any, structure: Covariance, constants: Array, params: MixtureParams
) -> tuple[Array, Array, Array]:
    """Return what the kernels take: constants, means and factors, noise last."""
    inner = params.components
    if not has_noise(estimator):
        return constants, inner.means, inner.precision_cholesky
    with np.errstate(divide="ignore"):
        flat = np.log(estimator.noise_weight_) + estimator.noise_log_density_
    return with_flat(structure, constants, inner, float(flat))


def unassigned(estimator: Any, X: Array, labels: IntArray) -> IntArray:
    """Give noise, and rows less likely than those that were trimmed, the label -1."""
    if has_noise(estimator):
        labels[labels == len(estimator.weights_)] = UNKNOWN
    if hasattr(estimator, "trim_threshold_"):
        labels[estimator._log_density(X) < estimator.trim_threshold_] = UNKNOWN
    return labels


def counts_of_draws(estimator: Any, n_samples: int, rng: Rng) -> tuple[IntArray, int]:
    """Draw how many rows come from each component, and how many are noise."""
    weights = estimator.weights_
    if not has_noise(estimator):
        return rng.multinomial(n_samples, weights / weights.sum()), 0
    uniform_rows(estimator.noise_box_, 0, rng)  # raises if there is no box
    weights = np.append(weights, estimator.noise_weight_)
    counts = rng.multinomial(n_samples, weights / weights.sum())
    return counts[:-1], int(counts[-1])


def with_noise_rows(
    estimator: Any, X: Array, labels: IntArray, n_noise: int, rng: Rng
) -> tuple[Array, IntArray]:
    """Append rows drawn from the box of the noise, with the label -1."""
    if n_noise == 0:
        return X, labels
    rows = uniform_rows(estimator.noise_box_, n_noise, rng)
    return np.vstack([X, rows]), np.append(labels, np.full(n_noise, UNKNOWN))


def n_more_parameters(estimator: Any) -> int:
    """Weight of the noise, less what is fixed."""
    total = int(has_noise(estimator))
    fixed = getattr(estimator, "fixed", None) or {}
    n_components, n_features = estimator.means_.shape
    sizes = {
        "weights": 1,
        "means": n_features,
        "covariances": estimator._structure().n_free_parameters(1, n_features),
    }
    total -= sum(np.size(chosen) * sizes[part] for part, chosen in fixed.items())
    if np.size(fixed.get("weights", ())) == n_components:
        total += 1  # that they sum to one was counted already
    return total
