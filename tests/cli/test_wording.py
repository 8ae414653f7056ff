import warnings

import numpy as np
import pytest

from mixtura import GaussianMixture, GaussianMixtureClassifier
from mixtura.cli.wording import in_options
from mixtura.families.factorisation import ILL_DEFINED

IN_PYTHON = ("reg_covar", "covariance_type", "max_iter", "n_components", " tol")


@pytest.fixture
def repeated(tmp_path):
    """Half of the rows are one row."""
    rng = np.random.default_rng(0)
    rows = [(1.0, 2.0)] * 40 + [(a, b) for a, b in rng.normal(size=(40, 2)) + 9]
    path = tmp_path / "repeated.csv"
    lines = [f"{a},{b},{'uv'[i % 2]}" for i, (a, b) in enumerate(rows)]
    path.write_text("\n".join(["a,b,kind", *lines]) + "\n")
    return path


def said(fit, *data):
    """Messages of the warnings of a fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(*data)
    return [str(warning.message) for warning in caught]


def messages():
    X = np.repeat(np.eye(3), 10, axis=0) + np.arange(30)[:, None] % 2 * 5
    X[:10] = 1.0
    rows = np.random.default_rng(0).random((50, 2))
    poor = GaussianMixture(2, max_iter=1, init_params="random_from_data")
    return [
        *said(GaussianMixture(3, random_state=0).fit, X),
        *said(GaussianMixtureClassifier(2).fit, X, np.arange(30) // 10),
        *said(poor.set_params(random_state=0).fit, rows),
        ILL_DEFINED,
    ]


def test_no_advice_is_about_arguments_in_python():
    found = messages()
    assert sum("reg_covar" in message for message in found) >= 3
    assert sum("max_iter" in message for message in found) == 1
    for message in found:
        words = in_options(message)
        assert not any(name in words for name in IN_PYTHON), words
        assert ", or." not in words and "  " not in words


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["fit", "-k", 3], "fewer components or a simpler --covariance.\n"),
        (["score", "-k", 3], "a simpler --covariance of mixtura fit.\n"),
        (["classify", "--target", "kind", "-k", 2], "a simpler --covariance.\n"),
    ],
)
def test_warnings_name_the_options_of_the_command(run, repeated, words, advice):
    result = run(words[0], repeated, *words[1:], "--seed", 0)
    assert result.exit_code == 0 and advice in result.stderr
    assert not any(name in result.stderr for name in IN_PYTHON)


def test_the_limit_of_iterations_is_named_as_the_option(run):
    words = ("fit", "iris", "-k", 3, "--max-iter", 1, "--seed", 0)
    result = run(*words, "--init", "random_from_data")
    assert result.stderr.startswith("warning: The iteration limit was reached before")
    assert "Raise --max-iter, or raise --tol if" in result.stderr
    assert "Raise --max-iter, or raise --tol if" in " ".join(result.stdout.split())


def test_a_wrong_structure_is_named_as_the_option(run):
    result = run("fit", "old-faithful", "--covariance", "E")
    assert result.stderr.startswith("error: --covariance='E' is for data of one column")


def test_words_that_only_contain_an_argument_stay():
    assert in_options("the tolerance of max_iterations") == (
        "the tolerance of max_iterations"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["fit"],
        ["animate", "-o", "a.gif"],
        ["score", "-k", 2],
        ["select", "-k", "2,3"],
        ["report", "-k", "2..3"],
    ],
)
def test_too_few_rows_are_named_with_file_and_option(run, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.csv").write_text("a,b\n1,2\n")
    result = run(words[0], "one.csv", *words[1:])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: one.csv: -k 2 needs at least 2 rows; got 1")


def test_rows_of_weight_zero_do_not_count(run, tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("a,w\n1,0\n2,1\n3,0\n")
    result = run("fit", path, "--weight-column", "w")
    assert "-k 2 needs at least 2 rows of positive weight; got 1" in result.stderr


@pytest.mark.parametrize("command", ["fit", "select", "score"])
def test_a_header_of_years_is_asked_about_in_one_line(run, tmp_path, command):
    rows = np.random.default_rng(0).normal(size=(40, 2))
    path = tmp_path / "years.csv"
    np.savetxt(path, rows, delimiter=",", header="2019,2020", comments="")
    result = run(command, path, "-k", 1)
    assert result.exit_code == 0 and "41 rows" in result.stdout
    hint = result.stderr.splitlines()[0]
    assert hint.startswith(f"warning: {path}: the first row is read as data")
    assert "--header" in hint and result.stderr.count("--header") == 1
    assert run(command, path, "-k", 1, "--header").stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "-k", 2],
        ["select", "-k", "1,2", "--covariance", "diag"],
        ["score", "-k", 2, "--top", 1],
    ],
)
@pytest.mark.parametrize("columns", ["b,fl x,c", "3,2,1", None])
def test_columns_are_called_by_their_names(run, tmp_path, words, columns):
    rng = np.random.default_rng(0)
    lines = [f"word,{a},7,{b}" for a, b in rng.normal(size=(40, 2))]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["a,b,fl x,c", *lines]) + "\n")
    chosen = [] if columns is None else ["--columns", columns]
    result = run(words[0], path, *words[1:], *chosen, "--seed", 0)
    assert "Column 'fl x' is the same in every row" in result.stderr
