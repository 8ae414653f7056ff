"""Accelerated EM climbs the same hill, at least as fast, and never down."""

from itertools import pairwise

import numpy as np
import pytest

from checks import never_falls
from mixtura.acceleration import Anderson, Automatic, Squarem, anderson_mixture
from mixtura.completion import HARD
from mixtura.convergence import is_slow
from mixtura.data import Rows
from mixtura.em import em, em_steps
from mixtura.execution.in_memory import IN_MEMORY
from mixtura.families.covariance import Diagonal, Full, Spherical
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture
from registry import (
    CONSTRAINTS,
    MODELS,
    algorithm_name,
    gaussian,
    low_rank,
    mixture,
)

ACCELERATIONS = (Anderson(), Squarem(), Automatic(), Automatic(patience=1, rate=0.1))

every_model = pytest.mark.parametrize("model_row", MODELS, ids=algorithm_name)
every_acceleration = pytest.mark.parametrize("acceleration", ACCELERATIONS, ids=repr)


@every_model
def test_the_vector_of_parameters_maps_there_and_back(model_row):
    model = model_row.make()
    params = model_row.random_params(np.random.default_rng(0))
    vector = model.unconstrained(params)
    again = model.unconstrained(model.constrained(vector, params))
    finite = np.isfinite(vector)
    np.testing.assert_allclose(again[finite], vector[finite], rtol=1e-9, atol=1e-9)


@every_model
def test_any_vector_is_a_usable_parameter(model_row):
    rng = np.random.default_rng(1)
    model, data = model_row.make(), model_row.random_data(rng)
    params = model_row.random_params(rng)
    vector = model.unconstrained(params)
    moved = model.constrained(vector + rng.normal(size=vector.shape), params)
    assert np.isfinite(IN_MEMORY(lambda b: model.e_step(moved, b), data).log_likelihood)


@every_acceleration
@every_model
def test_each_step_gains_at_least_what_em_gains(model_row, acceleration):
    each_step_gains(model_row, acceleration, seed=2)


@pytest.mark.slow
@every_acceleration
@pytest.mark.parametrize("seed", [2, 4])
@pytest.mark.parametrize("isotropic", [True, False])
def test_steps_gain_as_much_far_from_where_em_is_linear(isotropic, seed, acceleration):
    """EM's likelihood can gain more than twice what its bound does."""
    row = mixture(gaussian(low_rank(1, isotropic), CONSTRAINTS[0]))
    each_step_gains(row, acceleration, seed)


def each_step_gains(model_row, acceleration, seed):
    rng = np.random.default_rng(seed)
    model, data = model_row.make(), model_row.random_data(rng)
    params = model_row.random_params(rng)
    visited = []
    accelerated = em(
        model,
        data,
        params,
        tol=0.0,
        max_iter=15,
        acceleration=acceleration,
        callback=lambda step: visited.append(step) and False,
    )
    never_falls(accelerated.log_likelihoods, data.n_observations)
    for before, after in pairwise(visited):
        params = model.m_step(before.params, before.statistics)
        plain = next(em_steps(model, data, params)).objective
        slack = 1e-13 * (abs(plain) + data.n_observations)
        assert after.objective >= plain - slack


def slow_problem(seed):
    """Two groups that overlap so much that EM crawls."""
    rng = np.random.default_rng(seed)
    apart = np.array([1.5, 1.0])
    X = np.vstack([rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) + apart])
    return X - X.mean(axis=0)


def start(model, X):
    rows = Rows(X)
    far = (X @ [1.0, 0.5] > 0).astype(float)
    return rows, model.from_responsibilities(rows, np.column_stack([far, 1 - far]))


@pytest.mark.parametrize("structure", [Full(), Diagonal(), Spherical()])
@pytest.mark.parametrize("seed", [0, 1])
def test_automatic_saves_two_thirds_of_the_passes_of_slow_em(structure, seed):
    model = Mixture(Gaussian(structure))
    rows, params = start(model, slow_problem(seed))
    passes = {}
    for acceleration in (None, Automatic()):
        counted = []

        def executor(e_step, data, counted=counted):
            counted.append(1)
            return IN_MEMORY(e_step, data)

        result = em(
            model,
            rows,
            params,
            tol=1e-8,
            max_iter=20_000,
            acceleration=acceleration,
            executor=executor,
        )
        assert result.converged
        passes[acceleration] = len(counted), result.log_likelihood
    (plain, reached), (fast, reached_fast) = passes.values()
    assert plain > 100
    assert fast < plain / 3
    assert abs(reached - reached_fast) < 1e-2


def test_automatic_is_plain_em_where_em_is_fast():
    rng = np.random.default_rng(3)
    X = np.vstack([rng.normal(size=(200, 2)) + shift for shift in (0.0, 12.0)])
    model = Mixture(Gaussian(Full()))
    rows, params = start(model, X - X.mean(axis=0))
    plain = em(model, rows, params, tol=1e-9)
    automatic = em(model, rows, params, tol=1e-9, acceleration=Automatic())
    assert automatic.log_likelihoods == plain.log_likelihoods


def test_growing_gains_are_not_slow_convergence():
    assert not is_slow([0.0, 1.0, 2.1, 3.4, 5.0, 7.0], rate=0.9)
    assert is_slow([0.0, 1.0, 1.95, 2.85, 3.7, 4.5], rate=0.9)
    assert not is_slow([0.0, 1.0, 1.5, 1.75, 1.9, 1.95], rate=0.9)


def test_anderson_finds_the_fixed_point_of_a_linear_map_at_once():
    rng = np.random.default_rng(4)
    matrix = np.diag([0.99, 0.5, 0.2])
    points = [rng.normal(size=3)]
    for _ in range(3):
        points.append(matrix @ points[-1])
    origins = np.array(points)
    mixed = anderson_mixture(origins, origins @ matrix)
    np.testing.assert_allclose(mixed, 0, atol=1e-7)


@every_acceleration
def test_only_soft_em_is_accelerated(acceleration):
    model = Mixture(Gaussian(Full()))
    rows, params = start(model, slow_problem(0))
    with pytest.raises(ValueError, match="got Hard"):
        em(model, rows, params, completion=HARD, acceleration=acceleration)
