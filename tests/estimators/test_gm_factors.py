"""Structures with a number in their name, through estimator, search, file, program."""

import json
import pickle

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.base import clone

from checks import same
from mixtura import (
    GaussianMixture,
    GaussianMixtureSearch,
    load_dataset,
    load_model,
    save_model,
)
from mixtura.cli import main
from mixtura.estimators.structures import STRUCTURES

FAITHFUL = load_dataset("old-faithful").values
IRIS = load_dataset("iris").values
NAMES = pytest.mark.parametrize("name", ["factors:1", "ppca:2"])


@NAMES
def test_a_fit_survives_everything_that_one_may_do_with_it(name, tmp_path):
    model = GaussianMixture(2, covariance_type=name, random_state=0).fit(IRIS)
    assert model.converged_ and model.covariances_.shape == (2, 4, 4)
    structure = STRUCTURES[name]
    same(structure.projected(model.covariances_), model.covariances_, 1e-6)
    free = 1 + 8 + structure.n_free_parameters(2, 4)
    expected = free * np.log(len(IRIS)) - 2 * model.log_likelihood_
    assert model.bic(IRIS) == pytest.approx(expected, rel=1e-12)
    save_model(model, tmp_path / "m.json")
    again = (load_model(tmp_path / "m.json"), pickle.loads(pickle.dumps(model)))
    rebuilt = GaussianMixture.from_parameters(
        model.weights_, model.means_, model.covariances_, name
    )
    for other in (*again, rebuilt):
        assert other.covariance_type == name
        same(other.score_samples(IRIS), model.score_samples(IRIS), 1e-12)
    copy = clone(model)
    assert copy.covariance_type == name
    assert copy.fit(IRIS).lower_bounds_ == model.lower_bounds_


def test_plain_em_never_loses():
    model = GaussianMixture(
        2, covariance_type="factors:2", acceleration=None, tol=1e-8, random_state=0
    )
    bounds = np.array(model.fit(IRIS).lower_bounds_)
    assert (np.diff(bounds) >= -1e-12).all()


def test_names_with_a_number_are_one_object_each():
    assert STRUCTURES["factors:2"] is STRUCTURES["factors:2"]
    assert STRUCTURES["factors:2"].name == "factors:2"
    for wrong in (
        "factors",
        "factors:",
        "factors:0",
        "factors:-1",
        "ppca:1.5",
        "pca:1",
    ):
        assert wrong not in STRUCTURES
        with pytest.raises(ValueError, match=r"'factors:q', 'ppca:q'.*Got"):
            GaussianMixture(covariance_type=wrong).fit(IRIS)


def test_more_factors_than_columns_allow_are_refused():
    with pytest.raises(ValueError, match=r"needs more columns.*n_features = 2"):
        GaussianMixture(covariance_type="factors:2").fit(FAITHFUL)


def test_parameters_that_are_not_low_rank_are_refused():
    root = np.random.default_rng(0).standard_normal((6, 6))
    with pytest.raises(ValueError, match="must have the structure factors:1"):
        GaussianMixture.from_parameters(
            [1.0], np.zeros((1, 6)), (root @ root.T)[None], "factors:1"
        )


def test_a_search_compares_them_with_the_others():
    search = GaussianMixtureSearch(
        (1, 2), covariance_type=("diag", "ppca:1", "ppca:4"), random_state=0
    )
    search.fit(IRIS)
    table = search.results_
    names = table["covariance_type"].tolist()
    assert set(names) == {"diag", "ppca:1", "ppca:4"}
    failed = [name for name, bic in zip(names, table["bic"], strict=True) if bic != bic]
    assert failed == ["ppca:4", "ppca:4"]  # as many factors as columns
    assert search.best_estimator_.covariance_type in names


@NAMES
def test_the_program_fits_them(tmp_path, name):
    data = tmp_path / "iris.csv"
    np.savetxt(data, IRIS, delimiter=",", header="a,b,c,d", comments="")
    arguments = ["fit", str(data), "-k", "2", "--covariance-type", name, "--seed", "0"]
    saved = tmp_path / "m.json"
    done = CliRunner().invoke(main, [*arguments, "--json", "-o", str(saved)])
    assert done.exit_code == 0, done.output
    free = 1 + 8 + STRUCTURES[name].n_free_parameters(2, 4)
    assert json.loads(done.stdout)["fit"]["n_free_parameters"] == free
    assert load_model(saved).covariance_type == name
    refused = CliRunner().invoke(main, [*arguments[:-4], "--covariance", "factors:x"])
    assert refused.exit_code == 2 and "factors:x" in refused.output
