"""A search fits each candidate as if alone, judges all alike, and loses none."""

import pickle
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from mixtures import bits, clusters
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from mixtura import GaussianMixture, GaussianMixtureSearch, load_dataset
from mixtura.estimators.fitted.fitted_gaussian_mixture import STRUCTURES
from mixtura.estimators.searching import candidates as candidates_module
from mixtura.estimators.searching import structure_starts
from mixtura.estimators.searching.trial import derived
from mixtura.estimators.structures import every_structure
from mixtura.exceptions import DegenerateDataWarning
from mixtura.selection.criteria import CRITERIA, Criterion

NO_START = dict.fromkeys(("weights_init", "means_init", "precisions_init"))
ALONE = ("bic", "aic", "aicc", "icl", "nec")


@pytest.fixture(scope="module")
def X():
    return clusters(0, n_samples=150, n_features=2)


@pytest.fixture(scope="module")
def search(X):
    """Sizes 1 to 4 in two structures; do not change it."""
    return GaussianMixtureSearch(
        (1, 2, 3, 4), covariance_type=("full", "diag"), random_state=3
    ).fit(X)


def rows_of(search):
    return pd.DataFrame(search.results_)


@pytest.mark.slow
@parametrize_with_checks(
    [
        GaussianMixtureSearch((1, 2), covariance_type=("full", "spherical")),
        GaussianMixtureSearch(2, covariance_type="tied", criterion="nec", n_jobs=2),
    ]
)
@pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


def test_the_table_has_a_row_for_each_candidate_in_order(search):
    table = rows_of(search)
    pairs = list(zip(table.covariance_type, table.n_components, strict=True))
    assert pairs == [(s, k) for s in ("full", "diag") for k in (1, 2, 3, 4)]
    assert len(search.candidates_) == len(table)
    assert sorted(table["rank"]) == list(range(1, 9))
    assert (table.status == "converged").all() and table.converged.all()


def test_each_candidate_is_the_fit_one_gets_alone(search, X):
    for model in search.candidates_:
        alone = GaussianMixture(**model.get_params()).fit(X)
        assert bits(alone) == bits(model)


def test_other_sizes_do_not_change_a_candidate(search, X):
    more = GaussianMixtureSearch(
        (4, 2, 5), covariance_type=("diag", "full"), random_state=3
    ).fit(X)

    def named(found):
        return {
            (model.n_components, model.covariance_type): bits(model)
            for model in found.candidates_
        }

    shared = named(search).keys() & named(more).keys()
    assert len(shared) == 4
    assert all(named(search)[pair] == named(more)[pair] for pair in shared)


@pytest.mark.parametrize(
    "types",
    [
        ("full", "diag", "VEI", "EEV"),
        pytest.param(every_structure(2), marks=pytest.mark.slow),
    ],
    ids=len,
)
def test_no_fit_ends_below_that_from_the_agglomeration(types):
    X = load_dataset("iris").values
    search = GaussianMixtureSearch(
        (2, 3, 4, 5), covariance_type=types, random_state=0
    ).fit(X)
    n_compared = 0
    for model in search.candidates_:
        from_tree = GaussianMixture(
            model.n_components,
            covariance_type=model.covariance_type,
            init_params="hierarchical",
        )
        with warnings.catch_warnings(record=True) as doubts:
            warnings.simplefilter("always")
            from_tree.fit(X)
        if not doubts:  # a collapsed component can have any likelihood
            assert model.log_likelihood_ > from_tree.log_likelihood_ - 1e-3
            n_compared += 1
    assert n_compared > 3 * len(types)


@pytest.mark.slow
def test_what_chance_has_put_into_few_rows_does_not_win():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((5, 10))
    X = centres[rng.integers(5, size=10_000)] + rng.standard_normal((10_000, 10))
    search = GaussianMixtureSearch((4, 5, 6), covariance_type="full", random_state=0)
    alone = GaussianMixture(5, random_state=0).fit(X)
    found = search.fit(X).candidates_[1]
    assert found.log_likelihood_ > alone.log_likelihood_ - 0.1


@pytest.mark.parametrize("n_jobs", [2, 5])
def test_threads_do_not_change_a_bit(search, X, n_jobs):
    threaded = clone(search).set_params(n_jobs=n_jobs).fit(X)
    assert [*map(bits, threaded.candidates_)] == [*map(bits, search.candidates_)]
    same = rows_of(threaded).drop(columns="seconds")
    pd.testing.assert_frame_equal(same, rows_of(search).drop(columns="seconds"))


