"""EM over what a move changes: it climbs, and leaves the rest of the mixture alone."""

import numpy as np
import pytest
from tests.checks import same

from mixtura.data import Rows
from mixtura.em import em
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Diagonal, Full, Spherical
from mixtura.families.gaussian import Gaussian
from mixtura.init.moves import Move, best_moves
from mixtura.init.partial import after_moves
from mixtura.init.regions import local_rows
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import Equal, Free, Mixture

STRUCTURES = (Full(), Diagonal(), Spherical())
PROPORTIONS = {"free": Free(), "equal": Equal()}


def six_blobs(seed=0, n=300):
    rng = np.random.default_rng(seed)
    centres = 3 * rng.standard_normal((6, 2))
    X = centres[np.arange(n) % 6] + rng.standard_normal((n, 2))
    return Rows(X, rng.uniform(0.5, 2.0, size=n))


def stuck(structure, proportions, n_components=6):
    """A model, data, a local optimum and moves from there."""
    data = six_blobs()
    floor = Floor(np.full(2, 1e-6))
    model = Mixture(Gaussian(structure, floor), PROPORTIONS[proportions])
    labels = np.random.default_rng(1).integers(n_components, size=len(data))
    start = model.from_responsibilities(data, one_hot(labels, n_components))
    here = em(model, data, start).params
    values = model.posterior(here, data).values
    rows = local_rows(data, structure.n_axes)
    return model, data, here, best_moves(values, rows, 8, -np.inf)


@pytest.mark.parametrize("proportions", PROPORTIONS)
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_each_step_climbs_and_the_others_stay(structure, proportions):
    model, data, here, moves = stuck(structure, proportions)
    assert len(moves) == 8
    for move in moves:
        assert len(move.components) == 3
        last = -np.inf
        for n_steps in (1, 2, 3, 8):
            (there,) = after_moves(model, data, here, [move], n_steps)
            level = em(model, data, there, max_iter=1).log_likelihoods[0]
            assert level >= last - 1e-9 * abs(level)
            last = level
            assert there.weights.sum() == pytest.approx(1.0, rel=1e-12)
            others = np.delete(np.arange(6), move.components)
            np.testing.assert_array_equal(there.weights[3:], here.weights[others])
            np.testing.assert_array_equal(
                there.components.means[3:], here.components.means[others]
            )


@pytest.mark.parametrize("proportions", PROPORTIONS)
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_where_a_move_changes_everything_it_is_em(structure, proportions):
    model, data, here, moves = stuck(structure, proportions, n_components=3)
    for move in moves:
        (there,) = after_moves(model, data, here, [move], 5)
        values = move.values[:, move.components]
        start = model.from_responsibilities(data, values)
        same(there, em(model, data, start, tol=0.0, max_iter=5).params, 1e-9)


def test_the_most_likely_comes_first():
    model, data, here, moves = stuck(Full(), "free")
    levels = [
        em(model, data, there, max_iter=1).log_likelihoods[0]
        for there in after_moves(model, data, here, moves, 10)
    ]
    assert len(levels) == len(moves)
    assert np.diff(levels).max() < 0.2  # the ranking is one step older
    assert levels[0] > levels[-1] + 1.0


def test_a_move_that_leaves_no_covariance_is_an_error():
    model, data, here, moves = stuck(Full(), "free")
    model = Mixture(Gaussian(Full()))
    values = moves[0].values.copy()
    values[:, moves[0].components[0]] = np.arange(len(data)) == 0
    with pytest.raises(DegenerateComponentError):
        after_moves(model, data, here, [Move(values, moves[0].components)], 1)
