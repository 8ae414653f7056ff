from copy import deepcopy
from functools import lru_cache

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture


def _estimator_class(name):
    if name == "sklearn":
        return GaussianMixture
    module = pytest.importorskip("mixtura.estimators.gaussian_mixture")
    return module.GaussianMixture


@pytest.fixture(params=["sklearn", "mixtura"])
def estimator_class(request):
    return _estimator_class(request.param)


@pytest.fixture
def clusters():
    """Make two far clusters of 60 and 40 rows; any number of columns."""

    def make(n_columns, seed=0):
        rng = np.random.default_rng(seed)
        scales = rng.uniform(0.5, 2.0, size=n_columns)
        centres = np.repeat([0.0, 30.0], [60, 40])[:, np.newaxis]
        return centres + scales * rng.normal(size=(100, n_columns))

    return make


@pytest.fixture
def fitted(clusters):
    """Fit two components to the clusters, with scikit-learn."""

    def make(n_columns, covariance_type="full", seed=0):
        X = clusters(n_columns, seed)
        return deepcopy(_two_components(X.tobytes(), n_columns, covariance_type)), X

    return make


@lru_cache
def _two_components(rows, n_columns, covariance_type):
    """Fit once what many tests look at."""
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0)
    return model.fit(np.frombuffer(rows).reshape(-1, n_columns))
