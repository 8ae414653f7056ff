"""The report: one file that needs nothing else, and says what the fit says."""

import json

import numpy as np
import pytest

from html_pages import (
    dangling,
    far_links,
    number,
    parsed,
    repeated_ids,
    table_with,
)
from mixtura import GaussianMixture, GaussianMixtureSearch, Report, load_dataset
from mixtura.inference.replicates import Stopped
from mixtura.report import evidence
from mixtura.report.source import Source

HOSTILE = "<script>a()</script>"
NAMES = [HOSTILE, "\"&'`$\\frac{", "</style><!--${x}]]>"]


def clusters(n_rows, n_columns, n_components, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=6, size=(n_components, n_columns))
    return centres[rng.integers(n_components, size=n_rows)] + rng.normal(
        size=(n_rows, n_columns)
    )


@pytest.fixture(scope="module")
def faithful():
    return load_dataset("old-faithful")


@pytest.fixture(scope="module")
def search(faithful):
    return GaussianMixtureSearch(
        range(1, 5), covariance_type=("full", "tied"), random_state=3
    ).fit(faithful.values)


@pytest.fixture(scope="module")
def page(search, faithful):
    report = Report.from_estimator(
        search, faithful.values, feature_names=faithful.names
    )
    return parsed(report.html)


def check_page(html):
    """What holds for every report; return the page."""
    page = parsed(html)
    assert far_links(page) == []
    assert repeated_ids(page) == []
    assert dangling(page) == set()
    (policy,) = [
        node.attributes["content"]
        for node in page.all("meta")
        if node.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    for table in page.all("table"):
        widths = {len(row) for row in map(list, _cells(table))}
        assert len(widths) == 1, "a row has more cells than the head"
        assert next(table.all("caption")).text.strip()
    for picture in page.all("svg"):
        assert "aria-hidden" in picture.attributes or picture.attributes["aria-label"]
    return page


def _cells(table):
    for row in table.all("tr"):
        yield [*row.all("th"), *row.all("td")]


def test_the_page_is_whole_and_fetches_nothing(search, faithful):
    html = Report.from_estimator(search, faithful.values).html
    page = check_page(html)
    assert len(html.encode()) < 1_000_000
    sections = [node.attributes["id"] for node in page.all("section")]
    links = [a.attributes["href"] for a in next(page.all("nav")).all("a")]
    assert links == [f"#{name}" for name in sections]
    assert sections == [
        "summary",
        "data",
        "search",
        "model",
        "pictures",
        "watch",
        "checks",
        "reproduce",
    ]


def test_the_table_of_the_data_says_what_the_data_say(page, faithful):
    _, *rows = table_with(page, "in the units of the data")
    values = faithful.values
    assert [row[0] for row in rows] == ["eruptions", "waiting"]
    found = np.array([[number(cell) for cell in row[1:6]] for row in rows])
    expected = [values.min(0), values.mean(0), values.max(0), values.std(0), [0, 0]]
    np.testing.assert_allclose(found, np.transpose(expected), rtol=5e-3)


def test_the_table_of_the_search_says_what_the_search_says(page, search):
    head, *rows = table_with(page, "by number of components and structure")
    assert head == ["components", "full", "tied"]
    found = np.array([[number(cell) for cell in row[1:]] for row in rows])
    expected = search.results_["bic"].reshape(2, 4).T
    np.testing.assert_allclose(found, expected, atol=0.051)


def test_the_best_and_the_runner_up_are_marked(page, search):
    (grid,) = [
        table
        for table in page.by_id("search").all("table")
        if "by number of components" in next(table.all("caption")).text
    ]
    (body,) = grid.all("tbody")
    (best,), (second,) = body.all("strong"), body.all("span")
    assert number(best.text) == pytest.approx(search.best_score_, abs=0.051)
    behind = number(second.text) - number(best.text)
    assert behind == pytest.approx(search.margin_, abs=0.11)


def test_the_parameters_are_those_of_the_model(page, search):
    model = search.best_estimator_
    _, *rows = table_with(page, "Weight and mean of each component")
    found = np.array(
        [[number(cell.split(" ±")[0]) for cell in row[1:]] for row in rows]
    )
    np.testing.assert_allclose(found[:, 0], model.weights_, rtol=5e-3)
    np.testing.assert_allclose(found[:, 2:], model.means_, rtol=5e-3)
    assert found[:, 1].tolist() == np.bincount(model.labels_).tolist()


def test_every_parameter_has_its_standard_error(page, search, faithful):
    from mixtura import standard_errors

    errors = standard_errors(search.best_estimator_, faithful.values)
    _, *rows = table_with(page, "Every parameter")
    found = np.array([[number(cell) for cell in row[1:3]] for row in rows])
    np.testing.assert_allclose(found[:, 0], errors.estimates, rtol=0.05, atol=0.05)
    np.testing.assert_allclose(found[:, 1], errors.standard_errors, rtol=0.05)
    assert "mean[0, eruptions]" in [row[0] for row in rows]


def test_the_player_has_the_run_and_ends_in_the_model(page, search):
    recording = recording_of(page)
    assert recording["columns"] == ["eruptions", "waiting"]
    end = recording["steps"][-1]["log_likelihood"]
    assert end == pytest.approx(search.best_estimator_.log_likelihood_, abs=0.05)
    means = np.array(recording["steps"][-1]["means"])
    np.testing.assert_allclose(means, search.best_estimator_.means_, rtol=0.02)
    assert "It ends in the mixture of this report." in page.by_id("watch").text


def recording_of(page):
    (data,) = [
        node.text
        for node in page.all("script")
        if node.attributes.get("type") == "application/json"
    ]
    return json.loads(data)


def python_of(page):
    return list(page.by_id("reproduce").all("code"))[-1].text


def test_the_python_call_brings_the_fit_back(page, search, faithful, capsys):
    code = python_of(page)
    exec(compile(code, "report", "exec"), {"X": faithful.values})
    printed = float(capsys.readouterr().out)
    assert printed == search.best_estimator_.log_likelihood_
    assert repr(printed) in code


def report_of(rows, names, words):
    model = GaussianMixture(2, random_state=0).fit(rows)
    source = Source(name=words, origin=words, command=words, skipped=(words,))
    return Report.from_estimator(
        model, rows, feature_names=names, title=words, source=source
    ).html


@pytest.mark.slow
def test_text_from_the_data_stays_text():
    rows = clusters(90, 3, 2)
    page = check_page(report_of(rows, NAMES, HOSTILE))
    tame = parsed(report_of(rows, ["a", "b", "c"], "words"))
    assert [n.name for n in page.all()] == [n.name for n in tame.all()]
    assert [[*n.attributes] for n in page.all()] == [
        [*n.attributes] for n in tame.all()
    ]
    assert next(page.all("title")).text == next(page.all("h1")).text == HOSTILE
    assert recording_of(page)["columns"] == NAMES
    head, *_ = table_with(page, "Weight and mean of each component")
    assert head[3:] == NAMES
    shown = {text.text for svg in page.all("svg") for text in svg.all("text")}
    assert shown >= set(NAMES)


def test_long_names_can_be_told_apart():
    names = [f"concentration of compound {name} in mg" for name in ("A", "B", "C")]
    page = check_page(report_of(clusters(90, 3, 2), names, "long"))
    listed = recording_of(page)["columns"]
    assert all(f" {x} " in name for x, name in zip("ABC", listed, strict=True))
    shown = {text.text for svg in page.all("svg") for text in svg.all("text")}
    assert shown >= set(listed)


def test_names_in_any_script_and_with_signs_that_have_no_shape_will_do():
    names = ["温度 🌡", "a\nb", "bell\x07\x00"]
    page = check_page(report_of(clusters(90, 3, 2), names, "مزيج"))
    head, *_ = table_with(page, "Weight and mean of each component")
    assert head[3:5] == names[:2]
    shown = {text.text for svg in page.all("svg") for text in svg.all("text")}
    assert shown >= {"温度 🌡", "a b", "bell  "}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_columns", "n_components"), [(1, 1), (1, 3), (2, 1), (3, 2), (8, 1)]
)
def test_any_number_of_columns_and_components_will_do(n_columns, n_components):
    rows = clusters(120, n_columns, n_components)
    model = GaussianMixture(n_components, random_state=0).fit(rows)
    page = check_page(Report.from_estimator(model, rows).html)
    _, *body = table_with(page, "Weight and mean of each component")
    assert len(body) == n_components and len(body[0]) == 3 + n_columns
    pictures = list(page.by_id("pictures").all("figure"))
    uncertainty = 1 - model.predict_proba(rows).max(axis=1)
    assert len(pictures) == 1 + (n_columns > 1) + (uncertainty.max() >= 0.01)


