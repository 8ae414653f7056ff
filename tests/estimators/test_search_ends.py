"""Where compiled runs are at their end, fits are; and collapses are seen at once."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score
from tests.checks import same

from mixtura import GaussianMixture, GaussianMixtureSearch, load_dataset
from mixtura.data import Rows
from mixtura.estimators.searching import shared_starts, trials
from mixtura.estimators.searching.candidates import SearchData

pytest.importorskip("numba")

CODES = ("EII", "VEI", "tied", "VVE", "EEV", "full")
SIZES = (1, 2, 3, 4)


@pytest.fixture(autouse=True)
def compiled(monkeypatch):
    monkeypatch.setattr(shared_starts, "MANY", 0)


def searched(X, estimator=None, sizes=SIZES, codes=CODES, **options):
    search = GaussianMixtureSearch(
        sizes, covariance_type=codes, estimator=estimator, random_state=0
    )
    return search.fit(X, **options)


@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_kept_is_what_a_fit_from_there_finds(weighted):
    X = load_dataset("old-faithful").values
    weights = np.arange(len(X)) % 3 + 1.0 if weighted else None
    search = searched(X, sample_weight=weights)
    for model in search.candidates_:
        again = clone(model).fit(X, sample_weight=weights)
        assert vars(again).keys() == vars(model).keys()
        assert model.converged_ and model.lower_bounds_[-1] == model.lower_bound_
        same(model.log_likelihood_, again.log_likelihood_, 1e-6)
        same(model.predict_proba(X), again.predict_proba(X), 1e-2)
        assert model.labels_.tolist() == model.predict(X).tolist()
        densities = model.score_samples(X)
        total = densities.sum() if weights is None else weights @ densities
        same(model.log_likelihood_, total, 1e-10)


def test_threads_do_not_change_a_bit():
    X = load_dataset("old-faithful").values
    one, two = (
        GaussianMixtureSearch(SIZES, covariance_type=CODES, random_state=0, n_jobs=n)
        for n in (1, 2)
    )
    one.fit(X), two.fit(X)
    for first, second in zip(one.candidates_, two.candidates_, strict=True):
        assert first.means_.tobytes() == second.means_.tobytes()
        assert first.log_likelihood_ == second.log_likelihood_


def test_compiled_runs_use_two_processors_at_most(monkeypatch):
    X = load_dataset("old-faithful").values
    seed, template = 0, GaussianMixture()
    monkeypatch.setattr(trials, "effective_n_jobs", lambda n: 8 if n == -1 else n)

    def threads(X, n_jobs, n_candidates):
        data = SearchData.of(X, None, (), template, seed, n_candidates)
        return trials.Workers.of(n_jobs, data).n_threads

    assert threads(X, None, 100) == trials.COMPILED_THREADS
    assert threads(X, 3, 100) == 3
    assert threads(np.tile(X, (200, 1)), None, 1) == 8
    monkeypatch.setattr(shared_starts, "MANY", np.inf)
    assert threads(X, None, 100) == 1


@pytest.mark.parametrize(
    "options",
    [{"acceleration": None}, {"record": True}, {"tol": 1e-12}, {"dtype": "float32"}],
    ids=str,
)
def test_who_asks_for_more_than_the_end_gets_fits(options, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(shared_starts.SharedStarts, "keep", never)
    X = load_dataset("old-faithful").values
    search = searched(X, GaussianMixture(**options), (2, 3), ("full", "VVE"))
    for model in search.candidates_:
        assert model.converged_
        assert hasattr(model, "trace_") == ("record" in options)


def test_agglomerations_lead_where_fits_of_their_own_do():
    X = load_iris().data
    beginning = GaussianMixture(init_params="hierarchical")
    search = searched(X, beginning)
    for model in search.candidates_:
        start = {
            "init_params": "hierarchical",
            "covariance_type": model.covariance_type,
        }
        alone = GaussianMixture(model.n_components, **start).fit(X)
        same(model.log_likelihood_, alone.log_likelihood_, 1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["old-faithful", "iris"])
def test_no_model_is_less_likely_than_from_the_agglomeration(name, seed):
    X = load_iris().data if name == "iris" else load_dataset(name).values
    tables = []
    for start in ("auto", "hierarchical"):
        estimator = GaussianMixture(init_params=start)
        search = GaussianMixtureSearch(
            range(1, 10), covariance_type=CODES, estimator=estimator, random_state=seed
        )
        tables.append(search.fit(X).results_)
    default, agglomerated = tables
    fit = (default["status"] == "converged") & (agglomerated["status"] == "converged")
    assert fit.sum() > 45
    gains = default["log_likelihood"][fit] - agglomerated["log_likelihood"][fit]
    assert gains.min() > -1e-3


@pytest.mark.parametrize("compiled", [False, True])
def test_threads_take_turns_where_runs_are_compiled(compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(shared_starts, "MANY", np.inf)
    X = load_dataset("old-faithful").values
    for rows, take_turns in ((X, compiled), (np.tile(X, (200, 1)), False)):
        data = SearchData.of(rows, None, (), GaussianMixture(), 0, 100)
        assert trials.Workers.of(2, data) == (2, take_turns)


def test_a_collapse_is_not_waited_for():
    """EM from mclust's start collapses; the candidate says so after one step."""
    X = load_iris().data
    beginning = GaussianMixture(init_params="hierarchical")
    search = searched(X, beginning, (5, 7), ("VEE", "diag"))
    table = search.results_
    assert table["status"].tolist() == ["collapsed"] * 2 + ["converged"] * 2
    assert table["n_iter"][:2].tolist() == [1, 1]
    assert all("collapsed component" in reason for reason in table["reason"][:2])
    with pytest.warns(match="collapsed"):
        GaussianMixture(5, covariance_type="VEE", init_params="hierarchical").fit(X)


