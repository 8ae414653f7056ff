"""scikit-learn's own tests for its Bayesian mixture, run on ours.

Every test of the public interface is collected from the installed scikit-learn with
its `BayesianGaussianMixture` replaced.
"""

import numpy as np
import pytest
from sklearn.mixture.tests import test_bayesian_mixture as theirs
from sklearn.mixture.tests import test_mixture as theirs_too

from mixtura import BayesianGaussianMixture

PRIVATE = {
    "test_log_dirichlet_norm": "private function",
    "test_log_wishart_norm": "private function",
    "test_compare_covar_type": "private _initialize_parameters",
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


@pytest.fixture(autouse=True)
def ours(monkeypatch):
    monkeypatch.setattr(theirs, "BayesianGaussianMixture", BayesianGaussianMixture)


@pytest.fixture
def global_random_seed():
    return 0


@pytest.fixture
def global_dtype():
    return np.float64


def _collect() -> None:
    for name, test in vars(theirs).items():
        if name.startswith("test_") and name not in PRIVATE:
            globals()[name] = test


_collect()


@pytest.mark.parametrize(
    "test",
    [
        theirs_too.test_gaussian_mixture_n_iter,
        theirs_too.test_mixture_n_components_greater_than_n_samples_error,
    ],
)
def test_of_both_their_mixtures(test):
    test(BayesianGaussianMixture())


def test_the_list_of_private_tests_is_current():
    assert PRIVATE.keys() <= vars(theirs).keys()
