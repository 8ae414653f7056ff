import csv
import io
import json

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.frozen import FrozenEstimator

from mixtura import (
    GaussianMixtureClassifier,
    GaussianMixtureDetector,
    load_dataset,
    load_model,
)

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[SPECIES]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def detector_of(model_path, **rule):
    mixture = FrozenEstimator(load_model(model_path))
    X = load_dataset("old-faithful").values
    return GaussianMixtureDetector(mixture=mixture, **rule).fit(X), X


@pytest.fixture
def iris_path(tmp_path):
    """Iris with its species; every seventh is not known."""
    path = tmp_path / "iris.csv"
    lines = [
        ",".join([*map(repr, row), "" if i % 7 == 0 else name])
        for i, (row, name) in enumerate(zip(IRIS.tolist(), NAMES, strict=True))
    ]
    path.write_text("\n".join(["a,b,c,d,species", *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    "option, rule",
    [
        ((), {}),
        (("--contamination", 0.02), {"contamination": 0.02}),
        (("--threshold", -6.5), {"threshold": -6.5}),
        (("--density-threshold", 0.002), {"threshold": np.log(0.002)}),
        (("--false-alarm-rate", 0.01), {"false_alarm_rate": 0.01}),
    ],
)
def test_json_has_what_the_detector_finds(run, model_path, option, rule):
    result = run("score", "old-faithful", "-m", model_path, "--json", *option)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    detector, X = detector_of(model_path, **rule)
    flagged = np.flatnonzero(detector.predict(X) == -1)
    assert document["offset"] == pytest.approx(detector.offset_)
    assert sorted(item["row"] for item in document["flagged"]) == flagged.tolist()
    densities = [item["log_density"] for item in document["flagged"]]
    assert densities == sorted(densities)
    for item in document["flagged"]:
        surprise = document["expected_log_density"] - item["log_density"]
        assert sum(item["contributions"].values()) == pytest.approx(surprise)
        assert set(item["contributions"]) == {"eruptions", "waiting"}


def test_the_table_written_has_a_line_for_each_row(run, model_path, tmp_path):
    path = tmp_path / "scores.csv"
    result = run("score", "old-faithful", "-m", model_path, "-o", path)
    assert result.exit_code == 0
    rows = rows_of(path.read_text())
    detector, X = detector_of(model_path)
    found = np.array([[float(cell) for cell in row.values()] for row in rows])
    np.testing.assert_array_equal(found[:, 0], detector.predict(X))
    np.testing.assert_allclose(found[:, 1], detector.score_samples(X))
    np.testing.assert_allclose(found[:, 2], detector.tail_probability(X))
    np.testing.assert_allclose(found[:, 3:], detector.contributions(X))
    assert list(rows[0])[3:] == ["contribution_eruptions", "contribution_waiting"]


def test_the_report_names_the_worst_rows_and_why(run, model_path, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("name,eruptions,waiting\nusual,4.3,80\nodd,2.0,85\nfine,2.0,54\n")
    result = run(
        "score",
        path,
        "-m",
        model_path,
        "--false-alarm-rate",
        1e-3,
        "--id-column",
        "name",
    )
    assert result.exit_code == 0, result.output
    assert "1 row flagged: log density below" in result.stdout
    assert "false alarm rate 0.001" in result.stdout
    lines = [line for line in result.stdout.splitlines() if "+" in line]
    assert "odd" in lines[0] and "●" in lines[0] and "waiting = 85" in result.stdout
    assert "●" not in "".join(lines[1:])


def test_a_table_is_fitted_where_no_model_is_given(run):
    arguments = ("score", "iris", "-k", 3, "--seed", 0, "--json")
    document = json.loads(run(*arguments, "--contamination", 0.1).stdout)
    X = load_dataset("iris").values
    detector = GaussianMixtureDetector(3, random_state=0).fit(X)
    assert document["n_flagged"] == 15
    assert document["offset"] == pytest.approx(detector.offset_)


def test_held_out_rows_calibrate(run, model_path, tmp_path):
    X = load_model(model_path).sample(500, random_state=0)[0] * [1.0, 1.3]
    path = tmp_path / "more.csv"
    np.savetxt(path, X, delimiter=",", header="eruptions,waiting", comments="")
    arguments = ("score", path, "-m", model_path, "--false-alarm-rate", 0.02, "--json")
    plain = json.loads(run(*arguments).stdout)
    calibrated = json.loads(run(*arguments, "--calibrate", path).stdout)
    assert calibrated["n_flagged"] <= 10 < plain["n_flagged"]


@pytest.mark.parametrize("data", ["old-faithful", "iris"])
def test_the_picture_is_drawn(run, tmp_path, data):
    path = tmp_path / "picture.png"
    result = run("score", data, "--seed", 0, "--plot", path)
    assert result.exit_code == 0 and result.stderr == ""
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["--threshold", "-3", "--contamination", "0.1"], 2, "give one of"),
        (["--threshold", "-3", "--density-threshold", "0.1"], 2, "give one of"),
        (["--density-threshold", "0"], 2, "x>0"),
        (["--contamination", "0.7"], 2, "0.7"),
        (["--model", "none.json"], 1, "none.json"),
        (["--plot", "x.foo"], 2, "must end in .png"),
        (["--calibrate", "none.csv"], 1, "there is no such file"),
    ],
)
def test_what_cannot_be_scored_is_one_line(run, arguments, status, message):
    result = run("score", "old-faithful", *arguments)
    assert result.exit_code == status and message in result.stderr
    assert result.stdout == ""


