"""Every model as a vector of real numbers: there and back, and always admissible."""

import numpy as np
import pytest

from checks import distributions, finite, same
from registry import FAMILIES, FLOOR, MODELS, hidden_markov, mixture
from walks import start

MODEL = pytest.mark.parametrize("row", MODELS, ids=str)
SEEDS = pytest.mark.parametrize("seed", range(2))


@SEEDS
@MODEL
def test_parameters_survive_the_way_there_and_back(row, seed):
    model, params, data, _ = start(row, seed)
    back = model.constrained(model.unconstrained(params), params)
    same(back, params, 1e-11)
    here, there = (model.e_step(at, data).log_likelihood for at in (params, back))
    same(there, here, 1e-12)


@SEEDS
@MODEL
def test_a_vector_has_room_for_every_free_parameter(row, seed):
    """Probabilities take one entry more than they have freedom, factors turn."""
    model, params, _, _ = start(row, seed)
    vector = model.unconstrained(params)
    assert vector.ndim == 1
    assert len(vector) >= model.n_free_parameters(params)


@SEEDS
@MODEL
def test_every_vector_stands_for_admissible_parameters(row, seed):
    model, params, data, rng = start(row, seed)
    vector = model.unconstrained(params)
    for size in (1e-3, 1.0, 5.0):
        step = size * rng.standard_normal(len(vector))
        moved = model.constrained(vector + step, params)
        finite(moved)
        finite(model.e_step(moved, data))


@pytest.mark.parametrize("name", [name for name in FAMILIES if "floor" in name])
def test_no_vector_falls_below_a_floor(name):
    model, params, _, rng = start(mixture(FAMILIES[name]), 0)
    vector = model.unconstrained(params)
    for _ in range(20):
        moved = model.constrained(vector - 3 * rng.random(len(vector)), params)
        inner, structure = moved.components, model.family.structure
        full = structure.to_full(inner.covariances, *inner.means.shape)
        floor = structure.attainable(FLOOR)
        least = np.linalg.eigvalsh(full / np.sqrt(np.outer(floor, floor))).min()
        assert least >= 1 - 1e-12


@pytest.mark.parametrize("name", [name for name in FAMILIES if "fixed" in name])
def test_no_vector_moves_what_is_fixed(name):
    model, params, _, rng = start(mixture(FAMILIES[name]), 0)
    vector = model.unconstrained(params)
    moved = model.constrained(vector + rng.standard_normal(len(vector)), params)
    same(moved.components.covariances, params.components.covariances, 0.0)


@SEEDS
def test_every_vector_stands_for_probabilities(seed):
    chain = hidden_markov(FAMILIES["poisson"])
    model, params, _, rng = start(chain, seed)
    vector = model.unconstrained(params)
    moved = model.constrained(vector + 10 * rng.standard_normal(len(vector)), params)
    distributions(moved.start[None])
    distributions(moved.transition)
    assert (moved.components.rates > 0).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_dead_component_is_not_a_finite_vector(name):
    model, params, _, _ = start(mixture(FAMILIES[name]), 0)
    dead = type(params)(np.array([0.5, 0.0, 0.5]), params.components)
    assert np.isneginf(model.unconstrained(dead)).any()
