"""scikit-learn's conventions for estimators, without exception."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from mixtura import GaussianMixture

# The checks fit a few rows, often equal ones, and some estimators here stop early.
pytestmark = [
    pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

ESTIMATORS = [
    GaussianMixture(),
    GaussianMixture(2),
    GaussianMixture(2, covariance_type="tied", init_params="k-means++", reg_covar=0.1),
    GaussianMixture(2, covariance_type="diag", init_params="kmeans", n_init=2),
    GaussianMixture(
        2,
        covariance_type="spherical",
        init_params="random_from_data",
        algorithm="hard",
        warm_start=True,
    ),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)
