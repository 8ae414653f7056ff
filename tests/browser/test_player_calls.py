"""What a program can ask of `createPlayer`, and what it is told."""

import json

import pytest
from players import Player
from selenium.webdriver import ActionChains

from mixtura.report.player import player_module
from recordings import faithful

# A page of one's own, with the module as it is.
PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<body>
<div id="here" data-mixtura-player></div>
<script type="application/json" id="data">{data}</script>
<script type="module">
const waiting = {{timers: new Set(), frames: new Set()}};
for (const [start, stop, open] of [
  ["setTimeout", "clearTimeout", waiting.timers],
  ["requestAnimationFrame", "cancelAnimationFrame", waiting.frames],
]) {{
  const [begin, end] = [window[start].bind(window), window[stop].bind(window)];
  window[start] = (action, ...more) => {{
    const id = begin((...given) => {{ open.delete(id); action(...given); }}, ...more);
    open.add(id);
    return id;
  }};
  window[stop] = (id) => {{ open.delete(id); end(id); }};
}}
window.setInterval = () => {{ throw new Error("no intervals"); }};
{module}
const told = [];
const recording = JSON.parse(document.getElementById("data").textContent);
const options = {options};
if (options.tell) {{
  options.onSeek = (index) => told.push(["seek", index]);
  options.onPlace = (...place) => told.push(["place", ...place]);
}}
const here = document.getElementById("here");
const player = createPlayer(here, recording, options);
Object.assign(window, {{ createPlayer, here, options, player }});
Object.assign(window, {{ recording, told, waiting }});
</script>
"""


@pytest.fixture
def program(page):
    """Open a page that makes a player of a recording, and has it at hand."""

    def run(recording, **options):
        data = json.dumps(recording).replace("<", r"\u003c")
        options = json.dumps(options)
        html = PAGE.format(data=data, module=player_module(), options=options)
        browser = page(html)
        return Player(browser), browser.execute_script

    return run


@pytest.fixture(scope="module")
def recording():
    return faithful(n_iter=3)


def test_seek_moves_within_bounds_and_tells(program, recording):
    player, run = program(recording, tell=True)
    run("told.length = 0; player.seek(3); player.seek(99); player.seek(-5)")
    assert run("return told") == [["seek", 3], ["seek", 6], ["seek", 0]]
    assert run("return [player.index, player.length]") == [0, 7]
    assert player.heading == "E-step 0"


def test_appended_half_steps_are_followed_from_the_last_only(program, recording):
    steps = recording["steps"]
    player, run = program({**recording, "steps": steps[:1]})
    run("player.append(arguments[0])", steps[1:3])
    assert (player.heading, run("return player.length")) == ("E-step 1", 3)
    run("player.seek(0); player.append(arguments[0])", steps[3:])
    assert (player.heading, run("return player.length")) == ("E-step 0", 7)
    assert run("return recording.steps.length") == 1


def test_it_waits_for_half_steps_where_there_are_none(program, recording):
    player, run = program({**recording, "steps": []})
    assert player.heading == "No half-step yet"
    assert len(player.all("button[aria-disabled=true]")) == 5
    assert len(player.all(".axes .name")) == 2
    run("player.append(arguments[0])", recording["steps"])
    assert player.heading == "E-step 3"


def test_a_half_step_that_does_not_belong_is_refused(program, recording):
    _, run = program(recording)
    wrong = {**recording["steps"][0], "means": [[1, 2]]}
    message = run(
        "try { player.append([arguments[0]]) } catch (error) { return error.message }",
        wrong,
    )
    assert message == (
        'append: "means" of half-step 0 must be 2 times 2 finite numbers.'
    )
    assert run("return player.length") == 7


def test_a_click_places_a_mean_in_the_units_of_the_data(program, recording):
    player, run = program(recording, tell=True)
    run("told.length = 0")
    picture = player.one(".stage .plot > svg:last-child")
    mean = player.all(".mean circle")[1]
    x = float(mean.get_attribute("cx")) - picture.size["width"] / 2
    y = float(mean.get_attribute("cy")) - picture.size["height"] / 2
    ActionChains(player.browser).move_to_element_with_offset(
        picture, round(x), round(y)
    ).click().perform()
    ((what, *place, columns),) = run("return told")
    assert (what, columns) == ("place", [0, 1])
    assert place == pytest.approx(recording["steps"][0]["means"][1], rel=0.02)


def test_in_one_column_a_click_places_a_number(program, recording):
    player, run = program(recording, tell=True, columns=[1])
    run("told.length = 0")
    player.one(".stage .plot > svg:last-child").click()
    ((_, x, y, columns),) = run("return told")
    assert 43 < x < 96
    assert (y, columns) == (None, [1])


@pytest.mark.parametrize("columns", [[0, 1], [1]])
def test_means_that_are_being_placed_are_marked(program, recording, columns):
    player, run = program({**recording, "steps": []}, columns=columns)
    assert not player.all(".mean")
    run("player.mark([[2, 55]])")
    assert player.texts(".mean text") == ["0"]
    ((place,),) = player.numbers(".mean circle", "cx")
    scale = player.tick_scale("middle", "x")
    assert place == pytest.approx(scale @ [[2, 55][columns[0]], 1], abs=0.5)
    run("player.mark([])")
    assert not player.all(".mean")


def test_it_works_where_a_page_forbids_styles_and_scripts_of_others(page, recording):
    policy = "default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc'"
    html = PAGE.format(data=json.dumps(recording), module=player_module(), options="{}")
    html = html.replace("<script", "<script nonce=abc").replace(
        "<body>",
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><body>',
    )
    player = Player(page(html))
    player.click("forward")
    assert player.heading == "M-step 1"
    assert player.one(".player").value_of_css_property("border-radius") == "10px"


def test_it_begins_with_the_columns_asked_for(program, recording):
    player, _ = program(recording, columns=[1, 0])
    assert player.texts(".axes .name") == ["waiting", "eruptions"]


def test_title_and_curve_can_be_left_out(program, recording):
    player, _ = program(recording, title=False, compact=True)
    assert not player.one("h2").is_displayed()
    assert not player.one(".curve").is_displayed()
    player.click("forward")
    assert player.heading == "M-step 1"


@pytest.mark.parametrize("calm", [True, False])
def test_a_destroyed_player_leaves_nothing_behind(program, recording, calm):
    player, run = program(recording)
    if not calm:
        features = [{"name": "prefers-reduced-motion", "value": "no-preference"}]
        player.browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": features}
        )
    run("player.play(); player.seek(1)")
    assert run("return waiting.timers.size") == 1
    assert run("return waiting.frames.size") == (0 if calm else 1)
    run("player.destroy()")
    assert run("return [waiting.timers.size, waiting.frames.size]") == [0, 0]
    assert run("return here.shadowRoot.childNodes.length") == 0
    run("document.documentElement.dataset.theme = 'dark'")
    assert run("return here.shadowRoot.childNodes.length") == 0


def test_an_element_can_have_another_player_after_the_first(program, recording):
    player, run = program(recording)
    run("player.destroy(); window.player = createPlayer(here, recording, options)")
    player.click("forward")
    assert player.heading == "M-step 1"
    assert run("return player.index") == 1


@pytest.mark.parametrize(
    "change, message",
    [
        ({"format": "other"}, "no recording of a fit"),
        ({"version": 2}, "recordings of version 1, this one has version 2"),
        ({"columns": []}, '"columns" must name one column or more'),
        ({"n_components": 0}, '"n_components" must be 1 or more'),
        ({"points": None}, '"points" and "steps" must be lists'),
        ({"points": [[1, 2], [3, None]]}, 'row 1 of "points" must have 2 finite'),
        ({"columns": ["a"]}, 'row 0 of "points" must have 1 finite'),
        ({"n_components": 3}, '"weights" of half-step 0 must be 3 finite numbers'),
        ({"steps": [{"iteration": 0, "phase": "X"}]}, '"phase" of half-step 0'),
    ],
)
def test_a_bad_recording_gets_a_message_in_place_of_a_blank(
    program, recording, change, message
):
    player, run = program({**recording, **change})
    assert "The EM player cannot show this" in player.one("[role=alert]").text
    assert message in player.one("[role=alert]").text
    run("player.append([]); player.seek(1); player.play(); player.destroy()")


@pytest.mark.parametrize("broken", ["AAAA", "!" * 728, 7, None])
def test_broken_responsibilities_get_a_message(program, recording, broken):
    step = {**recording["steps"][0], "responsibilities": broken}
    player, _ = program({**recording, "steps": [step]})
    assert '"responsibilities" of half-step 0' in player.one("[role=alert]").text


def test_quantities_that_are_not_finite_leave_a_gap(program, recording):
    steps = [dict(step) for step in recording["steps"]]
    steps[2].update(log_likelihood=None, elbo=None, kl=None)
    player, run = program({**recording, "steps": steps})
    run("player.seek(2)")
    assert "not finite" in player.texts("dd")
    run("player.seek(3)")
    assert player.heading == "M-step 2"
    assert "The bound" not in player.said
