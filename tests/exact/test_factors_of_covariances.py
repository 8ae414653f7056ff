"""Covariances are symmetric to the bit, and their factors exactly triangular."""

import numpy as np
import pytest

from mixtura import BayesianGaussianMixture, GaussianMixture
from mixtura.estimators.structures import STRUCTURES
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.factorisation import precision_cholesky
from mixtura.priors import ConjugatePrior

MATRICES = ("full", "tied", "VEE", "EVV", "EEV", "VVE")


def rows(n=90, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 4)) @ rng.standard_normal((4, 4))
    return X + 3 * rng.integers(0, 3, n)[:, None]


def assert_symmetric(covariances):
    np.testing.assert_array_equal(covariances, np.swapaxes(covariances, -1, -2))


@pytest.mark.parametrize("n_rows", [90, 9000])  # beyond what is in memory at once
@pytest.mark.parametrize("name", MATRICES)
def test_fitted_covariances_are_symmetric(name, n_rows):
    assert name in STRUCTURES
    model = GaussianMixture(3, covariance_type=name, random_state=0, tol=0.1)
    assert_symmetric(model.fit(rows(n_rows)).covariances_)


@pytest.mark.parametrize("name", ["full", "tied"])
def test_symmetric_whatever_rounding_did_to_the_prior(name):
    scale = np.cov(rows().T)
    scale[0, 1] *= 1 + 1e-12
    settings = {"covariance_type": name, "random_state": 0, "tol": 0.1}
    prior = ConjugatePrior(scale=scale)
    assert_symmetric(
        GaussianMixture(3, prior=prior, **settings).fit(rows()).covariances_
    )
    bayesian = BayesianGaussianMixture(3, covariance_prior=scale, **settings)
    assert_symmetric(bayesian.fit(rows()).covariances_)


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("n_features", [1, 2, 5, 11, 12, 15])
def test_factors_are_upper_triangular_and_give_the_inverse(n_features, extended):
    roots = np.random.default_rng(1).standard_normal((3, n_features, 2 * n_features))
    units = np.logspace(-8, 8, n_features)
    matrices = roots @ roots.swapaxes(1, 2) * np.outer(units, units)
    factors = precision_cholesky(matrices, extended)
    assert not np.tril(factors, -1).any()
    inverses = (factors @ factors.swapaxes(1, 2)) * np.outer(units, units)
    unity = inverses @ (matrices / np.outer(units, units))
    np.testing.assert_allclose(unity, [np.eye(n_features)] * 3, atol=1e-7)


@pytest.mark.parametrize("n_matrices", [1, 2, 5, 8])
def test_the_first_matrix_without_a_factor_is_named(n_matrices):
    singular = np.array([[1.0, 2.0], [2.0, 1.0]])
    for first in range(n_matrices):
        for last in range(first, n_matrices):
            matrices = np.tile(np.eye(2), (n_matrices, 1, 1))
            matrices[[first, last]] = singular
            with pytest.raises(DegenerateComponentError) as raised:
                precision_cholesky(matrices)
            assert raised.value.component == first
