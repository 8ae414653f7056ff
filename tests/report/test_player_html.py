"""The EM player as text: what is embedded, and what is refused."""

import json
import re
from html import unescape
from pathlib import Path

import pytest

import mixtura.report
from mixtura.plot.drawing.colours import PALETTE
from mixtura.report.player import (
    EXPORTS,
    PARTS,
    player_frame,
    player_html,
    player_module,
    player_page,
    player_script,
)
from recordings import faithful

HOSTILE = "<script>hostile()</script><!-- & \u2028 ' \" `${x}`"
DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)


@pytest.fixture(scope="module")
def recording():
    return faithful(n_iter=2)


def test_the_data_come_back_unchanged(recording):
    (text,) = DATA.findall(player_html(recording))
    assert json.loads(text) == recording


def test_hostile_names_cannot_leave_the_data(recording):
    hostile = {**recording, "title": HOSTILE, "columns": [HOSTILE, "b"]}
    html = player_html(hostile)
    (text,) = DATA.findall(html)
    assert json.loads(text) == hostile
    assert not set("<>&\u2028\u2029") & set(text)
    assert "hostile" not in DATA.sub("", html)


def test_a_title_takes_the_place_of_the_recording_s_own(recording):
    (text,) = DATA.findall(player_html(recording, title="Mine"))
    assert json.loads(text)["title"] == "Mine"
    assert recording["title"] == "Old Faithful"


def test_the_title_of_a_page_is_escaped(recording):
    page = player_page(recording, title=HOSTILE)
    title = re.search("<title>(.*?)</title>", page, re.DOTALL)[1]
    assert "<" not in title
    assert unescape(title) == HOSTILE


def test_a_frame_is_one_element_that_holds_the_page(recording):
    frame = player_frame({**recording, "columns": [HOSTILE, "b"]})
    inside = re.fullmatch('<iframe [^>]*srcdoc="([^"]*)"[^>]*></iframe>', frame)
    assert unescape(inside[1]).startswith("<!DOCTYPE html>")


def test_the_script_may_stand_in_a_page():
    script = player_script()
    assert not re.search("</script|<!--|^(im|ex)port", script, re.M | re.I)


def test_all_parts_become_one_module_that_imports_nothing():
    folder = Path(mixtura.report.__file__).parent / "em_player"
    assert sorted(f"{part}.js" for part in PARTS) == sorted(
        path.name for path in folder.iterdir()
    )
    joints = re.findall(r"^(?:im|ex)port.*", player_module(), re.MULTILINE)
    assert joints == [EXPORTS]
    names = re.findall(r"^(?:const|function) (\w+)", player_module(), re.MULTILINE)
    assert len(names) == len(set(names)) > 40


def test_nothing_is_fetched(recording):
    page = player_page(recording)
    addresses = set(re.findall(r"https?://[^\"'\s`]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bimport\s*\(|fetch\(|src=|@import|url\(", page)


def test_the_colours_are_those_of_the_plots():
    (listed,) = re.findall(r"light: (\[.*?\])", player_module())
    assert tuple(json.loads(listed)) == PALETTE


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        ([], TypeError, "'mixtura-recording'; got a list"),
        ({}, TypeError, "got a dict with None"),
        (
            {"format": "mixtura-recording", "version": 2},
            ValueError,
            "version 1; got 2",
        ),
        (
            {"format": "mixtura-recording", "version": 1, "x": float("nan")},
            ValueError,
            "got NaN or an infinity",
        ),
    ],
)
def test_what_is_no_recording_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        player_html(wrong)
