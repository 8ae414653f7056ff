import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from mixtura import GaussianMixture, ResponsibilityHeatmapDisplay, load_dataset
from mixtura.plot.drawing.colours import component_styles

draw = ResponsibilityHeatmapDisplay.from_estimator
IRIS = load_dataset("iris").values
SPECIES = np.repeat(["setosa", "versicolor", "virginica"], 50)


@pytest.fixture(scope="module")
def model():
    return GaussianMixture(3, random_state=0).fit(IRIS[:, :2])


def test_rows_are_sorted_by_component_and_then_by_certainty(model):
    X = IRIS[:, :2]
    display = draw(model, X)
    shares = model.predict_proba(X)[display.order_]
    labels, certainty = shares.argmax(axis=1), shares.max(axis=1)
    assert (np.diff(labels) >= 0).all()
    same = np.diff(labels) == 0
    assert (np.diff(certainty)[same] <= 1e-12).all()
    assert sorted(display.order_) == list(range(150))


def test_a_cell_is_white_at_0_and_has_the_colour_of_its_component_at_1(model):
    X = IRIS[:, :2]
    display = draw(model, X)
    cells = np.asarray(display.image_.get_array())
    shares = model.predict_proba(X)[display.order_]
    colours = np.array([s.colour for s in component_styles(model.weights_)])
    np.testing.assert_allclose(cells, 1 - shares[..., None] * (1 - colours))
    assert display.colorbar_.ax.get_xlabel().startswith("responsibility")


def test_lines_separate_the_components_and_labels_count_their_rows(model):
    display = draw(model, IRIS[:, :2])
    sizes = np.bincount(model.predict(IRIS[:, :2]))
    ends = [line.get_ydata()[0] for line in display.separators_]
    assert ends == np.cumsum(sizes)[:-1].tolist()
    counts = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert counts == [str(size) for size in sizes]
    names = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert [name.split("\n")[0] for name in names] == ["0", "1", "2"]


def test_known_classes_are_a_strip_in_the_same_order(model):
    display = draw(model, IRIS[:, :2], y=SPECIES)
    strip = np.asarray(display.class_image_.get_array())[:, 0]
    styles = dict(
        zip(
            display.known.names,
            display.known.styles(component_styles(model.weights_)),
            strict=True,
        )
    )
    expected = [styles[name].colour for name in SPECIES[display.order_]]
    np.testing.assert_allclose(strip, expected)
    texts = [text.get_text() for text in display.axes_[1].get_legend().get_texts()]
    assert texts == ["setosa", "versicolor", "virginica"]


def test_noise_has_a_column_of_its_own():
    X = load_dataset("old-faithful").values
    model = GaussianMixture(2, noise="hull", random_state=0).fit(X)
    display = draw(model, X)
    assert np.asarray(display.image_.get_array()).shape[1] == 3
    assert display.ax_.get_xticklabels()[-1].get_text() == "noise"


@pytest.mark.parametrize("n_columns", [1, 2, 7])
def test_any_number_of_columns(fitted, n_columns):
    fitted_model, X = fitted(n_columns)
    display = draw(fitted_model, X, y=np.arange(100) % 3, max_rows=7)
    display.figure_.draw_without_rendering()
    assert len(np.asarray(display.image_.get_array())) == 7
    assert "100 in all" in display.ax_.get_ylabel()
    assert repr(display) == "ResponsibilityHeatmapDisplay(100 rows, 2 components)"


def test_more_components_than_colours_and_a_single_one_can_be_drawn():
    X = load_dataset("old-faithful").values
    for count in (1, 14):
        display = draw(GaussianMixture(count, max_iter=5, tol=10).fit(X), X)
        display.figure_.draw_without_rendering()
        assert len(display.colours) == count


def test_wrong_input_is_named(model):
    with pytest.raises(ValueError, match="max_rows must be at least 1; got 0"):
        draw(model, IRIS[:, :2], max_rows=0)
    with pytest.raises(ValueError, match="each of the 150 rows of X"):
        draw(model, IRIS[:, :2], y=[1])
    with pytest.raises(NotFittedError):
        draw(GaussianMixture(2), IRIS)
