from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture

from mixtura.plot import TraceDisplay


def trace_of(values, converged=True, **others):
    display = TraceDisplay(
        log_likelihoods=values, converged=converged, n_iter=len(values), **others
    )
    return display.plot()


def title_of(display):
    return display.ax_.get_title(loc="left")


def test_the_line_is_the_trace_of_the_estimator(estimator_class, clusters):
    model = estimator_class(2, random_state=0).fit(clusters(2))
    display = TraceDisplay.from_estimator(model)
    x, y = display.line_.get_data()
    np.testing.assert_array_equal(x, np.arange(1, len(model.lower_bounds_) + 1))
    np.testing.assert_array_equal(y, model.lower_bounds_)
    assert f"{model.n_iter_:,} iteration" in title_of(display)


def test_increments_stand_at_the_iteration_that_made_them():
    display = trace_of([-3.0, -2.0, -1.75])
    x, y = display.increment_line_.get_data()
    np.testing.assert_array_equal(x, [2, 3])
    np.testing.assert_allclose(y, [1.0, 0.25])
    assert display.axes_[1].get_yscale() == "log"
    assert display.fall_line_ is None


def test_a_fall_is_marked_as_one():
    display = trace_of([-3.0, -2.0, -2.5, -1.0])
    np.testing.assert_allclose(display.fall_line_.get_data(), [[3], [0.5]])
    np.testing.assert_allclose(
        display.increment_line_.get_ydata(), [1.0, np.nan, 1.5], equal_nan=True
    )
    legend = display.axes_[1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["fall"]


@pytest.mark.parametrize("values", [[-1.0], [-1.0, -1.0], [0.0, 0.0]])
def test_a_trace_without_increments_says_so(values):
    display = trace_of(values)
    assert [text.get_text() for text in display.axes_[1].texts] == ["no increments"]
    display.figure_.draw_without_rendering()


def test_the_final_value_is_written_at_the_last_point():
    display = trace_of([-3.0, -2.0, -1.7512342])
    assert display.annotation_.xy == (3, -1.7512342)
    assert display.annotation_.get_text() == "\N{MINUS SIGN}1.751234"


@pytest.mark.parametrize(
    ("count", "converged", "title"),
    [
        (1, True, "Converged after 1 iteration"),
        (5, True, "Converged after 5 iterations"),
        (1200, False, "Not converged after 1,200 iterations"),
    ],
)
def test_the_title_says_whether_the_fit_converged(count, converged, title):
    assert title_of(trace_of(-1 / np.arange(1, count + 1), converged)) == title


def test_the_title_gives_the_reason_for_stopping_early():
    display = trace_of([-1.0], False, outcome="Stopped by the callback. Go on.")
    assert title_of(display).endswith("\nStopped by the callback")
    assert "Stopped" not in title_of(trace_of([-1.0], True, outcome="Stopped."))


def test_axes_name_quantity_and_unit():
    upper, lower = trace_of([-2.0, -1.0]).axes_
    assert upper.get_ylabel().replace("\n", " ") == (
        "log-likelihood per observation (nats)"
    )
    assert lower.get_ylabel().replace("\n", " ") == "increment (nats)"
    assert lower.get_xlabel() == "iteration"


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40, 5000])
def test_iteration_ticks_are_integers(count):
    display = trace_of(-1 / np.arange(1, count + 1))
    ticks = display.axes_[1].get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_a_first_value_that_dwarfs_the_rest_falls_below_the_axis():
    display = trace_of([-1e6, -5.0, -4.5, -4.4, -4.39])
    low, high = display.ax_.get_ylim()
    assert -5.2 < low < -5.0 and -4.39 < high < -4.2
    assert any("below the axis" in text.get_text() for text in display.ax_.texts)


def test_ordinary_convergence_is_shown_whole():
    values = -5 - 2.0 * 0.3 ** np.arange(20)
    low, high = trace_of(values).ax_.get_ylim()
    assert low < values[0] and high > values[-1]


def test_an_unfitted_estimator_is_refused():
    with pytest.raises(
        NotFittedError, match=r"GaussianMixture is not fitted\. Call fit"
    ):
        TraceDisplay.from_estimator(GaussianMixture())


def test_an_estimator_without_a_trace_is_refused(clusters):
    model = KMeans(2, n_init=1, random_state=0).fit(clusters(1))
    with pytest.raises(TypeError, match="fitted KMeans has no lower_bounds_"):
        TraceDisplay.from_estimator(model)


def test_a_model_built_from_parameters_has_no_trace():
    module = pytest.importorskip("mixtura.estimators.gaussian_mixture")
    model = module.GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]])
    with pytest.raises(TypeError, match="built from parameters has no trace: fit it"):
        TraceDisplay.from_estimator(model)


def test_an_empty_trace_is_refused():
    model = SimpleNamespace(lower_bounds_=[], converged_=False, n_iter_=0)
    with pytest.raises(ValueError, match="lower_bounds_ must hold one value"):
        TraceDisplay.from_estimator(model)


def test_the_repr_is_the_title():
    assert repr(trace_of([-1.0])) == "TraceDisplay(Converged after 1 iteration)"
