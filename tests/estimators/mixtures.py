"""Data, fits and comparisons that the estimator's tests share."""

from functools import lru_cache

import numpy as np
from scipy.optimize import linear_sum_assignment

from mixtura import GaussianMixture

TYPES = ("full", "tied", "diag", "spherical")
SEEDS = (0, 1)
ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_cholesky_")
SHAPES = {"full": (3, 2, 2), "tied": (2, 2), "diag": (3, 2), "spherical": (3,)}


def clusters(seed, n_samples=240, n_features=3, n_components=3, spread=3.0):
    """Rows of a mixture whose components touch."""
    rng = np.random.default_rng(seed)
    centers = spread * rng.standard_normal((n_components, n_features))
    labels = rng.integers(n_components, size=n_samples)
    scales = rng.uniform(0.5, 1.5, size=(n_components, n_features))
    noise = rng.standard_normal((n_samples, n_features))
    noise[:, -1] += 0.5 * noise[:, 0]
    return centers[labels] + scales[labels] * noise


def on_a_grid(X):
    """The rows rounded to multiples of 2**-20, so that moderate shifts are exact."""
    return np.round(X * 2.0**20) / 2.0**20


@lru_cache
def fitted(covariance_type, seed=0, **arguments):
    """A mixture of three components fitted to `clusters(seed)`; do not change it."""
    model = GaussianMixture(
        3, covariance_type=covariance_type, random_state=seed, **arguments
    )
    return model.fit(clusters(seed))


def bits(model):
    """The fitted parameters, bit for bit."""
    return [getattr(model, name).tobytes() for name in ATTRIBUTES]


def aligned(model, reference):
    """Order in which the components of `model` are those of `reference`."""
    distance = ((model.means_[:, None] - reference.means_) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(distance)
    return rows[np.argsort(columns)]


def in_order(model, order):
    """Weights, means and covariances with the components in this order."""
    covariances = model.covariances_
    if model.covariance_type != "tied":
        covariances = covariances[order]
    return model.weights_[order], model.means_[order], covariances


def same_model(model, reference, tolerance, *, any_order=False):
    """Parameters agree relative to the spread of the reference's data."""
    order = aligned(model, reference) if any_order else np.arange(len(model.weights_))
    actual = in_order(model, order)
    expected = in_order(reference, np.arange(len(reference.weights_)))
    for name, a, b in zip(
        ("weights", "means", "covariances"), actual, expected, strict=False
    ):
        scale = np.abs(b).max()
        np.testing.assert_allclose(
            a / scale, b / scale, rtol=0, atol=tolerance, err_msg=name
        )
