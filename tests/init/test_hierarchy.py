"""Agglomeration: mclust's partitions, the least loss at each step, weights."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from checks import close
from mixtura.data import Rows
from mixtura.init import hierarchy, starts
from mixtura.init.distinct import distinct_rows
from mixtura.init.hierarchy import merges, space


def rows(seed, n, n_features=3):
    rng = np.random.default_rng(seed)
    centres = 3 * rng.standard_normal((4, n_features))
    return centres[rng.integers(4, size=n)] + rng.standard_normal((n, n_features))


def criterion(X, labels):
    """The sum over clusters that the merges are to keep small, as it is defined."""
    d = X.shape[1]
    alpha = X.var(axis=0).mean()
    total = 0.0
    for label in np.unique(labels):
        own = X[labels == label]
        scatter = (own - own.mean(axis=0)).T @ (own - own.mean(axis=0))
        volume = np.linalg.det(scatter / len(own)) if len(own) > d else 0.0
        total += len(own) * np.log(volume + (np.trace(scatter) + alpha) / len(own))
    return total


@pytest.mark.parametrize("n_features", [1, 2, 3])
@pytest.mark.parametrize("seed", range(2))
def test_each_merge_is_the_cheapest(seed, n_features):
    X = rows(seed, 14, n_features)
    tree = merges(X, np.ones(14))
    for n_clusters in range(14, 1, -1):
        labels, after = tree.labels(n_clusters), tree.labels(n_clusters - 1)
        before = criterion(X, labels)
        unions = [
            criterion(X, np.where(labels == a, b, labels))
            for a in range(n_clusters)
            for b in range(a)
        ]
        found = criterion(X, after)
        close(found, min(unions), 1e-9)
        close(tree.losses[14 - n_clusters], found - before, 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_weight_is_repetition(seed):
    X = rows(seed, 40)
    weights = np.random.default_rng(seed).integers(1, 4, size=40)
    many = np.repeat(X, weights, axis=0)
    data = distinct_rows(Rows(many), len(many), np.random.default_rng(0))
    once = merges(space(Rows(X, weights.astype(float))), weights.astype(float))
    again = merges(space(data), data.weights)
    place = np.lexsort(X.T), np.lexsort(data.X.T)
    ours, theirs = once.labels(4)[place[0]], again.labels(4)[place[1]]
    assert adjusted_rand_score(ours, theirs) == 1.0


def test_units_of_columns_do_not_matter():
    X = rows(0, 50)
    moved = X * [1.0, 100.0, 1e-3] + [5.0, 0.0, 1e4]
    ours, theirs = (merges(space(Rows(x)), np.ones(50)).labels(4) for x in (X, moved))
    assert adjusted_rand_score(ours, theirs) == 1.0


@pytest.mark.parametrize("seed", range(2))
def test_of_many_rows_a_sample_is_merged(monkeypatch, seed):
    monkeypatch.setattr(starts, "MERGED_ROWS", 50)
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=300)
    X = np.array([[0, 0], [30, 0], [0, 30]])[labels] + rng.standard_normal((300, 2))
    partition = starts.hierarchical(X, np.ones(300), 3, rng)
    assert adjusted_rand_score(labels, partition.argmax(axis=1)) == 1.0
    np.testing.assert_array_equal(partition.sum(axis=1), 1.0)


@pytest.mark.parametrize("n_features", [1, 2, 4, 7])
@pytest.mark.parametrize("seed", range(2))
def test_compiled_mergers_are_the_same(seed, n_features):
    pytest.importorskip("numba")
    X = rows(seed, 120, n_features)
    weights = np.random.default_rng(seed).uniform(0.5, 3.0, size=120)
    ordinary, compiled = merges(X, weights), merges(X, weights, compiled=True)
    np.testing.assert_array_equal(ordinary.pairs, compiled.pairs)
    np.testing.assert_allclose(ordinary.losses, compiled.losses, atol=1e-9)


def test_without_numba_mergers_are_the_ordinary_ones(monkeypatch):
    X = rows(0, 30)
    monkeypatch.setattr(hierarchy, "compiled_code", lambda _: None)
    compiled = merges(X, np.ones(30), compiled=True)
    np.testing.assert_array_equal(compiled.pairs, merges(X, np.ones(30)).pairs)


def test_labels_are_numbered_by_the_first_row_of_each():
    X = rows(1, 25)
    tree = merges(X, np.ones(25))
    for n_clusters in (1, 3, 25):
        labels = tree.labels(n_clusters)
        found, first = np.unique(labels, return_index=True)
        np.testing.assert_array_equal(found, np.arange(n_clusters))
        assert (np.diff(first) > 0).all()
