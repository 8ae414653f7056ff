from itertools import permutations

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score

from mixtura import GaussianMixture, KMeansDisplay, load_dataset
from mixtura.plot.drawing.colours import component_styles

draw = KMeansDisplay.from_estimator
IRIS = load_dataset("iris").values
SPECIES = np.repeat(["setosa", "versicolor", "virginica"], 50)


@pytest.fixture(scope="module")
def model():
    return GaussianMixture(3, random_state=0).fit(IRIS[:, 2:])


@pytest.fixture(scope="module")
def kmeans():
    return KMeans(3, n_init=10, random_state=0).fit(IRIS[:, 2:])


def test_the_clusters_are_those_of_scikit_learn_and_keep_their_centres(model, kmeans):
    display = draw(model, IRIS[:, 2:], kmeans=kmeans)
    assert adjusted_rand_score(kmeans.labels_, display.clusters) == 1
    for k, centre in enumerate(display.centres):
        rows = IRIS[display.clusters == k, 2:]
        np.testing.assert_allclose(rows.mean(axis=0), centre)
    default = draw(model, IRIS[:, 2:])
    np.testing.assert_array_equal(default.clusters, display.clusters)


def test_clusters_have_the_colours_of_the_components_they_match(model):
    display = draw(model, IRIS[:, 2:])
    found = model.predict(IRIS[:, 2:])
    shared = (display.clusters == found).mean()
    for order in permutations(range(3)):
        assert (np.array(order)[display.clusters] == found).mean() <= shared
    colours = [style.colour for style in component_styles(model.weights_)]
    for k, scatter in enumerate(display.scatters_[0]):
        np.testing.assert_allclose(
            scatter.get_facecolors()[:, :3],
            np.tile(colours[k], (len(scatter.get_offsets()), 1)),
        )
        np.testing.assert_array_equal(
            scatter.get_offsets(), IRIS[display.clusters == k, 2:]
        )


def test_borders_of_k_means_are_where_two_centres_are_equally_near(model):
    display = draw(model, IRIS[:, 2:])
    left, right = display.axes_
    lines = [border for border in display.borders_ if border.axes is left]
    vertices = np.concatenate([p.vertices for line in lines for p in line.get_paths()])
    distances = np.sort(
        np.linalg.norm(vertices[:, None] - display.centres, axis=2), axis=1
    )
    assert len(vertices) > 50
    np.testing.assert_allclose(distances[:, 0], distances[:, 1], rtol=0.03)
    assert any(border.axes is right for border in display.borders_)


def test_titles_have_the_index_with_the_classes_or_with_each_other(model, kmeans):
    X = IRIS[:, 2:]
    display = draw(model, X, y=SPECIES, kmeans=kmeans)
    left, right = (panel.get_title(loc="left") for panel in display.axes_)
    of_k_means = adjusted_rand_score(SPECIES, kmeans.labels_)
    of_em = adjusted_rand_score(SPECIES, model.predict(X))
    assert left == f"k-means, adjusted Rand index {of_k_means:.2f}"
    assert right == f"EM, adjusted Rand index {of_em:.2f}"
    left, right = (p.get_title(loc="left") for p in draw(model, X).axes_)
    between = adjusted_rand_score(kmeans.labels_, model.predict(X))
    assert left == "k-means"
    assert right == f"EM, adjusted Rand index with k-means {between:.2f}"


def test_rows_of_the_wrong_class_are_framed(model):
    X = IRIS[:, 2:]
    display = draw(model, X, y=SPECIES)
    for number, frames in enumerate(display.wrong_):
        np.testing.assert_array_equal(frames.get_offsets(), X[display.wrong[number]])
    names = [text.get_text() for text in display.legend_.get_texts()]
    assert "misclassified" in names and "equally probable, or near" in names


def test_two_of_many_columns_have_no_borders():
    model = GaussianMixture(3, random_state=0).fit(IRIS)
    display = draw(model, IRIS, columns=[2, 3], feature_names=list("abcd"))
    assert display.borders_ == [] and display.grids is None
    whole = KMeans(3, n_init=10, random_state=0).fit(IRIS)
    assert adjusted_rand_score(whole.labels_, display.clusters) == 1
    assert [panel.get_xlabel() for panel in display.axes_] == ["c", "c"]
    assert display.axes_[0].get_ylabel() == "d"


def test_one_column_has_two_panels_above_each_other():
    X = IRIS[:, 2:3]
    model = GaussianMixture(3, random_state=0).fit(X)
    display = draw(model, X, y=SPECIES, feature_names=["length (cm)"])
    above, below = display.axes_
    assert above.get_position().y0 > below.get_position().y0
    places = [line.get_xdata()[0] for line in display.centre_markers_]
    np.testing.assert_allclose(places, display.centres[:, 0])
    assert below.get_xlabel() == "length (cm)" and below.get_ylabel() == "density"
    display.figure_.draw_without_rendering()


def test_more_groups_and_noise_can_be_drawn():
    X = load_dataset("old-faithful").values
    model = GaussianMixture(3, noise="hull", random_state=0).fit(X)
    display = draw(model, X, max_points=50)
    assert sum(len(s.get_offsets()) for s in display.scatters_[1]) == 50
    assert "data · 50 of 272 rows" in [
        t.get_text() for t in display.legend_.get_texts()
    ]
    assert sorted(np.unique(display.clusters)) == [0, 1, 2]


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_one_component_can_be_drawn_into_given_axes(clusters, n_columns):
    X = clusters(n_columns)
    ax = Figure(layout="constrained").add_subplot()
    display = draw(GaussianMixture(1).fit(X), X, ax=ax, legend=False)
    display.figure_.draw_without_rendering()
    assert display.ax_ is ax and display.legend_ is None


def test_wrong_input_is_named(model):
    X = IRIS[:, 2:]
    with pytest.raises(ValueError, match="as the model has components, 3; got 2"):
        draw(model, X, kmeans=KMeans(2, random_state=0).fit(X))
    with pytest.raises(ValueError, match="each of the 150 rows of X"):
        draw(model, X, y=[1, 2])
    with pytest.raises(ValueError, match="one column or two; got 3"):
        draw(GaussianMixture(1).fit(IRIS), IRIS, columns=[0, 1, 2])
    with pytest.raises(NotFittedError):
        draw(GaussianMixture(2), X)
