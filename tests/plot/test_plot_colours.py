import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from mixtura.plot.drawing.colours import PALETTE, blend, component_styles, percent

# Linear-light matrices of Machado, Oliveira and Fernandes (2009), full severity.
PROTANOPIA = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]
DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]
LAB_FROM_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = LAB_FROM_RGB.sum(axis=1)


def linear(colour):
    values = np.array(to_rgb(colour))
    return np.where(
        values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4
    )


def lab(light):
    ratio = LAB_FROM_RGB @ np.clip(light, 0, 1) / WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", [np.eye(3), PROTANOPIA, DEUTERANOPIA])
def test_any_two_colours_stay_apart_under_each_colour_vision(vision):
    seen = [lab(np.asarray(vision) @ linear(colour)) for colour in PALETTE]
    distances = [
        np.linalg.norm(first - second)
        for first, second in itertools.combinations(seen, 2)
    ]
    assert min(distances) > 15


@pytest.mark.parametrize("colour", PALETTE)
def test_every_colour_is_seen_on_white(colour):
    luminance = LAB_FROM_RGB[1] @ linear(colour)
    assert 1.05 / (luminance + 0.05) > 2.0


@pytest.mark.parametrize("count", [1, 2, 8, 9, 20])
def test_components_have_distinct_colours(count):
    styles = component_styles(np.full(count, 1 / count))
    assert len({style.colour for style in styles}) == count


def test_up_to_eight_components_differ_in_marker_and_line_style_too():
    styles = component_styles(np.full(8, 1 / 8))
    assert len({style.marker for style in styles}) == 8
    assert len({style.line_style for style in styles}) == 8


def test_a_pure_point_has_the_colour_of_its_component():
    styles = component_styles([0.2, 0.3, 0.5])
    np.testing.assert_array_equal(
        blend(np.eye(3), styles), [style.colour for style in styles]
    )


def test_a_shared_point_has_the_mean_colour():
    styles = component_styles([0.5, 0.5])
    expected = 0.25 * np.array(styles[0].colour) + 0.75 * np.array(styles[1].colour)
    np.testing.assert_allclose(blend([[0.25, 0.75]], styles), [expected], rtol=1e-14)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(1.0, "100 %"), (0.0, "0 %"), (0.3558, "36 %"), (0.012, "1 %"), (0.004, "0.4 %")],
)
def test_percentages_keep_a_digit_of_small_weights(fraction, text):
    assert percent(fraction) == text
