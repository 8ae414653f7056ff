"""Compiled runs take the steps of EM and lead where EM leads."""

from dataclasses import replace

import numpy as np
import pytest
from tests.checks import never_falls, same
from tests.init.test_runs import partitions

from mixtura.convergence import ROUNDING
from mixtura.data import Rows
from mixtura.em import em
from mixtura.families.constraints import Floor, Unconstrained
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.factorisation import precision_cholesky
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
from mixtura.init import climbs, heats
from mixtura.init.candidate import ANYTHING, Candidate, Judge
from mixtura.init.climbs import ManyRunsRows, accelerated, begun, climbed
from mixtura.init.run import Run
from mixtura.init.runs import followed, from_partitions, posterior
from mixtura.init.stack import KeptRows
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import Equal, Free, Mixture

pytest.importorskip("numba")

FORMULAS = (
    *(Full(), Tied(), Diagonal(), Spherical()),
    *(EII(), EEI(), EVI(), EEV(), EVV()),
)
SEARCHES = (VEI(), VEE(), VEV(), rough(EVE()), rough(VVE()))
"""Structures whose M-step is improved, not found."""

EVERY = (*FORMULAS, *SEARCHES)
PROPORTIONS = {"free": Free(), "equal": Equal()}
ENOUGH = 3000


