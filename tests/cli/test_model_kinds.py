"""Detectors, classifiers and robust mixtures, saved and used from the command line."""

import csv
import io
import json

import numpy as np
import pytest
from sklearn.datasets import load_iris

from mixtura import (
    BayesianGaussianMixture,
    GaussianMixtureClassifier,
    load_dataset,
    load_model,
    save_model,
)

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[SPECIES]
FAITHFUL = load_dataset("old-faithful").values


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def iris_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("kinds") / "iris.csv"
    rows = zip(IRIS.tolist(), NAMES, strict=True)
    lines = [",".join([*map(repr, row), name]) for row, name in rows]
    path.write_text("\n".join(["a,b,c,d,species", *lines]) + "\n")
    return path


def test_a_saved_classifier_classifies_other_rows(run, iris_path, tmp_path):
    saved = tmp_path / "c.json"
    arguments = ("--target", "species", "--covariance", "VEE", "--folds", 0)
    result = run("classify", iris_path, *arguments, "--save", saved)
    assert result.exit_code == 0, result.output
    told = rows_of(run("predict", saved, iris_path).stdout)
    classifier = GaussianMixtureClassifier(covariance_type="VEE").fit(IRIS, NAMES)
    assert [row["class"] for row in told] == classifier.predict(IRIS).tolist()
    probabilities = [float(row["probability_virginica"]) for row in told]
    np.testing.assert_allclose(
        probabilities, classifier.predict_proba(IRIS)[:, 2], atol=1e-9
    )
    assert "log_density" in told[0]
    output = tmp_path / "told.csv"
    run("classify", iris_path, *arguments, "-o", output)
    assert rows_of(output.read_text()) == told


def test_a_classifier_writes_no_matrix_and_draws_no_rows(run, iris_path, tmp_path):
    saved = tmp_path / "c.json"
    run("classify", iris_path, "--target", "species", "--folds", 0, "--save", saved)
    result = run("predict", saved, iris_path, "-o", tmp_path / "p.npy")
    assert result.exit_code == 2 and "no place for words" in result.stderr
    result = run("sample", saved, "-n", 3)
    assert result.exit_code == 1
    assert "needs a GaussianMixture or BayesianGaussianMixture" in result.stderr
    assert "holds a GaussianMixtureClassifier" in result.stderr
    result = run("score", iris_path, "-m", saved)
    assert result.exit_code == 1 and "needs a GaussianMixture" in result.stderr


def test_a_saved_detector_flags_by_its_own_rule(run, tmp_path):
    saved = tmp_path / "d.json"
    rule = ("--false-alarm-rate", 0.01)
    arguments = ("score", "old-faithful", "-k", 2, "--seed", 0, "--json")
    first = json.loads(run(*arguments, *rule, "--save", saved).stdout)
    again = json.loads(run("score", "old-faithful", "-m", saved, "--json").stdout)
    assert again["flagged"] == first["flagged"] and again["warnings"] == []
    told = rows_of(run("predict", saved, "old-faithful").stdout)
    flagged = [i for i, row in enumerate(told) if row["label"] == "-1"]
    assert flagged == sorted(item["row"] for item in first["flagged"])
    other = json.loads(
        run("score", "old-faithful", "-m", saved, "--json", "--threshold", -6).stdout
    )
    assert other["offset"] == -6.0 and other["n_flagged"] > first["n_flagged"]


def test_info_names_the_kind_and_its_parts(run, iris_path, tmp_path):
    classifier, detector = tmp_path / "c.json", tmp_path / "d.json"
    run(
        "classify", iris_path, "--target", "species", "--folds", 0, "--save", classifier
    )
    run("score", "old-faithful", "-k", 2, "--threshold", -7, "--save", detector)
    bayesian = tmp_path / "b.json"
    save_model(BayesianGaussianMixture(5, random_state=0).fit(FAITHFUL), bayesian)
    expected = {
        classifier: ("GaussianMixtureClassifier, 3 classes, 4 columns", "virginica"),
        detector: ("GaussianMixtureDetector, 2 components", "-7.000", "eruptions"),
        bayesian: ("BayesianGaussianMixture, 5 components", "2 components have more"),
    }
    for path, words in expected.items():
        result = run("info", path)
        assert result.exit_code == 0, result.output
        assert all(word in result.stdout for word in words), result.stdout