def test_weights_and_names_of_a_frame_are_kept():
    import pandas as pd

    rows = clusters(100, 2, 2)
    frame = pd.DataFrame(rows, columns=["length", "width"])
    weights = np.r_[np.zeros(10), np.full(90, 2.0)]
    search = GaussianMixtureSearch((1, 2), covariance_type="full", random_state=0)
    search.fit(frame, sample_weight=weights)
    page = check_page(Report.from_estimator(search, frame, weights).html)
    _, *body = table_with(page, "in the units of the data")
    assert [row[0] for row in body] == ["length", "width"]
    assert number(body[0][1]) == pytest.approx(rows[10:, 0].min(), abs=0.01)
    assert "together they count as 180 rows" in page.by_id("data").text
    assert "10 rows of weight zero were left out" in page.by_id("checks").text
    assert "sample_weight=sample_weight" in python_of(page)


def test_the_seed_decides_the_page(faithful):
    model = GaussianMixture(2, random_state=0).fit(faithful.values)
    first, second = (
        Report.from_estimator(model, faithful.values, random_state=5) for _ in "ab"
    )
    assert first.html == second.html


def test_a_run_that_is_stopped_is_left_out(faithful, monkeypatch):
    def stopped(*_):
        raise Stopped

    monkeypatch.setattr(evidence, "quiet_fit", stopped)
    model = GaussianMixture(1, random_state=0).fit(faithful.values)
    page = check_page(Report.from_estimator(model, faithful.values).html)
    assert "watch" not in [n.attributes["id"] for n in page.all("section")]


