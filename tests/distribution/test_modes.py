"""Modes are stationary maxima, all of them, each once."""

import numpy as np
import pytest
from random_densities import SEEDS, brute_log_density, moved, random_density

from mixtura.distribution import ascent
from mixtura.distribution.ascent import summits
from mixtura.distribution.density import gaussian_mixture, log_density
from mixtura.distribution.modes import modes
from mixtura.distribution.univariate import Univariate


def grid_modes(params):
    """Modes in one dimension: where a fine grid rises and then falls."""
    mixture = Univariate.of(params)
    x = np.linspace(mixture.means.min() - 1, mixture.means.max() + 1, 400_001)
    rising = np.diff(mixture.log_density(x)) > 0
    return x[1:-1][rising[:-1] & ~rising[1:]]


def numerical_hessian(params, x, h=1e-3):
    n = len(x)
    result = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            a, b = h * np.eye(n)[i], h * np.eye(n)[j]
            corners = np.array([x + a + b, x + a - b, x - a + b, x - a - b])
            result[i, j] = brute_log_density(params, corners) @ [1, -1, -1, 1]
    return result / (4 * h * h)


@pytest.mark.parametrize("seed", range(12))
def test_in_one_dimension_all_are_found(seed):
    params = random_density(seed, n_components=2 + seed % 6, n_features=1, spread=3.0)
    found = modes(params)
    expected = grid_modes(params)
    np.testing.assert_allclose(np.sort(found.locations[:, 0]), expected, atol=1e-4)


@pytest.mark.parametrize("n_features", [2, 3, 6])
@pytest.mark.parametrize("seed", SEEDS)
class TestModes:
    def test_they_are_strict_maxima_the_highest_first(self, seed, n_features):
        params = random_density(seed, 5, n_features, spread=3.0)
        found = modes(params)
        assert len(found) >= 1
        assert (np.diff(found.log_densities) <= 0).all()
        values = log_density(params, found.locations)
        np.testing.assert_allclose(found.log_densities, values, rtol=1e-12)
        rng = np.random.default_rng(seed)
        for location, hessian, value in zip(
            found.locations, found.hessians, values, strict=True
        ):
            expected = numerical_hessian(params, location)
            scale = np.abs(expected).max()
            np.testing.assert_allclose(hessian, expected, atol=1e-4 * scale)
            assert np.linalg.eigvalsh(hessian).max() < 0
            around = location + 1e-3 * rng.standard_normal((200, n_features))
            assert (log_density(params, around) < value).all()

    def test_no_climb_from_anywhere_ends_higher(self, seed, n_features):
        params = random_density(seed, 5, n_features, spread=3.0)
        best = modes(params).log_densities[0]
        rng = np.random.default_rng(seed)
        X = 4 * rng.standard_normal((20_000, n_features))
        assert log_density(params, X).max() <= best
        assert log_density(params, params.components.means).max() <= best

    def test_shift_and_scale_go_through(self, seed, n_features):
        params = random_density(seed, 5, n_features, spread=3.0)
        scale = 2.0 ** np.arange(-3, n_features - 3)
        expected, found = modes(params), modes(moved(params, 2.0**26, scale))
        assert len(found) == len(expected)
        back = (found.locations - 2.0**26) / scale
        np.testing.assert_allclose(back, expected.locations, atol=1e-5)
        volume = np.log(scale).sum()
        actual = found.log_densities + volume
        np.testing.assert_allclose(actual, expected.log_densities, atol=1e-6)
        np.testing.assert_array_equal(found.component_modes, expected.component_modes)


def test_two_components_may_have_three_modes():
    cross = np.array([np.diag([1.0, 0.02]), np.diag([0.02, 1.0])])
    means = np.array([[1.0, 0.0], [0.0, 1.0]])
    found = modes(gaussian_mixture(np.array([0.5, 0.5]), means, cross))
    assert len(found) == 3
    np.testing.assert_allclose(found.locations[0], 0.02 / 1.02, rtol=1e-6)
    assert sorted(found.component_modes) == [1, 2]


def test_a_mean_on_a_saddle_is_left_to_both_sides():
    means = np.array([[-3.0], [0.0], [3.0]])
    params = gaussian_mixture(np.array([0.495, 0.01, 0.495]), means, np.ones((3, 1, 1)))
    found = modes(params)
    assert len(found) == 2
    np.testing.assert_allclose(np.abs(found.locations), 2.999, atol=1e-3)
    ends = summits(params, np.zeros((1, 1)))
    np.testing.assert_allclose(np.sort(ends, axis=0), [[-2.999], [2.999]], atol=1e-3)


def test_a_saddle_is_not_reported_even_if_a_climb_ends_there(monkeypatch):
    monkeypatch.setattr(ascent, "ESCAPES", 0)
    means = np.array([[-3.0], [0.0], [3.0]])
    params = gaussian_mixture(np.array([0.495, 0.01, 0.495]), means, np.ones((3, 1, 1)))
    assert np.abs(summits(params, np.zeros((1, 1)))) < 1e-6
    found = modes(params)
    assert len(found) == 2
    assert (found.hessians < 0).all()


@pytest.mark.parametrize(
    "distance, n_modes", [(1.0, 1), (1.99, 1), (2.0, 1), (2.01, 2), (5.0, 2)]
)
def test_two_equal_normals_part_at_two_standard_deviations(distance, n_modes):
    means = np.array([[-distance / 2], [distance / 2]])
    params = gaussian_mixture(np.array([0.5, 0.5]), means, np.ones((2, 1, 1)))
    assert len(modes(params)) == n_modes


@pytest.mark.parametrize("gap", [1e3, 1e8, 1e150])
def test_modes_far_apart(gap):
    means = np.array([[0.0, 0.0], [gap, gap]])
    covariances = np.tile(np.eye(2), (2, 1, 1))
    found = modes(gaussian_mixture(np.array([0.3, 0.7]), means, covariances))
    np.testing.assert_allclose(found.locations, means[::-1])
    assert found.component_modes.tolist() == [1, 0]


def test_a_needle_in_a_wide_component_is_a_mode():
    means = np.array([[0.0, 0.0], [0.5, 0.5]])
    covariances = np.array([np.eye(2), 1e-10 * np.eye(2)])
    found = modes(gaussian_mixture(np.array([0.999, 0.001]), means, covariances))
    assert len(found) == 2
    np.testing.assert_allclose(found.locations[0], [0.5, 0.5], atol=1e-8)


def test_components_without_weight_are_on_no_hill():
    params = random_density(0)
    components = params.components
    dead = gaussian_mixture(
        np.array([0.5, 0.0, 0.5]), components.means, components.covariances
    )
    assert modes(dead).component_modes[1] == -1
    assert (modes(dead).component_modes[[0, 2]] >= 0).all()
