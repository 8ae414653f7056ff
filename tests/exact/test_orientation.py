"""The descent to common axes ends where it only creeps."""

import numpy as np
import pytest

from mixtura.families.orientation import CommonAxes
from mixtura.families.variances import EqualVolume


@pytest.mark.parametrize("seed", [0, 3, 4, 5])
def test_an_axis_at_the_floor_takes_few_turns(monkeypatch, seed):
    """One matrix is singular, so that its variances fall to the floor."""
    rng, turns = np.random.default_rng(seed), []
    factors = [rng.standard_normal((6, rank)) for rank in (8, 7, 7, 3)]
    own = np.array([A @ A.T / A.shape[1] for A in factors])
    counts, floor = np.array([17.0, 9.0, 8.0, 5.0]), np.full(6, 1e-10)
    turn = CommonAxes.by_planes

    def counted(self, here):
        there = turn(self, here)
        turns.append(here.divergence - there.divergence)
        return there

    monkeypatch.setattr(CommonAxes, "by_planes", counted)
    search = CommonAxes(own, counts, EqualVolume(), floor)
    found = search.best(np.eye(6), [])
    assert found.divergence < search.at(np.eye(6)).divergence
    assert len(turns) < 50
    assert min(turns) >= 0
