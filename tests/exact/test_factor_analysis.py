"""Factor analysis against dense Gaussians, scikit-learn and the closed form of PPCA."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.decomposition import FactorAnalysis as SklearnFactorAnalysis

from checks import close, never_falls, same
from mixtura.completion import HARD
from mixtura.data import Rows
from mixtura.em import Outcome, em
from mixtura.models.factor_analysis import (
    EqualNoise,
    FactorAnalysis,
    FactorParams,
    FreeNoise,
)
from oracles import factor_posterior
from registry import MODELS
from walks import start

SEEDS = pytest.mark.parametrize("seed", range(3))
NOISES = pytest.mark.parametrize("noise", [FreeNoise, EqualNoise])
ROW = next(row for row in MODELS if row.name == "factor-analysis-freenoise")


def rows(seed, n=400):
    """Rows of a model with two strong factors, and parameters to start from."""
    model, params, _, rng = start(ROW, seed)
    return model.sample(ROW.random_params(rng), n, rng)[0], params


@SEEDS
def test_the_log_likelihood_is_that_of_a_dense_gaussian(seed):
    model, params, data, _ = start(ROW, seed)
    dense = multivariate_normal(params.mean, model.covariance(params))
    expected = data.weights @ dense.logpdf(data.X)
    close(model.e_step(params, data).log_likelihood, expected, 1e-12)


@SEEDS
def test_the_statistics_are_moments_of_the_conditional_gaussian(seed):
    model, params, data, _ = start(ROW, seed)
    means, covariance = factor_posterior(params, data.X)
    statistics = model.e_step(params, data)
    weights, difference = data.weights, data.X - params.mean
    second = (means * weights[:, None]).T @ means + weights.sum() * covariance
    same(statistics.factors[:-1, :-1], second, 1e-11)
    same(statistics.factors[-1, :-1], weights @ means, 1e-11)
    same(statistics.cross[:, :-1], (difference * weights[:, None]).T @ means, 1e-11)
    entropy = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1]
    close(statistics.entropy, weights.sum() * entropy, 1e-12)


@SEEDS
def test_a_distant_mean_costs_no_digits(seed):
    model, params, data, _ = start(ROW, seed)
    near = model.e_step(params, data)
    # A multiple of the spacing of the doubles there, so that the shift is exact.
    grid = replace(data, X=np.round(data.X * 2**20) / 2**20)
    mean = np.round(params.mean * 2**20) / 2**20
    here, far = (
        model.e_step(
            replace(params, mean=mean + shift), replace(grid, X=grid.X + shift)
        )
        for shift in (0.0, 2.0**30)
    )
    same(near.count, here.count, 0.0)
    same(replace(far, pivot=here.pivot), here, 1e-13)


@SEEDS
def test_the_optimum_has_the_likelihood_of_scikit_learns(seed):
    X, params = rows(seed)
    theirs = SklearnFactorAnalysis(2, tol=1e-12, max_iter=20_000, svd_method="lapack")
    theirs.fit(X)
    ours = em(FactorAnalysis(), Rows(X), params, tol=1e-12, max_iter=20_000)
    close(ours.log_likelihood, theirs.score(X) * len(X), 1e-9)
    model = FactorAnalysis()
    same(model.covariance(ours.params), theirs.get_covariance(), 1e-4)
    same(ours.params.mean, theirs.mean_, 1e-4)


@SEEDS
def test_equal_noise_is_probabilistic_principal_components(seed):
    """Tipping and Bishop: the covariance keeps two principal axes, levels the rest."""
    X, params = rows(seed)
    model = FactorAnalysis(EqualNoise())
    begin = replace(params, noise=np.full_like(params.noise, params.noise.mean()))
    ours = em(model, Rows(X), begin, tol=1e-13, max_iter=20_000)
    sample = np.cov(X.T, ddof=0)
    eigenvalues, axes = np.linalg.eigh(sample)
    level = eigenvalues[:-2].mean()
    spectrum = np.append(np.full(len(sample) - 2, level), eigenvalues[-2:])
    expected = axes * spectrum @ axes.T
    close(ours.params.noise, np.full(len(sample), level), 1e-6)
    same(model.covariance(ours.params), expected, 1e-5)
    per_row = -0.5 * (len(sample) * (np.log(2 * np.pi) + 1) + np.log(spectrum).sum())
    close(ours.log_likelihood, len(X) * per_row, 1e-10)


@SEEDS
@NOISES
def test_no_factors_make_a_diagonal_gaussian(noise, seed):
    X, _ = rows(seed)
    n_features = X.shape[1]
    params = FactorParams(
        np.zeros(n_features), np.zeros((n_features, 0)), np.ones(n_features)
    )
    result = em(FactorAnalysis(noise()), Rows(X), params)
    same(result.params.mean, X.mean(axis=0), 1e-12)
    same(result.params.noise, noise().maximize(X.var(axis=0)), 1e-12)
    dense = multivariate_normal(result.params.mean, np.diag(result.params.noise))
    close(result.log_likelihood, dense.logpdf(X).sum(), 1e-12)


@SEEDS
def test_turning_the_factors_changes_nothing(seed):
    model, params, data, rng = start(ROW, seed)
    turn, _ = np.linalg.qr(rng.standard_normal((2, 2)))
    turned = replace(params, loadings=params.loadings @ turn)
    first, second = (model.e_step(at, data) for at in (params, turned))
    close(first.log_likelihood, second.log_likelihood, 1e-13)
    after, turned_after = model.m_step(params, first), model.m_step(turned, second)
    same(after.noise, turned_after.noise, 1e-11)
    same(after.loadings @ turn, turned_after.loadings, 1e-11)


@SEEDS
def test_the_units_of_the_columns_scale_loadings_and_noise(seed):
    model, params, data, _ = start(ROW, seed)
    units = np.geomspace(1e-3, 1e5, data.X.shape[1])
    scaled = FactorParams(
        params.mean * units, params.loadings * units[:, None], params.noise * units**2
    )
    here = model.m_step(params, model.e_step(params, data))
    moved = replace(data, X=data.X * units)
    there = model.m_step(scaled, model.e_step(scaled, moved))
    close(there.noise, here.noise * units**2, 1e-10)
    same(there.loadings / units[:, None], here.loadings, 1e-11)


@SEEDS
def test_more_columns_than_rows_still_climb(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((8, 20)) + rng.standard_normal((8, 1))
    params = FactorParams(np.zeros(20), rng.standard_normal((20, 1)), np.ones(20))
    result = em(FactorAnalysis(), Rows(X), params, max_iter=50)
    never_falls(result.log_likelihoods, 8)


def test_a_continuous_latent_variable_has_no_class_to_choose():
    model, params, data, _ = start(ROW, 0)
    with pytest.raises(ValueError, match="must be fitted by soft EM; got Hard"):
        model.e_step(params, data, HARD)


@pytest.mark.parametrize("column", [0, 3])
def test_a_column_without_noise_is_named(column):
    X, params = rows(0)
    X[:, column] = 1.5
    result = em(FactorAnalysis(), Rows(X), params)
    assert result.outcome is Outcome.COMPONENT_COLLAPSED
    assert f"explain column {column} completely" in result.message


def test_a_column_that_is_there_twice_is_named():
    X, params = rows(0)
    X[:, 4] = X[:, 1]
    result = em(FactorAnalysis(), Rows(X), params, tol=0.0, max_iter=5000)
    assert result.outcome is Outcome.COMPONENT_COLLAPSED
    assert "explain column 1 completely" in result.message
