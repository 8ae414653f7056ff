"""Random mixtures, and mixtures at the limits of what numbers can hold."""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura.distribution.density import gaussian_mixture

SEEDS = (0, 1, 2)


def random_density(seed, n_components=3, n_features=3, spread=2.0):
    """Overlapping components with correlated columns."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(n_components, 2.0))
    means = spread * rng.standard_normal((n_components, n_features))
    roots = rng.standard_normal((n_components, n_features, n_features))
    covariances = roots @ roots.transpose(0, 2, 1) + 0.2 * np.eye(n_features)
    return gaussian_mixture(weights, means, covariances)


def moved(params, shift, scale):
    """The distribution of scale * x + shift."""
    components = params.components
    return gaussian_mixture(
        params.weights,
        components.means * scale + shift,
        components.covariances * np.outer(scale, scale),
    )


def brute_log_density(params, X):
    """Log p(x) by SciPy, component by component."""
    components = params.components
    parts = [
        np.log(weight) + multivariate_normal(mean, covariance).logpdf(X)
        for weight, mean, covariance in zip(
            params.weights, components.means, components.covariances, strict=True
        )
    ]
    return logsumexp(np.atleast_2d(np.array(parts).T), axis=1)
