import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture as SklearnMixture

from mixtura import GaussianMixture, ResponsibilityDisplay, agreement, load_dataset
from mixtura.plot.drawing.colours import blend, component_styles
from mixtura.plot.drawing.shares import lightened

draw = ResponsibilityDisplay.from_estimator
IRIS = load_dataset("iris").values
SPECIES = np.repeat(["setosa", "versicolor", "virginica"], 50)


@pytest.fixture(scope="module")
def iris_model():
    return GaussianMixture(3, random_state=0).fit(IRIS[:, :2])


def legend_texts(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def grid_points(display):
    mesh = np.meshgrid(*display.grid.axes)
    return np.column_stack([values.ravel() for values in mesh])


def test_the_plane_has_the_mixed_colours_of_the_posterior(iris_model):
    display = draw(iris_model, IRIS[:, :2])
    shares = iris_model.predict_proba(grid_points(display))
    styles = component_styles(iris_model.weights_)
    shown = np.asarray(display.image_.get_array()).reshape(-1, 3)
    np.testing.assert_allclose(shown, lightened(blend(shares, styles)), atol=1e-9)
    left, right, bottom, top = display.image_.get_extent()
    assert (left, right) == pytest.approx(display.ax_.get_xlim())
    assert (bottom, top) == pytest.approx(display.ax_.get_ylim())


def test_on_a_border_the_two_largest_posteriors_are_equal(iris_model):
    display = draw(iris_model, IRIS[:, :2])
    assert len(display.borders_) == 2
    vertices = np.concatenate(
        [path.vertices for lines in display.borders_ for path in lines.get_paths()]
    )
    shares = np.sort(iris_model.predict_proba(vertices), axis=1)
    assert len(vertices) > 100
    assert np.median(shares[:, -1] - shares[:, -2]) < 0.02


def test_known_classes_make_three_panels(iris_model):
    display = draw(iris_model, IRIS[:, :2], y=SPECIES, feature_names=["a", "b"])
    left, middle, right = display.axes_
    assert display.ax_ is middle and len(display.ellipses_) == 6
    assert {ellipse.axes for ellipse in display.ellipses_} == {left}
    found = agreement(iris_model.predict(IRIS[:, :2]), SPECIES)
    index = f"adjusted Rand index {found.adjusted_rand_index:.2f}"
    assert index in right.get_title(loc="left")
    for name, points in zip(sorted(set(SPECIES)), display.class_scatters_, strict=True):
        np.testing.assert_array_equal(points.get_offsets(), IRIS[SPECIES == name, :2])
    assert [panel.get_xlabel() for panel in display.axes_] == ["a"] * 3
    assert left.get_ylabel() == "b"
    assert {"class setosa", "class versicolor"} <= set(legend_texts(display))


def test_a_class_has_the_colour_of_its_component(iris_model):
    display = draw(iris_model, IRIS[:, :2], y=SPECIES)
    styles = component_styles(iris_model.weights_)
    matching = agreement(iris_model.predict(IRIS[:, :2]), SPECIES).matching
    for component, name in matching.items():
        points = display.class_scatters_[sorted(set(SPECIES)).index(name)]
        np.testing.assert_allclose(
            points.get_facecolors()[0, :3], styles[component].colour
        )


def test_classes_beyond_the_components_have_looks_of_their_own(fitted):
    model, X = fitted(2)
    display = draw(model, X, y=np.arange(100) % 4)
    looks = {(style.colour, style.marker) for style in display.class_styles}
    assert len(looks) == 4


@pytest.mark.parametrize("y", [None, SPECIES])
def test_one_column_stacks_the_posterior_above_the_rows(y):
    X = IRIS[:, 2:3]
    model = GaussianMixture(3, random_state=0).fit(X)
    display = draw(model, X, y=y, feature_names=["length (cm)"])
    (x,), shares = display.grid.axes, display.grid.values
    np.testing.assert_allclose(shares, model.predict_proba(x[:, None]), atol=1e-12)
    above, below = display.axes_
    assert len(display.areas_) == 3 and display.image_ is None
    assert above.get_ylabel() == "responsibility" and above.get_ylim() == (0, 1)
    assert below.get_xlabel() == "length (cm)"
    lanes = [text.get_text() for text in below.get_yticklabels()]
    assert lanes == (["rows"] if y is None else sorted(set(SPECIES)))
    places = np.concatenate([s.get_offsets() for s in display.scatters_])
    np.testing.assert_array_equal(np.sort(places[:, 0]), np.sort(X[:, 0]))


@pytest.mark.parametrize("n_columns", [3, 6])
def test_two_of_many_columns_show_the_marginal(fitted, n_columns):
    model, X = fitted(n_columns)
    display = draw(model, X, columns=["x2", 0])
    assert display.feature_names == ("x2", "x0")
    pair = SklearnMixture(2).fit(X[:, [2, 0]])
    pair.weights_ = model.weights_
    pair.means_ = model.means_[:, [2, 0]]
    covariances = model.covariances_[:, [2, 0]][:, :, [2, 0]]
    pair.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(covariances))
    np.testing.assert_allclose(
        display.grid.values.reshape(-1, 2),
        pair.predict_proba(grid_points(display)),
        atol=1e-9,
    )
    assert "equally probable\n(given these columns)" in legend_texts(display)


