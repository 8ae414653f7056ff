"""What a report says to mind: each thing where it is, and nowhere else."""

import warnings

import numpy as np
import pytest

from mixtura import GaussianMixture, GaussianMixtureSearch, load_dataset
from mixtura.report.checks import findings
from mixtura.report.data_checks import dependent_columns
from mixtura.report.evidence import Evidence
from mixtura.report.finding import Level
from mixtura.report.fit_checks import overlapping
from mixtura.report.subject import Subject

GOOD, NOTE, WARNING = Level.GOOD, Level.NOTE, Level.WARNING


def apart(distance, n_rows=60, seed=0):
    """Rows of two round clusters so far apart."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 2)) + distance * (np.arange(n_rows) % 2)[:, None]


def found_in(estimator, X, sample_weight=None):
    """Fit, and return the findings as level and sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        estimator.fit(X, sample_weight=sample_weight)
    subject = Subject.of(estimator, X, sample_weight, None)
    found = findings(subject, Evidence.of(subject, 0))
    assert all(item.title and item.text for item in found)
    return [(item.level, f"{item.title} {item.text}") for item in found]


def has(found, level, words):
    return any(item is level and words in text for item, text in found)


def test_a_clear_case_is_in_order():
    search = GaussianMixtureSearch((1, 2, 3), covariance_type="full", random_state=0)
    found = found_in(search, apart(8.0, 200))
    assert {level for level, _ in found} == {GOOD}
    assert has(found, GOOD, "The fit converged")
    assert has(found, GOOD, "10 of 10 new starts end in the same mixture")
    assert has(found, GOOD, "well apart")
    assert has(found, GOOD, "No other candidate is as good")


def test_the_gravest_come_first():
    model = GaussianMixture(3, max_iter=1, init_params="random", random_state=0)
    levels = [level for level, _ in found_in(model, apart(3.0))]
    assert levels == sorted(levels, key=[WARNING, NOTE, GOOD].index)
    assert levels[0] is WARNING


def test_a_fit_that_stopped_early_is_a_warning():
    model = GaussianMixture(
        3, max_iter=1, acceleration=None, init_params="random", random_state=0
    )
    assert has(found_in(model, apart(3.0)), WARNING, "did not converge")


def test_a_better_start_is_a_warning():
    X = load_dataset("old-faithful").values
    poor = GaussianMixture(
        2, means_init=[[3.4, 70], [3.6, 72]], max_iter=3, acceleration=None
    )
    assert has(found_in(poor, X), WARNING, "Another start found a better mixture")


def test_rivals_are_named_but_not_the_same_mixture_under_another_name():
    X = np.random.default_rng(1).normal(size=(100, 1))
    search = GaussianMixtureSearch(1, covariance_type=("full", "tied"), random_state=0)
    assert not has(found_in(search, X), WARNING, "about as good")
    search = GaussianMixtureSearch(
        (1, 2), covariance_type=("tied", "diag"), criterion="aic", random_state=0
    )
    found = found_in(search, apart(2.2))
    ties = [text for level, text in found if "about as good" in text]
    assert (len(ties) == 1) == (search.margin_ <= 2.0)


def test_a_search_that_ends_at_its_edge_is_a_warning():
    search = GaussianMixtureSearch((1, 2), covariance_type="tied", random_state=0)
    found = found_in(search, apart(8.0))
    assert has(found, WARNING, "the most components that were tried, 2")
    alone = GaussianMixtureSearch(2, covariance_type="tied", random_state=0)
    assert not has(found_in(alone, apart(8.0)), WARNING, "most components")


def test_candidates_without_a_fit_are_counted():
    search = GaussianMixtureSearch((2, 61), covariance_type="diag", random_state=0)
    assert has(found_in(search, apart(8.0)), NOTE, "1 candidate could not be fitted")


def test_small_and_collapsed_components_are_named():
    X = np.r_[apart(0.0), [[40.0, 40.0]]]
    model = GaussianMixture(2, covariance_type="tied", random_state=0)
    found = found_in(model, X)
    assert has(found, WARNING, "has few rows")
    assert has(found, NOTE, "without a standard error")
    repeated = np.r_[apart(0.0), np.full((20, 2), 9.0)]
    found = found_in(GaussianMixture(2, random_state=0), repeated)
    assert has(found, WARNING, "collapsed")
    assert has(found, NOTE, "without a standard error")


def test_overlap_is_told_with_its_components():
    X = apart(1.5, 400)
    model = GaussianMixture(2, covariance_type="tied", random_state=0)
    found = found_in(model, X)
    assert has(found, NOTE, "Components overlap: 0 with 1.")
    subject = Subject.of(model, X, None, None)
    ((share, j, k),) = overlapping(subject)
    own = subject.labels == j
    assert share == pytest.approx(subject.responsibilities[own, k].mean())


def test_columns_that_say_nothing_are_named():
    X = apart(8.0)
    found = found_in(
        GaussianMixture(2, covariance_type="diag", random_state=0),
        np.c_[X, np.full(60, 3.0), X.sum(axis=1)],
    )
    assert has(found, WARNING, "The same in every row: x2")
    assert has(found, WARNING, "repeat each other: x0, x1 and x3")


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_dependence_does_not_depend_on_units(scale):
    X = apart(3.0)
    extra = np.c_[X, X[:, 0] - 2 * X[:, 1], np.ones(60)]
    assert dependent_columns(extra * [1.0, scale, 1 / scale, 7.0] + 5) == [0, 1, 2]
    assert dependent_columns(X * [1.0, scale]) == []


def test_rows_that_do_not_count_are_counted():
    weights = np.r_[0.0, 0.0, np.ones(58)]
    model = GaussianMixture(2, covariance_type="tied", random_state=0)
    found = found_in(model, apart(8.0), weights)
    assert has(found, NOTE, "2 rows of weight zero were left out")
    assert has(
        found_in(GaussianMixture(4, random_state=0), apart(8.0)),
        NOTE,
        "60 rows for 23 free parameters",
    )
    twice = np.repeat(apart(8.0), 2, axis=0)
    assert has(
        found_in(GaussianMixture(1, random_state=0), twice),
        NOTE,
        "Only 60 rows of 120 differ",
    )


def test_fits_without_a_formula_for_errors_say_so():
    model = GaussianMixture(2, prior="default", random_state=0)
    assert has(found_in(model, apart(8.0)), NOTE, "No standard errors.")


def test_standard_errors_that_take_long_are_left_to_the_user():
    X = np.random.default_rng(0).normal(size=(300, 16))
    found = found_in(GaussianMixture(1, random_state=0), X)
    assert has(found, NOTE, "mixtura.standard_errors computes them")
    found = found_in(GaussianMixture(1, covariance_type="diag", random_state=0), X)
    assert not has(found, NOTE, "No standard errors")


@pytest.mark.parametrize("seed", range(3))
def test_the_run_to_watch_is_in_the_order_of_the_report(seed):
    X = load_dataset("old-faithful").values
    model = GaussianMixture(2, random_state=0).fit(X)
    subject = Subject.of(model, X, None, None)
    evidence = Evidence.of(subject, seed)
    assert evidence.run_is_same
    np.testing.assert_allclose(evidence.run.means_, model.means_, rtol=0.01)
    assert evidence.run.trace_[0].iteration == 0
    assert len(evidence.run.trace_) > 3
