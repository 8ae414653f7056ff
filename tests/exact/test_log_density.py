"""Gaussian log-densities against 60-digit arithmetic on the very same doubles."""

import numpy as np
import pytest
from scipy.special import gammaln, xlogy
from scipy.stats import bernoulli, multivariate_normal, poisson

from mixtura.data import Rows
from mixtura.families.bernoulli import Bernoulli, BernoulliParams
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.models.mixture import Mixture, MixtureParams
from oracles import normal_log_density

PROMISE = 1e-9
SEEDS = pytest.mark.parametrize("seed", range(6))
OFFSETS = pytest.mark.parametrize("offset", [0.0, 1e2, 1e5, 1e8])


def conditioned(rng, n_features, condition):
    """A covariance with eigenvalues from 1 to 1 / condition, in random directions."""
    directions, _ = np.linalg.qr(rng.standard_normal((n_features, n_features)))
    spectrum = np.geomspace(1, 1 / condition, n_features)
    matrix = directions * spectrum @ directions.T
    return (matrix + matrix.T) / 2


def error(family, means, covariances, matrices, X):
    """Largest error over rows and components, relative where it exceeds one nat."""
    got = family.log_density(family.params(means, covariances), X)
    exact = [
        [normal_log_density(x, m, s) for m, s in zip(means, matrices, strict=True)]
        for x in X
    ]
    return (np.abs(got - exact) / np.maximum(1, np.abs(exact))).max()


def rows_near(rng, means, matrices, n=4):
    """Rows within a few standard deviations of each mean."""
    draws = rng.standard_normal((n, len(means), means.shape[1]))
    roots = np.linalg.cholesky(matrices)
    return (means + 2 * np.einsum("nkd,ked->nke", draws, roots)).reshape(
        -1, means.shape[1]
    )


@SEEDS
@OFFSETS
@pytest.mark.parametrize("condition", [1e0, 1e3, 1e6])
def test_full_covariances(condition, offset, seed):
    rng = np.random.default_rng(seed)
    n_features = 2 + seed
    matrices = np.stack([conditioned(rng, n_features, condition) for _ in range(2)])
    # The mean is `offset` times the smallest standard deviation away.
    means = offset * rng.standard_normal((2, n_features)) / np.sqrt(condition)
    X = rows_near(rng, means, matrices)
    assert error(Gaussian(Full()), means, matrices, matrices, X) < PROMISE


@SEEDS
@OFFSETS
def test_condition_1e8_that_comes_from_the_units_of_the_columns(offset, seed):
    rng = np.random.default_rng(seed)
    units = np.geomspace(1e-2, 1e2, 3)
    matrices = np.outer(units, units) * conditioned(rng, 3, 10.0)[None]
    means = offset * units * rng.standard_normal((1, 3))
    X = rows_near(rng, means, matrices)
    assert error(Gaussian(Full()), means, matrices, matrices, X) < PROMISE


@SEEDS
@pytest.mark.parametrize("condition", [1e8, 1e10])
def test_beyond_that_the_answer_is_exact_for_a_covariance_one_rounding_away(
    condition, seed
):
    """What no computation from rounded covariances can avoid: eps times condition."""
    rng = np.random.default_rng(seed)
    matrices = conditioned(rng, 4, condition)[None]
    means = rng.standard_normal((1, 4))
    X = rows_near(rng, means, matrices)
    bound = 16 * np.finfo(float).eps * condition
    assert error(Gaussian(Full()), means, matrices, matrices, X) < bound


@SEEDS
@OFFSETS
def test_tied_covariances(offset, seed):
    rng = np.random.default_rng(seed)
    matrix = conditioned(rng, 3, 1e6)
    means = offset * rng.standard_normal((3, 3)) * 1e-3
    X = rows_near(rng, means, np.tile(matrix, (3, 1, 1)))
    matrices = [matrix] * 3
    assert error(Gaussian(Tied()), means, matrix, matrices, X) < PROMISE


@SEEDS
@OFFSETS
@pytest.mark.parametrize("condition", [1e0, 1e8])
def test_diagonal_covariances(condition, offset, seed):
    rng = np.random.default_rng(seed)
    variances = np.geomspace(1, 1 / condition, 3) * rng.uniform(0.5, 2, (2, 3))
    means = offset * np.sqrt(variances) * rng.standard_normal((2, 3))
    matrices = np.stack([np.diag(row) for row in variances])
    X = rows_near(rng, means, matrices)
    assert error(Gaussian(Diagonal()), means, variances, matrices, X) < PROMISE


