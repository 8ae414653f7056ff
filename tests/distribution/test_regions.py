"""Highest-density regions have the probability they are asked for."""

import numpy as np
import pytest
from random_densities import SEEDS, moved, random_density
from scipy.stats import norm

from mixtura.distribution.density import draw, gaussian_mixture, log_density
from mixtura.distribution.regions import density_level, highest_density_intervals
from mixtura.distribution.univariate import Univariate

PROBABILITIES = (1e-6, 0.1, 0.5, 0.9, 0.999, 1 - 1e-12)


def rng(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("probability", PROBABILITIES)
@pytest.mark.parametrize("seed", SEEDS)
class TestIntervals:
    def test_they_have_the_probability(self, seed, probability):
        params = random_density(seed, 4, n_features=1, spread=4.0)
        intervals = highest_density_intervals(params, probability)
        inside = np.diff(Univariate.of(params).cdf(intervals), axis=1).sum()
        assert abs(inside - probability) < 1e-10

    def test_the_density_is_the_same_at_all_ends_and_less_outside(
        self, seed, probability
    ):
        params = random_density(seed, 4, n_features=1, spread=4.0)
        intervals = highest_density_intervals(params, probability)
        level = density_level(params, probability, 10, rng(seed))
        mixture = Univariate.of(params)
        ends = mixture.log_density(intervals)
        np.testing.assert_allclose(ends, level.value, atol=1e-8)
        assert level.standard_error == 0
        x = np.linspace(-30, 30, 20_001)
        inside = ((x[:, None] > intervals[:, 0]) & (x[:, None] < intervals[:, 1])).any(
            axis=1
        )
        clear = np.abs(mixture.log_density(x) - level.value) > 1e-8
        above = mixture.log_density(x) > level.value
        np.testing.assert_array_equal(inside[clear], above[clear])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("probability", [0.5, 0.95])
def test_draws_fall_into_the_region_as_often_as_they_should(seed, probability):
    params = random_density(seed, 4)
    n = 200_000
    level = density_level(params, probability, n, rng(seed))
    counts = rng(seed + 1).multinomial(n, params.weights)
    X = draw(params, counts, rng(seed + 2))
    share = (log_density(params, X) >= level.value).mean()
    # The level and the share each have the binomial error.
    error = np.sqrt(2 * probability * (1 - probability) / n)
    assert abs(share - probability) < 5 * error


def test_the_standard_error_is_that_of_repetitions():
    params = random_density(0, 4, n_features=2)
    levels = [density_level(params, 0.9, 5000, rng(seed)) for seed in range(60)]
    observed = np.std([level.value for level in levels], ddof=1)
    stated = np.mean([level.standard_error for level in levels])
    assert 0.65 < observed / stated < 1.5


@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_one_component_is_an_ellipsoid(n_features):
    params = random_density(3, 1, n_features)
    level = density_level(params, 0.9, 10, rng(0))
    assert level.standard_error == 0
    X = draw(params, np.array([200_000]), rng(0))
    share = (log_density(params, X) >= level.value).mean()
    assert abs(share - 0.9) < 5 * np.sqrt(0.09 / 200_000)


def test_the_intervals_of_a_normal_variable_are_its_quantiles():
    params = gaussian_mixture(np.ones(1), np.full((1, 1), 1e8), np.full((1, 1, 1), 4.0))
    intervals = highest_density_intervals(params, 0.95)
    expected = norm.ppf([[0.025, 0.975]], 1e8, 2.0)
    np.testing.assert_allclose(intervals, expected, rtol=1e-14)


@pytest.mark.parametrize("n_features", [1, 3])
def test_shift_and_scale_go_through(n_features):
    params = random_density(1, 4, n_features)
    scale = 2.0 ** np.arange(5, 5 + n_features)
    other = moved(params, 2.0**27, scale)
    expected = density_level(params, 0.8, 10_000, rng(0))
    level = density_level(other, 0.8, 10_000, rng(0))
    shifted = expected.value - np.log(scale).sum()
    np.testing.assert_allclose(level.value, shifted, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_two_needles_far_apart_get_an_interval_each(scale):
    means = np.array([[0.0], [1e9]]) * scale
    narrow = np.full((2, 1, 1), scale**2)
    params = gaussian_mixture(np.array([0.5, 0.5]), means, narrow)
    intervals = highest_density_intervals(params, 0.9) / scale
    reach = norm.ppf(0.95)
    expected = [[-reach, reach], [1e9 - reach, 1e9 + reach]]
    np.testing.assert_allclose(intervals, expected, rtol=1e-7)  # 1e9 has 1e-7
