"""Whole runs side by side end where each would end alone."""

import numpy as np
import pytest
from tests.checks import same, same_fit
from tests.init.test_runs import CONSTRAINTS, STRUCTURES, partitions, three_blobs

from mixtura.acceleration import Anderson, Automatic, Squarem
from mixtura.data import Rows
from mixtura.em import Outcome, em
from mixtura.families.constraints import Floor, Unconstrained
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.init import stack
from mixtura.init.race import raced
from mixtura.kernels.quadratic import QuadraticRows
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import Equal, Mixture

ACCELERATIONS = {"squarem": Squarem(), "anderson": Anderson(), "auto": Automatic()}
SMALL = Floor(np.full(2, 1e-8))


def random_starts(model, data, n_components=3, n_starts=5):
    chosen = partitions(len(data), n_components, n_starts)
    return [model.from_responsibilities(data, values) for values in chosen]


def ends(model, data, starts, tol=1e-6, max_iter=200, acceleration=None):
    """What both ways lead to, start by start."""
    together = raced(model, data, starts, tol, max_iter, acceleration)
    settings = {"tol": tol, "max_iter": max_iter, "acceleration": acceleration}
    alone = [em(model, data, start, **settings) for start in starts]
    return list(zip(together, alone, strict=True))


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_every_run_is_that_of_em(structure, constraint):
    model = Mixture(Gaussian(structure, CONSTRAINTS[constraint]))
    data = three_blobs(n=60)
    for run, alone in ends(
        model, data, random_starts(model, data, n_starts=3), max_iter=25
    ):
        if run is None:
            assert constraint == "none" and alone.outcome is Outcome.COMPONENT_COLLAPSED
        else:
            same_fit(run, alone, 1e-7)


@pytest.mark.parametrize("acceleration", ACCELERATIONS)
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_every_accelerated_run_is_that_of_em(structure, acceleration):
    """Extrapolation makes more of rounding, but less than the tolerance."""
    model, data = Mixture(Gaussian(structure, SMALL), Equal()), three_blobs(n=60)
    starts = random_starts(model, data, n_starts=3)
    settings = {"max_iter": 30, "acceleration": ACCELERATIONS[acceleration]}
    for run, alone in ends(model, data, starts, **settings):
        assert run is not None and run.outcome is alone.outcome
        assert run.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-5)
        assert abs(run.n_iter - alone.n_iter) <= 2
        np.testing.assert_allclose(
            run.log_likelihoods[:6], alone.log_likelihoods[:6], rtol=1e-9
        )


@pytest.mark.parametrize("n_components", [2, 5])
@pytest.mark.parametrize("max_iter", [0, 1, 200])
def test_limits_are_those_of_em(n_components, max_iter):
    model, data = Mixture(Gaussian(Full(), SMALL)), three_blobs()
    starts = random_starts(model, data, n_components)
    for run, alone in ends(model, data, starts, max_iter=max_iter):
        same_fit(run, alone, 1e-7)


@pytest.mark.parametrize("max_iter", [0, 1, 200])
def test_one_component_begins_at_its_end(max_iter):
    """Rounding may or may not find another step, but to the same place."""
    model, data = Mixture(Gaussian(Full(), SMALL)), three_blobs()
    for run, alone in ends(
        model, data, random_starts(model, data, 1), max_iter=max_iter
    ):
        assert run.outcome is alone.outcome
        assert run.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-12)
        same(run.params, alone.params, 1e-7)


def test_steps_and_proposals_are_taken_side_by_side(monkeypatch):
    """Five runs need the E-steps of the longest, not of all."""
    model, data = Mixture(Gaussian(Full(), SMALL)), three_blobs()
    starts = random_starts(model, data)
    passes = []
    original = QuadraticRows.e_step

    def counted(*arguments):
        passes.append(1)
        return original(*arguments)

    monkeypatch.setattr(QuadraticRows, "e_step", counted)
    runs = raced(model, data, starts, 1e-6, 1000, Automatic())
    steps = [run.n_iter for run in runs]
    assert max(steps) < len(passes) <= 2 * max(steps) + 1 < sum(steps)


