"""scikit-learn's Bayesian mixture, step by step from the same responsibilities.

Its private steps are the reference: they are the only way to start both alike.
"""

from itertools import islice

import numpy as np
import pytest
from sklearn.mixture import BayesianGaussianMixture as Theirs

from mixtura import BayesianGaussianMixture
from mixtura.data import Rows
from mixtura.em import em_steps
from mixtura.estimators.bayesian.bayesian_fit import BayesianProblem

TYPES = ("full", "tied", "diag", "spherical")
KINDS = ("dirichlet_process", "dirichlet_distribution")
K = 4
TOLERANCE = 1e-10

PRIORS = {
    "default": {},
    "given": {
        "weight_concentration_prior": 0.7,
        "mean_precision_prior": 0.3,
        "mean_prior": [0.5, -1.0, 2.0],
        "degrees_of_freedom_prior": 4.5,
    },
}
COVARIANCES = {
    "full": np.diag([2.0, 1.0, 3.0]) + 0.3,
    "tied": np.diag([2.0, 1.0, 3.0]) + 0.3,
    "diag": [2.0, 1.0, 3.0],
    "spherical": 1.7,
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.parametrize("covariance_type", TYPES),
    pytest.mark.parametrize("kind", KINDS),
    pytest.mark.parametrize("priors", PRIORS),
]


def problem(seed=0):
    rng = np.random.default_rng(seed)
    centers = 3 * rng.standard_normal((3, 3))
    X = centers[rng.integers(3, size=150)] + rng.standard_normal((150, 3))
    return X * [1.0, 20.0, 0.3] + [0, 100, 0], rng.dirichlet(np.ones(K), size=150)


def arguments(covariance_type, kind, priors):
    given = dict(PRIORS[priors])
    if given:
        given["covariance_prior"] = COVARIANCES[covariance_type]
    return {
        "n_components": K,
        "covariance_type": covariance_type,
        "weight_concentration_prior_type": kind,
        **given,
    }


def started(X, responsibilities, reg_covar, settings):
    """Their estimator after the M-step from given responsibilities."""
    model = Theirs(reg_covar=reg_covar, **settings)
    model._check_parameters(X)
    model._initialize(X, responsibilities)
    return model


def finished(model):
    """Set the fitted attributes."""
    model._set_parameters(model._get_parameters())
    model.n_features_in_ = 3
    return model


def same_attributes(ours, theirs):
    for name in (
        "weights_",
        "means_",
        "covariances_",
        "precisions_",
        "precisions_cholesky_",
        "weight_concentration_",
        "mean_precision_",
        "degrees_of_freedom_",
        "weight_concentration_prior_",
        "mean_precision_prior_",
        "mean_prior_",
        "degrees_of_freedom_prior_",
        "covariance_prior_",
    ):
        actual, expected = getattr(ours, name), getattr(theirs, name)
        assert isinstance(actual, tuple) == isinstance(expected, tuple), name
        assert np.shape(actual) == np.shape(expected), name
        scale = np.abs(expected).max()
        np.testing.assert_allclose(
            actual, expected, rtol=TOLERANCE, atol=TOLERANCE * scale, err_msg=name
        )


def same_scores(ours, theirs, X):
    np.testing.assert_allclose(
        ours.score_samples(X), theirs.score_samples(X), rtol=TOLERANCE
    )
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-9, atol=TOLERANCE
    )
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.score(X), theirs.score(X), rtol=TOLERANCE)


@pytest.mark.parametrize("reg_covar", [0.0, 0.05])
def test_the_first_m_step_and_all_scores(covariance_type, kind, priors, reg_covar):
    X, responsibilities = problem()
    settings = arguments(covariance_type, kind, priors)
    theirs = finished(started(X, responsibilities, reg_covar, settings))
    ours = BayesianGaussianMixture(
        init_params=responsibilities, max_iter=0, reg_covar=reg_covar, **settings
    ).fit(X)
    same_attributes(ours, theirs)
    same_scores(ours, theirs, problem(1)[0])


@pytest.mark.parametrize("n_iter", [1, 8])
def test_later_iterations_without_regularisation(covariance_type, kind, priors, n_iter):
    X, responsibilities = problem()
    settings = arguments(covariance_type, kind, priors)
    theirs = started(X, responsibilities, 0.0, settings)
    for _ in range(n_iter):
        _, log_responsibilities = theirs._e_step(X)
        theirs._m_step(X, log_responsibilities)
    ours = BayesianGaussianMixture(
        init_params=responsibilities, max_iter=n_iter, tol=0, reg_covar=0.0, **settings
    ).fit(X)
    assert ours.n_iter_ == n_iter
    same_attributes(ours, finished(theirs))
    same_scores(ours, theirs, problem(1)[0])


def test_their_bound_differs_by_a_constant(covariance_type, kind, priors):
    """It leaves out what does not change, and is taken between M-step and E-step."""
    X, responsibilities = problem()
    settings = arguments(covariance_type, kind, priors)
    theirs = started(X, responsibilities, 0.0, settings)
    defaults = BayesianGaussianMixture(**settings)
    inner = BayesianProblem.of(
        Rows(X),
        defaults._structure(),
        0.0,
        vars(defaults),
        K,
        np.random.default_rng(0),
    )
    params = inner.model.from_responsibilities(inner.data, responsibilities)
    constants = []
    for step in islice(em_steps(inner.model, inner.data, params), 20):
        if step.phase == "M":
            log_norm, log_responsibilities = theirs._e_step(X)
            theirs._m_step(X, log_responsibilities)
            their_bound = theirs._compute_lower_bound(log_responsibilities, log_norm)
            constants.append(step.elbo - np.ravel(their_bound)[0])
    np.testing.assert_allclose(constants, constants[0], atol=1e-8)
