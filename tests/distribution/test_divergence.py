"""Entropy and divergences: closed forms, bounds, integrals, Monte Carlo errors."""

import numpy as np
import pytest
from random_densities import moved, random_density
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from mixtura.distribution.density import gaussian_mixture
from mixtura.distribution.divergence import (
    entropy,
    jensen_shannon_divergence,
    kl_divergence,
    kl_variational_approximation,
)
from mixtura.distribution.estimate import Estimate
from mixtura.distribution.pairwise import (
    bhattacharyya_distances,
    kl_divergences,
    log_overlaps,
)
from mixtura.distribution.univariate import Univariate

N = 20_000


def rng(seed=0):
    return np.random.default_rng(seed)


def integral(function, f, g):
    """Integrate function(log f, log g) over the line."""
    f, g = Univariate.of(f), Univariate.of(g)
    points = sorted([*f.means, *g.means])
    return quad(
        lambda x: function(f.log_density(x), g.log_density(x)),
        min(points) - 40,
        max(points) + 40,
        points=points,
        limit=500,
    )[0]


def of_jensen_shannon(a, b):
    middle = np.logaddexp(a, b) - np.log(2)
    return (np.exp(a) * (a - middle) + np.exp(b) * (b - middle)) / 2


def within(estimate, exact):
    assert abs(estimate.value - exact) < 5 * estimate.standard_error + 1e-9
    assert estimate.lower - 1e-9 <= exact <= estimate.upper + 1e-9


@pytest.mark.parametrize("seed", range(8))
class TestAgainstIntegrals:
    def pair(self, seed):
        return random_density(seed, 3, 1), random_density(seed + 100, 2, 1)

    def test_entropy(self, seed):
        f, _ = self.pair(seed)
        exact = integral(lambda a, b: -np.exp(a) * a, f, f)
        within(entropy(f, N, rng(seed)), exact)

    def test_kl_divergence(self, seed):
        f, g = self.pair(seed)
        exact = integral(lambda a, b: np.exp(a) * (a - b), f, g)
        within(kl_divergence(f, g, N, rng(seed)), exact)

    def test_jensen_shannon_divergence(self, seed):
        f, g = self.pair(seed)
        exact = integral(of_jensen_shannon, f, g)
        within(jensen_shannon_divergence(f, g, N, rng(seed)), exact)


