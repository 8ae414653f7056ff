"""Conjugate priors: closed forms, densities against SciPy, R mclust's formulas."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import dirichlet, invgamma, invwishart, multivariate_normal

from checks import close, same
from mixtura.data import Rows
from mixtura.em import em
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.low_rank import Factors
from mixtura.families.parsimonious import (
    EEI,
    EEV,
    EII,
    EVE,
    EVI,
    EVV,
    VEE,
    VEI,
    VEV,
    VVE,
)
from mixtura.models.mixture import Mixture
from mixtura.models.with_prior import WithPrior
from mixtura.priors import ConjugatePrior, log_jacobian
from registry import random_matrices

STRUCTURES = {"full": Full, "tied": Tied, "diagonal": Diagonal, "spherical": Spherical}
SHARING = (EII, EEI, VEI, EVI, VEE, EVE, VVE, EEV, VEV, EVV)
EVERY = pytest.mark.parametrize("name", STRUCTURES)
SEEDS = pytest.mark.parametrize("seed", range(3))


def rows(seed, n=40, n_features=3):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, n_features)) @ random_matrices(rng, 1, n_features)[0]
    return Rows(X, rng.integers(1, 4, size=n).astype(float))


def mode(data, structure, prior, n_components=1, share=None):
    """EM's answer, from responsibilities that are given."""
    mixture = Mixture(Gaussian(structure))
    if share is None:
        share = np.ones((len(data), n_components)) / n_components
    first = mixture.from_responsibilities(data, share)
    return em(WithPrior(mixture, prior), data, first, tol=1e-10), mixture


@SEEDS
def test_one_full_component_is_the_mode_of_the_normal_inverse_wishart(seed):
    data = rows(seed)
    n, (kappa, nu) = data.n_observations, (2.5, 7.0)
    m, scale = np.array([1.0, -2.0, 0.5]), 3.0 * np.eye(3) + 0.5
    result, _ = mode(data, Full(), ConjugatePrior(kappa, m, nu, scale))
    mean = np.average(data.X, axis=0, weights=data.weights)
    about = data.X - mean
    scatter = (about * data.weights[:, None]).T @ about
    shrunk = kappa * n / (kappa + n) * np.outer(mean - m, mean - m)
    inner = result.params.components
    same(inner.means[0], (n * mean + kappa * m) / (n + kappa), 1e-12)
    same(inner.covariances[0], (scale + scatter + shrunk) / (n + nu + 3 + 2), 1e-12)


@pytest.mark.parametrize("n_components", [1, 2])
@EVERY
def test_the_m_step_is_that_of_fraley_and_raftery(name, n_components):
    """Their table 1: VVV, EEE, VVI and VII, given responsibilities."""
    data, rng = rows(0), np.random.default_rng(1)
    d, K = 3, n_components
    structure = STRUCTURES[name]()
    prior = ConjugatePrior(shrinkage=0.3).completed(data, structure, K)
    r = rng.dirichlet(np.ones(K), size=len(data.X)) * data.weights[:, None]
    family = Gaussian(structure)
    params = family.params(rng.standard_normal((K, d)), structure.identity(K, d) * 2.0)
    found = prior.maximize(family, params, family.statistics(params, data.X, r))
    n, kappa, nu = r.sum(axis=0), 0.3, d + 2
    means = r.T @ data.X / n[:, None]
    same(
        found.means,
        (n[:, None] * means + kappa * prior.mean) / (n + kappa)[:, None],
        1e-12,
    )
    scatters = []
    for k in range(K):
        about, off = data.X - means[k], means[k] - prior.mean
        within = (about * r[:, k, None]).T @ about
        scatters.append(within + kappa * n[k] / (kappa + n[k]) * np.outer(off, off))
    S = np.array(scatters)
    one = prior.scale[0, 0]
    expected = {
        "full": (prior.scale + S) / (nu + n + d + 2)[:, None, None],
        "tied": (prior.scale + S.sum(0)) / (nu + n.sum() + d + K + 1),
        "diagonal": (one + np.diagonal(S, 0, 1, 2)) / (nu + n + 3)[:, None],
        "spherical": (one + np.trace(S, 0, 1, 2)) / (nu + 2 + (n + 1) * d),
    }[name]
    same(found.covariances, expected, 1e-12)


