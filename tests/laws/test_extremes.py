"""Rows no component can explain: finite answers, never nan, never a warning."""

import numpy as np
import pytest

from checks import distributions, finite
from mixtura.completion import HARD, SOFT, Stochastic
from mixtura.data import Rows, Sequences
from mixtura.em import Outcome, em
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams
from mixtura.models.mixture import Mixture, MixtureParams
from registry import FAMILIES, hidden_markov, mixture
from walks import start

HOWS = pytest.mark.parametrize(
    "how", [SOFT, HARD, Stochastic(seed=1)], ids=lambda how: type(how).__name__.lower()
)
GAUSSIAN = pytest.mark.parametrize(
    "name", [name for name in FAMILIES if name not in ("poisson", "bernoulli")]
)
DISTANCES = (1e3, 1e8, 1e100, 1e160, 1e200, 1e300)


def with_far_rows(distance, n_features=2):
    near = np.random.default_rng(0).normal(size=(20, n_features))
    far = distance * np.array([[1.0, 0.0], [-1.0, 1.0], [0.3, -1.0]])
    far = np.tile(far, n_features // 2)
    return Rows(np.concatenate([near, far]))


@GAUSSIAN
def test_far_rows_have_responsibilities(name):
    model, params, _, _ = start(mixture(FAMILIES[name]), 0)
    for distance in DISTANCES:
        data = with_far_rows(distance, params.components.means.shape[1])
        posterior = model.posterior(params, data)
        distributions(posterior.values)
        finite(posterior.log_likelihood)
        near = model.posterior(params, data.part(0, 20)).values
        np.testing.assert_allclose(posterior.values[:20], near, rtol=1e-12)


@HOWS
@GAUSSIAN
def test_far_rows_have_finite_statistics(name, how):
    model, params, _, _ = start(mixture(FAMILIES[name]), 0)
    for distance in DISTANCES:
        data = with_far_rows(distance, params.components.means.shape[1])
        finite(model.e_step(params, data, how))


@HOWS
@pytest.mark.parametrize("distance", [1e3, 1e100, 1e200])
def test_far_rows_in_a_chain_have_finite_statistics(how, distance):
    model, params, _, _ = start(hidden_markov(FAMILIES["full-unconstrained"]), 0)
    data = Sequences(with_far_rows(distance).X, np.array([10, 13]))
    finite(model.e_step(params, data, how))


IMPOSSIBLE = PoissonParams(np.array([[0.0, 2.0], [0.0, 5.0]]))
COUNTS = np.array([[0.0, 3.0], [1.0, 4.0], [0.0, 6.0]])


@HOWS
def test_an_impossible_row_has_likelihood_zero_and_no_preference(how):
    model = Mixture(Poisson())
    params = MixtureParams(np.array([0.3, 0.7]), IMPOSSIBLE)
    posterior = model.posterior(params, Rows(COUNTS))
    np.testing.assert_array_equal(np.isneginf(posterior.log_likelihood), [0, 1, 0])
    np.testing.assert_array_equal(posterior.values[1], [0.5, 0.5])
    result = em(model, Rows(COUNTS), params, completion=how)
    assert result.outcome is Outcome.NON_FINITE
    assert result.params is params


@HOWS
def test_an_impossible_sequence_has_likelihood_zero_and_no_preference(how):
    model = HiddenMarkov(Poisson())
    params = HiddenMarkovParams(
        np.array([0.3, 0.7]), np.array([[0.9, 0.1], [0.4, 0.6]]), IMPOSSIBLE
    )
    paths = model.posterior(params, Rows(COUNTS))
    assert np.isneginf(paths.log_likelihood)
    distributions(paths.values)
    result = em(model, Sequences(COUNTS, np.array([3])), params, completion=how)
    assert result.outcome is Outcome.NON_FINITE
    assert result.params is params


def test_a_path_that_the_transitions_forbid_is_impossible_not_nan():
    model = HiddenMarkov(Poisson())
    params = HiddenMarkovParams(
        np.array([1.0, 0.0]), np.eye(2), PoissonParams(np.array([[1.0], [5.0]]))
    )
    X = np.array([[1.0], [2.0]])
    allowed = Rows(X, labels=np.array([0, 0]))
    forbidden = Rows(X, labels=np.array([0, 1]))
    assert np.isfinite(model.posterior(params, allowed).log_likelihood)
    assert np.isneginf(model.posterior(params, forbidden).log_likelihood)