def test_a_model_and_components_exclude_each_other(run, model_path):
    result = run("score", "old-faithful", "-m", model_path, "-k", 2)
    assert result.exit_code == 2 and "leave out --model" in result.stderr


def test_classes_are_learnt_and_validated(run, iris_path):
    arguments = ("classify", iris_path, "--target", "species", "--seed", 0)
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    y = np.where(np.arange(150) % 7 == 0, "", NAMES)
    ours = GaussianMixtureClassifier(unlabelled="").fit(IRIS, y)
    assert document["n_unlabelled"] == 22
    assert document["log_likelihood"] == pytest.approx(ours.log_likelihood_)
    assert [item["name"] for item in document["classes"]] == ours.classes_.tolist()
    validation = document["cross_validation"]
    confusion = np.array(validation["confusion"])
    assert confusion.sum() == 128 and validation["n_folds"] == 10
    wrong = confusion.sum() - np.trace(confusion)
    assert validation["error"] == pytest.approx(wrong / 128) and wrong < 8
    report = run(*arguments).stdout
    assert f"{validation['error']:.2%}" in report and "versicolor" in report
    assert "rows without a class  22" in report


def test_predictions_are_written_with_their_probabilities(run, iris_path, tmp_path):
    new, out = tmp_path / "new.csv", tmp_path / "out.csv"
    new.write_text("d,c,b,a\n0.2,1.4,3.5,5.1\n2.0,6.0,3.0,7.0\n")
    arguments = ("--target", "species", "--covariance", "tied", "--folds", 0)
    result = run("classify", iris_path, *arguments, "--new", new, "-o", out)
    assert result.exit_code == 0, result.output
    rows = rows_of(out.read_text())
    assert [row["class"] for row in rows] == ["setosa", "virginica"]
    total = [sum(float(v) for k, v in row.items() if k[:5] == "proba") for row in rows]
    np.testing.assert_allclose(total, 1)
    names = [f"probability_{name}" for name in np.unique(NAMES)]
    assert list(rows[0])[1:] == [*names, "log_density"]
    assert "fold error" not in result.stdout


def test_components_are_chosen_within_a_range(run, iris_path):
    arguments = ("classify", iris_path, "--target", "species", "--folds", 0)
    arguments += ("--covariance", "diag", "--seed", 0, "--json")
    document = json.loads(run(*arguments, "-k", "1-2").stdout)
    assert {item["n_components"] for item in document["classes"]} <= {1, 2}
    assert {item["covariance_type"] for item in document["classes"]} == {"diag"}
    softer = json.loads(run(*arguments, "-k", "1", "--temperature").stdout)
    assert softer["temperature"] != 1


def test_structures_are_chosen_among_several(run, iris_path, tmp_path):
    arguments = ("classify", iris_path, "--target", "species", "--folds", 0)
    arguments += ("--covariance", "VEV,EII", "--seed", 0)
    saved = tmp_path / "c.json"
    report = run(*arguments, "--save", saved).stdout
    assert "covariance            VEV" in report
    assert "VEV covariance" in run("info", saved).stdout
    result = run(*arguments[:-3], "all", "--json")
    kinds = {item["covariance_type"] for item in json.loads(result.stdout)["classes"]}
    assert result.exit_code == 0 and kinds == {"VEV"}


@pytest.mark.slow
def test_structures_that_differ_stand_beside_their_classes(run, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    X[40:, 1] = X[40:, 0] + 0.1 * X[40:, 1]
    path, saved = tmp_path / "two.csv", tmp_path / "c.json"
    lines = [f"{a},{b},{'xy'[i // 40]}" for i, (a, b) in enumerate(X)]
    path.write_text("\n".join(["a,b,kind", *lines]) + "\n")
    arguments = ("--target", "kind", "-k", "1,2", "--covariance", "EII,EEE")
    report = run("classify", path, *arguments, "--seed", 0, "--save", saved).stdout
    told = run("info", saved).stdout
    for text in (report, told):
        kinds = {line.split()[0]: line for line in text.splitlines() if line.strip()}
        assert "covariance" in kinds["class"]
        assert "EII" in kinds["x"] and "EEE" in kinds["y"]
    assert "EII/EEE covariance" in told


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["--target", "species", "--covariance", "round"], 2, "'round' is not one of"),
        (["--target", "kind"], 1, "no column 'kind'"),
        ([], 2, "Missing option '--target'"),
        (["--target", "species", "-k", "3-1"], 2, "neither a range"),
        (["--target", "species", "-k", "x"], 2, "neither a range"),
        (["--target", "species", "--folds", "1"], 2, "0, or 2 or more"),
        (["--target", "species", "--new", "x.csv"], 2, "--new needs --output"),
        (["--target", "species", "-o", "x.npy"], 2, "no place for words"),
        (["--target", "species", "-k", "99"], 1, "fewer than its --components"),
    ],
)
def test_what_cannot_be_classified_is_one_line(
    run, iris_path, arguments, status, message
):
    result = run("classify", iris_path, *arguments)
    assert result.exit_code == status and message in result.stderr
    assert result.stdout == ""


def test_a_measurement_is_no_class(run, tmp_path):
    path = tmp_path / "t.csv"
    rows = np.random.default_rng(0).standard_normal((60, 2))
    path.write_text("x,y\n" + "\n".join(f"{x:.6f},{y:.6f}" for x, y in rows))
    result = run("classify", path, "--target", "y")
    assert result.exit_code == 1
    assert "--target y must be a column of classes" in result.stderr
    assert "60 different values in 60 rows" in result.stderr
