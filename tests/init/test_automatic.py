"""What the search with variances alone cannot tell, moves with whole matrices do."""

import numpy as np
import pytest

from interruption import fit_interrupted, interrupt_after
from mixtura import GaussianMixture
from mixtura.data import Rows
from mixtura.em import em
from mixtura.estimators.fitting import gaussian_fit
from mixtura.estimators.fitting.gaussian_fit import START_ROWS, Problem
from mixtura.exceptions import DegenerateDataWarning
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Diagonal, Full
from mixtura.families.gaussian import Gaussian
from mixtura.init.poorer import is_starved
from mixtura.init.search import STARVED, Search
from mixtura.kernels.quadratic import QuadraticRows
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import Mixture

SEEDS = range(3)


def turned_clusters(seed, n_rows, n_features, n_clusters, spread):
    """Cigars in directions of their own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_rows) % n_clusters
    X = np.empty((n_rows, n_features))
    for k, centre in enumerate(spread * rng.standard_normal((n_clusters, n_features))):
        axes = np.linalg.qr(rng.standard_normal((n_features, n_features)))[0]
        shape = axes * rng.uniform(0.5, 2, n_features)
        own = labels == k
        X[own] = centre + rng.standard_normal((own.sum(), n_features)) @ shape.T
    return X, labels


@pytest.mark.parametrize("seed", SEEDS)
class TestImproved:
    def search(self, seed):
        X, labels = turned_clusters(seed, 2500, 10, 5, 3.0)
        data = Rows(X, np.ones(len(X)))
        model = Mixture(Gaussian(Full(), Floor(np.full(10, 1e-8))))
        rng = np.random.default_rng(seed)
        return Search(model, data, lambda _: True, rng), labels

    def start(self, search, labels):
        partition = one_hot(labels, labels.max() + 1)
        return search.model.from_responsibilities(search.data, partition)

    def test_two_clusters_in_one_component_and_one_in_two(self, seed):
        search, labels = self.search(seed)
        there = em(search.model, search.data, self.start(search, labels))
        cut = (labels == 2) & (search.data.X[:, 0] > 0)
        wrong = np.where(cut, 1, np.where(labels == 1, 0, labels))
        start = self.start(search, wrong)
        assert em(search.model, search.data, start).log_likelihood < (
            there.log_likelihood - 10
        )
        found = em(search.model, search.data, search.improved(start))
        assert found.log_likelihood > there.log_likelihood - 0.1

    def test_nowhere_better_is_where_it_was(self, seed):
        search, labels = self.search(seed)
        start = em(search.model, search.data, self.start(search, labels)).params
        assert search.improved(start) is start

    def test_where_rows_are_few_nothing_moves(self, seed):
        search, labels = self.search(seed)
        search.data = type(search.data).of(search.data.part(0, 100))
        start = self.start(search, labels[:100])
        assert search.improved(start) is start


@pytest.mark.parametrize(
    ("structure", "n_rows", "n_components", "is_larger"),
    [
        (Full(), 12_000, 20, False),  # 5,000 rows are enough
        (Full(), 12_000, 30, True),
        (Full(), 6_000, 30, True),  # which is all there are
        (Full(), 4_000, 30, False),
        (Full(), 12_000, 100, False),  # too large for products of columns
        (Diagonal(), 12_000, 30, False),
    ],
)
def test_the_sample_grows_with_the_parameters(
    structure, n_rows, n_components, is_larger
):
    rng = np.random.default_rng(0)
    rows = Rows(rng.standard_normal((n_rows, 30)))
    problem = Problem.of(rows, structure, "auto", rng)
    sample = problem._sample_for(n_components, rng)
    assert (len(sample) > START_ROWS) == is_larger
    if is_larger and len(sample) < n_rows:
        assert not is_starved(structure, len(sample), 30, n_components, STARVED)


def test_a_larger_sample_is_what_the_search_gets(monkeypatch):
    X, _ = turned_clusters(0, 7_000, 24, 8, 0.6)
    sizes = []
    genuine = gaussian_fit.starting_params

    def starting_params(model, data, sample, *others):
        sizes.append(len(sample))
        return genuine(model, data, sample, *others)

    monkeypatch.setattr(gaussian_fit, "starting_params", starting_params)
    GaussianMixture(8, random_state=0).fit(X)
    monkeypatch.setattr(gaussian_fit, "START_ROWS", 1_000)
    GaussianMixture(8, random_state=0).fit(X)
    assert sizes == [START_ROWS, 1300]  # half of 8 (1 + 24 + 300)


@pytest.mark.parametrize("n_calls", [0, 2, 5])
def test_an_interrupt_leaves_whole_matrices(monkeypatch, n_calls):
    X, _ = turned_clusters(0, 1200, 30, 3, 1.5)
    interrupt_after(monkeypatch, QuadraticRows, "e_step", n_calls)
    model = GaussianMixture(3, random_state=0)
    fit_interrupted(model, X)
    assert model.covariances_.shape == (3, 30, 30)
    assert np.isfinite(model.score(X))


@pytest.mark.parametrize(
    ("seed", "n_rows", "n_features", "n_components"), [(53, 100, 1, 5), (197, 80, 2, 5)]
)
class TestCollapseOnTheFurtherWay:
    """The best optimum of the search narrows to nothing in the fit."""

    def rows(self, seed, n_rows, n_features):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n_rows, n_features))
        return X + 2 * rng.integers(0, 3, (n_rows, 1))

    def test_the_fit_goes_on_from_the_next_best(
        self, seed, n_rows, n_features, n_components, monkeypatch
    ):
        X = self.rows(seed, n_rows, n_features)
        model = GaussianMixture(n_components, random_state=seed).fit(X)
        assert model.converged_ and model.n_iter_ == len(model.lower_bounds_)
        monkeypatch.setattr(Search, "others", lambda _: ())
        monkeypatch.setattr(GaussianMixture, "_searches", False)  # nor once more
        with pytest.warns(DegenerateDataWarning, match="collapsed onto"):
            GaussianMixture(n_components, random_state=seed).fit(X)

    def test_its_record_is_of_the_fit_that_is_kept(
        self, seed, n_rows, n_features, n_components
    ):
        X = self.rows(seed, n_rows, n_features)
        model = GaussianMixture(n_components, random_state=seed, record=True).fit(X)
        plain = GaussianMixture(n_components, random_state=seed).fit(X)
        np.testing.assert_array_equal(model.means_, plain.means_)
        assert model.trace_[-1].log_likelihood == pytest.approx(model.log_likelihood_)
