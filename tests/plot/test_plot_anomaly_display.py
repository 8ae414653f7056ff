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


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("below", [-3.0, 0.5, 8.0])
def test_the_line_stands_where_its_label_says(clusters, below):
    """Also where all rows are flagged, or none."""
    X = clusters(2)
    lowest = detector_of(X).score_samples(X).min()
    detector = detector_of(X, threshold=lowest - below)
    display = AnomalyDisplay.from_estimator(detector, X, kind="histogram")
    place = display.threshold_line_.get_xdata()[0]
    assert place == detector.offset_
    low, high = display.ax_.get_xlim()
    assert low < place < high
    label = f"threshold {place:.2f}".replace("-", "\N{MINUS SIGN}")
    assert label in legend_of(display)


@pytest.mark.parametrize(("threshold", "side"), [(-1e4, "left"), (1e4, "right")])
def test_a_threshold_far_from_all_rows_is_told(clusters, threshold, side):
    X = clusters(2)
    detector = detector_of(X)
    detector.offset_ = threshold
    display = AnomalyDisplay.from_estimator(detector, X, kind="histogram")
    assert display.threshold_line_ is None
    assert any(f"0.00, beyond the {side} edge" in text for text in legend_of(display))
    low, high = display.ax_.get_xlim()
    assert high - low < 100
    over = AnomalyDisplay.from_estimator(detector, X, kind="map")
    assert over.threshold_contour_ is None
    assert any(text.endswith(", outside the map") for text in legend_of(over))


def test_equal_scores_have_a_bar(clusters):
    X = clusters(2)
    display = AnomalyDisplay.from_estimator(detector_of(X), X[:1], kind="histogram")
    (bar,) = [bar for bars in display.bars_ for bar in bars if bar.get_height()]
    assert bar.get_width() > 0


@pytest.mark.parametrize("distance", [60.0, 1e6])
def test_rows_beyond_all_measure_do_not_hide_the_others(clusters, distance):
    X = clusters(3)
    detector = detector_of(X, threshold=-20.0)
    far = np.vstack([X, np.full((1, 3), distance)])
    display = AnomalyDisplay.from_estimator(detector, far)
    low, high = display.ax_.get_xlim()
    assert high - low < 100
    (bar,) = [bar for bar in display.bars_[1] if bar.get_height()]
    place, first = display.ax_.get_xticks()[0], display.ax_.get_xticklabels()[0]
    assert bar.get_x() < place < bar.get_x() + bar.get_width()
    edge = float(first.get_text().removeprefix("< ").replace("\N{MINUS SIGN}", "-"))
    assert bar.get_x() + bar.get_width() == pytest.approx(edge)
    assert sum(display.scores < edge) == 1 and max(display.scores) - edge >= 60


def test_one_far_row_leaves_the_map_to_the_others(clusters):
    X = clusters(2)
    detector = detector_of(X, contamination=0.02)
    far = np.vstack([X, [[9e3, -7e3]]])
    display = AnomalyDisplay.from_estimator(detector, far)
    alone = AnomalyDisplay.from_estimator(detector, X)
    for shown, wanted in zip(display.grid[:2], alone.grid[:2], strict=True):
        np.testing.assert_allclose(shown, wanted)
    assert (display.ax_.get_xlim(), display.ax_.get_ylim()) == (
        alone.ax_.get_xlim(),
        alone.ax_.get_ylim(),
    )
    assert "flagged · 3 rows, 1 of them outside the map" in legend_of(display)


def test_a_row_not_far_from_the_others_is_on_the_map(clusters):
    X = clusters(2)
    detector = detector_of(X, threshold=-20.0)
    odd = np.vstack([X, [[45.0, 0.0]]])
    display = AnomalyDisplay.from_estimator(detector, odd)
    assert display.scores[-1] < display.scores.max() - 60
    assert display.ax_.get_xlim()[1] > 45
    assert display.map_.extend == "min"
    assert "flagged · 1 rows" in legend_of(display)


@pytest.mark.parametrize("kind", ["map", "histogram"])
def test_the_legend_covers_nothing(clusters, kind):
    X = clusters(2)
    display = AnomalyDisplay.from_estimator(detector_of(X), X, kind=kind)
    display.figure_.draw_without_rendering()
    legend, panel = display.ax_.get_legend().get_window_extent(), display.ax_.bbox
    assert legend.y0 >= panel.y1 and legend.y1 <= display.figure_.bbox.y1 + 1


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