@pytest.mark.parametrize("n_components", [1, 3])
def test_what_is_equal_for_all_has_one_prior_as_in_fraley_and_raftery(n_components):
    """Their EII and EEI: one variance, or one a column, with one prior density."""
    data, rng = rows(0), np.random.default_rng(1)
    d, K, kappa, nu = 3, n_components, 0.3, 5
    prior = ConjugatePrior(kappa).completed(data, EEI(), K)
    r = rng.dirichlet(np.ones(K), size=len(data.X)) * data.weights[:, None]
    n, one = r.sum(axis=0), prior.scale[0, 0]
    S = np.zeros(d)
    for k in range(K):
        mean = r[:, k] @ data.X / n[k]
        S += r[:, k] @ (data.X - mean) ** 2
        S += kappa * n[k] / (kappa + n[k]) * (mean - prior.mean) ** 2
    for structure, expected in (
        (EEI(), np.tile((one + S) / (nu + n.sum() + K + 2), (K, 1))),
        (EII(), np.full(K, (one + S.sum()) / (nu + (n.sum() + K) * d + 2))),
    ):
        family = Gaussian(structure)
        params = family.blank(K, d)
        found = prior.maximize(family, params, family.statistics(params, data.X, r))
        same(found.covariances, expected, 1e-12)


@pytest.mark.parametrize(
    "make, free",
    [
        *((make, Spherical) for make in (EII,)),
        *((make, Diagonal) for make in (EEI, VEI, EVI)),
        *((make, Full) for make in (VEE, EVE, VVE, EEV, VEV, EVV)),
    ],
)
def test_one_component_shares_nothing(make, free):
    data = rows(3)
    prior = ConjugatePrior(shrinkage=2.0).completed(data, make(), 1)
    (ours, _), (theirs, _) = (mode(data, s, prior) for s in (make(), free()))
    same(ours.params.components.covariances, theirs.params.components.covariances, 1e-9)
    close(ours.log_likelihood, theirs.log_likelihood, 1e-9)


@pytest.mark.parametrize("make", SHARING)
def test_a_prior_of_very_many_rows_decides_alone(make):
    """The mode of the prior, where the data say nothing against it."""
    data, structure, big = rows(7), make(), 1e9
    prior = ConjugatePrior(1.0, np.zeros(3), big, big * 2.0 * np.eye(3))
    mixture = Mixture(Gaussian(structure))
    share = np.random.default_rng(0).dirichlet([1, 1], size=len(data.X))
    first = mixture.from_responsibilities(data, share)
    model = WithPrior(mixture, prior)
    found = model.m_step(first, model.e_step(first, data)).components.covariances
    # both of the inverse Wishart and of the inverse gamma, but for terms of 1e-6
    same(structure.to_full(found, 2, 3), np.array([2.0 * np.eye(3)] * 2), 1e-5)


@SEEDS
@EVERY
def test_the_defaults_are_those_of_mclust(name, seed):
    data = Rows(rows(seed).X)
    structure, d, K = STRUCTURES[name](), 3, 4
    prior = ConjugatePrior().completed(data, structure, K)
    assert (prior.shrinkage, prior.dof) == (0.01, d + 2)
    close(prior.mean, data.X.mean(axis=0), 1e-12)
    variance = np.cov(data.X.T, ddof=1)
    if name in ("diagonal", "spherical"):
        variance = np.eye(d) * np.diag(variance).sum() / d
    same(prior.scale, variance / K ** (2 / d), 1e-12)


def test_weights_count_rows_in_the_defaults():
    data = rows(2)
    twice = Rows(np.repeat(data.X, data.weights.astype(int), axis=0))
    ours, theirs = (ConjugatePrior().completed(x, Full(), 2) for x in (data, twice))
    same(ours.scale, theirs.scale, 1e-12)
    same(ours.mean, theirs.mean, 1e-12)


@SEEDS
@EVERY
def test_the_density_is_that_of_scipy(name, seed):
    rng, K, d = np.random.default_rng(seed), 2, 3
    structure = STRUCTURES[name]()
    prior = ConjugatePrior(
        0.7, rng.standard_normal(d), 6.5, random_matrices(rng, 1, d)[0]
    )
    own = {
        "full": random_matrices(rng, K, d),
        "tied": random_matrices(rng, 1, d)[0],
        "diagonal": rng.uniform(0.2, 3, (K, d)),
        "spherical": rng.uniform(0.2, 3, K),
    }[name]
    params = Gaussian(structure).params(rng.standard_normal((K, d)), own)
    expected = sum(
        multivariate_normal.logpdf(mean, prior.mean, covariance / prior.shrinkage)
        for mean, covariance in zip(
            params.means, structure.to_full(own, K, d), strict=True
        )
    )
    scales = np.diag(prior.scale) / 2
    expected += {
        "full": lambda: sum(invwishart.logpdf(c, 6.5, prior.scale) for c in own),
        "tied": lambda: invwishart.logpdf(own, 6.5, prior.scale),
        "diagonal": lambda: invgamma.logpdf(own, 3.25, scale=scales).sum(),
        "spherical": lambda: invgamma.logpdf(own, 3.25, scale=scales.mean()).sum(),
    }[name]()
    close(prior.log_density(Gaussian(structure), params), expected, 1e-12)


