"""Memory above the data: blocks, never rows x components."""

import tracemalloc

import numpy as np
import pytest
from mixtures import clusters

from mixtura import GaussianMixture

N, D, K = 400_000, 4, 32
MEGABYTE = 2**20
WHOLE = N * K * 8  # 98 MiB: what an (n, K) array takes

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def peak_of(call):
    """Largest memory during a call, above that before it, in bytes."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def data():
    return clusters(0, N, D, K, spread=5.0)


@pytest.fixture(
    scope="module",
    params=[
        "full",
        "diag",
        pytest.param("tied", marks=pytest.mark.slow),
        pytest.param("spherical", marks=pytest.mark.slow),
    ],
)
def model(request, data):
    """Fitted to some rows, which also loads what has to be loaded."""
    settings = {"covariance_type": request.param, "random_state": 0, "max_iter": 1}
    start = GaussianMixture(K, init_params="random_from_data", **settings)
    return start.fit(data[:30_000])


def test_fit(model, data):
    model = GaussianMixture(**model.get_params())
    _, used = peak_of(lambda: model.fit(data))
    assert used < data.nbytes + 30 * MEGABYTE < WHOLE


def test_scores_and_labels(model, data):
    for method, vectors in (("score_samples", 1), ("predict", 1), ("icl", 3)):
        _, used = peak_of(lambda method=method: getattr(model, method)(data))
        assert used < vectors * 8 * N + 12 * MEGABYTE, method


def test_probabilities_take_their_own_result(model, data):
    result, used = peak_of(lambda: model.predict_proba(data))
    assert result.nbytes == WHOLE
    assert used < WHOLE + 12 * MEGABYTE


def test_float32_rows_are_not_copied_whole(model, data):
    narrow = data.astype(np.float32)
    _, used = peak_of(lambda: model.score_samples(narrow))
    assert used < 8 * N + 12 * MEGABYTE
