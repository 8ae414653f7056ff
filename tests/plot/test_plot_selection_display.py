import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture as Foreign

from mixtura import GaussianMixtureSearch, SelectionDisplay, load_dataset
from mixtura.plot.models.selection import selection_curves


@pytest.fixture(scope="module")
def search():
    return GaussianMixtureSearch((3, 1, 2), cv=3, random_state=0).fit(
        load_dataset("old-faithful").values
    )


@pytest.fixture(scope="module")
def display(search):
    return SelectionDisplay.from_estimator(search)


def test_each_line_is_a_structure_with_its_sizes_in_order(search, display):
    assert [line.get_label() for line in display.lines_] == [
        curve.name for curve in display.curves
    ]
    for line in display.lines_:
        rows = search.results_["covariance_type"] == line.get_label()
        x, y = line.get_data()
        np.testing.assert_array_equal(x, [1, 2, 3])
        np.testing.assert_array_equal(y, search.results_["bic"][rows][[1, 2, 0]])


def test_the_best_structure_comes_first_and_its_point_has_a_ring(search, display):
    assert display.curves[0].name == search.best_params_["covariance_type"]
    x, y = display.best_marker_.get_data()
    assert x[0] == search.best_params_["n_components"]
    assert y[0] == search.best_score_
    x, y = display.runner_up_marker_.get_data()
    assert x[0] == search.runner_up_["n_components"]
    assert y[0] == pytest.approx(search.best_score_ + search.margin_)


def test_the_title_names_best_runner_up_and_margin(search, display):
    title = display.ax_.get_title(loc="left")
    assert "best: tied, 3 components" in title
    assert f"worse by {search.margin_:.3g}" in title and "evidence" in title
    assert display.ax_.get_ylabel() == "BIC (lower is better)"


def test_the_axis_holds_what_there_is_to_choose_or_all(search, display):
    low, high = display.ax_.get_ylim()
    assert low < search.best_score_ and search.best_score_ + search.margin_ < high
    assert high < search.results_["bic"].max()
    whole = SelectionDisplay.from_estimator(search, whole=True)
    assert whole.ax_.get_ylim()[1] >= search.results_["bic"].max()


def test_the_legend_says_which_structures_lie_beyond_the_axis(display):
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert "spherical (above)" in texts and "tied" in texts
    assert texts[-2:] == ["best", "runner-up"]
    assert display.plot(legend=False).legend_ is None


def test_cross_validation_is_drawn_upside_down_so_that_lower_is_better(search):
    scores = search.results_["cv_log_likelihood"]
    curves = selection_curves(search.results_, "cv")
    assert curves[0].least == -scores.max()


@pytest.fixture
def results():
    """Two structures of three sizes, one fit collapsed and one failed."""
    return {
        "n_components": np.array([1, 2, 3] * 2),
        "covariance_type": np.array(["a"] * 3 + ["b"] * 3, dtype=object),
        "bic": np.array([5.0, 4.0, 1.0, 6.0, np.nan, 3.0]),
        "n_collapsed": np.array([0, 0, 2, 0, 0, 0]),
    }


def test_collapsed_fits_are_hollow_and_do_not_count(results):
    curves = selection_curves(results, "bic")
    assert [(curve.name, curve.least) for curve in curves] == [("b", 3.0), ("a", 4.0)]
    display = SelectionDisplay(curves=curves, label="BIC", best=(3, "b")).plot()
    hollow = [
        line.get_data()
        for line in display.ax_.lines
        if line.get_markerfacecolor() == "white" and len(line.get_xdata())
    ]
    assert [(float(x[0]), float(y[0])) for x, y in hollow] == [(3.0, 1.0)]
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts[-1] == "collapsed"


def test_a_structure_keeps_its_colour_whoever_is_best(results):
    results["n_collapsed"][2] = 0
    first = SelectionDisplay(
        curves=selection_curves(results, "bic"), label="BIC", best=(3, "a")
    ).plot()
    results["n_collapsed"][2] = 2
    second = SelectionDisplay(
        curves=selection_curves(results, "bic"), label="BIC", best=(3, "b")
    ).plot()

    def colours(display):
        return {line.get_label(): line.get_color() for line in display.lines_}

    assert colours(first) == colours(second)
    assert [line.get_label() for line in first.lines_] == ["a", "b"]


def test_fourteen_structures_differ_in_colour_or_marker():
    count = 14
    results = {
        "n_components": np.tile([1, 2], count),
        "covariance_type": np.repeat([f"S{i:02d}" for i in range(count)], 2),
        "bic": np.arange(2.0 * count),
        "n_collapsed": np.zeros(2 * count),
    }
    display = SelectionDisplay(
        curves=selection_curves(results, "bic"), label="BIC", best=(1, "S00")
    ).plot()
    styles = {(line.get_color(), line.get_marker()) for line in display.lines_}
    assert len(styles) == count
    display.figure_.draw_without_rendering()


def test_a_single_candidate_can_be_drawn():
    X = np.random.default_rng(0).normal(size=(30, 1))
    search = GaussianMixtureSearch(1, covariance_type="full").fit(X)
    display = SelectionDisplay.from_estimator(search)
    assert display.runner_up_marker_ is None
    display.figure_.draw_without_rendering()


def test_what_is_no_fitted_search_is_refused():
    with pytest.raises(NotFittedError):
        SelectionDisplay.from_estimator(GaussianMixtureSearch())
    with pytest.raises(TypeError, match="GaussianMixtureSearch"):
        SelectionDisplay.from_estimator(Foreign().fit(np.arange(9.0).reshape(-1, 1)))