def test_many_rows_are_agglomerated_by_each_fit():
    """Of a sample of its own, as a single fit does."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1100, 2)) + 4 * rng.integers(2, size=(1100, 1))
    beginning = GaussianMixture(init_params="hierarchical")
    search = searched(X, beginning, (2,), ("full",))
    assert search.best_estimator_.means_init is None


def test_repeated_rows_are_agglomerated_by_each_fit_too(monkeypatch):
    """Which is for all rows to say, not for those that differ."""
    monkeypatch.setattr(shared_starts, "AGGLOMERATED_ROWS", 100)
    X = np.repeat(load_iris().data[::2], 2, axis=0)
    beginning = GaussianMixture(init_params="hierarchical")
    search = searched(X, beginning, (2, 3), ("EII", "full"))
    assert set(search.results_["status"]) == {"converged"}
    for model in search.candidates_:
        alone = clone(model).fit(X)
        same(model.log_likelihood_, alone.log_likelihood_, 1e-5)


def test_parameters_and_initial_values_are_arrays_of_their_own():
    model = searched(load_iris().data, None, (2,), ("full",)).best_estimator_
    pairs = [
        (model.weights_, model.weights_init),
        (model.means_, model.means_init),
        (model.precisions_, model.precisions_init),
    ]
    for fitted, given in pairs:
        same(fitted, given, 1e-12)
        assert not np.shares_memory(fitted, given)


@pytest.mark.parametrize("columns", [[1, 0, 2, 3], [3, 2, 1, 0]])
def test_agglomerations_do_not_depend_on_the_order_of_columns(columns):
    X = load_iris().data
    partitions = []
    for rows in (X, X[:, columns]):
        shared = shared_starts.SharedStarts(Rows(rows), GaussianMixture(), 0, 9)
        few = shared._of(shared_starts.FULL).few
        back = {tuple(row): i for i, row in enumerate(few.X)}
        units = shared._of(shared_starts.FULL).problem.units
        places = [back[tuple(row)] for row in units.to_z(rows)]
        trees = shared._trees()
        assert len(trees) == 1 + shared_starts.OTHER_TREES
        partitions.append([tree.labels(5)[places] for tree in trees])
    for one, other in zip(*partitions, strict=True):
        assert adjusted_rand_score(one, other) == 1.0
