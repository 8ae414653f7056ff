"""The estimator among scikit-learn's tools."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from mixtures import clusters, fitted
from sklearn.base import is_clusterer
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mixtura import BayesianGaussianMixture, GaussianMixture


def test_in_a_pipeline():
    X = clusters(0) * [1.0, 1e4, 1e-4]
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0))
    labels = pipeline.fit_predict(X)
    np.testing.assert_array_equal(labels, pipeline.predict(X))
    assert pipeline.predict_proba(X).shape == (240, 3)
    assert np.isfinite(pipeline.score(X))


def test_grid_search_finds_the_number_of_components():
    X = clusters(1, n_samples=200, spread=8.0)
    search = GridSearchCV(
        GaussianMixture(random_state=0),
        {"n_components": [1, 2, 3], "covariance_type": ["full", "tied"]},
        cv=3,
        error_score="raise",
    ).fit(X)
    assert search.best_params_["n_components"] == 3
    assert search.best_estimator_.score(X) > -20


def test_cross_validation_scores_are_mean_log_densities():
    X = clusters(0)
    model = GaussianMixture(3, random_state=0)
    scores = cross_val_score(model, X, cv=[(range(120), range(120, 240))])
    assert scores[0] == model.fit(X[:120]).score(X[120:])


def test_is_a_clusterer_with_the_labels_of_the_training_rows():
    model = fitted("full")
    assert is_clusterer(model)
    np.testing.assert_array_equal(model.labels_, model.predict(clusters(0)))
    again = GaussianMixture(3, random_state=0)
    np.testing.assert_array_equal(again.fit_predict(clusters(0)), model.labels_)


@pytest.mark.parametrize(
    ("method", "n_components"),
    [
        ("predict", 2),
        ("predict", 3),
        ("score_samples", 2),
        ("score_samples", 3),
        ("predict_proba", 3),  # of two columns, scikit-learn draws a classifier's only
        ("auto", 3),
    ],
)
def test_decision_boundaries_can_be_drawn(method, n_components):
    X = clusters(0, n_features=2, n_components=n_components)
    model = GaussianMixture(n_components, random_state=0).fit(X)
    display = DecisionBoundaryDisplay.from_estimator(
        model, X, response_method=method, grid_resolution=8, ax=Figure().subplots()
    )
    assert np.isfinite(display.response).all()


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_progress_is_printed_when_asked_for(verbose, capsys):
    X = clusters(0, spread=1.0)
    model = GaussianMixture(3, verbose=verbose, verbose_interval=3, random_state=0)
    model.fit(X)
    printed = capsys.readouterr().out
    assert bool(printed) == bool(verbose)
    if verbose:
        assert "Initialization 0" in printed
        assert "Iteration 3" in printed
        assert ("nats" in printed) == (verbose > 1)
        assert printed.splitlines()[-1].startswith("Initialization converged.")


@pytest.mark.parametrize("kind", [GaussianMixture, BayesianGaussianMixture])
def test_progress_says_how_each_start_ended(kind, capsys):
    model = kind(3, verbose=1, n_init=2, init_params="random", max_iter=1)
    with pytest.warns(ConvergenceWarning):
        model.set_params(random_state=0).fit(clusters(0, spread=1.0))
    assert capsys.readouterr().out.count("Initialization did not converge.") == 2


def test_verbose_prints_the_bound_in_the_users_units(capsys):
    X = 1000 * clusters(0, spread=1.0)
    model = GaussianMixture(3, verbose=2, verbose_interval=1, random_state=0).fit(X)
    lines = [line for line in capsys.readouterr().out.splitlines() if "nats" in line]
    printed = [float(line.split("\t")[1].split()[0]) for line in lines]
    expected = model.lower_bounds_
    np.testing.assert_allclose(printed[: len(expected)], expected, atol=1e-5)