def test_without_a_seed_the_page_says_so(faithful):
    model = GaussianMixture(2).fit(faithful.values)
    page = parsed(Report.from_estimator(model, faithful.values).html)
    assert "No seed was set" in page.by_id("reproduce").text


def test_saving_replaces_the_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr("pathlib.Path.write_text", _fail)
    with pytest.raises(OSError, match="full"):
        Report("<!DOCTYPE html>").save(path)
    monkeypatch.undo()
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]
    Report("<!DOCTYPE html>é").save(path)
    assert path.read_text(encoding="utf-8") == "<!DOCTYPE html>é"


def _fail(*_, **__):
    raise OSError("disk is full")


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        (object(), TypeError, "must be a fitted GaussianMixture or"),
        (GaussianMixture(2), ValueError, "not fitted. Call fit"),
        (GaussianMixtureSearch(), ValueError, "not fitted. Call fit"),
    ],
)
def test_what_is_no_fit_is_refused(estimator, error, message):
    with pytest.raises(error, match=f"^Report.from_estimator: .*{message}"):
        Report.from_estimator(estimator, np.zeros((5, 1)))


def test_rows_of_another_width_are_refused(faithful):
    model = GaussianMixture(2, random_state=0).fit(faithful.values)
    with pytest.raises(ValueError, match="must have the 2 columns"):
        Report.from_estimator(model, faithful.values[:, :1])


@pytest.mark.slow
@pytest.mark.parametrize(("n_columns", "size"), [(1, 3), (2, 9), (6, 9)])
def test_five_thousand_rows_take_less_than_a_megabyte(n_columns, size):
    rows = clusters(5000, n_columns, size)
    search = GaussianMixtureSearch(size, covariance_type="full", random_state=0)
    html = Report.from_estimator(search.fit(rows), rows).html
    check_page(html)
    assert len(html.encode()) < 1_000_000
