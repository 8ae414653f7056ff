"""What a split or a merger is said to gain is a bound on what it gains."""

import numpy as np
import pytest

from mixtura.data import Rows
from mixtura.families.covariance import Diagonal, Full
from mixtura.families.gaussian import Gaussian
from mixtura.init import regions
from mixtura.init.moves import best_moves, grown
from mixtura.init.regions import best_splits, level_of_one, level_of_pairs, local_rows
from mixtura.models.mixture import Mixture

SEEDS = range(4)
STRUCTURES = {2: Full(), 1: Diagonal()}


def standard_rows(seed, n=500, n_features=2):
    """Rows of mean 0 and variance 1 in each column, with weights."""
    rng = np.random.default_rng(seed)
    X = 2 * rng.standard_normal((5, n_features))[rng.integers(5, size=n)]
    X = X + rng.standard_normal((n, n_features))
    weights = rng.uniform(0.5, 2.0, size=n)
    X = X - np.average(X, axis=0, weights=weights)
    return Rows(X / np.sqrt(np.average(X**2, axis=0, weights=weights)), weights)


def optimum(model, data, n_components, seed):
    """Responsibilities after some steps of EM."""
    rng = np.random.default_rng(seed)
    values = rng.dirichlet(np.ones(n_components), len(data))
    for _ in range(60):
        values = model.posterior(model.from_responsibilities(data, values), data).values
    return values


def level(model, data, values):
    """Log-likelihood after the M-step from these responsibilities."""
    params = model.from_responsibilities(data, values)
    return model.e_step(params, data).log_likelihood


@pytest.fixture(autouse=True)
def without_floor(monkeypatch):
    """The bounds hold exactly where nothing is added to variances."""
    monkeypatch.setattr(regions, "FLOOR", 0.0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n_axes", STRUCTURES)
def test_a_split_gains_at_least_its_bound(n_axes, seed):
    data = standard_rows(seed)
    model = Mixture(Gaussian(STRUCTURES[n_axes]))
    values, rows = optimum(model, data, 3, seed), local_rows(data, n_axes)
    before = level(model, data, values)
    own = np.ascontiguousarray(values.T)
    best = best_splits(rows, own)
    bounds = best.level - level_of_one(rows, own)
    assert (bounds > 0).all()
    for k, bound in enumerate(bounds):
        split = np.column_stack([values, values[:, k] * (1 - best.first[k])])
        split[:, k] *= best.first[k]
        assert level(model, data, split) >= before + bound - 1e-6


@pytest.mark.parametrize("most, expected", [(1, 1), (2, 2), (5, 3), (7, 6), (30, 6)])
def test_as_many_splits_as_axes_and_the_limit_allow(most, expected):
    """Of three components in two columns; the largest come first."""
    data = standard_rows(0)
    values, rows = optimum(Mixture(Gaussian(Full())), data, 3, 0), local_rows(data, 2)
    splits = grown(values, rows, most)
    assert len(splits) == expected
    changed = [np.flatnonzero((s[:, :3] != values).any(axis=0)) for s in splits]
    largest = (-values.T @ data.weights).argsort()
    ways = expected // min(most, 3)
    assert np.concatenate(changed).tolist() == largest[:most].repeat(ways).tolist()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n_axes", STRUCTURES)
def test_a_move_loses_at_most_its_bound(n_axes, seed):
    data = standard_rows(seed)
    model = Mixture(Gaussian(STRUCTURES[n_axes]))
    values, rows = optimum(model, data, 4, seed), local_rows(data, n_axes)
    before = level(model, data, values)
    for least in (0.0, -5.0, -50.0):
        for moved, _ in best_moves(values, rows, 100, least):
            assert level(model, data, moved) >= before + least - 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_levels_are_log_likelihoods(seed):
    """One region that is everything: the levels are those of whole mixtures."""
    data = standard_rows(seed)
    model, rows = Mixture(Gaussian(Full())), local_rows(data, 2)
    everything = np.ones((1, len(data)))
    (one,) = level_of_one(rows, everything)
    assert one == pytest.approx(level(model, data, everything.T), rel=1e-9)
    values = optimum(model, data, 2, seed)
    (pair,) = level_of_pairs(rows, everything, values[:, :1].T)
    assert pair == pytest.approx(level(model, data, values), rel=1e-9)
