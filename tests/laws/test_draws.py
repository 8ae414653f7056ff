"""Stochastic EM: the draw for a row depends on (seed, iteration, row) alone."""

import numpy as np
import pytest

from checks import same_fit
from mixtura.completion import HARD, SOFT, Stochastic, uniforms
from mixtura.em import em
from mixtura.models.categorical import Responsibilities
from registry import EXECUTORS, MODELS
from walks import walk

HOW = Stochastic(seed=11)
CHAINS = [row for row in MODELS if HOW in row.completions]


@pytest.mark.parametrize("start", [0, 1, 7, 2**40])
@pytest.mark.parametrize("seed, iteration", [(0, 0), (3, 5), (2**63, 1)])
def test_a_row_has_its_own_uniform(seed, iteration, start):
    whole = uniforms(seed, iteration, start, 20)
    for first, last in [(0, 1), (3, 4), (5, 20), (19, 20)]:
        part = uniforms(seed, iteration, start + first, last - first)
        np.testing.assert_array_equal(part, whole[first:last])


def test_uniforms_are_uniform_and_fresh_for_every_seed_and_iteration():
    draws = np.array(
        [uniforms(seed, t, 0, 5000) for seed in range(2) for t in range(2)]
    )
    assert (draws >= 0).all() and (draws < 1).all()
    for power in (1, 2, 3):
        deviation = (draws**power).mean(axis=1) - 1 / (power + 1)
        assert np.abs(deviation).max() < 5 * 0.3 / np.sqrt(5000)
    correlations = np.corrcoef(draws) - np.eye(4)
    assert np.abs(correlations).max() < 5 / np.sqrt(5000)


@pytest.mark.parametrize("row", CHAINS, ids=str)
def test_a_chain_does_not_depend_on_the_partition(row):
    first = walk(row, HOW, 0)[0]
    options = {"completion": HOW, "max_iter": 3}
    whole = em(row.make(), first.data, first.params, **options)
    for executor in EXECUTORS[1:3]:
        options["executor"] = executor
        same_fit(em(row.make(), first.data, first.params, **options), whole, 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_draws_have_the_frequencies_of_the_posterior(seed):
    rng = np.random.default_rng(seed)
    n = 20_000
    values = np.tile(rng.dirichlet(np.ones(4)), (n, 1))
    posterior = Responsibilities(values, np.zeros(n))
    drawn = HOW(posterior, 0, n).values
    spread = np.sqrt(values[0] * (1 - values[0]) / n)
    assert (np.abs(drawn.mean(axis=0) - values[0]) < 5 * spread).all()
    assert set(np.unique(drawn)) == {0.0, 1.0}
    np.testing.assert_array_equal(drawn.sum(axis=1), 1.0)


def test_no_draw_takes_an_impossible_component():
    values = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    posterior = Responsibilities(values, np.zeros(3))
    for uniform in (0.0, 0.5, np.nextafter(1.0, 0.0)):
        drawn = posterior.draw(np.full(3, uniform))
        np.testing.assert_array_equal(drawn.values, values)


def test_the_mode_is_the_first_among_equals():
    values = np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])
    mode = HARD(Responsibilities(values, np.zeros(2)), 0, 2)
    np.testing.assert_array_equal(mode.values.argmax(axis=1), [0, 1])
    assert (mode.entropy == 0).all()


def test_soft_completion_is_the_posterior_itself():
    posterior = Responsibilities(np.full((2, 2), 0.5), np.zeros(2))
    assert SOFT(posterior, 0, 2) is posterior
