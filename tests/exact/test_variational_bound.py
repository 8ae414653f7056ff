"""The bound of variational EM against closed forms, enumeration and numbers."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.special import betaln, gammaln, logsumexp, multigammaln

import bayesian
from bayesian import CASES, PLAIN, STRUCTURES, Case, log_evidence, start
from mixtura.data import Rows
from mixtura.em import em
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.families.normal_wishart import (
    NormalWishart,
    divergence,
    jensen_gap,
    predictive_log_density,
)
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.models.weight_priors import Dirichlet, DirichletProcess

CASE = pytest.mark.parametrize("case", CASES, ids=str)
STRUCTURE = pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
SEEDS = pytest.mark.parametrize("seed", range(3))


@SEEDS
@CASE
def test_the_bound_is_that_of_full_wishart_distributions(case, seed):
    """Term by term, with the same formula whatever restricts the posterior."""
    model, data, params = start(case, seed)
    for _ in range(3):
        statistics = model.e_step(params, data)
        expected = bayesian.bound(model, params, data)
        np.testing.assert_allclose(statistics.log_likelihood, expected, rtol=1e-11)
        params = model.m_step(params, statistics)


@SEEDS
def test_one_component_has_the_exact_evidence(seed):
    rng = np.random.default_rng(seed)
    model = Case(Full(), Dirichlet(0.4)).model(rng, n_components=1)
    X = bayesian.clusters(rng).X
    params = model.from_responsibilities(Rows(X), np.ones((len(X), 1)))
    reached = model.e_step(params, Rows(X)).log_likelihood
    exact = log_evidence(X, model.family.prior)
    np.testing.assert_allclose(reached, exact, rtol=1e-12)


@SEEDS
def test_one_stick_costs_the_chance_that_all_rows_fall_on_it(seed):
    rng = np.random.default_rng(seed)
    gamma = 0.7
    model = Case(Full(), DirichletProcess(gamma)).model(rng, n_components=1)
    X = bayesian.clusters(rng).X
    params = model.from_responsibilities(Rows(X), np.ones((len(X), 1)))
    reached = model.e_step(params, Rows(X)).log_likelihood
    all_on_it = betaln(1 + len(X), gamma) - betaln(1, gamma)
    exact = log_evidence(X, model.family.prior) + all_on_it
    np.testing.assert_allclose(reached, exact, rtol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_lies_below_the_enumerated_evidence(seed):
    """log p(X) as the sum over all 2^8 assignments of rows to two components."""
    rng = np.random.default_rng(seed)
    alpha, n = 0.8, 8
    model = Case(Full(), Dirichlet(alpha)).model(rng, n_components=2, n_features=2)
    X = rng.standard_normal((n, 2)) + 4 * rng.integers(2, size=(n, 1))
    terms = []
    for labels in product([0, 1], repeat=n):
        chosen = np.array(labels)
        counts = np.bincount(chosen, minlength=2)
        log_prior = gammaln(2 * alpha) - gammaln(2 * alpha + n)
        log_prior += (gammaln(alpha + counts) - gammaln(alpha)).sum()
        parts = [log_evidence(X[chosen == k], model.family.prior) for k in (0, 1)]
        terms.append(log_prior + sum(parts))
    evidence = logsumexp(terms)
    best = max(
        em(
            model,
            Rows(X),
            model.from_responsibilities(Rows(X), rng.dirichlet([1, 1], size=n)),
            tol=1e-10,
        ).log_likelihood
        for _ in range(5)
    )
    assert evidence - 6 < best < evidence


@SEEDS
@CASE
def test_no_divergence_is_negative_and_that_of_the_prior_is_zero(case, seed):
    model, _, params = start(case, seed)
    family, weights = model.family, model.weights
    assert family.divergence(params.components) > 0
    assert weights.divergence(params.concentrations) > 0
    nothing = weights.update(np.zeros(bayesian.K))
    assert abs(family.divergence(family.prior)) < 1e-12
    assert abs(weights.divergence(nothing)) < 1e-12


@STRUCTURE
def test_the_divergence_is_not_negative_between_any_two(structure):
    rng = np.random.default_rng(0)
    for _ in range(100):
        q, p = (bayesian.prior_of(structure, rng) for _ in range(2))
        assert divergence(structure, q, p) > 0


def test_divergences_of_weights_against_quadrature():
    v = (np.arange(200_000) + 0.5) / 200_000
    for counts in ([3.0, 1.0], [0.2, 6.0]):
        stick = DirichletProcess(1.7)
        a, b = concentrations = stick.update(np.array(counts))
        expected = 0.0
        for k in range(2):
            q, p = stats.beta(a[k], b[k]), stats.beta(1, 1.7)
            expected += (q.pdf(v) * (q.logpdf(v) - p.logpdf(v))).mean()
        np.testing.assert_allclose(
            stick.divergence(concentrations), expected, rtol=1e-4
        )
        flat = Dirichlet(1.3)  # of two components, a beta distribution
        concentrations = flat.update(np.array(counts))
        q, p = stats.beta(*concentrations), stats.beta(1.3, 1.3)
        expected = (q.pdf(v) * (q.logpdf(v) - p.logpdf(v))).mean()
        np.testing.assert_allclose(flat.divergence(concentrations), expected, rtol=1e-4)


@STRUCTURE
def test_the_gap_of_expected_log_densities_closes(structure):
    rng = np.random.default_rng(1)
    q = bayesian.prior_of(structure, rng)
    gaps = [
        jensen_gap(
            NormalWishart(
                q.gaussian, q.mean_precision * scale, q.degrees_of_freedom * scale
            )
        ).max()
        for scale in (1.0, 1e2, 1e4, 1e8)
    ]
    assert (np.diff(gaps) < 0).all()
    assert 0 < gaps[-1] < 1e-6


def test_the_expected_log_density_and_the_predictive_one_by_simulation():
    """Against 40 000 draws of mean and precision."""
    rng = np.random.default_rng(2)
    structure = Full()
    q = bayesian.prior_of(structure, rng, n_components=1)
    q = NormalWishart(q.gaussian, q.mean_precision * 3, q.degrees_of_freedom + 6)
    nu, beta = q.degrees_of_freedom[0], q.mean_precision[0]
    scale = np.linalg.inv(nu * q.gaussian.covariances[0])
    x = q.gaussian.means[0] + [0.5, -0.3, 0.8]
    precisions = stats.wishart(nu, scale).rvs(40_000, random_state=rng)
    roots = np.linalg.cholesky(np.linalg.inv(beta * precisions))
    means = q.gaussian.means[0] + (roots @ rng.standard_normal((40_000, 3, 1)))[..., 0]
    squared = np.einsum("nd,nde,ne->n", x - means, precisions, x - means)
    logs = (np.linalg.slogdet(precisions)[1] - 3 * np.log(2 * np.pi) - squared) / 2
    model = Case(structure, Dirichlet(1.0)).model(rng, n_components=1)
    expected = model.family.log_density(q, x[None])[0, 0]
    assert abs(expected - logs.mean()) < 5 * logs.std() / 200
    predictive = predictive_log_density(structure, q, x[None])[0, 0]
    assert abs(predictive - (logsumexp(logs) - np.log(len(logs)))) < 0.02


@STRUCTURE
def test_the_predictive_density_is_a_student_t(structure):
    rng = np.random.default_rng(3)
    q = bayesian.prior_of(structure, rng)
    X = rng.standard_normal((20, bayesian.D)) * 3
    matrices = structure.to_full(q.gaussian.covariances, bayesian.K, bayesian.D)
    nu, beta = q.degrees_of_freedom, q.mean_precision
    freedom = nu + 1 - bayesian.D
    expected = [
        stats.multivariate_t(
            q.gaussian.means[k],
            (beta[k] + 1) / beta[k] * nu[k] / freedom[k] * matrices[k],
            freedom[k],
        ).logpdf(X)
        for k in range(bayesian.K)
    ]
    actual = predictive_log_density(structure, q, X)
    np.testing.assert_allclose(actual, np.transpose(expected), rtol=1e-10)


def test_the_evidence_oracle_is_that_of_a_known_case():
    """One row: the prior predictive density, a Student t."""
    rng = np.random.default_rng(4)
    prior = bayesian.prior_of(Full(), rng, n_components=1)
    x = rng.standard_normal((1, bayesian.D))
    expected = predictive_log_density(Full(), prior, x)[0, 0]
    np.testing.assert_allclose(log_evidence(x, prior), expected, rtol=1e-12)
    assert multigammaln(2.0, 1) == gammaln(2.0)


@pytest.mark.parametrize("case", PLAIN, ids=str)
def test_much_data_leave_maximum_likelihood(case):
    """The prior is worth a few rows, so rows of weight 1e9 drown it."""
    rng = np.random.default_rng(5)
    model, data = case.model(rng), bayesian.clusters(rng)
    heavy = Rows(data.X, data.weights * 1e9)
    responsibilities = rng.dirichlet(np.full(bayesian.K, 0.5), size=len(data))
    params = model.from_responsibilities(heavy, responsibilities)
    plain = Mixture(Gaussian(case.structure))
    expected = plain.from_responsibilities(heavy, responsibilities)
    for _ in range(5):
        params = model.m_step(params, model.e_step(params, heavy))
        expected = plain.m_step(expected, plain.e_step(expected, heavy))
    weights = model.weights.expected_weights(params.concentrations)
    actual = MixtureParams(weights, params.components.gaussian)
    np.testing.assert_allclose(actual.weights, expected.weights, atol=1e-6)
    for name in ("means", "covariances"):
        np.testing.assert_allclose(
            getattr(actual.components, name),
            getattr(expected.components, name),
            atol=1e-5,
        )
