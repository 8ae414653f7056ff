"""Draws from a fitted mixture, and mixtures made from parameters."""

import numpy as np
import pytest
from mixtures import ATTRIBUTES, SEEDS, TYPES, bits, clusters, fitted
from scipy import stats

from mixtura import BayesianGaussianMixture, GaussianMixture
from mixtura.exceptions import DegenerateDataWarning

N_DRAWS = 4000


def covariances_of(model):
    """One matrix a component."""
    values = model.covariances_
    return {
        "full": lambda: values,
        "tied": lambda: np.tile(values, (3, 1, 1)),
        "diag": lambda: values[:, :, None] * np.eye(3),
        "spherical": lambda: values[:, None, None] * np.eye(3),
    }[model.covariance_type]()


@pytest.mark.parametrize("unit", [2.0**-540, 2.0**520])
@pytest.mark.parametrize("covariance_type", [*TYPES, "VEV", "factors:1"])
@pytest.mark.parametrize("kind", [GaussianMixture, BayesianGaussianMixture])
def test_draws_outlast_covariances(kind, covariance_type, unit):
    """These are 0 or infinite where the columns are still numbers."""
    if kind is BayesianGaussianMixture and covariance_type not in TYPES:
        pytest.skip("no such structure")
    model = kind(2, covariance_type=covariance_type, random_state=0)
    X = clusters(0)
    usual, labels = model.fit(X).sample(200, random_state=1)
    with pytest.warns(DegenerateDataWarning, match="so small or large"):
        model.fit(X * unit)
    drawn, same = model.sample(200, random_state=1)
    np.testing.assert_array_equal(same, labels)
    np.testing.assert_allclose(drawn, usual * unit, rtol=1e-6, atol=1e-6 * unit)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_moments_of_each_component(covariance_type, seed):
    """Whitened by the true moments, draws are standard normal."""
    model = fitted(covariance_type)
    X, labels = model.sample(N_DRAWS, random_state=seed)
    for k, covariance in enumerate(covariances_of(model)):
        rows = X[labels == k] - model.means_[k]
        white = np.linalg.solve(np.linalg.cholesky(covariance), rows.T)
        n = len(rows)
        assert np.abs(white.mean(axis=1)).max() * np.sqrt(n) < 5
        products = white @ white.T / n
        deviations = np.where(np.eye(3), np.sqrt(2 / n), np.sqrt(1 / n))
        assert np.abs((products - np.eye(3)) / deviations).max() < 5
        assert stats.kstest(white.ravel(), "norm").pvalue > 1e-6


@pytest.mark.parametrize("covariance_type", TYPES)
def test_counts_are_multinomial(covariance_type):
    model = fitted(covariance_type)
    n, repeats = 50, 300
    counts = np.array(
        [
            np.bincount(model.sample(n, random_state=i)[1], minlength=3)
            for i in range(repeats)
        ]
    )
    assert (counts.sum(axis=1) == n).all()
    expected, variance = n * model.weights_, n * model.weights_ * (1 - model.weights_)
    z = (counts.mean(axis=0) - expected) / np.sqrt(variance / repeats)
    assert np.abs(z).max() < 5
    ratio = counts.var(axis=0, ddof=1) / variance
    assert np.abs(ratio - 1).max() < 5 * np.sqrt(2 / repeats)


def test_shape_order_and_size():
    model = fitted("full")
    for n in (1, 2, 31, 1000):
        X, labels = model.sample(n)
        assert X.shape == (n, 3)
        assert labels.shape == (n,)
        assert (np.diff(labels) >= 0).all()
    assert model.sample()[0].shape == (1, 3)
    assert model.sample(np.int64(4))[0].shape == (4, 3)


