"""Factors and noise: other solvers' maxima, nesting, counts, bounds, collapse."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.decomposition import PCA, FactorAnalysis

from checks import same
from mixtura import GaussianMixture
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.constraints import Unconstrained
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian, GaussianParams, GaussianStatistics
from mixtura.families.low_rank import Factors

SIZES = pytest.mark.parametrize("d, q", [(3, 1), (4, 1), (6, 2), (9, 3)])
SEEDS = pytest.mark.parametrize("seed", range(3))
KINDS = pytest.mark.parametrize("isotropic", [False, True], ids=["factors", "ppca"])


def simulated(d, q, seed, n=400):
    """Rows of a model with q strong factors, mean zero, and its covariance."""
    rng = np.random.default_rng([d, q, seed])
    signs = rng.choice([-1.0, 1.0], (d, q))
    loadings = signs * rng.uniform(0.7, 1.5, (d, q))
    noise = rng.uniform(0.5, 2.0, d)
    X = rng.standard_normal((n, q)) @ loadings.T
    X += rng.standard_normal((n, d)) * np.sqrt(noise)
    return X - X.mean(axis=0), loadings @ loadings.T + np.diag(noise)


def moments(d, q, seed):
    X, _ = simulated(d, q, seed)
    return X.T @ X / len(X)


def unstructured(d, seed):
    """A covariance far from few factors: often a column is best without noise."""
    root = np.random.default_rng([d, seed]).standard_normal((d, d))
    return root @ root.T + 0.05 * np.eye(d)


def maximum(structure, own, previous=None, floor=None):
    start = np.eye(len(own)) if previous is None else previous
    return structure.closest(own[None], np.ones(1), start[None], floor)[0]


def loss(covariance, own):
    """Minus twice the mean log-likelihood, but for a constant."""
    sign, log = np.linalg.slogdet(covariance)
    assert sign > 0
    return log + np.trace(np.linalg.solve(covariance, own))


@pytest.mark.filterwarnings("ignore:FactorAnalysis did not converge")
@SEEDS
@SIZES
def test_factor_analysis_finds_no_more(d, q, seed):
    for own in (moments(d, q, seed), unstructured(d, seed)):
        X = np.linalg.cholesky(own).T * np.sqrt(d)  # rows with exactly these moments
        rows = np.concatenate([X, -X])
        other = FactorAnalysis(q, tol=1e-10, max_iter=3000, svd_method="lapack")
        theirs = other.fit(rows).get_covariance()
        assert loss(maximum(Factors(q), own), own) <= loss(theirs, own) + 1e-9


@pytest.mark.parametrize("d", [4, 5, 7])
@pytest.mark.parametrize("seed", range(4))
def test_noise_that_had_better_vanish_vanishes(d, seed):
    """One factor without noise in one column: the others are independent given it."""
    own = unstructured(d, seed)
    found = maximum(Factors(1), own)

    def without(j):
        slopes = own[j] / own[j, j]
        known = np.outer(slopes, slopes) * own[j, j]
        return known + np.diag(np.diagonal(own - known))

    edges = [without(j) for j in range(d)]
    assert loss(found, own) <= min(loss(edge, own) for edge in edges) + 1e-12

    def divergence(vector):
        noise = np.exp(vector[:d])
        return loss(np.outer(vector[d:], vector[d:]) + np.diag(noise), own)

    start = np.concatenate([np.log(np.diagonal(own) / 2), np.sqrt(np.diagonal(own))])
    free = minimize(divergence, start, method="L-BFGS-B", bounds=[(-14, 6)] * d * 2)
    assert loss(found, own) <= free.fun + 1e-9


def test_a_column_that_the_others_determine_is_the_factor():
    """One column is the factor itself: its noise is zero to the last digit."""
    slopes = np.array([1.0, 0.5, -2.0, 1.5])
    own = np.outer(slopes, slopes) + np.diag([0.0, 0.3, 2.0, 1.0])
    found = maximum(Factors(1), own)
    given = found - np.outer(found[0], found[0]) / found[0, 0]
    same(given, np.diag([0.0, 0.3, 2.0, 1.0]), 1e-12)


@SEEDS
@SIZES
def test_equal_noise_is_that_of_principal_components(d, q, seed):
    X, _ = simulated(d, q, seed)
    theirs = PCA(q).fit(X).get_covariance() * (1 - 1 / len(X))
    same(maximum(Factors(q, isotropic=True), X.T @ X / len(X)), theirs, 1e-10)


@KINDS
@SIZES
def test_no_descent_from_anywhere_beats_the_m_step(d, q, isotropic):
    rng = np.random.default_rng(0)
    own = moments(d, q, 5)
    best = loss(maximum(Factors(q, isotropic), own), own)

    def objective(vector):
        loadings = vector[: d * q].reshape(d, q)
        noise = np.exp(vector[d * q :]) * np.ones(d)
        return loss(loadings @ loadings.T + np.diag(noise), own)

    begin = 0.5 * rng.standard_normal(d * q + (1 if isotropic else d))
    reached = minimize(objective, begin, method="BFGS").fun
    assert best <= reached + 1e-9
    assert reached <= best + 0.5  # and it got somewhere


@SEEDS
@pytest.mark.parametrize("d", [4, 7])
def test_more_factors_are_at_least_as_likely(d, seed):
    own = unstructured(d, seed)
    for isotropic in (False, True):
        chain = [loss(np.diag(np.diagonal(own)), own)]
        if isotropic:
            chain = [loss(np.eye(d) * np.trace(own) / d, own)]
        structures = [Factors(q, isotropic) for q in range(1, d)]
        chain += [loss(maximum(each, own), own) for each in structures]
        chain.append(loss(own, own))
        assert (np.diff(chain) <= 1e-9).all(), chain
    for q in range(1, d):
        equal, free = (maximum(Factors(q, kind), own) for kind in (True, False))
        assert loss(free, own) <= loss(equal, own) + 1e-9


@SEEDS
@KINDS
def test_the_m_step_keeps_what_has_the_structure_and_never_loses(isotropic, seed):
    structure = Factors(2, isotropic)
    _, known = simulated(6, 2, seed)
    if isotropic:
        known = maximum(structure, known)
    same(maximum(structure, known), known, 1e-9)
    same(structure.projected(known[None])[0], known, 1e-9)
    own = unstructured(6, seed)
    after = maximum(structure, own, previous=known)
    assert loss(after, own) <= loss(known, own)
    again = maximum(structure, own, previous=after)
    assert loss(again, own) <= loss(after, own) + 1e-12
    same(structure.projected(again[None])[0], again, 1e-7)


def test_an_m_step_that_misses_the_better_maximum_keeps_to_it():
    """Two maxima: from either as the previous covariance, none is lost."""
    worse = 0
    for seed in range(30):
        own = unstructured(5, seed)
        structure = Factors(1)
        usual = maximum(structure, own)
        for start in range(3):
            previous = structure.projected(unstructured(5, 100 + start)[None])[0]
            after = maximum(structure, own, previous)
            assert loss(after, own) <= loss(previous, own) + 1e-12
            worse += loss(after, own) > loss(usual, own) + 1e-6
    assert worse == 0


@pytest.mark.parametrize(
    "q, isotropic, d, each",
    [
        (1, False, 6, 12),
        (2, False, 6, 17),
        (2, True, 6, 12),
        (1, True, 5, 6),
        (3, False, 4, 10),  # no more than a full matrix
    ],
)
def test_free_parameters(q, isotropic, d, each):
    structure = Factors(q, isotropic)
    assert structure.n_free_parameters(3, d) == 3 * each
    assert structure.n_free_parameters(3, d) <= Full().n_free_parameters(3, d)
    # The set of such matrices has that dimension.
    rng = np.random.default_rng(0)
    n_noise = 1 if isotropic else d

    def matrix(vector):
        loadings = vector[: d * q].reshape(d, q)
        return (loadings @ loadings.T + np.diag(vector[d * q :] * np.ones(d))).ravel()

    at = np.concatenate([rng.standard_normal(d * q), rng.uniform(1, 2, n_noise)])
    steps = 1e-5 * np.eye(len(at))
    jacobian = [(matrix(at + step) - matrix(at - step)) / 2e-5 for step in steps]
    assert np.linalg.matrix_rank(np.array(jacobian), tol=1e-7) == each


@KINDS
def test_units_of_columns_matter_to_equal_noise_only(isotropic):
    structure, scale = Factors(1, isotropic), np.array([1e-2, 1.0, 30.0, 1e3])
    own, unit = moments(4, 1, 1), np.outer(scale, scale)
    here, there = maximum(structure, own) * unit, maximum(structure, own * unit)
    distance = np.abs(here - there) / np.sqrt(
        np.outer(np.diagonal(there), np.diagonal(there))
    )
    assert (distance.max() < 1e-9) == structure.scales_by_column == (not isotropic)


@KINDS
def test_a_floor_holds_the_noise(isotropic):
    structure = Factors(2, isotropic)
    given = np.array([0.2, 1.0, 0.5, 0.1, 2.0])
    floor = structure.attainable(given)
    for own in (moments(5, 2, 0), 1e-6 * moments(5, 2, 0), np.zeros((5, 5))):
        best = maximum(structure, own, floor=floor)
        units = np.sqrt(np.outer(floor, floor))
        assert np.linalg.eigvalsh(best / units).min() >= 1 - 1e-9
        same(structure.projected(best[None], floor)[0], best, 1e-7)
    same(best, np.diag(floor), 1e-9)


def test_a_column_without_noise_is_no_failure():
    """A Heywood case: one column is the factor itself."""
    rng = np.random.default_rng(0)
    factor = rng.standard_normal(300)
    X = np.column_stack([factor, *(factor + rng.standard_normal(300) for _ in "abc")])
    own = np.cov(X.T, bias=True)
    best = maximum(Factors(1), own)
    assert np.linalg.eigvalsh(best).min() > 0
    np.testing.assert_allclose(np.diagonal(best), np.diagonal(own), rtol=1e-4)
    same(maximum(Factors(1), own, best), best, 1e-7)


def test_fewer_rows_than_columns_are_enough():
    X, _ = simulated(12, 1, 0, n=8)
    own = X.T @ X / len(X)
    assert np.linalg.matrix_rank(own) < 12
    best = maximum(Factors(1), own)
    assert np.isfinite(loss(best, own))
    assert np.linalg.eigvalsh(best).min() > 0


@KINDS
def test_rows_that_factors_alone_explain_have_no_maximum(isotropic):
    family = Gaussian(Factors(2, isotropic), Unconstrained())
    root = np.random.default_rng(0).standard_normal((5, 2))
    for own in (np.zeros((5, 5)), root @ root.T):
        params = GaussianParams(np.zeros((1, 5)), np.eye(5)[None], np.eye(5)[None])
        sums = GaussianStatistics(
            np.full(1, 10.0), np.zeros((1, 5)), 10 * own[None], np.zeros((1, 5))
        )
        with pytest.raises(DegenerateComponentError):
            family.maximize(params, sums)


@KINDS
def test_too_many_factors_are_refused(isotropic):
    structure = Factors(3, isotropic)
    for use in (
        lambda: structure.identity(2, 3),
        lambda: structure.n_free_parameters(2, 3),
        lambda: maximum(structure, np.eye(3)),
    ):
        with pytest.raises(ValueError, match="needs more than 3 columns"):
            use()
    with pytest.raises(ValueError, match="at least 1"):
        Factors(0, isotropic)


def test_a_mixture_of_factor_analysers_is_recovered():
    rng = np.random.default_rng(3)
    parts = [simulated(6, 1, seed, n=1500) for seed in (10, 11)]
    centres = 4 * rng.standard_normal((2, 6))
    X = np.concatenate([rows + c for (rows, _), c in zip(parts, centres, strict=True)])
    model = GaussianMixture(2, covariance_type="factors:1", random_state=0).fit(X)
    order = np.argsort(model.means_[:, 0] - model.means_[:, 0].mean())
    true = np.argsort(centres[:, 0])
    for found, wanted in zip(order, true, strict=True):
        np.testing.assert_allclose(model.means_[found], centres[wanted], atol=0.2)
        error = model.covariances_[found] - parts[wanted][1]
        assert np.abs(error).max() < 0.3
    full = GaussianMixture(2, covariance_type="full", random_state=0).fit(X)
    assert full.log_likelihood_ >= model.log_likelihood_
    assert model.bic(X) < full.bic(X)
