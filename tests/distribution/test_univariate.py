"""Distribution function and quantiles of one column."""

import numpy as np
import pytest
from random_densities import SEEDS, random_density
from scipy.integrate import quad
from scipy.stats import norm

from mixtura.distribution.univariate import Univariate


def univariate(seed, n_components=4):
    return Univariate.of(random_density(seed, n_components, n_features=1))


@pytest.mark.parametrize("seed", SEEDS)
class TestUnivariate:
    def test_cdf_is_the_integral_of_the_density(self, seed):
        mixture = univariate(seed)
        x = np.linspace(-6, 6, 9)
        area = [quad(lambda t: np.exp(mixture.log_density(t)), -60, b)[0] for b in x]
        np.testing.assert_allclose(mixture.cdf(x), area, atol=1e-9)

    def test_quantile_inverts_cdf(self, seed):
        mixture = univariate(seed)
        p = np.r_[1e-300, 1e-20, 1e-3, np.linspace(0.01, 0.99, 30)]
        np.testing.assert_allclose(mixture.cdf(mixture.quantile(p)), p, rtol=1e-9)

    def test_quantile_in_the_upper_tail_matches_what_is_above(self, seed):
        mixture = univariate(seed)
        p = 1 - 2.0 ** -np.arange(2, 50)
        mirrored = Univariate(mixture.weights, -mixture.means, mixture.deviations)
        expected = -mirrored.quantile(1 - p)
        np.testing.assert_allclose(mixture.quantile(p), expected, rtol=1e-12)

    def test_quantile_increases(self, seed):
        p = np.linspace(0, 1, 1001)
        q = univariate(seed).quantile(p)
        assert q[0] == -np.inf and q[-1] == np.inf
        assert (np.diff(q[1:-1]) > 0).all()

    def test_a_stack_of_mixtures_is_each_of_them(self, seed):
        rng = np.random.default_rng(seed)
        weights = rng.dirichlet(np.ones(3), size=5)
        means, deviations = rng.standard_normal((5, 3)), rng.uniform(0.1, 2, 3)
        p = np.array([0.05, 0.5, 0.95])
        stack = Univariate(weights[:, None], means[:, None], deviations)
        together = stack.quantile(np.broadcast_to(p, (5, 3)))
        for i in range(5):
            alone = Univariate(weights[i], means[i], deviations).quantile(p)
            np.testing.assert_allclose(together[i], alone, rtol=1e-13)


def test_one_component_is_normal():
    one = Univariate(np.ones(1), np.array([1e8]), np.array([3.0]))
    p = np.array([0.001, 0.4, 0.5, 0.975])
    np.testing.assert_allclose(one.quantile(p), norm.ppf(p, 1e8, 3.0), rtol=1e-15)


@pytest.mark.parametrize("gap", [1e3, 1e100, 1e300])
def test_quantiles_on_either_side_of_a_gap(gap):
    apart = Univariate(np.array([0.25, 0.75]), np.array([0.0, gap]), np.ones(2))
    low, high = apart.quantile(np.array([0.125, 0.625]))
    assert abs(low) < 1e-15
    np.testing.assert_allclose(high, gap, rtol=1e-15)


def test_a_component_without_weight_does_not_count():
    mixture = Univariate(np.array([1.0, 0.0]), np.array([0.0, 50.0]), np.ones(2))
    assert mixture.cdf(np.array(45.0)) == 1.0
    expected = norm.ppf(0.9)
    np.testing.assert_allclose(mixture.quantile(np.array(0.9)), expected, rtol=1e-14)
