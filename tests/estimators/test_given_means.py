"""Given means and the default start: components as wide as the clusters around them."""

import numpy as np
import pytest
from mixtures import TYPES
from sklearn.datasets import load_iris, make_blobs

from mixtura import GaussianMixture

every_type = pytest.mark.parametrize("covariance_type", TYPES)


@every_type
@pytest.mark.parametrize("seed", range(3))
def test_true_centres_lead_to_the_true_clusters(covariance_type, seed):
    X, labels = make_blobs(1000, 3, centers=8, cluster_std=0.4, random_state=seed)
    means = np.array([X[labels == k].mean(axis=0) for k in range(8)])
    model = GaussianMixture(8, covariance_type=covariance_type, means_init=means)
    searched = GaussianMixture(8, covariance_type=covariance_type, random_state=0)
    found = model.fit(X).log_likelihood_
    assert found > searched.fit(X).log_likelihood_ - 1e-3
    np.testing.assert_allclose(model.means_, means, atol=0.2)


def test_means_of_the_species():
    X, species = load_iris(return_X_y=True)
    means = np.array([X[species == k].mean(axis=0) for k in range(3)])
    labels = GaussianMixture(3, means_init=means).fit_predict(X)
    assert (labels == species).mean() == pytest.approx(0.967, abs=1e-3)


@every_type
def test_the_start_is_the_spread_about_the_nearest_means(covariance_type):
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal([-4, 0], 1, (50, 2)), rng.normal([4, 0], 1, (70, 2))])
    means = np.array([[-4.0, 1.0], [5.0, 0.0]])
    model = GaussianMixture(
        2, covariance_type=covariance_type, means_init=means, max_iter=0
    )
    model.fit(X)
    within = np.vstack([X[:50] - X[:50].mean(axis=0), X[50:] - X[50:].mean(axis=0)])
    covariance = within.T @ within / len(X)
    expected = {
        "full": [covariance] * 2,
        "tied": covariance,
        "diag": [covariance.diagonal()] * 2,
        "spherical": [covariance.trace() / 2] * 2,
    }[covariance_type]
    np.testing.assert_array_equal(model.means_, means)
    np.testing.assert_array_equal(model.weights_, [0.5, 0.5])
    if covariance_type != "spherical":  # which is a mean in the units of the fit
        np.testing.assert_allclose(model.covariances_, expected, rtol=1e-9)


@every_type
def test_means_that_no_row_is_near_and_rows_that_are_means(covariance_type):
    X = np.repeat([[0.0, 0.0], [1.0, 3.0], [2.0, 1.0]], 10, axis=0)
    settings = {"covariance_type": covariance_type, "max_iter": 500}
    with pytest.warns(match="."):  # of so few distinct rows
        model = GaussianMixture(3, means_init=X[::10], **settings).fit(X)
    np.testing.assert_allclose(model.means_, X[::10], atol=1e-6)
    X = np.random.default_rng(0).standard_normal((100, 2))
    far = [[0.0, 0.0], [1e3, 0.0]]
    model = GaussianMixture(2, means_init=far, **settings).fit(X)
    assert np.isfinite(model.log_likelihood_)
