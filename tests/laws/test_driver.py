"""Why EM stopped, and with which parameters: every outcome, on scripted models."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from checks import same
from mixtura.completion import SOFT, Stochastic
from mixtura.convergence import remaining_gain
from mixtura.data import Rows
from mixtura.em import Outcome, em, em_steps
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.init.runs import whole
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.statistics import EStatistics
from registry import ALGORITHMS, MODELS, algorithm_name
from walks import climb, start, walk

ALGORITHM = pytest.mark.parametrize("row, how", ALGORITHMS, ids=algorithm_name)
ONE_ROW = Rows(np.zeros((1, 1)))
COLLAPSE = DegenerateComponentError("component 4 collapsed", component=4)


@dataclass(frozen=True)
class Scripted:
    """A model whose parameters are 0, 1, 2, ... and whose objectives are given."""

    objectives: tuple

    def e_step(self, params, block, completion=SOFT):
        value = self.objectives[params]
        if isinstance(value, BaseException):
            raise value
        return EStatistics(log_likelihood=value, entropy=0.0)

    def m_step(self, params, statistics):
        return params + 1

    def expected_log_joint(self, params, statistics):
        return self.objectives[params]


def run(*objectives, **options):
    return em(Scripted(objectives), ONE_ROW, 0, **options)


def ends(result, outcome, n_iter, trace):
    """The result has this outcome and the parameters of the last of the trace."""
    assert result.outcome is outcome
    assert result.message.startswith(outcome.value)
    assert (result.n_iter, result.params) == (n_iter, n_iter)
    assert result.log_likelihoods == trace
    assert len(trace) == n_iter + 1
    assert result.converged is (outcome is Outcome.CONVERGED)


@ALGORITHM
def test_params_are_those_of_the_last_log_likelihood(row, how):
    walked = walk(row, how, 0)
    model, params, data = walked[0].model, walked[0].params, walked[0].data
    for n_iter in (0, 1, min(5, len(walked) // 2)):
        result = em(model, data, params, tol=0.0, max_iter=n_iter, completion=how)
        again = next(em_steps(model, data, result.params, completion=how))
        same(result.log_likelihood, again.objective, row.tolerance)
        assert len(result.log_likelihoods) == result.n_iter + 1
        same(result.params, walked[2 * result.n_iter].params, 0.0)


@ALGORITHM
def test_no_iterations_keep_the_parameters(row, how):
    model, params, data, _ = start(row, 1)
    result = em(model, data, params, max_iter=0, completion=how)
    assert result.params is params
    assert result.n_iter == 0
    assert not result.converged


def test_a_limit_is_not_convergence():
    result = run(-9.0, -7.0, -5.5, -4.0, max_iter=2)
    ends(result, Outcome.ITERATION_LIMIT, 2, (-9.0, -7.0, -5.5))


def test_a_geometric_climb_ends_when_what_is_left_is_within_tolerance():
    climbing = tuple(-(0.5**t) for t in range(40))
    result = run(*climbing, tol=1e-3)
    left = -result.log_likelihood
    assert result.outcome is Outcome.CONVERGED
    assert 0.5e-3 < left <= 1e-3


def test_a_climb_that_ends_on_the_last_allowed_step_has_converged():
    result = run(-9.0, -1.0, -1.0, max_iter=2)
    ends(result, Outcome.CONVERGED, 2, (-9.0, -1.0, -1.0))


def test_a_fall_of_rounding_size_is_convergence_at_the_better_parameters():
    result = run(-9.0, -1.0, -1.0 - 1e-15)
    ends(result, Outcome.CONVERGED, 1, (-9.0, -1.0))


def test_a_fall_is_reported_and_undone():
    result = run(-9.0, -5.0, -5.001, -1.0)
    ends(result, Outcome.OBJECTIVE_FELL, 1, (-9.0, -5.0))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_ends_the_fit_at_the_last_that_is(value):
    result = run(-9.0, -5.0, value, -1.0)
    ends(result, Outcome.NON_FINITE, 1, (-9.0, -5.0))


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_start_without_a_likelihood_is_kept_and_reported(value):
    result = run(value, -1.0)
    assert (result.outcome, result.params) == (Outcome.NON_FINITE, 0)
    assert len(result.log_likelihoods) == 1


def test_a_collapse_ends_the_fit_and_is_named():
    result = run(-9.0, -5.0, COLLAPSE)
    ends(result, Outcome.COMPONENT_COLLAPSED, 1, (-9.0, -5.0))
    assert "component 4 collapsed" in result.message


def test_a_start_that_has_collapsed_is_an_error():
    with pytest.raises(DegenerateComponentError, match="component 4"):
        run(COLLAPSE)


def test_an_interrupt_keeps_the_best_parameters():
    result = run(-9.0, -5.0, KeyboardInterrupt())
    ends(result, Outcome.INTERRUPTED, 1, (-9.0, -5.0))


def test_who_has_no_use_for_half_a_fit_is_interrupted_too():
    ended = run(-9.0, -5.0, COLLAPSE)
    assert whole(ended) is ended
    with pytest.raises(KeyboardInterrupt):
        whole(run(-9.0, -5.0, KeyboardInterrupt()))


def test_an_interrupt_before_anything_is_known_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        run(KeyboardInterrupt())


def test_an_interrupt_in_the_callback_keeps_the_step_it_saw():
    def impatient(step):
        if step.iteration == 2:
            raise KeyboardInterrupt

    result = run(-9.0, -7.0, -5.5, -4.0, callback=impatient)
    ends(result, Outcome.INTERRUPTED, 2, (-9.0, -7.0, -5.5))


def test_the_callback_can_stop_the_fit():
    result = run(-9.0, -7.0, -5.5, callback=lambda step: step.iteration == 1)
    ends(result, Outcome.STOPPED, 1, (-9.0, -7.0))


@pytest.mark.parametrize("objectives", [(-9.0, -7.0, -7.0), (-9.0, -7.0, -8.0)])
def test_the_callback_sees_every_e_step_and_the_last_one_too(objectives):
    seen = []
    run(*objectives, callback=lambda step: seen.append(step.objective))
    assert seen == list(objectives)


@pytest.mark.parametrize("how", [Stochastic(seed=5)])
def test_a_chain_returns_the_best_it_visited(how):
    result = run(-9.0, -3.0, -7.0, -5.0, max_iter=3, completion=how)
    ends(result, Outcome.CHAIN_FINISHED, 1, (-9.0, -3.0))


@pytest.mark.parametrize("how", [Stochastic(seed=5)])
def test_an_interrupted_chain_returns_the_best_it_visited(how):
    result = run(-9.0, -3.0, -7.0, KeyboardInterrupt(), completion=how)
    ends(result, Outcome.INTERRUPTED, 1, (-9.0, -3.0))


@dataclass(frozen=True)
class Careless:
    """A model whose M-step does not belong to its E-step: it keeps old weights."""

    model: Mixture

    def e_step(self, params, block, completion=SOFT):
        return self.model.e_step(params, block, completion)

    def m_step(self, params, statistics):
        good = self.model.m_step(params, statistics)
        return replace(good, weights=good.weights[::-1] ** 4 / (good.weights**4).sum())

    def expected_log_joint(self, params, statistics):
        return self.model.expected_log_joint(params, statistics)


def test_a_model_whose_steps_disagree_is_found_out():
    row = MODELS[0]
    done, data = climb(row, SOFT, 0)
    fooled = em(Careless(row.make()), data, done.params)
    assert fooled.outcome is Outcome.OBJECTIVE_FELL
    assert fooled.params is done.params


def test_a_component_that_collapses_is_named_and_the_parameters_are_usable():
    family = Gaussian(Full())
    X = np.array([[0.0], [1.0], [2.0], [3.0], [50.0]])
    params = MixtureParams(
        np.array([0.5, 0.5]),
        family.params(np.array([[1.0], [50.0]]), np.array([[[4.0]], [[1e-3]]])),
    )
    result = em(Mixture(family), Rows(X), params)
    assert result.outcome is Outcome.COMPONENT_COLLAPSED
    assert "component 1 " in result.message
    posterior = Mixture(family).posterior(result.params, Rows(X))
    assert np.isfinite(posterior.log_likelihood).all()


@pytest.mark.parametrize("row", MODELS, ids=str)
def test_converged_means_that_far_less_than_a_nat_is_left(row):
    """Near a maximum, that is: at a saddle no rule can see what lies beyond."""
    best, data = climb(row, SOFT, 0)
    params = row.nearby(best.params, np.random.default_rng(0), 0.1)
    done = em(row.make(), data, params, max_iter=2000)
    assert done.outcome is Outcome.CONVERGED
    assert best.log_likelihood - done.log_likelihood < 0.1


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.99, 0.9999])
def test_the_gain_left_of_a_geometric_climb_is_exact(rate):
    trace = [-(rate**t) for t in range(10)]
    assert remaining_gain(trace) == pytest.approx(rate**9, rel=1e-6)


@pytest.mark.parametrize("slow", [0.7, 0.9])
@pytest.mark.parametrize("fast", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("share", [1e-1, 1e-3, 1e-5])
@pytest.mark.parametrize("tol", [1e-4, 1e-6, 1e-8])
def test_a_slow_mode_behind_a_fast_one_is_seen(fast, slow, share, tol):
    trace = [-(fast**t) - share * slow**t for t in range(2000)]
    stop = next(n for n in range(2, 2000) if remaining_gain(trace[:n]) <= tol)
    assert -trace[stop - 1] <= tol


@pytest.mark.parametrize("growth", [1.01, 1.1, 1.5])
@pytest.mark.parametrize("fast", [0.02, 0.1, 0.3])
def test_a_plateau_is_no_end(fast, growth):
    """Gains fall to 2e-5 nats while EM nears a saddle, and rise while it leaves."""
    share = 2e-5 / (growth - 1)
    trace = [-(fast**t) + share * growth**t for t in range(40)]
    assert min(remaining_gain(trace[:n]) for n in range(2, 40)) > 1e-4


@pytest.mark.parametrize("trace", [[1.0], [0.0, 9.0], [0.0, 9.0, 9.001]])
def test_the_leap_from_the_start_says_nothing_about_what_is_left(trace):
    """Between a start far away and a saddle, gains fall first and then rise."""
    assert remaining_gain(trace) >= 99 * max(trace)


def test_the_gain_left_is_infinite_while_gains_grow():
    assert remaining_gain([0.0, 1.0, 3.0, 6.0]) == math.inf
    assert remaining_gain([0.0, 1.0, 2.0, 3.0]) == math.inf
    assert remaining_gain([0.0, 4.0, 5.0, 7.0]) == math.inf


def test_the_slower_of_two_modes_decides():
    trace = [-(0.1**t) - 1e-3 * 0.999**t for t in range(30)]
    assert remaining_gain(trace) == pytest.approx(1e-3 * 0.999**29, rel=1e-2)
