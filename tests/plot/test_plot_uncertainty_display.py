import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from mixtura import GaussianMixture, UncertaintyDisplay, agreement, load_dataset
from mixtura.plot.drawing import panels

draw = UncertaintyDisplay.from_estimator


@pytest.fixture
def overlapping():
    """Two components that share rows, fitted to any number of columns."""

    def make(n_columns, **options):
        rng = np.random.default_rng(3)
        classes = np.repeat([0, 1], [70, 50])
        X = rng.normal(size=(120, n_columns)) + 2.5 * classes[:, np.newaxis]
        return GaussianMixture(2, random_state=0, **options).fit(X), X, classes

    return make


def uncertainty(model, X):
    return 1 - model.predict_proba(X).max(axis=1)


def legend_texts(display):
    return [text.get_text() for text in display.legend_.get_texts()]


@pytest.mark.parametrize("n_columns", [1, 2, 3])
@pytest.mark.parametrize("kind", ["map", "ranked"])
def test_the_uncertainty_is_one_minus_the_largest_responsibility(
    overlapping, n_columns, kind
):
    model, X, _ = overlapping(n_columns)
    display = draw(model, X, kind=kind)
    np.testing.assert_allclose(display.uncertainty, uncertainty(model, X), atol=1e-12)
    assert display.uncertainty.max() > 0.2
    display.figure_.draw_without_rendering()


def test_the_noise_component_counts_as_one(overlapping):
    model, X, _ = overlapping(2, noise="hull")
    assert model.predict_proba(X).shape[1] == 3
    np.testing.assert_allclose(draw(model, X).uncertainty, uncertainty(model, X))


def test_one_column_has_a_curve_through_its_rows(overlapping):
    model, X, _ = overlapping(1)
    display = draw(model, X, feature_names=["length (cm)"])
    above, below = display.axes_
    assert above.get_shared_x_axes().joined(above, below)
    x, y = display.curve_.get_data()
    np.testing.assert_allclose(y, uncertainty(model, x[:, np.newaxis]), atol=1e-12)
    points = np.asarray(display.scatters_[0].get_offsets())
    np.testing.assert_allclose(points[:, 1], np.interp(points[:, 0], x, y), atol=0.01)
    assert len(points) == 120 and len(display.component_lines_) == 2
    assert below.get_xlabel() == "length (cm)"


def test_one_column_of_many_has_no_curve(overlapping):
    model, X, _ = overlapping(3)
    display = draw(model, X, columns="x1")
    assert display.curve_ is None
    points = np.asarray(display.scatters_[0].get_offsets())
    order = np.argsort(uncertainty(model, X), kind="stable")
    np.testing.assert_array_equal(points[:, 0], X[order, 1])
    np.testing.assert_allclose(points[:, 1], uncertainty(model, X)[order], atol=1e-12)


def test_uncertain_points_are_larger_darker_and_on_top(overlapping):
    model, X, _ = overlapping(2)
    display = draw(model, X)
    (scatter,) = display.scatters_
    order = np.argsort(uncertainty(model, X), kind="stable")
    np.testing.assert_array_equal(scatter.get_offsets(), X[order])
    areas, shades = scatter.get_sizes(), scatter.get_facecolors()[:, 0]
    assert (np.diff(areas) >= 0).all() and areas[-1] > 2 * areas[0]
    assert (np.diff(shades) <= 0).all() and shades[-1] < shades[0] - 0.2
    assert len(display.ellipses_) == 4 and len(display.mean_markers_) == 2


def test_more_columns_are_a_triangle_of_pairs(overlapping):
    model, X, _ = overlapping(3)
    display = draw(model, X, feature_names=["a", "b", "c"])
    assert len(display.scatters_) == 6 and len(display.ellipses_) == 3 * 4
    panel = display.axes_[2, 1]
    (scatter,) = [part for part in display.scatters_ if part.axes is panel]
    order = np.argsort(uncertainty(model, X), kind="stable")
    np.testing.assert_array_equal(scatter.get_offsets(), X[order][:, [1, 2]])
    assert display.axes_[0, 0].get_ylabel() == "uncertainty"
    assert [display.axes_[2, j].get_xlabel() for j in range(3)] == ["a", "b", "c"]
    tops = {display.axes_[j, j].get_ylim() for j in range(3)}
    assert len(tops) == 1


@pytest.mark.parametrize("n_columns", [1, 2, 5])
def test_ranks_ascend_through_every_row(overlapping, n_columns):
    model, X, _ = overlapping(n_columns)
    display = draw(model, X, kind="ranked", max_points=10)
    ranks, values = display.curve_.get_data()
    np.testing.assert_array_equal(ranks, np.arange(1, 121))
    np.testing.assert_allclose(values, np.sort(uncertainty(model, X)), atol=1e-12)
    assert display.axes_.shape == (1,) and not display.misclassified_


