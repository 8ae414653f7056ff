"""Marginals and conditionals obey the laws of probability."""

import numpy as np
import pytest
from random_densities import SEEDS, brute_log_density, moved, random_density

from mixtura.distribution import conditioning
from mixtura.distribution.conditioning import Regression, marginal
from mixtura.distribution.density import (
    draw,
    gaussian_mixture,
    log_density,
)
from mixtura.distribution.moments import covariance, mean

GIVEN, COLUMNS = np.array([3, 0]), np.array([1, 2])


def arrays(params):
    components = params.components
    return params.weights, components.means, components.covariances


@pytest.mark.parametrize("seed", SEEDS)
class TestLaws:
    def test_a_marginal_of_a_marginal_is_a_marginal(self, seed):
        params = random_density(seed, n_features=4)
        twice = marginal(marginal(params, np.array([3, 0, 2])), np.array([2, 0]))
        once = marginal(params, np.array([2, 3]))
        for actual, expected in zip(arrays(twice), arrays(once), strict=True):
            np.testing.assert_array_equal(actual, expected)

    def test_joint_is_marginal_times_conditional(self, seed):
        params = random_density(seed, n_features=4)
        regression = Regression.of(params, GIVEN, COLUMNS)
        rows = 4 * np.random.default_rng(seed).standard_normal((20, 4))
        joint = brute_log_density(params, rows)
        for row, expected in zip(rows, joint, strict=True):
            at = regression.at(row[GIVEN])
            y = log_density(regression.given, row[None, GIVEN])[0]
            x = log_density(at, row[None, COLUMNS])[0]
            assert abs(x + y - expected) < 1e-10 * max(1, abs(expected))

    def test_columns_in_neither_are_integrated_out(self, seed):
        params = random_density(seed, n_features=4)
        value = np.array([0.3])
        small = Regression.of(params, np.array([2]), np.array([1])).at(value)
        large = Regression.of(params, np.array([2]), np.array([0, 1, 3])).at(value)
        expected = marginal(large, np.array([1]))
        for a, b in zip(arrays(small), arrays(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)

    def test_conditioning_in_two_steps_is_conditioning_at_once(self, seed):
        params = random_density(seed, n_features=4)
        y = np.array([0.5, -1.0])
        at_once = Regression.of(params, np.array([0, 1]), np.array([2, 3])).at(y)
        first = Regression.of(params, np.array([0]), np.array([1, 2, 3])).at(y[:1])
        then = Regression.of(first, np.array([0]), np.array([1, 2])).at(y[1:])
        for a, b in zip(arrays(then), arrays(at_once), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)

    def test_total_expectation_and_total_variance(self, seed):
        params = random_density(seed, n_features=4)
        regression = Regression.of(params, GIVEN, COLUMNS)
        rng = np.random.default_rng(seed)
        n = 200_000
        Y = draw(regression.given, rng.multinomial(n, params.weights), rng)
        means, variances = regression.mean_and_covariance(Y)
        expected = marginal(params, COLUMNS)
        error = means.std(axis=0) / np.sqrt(n)
        assert (np.abs(means.mean(axis=0) - mean(expected)) < 5 * error).all()
        outer = means - mean(expected)
        parts = variances + outer[:, :, None] * outer[:, None, :]
        error = parts.std(axis=0) / np.sqrt(n)
        assert (np.abs(parts.mean(axis=0) - covariance(expected)) < 5 * error).all()

    def test_moments_of_rows_are_those_of_each_conditional(self, seed, monkeypatch):
        monkeypatch.setattr(conditioning, "BLOCK_ELEMENTS", 40)
        params = random_density(seed, n_features=4)
        regression = Regression.of(params, GIVEN, COLUMNS)
        Y = 3 * np.random.default_rng(seed).standard_normal((30, 2))
        means, covariances = regression.mean_and_covariance(Y)
        other_means, variances = regression.mean_and_variance(Y)
        np.testing.assert_array_equal(other_means, means)
        np.testing.assert_array_equal(regression.mean(Y), means)
        diagonals = np.diagonal(covariances, axis1=1, axis2=2)
        np.testing.assert_allclose(variances, diagonals, rtol=1e-13)
        for i, y in enumerate(Y):
            at = regression.at(y)
            np.testing.assert_allclose(means[i], mean(at), rtol=1e-11, atol=1e-13)
            np.testing.assert_allclose(covariances[i], covariance(at), rtol=1e-11)

    def test_shift_and_scale_go_through(self, seed):
        params = random_density(seed, n_features=4)
        scale = np.array([1024.0, 2.0**-20, 1.0, 8.0])
        shift = np.array([0.0, 1e3, 0.0, 2.0**27])
        Y = 3 * np.random.default_rng(seed).standard_normal((30, 2))
        plain = Regression.of(params, GIVEN, COLUMNS)
        other = Regression.of(moved(params, shift, scale), GIVEN, COLUMNS)
        means, deviations = plain.mean_and_variance(Y)
        seen = other.mean_and_variance(Y * scale[GIVEN] + shift[GIVEN])
        back = (seen[0] - shift[COLUMNS]) / scale[COLUMNS]
        np.testing.assert_allclose(back, means, atol=2e-6)
        np.testing.assert_allclose(seen[1] / scale[COLUMNS] ** 2, deviations, rtol=2e-6)


@pytest.mark.parametrize("far", [1e3, 1e8, 1e100, 1e200, 1e300])
def test_far_away_the_conditional_is_that_of_one_component(far):
    params = random_density(0)
    regression = Regression.of(params, np.array([0]), np.array([1, 2]))
    weights = regression.component_weights(np.array([[far]]))
    widest = params.components.covariances[:, 0, 0].argmax()
    assert weights[0, widest] == 1
    means, covariances = regression.mean_and_covariance(np.array([[far]]))
    assert np.isfinite(means).all()
    np.testing.assert_allclose(covariances[0], regression.covariances[widest])
    slope = regression.slopes[widest, 0]
    np.testing.assert_allclose(means[0] / far, slope, rtol=0.02)


@pytest.mark.parametrize("noise", [1e-2, 1e-5, 1e-7])
def test_nearly_dependent_columns_have_a_positive_conditional_variance(noise):
    # x = y + noise: the variance of x given y is noise^2 / (1 + noise^2) nearly.
    matrix = np.array([[1.0, 1.0], [1.0, 1.0 + noise**2]])
    params = gaussian_mixture(np.ones(1), np.full((1, 2), 1e8), matrix[None])
    regression = Regression.of(params, np.array([0]), np.array([1]))
    variance = regression.covariances[0, 0, 0]
    np.testing.assert_allclose(variance, matrix[1, 1] - 1, rtol=1e-12)
    np.testing.assert_allclose(regression.slopes[0], 1.0, rtol=1e-12)
    assert regression.mean(np.array([[1e8 + 2]]))[0, 0] == 1e8 + 2


def test_a_component_without_weight_has_none_anywhere():
    params = random_density(0)
    weights = np.array([0.4, 0.0, 0.6])
    dead = gaussian_mixture(
        weights, params.components.means, params.components.covariances
    )
    regression = Regression.of(dead, np.array([0]), np.array([1, 2]))
    Y = np.linspace(-9, 9, 7)[:, None]
    assert (regression.component_weights(Y)[:, 1] == 0).all()
    alive = gaussian_mixture(
        weights[[0, 2]],
        params.components.means[[0, 2]],
        params.components.covariances[[0, 2]],
    )
    expected = Regression.of(alive, np.array([0]), np.array([1, 2])).mean(Y)
    np.testing.assert_allclose(regression.mean(Y), expected, rtol=1e-12)