def test_the_seed_is_the_argument_or_the_estimators():
    model = GaussianMixture(3, random_state=4).fit(clusters(0))
    default = model.sample(30)[0]
    np.testing.assert_array_equal(default, model.sample(30)[0])
    np.testing.assert_array_equal(default, model.sample(30, random_state=4)[0])
    assert not np.array_equal(default, model.sample(30, random_state=5)[0])
    stream = np.random.RandomState(4)
    np.testing.assert_array_equal(default, model.sample(30, random_state=stream)[0])
    assert not np.array_equal(default, model.sample(30, random_state=stream)[0])
    unseeded = GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]])
    assert not np.array_equal(unseeded.sample(5)[0], unseeded.sample(5)[0])


@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_fit_to_draws_finds_the_model(covariance_type):
    model = fitted(covariance_type)
    X, _ = model.sample(N_DRAWS, random_state=0)
    again = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    gained = again.score(X) - model.score(X)
    n_parameters = (again.bic(X) + 2 * N_DRAWS * again.score(X)) / np.log(N_DRAWS)
    assert 0 <= gained < 2 * n_parameters / N_DRAWS


class TestFromParameters:
    @pytest.mark.parametrize("covariance_type", TYPES)
    def test_round_trip(self, covariance_type):
        model, X = fitted(covariance_type), clusters(0)
        copy = GaussianMixture.from_parameters(
            model.weights_, model.means_, model.covariances_, covariance_type
        )
        np.testing.assert_array_equal(copy.means_, model.means_)
        np.testing.assert_array_equal(copy.covariances_, model.covariances_)
        for name in ATTRIBUTES:
            np.testing.assert_allclose(
                getattr(copy, name), getattr(model, name), rtol=1e-11, atol=1e-13
            )
        np.testing.assert_allclose(copy.score_samples(X), model.score_samples(X))
        np.testing.assert_array_equal(copy.predict(X), model.predict(X))
        np.testing.assert_allclose(copy.bic(X), model.bic(X))
        twice = GaussianMixture.from_parameters(
            copy.weights_, copy.means_, copy.covariances_, covariance_type
        )
        assert bits(twice) == bits(copy)

    def test_values_are_copied_and_names_kept(self):
        means = np.array([[0.0, 1.0]])
        model = GaussianMixture.from_parameters(
            [1.0], means, [[1.0, 2.0]], "diag", feature_names=["a", "b"]
        )
        means[:] = 9
        assert model.means_.tolist() == [[0.0, 1.0]]
        assert model.feature_names_in_.tolist() == ["a", "b"]
        assert model.n_features_in_ == 2
        assert model.get_params()["n_components"] == 1

    def test_densities_are_scipys(self):
        covariance = np.array([[2.0, 0.3], [0.3, 0.5]])
        model = GaussianMixture.from_parameters(
            [0.25, 0.75], [[0.0, 0.0], [1.0, -1.0]], [covariance, np.eye(2)]
        )
        X = np.random.default_rng(0).standard_normal((20, 2))
        density = 0.25 * stats.multivariate_normal([0, 0], covariance).pdf(X)
        density += 0.75 * stats.multivariate_normal([1, -1], np.eye(2)).pdf(X)
        np.testing.assert_allclose(model.score_samples(X), np.log(density), rtol=1e-12)

    def test_a_fit_may_start_from_it(self):
        model = GaussianMixture.from_parameters(
            [0.5, 0.5], [[0.0] * 3, [1.0] * 3], np.ones((2, 3)), "diag"
        ).set_params(warm_start=True)
        model.fit(clusters(0))
        assert model.converged_

    def test_weights_of_a_mixture_are_taken_to_the_bit(self):
        rng = np.random.default_rng(0)
        for size in (2, 3, 7, 20) * 20:
            weights = rng.dirichlet(np.ones(size))
            weights /= weights.sum()
            means, ones = np.zeros((size, 1)), np.ones((size, 1))
            arguments = (means, ones, "diag")
            once = GaussianMixture.from_parameters(weights, *arguments).weights_
            again = GaussianMixture.from_parameters(once, *arguments).weights_
            assert once.tobytes() == weights.tobytes() == again.tobytes()
