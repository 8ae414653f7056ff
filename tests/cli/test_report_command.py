"""`mixtura report`: the search of `select`, written as a page."""

import shlex
import signal

import numpy as np
import pytest

from html_pages import parsed, table_with
from mixtura import GaussianMixture, load_dataset

FEW = ("--components", "1..3", "--covariance-type", "tied,diag", "--seed", 0)


def page_at(path):
    return parsed(path.read_text(encoding="utf-8"))


def code_of(page):
    """The shell command and the Python that the page gives."""
    return [code.text for code in page.by_id("reproduce").all("code")]


def test_the_page_is_written_and_named(run, tmp_path):
    path = tmp_path / "a.html"
    result = run("report", "old-faithful", *FEW, "-o", path, "--title", "Geysers <1>")
    assert result.exit_code == 0 and result.stderr == ""
    size = path.stat().st_size / 1000
    assert result.stdout == f"{path}: tied, 3 components, {size:.0f} kB\n"
    page = page_at(path)
    assert next(page.all("h1")).text == "Geysers <1>"
    assert "Azzalini" in page.by_id("data").text
    head, *rows = table_with(page, "by number of components and structure")
    assert head == ["components", "tied", "diag"] and len(rows) == 3
    assert "most components that were tried" in page.by_id("summary").text


@pytest.mark.parametrize("chosen", [[], ["--columns", "b,a"]])
def test_the_calls_on_the_page_bring_the_fit_back(
    run, tmp_path, monkeypatch, capsys, table_path, chosen
):
    monkeypatch.chdir(tmp_path)
    options = [
        "-k",
        "1,2",
        "--covariance-type",
        "tied",
        "--weight-column",
        "w",
        *chosen,
    ]
    assert run("report", table_path.name, *options, "--title", "it's").exit_code == 0
    page = page_at(tmp_path / "report.html")
    command, python = code_of(page)
    exec(compile(python, "report", "exec"), {})
    again = float(capsys.readouterr().out)
    assert f"print(search.best_estimator_.log_likelihood_)  # {again!r}" in python
    left_out = "Left out, because not all their values are numbers: kind."
    assert (left_out in page.by_id("data").text) == (not chosen)
    program, *arguments = shlex.split(command)
    assert program == "mixtura" and arguments[-2] == "--seed"
    assert run(*arguments, "-o", "again.html").exit_code == 0
    first, second = code_of(page), code_of(page_at(tmp_path / "again.html"))
    assert first[1] == second[1]


def test_standard_input_will_do(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).normal(size=(40, 1))
    text = "\n".join(["x", *(f"{row[0]!r}" for row in rows.tolist())])
    result = run("report", "-", "-k", "1", "--seed", 1, input=text)
    assert result.exit_code == 0
    assert next(page_at(tmp_path / "report.html").all("h1")).text == (
        "Mixture report: standard input"
    )


def test_a_fit_that_does_not_converge_is_status_3(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    original = GaussianMixture.fit

    def unfinished(self, *arguments, **options):
        original(self, *arguments, **options)
        self.converged_, self.outcome_ = False, "Stopped at the iteration limit."
        return self

    monkeypatch.setattr(GaussianMixture, "fit", unfinished)
    one = ("-k", "1", "--covariance-type", "tied")
    assert run("report", "old-faithful", *one).exit_code == 3
    page = page_at(tmp_path / "report.html")
    assert "The fit did not converge" in page.by_id("summary").text
    assert "Stopped at the iteration limit." in page.by_id("checks").text


def test_ctrl_c_reports_what_is_finished(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    original, fits = GaussianMixture.fit, []

    def interrupted(self, *arguments, **options):
        fits.append(self)
        if len(fits) == 3:
            signal.raise_signal(signal.SIGINT)
        return original(self, *arguments, **options)

    monkeypatch.setattr(GaussianMixture, "fit", interrupted)
    result = run("report", "old-faithful", *FEW)
    assert result.exit_code == 130
    assert result.stderr.startswith("warning: Interrupted: 2 of 6 candidates")
    assert "4 candidates were not tried" in (
        page_at(tmp_path / "report.html").by_id("checks").text
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "error: none.csv: there is no such file"),
        (["gap.csv"], "row 3, column 'b': the value is missing"),
        (["old-faithful", "-k", "300"], "-k 300 needs at least 300 rows"),
    ],
)
def test_data_that_cannot_be_used_is_one_line_and_status_1(
    run, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gap.csv").write_text("a,b\n1,2\n3,\n4,5\n2,9\n")
    result = run("report", *arguments)
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["old-faithful", "-k", "0..3"], "'0..3' is neither a range"),
        (["old-faithful", "--covariance-type", "round"], "'round' is not one of"),
        (["old-faithful", "-o", "nowhere/a.html"], "there is no folder 'nowhere'"),
        ([], "Missing argument 'DATA'"),
    ],
)
def test_wrong_usage_is_status_2(run, arguments, message):
    result = run("report", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_set_of_one_column_will_do(run, tmp_path):
    path = tmp_path / "a.html"
    assert run("report", "lecture-15-1d", "-k", "2", "-o", path).exit_code == 0
    _, *rows = table_with(page_at(path), "in the units of the data")
    assert [row[0] for row in rows] == list(load_dataset("lecture-15-1d").names)
