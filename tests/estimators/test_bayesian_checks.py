"""scikit-learn's conventions for estimators, for the Bayesian mixture."""

import inspect

import pytest
from sklearn import mixture as theirs
from sklearn.utils.estimator_checks import parametrize_with_checks

from mixtura import BayesianGaussianMixture

pytestmark = [
    pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

ESTIMATORS = [
    BayesianGaussianMixture(),
    BayesianGaussianMixture(2, covariance_type="tied", reg_covar=0.1),
    BayesianGaussianMixture(
        2,
        covariance_type="diag",
        init_params="k-means++",
        weight_concentration_prior_type="dirichlet_distribution",
        n_init=2,
    ),
    BayesianGaussianMixture(
        2, covariance_type="spherical", init_params="random", warm_start=True
    ),
]


@pytest.mark.slow
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


def test_their_arguments_come_first_and_in_their_order():
    own = list(inspect.signature(BayesianGaussianMixture).parameters)
    their = list(inspect.signature(theirs.BayesianGaussianMixture).parameters)
    assert own[: len(their)] == their
