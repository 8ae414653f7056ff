"""Agglomeration is Ward's method: against SciPy, and repetition is weight."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score

from mixtura.init import starts
from mixtura.init.hierarchy import merged


def rows(seed, n, n_features=3):
    rng = np.random.default_rng(seed)
    centres = 3 * rng.standard_normal((4, n_features))
    return centres[rng.integers(4, size=n)] + rng.standard_normal((n, n_features))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [2, 5, 60, 200])
@pytest.mark.parametrize("n_components", [1, 2, 5])
def test_unweighted_rows_merge_as_in_scipy(n_components, n, seed):
    if n_components > n:
        pytest.skip("fewer rows than clusters")
    X = rows(seed, n)
    labels = merged(X, np.ones(n), n_components)
    expected = fcluster(linkage(X, "ward"), n_components, "maxclust")
    assert set(labels) == set(range(n_components))
    assert adjusted_rand_score(expected, labels) == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_weight_is_repetition(seed):
    X = rows(seed, 40)
    weights = np.random.default_rng(seed).integers(1, 4, size=40)
    once = merged(X, weights.astype(float), 4)
    repeated = merged(np.repeat(X, weights, axis=0), np.ones(weights.sum()), 4)
    assert adjusted_rand_score(np.repeat(once, weights), repeated) == 1.0


@pytest.mark.parametrize("seed", range(2))
def test_of_many_rows_a_sample_is_merged(monkeypatch, seed):
    monkeypatch.setattr(starts, "MERGED_ROWS", 50)
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=300)
    X = np.array([[0, 0], [30, 0], [0, 30]])[labels] + rng.standard_normal((300, 2))
    partition = starts.hierarchical(X, np.ones(300), 3, rng)
    assert adjusted_rand_score(labels, partition.argmax(axis=1)) == 1.0
    np.testing.assert_array_equal(partition.sum(axis=1), 1.0)
