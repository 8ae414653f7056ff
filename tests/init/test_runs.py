"""Short runs side by side do what each would do alone; splits find better places."""

import numpy as np
import pytest
from tests.checks import same

from mixtura.data import Rows
from mixtura.em import em
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.constraints import Floor, Ridge, Unconstrained
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.parsimonious import (
    EEI,
    EEV,
    EII,
    EVE,
    EVI,
    EVV,
    VEE,
    VEI,
    VEV,
    VVE,
)
from mixtura.families.rough import rough
from mixtura.init import runs
from mixtura.init.moves import best_moves, grown, shrunk
from mixtura.init.regions import local_rows
from mixtura.init.run import Run
from mixtura.init.runs import from_partitions
from mixtura.kernels.quadratic import QuadraticRows
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import Equal, Free, Mixture

STRUCTURES = (
    *(Full(), Tied(), Diagonal(), Spherical()),
    *(EII(), EEI(), VEI(), EVI(), VEE(), EEV(), VEV(), EVV(), EVE(), rough(VVE())),
)
CONSTRAINTS = {
    "none": Unconstrained(),
    "ridge": Ridge(np.full(2, 0.1)),
    "floor": Floor(np.full(2, 0.2)),
}
STEPS = 7


def followed(model, data, starts, n_steps):
    return runs.followed(model, data, [*map(Run.at, starts)], n_steps)


def three_blobs(seed=0, n=90):
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    rows = centres[np.arange(n) % 3] + rng.standard_normal((n, 2))
    return Rows(rows, rng.uniform(0.5, 2.0, size=n))


def partitions(n_rows, n_components, n_starts, seed=0):
    rng = np.random.default_rng(seed)
    return [
        one_hot(rng.integers(n_components, size=n_rows), n_components)
        for _ in range(n_starts)
    ]


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
@pytest.mark.parametrize("proportions", [Free(), Equal()], ids=["free", "equal"])
def test_side_by_side_is_one_after_the_other(structure, constraint, proportions):
    model = Mixture(Gaussian(structure, CONSTRAINTS[constraint]), proportions)
    data = three_blobs()
    chosen = partitions(len(data), 3, 5)
    starts = from_partitions(model, data, chosen)
    together = followed(model, data, starts, STEPS)
    assert len(together) == len(chosen)
    for start, values, run in zip(starts, chosen, together, strict=True):
        same(start, model.from_responsibilities(data, values), 1e-12)
        alone = em(model, data, start, tol=0.0, max_iter=STEPS)
        same(run.params, alone.params, 1e-9)
        assert run.objective == pytest.approx(alone.log_likelihood, rel=1e-12)


