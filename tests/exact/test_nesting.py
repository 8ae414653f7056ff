"""Models that contain each other agree where they meet; one component has a formula."""

from dataclasses import replace

import numpy as np
import pytest

from checks import close, same
from mixtura.data import Rows
from mixtura.em import Outcome, em
from mixtura.families.constraints import Fixed, Floor, Ridge
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.poisson import Poisson
from mixtura.models.mixture import Equal, Mixture, MixtureParams
from registry import FAMILIES, mixture, random_matrices
from walks import start

SEEDS = pytest.mark.parametrize("seed", range(3))
D = 3


def weighted_rows(seed):
    """Skewed rows with weights, and their exact mean and covariance."""
    rng = np.random.default_rng(seed)
    X = rng.gamma(2.0, size=(70, D)) @ rng.standard_normal((D, D))
    weights = rng.uniform(0, 3, 70)
    mean = np.average(X, axis=0, weights=weights)
    covariance = np.cov(X.T, aweights=weights, ddof=0)
    return Rows(X, weights), mean, covariance


CLOSED_FORMS = [
    (Full(), lambda s: s[None]),
    (Tied(), lambda s: s),
    (Diagonal(), lambda s: np.diag(s)[None]),
    (Spherical(), lambda s: np.array([np.trace(s) / D])),
]
CLOSED_FORM = pytest.mark.parametrize(
    "structure, of", CLOSED_FORMS, ids=lambda value: getattr(value, "name", "")
)


def one_component(family, seed):
    data, mean, covariance = weighted_rows(seed)
    model = Mixture(family)
    begin = model.from_responsibilities(data, np.ones((len(data), 1)))
    result = em(model, data, begin)
    assert result.outcome is Outcome.CONVERGED
    assert result.params.weights == [1.0]
    inner = result.params.components
    same(inner.means[0], mean, 1e-13)
    return inner.covariances, covariance, data, result


@SEEDS
@CLOSED_FORM
def test_one_component_is_the_closed_form(structure, of, seed):
    found, covariance, data, result = one_component(Gaussian(structure), seed)
    expected = of(covariance)
    same(found, expected, 1e-12)
    # -n/2 (D log 2 pi + log |S| + D): every trace term is D at the maximum.
    log_determinant = np.linalg.slogdet(structure.to_full(expected, 1, D)[0])[1]
    per_row = -0.5 * (D * np.log(2 * np.pi) + log_determinant + D)
    close(result.log_likelihood, data.n_observations * per_row, 1e-12)


@SEEDS
@CLOSED_FORM
def test_one_component_with_a_ridge_adds_it(structure, of, seed):
    ridge = np.array([0.5, 0.1, 2.0])
    found, covariance, *_ = one_component(Gaussian(structure, Ridge(ridge)), seed)
    same(found, of(covariance + np.diag(ridge)), 1e-12)


@SEEDS
@CLOSED_FORM
def test_one_component_with_fixed_covariance_moves_the_mean_alone(structure, of, seed):
    found, *_ = one_component(Gaussian(structure, Fixed()), seed)
    same(found, structure.identity(1, D), 0.0)


@SEEDS
@CLOSED_FORM
def test_a_floor_that_nothing_touches_does_nothing(structure, of, seed):
    floor = Floor(np.full(D, 1e-6))
    found, covariance, *_ = one_component(Gaussian(structure, floor), seed)
    same(found, of(covariance), 1e-12)


@SEEDS
def test_a_floor_above_everything_is_the_estimate(seed):
    floor = np.array([1e3, 2e3, 3e3])
    for structure, expected in [
        (Full(), np.diag(floor)[None]),
        (Diagonal(), floor[None]),
        (Spherical(), [3e3]),
    ]:
        found, *_ = one_component(Gaussian(structure, Floor(floor)), seed)
        same(found, expected, 1e-12)


@SEEDS
def test_one_poisson_component_is_the_mean(seed):
    rng = np.random.default_rng(seed)
    data = Rows(rng.poisson(4.0, (30, 2)).astype(float), rng.uniform(0, 2, 30))
    model = Mixture(Poisson())
    result = em(model, data, model.blank(1, 2))
    expected = np.average(data.X, axis=0, weights=data.weights)
    same(result.params.components.rates[0], expected, 1e-13)


def step_of(family, params, data):
    """One EM iteration: the new parameters and the old log-likelihood."""
    model = Mixture(family)
    statistics = model.e_step(params, data)
    after = model.m_step(params, statistics)
    return (
        statistics.log_likelihood,
        statistics.entropy,
        after.weights,
        after.components.means,
    )


def agree(first, second, params, covariances, data, constraint=None):
    """Two structures give the same likelihood, entropy, weights and means."""
    options = {} if constraint is None else {"constraint": constraint}
    results = []
    for structure, covariance in zip((first, second), covariances, strict=True):
        family = Gaussian(structure, **options)
        inner = family.params(params.components.means, covariance)
        results.append(step_of(family, replace(params, components=inner), data))
    same(results[0], results[1], 1e-11)


@SEEDS
def test_tied_is_full_with_equal_matrices(seed):
    _, params, data, rng = start(mixture(FAMILIES["tied-unconstrained"]), seed)
    matrix = random_matrices(rng, 1, 2)[0]
    agree(Tied(), Full(), params, (matrix, np.tile(matrix, (3, 1, 1))), data)


@SEEDS
def test_diagonal_is_full_with_diagonal_matrices(seed):
    _, params, data, rng = start(mixture(FAMILIES["diagonal-unconstrained"]), seed)
    variances = rng.uniform(0.2, 3, (3, 2))
    matrices = np.stack([np.diag(row) for row in variances])
    agree(Diagonal(), Full(), params, (variances, matrices), data)


@SEEDS
def test_spherical_is_diagonal_with_equal_variances(seed):
    _, params, data, rng = start(mixture(FAMILIES["spherical-unconstrained"]), seed)
    variances = rng.uniform(0.2, 3, 3)
    agree(
        Spherical(),
        Diagonal(),
        params,
        (variances, np.tile(variances[:, None], (1, 2))),
        data,
    )


@SEEDS
@pytest.mark.parametrize("name", FAMILIES)
def test_equal_proportions_are_free_ones_that_happen_to_be_equal(name, seed):
    model, params, data, _ = start(mixture(FAMILIES[name]), seed)
    level = replace(params, weights=np.full(3, 1 / 3))
    equal = Mixture(model.family, Equal())
    statistics = model.e_step(level, data)
    same(equal.e_step(level, data), statistics, 0.0)
    free, fixed = (m.m_step(level, statistics) for m in (model, equal))
    same(free.components, fixed.components, 0.0)
    same(fixed.weights, level.weights, 0.0)
    same(free.weights, statistics.counts / statistics.counts.sum(), 1e-15)


@SEEDS
@pytest.mark.parametrize("name", FAMILIES)
def test_identical_components_are_one_component(name, seed):
    """Copies share their rows, so the mixture is the mixture without copies."""
    model, params, data, _ = start(mixture(FAMILIES[name]), seed)
    fields = {
        field: value[[0, 0, 2]] if len(value) == 3 else value
        for field, value in vars(params.components).items()
    }
    copies = MixtureParams(params.weights, type(params.components)(**fields))
    after = model.m_step(copies, model.e_step(copies, data))
    for value in vars(after.components).values():
        if len(value) == 3:
            same(value[0], value[1], 1e-11)
    ratio = params.weights[0] / params.weights[1]
    close(after.weights[0] / after.weights[1], ratio, 1e-11)
