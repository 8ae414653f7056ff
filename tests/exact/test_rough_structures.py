"""Cheap stand-ins for structures whose M-step is a search: never less likely."""

import numpy as np
import pytest

from mixtura import GaussianMixture
from mixtura.data import Rows
from mixtura.em import em
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Full
from mixtura.families.factorisation import least_eigenvalues
from mixtura.families.gaussian import Gaussian
from mixtura.families.low_rank import Factors
from mixtura.families.parsimonious import EVE, VVE
from mixtura.families.rough import rough
from mixtura.init.starts import AroundCentres
from mixtura.models.mixture import Mixture

EXACT = (Factors(1), Factors(2), EVE(), VVE())

every_structure = pytest.mark.parametrize(
    "structure", EXACT, ids=lambda each: each.name
)
every_seed = pytest.mark.parametrize("seed", range(4))


def rows(seed, n_rows=80, n_features=5):
    """Rows of three clusters with two factors behind them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_rows) % 3
    loadings = rng.standard_normal((3, n_features, 2))
    factors = rng.standard_normal((n_rows, 2))
    X = 2 * rng.standard_normal((3, n_features))[labels]
    X += np.einsum("idq,iq->id", loadings[labels], factors)
    return X + 0.5 * rng.standard_normal(X.shape)


def divergence(covariance, own):
    """Log |Sigma| + tr(Sigma^-1 S)."""
    return np.linalg.slogdet(covariance)[1] + np.trace(np.linalg.solve(covariance, own))


@every_structure
@every_seed
@pytest.mark.parametrize("floor", [1e-8, 0.5])
def test_em_never_falls(structure, seed, floor):
    X = rows(seed)
    data = Rows(X, np.ones(len(X)))
    model = Mixture(Gaussian(rough(structure), Floor(np.full(5, floor))))
    [partition] = AroundCentres(data, 3, np.random.default_rng(seed)).more(1)
    start = model.from_responsibilities(data, partition)
    path = np.array(em(model, data, start, max_iter=60, tol=0.0).log_likelihoods)
    assert (np.diff(path) > -1e-9 * np.abs(path[1:])).all()
    assert path[-1] > path[0]


@every_seed
@pytest.mark.parametrize("n_factors", [1, 2, 3])
def test_the_formula_comes_near_the_maximum(seed, n_factors):
    own = np.cov(rows(seed, 240).T, ddof=0)[None]
    counts, before = np.array([240.0]), 9 * np.eye(5)[None]
    ends = [
        structure.closest(own, counts, before)[0]
        for structure in (Factors(n_factors), rough(Factors(n_factors)))
    ]
    exact, formula = (divergence(end, own[0]) for end in ends)
    full, none = (divergence(each, own[0]) for each in (own[0], before[0]))
    assert exact - 1e-9 <= formula < exact + 0.2 * (none - full)


@every_seed
def test_what_is_more_likely_already_stays(seed):
    own = np.cov(rows(seed).T, ddof=0)[None]
    counts = np.array([80.0])
    best = Factors(2).closest(own, counts, own)
    np.testing.assert_array_equal(rough(Factors(2)).closest(own, counts, best), best)


@every_seed
def test_a_floor_holds_where_rows_are_few_or_a_column_is_constant(seed):
    X = rows(seed, 4)
    X[:, 0] = 1.0
    own = np.array([np.cov(X.T, ddof=0), np.eye(5)])
    floor, counts = np.full(5, 1e-3), np.array([4.0, 0.0])
    structure = rough(Factors(2))
    found = structure.closest(own, counts, own, floor)
    assert least_eigenvalues(found, floor)[0] > 1 - 1e-9
    np.testing.assert_array_equal(found[1], own[1])
    assert np.isnan(structure.closest(own, counts, own)[0]).all()


def test_others_stand_for_themselves():
    for structure in (Full(), Factors(2, isotropic=True)):
        assert rough(structure) is structure


@pytest.mark.parametrize("seed", range(3))
def test_factors_are_found_as_well_as_from_the_truth(seed):
    X = rows(seed, 600)
    labels = np.arange(600) % 3
    settings = {"covariance_type": "factors:2", "random_state": 0}
    known = GaussianMixture(3, init_params=labels, **settings).fit(X)
    found = GaussianMixture(3, **settings).fit(X)
    assert found.log_likelihood_ > known.log_likelihood_ - 1e-3
