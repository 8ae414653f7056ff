"""A small cluster inside a large one shows by the density of its rows."""

import numpy as np
import pytest

from mixtura.data import Rows
from mixtura.init.crowds import Crowds
from mixtura.init.regions import best_splits, local_rows


def crowded(seed, n_features=2, n=600, n_small=30):
    """Rows of which the last lie close together, off the centre of the others."""
    rng = np.random.default_rng(seed)
    large = rng.standard_normal((n, n_features))
    small = 0.7 + 0.02 * rng.standard_normal((n_small, n_features))
    return np.vstack([large, small])


@pytest.mark.parametrize("n_features", [1, 2, 4])
@pytest.mark.parametrize("seed", range(4))
def test_the_densest_row_is_one_of_the_small_cluster(seed, n_features):
    X = crowded(seed, n_features)
    crowds = Crowds.of(X)
    log_density = -0.5 * (X**2).sum(axis=1)
    (row,) = crowds.densest(np.ones((1, len(X))), log_density[None])
    assert np.abs(X[row] - 0.7).max() < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_a_row_of_another_region_is_not_chosen(seed):
    X = crowded(seed)
    regions = np.ones((1, len(X)))
    regions[0, -30:] = 0.1
    (row,) = Crowds.of(X).densest(regions, np.zeros((1, len(X))))
    assert row < 600


@pytest.mark.parametrize("n_axes", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_split_takes_the_small_cluster_out(seed, n_axes):
    data = Rows(crowded(seed), np.ones(630))
    split = best_splits(local_rows(data, n_axes), np.ones((1, 630)))
    halves = np.stack([split.first[0], 1 - split.first[0]])
    share = halves[halves.sum(axis=1).argmin()]
    assert share[-30:].mean() > 0.8
    assert share[:600].mean() < 0.1


def test_distances_between_many_columns_are_not_asked():
    assert Crowds.of(np.random.default_rng(0).standard_normal((50, 7))) is None


def test_fewer_rows_than_neighbours():
    crowds = Crowds.of(np.arange(6.0).reshape(3, 2))
    assert crowds.nearest.shape == (3, 3)