@pytest.mark.parametrize("kind", ["map", "ranked"])
def test_misclassified_rows_are_marked(overlapping, kind):
    model, X, classes = overlapping(2)
    names = np.array(["oak", "elm"])[classes]
    display = draw(model, X, y=names, kind=kind)
    rate = agreement(model.predict(X), names).error_rate
    assert display.misclassified.mean() == pytest.approx(rate) and rate > 0
    matching = agreement(model.predict(X), names).matching
    wrong = np.array([matching[k] for k in model.predict(X)]) != names
    np.testing.assert_array_equal(display.misclassified, wrong)
    (squares,) = display.misclassified_
    places = np.asarray(squares.get_offsets())
    if kind == "map":
        np.testing.assert_array_equal(places, X[wrong])
    else:
        np.testing.assert_allclose(
            np.sort(places[:, 1]), np.sort(uncertainty(model, X)[wrong]), atol=1e-12
        )
    assert f"misclassified · {wrong.sum()} rows" in legend_texts(display)


def test_rows_of_a_component_without_a_class_are_misclassified(clusters):
    X = clusters(2)
    model = GaussianMixture(2, random_state=0).fit(X)
    display = draw(model, X, y=np.zeros(100))
    assert display.misclassified.sum() == 40


def test_a_long_table_is_thinned_but_counted(overlapping):
    model, X, _ = overlapping(2)
    display = draw(model, X, max_points=7)
    assert len(display.scatters_[0].get_offsets()) == 7
    assert len(display.uncertainty) == 120
    assert legend_texts(display)[-1] == "data · 7 of 120 rows"


def test_names_of_a_data_frame_label_the_axes_without_a_warning(overlapping):
    _, X, _ = overlapping(1)
    frame = pd.DataFrame({"waiting": X[:, 0]})
    model = GaussianMixture(2, random_state=0).fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        display = draw(model, frame)
    assert display.axes_[1].get_xlabel() == "waiting"
    assert list(model.feature_names_in_) == ["waiting"]


def test_certain_rows_leave_the_axis_some_height(fitted):
    model, X = fitted(1)
    low, high = draw(model, X).ax_.get_ylim()
    assert low < 0 < 0.1 <= high


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_one_component_and_one_row_can_be_drawn(clusters, n_columns):
    X = clusters(n_columns)
    display = draw(GaussianMixture(1).fit(X), X[:1], y=["a"])
    display.figure_.draw_without_rendering()
    assert display.uncertainty.tolist() == [0.0]
    assert not display.misclassified.any()


@pytest.mark.parametrize("kind", ["map", "ranked"])
def test_it_draws_into_given_axes_and_again(overlapping, kind):
    model, X, _ = overlapping(2)
    ax = Figure().add_subplot()
    display = draw(model, X, kind=kind, ax=ax, legend=False)
    assert display.ax_ is ax and ax.get_legend() is None
    assert display.plot().ax_ is not ax
    assert len(display.scatters_) == (kind == "map")


def test_the_legend_shows_points_as_they_are_drawn(overlapping):
    model, X, _ = overlapping(2)
    display = draw(model, X)
    half = next(
        handle
        for handle in display.legend_.legend_handles
        if handle.get_label() == "uncertainty 0.5 or more"
    )
    assert half.get_markersize() ** 2 == pytest.approx(
        float(panels.uncertain_area(0.5, 90.0))
    )
    np.testing.assert_allclose(half.get_markerfacecolor(), panels.uncertain_shade(0.5))


def test_the_repr_counts_uncertain_rows(overlapping):
    model, X, _ = overlapping(2)
    above = (uncertainty(model, X) > 0.1).sum()
    text = f"UncertaintyDisplay(120 rows, {above} of uncertainty above 0.1)"
    assert repr(draw(model, X)) == text


def test_inputs_are_left_alone(overlapping):
    model, X, classes = overlapping(3)
    before = X.copy(), classes.copy(), model.covariances_.copy()
    draw(model, X, y=classes)
    for old, new in zip(before, (X, classes, model.covariances_), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "pie"}, "kind must be 'map' or 'ranked'; got 'pie'"),
        ({"y": [0, 1]}, r"each of the 120 rows of X; got shape \(2,\)"),
        ({"columns": "z"}, r"got 'z'\. The names are x0, x1"),
        ({"max_points": 0}, "max_points must be at least 1; got 0"),
    ],
)
def test_wrong_options_are_named(overlapping, options, message):
    model, X, _ = overlapping(2)
    with pytest.raises(ValueError, match=message):
        draw(model, X, **options)


def test_estimators_that_cannot_be_drawn_are_refused():
    X = load_dataset("old-faithful").values
    with pytest.raises(NotFittedError):
        draw(GaussianMixture(2), X)
    with pytest.raises(TypeError, match="must be a fitted Gaussian mixture; got str"):
        draw("model", X)