def test_a_fit_with_noise_is_saved_predicted_and_drawn(run, tmp_path):
    rng = np.random.default_rng(1)
    X = np.vstack([rng.normal(size=(200, 2)), rng.uniform(-15, 15, size=(30, 2))])
    table, saved = tmp_path / "x.csv", tmp_path / "m.json"
    np.savetxt(table, X, delimiter=",", header="a,b", comments="")
    arguments = ("fit", table, "-k", 1, "--seed", 0, "--noise", "--prior")
    result = run(*arguments, "-o", saved)
    assert result.exit_code == 0, result.output
    assert "noise of weight" in result.stdout and "conjugate prior" in result.stdout
    model = load_model(saved)
    del model.feature_names_in_
    told = rows_of(run("predict", saved, table).stdout)
    noise = [float(row["probability_noise"]) for row in told]
    np.testing.assert_array_equal(noise, model.predict_proba(X)[:, -1])
    assert {row["label"] for row in told} == {"0", "-1"}
    drawn = rows_of(run("sample", saved, "-n", 200, "--labels", "--seed", 0).stdout)
    assert {row["component"] for row in drawn} == {"0", "-1"}
    assert "noise of weight" in run("info", saved).stdout


def test_trimmed_rows_have_no_component(run, tmp_path):
    saved = tmp_path / "m.json"
    arguments = ("fit", "old-faithful", "-k", 2, "--trim", 0.1, "--seed", 0)
    assert run(*arguments, "-o", saved).exit_code == 0
    told = rows_of(run("predict", saved, "old-faithful").stdout)
    assert sum(row["label"] == "-1" for row in told) in (27, 28)
    fit = json.loads(run(*arguments, "--json").stdout)["fit"]
    kept = fit["log_likelihood"] / (0.9 * 272)
    assert fit["mean_log_likelihood"] == pytest.approx(kept)
    assert fit["bic"] is None and "BIC" not in run(*arguments).stdout


def test_a_bayesian_mixture_predicts_and_draws(run, tmp_path):
    saved = tmp_path / "b.json"
    model = BayesianGaussianMixture(3, random_state=0).fit(FAITHFUL)
    save_model(model, saved)
    told = rows_of(run("predict", saved, "old-faithful").stdout)
    densities = [float(row["log_density"]) for row in told]
    np.testing.assert_array_equal(densities, model.score_samples(FAITHFUL))
    assert len(rows_of(run("sample", saved, "-n", 7, "--seed", 0).stdout)) == 7


@pytest.mark.parametrize("columns", ["a,b", "a,b,c", "d"])
def test_the_regions_of_the_classes_are_drawn(run, iris_path, tmp_path, columns):
    picture = tmp_path / "classes.png"
    arguments = ("--target", "species", "--columns", columns, "--folds", 0)
    result = run("classify", iris_path, *arguments, "--plot", picture, "--json")
    assert result.exit_code == 0, result.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert json.loads(result.stdout)["warnings"] == []
    result = run("classify", iris_path, *arguments, "--plot", tmp_path / "x.doc")
    assert result.exit_code == 2 and "must end in .png" in result.stderr


@pytest.mark.parametrize("option", [("--noise",), ("--prior",), ("--trim", 0.1)])
def test_errors_of_maximum_likelihood_are_for_plain_fits(run, option):
    result = run("fit", "old-faithful", "--standard-errors", *option)
    assert result.exit_code == 2 and "leave out --noise" in result.stderr


def test_the_json_of_a_fit_has_the_noise(run):
    arguments = ("fit", "old-faithful", "--seed", 0, "--noise", "--trim", 0.1)
    model = json.loads(run(*arguments, "--json").stdout)["model"]
    total = sum(model["weights"]) + model["noise_weight"]
    assert total == pytest.approx(1) and model["trim_threshold"] < 0


def test_codes_for_one_column_are_refused_for_several(run, iris_path):
    arguments = ("classify", iris_path, "--target", "species", "--folds", 0)
    assert run(*arguments, "--columns", "c", "--covariance", "V").exit_code == 0
    result = run(*arguments, "--covariance", "V")
    assert result.exit_code == 1 and "is for data of one column" in result.stderr
