"""The report in a real browser: it fits, it plays, and the data cannot act."""

import numpy as np
import pytest
from players import Player
from selenium.webdriver import Keys

from mixtura import GaussianMixture, GaussianMixtureSearch, Report, load_dataset

HOSTILE = "<img src=x onerror=window.hostile=1><script>window.hostile=1</script>"


@pytest.fixture(scope="module")
def faithful():
    """A report of the widest kind: a search, a player, pictures, long tables."""
    table = load_dataset("old-faithful")
    search = GaussianMixtureSearch(
        range(1, 5), covariance_type=("full", "tied"), random_state=0
    ).fit(table.values)
    return Report.from_estimator(search, table.values, feature_names=table.names).html


@pytest.fixture(scope="module")
def hostile():
    """Names of columns that try to act, and one without a place to break."""
    rows = np.random.default_rng(0).normal(size=(60, 4))
    model = GaussianMixture(2, random_state=0).fit(rows)
    names = [HOSTILE, "x" * 300, "a", "b" * 30]
    return Report.from_estimator(model, rows, feature_names=names, title=HOSTILE).html


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_page(page, faithful, hostile, width):
    for html in (faithful, hostile):
        browser = page(html, width=width)
        shown = "return document.documentElement.scrollWidth"
        assert browser.execute_script(shown) <= width
        beyond = browser.execute_script(
            "return [...document.querySelectorAll('main > section > *')]"
            ".filter((e) => e.getBoundingClientRect().right > innerWidth)"
            ".map((e) => e.outerHTML.slice(0, 99))"
        )
        assert beyond == []


def test_names_from_the_data_do_nothing(page, hostile):
    browser = page(hostile)
    assert browser.execute_script("return window.hostile") is None
    assert browser.title == HOSTILE
    assert browser.find_element("tag name", "h1").text == HOSTILE


def test_the_player_steps(page, faithful):
    player = Player(page(faithful))
    before = player.index
    player.press(Keys.ARROW_RIGHT)
    assert player.index == before + 1


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_light_and_dark(page, faithful, dark):
    browser = page(faithful, dark=dark)
    ink, paper = (
        browser.execute_script(
            f"return getComputedStyle(document.body).{name}.match(/[0-9.]+/g)"
        )
        for name in ("color", "backgroundColor")
    )
    ink, paper = np.mean([*map(float, ink[:3])]), np.mean([*map(float, paper[:3])])
    assert (ink > paper) == dark and abs(ink - paper) > 150


def test_every_link_of_the_contents_leads_somewhere(page, faithful):
    browser = page(faithful)
    for link in browser.find_elements("css selector", "nav a"):
        link.click()
        name = browser.execute_script("return location.hash.slice(1)")
        assert browser.find_element("id", name).is_displayed()