def blobs(n_features, n=90, seed=0):
    """Three clusters of different sizes, weighted, along different axes."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=3.0, size=(3, n_features))
    shapes = rng.normal(size=(3, n_features, n_features))
    which = np.arange(n) % 6 // 2
    rows = rng.standard_normal((n, 1, n_features)) @ shapes[which]
    return ManyRunsRows(centres[which] + rows[:, 0], rng.uniform(0.5, 2.0, size=n))


def model_of(structure, n_features, proportions="free"):
    floor = Floor(np.full(n_features, 1e-8))
    return Mixture(Gaussian(structure, floor), PROPORTIONS[proportions])


def starts_of(model, data, n_starts=4):
    chosen = partitions(len(data), 3, n_starts)
    return [model.from_responsibilities(data, values) for values in chosen]


def runs_of(model, data, n_starts=4):
    return [*map(Run.at, starts_of(model, data, n_starts))]


def by_name(structure):
    return structure.name


@pytest.mark.parametrize("proportions", PROPORTIONS)
@pytest.mark.parametrize("n_features", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("structure", FORMULAS, ids=by_name)
def test_steps_are_those_of_em(structure, n_features, proportions):
    data = blobs(n_features)
    model = model_of(structure, n_features, proportions)
    starts = runs_of(model, data)
    for start, run in zip(starts, climbed(model, data, starts, 7, 0.0), strict=True):
        alone = em(model, data, start.params, tol=0.0, max_iter=7)
        same(run.params, alone.params, 1e-8)
        same(run.objectives, alone.log_likelihoods, 1e-10)
        same(run.log_density, model.log_density(alone.params, data), 1e-8)


@pytest.mark.parametrize("further", [climbed, accelerated])
@pytest.mark.parametrize("n_features", [2, 4])
@pytest.mark.parametrize("structure", EVERY, ids=by_name)
def test_never_falls(structure, n_features, further):
    data = blobs(n_features, seed=1)
    model = model_of(structure, n_features)
    for run in further(model, data, runs_of(model, data), 200, 1e-9):
        never_falls(run.objectives, data.n_observations)


@pytest.mark.parametrize("n_features", [2, 4])
@pytest.mark.parametrize("structure", EVERY, ids=by_name)
def test_the_end_is_a_fixed_point_of_em(structure, n_features):
    """From there the ordinary M-step, exact where this is not, gains nothing."""
    data = blobs(n_features, n=150, seed=2)
    model = model_of(structure, n_features)
    exact = model_of(getattr(structure, "_exact", structure), n_features)
    for run in accelerated(model, data, runs_of(model, data), ENOUGH, 1e-8):
        assert len(run.objectives) <= ENOUGH
        after = em(exact, data, run.params, tol=0.0, max_iter=20)
        assert after.log_likelihood == pytest.approx(run.objective, abs=1e-5)


@pytest.mark.parametrize("structure", EVERY, ids=by_name)
def test_acceleration_leads_where_em_leads(structure):
    data = blobs(2, n=150, seed=3)
    model = model_of(structure, 2)
    starts = runs_of(model, data, 8)
    slow = climbed(model, data, starts, ENOUGH, ROUNDING)
    fast = accelerated(model, data, starts, ENOUGH)
    pairs = list(zip(slow, fast, strict=True))
    ends = [abs(one.objective - other.objective) < 1e-3 for one, other in pairs]
    assert np.mean(ends) >= 0.75  # what is extrapolated may lie in another valley
    steps = [(len(one.objectives), len(other.objectives)) for one, other in pairs]
    assert all(few <= many for many, few in steps)


@pytest.mark.parametrize("structure", FORMULAS, ids=by_name)
def test_starts_are_the_m_steps_of_responsibilities(structure):
    data, rng = blobs(3), np.random.default_rng(4)
    model = model_of(structure, 3)
    values = [rng.dirichlet(np.ones(4), size=len(data)) for _ in range(3)]
    for n_steps in (0, 3):
        runs = begun(model, data, values, n_steps)
        for run, responsibilities in zip(runs, values, strict=True):
            start = model.from_responsibilities(data, responsibilities)
            alone = em(model, data, start, tol=0.0, max_iter=n_steps)
            same(run.params, alone.params, 1e-9)
            same(run.objectives, alone.log_likelihoods, 1e-10)


@pytest.mark.parametrize("structure", FORMULAS, ids=by_name)
def test_posterior_is_that_of_the_model(structure):
    data = blobs(3)
    model = model_of(structure, 3)
    starts = starts_of(model, data)
    dead = replace(starts[0], weights=np.array([0.3, 0.0, 0.7]))
    for params in (*starts, dead):
        here = model.posterior(params, data)
        found = posterior(model, data, params)
        same(found.responsibilities, here.values, 1e-10)
        same(found.log_density, model.log_density(params, data), 1e-10)


def test_what_reaches_the_floor_ends_there():
    rng = np.random.default_rng(5)
    data = ManyRunsRows(np.r_[np.zeros((5, 2)), 9 + rng.standard_normal((60, 2))])
    model = model_of(Full(), 2)
    split = one_hot((np.arange(65) < 5).astype(int), 2)
    halves = one_hot(np.arange(65) % 2, 2)
    floor = np.tile(np.diag(model.family.constraint.variances), (2, 1, 1))
    fallen, fair = from_partitions(model, data, [split, halves])
    same(fallen.components.covariances, floor, 1e-15)
    same(fair, model.from_responsibilities(data, halves), 1e-10)
    falling = model.from_responsibilities(data, 0.9 * split + 0.05)
    runs = followed(model, data, [Run.at(falling), Run.at(fair)], 5)
    same(runs[0].params.components.covariances, floor, 1e-15)
    assert runs[0].n_steps < 5 and runs[1].n_steps == 5
    never_falls(runs[0].objectives, 65)
    [stays] = followed(model, data, [Run.at(fallen)], 8)
    same(stays.params.components.covariances, floor, 1e-15)


def test_what_has_died_at_the_start_is_not_sound():
    """Parameters that nothing has found would be a saddle of EM."""
    data = blobs(2)
    model = model_of(Full(), 2)
    empty = one_hot(np.arange(len(data)) % 2, 3)
    fair = one_hot(np.arange(len(data)) % 3, 3)
    least = 2 * model.family.constraint.variances
    judge = Judge(lambda _: True, least)
    found = heats.best_from(model, data, [empty, fair], judge, ((3, 2), (2, 2)))
    assert [candidate.sound for candidate in found] == [True, False]
    floor = np.tile(np.diag(model.family.constraint.variances), (3, 1, 1))
    same(found[1].run.params.components.covariances, floor, 1e-15)


def test_only_what_is_plain_is_compiled():
    data, plain = blobs(2), model_of(Full(), 2)
    assert climbs.rows_for(plain, data) is data
    assert climbs.rows_for(plain, KeptRows.of(Rows(data.X, data.weights))) is None
    for constraint in (Unconstrained(), Floor(np.array([0.0, 1e-8]))):
        assert climbs.rows_for(Mixture(Gaussian(Full(), constraint)), data) is None
    constant = ManyRunsRows(np.c_[data.X[:, 0], np.ones(len(data))], data.weights)
    assert climbs.rows_for(plain, constant) is None
    wide = climbs.MOST_COLUMNS + 1
    assert climbs.rows_for(model_of(Full(), wide), blobs(wide)) is None


def test_without_numba_the_ordinary_runs_are_made(monkeypatch):
    model = model_of(Full(), 2)
    chosen = partitions(len(blobs(2)), 3, 4)

    def best():
        data = blobs(2)
        starts = from_partitions(model, data, chosen)
        runs = followed(model, data, [*map(Run.at, starts)], 5)
        rivals = [Candidate(True, run) for run in runs]
        return heats.best_in_the_end(model, data, rivals, ANYTHING).params

    compiled = best()
    monkeypatch.setattr(climbs, "compiled_code", lambda _: None)
    assert climbs.rows_for(model, blobs(2)) is None
    levels = [model.log_density(each, blobs(2)) for each in (compiled, best())]
    same(levels[0], levels[1], 1e-2)


def test_rows_in_tiny_units_of_weight_take_as_many_steps():
    data = blobs(2, n=150, seed=2)
    light = ManyRunsRows(data.X, data.weights * 1e-12)
    model = model_of(VVE(), 2)
    starts = runs_of(model, data, 2)
    heavy = accelerated(model, data, starts, ENOUGH)
    lighter = accelerated(model, light, starts, ENOUGH)
    for one, other in zip(heavy, lighter, strict=True):
        same(other.objective * 1e12, one.objective, 1e-7)


@pytest.mark.parametrize("structure", EVERY, ids=by_name)
def test_the_best_end_is_the_best_of_all_ends(structure):
    """Sure runs are not left, though they have fallen behind."""
    for seed in range(4):
        data = blobs(2, n=150, seed=seed)
        model = model_of(structure, 2)
        rng = np.random.default_rng(seed)
        values = [rng.dirichlet(np.ones(4), size=len(data)) for _ in range(6)]
        runs = begun(model, data, values, 3)
        ends = [run.objective for run in accelerated(model, data, runs)]
        top = max(ends) - 1e-4
        sure = climbs.best_end(model, data, runs, ANYTHING, sure=[True] * len(runs))
        assert sure.run.objective >= top
        assert not climbs.best_end(model, data, runs, ANYTHING, 1e6).run.is_at_end


def test_what_falls_behind_is_left_but_for_sure_runs():
    numba = pytest.importorskip("numba")
    from mixtura.kernels import climb_end as climb

    @numba.njit
    def outcome(trace, n, to_beat, is_sure=False):
        limits = 1000, 1e-6, 0.0, True, to_beat, is_sure
        return climb.end_of(trace, n, 0, 100.0, limits)

    n, times = climb.WHILE, climb.TIMES
    trace = -100.0 * 0.9 ** np.arange(n + 1)
    gained = trace[-1] - trace[0]
    bound = trace[-1] + times * gained
    assert outcome(trace, n, bound + 1.0) == climb.LIMIT
    assert outcome(trace, n, bound + 1.0, True) == climb.ON
    assert outcome(trace, n, bound - 1.0) == climb.ON
    assert outcome(trace, n - 1, bound + 1e6) == climb.ON
    assert outcome(trace, n, -np.inf) == climb.ON
    plateau = 100.0 * 1.1 ** np.arange(n + 1)  # and the end of it
    assert outcome(plateau, n, 1e9) == climb.ON


def test_small_matrices():
    """Eigenvalues and factors are those of LAPACK."""
    numba = pytest.importorskip("numba")
    from mixtura.kernels import small_matrices

    @numba.njit
    def decomposed(matrix):
        values, axes = np.empty(len(matrix)), np.empty_like(matrix)
        small_matrices.decompose(matrix.copy(), values, axes)
        return values, axes

    @numba.njit
    def decomposed_near(matrix, axes):
        values = np.empty(len(matrix))
        small_matrices.decompose_near(matrix, values, axes)
        return values

    @numba.njit
    def factored(matrix):
        factor = np.empty_like(matrix)
        return small_matrices.precision_factor(matrix, factor), factor

    rng = np.random.default_rng(6)
    for d in (1, 2, 3, 7, 20):
        root = rng.normal(size=(d, d)) * 10.0 ** rng.uniform(-3, 3, size=d)
        matrix = root @ root.T
        values, axes = decomposed(matrix)
        same(values, np.maximum(np.linalg.eigvalsh(matrix), 0.0), 1e-12)
        same((axes * values) @ axes.T, matrix, 1e-12)
        same(axes.T @ axes, np.eye(d), 1e-12)
        other, _ = np.linalg.qr(rng.normal(size=(d, d)))
        spoilt = axes.copy()
        decomposed_near(np.full((d, d), np.nan), spoilt)
        for near in (axes.copy(), np.ascontiguousarray(other), spoilt):
            same(decomposed_near(matrix, near), values, 1e-12)
            same((near * values) @ near.T, matrix, 1e-12)
        correlations = matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
        is_regular, factor = factored(correlations + np.eye(d))
        assert is_regular
        same(factor, precision_cholesky((correlations + np.eye(d))[None])[0], 1e-10)
    assert not factored(np.ones((2, 2)) - 2 * np.eye(2))[0]


def test_rules_are_those_of_convergence():
    numba = pytest.importorskip("numba")
    from mixtura import convergence
    from mixtura.kernels import climb_end as climb

    @numba.njit
    def remaining(trace):
        return climb.remaining_gain(trace, len(trace) - 1)

    @numba.njit
    def slow(trace):
        return climb.is_slow(trace, len(trace) - 1)

    rng = np.random.default_rng(7)
    for rate in (0.2, 0.7, 0.93, 0.999, 1.1):
        gains = rate ** np.arange(8) * rng.uniform(0.995, 1.0, size=8).cumprod()
        trace = np.r_[0.0, gains.cumsum()] - 5.0
        assert remaining(trace) == convergence.remaining_gain(trace.tolist())
        assert slow(trace) == convergence.is_slow(trace.tolist(), climb.SLOW)


@pytest.mark.parametrize("structure", EVERY, ids=by_name)
def test_what_memory_held_before_does_not_matter(structure):
    """Fresh arrays are not read before they are written."""
    numba = pytest.importorskip("numba")

    @numba.njit
    def spoil(value):
        return [np.full(size, value) for size in range(1, 200) for _ in range(3)]

    data = blobs(3, seed=8)
    model = model_of(structure, 3)
    starts = runs_of(model, data)
    ends = []
    for value in (0.0, np.nan, 1e300):
        spoil(value)
        ends.append(
            [end.objectives for end in accelerated(model, data, starts, 20, 0.0)]
        )
    assert ends[0] == ends[1] == ends[2]
