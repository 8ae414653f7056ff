"""The descent to common axes: where it ends, and side by side."""

import numpy as np
import pytest

from checks import same
from mixtura.families import orientation
from mixtura.families.orientation import CommonAxes
from mixtura.families.variances import EqualVolume, Free


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
        turns.extend(here.divergence - there.divergence)
        return there

    monkeypatch.setattr(CommonAxes, "by_planes", counted)
    search = CommonAxes(own, counts, EqualVolume(), floor)
    found, _ = search.best(np.eye(6)[None])
    assert found.divergence < search.at(np.eye(6)).divergence
    assert len(turns) < 50
    assert min(turns, default=0.0) >= 0


def test_without_a_floor_a_variance_on_its_way_to_zero_ends_it(monkeypatch):
    rng, steps = np.random.default_rng(0), []
    factors = [rng.standard_normal((4, rank)) for rank in (6, 3)]
    own = np.array([A @ A.T for A in factors])
    step = CommonAxes.by_newton
    monkeypatch.setattr(
        CommonAxes, "by_newton", lambda *given: steps.append(0) or step(*given)
    )
    with np.errstate(all="ignore"):
        found, _ = CommonAxes(own, np.ones(2), Free()).best(np.eye(4)[None])
    assert found.variances.min() < 1e-15 * found.variances.max()
    assert len(steps) < 80


@pytest.mark.parametrize("size", [orientation.NEWTON_SIZE, 6 * 4**2, 1])
@pytest.mark.parametrize("variances", [EqualVolume(), Free()])
def test_sets_and_starts_side_by_side_are_as_each_alone(monkeypatch, variances, size):
    """However many of them fit in memory, and whether Newton's method does at all."""
    monkeypatch.setattr(orientation, "NEWTON_SIZE", size)
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((5, 3, 4, 6))
    own, counts = factors @ factors.swapaxes(-1, -2), rng.uniform(1, 20, (5, 3))
    starts = np.linalg.qr(rng.standard_normal((5, 2, 4, 4)))[0]
    together, _ = CommonAxes(own, counts, variances).best(starts)
    for i in range(5):
        alone = CommonAxes(own[i], counts[i], variances)
        ends = [alone.best(start[None])[0].divergence for start in starts[i]]
        at_starts = [alone.at(start).divergence for start in starts[i]]
        least = min(ends) if at_starts[1] < at_starts[0] else ends[0]
        same(together.divergence[i], least, 1e-12)
        same(alone.at(together.axes[i]).variances, together.variances[i], 1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("variances", [EqualVolume(), Free()])
def test_few_steps_where_columns_are_of_unlike_size(monkeypatch, variances, seed):
    """Curvatures are then as far apart as squares of the sizes."""
    rng, steps = np.random.default_rng(seed), []
    factors = rng.standard_normal((3, 8, 20)) * 10 ** np.linspace(-3, 3, 8)[:, None]
    own, counts = factors @ factors.swapaxes(-1, -2) / 20, np.full(3, 20.0)
    step = CommonAxes.by_newton
    monkeypatch.setattr(
        CommonAxes, "by_newton", lambda *given: steps.append(0) or step(*given)
    )
    search = CommonAxes(own, counts, variances)
    found, _ = search.best(np.eye(8)[None])
    assert len(steps) < 25
    turned = search.by_planes(found)
    same(turned.divergence, found.divergence, 1e-11)


@pytest.mark.parametrize("variances", [EqualVolume(), Free()])
@pytest.mark.parametrize("floor", [None, 0.8])
def test_second_derivatives_are_those_of_the_divergence(variances, floor):
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((3, 4, 9))
    own, counts = factors @ factors.swapaxes(-1, -2) / 9, np.array([5.0, 8.0, 3.0])
    given = (own[None], counts[None], variances)
    search = CommonAxes(*given, None if floor is None else np.full(4, floor))
    here = search.at(np.linalg.qr(rng.standard_normal((1, 4, 4)))[0])
    hessian = search._hessian(here, search.counts[..., None] / here.variances)
    units, size = np.eye(6), 1e-3

    def divergence(angles):
        turn = orientation.rotations(angles[None], 4)
        return float(search.at(here.axes @ turn).divergence[0])

    for i, j in np.ndindex(6, 6):
        both, apart = (size * (units[i] + sign * units[j]) for sign in (1, -1))
        ends = divergence(both) + divergence(-both)
        others = divergence(apart) + divergence(-apart)
        second = (ends - others) / (4 * size**2)
        assert hessian[0, i, j] == pytest.approx(second, rel=1e-3, abs=1e-2)
