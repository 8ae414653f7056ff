import io
import json
import signal
from types import SimpleNamespace

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from mixtura import GaussianMixture, GaussianMixtureSearch, load_dataset, load_model
from mixtura.cli import searching
from mixtura.cli.selection_report import show_candidates, show_choice
from mixtura.selection.criteria import BIC, CRITERIA

FEW = ("--components", "1..3", "--covariance-type", "tied,diag", "--seed", 0)


@pytest.fixture(scope="module")
def search():
    """What `mixtura select old-faithful` with FEW does; do not change it."""
    return GaussianMixtureSearch(
        (1, 2, 3), covariance_type=("tied", "diag"), random_state=0
    ).fit(load_dataset("old-faithful").values)


def test_the_report_shows_what_the_search_found(run, search):
    result = run("select", "old-faithful", *FEW)
    assert result.exit_code == 0 and result.stderr == ""
    assert "272 rows, 2 columns" in result.stdout and "6 candidates" in result.stdout
    for value in search.results_["bic"]:
        assert f"{value:.1f}" in result.stdout
    assert f"best: tied, 3 components, BIC {search.best_score_:.1f}" in result.stdout
    assert f"{search.best_score_:.1f}*" in result.stdout
    assert "runner-up: tied, 2 components, worse by 11: very strong" in result.stdout
    assert f"{search.best_estimator_.log_likelihood_:.3f}" in result.stdout
    assert "try more" in result.stdout


def test_json_is_all_there_is_on_standard_output(run, search):
    result = run("select", "old-faithful", *FEW, "--json")
    document = json.loads(result.stdout)
    found = document["selection"]
    assert found["best"] == search.best_params_
    assert found["runner_up"] == search.runner_up_
    assert found["margin"] == pytest.approx(search.margin_)
    assert found["verdict"] == "very strong evidence"
    assert [row["bic"] for row in found["candidates"]] == pytest.approx(
        search.results_["bic"].tolist()
    )
    assert document["model"]["n_components"] == 3
    assert document["fit"]["bic"] == pytest.approx(search.best_score_)
    assert document["data"]["n_rows"] == 272


def test_the_best_model_is_written_with_its_column_names(run, tmp_path, search):
    path = tmp_path / "best.json"
    assert run("select", "old-faithful", *FEW, "-o", path).exit_code == 0
    model = load_model(path)
    assert list(model.feature_names_in_) == ["eruptions", "waiting"]
    np.testing.assert_array_equal(model.means_, search.best_estimator_.means_)


def test_the_picture_is_drawn(run, tmp_path):
    path = tmp_path / "bic.png"
    result = run("select", "old-faithful", *FEW, "--plot", path)
    assert result.exit_code == 0 and result.stderr == ""
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("criterion", searching.CRITERIA)
def test_every_criterion_can_be_asked_for(run, criterion):
    result = run("select", "old-faithful", *FEW, "--criterion", criterion, "--json")
    assert json.loads(result.stdout)["selection"]["criterion"] == criterion


def test_the_criteria_are_those_of_the_library():
    assert searching.CRITERIA == tuple(CRITERIA)


def test_folds_add_cross_validation_to_the_table(run):
    result = run("select", "old-faithful", *FEW, "--folds", 3, "--json")
    rows = json.loads(result.stdout)["selection"]["candidates"]
    assert all(row["cv_standard_error"] > 0 for row in rows)


def test_weights_and_columns_are_those_of_fit(run, table_path):
    result = run(
        "select", table_path, *FEW, "--weight-column", "w", "--columns", "a", "--json"
    )
    document = json.loads(result.stdout)
    assert document["data"]["columns"] == ["a"]
    assert document["data"]["total_weight"] > 60


def test_candidates_without_a_fit_are_named_once_for_each_reason(run, table_path):
    options = ("-k", "2,61..65", "--columns", "a,b", "--seed", 0)
    result = run("select", table_path, *options)
    assert result.exit_code == 0
    lines = " ".join(result.stdout.split())
    names = "full, tied, diag, spherical, 61 components"
    assert lines.count(f"{names}: Expected n_samples >= n_components") == 1
    assert lines.count("Expected n_samples") == 3
    assert "8 more failed" in lines and "– no fit" in lines


