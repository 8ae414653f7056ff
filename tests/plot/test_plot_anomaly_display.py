import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from mixtura import AnomalyDisplay, GaussianMixture, GaussianMixtureDetector


def detector_of(X, **rule):
    return GaussianMixtureDetector(2, random_state=0, **rule).fit(X)


def test_a_map_shows_scores_threshold_and_flagged_rows(clusters):
    X = clusters(2)
    detector = detector_of(X, contamination=0.07)
    display = AnomalyDisplay.from_estimator(detector, X, feature_names=["a", "b"])
    flagged = detector.predict(X) == -1
    np.testing.assert_array_equal(display.flagged, flagged)
    ordinary, odd = display.scatters_
    np.testing.assert_array_equal(ordinary.get_offsets(), X[~flagged])
    np.testing.assert_array_equal(odd.get_offsets(), X[flagged])
    assert display.threshold_contour_.levels.tolist() == [detector.offset_]
    x, y, scores = display.grid
    assert scores[3, 5] == pytest.approx(detector.score_samples([[x[5], y[3]]])[0])
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("a", "b")
    assert "7 of 100 rows flagged, map" in repr(display)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "flagged · 7 rows" in labels


@pytest.mark.parametrize("n_columns", [1, 2, 5])
def test_a_histogram_counts_every_row_on_its_side_of_the_threshold(clusters, n_columns):
    X = clusters(n_columns)
    detector = detector_of(X, contamination=0.2)
    display = AnomalyDisplay.from_estimator(detector, X, kind="histogram")
    counts = [sum(bar.get_height() for bar in bars) for bars in display.bars_]
    assert counts == [80, 20]
    assert display.threshold_line_.get_xdata()[0] == detector.offset_
    assert display.map_ is None


def test_rows_beyond_all_measure_do_not_hide_the_others(clusters):
    X = clusters(3)
    detector = detector_of(X, threshold=-20.0)
    far = np.vstack([X, np.full((1, 3), 1e6)])
    display = AnomalyDisplay.from_estimator(detector, far)
    low, high = display.ax_.get_xlim()
    assert high - low < 100
    assert sum(bar.get_height() for bar in display.bars_[1]) == 1


def test_it_draws_into_given_axes(clusters):
    X = clusters(2)
    ax = Figure().add_subplot()
    display = AnomalyDisplay.from_estimator(detector_of(X), X, ax=ax)
    assert display.ax_ is ax


def test_what_cannot_be_drawn_is_named(clusters):
    X = clusters(3)
    detector = detector_of(X)
    with pytest.raises(ValueError, match="a map needs 2 columns; got 3"):
        AnomalyDisplay.from_estimator(detector, X, kind="map")
    with pytest.raises(ValueError, match=r"kind must be .* got 'pie'"):
        AnomalyDisplay.from_estimator(detector, X, kind="pie")
    with pytest.raises(NotFittedError):
        AnomalyDisplay.from_estimator(GaussianMixtureDetector(), X)
    with pytest.raises(TypeError, match="Pass a GaussianMixtureDetector"):
        AnomalyDisplay.from_estimator(GaussianMixture().fit(X), X)
