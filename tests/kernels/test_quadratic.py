"""Expanded squares give what differences give, where they say that they are right."""

import numpy as np
import pytest
from kernel_problems import STRUCTURES, natural_errors, problem

from mixtura.kernels import plain
from mixtura.kernels.moments import Moments
from mixtura.kernels.quadratic import QuadraticRows, n_quadratic_features

AXES = {"full": 2, "diagonal": 1, "spherical": 0}


def rows_and_parameters(name, seed, n, K, D, **hard):
    X, parameters = problem(name, seed, n, K, D, **hard)
    weights = np.random.default_rng(seed).uniform(0.0, 2.0, n)
    return X, weights, parameters, QuadraticRows.of(X, weights, AXES[name])


def recentred(name, counts, first, second, by):
    """Moments about pivots moved `by` (K, D)."""
    rest = first - counts[:, None] * by
    products = first[:, :, None] * by[:, None] + by[:, :, None] * rest[:, None]
    if name == "diagonal":
        products = np.einsum("kdd->kd", products)
    if name == "spherical":
        products = np.einsum("kdd->k", products)
    return counts, rest, second - products


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(1, 1), (4, 1), (3, 2), (2, 7), (5, 20)])
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("name", AXES)
def test_several_mixtures_have_the_moments_of_each(name, offset, shape, seed):
    n, (K, D) = 150, shape
    X, weights, parameters, rows = rows_and_parameters(
        name, seed, n, 2 * K, D, offset=offset
    )
    assert rows.features.shape == (n, n_quadratic_features(D, AXES[name]))
    assert rows.are_exact_enough(parameters.precision_cholesky).all()
    log_density, *sums = rows.e_step(*parameters, 2)
    for number, own in enumerate((np.arange(K), np.arange(K, 2 * K))):
        alone = parameters.only(own, pooled=False)
        exact = plain.e_step(STRUCTURES[name], X, weights, alone)
        total = float(log_density[number] @ weights)
        about_origin = (part[own] for part in sums)
        about_means = recentred(name, *about_origin, alone.means - rows.origin)
        actual = Moments(total, exact.entropy, *about_means)
        errors = natural_errors(name, actual, exact, n)
        assert max(errors.values()) < 1e-7 * max(offset, 1.0) ** 0.5, errors
        expected = plain.log_density(STRUCTURES[name], X, alone)
        np.testing.assert_allclose(log_density[number], expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", AXES)
def test_a_narrow_component_is_told(name):
    """Up to the promised limit log-densities are right; beyond, it says so."""
    X, _, parameters, rows = rows_and_parameters(name, 0, 300, 3, 2)
    for narrowing, is_right in ((1e5, True), (1e7, False)):
        precision = parameters.precision_cholesky.copy()
        precision[1] *= narrowing
        near = X[:1] + 1e-3 / narrowing
        means = np.vstack([parameters.means[:1], near, parameters.means[2:]])
        told = rows.are_exact_enough(precision)
        assert told.tolist() == [True, is_right, True]
        if is_right:
            mixed = parameters._replace(means=means, precision_cholesky=precision)
            log_density, *_ = rows.e_step(*mixed, 1)
            exact = plain.log_density(STRUCTURES[name], X, mixed)
            assert abs(log_density[0] - exact).max() < 1e-2


@pytest.mark.parametrize("name", AXES)
def test_moments_are_about_the_origin(name):
    X, weights, _, rows = rows_and_parameters(name, 1, 80, 3, 4)
    np.testing.assert_allclose(rows.origin, weights @ X / weights.sum(), rtol=1e-12)
    shares = np.random.default_rng(2).uniform(size=(3, 80))
    structure = STRUCTURES[name]
    counts, first, second = rows.moments(shares)
    differences = np.broadcast_to(X - rows.origin, (3, *X.shape))
    np.testing.assert_allclose(counts, shares.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(
        first, np.einsum("kn,knd->kd", shares, differences), rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(
        second, structure.second_moment(differences, shares), rtol=1e-9, atol=1e-9
    )
    if name == "full":
        np.testing.assert_array_equal(second, second.swapaxes(1, 2))
