"""What there is to say about a fitted mixture, as plain values."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.cli.wording import in_options


def column_names(model: Any) -> tuple[str, ...]:
    """Names of the columns a model was fitted to, or x0, x1, ..."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return tuple(f"x{i}" for i in range(model.n_features_in_))
    return tuple(map(str, names))


def standard_deviations(model: Any) -> NDArray[np.float64]:
    """Return the standard deviation of each column in each component, (K, D)."""
    from mixtura.estimators.structures import STRUCTURES

    n_components, n_features = model.means_.shape
    covariances = np.asarray(model.covariances_)
    matrices = STRUCTURES[model.covariance_type].to_full(
        covariances, n_components, n_features
    )
    variances = np.diagonal(matrices, axis1=-2, axis2=-1)
    deviations: NDArray[np.float64] = np.sqrt(variances)
    return np.broadcast_to(deviations, (n_components, n_features))


def fit_summary(model: Any) -> dict[str, Any] | None:
    """Likelihood, criteria and outcome of a fit.

    Parameters
    ----------
    model : GaussianMixture
        A fitted model.

    Returns
    -------
    dict or None
        ``log_likelihood`` is the total in nats, ``mean_log_likelihood`` per unit of
        weight; the criteria are on the scale where lower is better. Of a trimmed
        fit both likelihoods are of the rows that were kept, and there are no
        criteria, which compare likelihoods of the same rows. None for a model that
        was not fitted to data.
    """
    if not hasattr(model, "n_iter_"):
        return None
    log_likelihood = float(model.log_likelihood_)
    n_samples = float(model.n_samples_fit_)
    free = int(model._n_parameters())
    is_trimmed = hasattr(model, "trim_threshold_")
    kept = n_samples * (1 - model.trim) if is_trimmed else n_samples
    bic = free * math.log(n_samples) - 2 * log_likelihood
    aic = 2 * free - 2 * log_likelihood
    return {
        "log_likelihood": _finite(log_likelihood),
        "mean_log_likelihood": _finite(log_likelihood / kept),
        "bic": None if is_trimmed else _finite(bic),
        "aic": None if is_trimmed else _finite(aic),
        "n_free_parameters": free,
        "n_samples": n_samples,
        "n_iter": int(model.n_iter_),
        "converged": bool(model.converged_),
        "outcome": in_options(model.outcome_),
    }


def model_summary(model: Any) -> dict[str, Any]:
    """Parameters of a mixture as nested lists."""
    n_components, n_features = model.means_.shape
    return {
        "covariance_type": str(model.covariance_type),
        "n_components": int(n_components),
        "n_features": int(n_features),
        "feature_names": list(column_names(model)),
        "weights": model.weights_.tolist(),
        "means": model.means_.tolist(),
        "covariances": model.covariances_.tolist(),
        **_robust(model),
    }


def _robust(model: Any) -> dict[str, float]:
    """Weight of the noise, and the density below which rows are left out, if any."""
    names = ("noise_weight", "noise_log_density", "trim_threshold")
    found = {name: getattr(model, f"{name}_", None) for name in names}
    return {name: float(value) for name, value in found.items() if value is not None}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
