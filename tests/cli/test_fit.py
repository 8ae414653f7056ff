import io
import json
import signal
import threading
import warnings

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from mixtura import GaussianMixture, load_dataset, load_model
from mixtura.cli.printing import show_components
from mixtura.cli.summary import fit_summary, standard_deviations


def test_the_report_shows_what_the_estimator_found(run):
    result = run("fit", "old-faithful", "-k", 2, "--seed", 0)
    assert result.exit_code == 0 and result.stderr == ""
    X = load_dataset("old-faithful").values
    model = GaussianMixture(2, random_state=0).fit(X)
    for value in (f"{model.log_likelihood_:.3f}", f"{model.bic(X):.3f}"):
        assert value in result.stdout
    assert f"{model.aic(X):.3f}" in result.stdout
    assert "272 rows, 2 columns" in result.stdout
    assert "4.29 ± 0.41" in result.stdout and "eruptions" in result.stdout


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_json_is_all_there_is_on_standard_output(run, covariance):
    result = run(
        "fit", "iris", "-k", 3, "--seed", 1, "--json", "--covariance", covariance
    )
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    X = load_dataset("iris").values
    model = GaussianMixture(3, random_state=1, covariance_type=covariance).fit(X)
    assert document["fit"]["bic"] == pytest.approx(model.bic(X), rel=1e-9)
    assert document["fit"]["aic"] == pytest.approx(model.aic(X), rel=1e-9)
    np.testing.assert_allclose(document["model"]["means"], model.means_, rtol=1e-9)
    assert document["data"]["columns"] == list(load_dataset("iris").names)


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_free_parameters_and_deviations_follow_the_structure(covariance):
    X = load_dataset("iris").values
    model = GaussianMixture(2, covariance_type=covariance, random_state=0).fit(X)
    log_likelihood = model.score(X) * len(X)
    free = (model.aic(X) + 2 * log_likelihood) / 2
    assert fit_summary(model)["n_free_parameters"] == pytest.approx(free, abs=1e-6)
    deviations = standard_deviations(model)
    draws, component = model.sample(200_000)
    for k in range(2):
        measured = draws[component == k].std(axis=0)
        np.testing.assert_allclose(deviations[k], measured, rtol=0.03)


def test_columns_weights_and_left_out_words(run, table_path):
    result = run("fit", table_path, "--weight-column", "w", "--seed", 0)
    assert "60 rows of total weight" in result.stdout
    assert "left out, not numbers: kind" in result.stdout
    result = run("fit", table_path, "--columns", "b", "--seed", 0, "--json")
    assert json.loads(result.stdout)["data"]["columns"] == ["b"]


def test_weights_change_the_fit_as_repetition_does(run, tmp_path):
    rows = [(0.1, 1), (0.3, 2), (5.0, 3), (5.5, 1), (6.0, 2), (0.9, 1)]
    once = "x,w\n" + "".join(f"{x},{w}\n" for x, w in rows)
    repeated = "x\n" + "".join(f"{x}\n" * w for x, w in rows)
    (tmp_path / "once.csv").write_text(once)
    (tmp_path / "repeated.csv").write_text(repeated)
    weighted = run("fit", tmp_path / "once.csv", "--weight-column", "w", "--json")
    plain = run("fit", tmp_path / "repeated.csv", "--json")
    fits = [json.loads(result.stdout)["fit"] for result in (weighted, plain)]
    for name in ("log_likelihood", "bic"):
        assert fits[0][name] == pytest.approx(fits[1][name], abs=0.05)


def test_the_model_file_has_the_column_names(run, tmp_path):
    path = tmp_path / "m.json"
    assert run("fit", "old-faithful", "-o", path, "--seed", 0).exit_code == 0
    model = load_model(path)
    assert list(model.feature_names_in_) == ["eruptions", "waiting"]


def test_a_fit_that_did_not_converge_is_written_and_reported(run, tmp_path):
    path = tmp_path / "m.json"
    arguments = ("fit", "iris", "-k", 3, "--max-iter", 1, "--seed", 0, "-o", path)
    result = run(*arguments, "--init", "random_from_data")
    assert result.exit_code == 3
    assert result.stderr.startswith("warning: ")
    assert "component" in result.stdout
    assert load_model(path).converged_ is False


