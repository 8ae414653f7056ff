"""What the EM player draws, and where."""

import re

import numpy as np
import pytest
from players import Player

from mixtura.plot.drawing.colours import PALETTE
from mixtura.report.player import player_page
from recordings import base64_bytes, faithful, iris, waiting


@pytest.fixture(scope="module")
def recording():
    return faithful(n_iter=6)


@pytest.fixture
def player(page, recording):
    return Player(page(player_page(recording)))


def place_of(values, scale):
    return np.polyval(scale, values)


@pytest.fixture
def known(page):
    """Three rows, two components whose shape and place are known."""
    rows = [[0.0, 0.0], [10.0, 100.0], [10.0, 0.0]]
    shares = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    step = {
        "iteration": 0,
        "phase": "E",
        "weights": [0.25, 0.75],
        "means": [[2.0, 70.0], [8.0, 40.0]],
        "covariances": [[[4.0, 0.0], [0.0, 100.0]], [[1.0, 9.0], [9.0, 100.0]]],
        "log_likelihood": -10.0,
        "elbo": -10.0,
        "q": -11.0,
        "entropy": 1.0,
        "kl": 0.0,
        "responsibilities": base64_bytes(shares),
    }
    recording = {
        "format": "mixtura-recording",
        "version": 1,
        "title": "Known",
        "columns": ["a", "b"],
        "n_samples": 3,
        "points": rows,
        "n_components": 2,
        "algorithm": "em",
        "covariance_type": "full",
        "outcome": "",
        "converged": True,
        "steps": [step],
    }
    return Player(page(player_page(recording))), recording


def test_means_are_where_the_axes_say(known):
    player, recording = known
    x, y = player.tick_scale("middle", "x"), player.tick_scale("end", "y")
    y[1] -= 4  # ticks' text stands a little below their line
    means = np.array(recording["steps"][0]["means"])
    drawn = player.numbers(".mean circle", "cx", "cy")
    np.testing.assert_allclose(drawn[:, 0], place_of(means[:, 0], x), atol=0.2)
    np.testing.assert_allclose(drawn[:, 1], place_of(means[:, 1], y), atol=0.2)


def test_ellipses_have_the_axes_of_the_covariance(known):
    player, recording = known
    slopes = np.diag(
        [player.tick_scale("middle", "x")[0], player.tick_scale("end", "y")[0]]
    )
    for k, covariance in enumerate(recording["steps"][0]["covariances"]):
        values, vectors = np.linalg.eigh(slopes @ covariance @ slopes)
        for deviations in (1, 2):
            place = f"ellipse[data-component='{k}'][data-deviations='{deviations}']"
            ((rx, ry),) = player.numbers(place, "rx", "ry")
            expected = deviations * np.sqrt(values)[::-1]
            np.testing.assert_allclose([rx, ry], expected, rtol=1e-3)
            turned = player.one(place).get_attribute("transform")
            angle = np.radians(float(re.match(r"rotate\((\S+)", turned)[1]))
            along = np.array([np.cos(angle), np.sin(angle)])
            assert abs(along @ vectors[:, 1]) == pytest.approx(1, abs=1e-6)


def test_rows_have_the_colour_of_their_component_where_they_lie(known):
    player, recording = known
    x, y = player.tick_scale("middle", "x"), player.tick_scale("end", "y")
    y[1] -= 4
    for row, colour in zip(recording["points"], [0, 1, 1], strict=True):
        *rgb, opacity = player.pixel(place_of(row[0], x), place_of(row[1], y))
        wanted = [int(PALETTE[colour][at : at + 2], 16) for at in (1, 3, 5)]
        assert opacity > 150
        np.testing.assert_allclose(rgb, wanted, atol=3)
    assert player.pixel(place_of(5.0, x), place_of(10.0, y))[3] == 0


