"""Moments against integrals and draws, and their behaviour under change of units."""

import numpy as np
import pytest
from random_densities import SEEDS, moved, random_density
from scipy.integrate import quad
from scipy.stats import norm

from mixtura.distribution.density import deviations, draw, gaussian_mixture, mean
from mixtura.distribution.moments import covariance, excess_kurtosis, skewness


def integral(params, function):
    """E[function(x)] of a mixture of one column, by quadrature a component."""
    components = params.components
    total = 0.0
    for weight, m, variance in zip(
        params.weights,
        components.means[:, 0],
        components.covariances[:, 0, 0],
        strict=True,
    ):
        s = np.sqrt(variance)

        def integrand(x, m=m, s=s):
            return function(x) * norm.pdf(x, m, s)

        total += weight * quad(integrand, m - 12 * s, m + 12 * s)[0]
    return total


@pytest.mark.parametrize("seed", SEEDS)
class TestMoments:
    def test_they_are_the_integrals(self, seed):
        params = random_density(seed, n_features=1)
        center = integral(params, lambda x: x)
        variance = integral(params, lambda x: (x - center) ** 2)
        third = integral(params, lambda x: (x - center) ** 3)
        fourth = integral(params, lambda x: (x - center) ** 4)
        np.testing.assert_allclose(mean(params), center, rtol=1e-8)
        np.testing.assert_allclose(covariance(params), variance, rtol=1e-8)
        np.testing.assert_allclose(skewness(params), third / variance**1.5, atol=1e-8)
        expected = fourth / variance**2 - 3
        np.testing.assert_allclose(excess_kurtosis(params), expected, atol=1e-8)

    def test_draws_have_them(self, seed):
        params = random_density(seed)
        rng = np.random.default_rng(seed)
        n = 400_000
        X = draw(params, rng.multinomial(n, params.weights), rng)
        difference = X - mean(params)
        products = difference[:, :, None] * difference[:, None, :]
        error = products.std(axis=0) / np.sqrt(n)
        shift = np.abs(products.mean(axis=0) - covariance(params))
        assert (shift < 5 * error).all()
        z = difference / deviations(params)
        for power, expected in ((3, skewness(params)), (4, excess_kurtosis(params))):
            error = (z**power).std(axis=0) / np.sqrt(n)
            less = 3 * (power == 4)
            assert (np.abs((z**power).mean(axis=0) - less - expected) < 5 * error).all()

    @pytest.mark.parametrize("shift, scale", [(1e8, 1.0), (0.0, 1e150), (0, 1e-150)])
    def test_shape_does_not_depend_on_units(self, seed, shift, scale):
        params = random_density(seed)
        other = moved(params, shift, np.full(3, scale))
        for function in (skewness, excess_kurtosis):
            expected = function(params)
            np.testing.assert_allclose(function(other), expected, atol=1e-6)
        expected = covariance(params) * scale**2
        np.testing.assert_allclose(
            covariance(other) / scale**2, expected / scale**2, rtol=1e-6
        )


def test_one_component_is_normal():
    params = random_density(0, n_components=1)
    np.testing.assert_array_equal(mean(params), params.components.means[0])
    same = params.components.covariances[0]
    np.testing.assert_allclose(covariance(params), same, rtol=1e-15)
    np.testing.assert_array_equal(skewness(params), np.zeros(3))
    np.testing.assert_allclose(excess_kurtosis(params), np.zeros(3), atol=1e-14)


def test_components_too_far_apart_for_a_square_have_a_deviation():
    far = np.array([[0.0], [2e200]])
    params = gaussian_mixture(np.array([0.5, 0.5]), far, np.ones((2, 1, 1)))
    np.testing.assert_allclose(deviations(params), 1e200, rtol=1e-15)
    np.testing.assert_allclose(excess_kurtosis(params), -2.0, rtol=1e-14)
