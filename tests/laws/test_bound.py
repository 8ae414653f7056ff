"""Source 001, section 2: log p(x) = ELBO + KL, ELBO = Q + H, and the chain of 2.5."""

import numpy as np
import pytest

from checks import at_least, distributions, never_falls, same, slack
from mixtura.completion import HARD, SOFT
from registry import ALGORITHMS, MODELS, algorithm_name
from units import weights_of
from walks import pairs, start, walk

ALGORITHM = pytest.mark.parametrize("row, how", ALGORITHMS, ids=algorithm_name)
SOFT_ROWS = pytest.mark.parametrize("row", MODELS, ids=str)
HARD_ROWS = pytest.mark.parametrize(
    "row", [row for row in MODELS if HARD in row.completions], ids=str
)
SEEDS = pytest.mark.parametrize("seed", range(2))
MORE_SEEDS = pytest.mark.parametrize("seed", range(4))

# Q is computed from moments, the log-likelihood from densities: they agree to more
# than rounding of one sum, far less than any term.
RELATIVE = 1e-11


def size(step):
    return abs(step.log_likelihood) + step.data.n_observations


def agree(a, b, step):
    assert abs(a - b) <= RELATIVE * size(step), (a, b)


@ALGORITHM
def test_kl_is_that_between_the_two_posteriors(row, how):
    for step in walk(row, how, 0)[:6]:
        kl = row.kl(
            step.model, step.posterior_params, step.params, step.data, step.completion
        )
        assert abs(step.kl - kl) <= RELATIVE * size(step), (step.kl, kl)


@SEEDS
@ALGORITHM
def test_the_bound_is_q_plus_entropy_and_lies_below(row, how, seed):
    for step in walk(row, how, seed):
        agree(step.elbo, step.q + step.entropy, step)
        agree(step.log_likelihood, step.elbo + step.kl, step)
        assert step.kl >= -RELATIVE * size(step)
        assert step.entropy >= -slack(0.0, step.data.n_observations)


@SEEDS
@SOFT_ROWS
def test_the_e_step_makes_the_bound_touch(row, seed):
    for step in walk(row, SOFT, seed)[0::2]:
        agree(step.elbo, step.log_likelihood, step)


@SEEDS
@SOFT_ROWS
def test_each_iteration_climbs_by_way_of_the_bound(row, seed):
    for before, between, after in pairs(walk(row, SOFT, seed)):
        n = before.data.n_observations
        at_least(between.elbo, before.elbo, n)
        agree(before.log_likelihood, before.elbo, before)
        assert between.log_likelihood == after.log_likelihood
        at_least(after.log_likelihood, between.elbo, n)
        at_least(after.log_likelihood, before.log_likelihood, n)


@SEEDS
@ALGORITHM
def test_the_m_step_raises_the_bound_under_any_completion(row, how, seed):
    for before, between, _ in pairs(walk(row, how, seed)):
        at_least(between.elbo, before.elbo, before.data.n_observations)


@MORE_SEEDS
@SOFT_ROWS
def test_the_log_likelihood_never_falls_in_soft_em(row, seed):
    steps = walk(row, SOFT, seed)
    trace = [step.log_likelihood for step in steps[0::2]]
    never_falls(trace, steps[0].data.n_observations)


@MORE_SEEDS
@HARD_ROWS
def test_the_bound_never_falls_in_hard_em_at_any_half_step(row, seed):
    steps = walk(row, HARD, seed)
    never_falls([step.elbo for step in steps], steps[0].data.n_observations)
    assert [step.entropy for step in steps] == [0.0] * len(steps)


@ALGORITHM
def test_the_log_likelihood_is_the_weighted_sum_over_units(row, how):
    model, params, data, _ = start(row, seed=400)
    units = [data.part(i, i + 1) for i in range(len(data))]
    alone = [model.e_step(params, unit).log_likelihood for unit in units]
    whole = model.e_step(params, data, how).log_likelihood
    assert abs(sum(alone) - whole) <= slack(whole, len(units) + weights_of(data).sum())


@pytest.mark.parametrize(
    "row, how",
    [(row, how) for row, how in ALGORITHMS if len(row.completions) > 1],
    ids=algorithm_name,
)
def test_responsibilities_are_those_of_q_whatever_the_data(row, how):
    steps = walk(row, how, 0)
    for step in steps[:3]:
        counts = step.statistics.components.counts
        data = step.data
        weights = weights_of(data)
        if len(data) != len(data.X):  # one weight a sequence
            weights = np.repeat(weights, data.lengths)
        distributions(step.responsibilities)
        same(weights @ step.responsibilities, counts, row.tolerance)