def test_undecided_rows_have_a_colour_between(page, recording):
    even = np.full((272, 2), 0.5)
    first = {**recording["steps"][0], "responsibilities": base64_bytes(even)}
    player = Player(page(player_page({**recording, "steps": [first]})))
    x, y = player.tick_scale("middle", "x"), player.tick_scale("end", "y")
    row = recording["points"][0]
    rgb = player.pixel(place_of(row[0], x), place_of(row[1], y) - 4)[:3]
    a, b = ([int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in PALETTE[:2])
    np.testing.assert_allclose(rgb, np.mean([a, b], axis=0), atol=4)


def test_rows_that_are_noise_are_grey_and_its_weight_is_written(page, recording):
    none = np.zeros((272, 2))
    first = {
        **recording["steps"][0],
        "responsibilities": base64_bytes(none),
        "weights": [0.5, 0.3],
    }
    player = Player(page(player_page({**recording, "steps": [first]})))
    x, y = player.tick_scale("middle", "x"), player.tick_scale("end", "y")
    row = recording["points"][0]
    red, green, blue, _ = player.pixel(place_of(row[0], x), place_of(row[1], y) - 4)
    assert max(red, green, blue) - min(red, green, blue) < 25
    assert 100 < green < 200
    assert player.texts(".stage .legend li")[-1] == "noise \N{MIDDLE DOT} 20 %"


def test_the_paths_of_the_means_grow_with_each_m_step(player):
    lengths = []
    for index in range(6):
        player.seek(index)
        (circles,) = {
            len(group.find_elements("css selector", "circle"))
            for group in player.all(".trail")
        }
        lengths.append(circles)
    assert lengths == [1, 2, 3, 3, 4, 4] or lengths == [1, 2, 2, 3, 3, 4]


def test_the_weights_are_written_with_their_colours(player, recording):
    player.click("last")
    shares = [round(100 * w) for w in recording["steps"][-1]["weights"]]
    written = [f"{k} \N{MIDDLE DOT} {share} %" for k, share in enumerate(shares)]
    assert player.texts(".stage .legend li")[1:] == written


def test_the_curve_rises_and_the_bound_stays_below(player, recording):
    def heights(name):
        path = player.one(f"path.{name}").get_attribute("d")
        return np.array(re.findall(r"[ML](\S+) (\S+?)(?=[L]|$)", path), dtype=float)

    above, below = heights("likelihood"), heights("bound")
    assert len(above) == len(recording["steps"])
    assert (np.diff(above[:, 1]) <= 0.01).all()  # pixels go down
    assert (above[:, 1] <= below[:, 1] + 0.01).all()
    np.testing.assert_allclose(above[::2], below[::2], atol=0.02)
    assert np.ptp(above[len(above) // 2 :, 1]) > 20  # not flattened by the start


@pytest.mark.parametrize("scale", ["whole fit", "magnified", "close-up"])
def test_each_scale_marks_the_half_step_inside_the_picture(player, scale):
    player.choose("Scale of the curve", scale)
    for index in (0, 5, 12):
        player.seek(index)
        height = player.one(".curve > svg").size["height"]
        places = player.numbers("circle.elbo, circle.log_likelihood", "cx", "cy")
        assert len(places) == 2
        assert (places > 0).all() and (places[:, 1] < height).all()


# one column


def test_one_column_is_a_histogram_with_densities_and_their_sum(page):
    player = Player(page(player_page(waiting(n_iter=2))))
    assert len(player.all("path.part")) == 2
    assert len(player.all("path.sum")) == 1
    assert len(player.all("rect")) > 5
    assert not player.all("ellipse, header select")


def test_a_density_peaks_at_its_mean(page):
    player = Player(page(player_page(waiting(n_iter=2))))
    for k, part in enumerate(player.all("path.part")):
        points = re.findall(r"[ML](\S+) (\S+?)(?=[L]|$)", part.get_attribute("d"))
        x, y = np.array(points, dtype=float).T
        mean = float(player.all(".mean circle")[k].get_attribute("cx"))
        assert x[np.argmin(y)] == pytest.approx(mean, abs=3)


# columns


def test_any_two_columns_of_four_can_be_chosen(page):
    recording = iris(n_iter=2)
    player = Player(page(player_page(recording)))
    player.choose("Horizontal axis", recording["columns"][3])
    player.choose("Vertical axis", recording["columns"][2])
    names = player.texts(".axes .name")
    assert names == [recording["columns"][3], recording["columns"][2]]
    x = player.tick_scale("middle", "x")
    means = np.array(recording["steps"][0]["means"])
    drawn = player.numbers(".mean circle", "cx")[:, 0]
    np.testing.assert_allclose(drawn, place_of(means[:, 3], x), atol=0.2)


def test_choosing_the_other_axis_s_column_swaps_them(player):
    player.choose("Horizontal axis", "waiting")
    assert player.texts(".axes .name") == ["waiting", "eruptions"]


def test_one_column_of_several_can_be_chosen_and_left(player):
    player.choose("Vertical axis", "density")
    assert len(player.all("path.part")) == 2
    player.choose("Vertical axis", "waiting")
    assert len(player.all("ellipse")) == 4
