"""Variational EM obeys the laws of EM, with a posterior for its parameters."""

from functools import reduce
from itertools import islice, pairwise
from operator import add

import numpy as np
import pytest

from bayesian import CASES, start
from checks import at_least, never_falls, same
from mixtura.acceleration import Anderson, Automatic, Squarem
from mixtura.completion import HARD, SOFT, Stochastic
from mixtura.data import Rows
from mixtura.em import em, em_steps
from mixtura.execution.in_memory import InMemory

CASE = pytest.mark.parametrize("case", CASES, ids=str)
SEEDS = pytest.mark.parametrize("seed", range(3))
COMPLETIONS = pytest.mark.parametrize("how", [SOFT, HARD, Stochastic(seed=3)], ids=repr)


def walk(case, seed, how=SOFT, length=21):
    model, data, params = start(case, seed)
    return list(islice(em_steps(model, data, params, completion=how), length))


@SEEDS
@CASE
def test_the_bound_never_falls_at_any_half_step(case, seed):
    steps = walk(case, seed, length=61)
    n = steps[0].data.n_observations
    never_falls([step.elbo for step in steps], n)
    never_falls([step.log_likelihood for step in steps[0::2]], n)


@CASE
def test_nor_in_hard_em(case):
    steps = walk(case, 0, HARD, 31)
    never_falls([step.elbo for step in steps], steps[0].data.n_observations)


@COMPLETIONS
@CASE
def test_bound_and_divergence_add_up(case, how):
    for step in walk(case, 1, how):
        size = abs(step.log_likelihood) + step.data.n_observations
        assert step.kl >= -1e-12 * size
        if step.phase == "E" and how == SOFT:
            assert abs(step.kl) <= 1e-12 * size


@SEEDS
@CASE
def test_no_posterior_nearby_has_a_higher_bound(case, seed):
    rng = np.random.default_rng(seed)
    model, data, params = start(case, seed)
    statistics = model.e_step(params, data)
    best = model.m_step(params, statistics)
    highest = model.expected_log_joint(best, statistics)
    vector = model.unconstrained(best)
    for size in np.repeat([1e-4, 1e-2, 0.3], 6):
        moved = vector + size * rng.standard_normal(vector.shape)
        if not case.structure.per_component:  # one nu for all
            nus = _degrees_of_freedom_in(model, best)
            moved[nus] = moved[nus][0]
        other = model.constrained(moved, best)
        rival = model.expected_log_joint(other, statistics)
        at_least(highest, rival, data.n_observations)


def _degrees_of_freedom_in(model, params):
    first = params.concentrations.size + len(params.components)
    return slice(first, first + len(params.components))


@CASE
def test_the_vector_of_parameters_maps_there_and_back(case):
    model, _, params = start(case, 2)
    again = model.constrained(model.unconstrained(params), params)
    same(again, params, 1e-9)


@COMPLETIONS
@CASE
def test_the_prior_counts_once_whatever_the_partition(case, how):
    model, data, params = start(case, 3)
    whole = model.e_step(params, data, how)
    for size in (1, 7, 50):
        parts = InMemory(size)(lambda block: model.e_step(params, block, how), data)
        same(parts, whole, 1e-11)
    same(whole + whole.zero(), whole, 0.0)
    doubled = model.e_step(params, Rows(data.X, 2 * data.weights), how)
    same(whole * 2.0, doubled, 1e-11)


@CASE
def test_known_labels_are_kept(case):
    model, data, params = start(case, 4)
    labels = np.full(len(data), -1)
    labels[:20] = np.arange(20) % 4
    known = Rows(data.X, data.weights, labels)
    values = model.posterior(params, known).values
    np.testing.assert_array_equal(values[:20].argmax(axis=1), labels[:20])
    assert (values[:20].max(axis=1) == 1).all()
    counts = model.e_step(params, known).counts
    np.testing.assert_allclose(counts, data.weights @ values, rtol=1e-12)


@pytest.mark.parametrize(
    "acceleration", [Anderson(), Squarem(), Automatic(patience=1, rate=0.1)], ids=repr
)
@CASE
def test_accelerated_steps_gain_at_least_what_plain_ones_do(case, acceleration):
    model, data, params = start(case, 5)
    visited = []
    result = em(
        model,
        data,
        params,
        tol=0.0,
        max_iter=12,
        acceleration=acceleration,
        callback=lambda step: visited.append(step) and False,
    )
    never_falls(result.log_likelihoods, data.n_observations)
    for before, after in pairwise(visited):
        plain = em(model, data, before.params, tol=0.0, max_iter=1)
        slack = 1e-9 * (abs(plain.log_likelihood) + data.n_observations)
        assert after.log_likelihood >= plain.log_likelihood - slack


@CASE
def test_a_component_without_rows_returns_to_its_prior(case):
    model, data, _ = start(case, 6)
    responsibilities = np.zeros((len(data), 4))
    responsibilities[:, :2] = 0.5
    params = model.from_responsibilities(data, responsibilities)
    q, prior = params.components, model.family.prior
    np.testing.assert_allclose(q.gaussian.means[2], prior.gaussian.means[2], rtol=1e-12)
    assert q.mean_precision[3] == prior.mean_precision[3]
    if case.structure.per_component and not hasattr(case.constraint, "variances"):
        np.testing.assert_allclose(
            q.gaussian.covariances[2], prior.gaussian.covariances[2], rtol=1e-12
        )


def test_the_statistics_of_different_posteriors_do_not_add():
    model, data, params = start(CASES[0], 7)
    other = model.m_step(params, model.e_step(params, data))
    with pytest.raises(AssertionError, match="differs between the terms"):
        reduce(add, [model.e_step(params, data), model.e_step(other, data)])
