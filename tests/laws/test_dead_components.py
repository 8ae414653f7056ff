"""A component without data keeps its mean and covariance, and does no harm."""

from contextlib import suppress
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from checks import finite, same
from mixtura.completion import HARD, SOFT
from mixtura.data import Rows, Sequences
from mixtura.em import Outcome, em
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance import Diagonal, Full, Spherical
from mixtura.families.gaussian import Gaussian
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams
from mixtura.models.mixture import MixtureParams
from registry import FAMILIES, SHARED_NAMES, mixture
from walks import start

FAMILY = pytest.mark.parametrize("name", FAMILIES)
HOWS = pytest.mark.parametrize("how", [SOFT, HARD], ids=["soft", "hard"])
DEAD = 1


def without(params, n_components):
    """The same mixture with the dead component removed."""
    living = np.arange(n_components) != DEAD
    fields = {
        field: value[living] if len(value) == n_components else value
        for field, value in vars(params.components).items()
    }
    return MixtureParams(params.weights[living], type(params.components)(**fields))


def beginning(name):
    """A mixture of which one component has weight zero, and no other dies at once."""
    for seed in count(5):
        model, params, data, _ = start(mixture(FAMILIES[name]), seed)
        params = replace(params, weights=np.array([0.4, 0.0, 0.6]))
        with suppress(DegenerateComponentError):
            model.m_step(params, model.e_step(params, data, HARD))
            return model, params, data
    raise AssertionError("unreachable")


@HOWS
@FAMILY
def test_weight_zero_is_the_mixture_without_the_component(name, how):
    model, params, data = beginning(name)
    statistics = model.e_step(params, data, how)
    alone = model.e_step(without(params, 3), data, how)
    assert statistics.counts[DEAD] == 0.0
    same(statistics.log_likelihood, alone.log_likelihood, 1e-13)
    same(statistics.entropy, alone.entropy, 1e-12)
    after = model.m_step(params, statistics)
    assert after.weights[DEAD] == 0.0
    same(without(after, 3), model.m_step(without(params, 3), alone), 1e-11)


@HOWS
@FAMILY
def test_weight_zero_keeps_what_is_the_components_own(name, how):
    model, params, data = beginning(name)
    after = model.m_step(params, model.e_step(params, data, how))
    finite(after)
    shares = name.partition("-")[0] in SHARED_NAMES
    for field, value in vars(params.components).items():
        if shares and field != "means":
            continue
        if len(value) == 3:  # not what a tied structure shares
            np.testing.assert_array_equal(
                getattr(after.components, field)[DEAD], value[DEAD]
            )


@HOWS
@pytest.mark.parametrize(
    "name", [name for name in FAMILIES if name.partition("-")[0] in SHARED_NAMES]
)
def test_weight_zero_follows_in_what_is_shared(name, how):
    """Its covariance is the nearest to its old one that has what the others share."""
    model, params, data = beginning(name)
    after = model.m_step(params, model.e_step(params, data, how)).components
    structure = model.family.structure
    nearest = structure.projected(after.covariances)
    same(nearest, after.covariances, 10 * FAMILIES[name].tolerance)
    own = after.covariances.copy()
    own[DEAD] = params.components.covariances[DEAD]
    counts = np.array([1.0, 0.0, 1.0])
    floor = getattr(model.family.constraint, "variances", None)
    if "floor" in name:
        floor = structure.attainable(floor)
        again = structure.closest(own, counts, after.covariances, floor)
    else:
        again = structure.closest(own, counts, after.covariances)
    same(again, after.covariances, 1e-9)


@FAMILY
def test_weight_zero_lasts_through_a_fit(name):
    model, params, data = beginning(name)
    result = em(model, data, params, max_iter=20)
    ends = {Outcome.CONVERGED, Outcome.ITERATION_LIMIT}
    if "unconstrained" in name:
        ends.add(Outcome.COMPONENT_COLLAPSED)  # of another component
    assert result.outcome in ends
    finite(result.params)
    assert result.params.weights[DEAD] == 0.0


@pytest.mark.parametrize("distance", [30.0, 36.0, 38.0, 1e3, 1e9])
@pytest.mark.parametrize(
    "structure", [Full(), Diagonal(), Spherical()], ids=lambda s: s.name
)
def test_a_count_that_underflows_is_a_dead_component(structure, distance):
    """Down to 5e-324, a count that cannot carry moments does not make any."""
    family = Gaussian(structure)
    model = replace(mixture(FAMILIES["full-unconstrained"]).make(), family=family)
    means = np.array([[0.0, 0.0], [distance, 0.0]])
    inner = family.params(means, structure.identity(2, 2))
    params = MixtureParams(np.array([0.5, 0.5]), inner)
    X = np.random.default_rng(0).normal(size=(40, 2)) * 0.1
    statistics = model.e_step(params, Rows(X))
    assert statistics.counts[1] < 1e-150
    after = model.m_step(params, statistics)
    finite(after)
    np.testing.assert_array_equal(after.components.means[1], means[1])
    np.testing.assert_array_equal(after.components.covariances[1], inner.covariances[1])
    assert em(model, Rows(X), params).outcome is Outcome.CONVERGED


@pytest.mark.parametrize("rate", [300.0, 700.0, 1e4])
def test_a_count_that_underflows_leaves_poisson_rates_finite(rate):
    model = mixture(FAMILIES["poisson"]).make()
    params = MixtureParams(
        np.array([0.5, 0.5]), PoissonParams(np.array([[1.0], [rate]]))
    )
    data = Rows(np.array([[0.0], [1.0], [2.0], [1.0]]))
    after = model.m_step(params, model.e_step(params, data))
    finite(after)
    assert 0 <= after.components.rates[1, 0] <= rate
    assert em(model, data, params).outcome is Outcome.CONVERGED


@HOWS
def test_a_state_that_is_never_entered_keeps_all_it_has(how):
    model = HiddenMarkov(Poisson())
    params = HiddenMarkovParams(
        np.array([0.6, 0.4, 0.0]),
        np.array([[0.7, 0.3, 0.0], [0.2, 0.8, 0.0], [0.1, 0.2, 0.7]]),
        PoissonParams(np.array([[1.0], [4.0], [9.0]])),
    )
    X = np.array([[0.0], [1.0], [5.0], [3.0], [1.0], [7.0]])
    data = Sequences(X, np.array([4, 2]))
    after = model.m_step(params, model.e_step(params, data, how))
    finite(after)
    np.testing.assert_array_equal(after.transition[2], params.transition[2])
    np.testing.assert_array_equal(after.components.rates[2], [9.0])
    assert after.start[2] == 0.0
    assert em(model, data, params, completion=how).outcome is Outcome.CONVERGED


@HOWS
def test_a_state_that_is_never_left_keeps_its_transitions(how):
    model = HiddenMarkov(Poisson())
    params = HiddenMarkovParams(
        np.array([0.5, 0.5]),
        np.array([[0.3, 0.7], [0.6, 0.4]]),
        PoissonParams(np.array([[1.0], [9.0]])),
    )
    data = Sequences(np.array([[1.0], [8.0], [0.0]]), np.array([1, 1, 1]))
    after = model.m_step(params, model.e_step(params, data, how))
    np.testing.assert_array_equal(after.transition, params.transition)