@SEEDS
@OFFSETS
@pytest.mark.parametrize("variance", [1e-16, 1.0, 1e16])
def test_spherical_covariances(variance, offset, seed):
    rng = np.random.default_rng(seed)
    variances = variance * rng.uniform(0.5, 2, 2)
    means = offset * np.sqrt(variances)[:, None] * rng.standard_normal((2, 3))
    matrices = variances[:, None, None] * np.eye(3)
    X = rows_near(rng, means, matrices)
    assert error(Gaussian(Spherical()), means, variances, matrices, X) < PROMISE


@SEEDS
def test_far_tails_keep_their_relative_accuracy(seed):
    rng = np.random.default_rng(seed)
    matrices = conditioned(rng, 3, 100.0)[None]
    means = rng.standard_normal((1, 3))
    X = means + np.geomspace(1e2, 1e60, 8)[:, None] * rng.standard_normal((8, 3))
    assert error(Gaussian(Full()), means, matrices, matrices, X) < PROMISE


@SEEDS
def test_the_fused_e_step_sums_the_same_densities(seed):
    rng = np.random.default_rng(seed)
    matrices = conditioned(rng, 3, 1e6)[None]
    means = 1e5 * rng.standard_normal((1, 3))
    X = rows_near(rng, means, matrices, n=20)
    family = Gaussian(Full())
    params = MixtureParams(np.ones(1), family.params(means, matrices))
    total = Mixture(family).e_step(params, Rows(X)).log_likelihood
    exact = sum(normal_log_density(x, means[0], matrices[0]) for x in X)
    assert abs(total - exact) < PROMISE * abs(exact)


@SEEDS
def test_gaussian_log_densities_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    matrices = np.stack([conditioned(rng, 3, 10.0) for _ in range(2)])
    means, X = rng.standard_normal((2, 3)), rng.standard_normal((30, 3))
    family = Gaussian(Full())
    got = family.log_density(family.params(means, matrices), X)
    for k in range(2):
        expected = multivariate_normal(means[k], matrices[k]).logpdf(X)
        np.testing.assert_allclose(got[:, k], expected, rtol=1e-12)


@SEEDS
def test_poisson_log_probabilities_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    rates = np.array([[0.0, 3.0], [0.2, 50.0], [1e4, 1e-8]])
    X = np.column_stack([np.zeros(20), rng.integers(0, 80, 20)]).astype(float)
    X[10:, 0] = rng.integers(0, 12_000, 10)
    got = Poisson().log_density(PoissonParams(rates), X)
    for k in range(3):
        expected = poisson.logpmf(X, rates[k]).sum(axis=1)
        np.testing.assert_allclose(got[:, k], expected, rtol=1e-12)


@pytest.mark.parametrize("largest", [30, 70_000])
@pytest.mark.parametrize("step", [1.0, 0.5])
def test_counts_of_any_size_and_kind_have_their_factorials(largest, step):
    """From a table or not."""
    X = np.append(np.arange(0, 10, step), largest)[:, None]
    got = Poisson().log_density(PoissonParams(np.array([[7.0]])), X)[:, 0]
    expected = xlogy(X, 7.0) - 7.0 - gammaln(X + 1)
    np.testing.assert_allclose(got, expected[:, 0], rtol=1e-13)


@SEEDS
def test_bernoulli_log_probabilities_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    chances = np.array([[0.3, 0.9], [1e-12, 0.5], [0.0, 0.6], [1.0, 1e-300]])
    X = rng.integers(0, 2, (20, 2)).astype(float)
    for some in (chances[:2], chances[:3], chances):
        got = Bernoulli().log_density(BernoulliParams(some), X)
        for k, chance in enumerate(some):
            expected = bernoulli.logpmf(X, chance).sum(axis=1)
            np.testing.assert_allclose(got[:, k], expected, rtol=1e-12)


@SEEDS
def test_certain_columns_leave_the_posterior_to_the_others(seed):
    rng = np.random.default_rng(seed)
    chances = np.array([[0.3, 0.9, 1.0], [0.6, 0.5, 1.0]])
    X = rng.integers(0, 2, (40, 3)).astype(float)
    X[:, 2] = 1.0
    weights = np.array([0.4, 0.6])
    model = Mixture(Bernoulli())
    whole, part = (
        model.e_step(MixtureParams(weights, BernoulliParams(p)), Rows(x))
        for p, x in ((chances, X), (chances[:, :2], X[:, :2]))
    )
    np.testing.assert_allclose(whole.log_likelihood, part.log_likelihood)
    np.testing.assert_allclose(whole.counts, part.counts)
    after = model.m_step(MixtureParams(weights, BernoulliParams(chances)), whole)
    np.testing.assert_allclose(after.components.probabilities[:, 2], 1.0, rtol=1e-15)
    assert (after.components.probabilities <= 1.0).all()
