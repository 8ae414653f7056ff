import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from mixtura import ClassifierDisplay, GaussianMixture, GaussianMixtureClassifier

draw = ClassifierDisplay.from_estimator


@pytest.fixture
def three_classes():
    """Classes that share rows, in any number of columns, and a classifier."""

    def make(n_columns, n_components=1, **options):
        rng = np.random.default_rng(5)
        numbers = np.arange(180) % 3
        X = rng.normal(size=(180, n_columns)) + 2.2 * numbers[:, np.newaxis]
        y = np.array(["a", "b", "c"])[numbers]
        classifier = GaussianMixtureClassifier(
            n_components, random_state=0, **options
        ).fit(X, y)
        return classifier, X, y

    return make


def legend_texts(display):
    return [text.get_text() for text in display.legend_.get_texts()]


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_marked_rows_are_those_that_the_classifier_gets_wrong(three_classes, n_columns):
    classifier, X, y = three_classes(n_columns)
    display = draw(classifier, X, y)
    wrong = classifier.predict(X) != y
    np.testing.assert_array_equal(display.misclassified, wrong)
    assert 0 < wrong.sum() < 90
    for squares in display.misclassified_:
        assert len(squares.get_offsets()) == wrong.sum()
    assert any(f"misclassified · {wrong.sum()}" in t for t in legend_texts(display))
    assert f"{wrong.sum()} of 180 rows misclassified" in repr(display)
    display.figure_.draw_without_rendering()


@pytest.mark.parametrize("covariance_type", ["full", "tied", "VEE"])
@pytest.mark.parametrize("n_components", [1, 2])
def test_the_regions_of_a_plane_are_the_predictions(
    three_classes, covariance_type, n_components
):
    classifier, X, y = three_classes(2, n_components, covariance_type=covariance_type)
    (found,) = draw(classifier, X, y).regions.values()
    plane = np.stack(np.meshgrid(found.x, found.y), axis=-1).reshape(-1, 2)
    expected = np.searchsorted(classifier.classes_, classifier.predict(plane))
    margins = found.margins.reshape(3, -1)
    assert ((margins > 0).sum(axis=0) <= 1).all()
    assert (margins.argmax(axis=0) == expected).mean() > 0.999


def test_each_pair_is_shaded_by_its_columns_alone(three_classes):
    classifier, X, y = three_classes(3)
    display = draw(classifier, X, y)
    assert set(display.regions) == {(1, 0), (2, 0), (2, 1)}
    pair = GaussianMixtureClassifier(random_state=0).fit(X[:, [0, 2]], y)
    found = display.regions[2, 0]
    plane = np.stack(np.meshgrid(found.x, found.y), axis=-1).reshape(-1, 2)
    expected = np.searchsorted(pair.classes_, pair.predict(plane))
    # full covariance: the marginal of the fit is the fit of the margin
    assert (found.margins.reshape(3, -1).argmax(axis=0) == expected).mean() > 0.999
    assert any("given these columns" in text for text in legend_texts(display))


@pytest.mark.parametrize("n_columns", [1, 3])
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_curves_are_prior_times_density_and_probability(
    three_classes, n_columns, temperature
):
    classifier, X, y = three_classes(n_columns, temperature=temperature)
    display = draw(classifier, X, y)
    curve = display.marginals[0]
    area = np.trapezoid(curve.densities, curve.x, axis=0)
    np.testing.assert_allclose(area, classifier.class_prior_, atol=1e-3)
    if n_columns == 1:
        expected = classifier.predict_proba(curve.x[:, np.newaxis])
        np.testing.assert_allclose(curve.responsibilities, expected, atol=1e-9)
        for c, line in enumerate(display.probability_lines_):
            np.testing.assert_allclose(line.get_ydata(), expected[:, c], atol=1e-9)


def test_rows_without_a_class_are_hollow_and_never_wrong(three_classes):
    _, X, y = three_classes(2)
    some = np.where(np.arange(180) % 4 == 0, "?", y)
    classifier = GaussianMixtureClassifier(unlabelled="?").fit(X, some)
    display = draw(classifier, X, some)
    *of_classes, unknown = display.scatters_
    assert len(unknown.get_offsets()) == 45 and len(of_classes) == 3
    assert not len(unknown.get_facecolors())
    assert not display.misclassified[::4].any()
    assert "no class · 45 rows" in legend_texts(display)


def test_without_y_rows_have_the_colour_of_their_prediction(three_classes):
    classifier, X, _ = three_classes(2)
    display = draw(classifier, X)
    predicted = np.searchsorted(classifier.classes_, classifier.predict(X))
    counts = [len(scatter.get_offsets()) for scatter in display.scatters_]
    assert counts == np.bincount(predicted).tolist()
    assert not display.misclassified.any()
    assert not any("misclassified" in text for text in legend_texts(display))


def test_a_class_that_is_nowhere_ahead_and_a_lone_class_are_drawn():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.zeros(60)
    alone = draw(GaussianMixtureClassifier().fit(X, y), X, y)
    assert alone.borders_ == [None] and alone.regions_[0] is not None
    y[:3] = 1
    covered = GaussianMixtureClassifier(
        covariance_type="tied", priors=[1 - 1e-9, 1e-9]
    ).fit(X, y)
    assert None in draw(covered, X, y).regions_


def test_many_rows_are_thinned_but_no_mistake_is_lost(three_classes):
    classifier, X, y = three_classes(2)
    display = draw(classifier, X, y, max_points=20)
    assert sum(len(s.get_offsets()) for s in display.scatters_) == 20
    wrong = (classifier.predict(X) != y).sum()
    assert len(display.misclassified_[0].get_offsets()) == wrong


def test_names_columns_and_axes_are_the_callers(three_classes):
    _, X, y = three_classes(4)
    frame = pd.DataFrame(X, columns=["p", "q", "r", "s"])
    classifier = GaussianMixtureClassifier().fit(frame, y)
    ax = Figure().add_subplot()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        display = draw(classifier, frame, y, columns=["s", "q"], ax=ax)
    assert display.ax_ is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("s", "q")
    wrong = classifier.predict(frame) != y
    np.testing.assert_array_equal(display.misclassified, wrong)


def test_what_cannot_be_drawn_is_refused(three_classes):
    classifier, X, y = three_classes(2)
    with pytest.raises(NotFittedError, match="not fitted"):
        draw(GaussianMixtureClassifier(), X, y)
    with pytest.raises(TypeError, match="Pass a GaussianMixtureClassifier"):
        draw(GaussianMixture().fit(X), X, y)
    with pytest.raises(ValueError, match="must have the 2 columns"):
        draw(classifier, X[:, :1], y)
    with pytest.raises(ValueError, match="one class for each of the 180 rows"):
        draw(classifier, X, y[:5])
    with pytest.raises(ValueError, match="y must hold classes of the fit"):
        draw(classifier, X, np.arange(180))
    with pytest.raises(ValueError, match="max_points must be at least 1"):
        draw(classifier, X, y, max_points=0)
