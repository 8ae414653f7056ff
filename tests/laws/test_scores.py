"""The gradient of log p(x | params), by Fisher's identity the gradient of Q.

Its mean over draws from the model is zero, which catches a sampler that takes a
variance for a standard deviation; its rank is the number of free parameters.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from checks import zero_mean
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.models.factor_analysis import (
    EqualNoise,
    FactorAnalysis,
    FactorParams,
    FreeNoise,
)
from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams
from mixtura.models.mixture import Equal, Free, Mixture, MixtureParams
from registry import FAMILIES, MODELS, mixture
from units import unlabelled
from walks import start

DENSITIES = [row for row in MODELS if row.is_density]


def scores(row, params, parts, n_directions, size=1e-5):
    """Derivatives of log p(part) along random directions, (n_parts, n_directions)."""
    model = row.make()
    statistics = [model.e_step(params, part) for part in parts]
    columns = []
    for direction in range(n_directions):
        forth, back = (
            row.nearby(params, np.random.default_rng(direction), step)
            for step in (size, -size)
        )
        rise = [
            model.expected_log_joint(forth, each) - model.expected_log_joint(back, each)
            for each in statistics
        ]
        columns.append(np.array(rise) / (2 * size))
    return np.column_stack(columns)


def batches(data, n_batches):
    size = len(data) // n_batches
    return [data.part(i * size, (i + 1) * size) for i in range(n_batches)]


@pytest.mark.parametrize("row", [row for row in MODELS if not row.has_edge], ids=str)
def test_the_gradient_of_q_is_that_of_the_log_likelihood(row):
    model, params, data, _ = start(row, 1)
    size = 1e-5
    by_q = scores(row, params, [data], n_directions=4, size=size)[0]
    for direction, slope in enumerate(by_q):
        forth, back = (
            row.nearby(params, np.random.default_rng(direction), step)
            for step in (size, -size)
        )
        rise = model.e_step(forth, data).log_likelihood
        rise -= model.e_step(back, data).log_likelihood
        assert abs(rise / (2 * size) - slope) <= 1e-6 * (
            data.n_observations + abs(slope)
        )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("known", [True, False], ids=["labelled", "unlabelled"])
@pytest.mark.parametrize("row", DENSITIES, ids=str)
def test_samples_come_from_the_model(row, known, seed):
    _, params, _, rng = start(row, seed)
    data = row.sample(params, 1200, rng)
    drawn = data if known else unlabelled(data)
    zero_mean(scores(row, params, batches(drawn, 40), n_directions=8))


def test_a_sampler_that_takes_variances_for_deviations_is_found_out():
    row = mixture(FAMILIES["diagonal-unconstrained"])
    model, params, _, rng = start(row, 0)
    inner = params.components
    squared = model.family.params(inner.means, inner.covariances**2)
    data = row.sample(replace(params, components=squared), 1200, rng)
    with pytest.raises(AssertionError, match="standard errors from zero"):
        zero_mean(scores(row, params, batches(data, 40), n_directions=8))


@pytest.mark.parametrize("row", [row for row in DENSITIES if not row.has_edge], ids=str)
def test_the_free_parameters_are_the_rank_of_the_scores(row):
    model, params, _, rng = start(row, 3)
    data = unlabelled(row.sample(params, 500, rng))
    expected = model.n_free_parameters(params)
    units = [data.part(i, i + 1) for i in range(50)]
    table = scores(row, params, units, n_directions=40)
    singular = np.linalg.svd(table / np.linalg.norm(table), compute_uv=False)
    assert singular[expected - 1] > 1e-5, singular[: expected + 1]
    assert singular[expected] < 1e-7, singular[: expected + 1]


SIZES = [(1, 1), (1, 4), (2, 3), (5, 2)]
COVARIANCES = {
    Full(): lambda k, d: k * d * (d + 1) // 2,
    Tied(): lambda k, d: d * (d + 1) // 2,
    Diagonal(): lambda k, d: k * d,
    Spherical(): lambda k, d: k,
}


def gaussian_params(k, d):
    return GaussianParams(np.zeros((k, d)), np.empty(0), np.empty(0))


@pytest.mark.parametrize("structure", COVARIANCES, ids=lambda s: s.name)
@pytest.mark.parametrize("k, d", SIZES)
def test_free_parameters_of_gaussian_mixtures_by_formula(structure, k, d):
    params = MixtureParams(np.full(k, 1 / k), gaussian_params(k, d))
    family, free = Gaussian(structure), COVARIANCES[structure](k, d)
    assert Mixture(family, Free()).n_free_parameters(params) == k - 1 + k * d + free
    assert Mixture(family, Equal()).n_free_parameters(params) == k * d + free


@pytest.mark.parametrize("k, d", SIZES)
def test_free_parameters_of_poisson_models_by_formula(k, d):
    rates = PoissonParams(np.ones((k, d)))
    chain = HiddenMarkovParams(np.full(k, 1 / k), np.full((k, k), 1 / k), rates)
    mixed = MixtureParams(np.full(k, 1 / k), rates)
    assert Mixture(Poisson()).n_free_parameters(mixed) == k - 1 + k * d
    expected = k - 1 + k * (k - 1) + k * d
    assert HiddenMarkov(Poisson()).n_free_parameters(chain) == expected


@pytest.mark.parametrize("d, r", [(1, 0), (4, 1), (6, 2), (9, 4)])
def test_free_parameters_of_factor_analysis_by_formula(d, r):
    params = FactorParams(np.zeros(d), np.zeros((d, r)), np.ones(d))
    loadings = d * r - math.comb(r, 2)
    free, equal = (FactorAnalysis(noise()) for noise in (FreeNoise, EqualNoise))
    assert free.n_free_parameters(params) == d + loadings + d
    assert equal.n_free_parameters(params) == d + loadings + 1