@pytest.mark.parametrize("acceleration", [None, *ACCELERATIONS.values()])
def test_a_run_that_collapses_is_left_to_em_and_the_others_go_on(acceleration):
    model, data = Mixture(Gaussian(Full(), Unconstrained())), three_blobs()
    data = Rows(np.vstack([data.X, [[30.0, 0.0], [30.0, 1.0]]]), None)
    two_rows = one_hot(np.where(data.X[:, 0] > 20, 1, 0), 2)
    two_rows[:3] = 0.5  # for a few steps they keep a covariance
    blobs = one_hot(np.arange(len(data)) % 3 // 2, 2)
    starts = [
        model.from_responsibilities(data, values)
        for values in (blobs, two_rows, 0.5 * blobs + 0.25)
    ]
    settings = {"max_iter": 4, "acceleration": acceleration}
    first, lost, last = ends(model, data, starts, **settings)
    assert lost[0] is None and lost[1].outcome is Outcome.COMPONENT_COLLAPSED
    for run, alone in (first, last):
        same_fit(run, alone, 1e-6)


@pytest.mark.parametrize("acceleration", [None, *ACCELERATIONS.values()])
def test_a_narrow_component_is_left_to_em(acceleration):
    data = three_blobs()
    data = Rows(np.vstack([data.X, [[50.0, 0.0], [50.0, 1e-6]]]), None)
    model = Mixture(Gaussian(Full(), Floor(np.full(2, 1e-14))))
    needle = one_hot(np.where(data.X[:, 0] > 40, 1, 0), 2)
    chosen = [needle, *partitions(len(data), 2, 2)]
    starts = [model.from_responsibilities(data, values) for values in chosen]
    runs = raced(model, data, starts, 1e-6, 5, acceleration)
    assert [run is None for run in runs] == [True, False, False]


@pytest.mark.parametrize("n_calls", [1, 2, 9])
def test_an_interrupt_keeps_what_there_is(monkeypatch, n_calls):
    model, data = Mixture(Gaussian(Full(), SMALL)), three_blobs()
    starts = random_starts(model, data)
    known = raced(model, data, starts, 0.0, n_calls - 1, None)
    interrupt_after(monkeypatch, n_calls)
    runs = raced(model, data, starts, 0.0, 1000, None)
    for run, expected in zip(runs, known, strict=True):
        assert run.outcome is Outcome.INTERRUPTED
        assert run.log_likelihoods == expected.log_likelihoods
        same(run.params, expected.params, 0.0)


def test_an_interrupt_before_there_is_anything_is_one(monkeypatch):
    model, data = Mixture(Gaussian(Full(), SMALL)), three_blobs()
    starts = random_starts(model, data)
    interrupt_after(monkeypatch, 0)
    with pytest.raises(KeyboardInterrupt):
        raced(model, data, starts, 0.0, 1000, None)


def interrupt_after(monkeypatch, n_calls):
    """Ctrl-C, as an E-step that raises after some calls."""
    calls = []
    original = QuadraticRows.e_step

    def e_step(*arguments):
        calls.append(1)
        if len(calls) > n_calls:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(QuadraticRows, "e_step", e_step)


def test_stacks_are_taken_apart_and_put_together():
    model, data = Mixture(Gaussian(Full(), SMALL)), three_blobs()
    starts = random_starts(model, data, n_starts=4)
    whole = stack.Stack.of(model, starts)
    order = np.array([3, 0])
    [last, first] = whole.taken(order).unstacked(model)
    same(last, starts[3], 0.0)
    same(first, starts[0], 0.0)
    both = whole.taken(order).joined(whole).unstacked(model)
    same(both[3], starts[1], 0.0)
