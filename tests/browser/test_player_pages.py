"""The EM player on all sorts of pages and screens."""

import re

import numpy as np
import pytest
from players import Player, wait_for

from mixtura.report.player import player_frame, player_html, player_page
from recordings import base64_bytes, faithful, iris, waiting

HOSTILE = "<script>window.hurt = 1</script><img src=x onerror='hurt=1'>\u2028&amp;"


@pytest.fixture(scope="module")
def recording():
    return faithful(n_iter=6)


@pytest.mark.parametrize("make", [faithful, waiting, iris])
@pytest.mark.parametrize("width", [320, 360, 1100])
def test_nothing_is_wider_than_the_screen(page, make, width):
    recording = make(n_iter=1)
    recording["columns"] = [name * 9 for name in recording["columns"]]
    recording["title"] = "title" * 30
    browser = page(player_page(recording), width=width)
    assert browser.execute_script(
        "return document.documentElement.scrollWidth <= innerWidth"
    )
    player = Player(browser)
    box = player.one(".player").rect
    for element in player.all("select, button, input, dd, .legend li, .said, h2"):
        rect = element.rect
        assert rect["x"] >= box["x"]
        assert rect["x"] + rect["width"] <= box["x"] + box["width"]


@pytest.mark.parametrize("width", [360, 760, 1100])
def test_nothing_jumps_while_it_plays(page, recording, width):
    player = Player(page(player_page(recording), width=width))
    places = set()
    for index in range(4):
        player.seek(index)
        places.add((player.one(".curve").rect["y"], player.one("dl").rect["y"]))
    assert len(places) == 1


def contrast(one, other):
    """Ratio of the brightness of two CSS colours (WCAG)."""

    def brightness(colour):
        rgb = np.array(re.findall(r"\d+", colour)[:3], dtype=float) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722] + 0.05

    high, low = sorted([brightness(one), brightness(other)], reverse=True)
    return high / low


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_on_light_and_dark_pages(page, recording, dark):
    player = Player(page(player_page(recording), dark=dark))
    ground = player.one(".player").value_of_css_property("background-color")
    assert (contrast(ground, "rgb(0, 0, 0)") < 2) == dark
    for place in (".said", ".about", "dt", "dd", "output", ".note", "h2", "button"):
        colour = player.all(place)[0].value_of_css_property("color")
        own = player.all(place)[0].value_of_css_property("background-color")
        behind = ground if own.endswith(", 0)") else own
        assert contrast(colour, behind) >= 4.5, place
    for place in (".axes text", ".axes .name"):
        assert (
            contrast(player.all(place)[0].value_of_css_property("fill"), ground) >= 4.5
        )
    for ellipse in player.all("ellipse"):
        assert contrast(ellipse.value_of_css_property("stroke"), ground) >= 3


def test_a_page_can_ask_for_dark(page, recording):
    browser = page(player_page(recording))
    player = Player(browser)
    browser.execute_script("document.documentElement.dataset.theme = 'dark'")
    wait_for(
        browser, lambda: player.one(".player").get_attribute("data-theme") == "dark"
    )


def test_names_from_the_data_are_text(page, recording):
    hostile = {**recording, "title": HOSTILE, "columns": [HOSTILE, f"b{HOSTILE}"]}
    browser = page(player_page(hostile))
    player = Player(browser)
    assert player.one("h2").get_property("textContent") == HOSTILE
    first = player.all("option")[0].get_property("textContent")
    assert first == HOSTILE
    assert not player.all("img, script")
    assert browser.execute_script("return window.hurt") is None


def test_players_on_one_page_do_not_disturb_each_other(page, recording):
    bodies = [player_html(recording, title=f"Number {at}") for at in range(3)]
    page_of_many = player_page(waiting(n_iter=1)).replace(
        "</body>", "".join(bodies) + "</body>"
    )
    browser = page(page_of_many)
    players = [Player(browser, at) for at in range(4)]
    players[2].click("forward")
    assert [player.index for player in players] == [0, 0, 1, 0]
    assert [player.one("h2").text for player in players[1:]] == [
        "Number 0",
        "Number 1",
        "Number 2",
    ]
    ours = browser.execute_script(
        "return Object.keys(window).filter((name) => /mixtura/i.test(name))"
    )
    assert ours == ["MixturaPlayer"]


def test_a_page_s_style_stays_outside_and_the_player_s_inside(page, recording):
    rude = "<style>button, svg, p { display: none !important }</style><p>outside</p>"
    browser = page(player_page(recording).replace("<body>", f"<body>{rude}"))
    player = Player(browser)
    assert player.one("button.play").is_displayed()
    assert not browser.find_element("css selector", "body > p").is_displayed()


def test_in_a_frame_it_is_as_tall_as_it_needs(page, recording):
    phone = '<!DOCTYPE html><meta name="viewport" content="width=device-width">'
    browser = page(f"{phone}<body>{player_frame(recording)}", width=360)
    frame = browser.find_element("css selector", "iframe")
    wait_for(browser, lambda: frame.size["height"] > 900)
    browser.switch_to.frame(frame)
    player = Player(browser)
    player.click("forward")
    assert player.heading == "M-step 1"
    assert browser.execute_script(
        "return document.documentElement.scrollHeight <= innerHeight"
    )
    browser.switch_to.default_content()


def test_a_thousand_rows_and_many_half_steps_are_drawn_in_time(page):
    recording = iris(n_iter=60)
    rows, steps = recording["points"] * 14, recording["steps"]
    shares = base64_bytes(np.full((len(rows), 3), 1 / 3))
    many = {
        **recording,
        "points": rows,
        "steps": [{**step, "responsibilities": shares} for step in steps],
    }
    player = Player(page(player_page(many)))
    milliseconds = player.browser.execute_script(
        """
        const slider = arguments[0];
        const begin = performance.now();
        for (let index = 1; index <= 40; index++) {
          slider.value = index;
          slider.dispatchEvent(new Event("input"));
        }
        return (performance.now() - begin) / 40;
        """,
        player.one("input[type=range]"),
    )
    assert milliseconds < 60