def test_the_columns_are_what_the_fits_say_themselves(search, X):
    table = rows_of(search)
    for row, model in zip(table.itertuples(), search.candidates_, strict=True):
        assert row.log_likelihood == model.log_likelihood_
        assert row.smallest == pytest.approx(150 * model.weights_.min())
        for name in ("bic", "aic", "icl"):
            assert getattr(row, name) == pytest.approx(
                getattr(model, name)(X), rel=1e-12
            )
        gamma = model.predict_proba(X)
        doubt = -(gamma * np.log(np.where(gamma > 0, gamma, 1))).sum()
        assert row.entropy == pytest.approx(doubt, rel=1e-9, abs=1e-12)
        p = row.n_parameters
        assert row.aicc - row.aic == pytest.approx(2 * p * (p + 1) / (150 - p - 1))


@pytest.mark.parametrize("name", ALONE)
def test_the_best_has_the_lowest_criterion(X, name):
    search = GaussianMixtureSearch((1, 2, 3), criterion=name, random_state=0).fit(X)
    values = search.results_[name]
    assert search.best_score_ == values.min() == values[search.best_index_]
    assert search.best_index_ == search.ranking_[0]
    assert search.best_estimator_ is search.candidates_[search.best_index_]
    ranked = values[search.ranking_]
    assert (np.diff(ranked) >= 0).all()
    second = values[search.runner_up_index_]
    assert search.margin_ == pytest.approx(second - values.min())


def test_it_behaves_as_its_best_estimator(search, X):
    best = search.best_estimator_
    for name in ("predict", "predict_proba", "score_samples", "score", "bic", "icl"):
        np.testing.assert_array_equal(getattr(search, name)(X), getattr(best, name)(X))
    np.testing.assert_array_equal(search.labels_, best.labels_)
    np.testing.assert_array_equal(
        search.sample(5, random_state=1)[0], best.sample(5, random_state=1)[0]
    )
    np.testing.assert_array_equal(clone(search).fit_predict(X), search.labels_)


def test_the_runner_up_is_another_model_and_not_another_name(X):
    one = GaussianMixtureSearch(
        (1, 2), covariance_type=("full", "tied"), random_state=0
    ).fit(np.random.default_rng(0).normal(size=(200, 2)))
    assert one.best_params_["n_components"] == 1
    assert one.runner_up_["n_components"] == 2  # tied and full are one model at K = 1
    assert GaussianMixtureSearch(3, covariance_type="full").fit(X).runner_up_ is None


def test_of_one_model_under_several_names_the_first_is_chosen(X):
    """Not the one that rounding has put ahead by a bit."""
    names = ("VVV", "EVE", "EEE", "EEV", "EVV")
    for offset in (0.0, 1e3, 1.23e5):
        for first in range(len(names)):
            order = names[first:] + names[:first]
            search = GaussianMixtureSearch(1, covariance_type=order).fit(X + offset)
            assert search.best_params_["covariance_type"] == order[0]
            assert search.ranking_.tolist() == list(range(len(names)))


def test_one_component_is_fitted_for_nec_although_it_is_no_candidate(X):
    some = GaussianMixtureSearch((2, 3), random_state=0, criterion="nec").fit(X)
    more = GaussianMixtureSearch((1, 2, 3), random_state=0, criterion="nec").fit(X)
    kept = more.results_["n_components"] > 1
    np.testing.assert_array_equal(some.results_["nec"], more.results_["nec"][kept])


def test_weights_are_repetition_and_zero_is_absence(X):
    counts = np.random.default_rng(0).integers(0, 3, len(X))
    settings = {"covariance_type": ("full", "tied"), "random_state": 0}
    weighted = GaussianMixtureSearch((1, 2, 3), **settings)
    weighted.fit(X, sample_weight=counts)
    repeated = GaussianMixtureSearch((1, 2, 3), **settings)
    repeated.fit(np.repeat(X, counts, axis=0))
    assert weighted.best_params_ == repeated.best_params_
    for name in ("bic", "icl", "entropy"):
        np.testing.assert_allclose(
            weighted.results_[name], repeated.results_[name], rtol=1e-3, atol=1e-2
        )