@pytest.mark.parametrize("n_features", [1, 2, 5])
@pytest.mark.parametrize("spread", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("seed", range(4))
class TestBounds:
    def pair(self, seed, spread, n_features):
        f = random_density(seed, 4, n_features, spread)
        return f, random_density(seed + 50, 3, n_features, spread)

    def sandwiched(self, estimate):
        assert estimate.lower <= estimate.value + 5 * estimate.standard_error
        assert estimate.value - 5 * estimate.standard_error <= estimate.upper

    def test_they_enclose_the_estimates(self, seed, spread, n_features):
        f, g = self.pair(seed, spread, n_features)
        self.sandwiched(entropy(f, N, rng()))
        self.sandwiched(kl_divergence(f, g, N, rng()))
        self.sandwiched(jensen_shannon_divergence(f, g, N, rng()))


class TestOneComponent:
    f, g = random_density(0, 1, 3), random_density(1, 1, 3)

    def test_entropy_is_the_closed_form(self):
        components = self.f.components
        normal = multivariate_normal(components.means[0], components.covariances[0])
        estimate = entropy(self.f, 2, rng())
        np.testing.assert_allclose(estimate.value, normal.entropy(), rtol=1e-13)
        assert estimate == Estimate(estimate.value, 0.0, estimate.value, estimate.value)

    def test_kl_divergence_is_the_closed_form(self):
        a, b = self.f.components, self.g.components
        inverse = np.linalg.inv(b.covariances[0])
        shift = b.means[0] - a.means[0]
        ratio = inverse @ a.covariances[0]
        exact = np.trace(ratio) - 3 + shift @ inverse @ shift
        exact = (exact - np.linalg.slogdet(ratio)[1]) / 2
        estimate = kl_divergence(self.f, self.g, 2, rng())
        np.testing.assert_allclose(estimate.value, exact, rtol=1e-12)
        assert estimate.standard_error == 0
        assert estimate.lower == estimate.value == estimate.upper
        approximate = kl_variational_approximation(self.f, self.g)
        np.testing.assert_allclose(approximate, exact, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_a_mixture_is_at_no_distance_from_itself(seed):
    f = random_density(seed)
    for function in (kl_divergence, jensen_shannon_divergence):
        estimate = function(f, f, 1000, rng())
        assert estimate.value == estimate.standard_error == 0
        assert estimate.lower <= 0 <= estimate.upper < 1e-9
    assert kl_variational_approximation(f, f) == 0


def test_splitting_a_component_changes_nothing():
    f = random_density(0, 2, 2)
    components = f.components
    twice = gaussian_mixture(
        np.array([f.weights[0], 0.3 * f.weights[1], 0.7 * f.weights[1]]),
        components.means[[0, 1, 1]],
        components.covariances[[0, 1, 1]],
    )
    estimate = kl_divergence(f, twice, 1000, rng())
    assert abs(estimate.value) < 1e-12
    assert estimate.upper < 1e-8  # which pairs the halves with their whole


@pytest.mark.parametrize("seed", range(3))
def test_pairs_of_components_in_one_dimension(seed):
    f, g = random_density(seed, 2, 1), random_density(seed + 9, 3, 1)
    for a in range(2):
        for b in range(3):
            one = [
                gaussian_mixture(
                    np.ones(1),
                    params.components.means[[k]],
                    params.components.covariances[[k]],
                )
                for params, k in ((f, a), (g, b))
            ]
            kl = integral(lambda p, q: np.exp(p) * (p - q), *one)
            overlap = integral(lambda p, q: np.exp(p + q), *one)
            affinity = integral(lambda p, q: np.exp((p + q) / 2), *one)
            pair = f.components, g.components
            np.testing.assert_allclose(kl_divergences(*pair)[a, b], kl, rtol=1e-6)
            np.testing.assert_allclose(
                log_overlaps(*pair)[a, b], np.log(overlap), atol=1e-6
            )
            np.testing.assert_allclose(
                bhattacharyya_distances(*pair)[a, b], -np.log(affinity), atol=1e-6
            )


@pytest.mark.parametrize("shift", [0.0, 2.0**27])
@pytest.mark.parametrize("scale", [2.0**-60, 1.0, 2.0**60])
def test_shift_and_scale_go_through(shift, scale):
    f, g = random_density(0), random_density(1)
    if scale < 1 and shift > 0:
        shift *= scale  # else the rounding of the means themselves is seen
    scales = np.full(3, scale)
    f2, g2 = moved(f, shift, scales), moved(g, shift, scales)
    expected, actual = entropy(f, N, rng()), entropy(f2, N, rng())
    moved_by = 3 * np.log(scale)
    np.testing.assert_allclose(actual.value - moved_by, expected.value, atol=1e-6)
    np.testing.assert_allclose(actual.upper - moved_by, expected.upper, atol=1e-6)
    expected, actual = kl_divergence(f, g, N, rng()), kl_divergence(f2, g2, N, rng())
    for name in ("value", "standard_error", "lower", "upper"):
        a, b = getattr(actual, name), getattr(expected, name)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("gap", [1e3, 1e100, 1e200])
def test_mixtures_far_apart(gap):
    f = random_density(0)
    g = moved(f, gap, np.ones(3))
    for estimate in (kl_divergence(f, g, 500, rng()), kl_divergence(g, f, 500, rng())):
        values = [estimate.value, estimate.standard_error]
        assert np.isfinite([*values, estimate.lower, estimate.upper]).all()
        assert estimate.value > gap
    estimate = jensen_shannon_divergence(f, g, 500, rng())
    np.testing.assert_allclose(
        [estimate.value, estimate.lower, estimate.upper], np.log(2), rtol=1e-12
    )


def test_components_far_apart_add_the_entropy_of_the_choice():
    f = random_density(0, 1, 2)
    components = f.components
    apart = gaussian_mixture(
        np.array([0.25, 0.75]),
        np.array([[0.0, 0.0], [1e6, 0.0]]),
        components.covariances[[0, 0]],
    )
    estimate = entropy(apart, N, rng())
    choice = -0.25 * np.log(0.25) - 0.75 * np.log(0.75)
    exact = entropy(f, 2, rng()).value + choice
    np.testing.assert_allclose([estimate.lower, estimate.upper], exact, rtol=1e-12)
    within(estimate, exact)


@pytest.mark.slow
@pytest.mark.parametrize("function", [entropy, kl_divergence])
def test_the_standard_error_is_that_of_repetitions(function):
    f, g = random_density(4, 8, 2), random_density(5, 3, 2)
    pair = (f,) if function is entropy else (f, g)
    estimates = [function(*pair, 1000, rng(seed)) for seed in range(80)]
    observed = np.std([estimate.value for estimate in estimates], ddof=1)
    stated = np.mean([estimate.standard_error for estimate in estimates])
    assert 0.7 < observed / stated < 1.4


APART = (
    gaussian_mixture(
        np.array([0.0428, 0.9572]),
        np.array([[-5.79], [-3.61]]),
        np.array([[[0.49]], [[0.81]]]),
    ),
    gaussian_mixture(
        np.array([0.159, 0.841]),
        np.array([[4.146], [5.965]]),
        np.array([[[1.42]], [[1.19]]]),
    ),
)
NEAR = random_density(6, 3, 1), moved(random_density(6, 3, 1), 0.01, np.ones(1))


@pytest.mark.slow
@pytest.mark.parametrize("pair", [APART, NEAR], ids=["apart", "near"])
def test_the_standard_error_near_either_end_of_jensen_shannon_is_honest(pair):
    exact = integral(of_jensen_shannon, *pair)
    estimates = [
        jensen_shannon_divergence(*pair, 1000, rng(seed)) for seed in range(100)
    ]
    errors = np.array([estimate.value - exact for estimate in estimates])
    stated = np.array([estimate.standard_error for estimate in estimates])
    assert (np.abs(errors) < 1.96 * stated).mean() > 0.87
    assert 0.8 < errors.std() / stated.mean() < 1.25
    assert stated.max() < 1e-5 + 0.1 * min(exact, np.log(2) - exact)


def test_noise_that_both_have_and_turns_leave_jensen_shannon_as_it_is():
    turn = np.linalg.qr(rng().normal(size=(3, 3)))[0] * [1.0, 3.0, 0.2]

    def in_three_columns(params):
        components = params.components
        means = np.pad(components.means, [(0, 0), (0, 2)])
        matrices = np.tile(np.eye(3), (len(means), 1, 1))
        matrices[:, 0, 0] = components.covariances[:, 0, 0]
        return gaussian_mixture(
            params.weights, means @ turn.T, turn @ matrices @ turn.T
        )

    exact = integral(of_jensen_shannon, *APART)
    f, g = map(in_three_columns, APART)
    within(jensen_shannon_divergence(f, g, N, rng()), exact)
    within(jensen_shannon_divergence(g, f, N, rng()), exact)


@pytest.mark.parametrize("seed", range(10))
def test_estimates_are_within_their_bounds(seed):
    f, g = random_density(seed, 4, 2, 8.0), random_density(seed + 50, 3, 2, 8.0)
    close = moved(f, 1e-6, np.ones(2))
    for estimate in (
        entropy(f, 40, rng(seed)),
        kl_divergence(f, g, 40, rng(seed)),
        kl_divergence(f, close, 40, rng(seed)),
        jensen_shannon_divergence(f, g, 40, rng(seed)),
        jensen_shannon_divergence(f, close, 40, rng(seed)),
    ):
        assert estimate.lower <= estimate.value <= estimate.upper
        assert 0 <= estimate.standard_error < np.inf


def test_components_without_weight_do_not_count():
    f = random_density(0)
    components = f.components
    dead = gaussian_mixture(
        np.array([0.5, 0.0, 0.5]), components.means, components.covariances
    )
    alive = gaussian_mixture(
        np.array([0.5, 0.5]), components.means[[0, 2]], components.covariances[[0, 2]]
    )
    assert entropy(dead, N, rng()) == entropy(alive, N, rng())
    actual, expected = (kl_divergence(f, g, N, rng()) for g in (dead, alive))
    np.testing.assert_allclose(actual.value, expected.value, rtol=1e-12)


def test_an_estimate_prints_its_bounds_if_it_has_any():
    assert str(Estimate(1.0, 0.5)) == "1.0000 ± 0.5000"
    assert str(Estimate(1.0, 0.5, lower=0.0)).endswith("between 0.0000 and inf")
