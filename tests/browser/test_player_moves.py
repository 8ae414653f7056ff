"""Moving through a fit: buttons, keys, slider, curve, play."""

import re

import numpy as np
import pytest
from players import Player, wait_for
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from mixtura.report.player import player_page
from recordings import faithful


@pytest.fixture(scope="module")
def recording():
    return faithful(n_iter=6)


@pytest.fixture
def player(page, recording):
    return Player(page(player_page(recording)))


def test_buttons_step_and_jump(player):
    headings = []
    for name in ("forward", "forward", "back", "last", "first"):
        player.click(name)
        headings.append(player.heading)
    assert headings == ["M-step 1", "E-step 1", "M-step 1", "E-step 6", "E-step 0"]


def test_buttons_that_lead_nowhere_are_off(player):
    off = player.all("button[aria-disabled=true]")
    assert [button.get_attribute("class") for button in off] == ["first", "back"]


def test_keys_step_jump_and_play(player):
    player.press(Keys.RIGHT, Keys.RIGHT, Keys.LEFT)
    assert player.index == 1
    player.press(Keys.END)
    assert player.index == 12
    player.press(Keys.HOME)
    assert player.index == 0
    player.press(" ")
    assert player.playing
    player.press(" ")
    assert not player.playing


def test_tab_reaches_each_control_and_the_focus_is_seen(player):
    seen = []
    player.press(Keys.TAB)
    for _ in range(9):
        active = player.browser.execute_script(
            "return arguments[0].shadowRoot.activeElement", player.host
        )
        seen.append(active.get_attribute("aria-label"))
        assert active.value_of_css_property("outline-style") == "solid"
        player.send(Keys.TAB)
    assert seen == [
        "Horizontal axis",
        "Vertical axis",
        "First half-step (Home)",
        "Back (left arrow)",
        "Play (space)",
        "Forward (right arrow)",
        "Last half-step (End)",
        "Speed",
        "Half-step",
    ]


def test_space_on_a_button_presses_it_and_does_not_play(player):
    forward = player.one("button.forward")
    player.browser.execute_script("arguments[0].focus()", forward)
    player.send(" ")
    assert player.index == 1
    assert not player.playing


def test_the_focus_stays_on_a_button_that_has_come_to_its_end(player):
    player.browser.execute_script("arguments[0].focus()", player.one("button.forward"))
    player.send(*[Keys.ENTER] * 14)
    assert player.index == 12
    player.send(Keys.LEFT)
    assert player.index == 11


def test_the_slider_scrubs(player):
    player.seek(7)
    assert player.heading == "M-step 4"
    assert player.one("output").text == "8 of 13"


def test_a_click_on_the_curve_goes_to_that_half_step(player):
    curve = player.one(".curve > svg")
    path = player.one("path.likelihood").get_attribute("d")
    x = float(re.findall(r"L(\S+) ", path)[8])  # half-step 9
    offset = x - curve.size["width"] / 2
    ActionChains(player.browser).move_to_element_with_offset(
        curve, round(offset), 0
    ).click().perform()
    assert player.index == 9


def test_it_plays_to_the_end_and_stops(page):
    player = Player(page(player_page(faithful(n_iter=2))))
    player.choose("Speed", "4\N{MULTIPLICATION SIGN}")
    player.click("play")
    wait_for(player.browser, lambda: player.index == 4 and not player.playing)
    player.click("play")  # and starts over
    assert player.playing
    assert player.index < 4


def test_moving_by_hand_stops_the_play(player):
    player.click("play")
    player.click("last")
    assert not player.playing


def test_with_motion_it_ends_at_the_same_picture(page, recording):
    html = player_page(recording)
    player = Player(page(html, calm=True))
    player.click("last")
    still = player.numbers("ellipse", "cx", "cy", "rx", "ry")
    player = Player(page(html, calm=False))
    player.click("last")

    def arrived():
        drawn = player.numbers("ellipse", "cx", "cy", "rx", "ry")
        return np.allclose(drawn, still)

    assert not arrived()
    wait_for(player.browser, arrived)
