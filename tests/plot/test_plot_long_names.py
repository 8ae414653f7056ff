"""Long names and long numbers beside the axes can be read, and told apart."""

from itertools import combinations

import numpy as np
import pytest

from mixtura import GaussianMixture, LoadingsDisplay, ProjectionDisplay
from mixtura.plot import MixtureDisplay, ResponsibilityDisplay, UncertaintyDisplay

COMPOUNDS = ("one", "two", "six", "ten", "zinc", "iron")


def long_names(count):
    return [f"concentration of compound {name} in mg" for name in COMPOUNDS[:count]]


def boxes(figure, texts):
    """Where texts are once the figure is laid out; empty ones are left out."""
    figure.draw_without_rendering()
    shown = [text for text in texts if text.get_visible() and text.get_text()]
    return [text.get_window_extent() for text in shown]


def assert_legible(figure, texts):
    """No text lies over another, or ends outside the figure."""
    found = boxes(figure, texts)
    assert len(found) > 1
    assert not any(a.overlaps(b) for a, b in combinations(found, 2))
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in found)
    assert all(figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1 for box in found)


@pytest.mark.parametrize("kind", [MixtureDisplay, UncertaintyDisplay])
@pytest.mark.parametrize("n_columns", [2, 3, 6])
def test_the_names_of_all_pairs_are_legible_and_distinct(fitted, kind, n_columns):
    model, X = fitted(n_columns)
    display = kind.from_estimator(model, X, feature_names=long_names(n_columns))
    panels = [panel for panel in display.axes_.flat if panel is not None]
    labels = [panel.xaxis.label for panel in panels if panel.get_xlabel()]
    assert len({label.get_text() for label in labels}) == len(labels)
    sides = [panel.yaxis.label for panel in panels if panel.yaxis.get_visible()]
    assert_legible(display.figure_, labels + sides)


def test_the_names_of_three_panels_are_legible(fitted):
    model, X = fitted(2)
    y = np.repeat([0, 1], [60, 40])
    display = ResponsibilityDisplay.from_estimator(
        model, X, y=y, feature_names=long_names(2)
    )
    labels = [panel.xaxis.label for panel in display.axes_]
    assert_legible(display.figure_, labels)


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_the_numbers_of_small_panels_are_legible(clusters, scale, shift):
    X = clusters(3)
    X[:, 1] = shift + scale * X[:, 1] / X[:, 1].std()
    model = GaussianMixture(2, random_state=0).fit(X)
    display = MixtureDisplay.from_estimator(model, X, feature_names=long_names(3))
    panel = display.axes_[-1, 1]
    texts = [*panel.get_xticklabels(), panel.xaxis.label, panel.xaxis.offsetText]
    display.figure_.draw_without_rendering()
    low, high = panel.get_xlim()
    inside = [t for t in texts[:-2] if low <= t.get_position()[0] <= high]
    assert_legible(display.figure_, inside + texts[-2:])


def test_columns_of_a_projection_can_be_told_apart(fitted):
    model, X = fitted(6)
    display = ProjectionDisplay.from_estimator(model, X, feature_names=long_names(6))
    labels = [text.get_text() for text in display.columns_ax_.get_yticklabels()]
    assert len(set(labels)) == 6
    named = [COMPOUNDS[column] for column in display.columns_]
    assert all(name in label for name, label in zip(named, labels, strict=True))


@pytest.mark.parametrize("long", [True, False])
@pytest.mark.parametrize("n_factors", [1, 2])
def test_the_titles_of_loadings_are_legible(long, n_factors, clusters):
    X = clusters(5)
    covariance_type = f"factors:{n_factors}"
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    names = long_names(5) if long else None
    display = LoadingsDisplay.from_estimator(model, feature_names=names)
    assert_legible(display.figure_, [panel.title for panel in display.axes_])
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert len(set(labels)) == 5
