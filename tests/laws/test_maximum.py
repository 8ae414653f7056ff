"""The M-step returns the maximiser of Q among all that the model admits."""

from functools import partial
from itertools import islice

import numpy as np
import pytest

from checks import at_least, same, slack
from mixtura.completion import SOFT
from mixtura.em import em_steps
from registry import ALGORITHMS, MODELS, algorithm_name
from walks import climb, pairs, start, walk

MODEL = pytest.mark.parametrize("row", MODELS, ids=str)
ALGORITHM = pytest.mark.parametrize("row, how", ALGORITHMS, ids=algorithm_name)
SEEDS = pytest.mark.parametrize("seed", range(2))


def maxima(row, how, seed):
    """Q as a function of the parameters, and its claimed maximiser, in two M-steps."""
    climbed = pairs(walk(row, how, seed))
    for before, between, _ in (climbed[0], climbed[-1]):
        q = partial(before.model.expected_log_joint, statistics=before.statistics)
        yield q, between.params, before.data.n_observations


@SEEDS
@ALGORITHM
def test_no_admissible_step_from_the_maximiser_raises_q(row, how, seed):
    rng = np.random.default_rng(seed)
    for q, best, n in maxima(row, how, seed):
        for size in np.repeat([1e-4, 1e-2, 0.3], 2):
            at_least(q(best), q(row.nearby(best, rng, size)), n)


@SEEDS
@pytest.mark.parametrize("row", [row for row in MODELS if not row.has_edge], ids=str)
def test_q_is_stationary_at_the_maximiser(row, seed):
    """A first-order change in the parameters changes Q to second order only."""
    for q, best, n in maxima(row, SOFT, seed):
        for direction in range(4):
            forth, back = (
                q(best) - q(row.nearby(best, np.random.default_rng(direction), size))
                for size in (1e-4, -1e-4)
            )
            slope, curvature = abs(forth - back) / 2, (forth + back) / 2
            assert slope <= 0.1 * curvature + slack(q(best), n)


@SEEDS
@MODEL
def test_the_maximiser_of_other_statistics_is_no_better(row, seed):
    model, params, data, rng = start(row, seed)
    own = model.e_step(params, data)
    best = model.m_step(params, own)
    for _ in range(2):
        other = model.e_step(params, row.random_data(rng))
        for share in (1e-3, 0.1, 1.0):
            rival = model.m_step(params, own + other * share)
            at_least(
                model.expected_log_joint(best, own),
                model.expected_log_joint(rival, own),
                data.n_observations,
            )


@MODEL
def test_the_m_step_does_not_see_the_scale_of_the_weights(row):
    model, params, data, _ = start(row, seed=2)
    statistics = model.e_step(params, data)
    once, thrice = (model.m_step(params, statistics * scale) for scale in (1.0, 3.0))
    same(once, thrice, row.tolerance)


@SEEDS
@MODEL
def test_a_fixed_point_stays(row, seed):
    """Started from where EM ended, EM finds nothing to do."""
    done, data = climb(row, SOFT, seed)
    here, _, after = islice(em_steps(row.make(), data, done.params), 3)
    assert here.log_likelihood == done.log_likelihood
    gain = after.log_likelihood - here.log_likelihood
    assert abs(gain) <= 1e-6 * data.n_observations
