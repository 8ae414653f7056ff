"""Separate normal clusters are believed at once, and nothing else is."""

import numpy as np
import pytest

from mixtura import GaussianMixture
from mixtura.data import Rows
from mixtura.em import em
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.init import search
from mixtura.init.clear import is_clear
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import Mixture

SEEDS = range(3)
STRUCTURES = (Full(), Tied(), Diagonal(), Spherical())


def clusters(seed, n_rows=2000, n_clusters=6, n_features=4, radius=12.0):
    """Unit round clusters, no two of them nearer than eight deviations."""
    rng = np.random.default_rng(seed)
    centres = radius * rng.standard_normal((1, n_features))
    while len(centres) < n_clusters:
        drawn = radius * rng.standard_normal(n_features)
        if np.linalg.norm(centres - drawn, axis=1).min() > 8:
            centres = np.vstack([centres, drawn])
    labels = np.arange(n_rows) % n_clusters
    return centres[labels] + rng.standard_normal((n_rows, n_features)), labels


def fitted(structure, X, labels, weights=None):
    """The optimum that EM finds from these labels, and whether it is clear."""
    data = Rows(X, np.ones(len(X)) if weights is None else weights)
    model = Mixture(Gaussian(structure, Floor(np.full(X.shape[1], 1e-8))))
    start = model.from_responsibilities(data, one_hot(labels, labels.max() + 1))
    params = em(model, data, start).params
    return is_clear(model, structure, data, params)


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda each: each.name)
@pytest.mark.parametrize("seed", SEEDS)
class TestIsClear:
    def test_the_clusters_themselves(self, structure, seed):
        X, labels = clusters(seed)
        assert fitted(structure, X, labels)

    def test_in_any_units_and_with_weights_of_any_unit(self, structure, seed):
        X, labels = clusters(seed)
        assert fitted(structure, 1e3 * X - 1e4, labels, np.full(len(X), 0.01))
        assert fitted(structure, X, labels, np.full(len(X), 100.0))

    def test_not_two_clusters_in_one_component_and_one_in_two(self, structure, seed):
        X, labels = clusters(seed)
        labels = np.where(labels == 1, 0, labels)
        cut = (labels == 2) & (X[:, 0] > np.median(X[labels == 2, 0]))
        assert not fitted(structure, X, np.where(cut, 1, labels))

    def test_not_too_few_components(self, structure, seed):
        X, labels = clusters(seed)
        assert not fitted(structure, X, np.where(labels == 5, 0, labels))

    def test_not_too_many(self, structure, seed):
        X, labels = clusters(seed)
        cut = (labels == 0) & (X[:, 0] > np.median(X[labels == 0, 0]))
        assert not fitted(structure, X, np.where(cut, 6, labels))

    def test_not_clusters_of_heavy_tails(self, structure, seed):
        X, labels = clusters(seed)
        rng = np.random.default_rng(seed)
        heavy = X[labels == 0]
        centre = heavy.mean(axis=0)
        X[labels == 0] = centre + rng.standard_t(3, size=heavy.shape)
        assert not fitted(structure, X, labels)


@pytest.mark.parametrize("n_rows", [60, 300, 700, 2000])
@pytest.mark.parametrize("seed", range(6))
def test_never_several_clusters_in_each_component(n_rows, seed):
    """However few the rows, whose moments then tell little."""
    X, labels = clusters(seed, n_rows, n_clusters=9)
    assert not fitted(Full(), X, labels // 3)
    assert not fitted(Full(), X, labels // 2)


@pytest.mark.parametrize("structure", [Tied(), Spherical()], ids=lambda each: each.name)
def test_a_column_that_is_constant_in_a_cluster(structure):
    X, labels = clusters(0)
    X[labels == 0, 0] = 100.0
    assert not fitted(structure, X, labels)


@pytest.mark.parametrize("structure", [Tied(), Diagonal(), Spherical()])
@pytest.mark.parametrize("seed", SEEDS)
def test_covariances_that_the_structure_does_not_have(structure, seed):
    X, labels = clusters(seed)
    centre = X[labels == 0].mean(axis=0)
    slant = np.eye(4) + 0.8 * np.eye(4, k=1)
    X[labels == 0] = centre + 1.5 * (X[labels == 0] - centre) @ slant
    assert not fitted(structure, X, labels)
    assert fitted(Full(), X, labels)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_a_clear_optimum_ends_the_search(covariance_type, seed, monkeypatch):
    """And it is the best: the clusters themselves."""
    X, labels = clusters(seed)
    tried = []
    wander = search.Search.wander
    monkeypatch.setattr(
        search.Search, "wander", lambda *each: (tried.append(1), wander(*each))[1]
    )
    model = GaussianMixture(6, covariance_type=covariance_type, random_state=seed)
    model.fit(X)
    assert not tried
    known = GaussianMixture(
        6,
        covariance_type=covariance_type,
        means_init=[X[labels == k].mean(axis=0) for k in range(6)],
    ).fit(X)
    assert model.log_likelihood_ == pytest.approx(known.log_likelihood_, abs=1e-3)


def test_overlapping_components_are_searched_on(monkeypatch):
    X, _ = clusters(0, radius=12.0)
    X = np.vstack([X[:, :2], X[:, 1:3] / 4])
    tried = []
    monkeypatch.setattr(search.Search, "wander", lambda *each: tried.append(1))
    GaussianMixture(5, random_state=0).fit(X)
    assert tried


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning")
@pytest.mark.parametrize("n_features", [2, 3, 5, 10])
@pytest.mark.parametrize("n_rows", [300, 700, 2000, 10_000])
@pytest.mark.parametrize("n_clusters", [2, 3, 5, 10, 20])
def test_what_is_clear_is_not_less_likely_than_a_whole_search(
    n_features, n_rows, n_clusters, monkeypatch
):
    """With as many components as clusters, or fewer, near and far apart."""
    rng = np.random.default_rng([n_features, n_rows, n_clusters])
    clear = []

    def noted(*given):
        clear.append(is_clear(*given))
        return clear[-1]

    for spread in (3.0, 8.0):
        centres = spread * rng.standard_normal((n_clusters, n_features))
        X = centres[rng.integers(n_clusters, size=n_rows)]
        X += rng.standard_normal((n_rows, n_features))
        for n_components in {2, 3, 4, n_clusters - 1, n_clusters}:
            model = GaussianMixture(min(n_components, n_clusters), random_state=0)
            clear.clear()
            monkeypatch.setattr(search, "is_clear", noted)
            found = model.fit(X).log_likelihood_
            if any(clear):
                monkeypatch.setattr(search, "is_clear", lambda *_: False)
                assert found > model.fit(X).log_likelihood_ - 0.01