def test_a_failure_is_a_row_with_its_reason(X):
    search = GaussianMixtureSearch(
        (1, 2, 151), covariance_type="full", random_state=0
    ).fit(X)
    assert search.results_["status"].tolist() == ["converged", "converged", "failed"]
    assert "n_samples >= n_components" in search.results_["reason"][2]
    assert search.candidates_[2] is None and search.ranking_[-1] == 2
    assert np.isnan(search.results_["bic"][2])


def test_the_initial_values_of_one_size_fail_for_the_others(X):
    template = GaussianMixture(means_init=X[:2])
    search = GaussianMixtureSearch((2, 3), covariance_type="full", estimator=template)
    search.fit(X)
    assert search.best_params_["n_components"] == 2
    assert "means" in search.results_["reason"][1]


def test_all_failures_are_an_error_with_the_first_reason(X):
    with pytest.raises(ValueError, match=r"all 4 candidates failed.*n_components=151"):
        GaussianMixtureSearch(151).fit(X)


@pytest.fixture
def two_values():
    """Thirty rows each of two values: two components rest on one value each."""
    return np.repeat([[0.0], [1.0]], 30, axis=0)


def test_components_that_lie_flat_do_not_win():
    """On few rows the best BIC is that of components of two or three rows each."""
    rng = np.random.default_rng(6)
    X = rng.standard_normal((31, 3)) @ rng.standard_normal((3, 3))
    search = GaussianMixtureSearch(range(1, 10), covariance_type="VEV", random_state=0)
    search.fit(X)
    results = search.results_
    flat = results["smallest"] < 3.5
    assert (results["status"][flat] == "collapsed").all()
    assert (results["n_collapsed"][flat] > 0).all()
    assert flat[results["bic"].argmin()], "none would have won: this tests nothing"
    assert not flat[search.ranking_[0]]
    assert "too few to span" in " ".join(results["reason"][flat])


@pytest.mark.parametrize("n_few, status", [(3, "collapsed"), (4, "converged")])
def test_one_row_more_than_columns_spans_them(n_few, status):
    rng = np.random.default_rng(0)
    X = np.r_[rng.normal(size=(40, 3)), rng.normal(size=(n_few, 3)) + 6]
    beginning = GaussianMixture(means_init=[[0, 0, 0], [6, 6, 6]])
    search = GaussianMixtureSearch([2], covariance_type="EEV", estimator=beginning)
    results = search.fit(X).results_
    assert results["smallest"][0] == pytest.approx(n_few, abs=0.1)
    assert results["status"] == [status]
    assert ("too few to span" in results["reason"][0]) == (status == "collapsed")
    assert results["n_collapsed"][0] == (status == "collapsed")


def test_a_collapsed_candidate_stays_and_does_not_win(two_values):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search = GaussianMixtureSearch(
            (1, 2), covariance_type="full", random_state=0
        ).fit(two_values)
    assert search.results_["status"].tolist() == ["converged", "collapsed"]
    assert search.results_["n_collapsed"].tolist() == [0, 2]
    assert "collapsed onto" in search.results_["reason"][1]
    assert search.results_["bic"][1] < search.results_["bic"][0]
    assert search.best_params_["n_components"] == 1
    assert search.runner_up_ is None and np.isnan(search.margin_)
    assert not caught


def test_a_start_that_no_fit_would_take_is_left_out(monkeypatch, X):
    """Rounding can bend the axes of a component that has almost collapsed."""
    refused = ValueError("'EVE precision' must have the structure EVE")

    def refuse(*_):
        raise refused

    monkeypatch.setattr(structure_starts, "check_precisions", refuse)
    monkeypatch.setattr(structure_starts, "WELL_CONDITIONED", 1.0)
    search = GaussianMixtureSearch(2, covariance_type="EVE", random_state=0).fit(X)
    assert search.results_["status"].tolist() == ["converged"]
    assert search.best_estimator_.precisions_init is None


@pytest.fixture
def hardly_any():
    """Rows so few that components of common axes lie flat; EM creeps on for long."""
    return np.random.default_rng(0).standard_normal((18, 6))


many_parameters = pytest.mark.filterwarnings("ignore:The best model has .* parameters")


@many_parameters
def test_a_collapsed_candidate_is_left_where_it_creeps(monkeypatch, hardly_any):
    monkeypatch.setattr(candidates_module, "CREEPING", 2)
    search = GaussianMixtureSearch(range(3, 7), covariance_type="VVE", random_state=0)
    with pytest.warns(DegenerateDataWarning, match="collapsed onto") as caught:
        search.fit(hardly_any)
    assert not any("max_iter" in str(each.message) for each in caught)
    assert (search.results_["status"] == "collapsed").all()
    assert search.results_["n_iter"].max() == 2
    assert {model.max_iter for model in search.candidates_} == {1000}


