import csv
import io

import numpy as np
import pytest

from mixtura import GaussianMixture, load_dataset, load_model, read_table, save_model
from mixtura.datasets import dataset_names


def parsed(text):
    header, *rows = csv.reader(io.StringIO(text))
    return header, rows


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_predictions_are_those_of_the_model_to_the_bit(run, model_path):
    result = run("predict", model_path, "old-faithful")
    header, rows = parsed(result.stdout)
    assert header == ["label", "probability_0", "probability_1", "log_density"]
    model, X = load_model(model_path), load_dataset("old-faithful").values
    values = np.array(rows, dtype=float)
    assert np.array_equal(values[:, 0], model.predict(X))
    assert np.array_equal(values[:, 1:3], model.predict_proba(X))
    assert np.array_equal(values[:, 3], model.score_samples(X))
    assert result.stderr == ""


def test_many_blocks_give_the_same_rows(run, model_path, monkeypatch):
    whole = run("predict", model_path, "old-faithful").stdout
    monkeypatch.setattr("mixtura.cli.predict._ROWS_PER_BLOCK", 50)
    blocks = run("predict", model_path, "old-faithful").stdout
    first, second = (np.array(parsed(t)[1], dtype=float) for t in (whole, blocks))
    np.testing.assert_allclose(first, second, rtol=1e-12)


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".parquet"])
def test_files_hold_what_standard_output_shows(run, model_path, tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    result = run("predict", model_path, "old-faithful", "-o", path)
    assert result.exit_code == 0 and result.stdout == ""
    printed = np.array(
        parsed(run("predict", model_path, "old-faithful").stdout)[1], dtype=float
    )
    assert np.array_equal(read_table(path).values, printed)
    assert [child.name for child in tmp_path.iterdir()] == [path.name]


def test_columns_are_matched_by_name_in_any_order(run, model_path, tmp_path):
    X = load_dataset("old-faithful").values
    rows = "".join(f"n{i},{w!r},{e!r}\n" for i, (e, w) in enumerate(X.tolist()))
    path = tmp_path / "d.csv"
    path.write_text("key,waiting,eruptions\n" + rows)
    expected = run("predict", model_path, "old-faithful").stdout
    assert run("predict", model_path, path).stdout == expected
    header, rows = parsed(run("predict", model_path, path, "--id-column", "key").stdout)
    assert header[0] == "key" and [row[0] for row in rows[:2]] == ["n0", "n1"]


def test_columns_of_other_names_are_given_by_hand(run, model_path, tmp_path):
    np.save(tmp_path / "x.npy", load_dataset("old-faithful").values)
    result = run("predict", model_path, tmp_path / "x.npy")
    assert result.exit_code == 1
    assert "fitted to eruptions, waiting" in result.stderr
    result = run("predict", model_path, tmp_path / "x.npy", "--columns", "0,1")
    assert result.stdout == run("predict", model_path, "old-faithful").stdout
    result = run("predict", model_path, tmp_path / "x.npy", "--columns", "0")
    assert result.exit_code == 1 and "has 1 columns" in result.stderr


def test_a_model_without_names_takes_columns_by_position(run, tmp_path):
    path = tmp_path / "m.json"
    save_model(GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]]), path)
    result = run("predict", path, "-", input="anything\n0.5\n")
    assert result.exit_code == 0
    expected = -0.5 * np.log(2 * np.pi) - 0.125
    assert float(parsed(result.stdout)[1][0][-1]) == pytest.approx(expected)
    assert "x0" in run("sample", path, "-n", 1).stdout
    result = run("info", path)
    assert result.exit_code == 0 and "1 component, 1 column" in result.stdout


def test_row_names_are_copied(run, model_path, tmp_path):
    text = '"","eruptions","waiting"\n"r1",2,60\n'
    header, rows = parsed(run("predict", model_path, "-", input=text).stdout)
    assert header[0] == "id" and rows[0][0] == "r1"
    path = tmp_path / "p.npy"
    assert run("predict", model_path, "-", "-o", path, input=text).exit_code == 0
    assert np.load(path).shape == (1, 4)


def test_samples_repeat_with_their_seed_and_follow_the_model(run, model_path):
    first = run("sample", model_path, "-n", 5000, "--seed", 4, "--labels").stdout
    assert (
        first == run("sample", model_path, "-n", 5000, "--seed", 4, "--labels").stdout
    )
    header, rows = parsed(first)
    assert header == ["eruptions", "waiting", "component"] and len(rows) == 5000
    values = np.array(rows, dtype=float)
    model = load_model(model_path)
    for k in range(2):
        mine = values[values[:, 2] == k, :2]
        error = np.sqrt(np.diag(model.covariances_[k]) / len(mine))
        assert (np.abs(mine.mean(axis=0) - model.means_[k]) < 5 * error).all()
        assert len(mine) / 5000 == pytest.approx(model.weights_[k], abs=0.04)


def test_samples_go_to_a_file(run, model_path, tmp_path):
    path = tmp_path / "s.parquet"
    result = run("sample", model_path, "-n", 10, "-o", path)
    assert result.exit_code == 0 and read_table(path).names == ("eruptions", "waiting")


def test_info_shows_model_fit_and_versions(run, model_path):
    result = run("info", model_path)
    assert result.exit_code == 0
    for text in ("2 components", "full covariance", "-1130.264", "mixtura 0."):
        assert text in result.stdout


def test_datasets_are_all_listed_within_80_columns(run):
    result = run("datasets")
    assert all(name in result.stdout for name in dataset_names())
    lines = result.stdout.rstrip().splitlines()
    assert len(lines) == len(dataset_names()) + 2
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("command", ["predict", "sample", "info"])
def test_a_broken_model_file_is_one_line_and_status_1(run, tmp_path, command):
    path = tmp_path / "m.json"
    extra = {"predict": ["iris"], "sample": ["-n", "1"], "info": []}[command]
    result = run(command, path, *extra)
    assert result.exit_code == 1
    assert result.stderr == f"error: {path}: No such file or directory.\n"
    path.write_text('{"format": ')
    result = run(command, path, *extra)
    assert result.exit_code == 1
    assert "truncated" in result.stderr and result.stderr.count("\n") == 1


def test_a_failed_write_leaves_the_old_file(run, model_path, tmp_path, monkeypatch):
    path = tmp_path / "p.csv"
    path.write_text("old")

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("mixtura.cli.predict._blocks", fail)
    result = run("predict", model_path, "old-faithful", "-o", path)
    assert result.exit_code == 1 and "not enough memory" in result.stderr
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["p.csv"]