def test_the_picture_is_drawn(run, tmp_path):
    path = tmp_path / "picture.png"
    result = run("fit", "old-faithful", "--seed", 0, "--plot", path)
    assert result.exit_code == 0 and result.stderr == ""
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [child.name for child in tmp_path.iterdir()] == ["picture.png"]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("n_columns", [1, 7, 23])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(width, n_columns):
    rng = np.random.default_rng(2)
    scales = 10.0 ** rng.integers(-6, 9, n_columns)
    model = GaussianMixture.from_parameters(
        [0.25, 0.75],
        rng.normal(size=(2, n_columns)) * scales,
        (rng.uniform(0.1, 2, size=(2, n_columns)) * scales) ** 2,
        covariance_type="diag",
        feature_names=[f"[b]column number {i}" * (1 + i % 2) for i in range(n_columns)],
    )
    console = Console(file=io.StringIO(), width=width)
    show_components(console, model)
    lines = console.file.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    rows = [line for line in lines if "±" in line]
    assert "".join(rows).count("±") == 2 * n_columns
    assert not any("…" in row for row in rows)


def test_long_headings_can_be_told_apart():
    names = [f"concentration of compound {i} in mg" for i in range(12)]
    model = GaussianMixture.from_parameters(
        [1.0],
        np.zeros((1, 12)),
        np.ones((1, 12)),
        covariance_type="diag",
        feature_names=names,
    )
    console = Console(file=io.StringIO(), width=400)
    show_components(console, model)
    head, *_ = console.file.getvalue().splitlines()
    assert all(head.count(f" {i} in mg") == 1 for i in range(12))


def test_warnings_of_the_fit_are_single_lines(run, monkeypatch):
    original = GaussianMixture.fit

    def warned(self, *arguments, **options):
        for _ in range(2):
            warnings.warn("two\n  lines", UserWarning, stacklevel=2)
        warnings.warn("old", DeprecationWarning, stacklevel=2)
        return original(self, *arguments, **options)

    monkeypatch.setattr(GaussianMixture, "fit", warned)
    result = run("fit", "old-faithful", "--seed", 0)
    assert result.stderr == "warning: two lines\n"


def test_ctrl_c_during_a_fit_writes_what_there_is(run, tmp_path, monkeypatch):
    original = GaussianMixture.fit

    def interrupted(self, *arguments, **options):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            return original(self, *arguments, **options)
        raise AssertionError("no signal")

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(GaussianMixture, "fit", interrupted)
    result = run("fit", "old-faithful", "-o", tmp_path / "m.json")
    assert result.exit_code == 130
    assert "component" in result.stdout
    load_model(tmp_path / "m.json")
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_there_is_anything(run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(GaussianMixture, "fit", interrupted)
    result = run("fit", "old-faithful")
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_a_fit_in_another_thread_needs_no_signals(run):
    results = []
    thread = threading.Thread(
        target=lambda: results.append(run("fit", "old-faithful", "--seed", 0))
    )
    thread.start()
    thread.join()
    assert results[0].exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "error: none.csv: there is no such file"),
        (["old-faithful", "--columns", "z"], "no column 'z'"),
        (["old-faithful", "--weight-column", "z"], "no column 'z'"),
        (["old-faithful", "-k", "300"], "300"),
        (["old-faithful", "--init", "magic"], "magic"),
        (["."], "is a directory"),
    ],
)
def test_data_that_cannot_be_used_is_one_line_and_status_1(run, arguments, message):
    result = run("fit", *arguments)
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["old-faithful", "-k", "0"], "x>=1"),
        (["old-faithful", "--covariance", "round"], "'round' is not one of"),
        (["old-faithful", "--plot", "x.foo"], "must end in .png"),
        (["old-faithful", "-o", "/nowhere/at/all.json"], "there is no folder"),
        (["old-faithful", "--columns", "a,,b"], "an empty name"),
        (["old-faithful", "--seed", "-1"], "-1"),
        ([], "Missing argument 'DATA'"),
    ],
)
def test_wrong_usage_is_status_2(run, arguments, message):
    result = run("fit", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