@many_parameters
def test_a_sound_candidate_is_not(monkeypatch, hardly_any):
    search = GaussianMixtureSearch(2, covariance_type="diag", random_state=0)
    whole = search.fit(hardly_any).best_estimator_
    monkeypatch.setattr(candidates_module, "CREEPING", 0)
    assert bits(search.fit(hardly_any).best_estimator_) == bits(whole)


def test_it_wins_if_there_is_nothing_else_and_says_so(two_values):
    search = GaussianMixtureSearch(2, covariance_type="full", random_state=0)
    with pytest.warns(DegenerateDataWarning, match="collapsed onto"):
        search.fit(two_values)
    assert search.results_["status"].tolist() == ["collapsed"]


def test_a_structure_that_dependent_columns_leave_undefined_does_not_win(X):
    twice = np.c_[X, X[:, 0]]
    search = GaussianMixtureSearch((1, 2), covariance_type=("full", "diag"))
    search.set_params(random_state=0).fit(twice)
    status = search.results_["status"].tolist()
    assert status == ["collapsed"] * 2 + ["converged"] * 2
    assert "linearly dependent" in search.results_["reason"][0]
    assert search.results_["bic"][:2].max() < search.results_["bic"][2:].min()
    assert search.best_params_["covariance_type"] == "diag"


def test_a_candidate_that_stopped_early_is_marked():
    template = GaussianMixture(max_iter=1, init_params="random")
    search = GaussianMixtureSearch(3, estimator=template, random_state=0)
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        search.fit(clusters(1))
    assert (search.results_["status"] == "not converged").all()
    assert "iteration limit" in search.results_["reason"][0]


def test_cross_validation_is_what_one_would_do_by_hand(X):
    splits = list(KFold(4, shuffle=True, random_state=1).split(X))
    search = GaussianMixtureSearch(
        (1, 2), covariance_type=("full", "tied"), criterion="cv", cv=splits
    ).fit(X)
    for i, model in enumerate(search.candidates_):
        held_out = np.empty(len(X))
        for number, (kept, left_out) in enumerate(splits):
            seed = derived(model.random_state, number)
            fold = clone(model).set_params(random_state=seed, **NO_START).fit(X[kept])
            held_out[left_out] = fold.score_samples(X[left_out])
        mean = search.results_["cv_log_likelihood"][i]
        assert mean == pytest.approx(held_out.mean(), rel=1e-12)
        error = held_out.std(ddof=1) / np.sqrt(len(X))
        assert search.results_["cv_standard_error"][i] == pytest.approx(error)
    scores = search.results_["cv_log_likelihood"]
    assert search.best_score_ == -scores.max()


def test_one_component_is_cross_validated_in_closed_form(X):
    kept, left_out = np.arange(0, 100), np.arange(100, 150)
    search = GaussianMixtureSearch(
        1, covariance_type="diag", criterion="cv", cv=[(kept, left_out)]
    ).fit(X)
    mean, variance = X[kept].mean(axis=0), X[kept].var(axis=0)
    terms = np.log(2 * np.pi * variance) + (X[left_out] - mean) ** 2 / variance
    expected = -0.5 * terms.sum(axis=1).mean()
    assert -search.best_score_ == pytest.approx(expected, rel=1e-12)


def test_classes_are_for_the_splitter(X):
    y = np.arange(len(X)) % 10 == 0
    search = GaussianMixtureSearch((1, 2), criterion="cv", cv=StratifiedKFold(3))
    search.set_params(covariance_type="diag", random_state=0).fit(X, y)
    given = clone(search).set_params(cv=list(StratifiedKFold(3).split(X, y))).fit(X)
    assert search.best_score_ == given.best_score_


def test_the_margin_of_cross_validation_has_a_paired_error(X):
    search = GaussianMixtureSearch((1, 2), covariance_type="full", criterion="cv")
    search.set_params(cv=ShuffleSplit(1, random_state=0), random_state=0).fit(X)
    errors = search.results_["cv_standard_error"]
    assert 0 < search.margin_standard_error_ < errors.sum()
    assert np.isnan(GaussianMixtureSearch((1, 2)).fit(X).margin_standard_error_)