def test_ctrl_c_reports_what_is_finished(run, monkeypatch):
    original, fits = GaussianMixture.fit, []

    def interrupted(self, *arguments, **options):
        fits.append(self)
        if len(fits) == 3:
            signal.raise_signal(signal.SIGINT)
        return original(self, *arguments, **options)

    monkeypatch.setattr(GaussianMixture, "fit", interrupted)
    result = run("select", "old-faithful", *FEW)
    assert result.exit_code == 130
    assert "best: tied, 2 components" in result.stdout
    assert result.stderr.startswith("warning: Interrupted: 2 of 6 candidates")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "error: none.csv: there is no such file"),
        (["old-faithful", "-k", "300"], "-k 300 needs at least 300 rows"),
        (["old-faithful", "--folds", "273"], "n_samples = 272"),
    ],
)
def test_data_that_cannot_be_used_is_one_line_and_status_1(run, arguments, message):
    result = run("select", *arguments)
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["old-faithful", "-k", "0..3"], "'0..3' is neither a range"),
        (["old-faithful", "-k", "3..1"], "'3..1' is neither a range"),
        (["old-faithful", "-k", "two"], "'two' is neither a range"),
        (["old-faithful", "--covariance-type", "full,round"], "'round' is not one of"),
        (["old-faithful", "--criterion", "dic"], "'dic' is not one of"),
        (["old-faithful", "--plot", "x.foo"], "must end in .png"),
        ([], "Missing argument 'DATA'"),
    ],
)
def test_wrong_usage_is_status_2(run, arguments, message):
    result = run("select", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1..4", [1, 2, 3, 4]), ("7", [7]), ("2,5..6,2", [2, 5, 6])],
)
def test_ranges_and_lists_of_sizes(text, expected):
    assert searching.sizes(None, None, text) == expected


def finished(n_structures, n_sizes, scale, seed=0):
    """A search of so many structures and sizes, with made-up values."""
    rng = np.random.default_rng(seed)
    names = [f"S{i:02d}" for i in range(n_structures) for _ in range(n_sizes)]
    sizes = [k + 1 for _ in range(n_structures) for k in range(n_sizes)]
    values = scale * rng.normal(size=len(sizes))
    status = np.full(len(sizes), "converged", dtype=object)
    best, second, bad, broken = np.argsort(values)[[0, 1, 2, 3]].tolist()
    status[bad], status[broken] = "collapsed", "failed"
    values[broken] = np.nan
    return SimpleNamespace(
        results_={
            "n_components": np.array(sizes),
            "covariance_type": np.array(names, dtype=object),
            "bic": values,
            "status": status,
            "reason": np.array(["no [b]luck"] * len(sizes), dtype=object),
        },
        criterion_=BIC,
        best_index_=best,
        runner_up_index_=second,
        best_score_=values[best],
        best_params_={"n_components": sizes[best], "covariance_type": names[best]},
        runner_up_={"n_components": sizes[second], "covariance_type": names[second]},
        margin_=values[second] - values[best],
        margin_standard_error_=np.nan,
    )


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("shape", [(2, 3), (4, 9), (14, 9), (3, 40)])
@pytest.mark.parametrize("scale", [0.01, 1e3, 1e7])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(width, shape, scale):
    search = finished(*shape, scale)
    console = Console(file=io.StringIO(), width=width)
    show_candidates(console, search)
    text = console.file.getvalue()
    assert max(map(cell_len, text.splitlines())) <= width
    _, _, *grid = text.splitlines()
    cells = " ".join(grid).split()
    values = [cell.strip("()*+") for cell in cells if "." in cell or cell == "–"]
    assert len(values) == shape[0] * shape[1]
    assert text.count("*") == 1 and text.count("+") == 1
    assert text.count("(") == 1 and values.count("–") == 1
    printed = sorted(float(value) for value in values if value != "–")
    expected = np.sort(search.results_["bic"])[:-1]
    np.testing.assert_allclose(printed, expected, atol=max(0.05, 0.01 * scale))


def test_the_best_and_the_runner_up_can_be_told_apart_in_the_table():
    search = finished(3, 4, 1e-3)
    console = Console(file=io.StringIO(), width=80)
    show_candidates(console, search)
    show_choice(console, search)
    words = console.file.getvalue().split()
    best = next(word for word in words if word.endswith("*"))
    second = next(word for word in words if word.endswith("+"))
    assert best[:-1] != second[:-1]
    assert "no [b]luck" in console.file.getvalue()


@pytest.mark.parametrize("shape", [(4, 9), (14, 9)])
def test_usual_tables_fit_a_terminal_of_80_columns_in_one_block(shape):
    console = Console(file=io.StringIO(), width=80)
    show_candidates(console, finished(*shape, 200))
    assert console.file.getvalue().count("─\n") == 1


@pytest.mark.parametrize("written", ["1..3", "1-3", "1,2,3", "1..2,3"])
def test_a_range_is_written_in_any_usual_way(run, written):
    arguments = ("select", "old-faithful", "-k", written, "--covariance", "EEE")
    result = run(*arguments, "--seed", 0, "--json")
    assert result.exit_code == 0, result.output
    candidates = json.loads(result.stdout)["selection"]["candidates"]
    assert [row["n_components"] for row in candidates] == [1, 2, 3]
