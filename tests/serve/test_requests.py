"""Wrong requests are refused in words, and leave the server as it was."""

import json

import pytest
from client import run_settings

from mixtura.serve.app import HELD_TABLES, MAX_JSON_BYTES


@pytest.mark.parametrize(
    "body, words",
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "must be a JSON object"),
        (b"\xff{}", "not UTF-8"),
        (b'{"name": NaN}', "no number of JSON"),
        (b'{"name": -Infinity}', "no number of JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"name": ' + b"9" * 5000 + b"}", "digits"),
        (b"{}", "lacks name"),
        (b'{"name": "iris", "more": 1}', "unknown field 'more'"),
        (b'{"name": 3}', "must be a string"),
        (b'{"name": null}', "must be a string"),
    ],
)
def test_wrong_json_is_refused(client, body, words):
    assert words in client.refused("bundled", body)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "iris\0", "<script>", "", "-"]
)
def test_no_name_of_a_data_set_opens_a_file(client, name):
    words = client.refused("bundled", {"name": name}, 404)
    assert "There is no bundled data set" in words and "iris" in words


@pytest.mark.parametrize(
    "change, words",
    [
        ({"n_components": 0}, "K must be a whole number of at least 1"),
        ({"n_components": 21}, "K must be at most 20"),
        ({"n_components": 10**400}, "K must be at most 20"),
        ({"n_components": "2"}, "K must be a whole number"),
        ({"n_components": 2.5}, "K must be a whole number"),
        ({"n_components": True}, "K must be a whole number"),
        ({"n_components": None}, "K must be a whole number"),
        ({"covariance_type": "round"}, "'round'"),
        ({"covariance_type": "V"}, "is for data of one column"),
        ({"covariance_type": ["full"]}, "structure must be a string"),
        ({"start": "kmeans"}, "start must be one of"),
        ({"start": "click"}, "Place 2 means first"),
        ({"means": [[1.0, 2.0]]}, "means must have 2 entries"),
        ({"means": [[1.0], [2.0]]}, "means[0] must have 2 entries"),
        ({"means": [[1.0, "x"], [2.0, 3.0]]}, "means[0][1] must be a finite number"),
        ({"means": [[1.0, 1e999], [2.0, 3.0]]}, "Infinity, which is no number"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"seed": 2**32}, "seed must be at most"),
        ({"algorithm": "em; rm"}, "algorithm must be one of em, hard, stochastic"),
        ({"equal_weights": 1}, "equal_weights must be true or false"),
        ({"columns": []}, "Choose 1 to 16 columns; 0 are chosen"),
        ({"columns": [0, 0]}, "chosen twice"),
        ({"columns": [2]}, "there is no column 2"),
        ({"columns": [-1]}, "a column must be a whole number"),
        ({"columns": ["waiting"]}, "a column must be a whole number"),
        ({"columns": "0"}, "columns must be an array"),
        ({"columns": [0] * 100}, "Choose 1 to 16 columns; 100 are chosen"),
    ],
)
def test_a_wrong_setting_is_named(client, geyser, change, words):
    body = json.dumps(run_settings(geyser, **change)).encode()
    assert words in client.refused("run", body)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"structures": []}, "Choose one structure"),
        ({"structures": ["full", "nothing"]}, "'nothing'"),
        ({"largest": 0}, "largest K must be a whole number of at least 1"),
        ({"largest": 99}, "largest K must be at most 20"),
    ],
)
def test_a_wrong_search_is_named(client, geyser, change, words):
    document = {
        "data": geyser,
        "columns": [0, 1],
        "largest": 3,
        "structures": ["full"],
        "seed": 0,
        **change,
    }
    assert words in client.refused("search", document)


def test_more_components_than_rows_are_refused(client):
    held = client.upload(b"a,b\n1,2\n3,4\n5,6\n")
    words = client.refused("run", run_settings(held["data"], n_components=4))
    assert "n_samples = 3" in words


@pytest.mark.parametrize(
    "name, document, what",
    [
        ("run", run_settings("unknown"), "table"),
        ("steps", {"run": "unknown", "count": 1}, "run"),
        ("model", {"run": "unknown", "step": 0}, "run"),
        ("candidates", {"search": "unknown"}, "search"),
    ],
)
def test_what_is_not_held_is_not_found(client, name, document, what):
    words = client.refused(name, document, 404)
    assert f"This {what} is no longer held" in words


def test_the_tables_used_last_are_kept(client):
    first = client.ask("bundled", name="iris")["data"]
    for _ in range(HELD_TABLES):
        client.ask("bundled", name="lesson-16")
    assert "no longer held" in client.refused("run", run_settings(first), 404)


def test_a_request_of_json_is_bounded(client):
    words = client.refused("start", b" " * (MAX_JSON_BYTES + 1), 413)
    assert "at most 1 MiB" in words


def test_a_step_that_was_not_sent_has_no_model(client):
    held = client.ask("bundled", name="old-faithful")
    run = client.ask("run", **run_settings(held["data"]))["run"]
    assert "step must be below 1" in client.refused("model", {"run": run, "step": 1})


def test_the_count_of_half_steps_is_bounded(client):
    held = client.ask("bundled", name="old-faithful")
    run = client.ask("run", **run_settings(held["data"]))["run"]
    assert "at most 100" in client.refused("steps", {"run": run, "count": 101})