def test_cross_validation_may_stand_beside_another_criterion(X):
    plain = GaussianMixtureSearch((1, 2), covariance_type="full", random_state=0)
    assert "cv_log_likelihood" not in plain.fit(X).results_
    both = clone(plain).set_params(cv=3).fit(X)
    assert np.isfinite(both.results_["cv_log_likelihood"]).all()
    np.testing.assert_array_equal(both.results_["bic"], plain.results_["bic"])


def test_splits_number_the_rows_of_x_whatever_their_weight(X):
    weights = np.r_[np.zeros(50), np.ones(100)]
    split = np.arange(100), np.arange(100, 150)
    search = GaussianMixtureSearch(1, covariance_type="full", criterion="cv")
    weighted = clone(search).set_params(cv=[split]).fit(X, sample_weight=weights)
    some = clone(search).set_params(cv=[(split[0][50:], split[1])]).fit(X)
    assert weighted.best_score_ == pytest.approx(some.best_score_, rel=1e-12)
    with pytest.raises(ValueError, match=r"split 0 of cv.*got 0 to fit and 50"):
        search.set_params(cv=[(np.arange(50), split[1])]).fit(X, sample_weight=weights)


def test_rows_of_weight_zero_are_in_no_fold(X):
    weights = np.r_[np.ones(100), np.zeros(50)]
    search = GaussianMixtureSearch(
        (1, 2), covariance_type="full", criterion="cv", random_state=0
    )
    some = clone(search).fit(X[:100]).results_
    weighted = clone(search).fit(X, sample_weight=weights).results_
    for name in ("cv_log_likelihood", "cv_standard_error"):
        np.testing.assert_allclose(weighted[name], some[name], rtol=1e-9)


def test_a_criterion_of_ones_own_gets_a_column(X):
    strict = Criterion("strict", "strict", _strict)
    search = GaussianMixtureSearch((1, 2, 3), criterion=strict, random_state=0).fit(X)
    table = rows_of(search)
    expected = 100 * table.n_parameters - 2 * table.log_likelihood
    np.testing.assert_allclose(table.strict, expected)
    assert search.criterion_ is strict


def _strict(fit):
    return 100 * fit.n_parameters - 2 * fit.log_likelihood


def test_column_names_reach_the_candidates(X):
    frame = pd.DataFrame(X, columns=["a", "b"])
    search = GaussianMixtureSearch((1, 2), covariance_type="full").fit(frame)
    assert search.feature_names_in_.tolist() == ["a", "b"]
    assert search.best_estimator_.feature_names_in_.tolist() == ["a", "b"]
    search.predict(frame)
    with pytest.raises(ValueError, match="feature names"):
        search.predict(frame.rename(columns={"a": "c"}))


def test_arguments_and_templates_are_left_alone(X):
    template = GaussianMixture(7, n_init=2, random_state=5)
    before = template.get_params()
    sizes = [1, 2]
    search = GaussianMixtureSearch(
        sizes, covariance_type="full", estimator=template, random_state=0
    ).fit(X)
    assert template.get_params() == before and not hasattr(template, "weights_")
    assert search.n_components is sizes and search.estimator is template
    assert all(m.n_init == 2 and m.n_jobs is None for m in search.candidates_)


def test_global_randomness_and_filters_are_left_alone(X):
    filters, shown = list(warnings.filters), warnings.showwarning
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    GaussianMixtureSearch((1, 2), n_jobs=2, random_state=0).fit(X)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert warnings.filters == filters and warnings.showwarning is shown


def test_a_fitted_search_can_be_stored(search, X):
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))


def test_ctrl_c_keeps_the_finished_candidates(X, monkeypatch):
    original, fits = GaussianMixture.fit, []

    def interrupted(self, *arguments, **options):
        fits.append(self)
        if len(fits) == 3:
            raise KeyboardInterrupt
        return original(self, *arguments, **options)

    monkeypatch.setattr(GaussianMixture, "fit", interrupted)
    search = GaussianMixtureSearch((1, 2, 3), covariance_type=("full", "diag"))
    with pytest.warns(ConvergenceWarning, match="2 of 6 candidates"):
        search.fit(X)
    assert len(fits) == 3
    assert search.results_["status"].tolist() == ["converged"] * 2 + ["not run"] * 4
    assert search.best_index_ in (0, 1)