def test_a_component_without_rows_stays_out():
    model, data = Mixture(Gaussian(Full(), Floor(np.full(2, 1e-8)))), three_blobs()
    empty = one_hot(np.arange(len(data)) % 2, 3)
    starts = from_partitions(model, data, [empty, *partitions(len(data), 3, 2)])
    run = followed(model, data, starts, STEPS)[0]
    alone = em(model, data, starts[0], tol=0.0, max_iter=STEPS)
    assert run.params.weights[2] == 0
    assert run.objective == pytest.approx(alone.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_what_befalls_one_mixture_leaves_the_others_alone(structure):
    """Here the floor bears the second component of the first mixture only."""
    data = three_blobs()
    knot = 30 + 0.01 * np.random.default_rng(2).standard_normal((4, 2))
    data = Rows(np.vstack([data.X, knot]), None)
    small = one_hot(np.where(data.X[:, 0] > 20, 1, 0), 2)
    model = Mixture(Gaussian(structure, Floor(np.full(2, 1e-3))))
    chosen = [small, *partitions(len(data), 2, 2)]
    starts = from_partitions(model, data, chosen)
    for run in followed(model, data, starts, 3):
        alone = em(model, data, run.start, tol=0.0, max_iter=3)
        same(run.params, alone.params, 1e-8)


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_a_mixture_without_covariances_leaves_the_others_alone(structure):
    model, data = Mixture(Gaussian(structure)), three_blobs()
    lonely = one_hot(np.minimum(np.arange(len(data)), 1), 2)  # one row by itself
    sound = partitions(len(data), 2, 3)
    starts = from_partitions(model, data, [sound[0], lonely, *sound[1:]])
    found = [starts[0], *starts[-2:]]
    for values, start in zip(sound, found, strict=True):
        same(start, model.from_responsibilities(data, values), 1e-9)


def test_a_run_that_collapses_is_left_out_and_the_others_go_on():
    model, data = Mixture(Gaussian(Full())), three_blobs()
    lonely = one_hot(np.minimum(np.arange(len(data)), 1), 2)  # one row by itself
    sound = partitions(len(data), 2, 3)
    starts = from_partitions(model, data, [sound[0], lonely, *sound[1:]])
    assert len(starts) == 3
    with pytest.raises(DegenerateComponentError):
        from_partitions(model, data, [lonely, lonely])


def test_settled_runs_end_early(monkeypatch):
    model, data = Mixture(Gaussian(Full(), Floor(np.full(2, 1e-8)))), three_blobs()
    starts = from_partitions(model, data, partitions(len(data), 3, 2))
    passes = []
    original = QuadraticRows.e_step

    def counted(*arguments):
        passes.append(1)
        return original(*arguments)

    monkeypatch.setattr(QuadraticRows, "e_step", counted)
    followed(model, data, starts, 10_000)
    assert 2 < len(passes) < 5_000


def test_a_narrow_component_is_worked_on_with_care(monkeypatch):
    """Its squares must not be expanded, and the other runs go on side by side."""
    data = three_blobs()
    data = Rows(np.vstack([data.X, [[50.0, 0.0], [50.0, 1e-6]]]), None)
    model = Mixture(Gaussian(Full(), Floor(np.full(2, 1e-14))))
    needle = one_hot(np.where(data.X[:, 0] > 40, 1, 0), 2)
    sound = partitions(len(data), 2, 2)
    starts = from_partitions(model, data, [sound[0], needle, sound[1]])
    alone = []
    original = runs._alone

    def counted(*arguments):
        alone.append(1)
        return original(*arguments)

    monkeypatch.setattr(runs, "_alone", counted)
    together = followed(model, data, starts, STEPS)
    assert len(together) == 3 and len(alone) == 1
    exact = em(model, data, starts[1], tol=0.0, max_iter=STEPS)
    last = together[-1]
    assert last.objective == pytest.approx(exact.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(
        last.log_density, model.log_density(last.params, data), rtol=1e-12
    )


def two_far_apart(n=120):
    """Four clusters, two of them far from the other two."""
    rng = np.random.default_rng(1)
    centres = np.array([[0.0, 0.0], [0.0, 9.0], [60.0, 0.0], [60.0, 9.0]])
    return Rows(centres[np.arange(n) % 4] + rng.standard_normal((n, 2)), np.ones(n))


def test_a_move_leads_out_of_a_local_optimum():
    """Three components on one side and one on the other are an optimum for EM."""
    data = two_far_apart()
    model = Mixture(Gaussian(Full(), Floor(np.full(2, 1e-6))))
    cluster = np.arange(len(data)) % 4
    stuck = np.where(
        cluster >= 2, 3, np.where(cluster == 1, 2, np.arange(120) % 8 // 4)
    )
    start = model.from_responsibilities(data, one_hot(stuck, 4))
    local = em(model, data, start)
    best = em(model, data, model.from_responsibilities(data, one_hot(cluster, 4)))
    assert local.log_likelihood < best.log_likelihood - 20
    values = model.posterior(local.params, data).values
    (move,) = best_moves(values, local_rows(data, 2), 1, 0.0)
    (reached,) = followed(model, data, from_partitions(model, data, [move.values]), 50)
    assert reached.objective == pytest.approx(best.log_likelihood, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_axes", [0, 1, 2])
@pytest.mark.parametrize("n_components", [2, 3, 5])
def test_moves_are_responsibilities(n_components, n_axes, seed):
    data = three_blobs(seed)
    values = np.random.default_rng(seed).dirichlet(np.ones(n_components), len(data))
    rows = local_rows(data, n_axes)
    moves = best_moves(values, rows, 100, -np.inf)
    assert len(best_moves(values, rows, 1, -np.inf)) == 1
    assert not best_moves(values, rows, 100, np.inf)
    n_pairs = n_components * (n_components - 1) // 2
    assert len(moves) <= n_pairs * (n_components - 2) + min(n_pairs, n_components)
    changed = [
        ([move.values for move in moves], n_components),
        (grown(values, rows, 2), n_components + 1),
        (shrunk(values, data.weights, 2), n_components - 1),
    ]
    for results, n_columns in changed:
        assert results
        for moved in results:
            assert moved.shape == (len(data), n_columns)
            assert (moved >= 0).all()
            np.testing.assert_allclose(moved.sum(axis=1), 1.0, rtol=1e-12)