def test_the_first_two_columns_are_the_default(fitted):
    model, X = fitted(4)
    assert draw(model, X).feature_names == ("x0", "x1")


def test_noise_takes_what_the_components_leave():
    X = load_dataset("old-faithful").values
    model = GaussianMixture(2, noise="hull", random_state=0).fit(X)
    display = draw(model, X)
    assert display.grid.has_noise and len(display.borders_) == 2
    shares = model.predict_proba(grid_points(display))
    np.testing.assert_allclose(display.grid.values.reshape(-1, 2), shares[:, :2])
    assert "noise" in legend_texts(display)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_every_structure_can_be_drawn(estimator_class, clusters, covariance_type):
    X = clusters(2)
    model = estimator_class(2, covariance_type=covariance_type, random_state=0).fit(X)
    display = draw(model, X)
    display.figure_.draw_without_rendering()
    assert len(display.borders_) == 1


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_one_component_and_one_row_can_be_drawn(clusters, n_columns):
    X = clusters(n_columns)
    display = draw(GaussianMixture(1).fit(X), X[:1], y=["a"])
    display.figure_.draw_without_rendering()
    assert display.borders_ == []


def test_names_of_a_data_frame_label_the_axes_without_a_warning(clusters):
    frame = pd.DataFrame(clusters(2), columns=["length", "width"])
    model = GaussianMixture(2, random_state=0).fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        display = draw(model, frame)
    assert display.ax_.get_xlabel() == "length"
    assert list(model.feature_names_in_) == ["length", "width"]


def test_a_long_table_is_thinned_with_its_classes(fitted):
    model, X = fitted(2)
    display = draw(model, X, y=np.arange(100), max_points=5)
    assert sum(len(s.get_offsets()) for s in display.class_scatters_) == 5
    assert legend_texts(display)[-1] == "data · 5 of 100 rows"


@pytest.mark.parametrize("y", [None, np.arange(100) % 2])
@pytest.mark.parametrize("n_columns", [1, 2])
def test_it_draws_into_given_axes_and_again(fitted, n_columns, y):
    model, X = fitted(n_columns)
    ax = Figure().add_axes((0.1, 0.1, 0.8, 0.8))
    display = draw(model, X, y=y, ax=ax, legend=False)
    assert display.axes_[0] is ax and ax.get_legend() is None
    for panel in display.axes_:
        box = panel.get_position()
        assert box.x0 >= 0.09 and box.x1 <= 0.91 and box.y0 >= 0.09
    assert display.plot().axes_[0] is not ax


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": [0, 1]}, r"each of the 100 rows of X; got shape \(2,\)"),
        ({"columns": [0, 1, 2]}, "one column or two; got 3"),
        ({"columns": "z"}, r"got 'z'\. The names are x0, x1"),
    ],
)
def test_wrong_options_are_named(fitted, options, message):
    model, X = fitted(3)
    with pytest.raises(ValueError, match=message):
        draw(model, X, **options)


def test_estimators_that_cannot_be_drawn_are_refused():
    with pytest.raises(NotFittedError):
        draw(GaussianMixture(2), IRIS)
    with pytest.raises(TypeError, match="must be a fitted Gaussian mixture; got str"):
        draw("model", IRIS)