def test_ctrl_c_in_threads_starts_no_more_candidates(X, monkeypatch):
    original, fits = GaussianMixture.fit, []

    def counted(self, *arguments, **options):
        fits.append(threading.current_thread())
        return original(self, *arguments, **options)

    def interrupted(trial, _):
        raise KeyboardInterrupt

    monkeypatch.setattr(GaussianMixture, "fit", counted)
    monkeypatch.setattr(
        "mixtura.estimators.gaussian_mixture_search._progress", interrupted
    )
    search = GaussianMixtureSearch(range(1, 9), n_jobs=2, verbose=1, random_state=0)
    with pytest.warns(ConvergenceWarning, match="of 32 candidates"):
        search.fit(X)
    assert len(fits) < 32 and threading.main_thread() not in fits


def test_ctrl_c_before_anything_is_finished_is_ctrl_c(X, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(GaussianMixture, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        GaussianMixtureSearch().fit(X)


def test_progress_is_a_line_a_candidate(X, capsys):
    GaussianMixtureSearch((1, 2, 151), covariance_type="full", verbose=1).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("full, 1 component: bic ")
    assert lines[2].startswith("full, 151 components: failed. Expected n_samples")


def _of(**arguments):
    return {"estimator": GaussianMixture(**arguments)}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_components": 0}, ValueError, r"'n_components'.*\[1, inf\).*Got 0"),
        ({"n_components": ()}, ValueError, r"'n_components'.*Got \(\)"),
        ({"n_components": "2"}, ValueError, r"'n_components'.*Got '2'"),
        ({"covariance_type": "round"}, ValueError, "'full', .*Got 'round'"),
        ({"covariance_type": ("full", "all")}, ValueError, "Got 'all'"),
        ({"covariance_type": ()}, ValueError, "Got None"),
        ({"criterion": "BIC"}, ValueError, "'bic', 'aic', .*Got 'BIC'"),
        ({"cv": 1}, ValueError, r"'cv'.*\[2, inf\).*Got 1"),
        ({"cv": 151}, ValueError, r"cv=151.*n_samples = 150"),
        ({"estimator": KFold()}, TypeError, "must be a GaussianMixture or None"),
        (_of(reg_covar="foo"), ValueError, "'reg_covar' parameter of Gauss.*Got 'foo'"),
        (_of(reg_covar=-1), ValueError, "'reg_covar' parameter of Gauss.*Got -1"),
        (_of(acceleration="fast"), ValueError, "'acceleration'.*Got 'fast'"),
        (_of(n_init=0), ValueError, "'n_init'.*Got 0"),
        (_of(trim=2.0), ValueError, "'trim'.*Got 2.0"),
        ({"n_jobs": 0}, ValueError, "'n_jobs'.*Got 0"),
        ({"verbose": -1}, ValueError, "'verbose'.*Got -1"),
    ],
)
def test_wrong_arguments_are_named(X, arguments, error, message):
    with pytest.raises(error, match=message):
        GaussianMixtureSearch(**arguments).fit(X)


def test_the_size_of_the_template_does_not_matter(X):
    sizes = dict(n_components=(1, 2), covariance_type="full", random_state=0)
    one, other = (
        GaussianMixtureSearch(**sizes, estimator=GaussianMixture(n)).fit(X)
        for n in (0, 1)
    )
    assert one.best_score_ == other.best_score_


def test_what_needs_a_fit_says_so(X):
    with pytest.raises(NotFittedError):
        GaussianMixtureSearch().predict(X)


def test_all_structures_are_each_named_once():
    names = every_structure(2)
    assert len(names) == 14
    assert len({STRUCTURES[name].name for name in names}) == len(names)
    assert {STRUCTURES[name].name for name in names} == {
        structure.name for structure in STRUCTURES.values()
    }
    X = load_dataset("old-faithful").values
    search = GaussianMixtureSearch(1, covariance_type="all").fit(X)
    assert search.results_["covariance_type"].tolist() == names
    line = GaussianMixtureSearch((1, 2), covariance_type="all").fit(X[:, :1])
    assert len(set(line.results_["covariance_type"])) == 2


def test_every_criterion_can_choose(X):
    for name in CRITERIA:
        search = GaussianMixtureSearch((1, 2), covariance_type="diag", criterion=name)
        assert np.isfinite(search.set_params(random_state=0).fit(X).best_score_)


def test_more_parameters_than_rows_are_warned_of():
    X = np.random.default_rng(0).standard_normal((20, 3))
    search = GaussianMixtureSearch([9], covariance_type="tied", random_state=0)
    with pytest.warns(DegenerateDataWarning, match="41 free parameters for 20 obs"):
        search.fit(X)
