"""Multiples of one covariance: the maximum, found another way, and at its edges."""

import numpy as np
import pytest

from checks import close, same
from mixtura.estimators.structures import STRUCTURES
from mixtura.families.multiples import Rows, Squares
from mixtura.families.variances import Proportional, divergence

SEEDS = pytest.mark.parametrize("seed", range(5))


def rows(seed, k=4, d=3):
    """Variances over many orders of magnitude, and counts."""
    rng = np.random.default_rng(seed)
    return np.exp(4 * rng.standard_normal((k, d))), rng.uniform(1, 20, k)


def alternated(own, counts, least, turns=5000):
    """The maximum by the two formulas in turn, which is slow and sure."""
    shares = counts / counts.sum()
    row = own.mean(axis=0) if least == 0 else np.full(own.shape[1], least)
    for _ in range(turns):
        multiples = np.maximum((own / row).mean(axis=1), least)
        row = np.maximum((shares / multiples) @ own, least)
    return multiples[:, None] * row


@SEEDS
def test_alternating_for_long_ends_at_the_same_variances(seed):
    own, counts = rows(seed)
    close(Proportional().closest(own, counts), alternated(own, counts, 0.0), 1e-10)
    above = Proportional().closest(own, counts, np.ones(3))
    slow = alternated(own, counts, 1.0)
    here, there = divergence(above, own, counts), divergence(slow, own, counts)
    assert here <= there + 1e-12 * counts.sum()
    close(above, slow, 1e-8)


@SEEDS
def test_a_component_without_spread_lies_on_the_floor(seed):
    own, counts = rows(seed)
    own[1:] *= 1e9
    own[0] = 0.0
    best = Proportional().closest(own, counts, np.ones(3))
    close(best[0].min(), 1.0, 1e-9)
    slow = alternated(own, counts, 1.0)
    here, there = divergence(best, own, counts), divergence(slow, own, counts)
    assert here <= there + 1e-12 * counts.sum()


@pytest.mark.parametrize("floor", [None, np.ones(3)])
@SEEDS
def test_the_beginning_does_not_matter(seed, floor):
    own, counts = rows(seed)
    best = Proportional().closest(own, counts, floor)
    far = np.array([1.0, 1e6, 1e12])
    again = Proportional().closest(own, counts, floor, previous=far)
    close(again, best, 1e-11)


@pytest.mark.parametrize("code", ["VEI", "VEE", "VEV"])
@SEEDS
def test_what_is_best_is_found_again_in_one_step(monkeypatch, code, seed):
    own, counts = rows(seed)
    if code != "VEI":
        factors = np.random.default_rng(seed).standard_normal((4, 3, 3))
        own = factors @ factors.swapaxes(1, 2) * own[:, :1, None]
    structure = STRUCTURES[code]
    best = structure.closest(own, counts, own)
    steps, solve = [], np.linalg.solve

    def counted(curvatures, slopes):
        steps.append(slopes)
        return solve(curvatures, slopes)

    monkeypatch.setattr(np.linalg, "solve", counted)
    close(structure.closest(own, counts, best), best, 1e-10)
    assert len(steps) == 1


@pytest.mark.parametrize("factor", [1.0, 0.01])
@SEEDS
def test_units_of_the_columns_leave_no_trace(seed, factor):
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((4, 3, 6)) * [[[1.0], [factor], [1.0]]]
    own, counts = factors @ factors.swapaxes(1, 2), rng.uniform(1, 20, 4)
    scale = np.array([1.0, 2.0**20, 2.0**-20])
    scales = scale[:, None] * scale
    VEE = STRUCTURES["VEE"]
    best = VEE.closest(own, counts, own)
    again = VEE.closest(own * scales, counts, np.array([np.eye(3)] * 4))
    close(again / scales, best, 1e-10)


@pytest.mark.parametrize("least", [0.0, 1.0])
def test_variances_and_diagonal_matrices_have_the_same_multiples(least):
    own, counts = rows(0)
    squares = own[:, :, None] * np.eye(3)
    one, other = Rows(own, counts, least), Squares(squares, counts, least)
    values = one.best_multiples(np.ones(3)), other.best_multiples(np.eye(3))
    close(*(value / value.min() for value in values), 1e-8)


def test_several_sets_are_as_one_at_a_time_and_the_dead_have_no_say():
    sets, counts = (np.stack(each) for each in zip(*map(rows, range(3)), strict=True))
    counts[1, 2] = 0.0
    together = Proportional().closest(sets, counts)
    for best, own, n in zip(together, sets, counts, strict=True):
        same(best, Proportional().closest(own, n), 1e-12)
    alive = counts[1] > 0
    without = Proportional().closest(sets[1, alive], counts[1, alive])
    close(together[1, alive], without, 1e-10)
    assert np.isfinite(together).all()


@pytest.mark.parametrize("code", ["VEI", "VEE"])
def test_without_a_floor_there_may_be_no_maximum(code):
    """One component of three alone spreads along two columns of three."""
    own = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0]])
    if code != "VEI":
        own = own[:, :, None] * np.eye(3)
    structure, counts = STRUCTURES[code], np.ones(3)
    best = structure.closest(own, counts, structure.identity(3, 3))
    diagonals = best if code == "VEI" else np.diagonal(best, axis1=1, axis2=2)
    assert not (diagonals > 0).all()