def test_the_density_of_the_weights_is_that_of_scipy():
    weights = np.array([0.2, 0.5, 0.3])
    found = ConjugatePrior(concentration=2.5).log_weight_density(weights)
    close(found, dirichlet.logpdf(weights, np.full(3, 2.5)), 1e-12)
    assert ConjugatePrior().log_weight_density(weights) == 0.0


@pytest.mark.parametrize("make", [*STRUCTURES.values(), *SHARING])
def test_a_change_of_units_changes_the_density_by_its_jacobian(make):
    rng, K, d = np.random.default_rng(0), 2, 3
    structure, data = make(), rows(1)
    varies = structure.scales_by_column
    scale = np.array([0.5, 4.0, 2.0]) if varies else np.full(d, 4.0)
    center = np.array([3.0, 1.0, -2.0])
    prior = ConjugatePrior().completed(data, structure, K)
    means = rng.standard_normal((K, d))
    own = structure.identity(K, d)
    inside = Gaussian(structure).params(means, own)
    outside = Gaussian(structure).params(
        center + scale * means, structure.rescale(own, scale)
    )
    family = Gaussian(structure)
    change = prior.in_units(center, scale).log_density(family, inside)
    change -= prior.log_density(family, outside)
    close(change, log_jacobian(structure, K, scale, has_means=True), 1e-11)


@EVERY
def test_no_other_parameters_have_a_higher_posterior(name):
    """One component, by a general-purpose optimiser."""
    data, structure = rows(4), STRUCTURES[name]()
    prior = ConjugatePrior(shrinkage=5.0).completed(data, structure, 1)
    result, mixture = mode(data, structure, prior)
    model = WithPrior(mixture, prior)

    def negative(vector):
        params = model.constrained(vector, result.params)
        return -model.e_step(params, data).log_likelihood

    best = minimize(negative, model.unconstrained(result.params), method="BFGS")
    assert -best.fun <= result.log_likelihood + 1e-6


@EVERY
def test_with_very_many_rows_the_prior_does_not_matter(name):
    data, structure = rows(5), STRUCTURES[name]()
    many = Rows(data.X, data.weights * 1e10)
    prior = ConjugatePrior().completed(data, structure, 2)
    share = np.random.default_rng(0).dirichlet([1, 1], size=len(data.X))
    mixture = Mixture(Gaussian(structure))
    first = mixture.from_responsibilities(many, share)
    own = mixture.e_step(first, many)
    likeliest = mixture.m_step(first, own)
    model = WithPrior(mixture, prior)
    same(model.m_step(first, model.e_step(first, many)), likeliest, 1e-8)


@EVERY
def test_a_component_without_rows_takes_the_mode_of_the_prior(name):
    data, structure = rows(6), STRUCTURES[name]()
    prior = ConjugatePrior(concentration=2.0).completed(data, structure, 2)
    share = np.repeat([[1.0, 0.0]], len(data.X), axis=0)
    family = Gaussian(structure)
    params = family.blank(2, 3)
    found = prior.maximize(family, params, family.statistics(params, data.X, share))
    same(found.means[1], prior.mean, 1e-12)
    if name == "full":
        same(found.covariances[1], prior.scale / (prior.dof + 3 + 2), 1e-12)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"shrinkage": -1.0}, "shrinkage must be a number of at least 0"),
        ({"concentration": 0.5}, "concentration must be a number of at least 1"),
    ],
)
def test_impossible_numbers_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        ConjugatePrior(**arguments)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"mean": [0.0]}, r"mean must have the shape \(3,\)"),
        ({"scale": np.ones((3, 3))}, "positive definite"),
        ({"dof": 1.5}, "dof must be greater than 2"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        ConjugatePrior(**arguments).completed(rows(0), Full(), 2)


def test_factors_have_no_such_prior():
    family = Gaussian(Factors(1, False))
    params = family.blank(2, 3)
    prior = ConjugatePrior().completed(rows(0), Full(), 2)
    with pytest.raises(ValueError, match="any covariance structure but factors"):
        prior.log_density(family, params)


def test_other_families_have_no_such_prior():
    from mixtura.families.poisson import Poisson, PoissonParams

    params = PoissonParams(np.ones((1, 1)))
    prior = ConjugatePrior().completed(Rows(np.arange(5.0)[:, None]), Full(), 1)
    with pytest.raises(ValueError, match="needs Gaussian components"):
        prior.log_density(Poisson(), params)
