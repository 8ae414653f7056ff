import io
import json

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from mixtura import GaussianMixture, load_dataset, load_model, standard_errors
from mixtura.cli import inference_report
from mixtura.cli.inference_report import show_standard_errors, standard_errors_summary
from mixtura.inference.standard_errors import StandardErrors

FIT = ("fit", "old-faithful", "--seed", 0, "--standard-errors")


@pytest.fixture(scope="module")
def errors():
    """What `mixtura fit old-faithful --seed 0 --standard-errors` finds."""
    X = load_dataset("old-faithful")
    model = GaussianMixture(2, random_state=0).fit(X.values)
    model.feature_names_in_ = np.array(X.names, dtype=object)
    return standard_errors(model, np.asarray(X.values))


def shown(errors, width=80):
    console = Console(file=io.StringIO(), width=width)
    show_standard_errors(console, errors)
    return console.file.getvalue()


def values_in(line):
    return [float(word) for word in line.split("]")[1].split() if word[-1].isdigit()]


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_the_report_shows_each_parameter_with_its_error_and_interval(run, errors):
    result = run(*FIT)
    assert result.exit_code == 0 and result.stderr == ""
    lines = [
        line for line in result.stdout.splitlines() if " to " in line and "[" in line
    ]
    assert len(lines) == len(errors.table()) == 12
    for line, row in zip(lines, errors.table(), strict=True):
        assert line.startswith(row["parameter"])
        expected = [row[k] for k in ("estimate", "standard_error", "lower", "upper")]
        np.testing.assert_allclose(
            values_in(line), expected, atol=0.051 * row["standard_error"]
        )


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_json_has_the_same_numbers(run, errors):
    document = json.loads(run(*FIT, "--json").stdout)["standard_errors"]
    assert document["level"] == 0.95 and document["method"] == "sandwich"
    for found, row in zip(document["parameters"], errors.table(), strict=True):
        assert found.keys() == row.keys()
        assert found["parameter"] == row["parameter"]
        for key in row.keys() - {"parameter"}:
            assert found[key] == pytest.approx(row[key], rel=1e-9)


def test_without_the_option_there_are_none(run):
    result = run("fit", "old-faithful", "--json", "--seed", 0)
    assert "standard_errors" not in json.loads(result.stdout)


def test_weights_of_rows_count(run, tmp_path):
    X = load_dataset("old-faithful").values[:, 1]
    once = "x,w\n" + "".join(f"{x},4\n" for x in X)
    (tmp_path / "once.csv").write_text(once)
    plain, weighted = (
        json.loads(
            run(
                "fit",
                tmp_path / "once.csv",
                "--columns",
                "x",
                "--standard-errors",
                "--seed",
                0,
                "--json",
                *more,
            ).stdout
        )["standard_errors"]["parameters"]
        for more in ((), ("--weight-column", "w"))
    )
    for one, four in zip(plain, weighted, strict=True):
        ratio = one["standard_error"] / four["standard_error"]
        assert ratio == pytest.approx(2, rel=0.02)


def test_equal_weights_are_fixed(run, tmp_path):
    path = tmp_path / "m.json"
    result = run(*FIT, "--equal-weights", "-o", path)
    assert result.stdout.count("0.5 fixed") == 2
    np.testing.assert_array_equal(load_model(path).weights_, [0.5, 0.5])
    rows = json.loads(run(*FIT, "--equal-weights", "--json").stdout)
    assert rows["standard_errors"]["parameters"][0]["standard_error"] == 0
    assert rows["fit"]["n_free_parameters"] == 10


def test_a_smaller_tolerance_is_kept_to(run):
    arguments = ("fit", "iris", "-k", 3, "--seed", 2, "--json")
    loose, tight = (
        json.loads(run(*arguments, "--tol", tol).stdout)["fit"] for tol in (1e-2, 1e-10)
    )
    assert loose["n_iter"] < tight["n_iter"]
    assert loose["log_likelihood"] <= tight["log_likelihood"]


def made_up(estimates, errors):
    """Standard errors of so many means."""

    class Made(StandardErrors):
        names = tuple(f"mean[{k}, [b]x]" for k in range(len(estimates)))

        def intervals(self, level=0.95):
            half = 1.96 * self.standard_errors
            return np.stack([self.estimates - half, self.estimates + half], axis=1)

    covariance = np.diag(np.square(np.asarray(errors, dtype=float)))
    return Made(None, np.asarray(estimates, dtype=float), covariance, "score", 9.0, 0.0)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_is_too_wide_and_no_number_is_cut(width):
    rng = np.random.default_rng(0)
    estimates = rng.normal(size=30) * 10.0 ** rng.integers(-3, 4, 30)
    errors = made_up(estimates, np.abs(estimates) * rng.uniform(0.01, 0.2, 30))
    text = shown(errors, width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert text.count(" to ") == 30
    assert "…" not in text and "[b]x" in text
    words = set(text.split())
    for row in errors.table():
        assert set(inference_report._cells(row)[1:]) <= words


@pytest.mark.parametrize("scale", [1e-12, 1e-7, 1.0, 1e5, 1e12])
def test_two_digits_of_the_error_are_shown_at_any_scale(scale):
    errors = made_up([-3.14159 * scale], [0.0271828 * scale])
    (line,) = [
        line for line in shown(errors, 120).splitlines() if "±" in line and "[" in line
    ]
    found = values_in(line.replace("[b]x]", "x]"))
    np.testing.assert_allclose(found[:2], [-3.14 * scale, 0.027 * scale], rtol=0.01)


def test_what_the_data_leave_open_is_a_dash_and_null():
    errors = made_up([1.5, 2.5], [np.nan, 0.1])
    line = next(line for line in shown(errors).splitlines() if "1.5" in line)
    assert line.split("]")[-1].split() == ["1.5", "±", "–", "–"]
    row = standard_errors_summary(errors)["parameters"][0]
    assert row["standard_error"] is row["lower"] is row["upper"] is None
    json.dumps(standard_errors_summary(errors), allow_nan=False)
