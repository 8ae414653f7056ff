"""Hidden Markov models against the sum over all paths, term by term."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp

from checks import distributions, same
from mixtura.completion import HARD, Stochastic
from mixtura.data import Rows, Sequences
from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams
from mixtura.models.mixture import Mixture, MixtureParams
from oracles import path_log_joints
from registry import FAMILIES, random_probabilities

CASES = pytest.mark.parametrize(
    "name, n_states, length",
    [
        (name, n_states, length)
        for name in ("full-unconstrained", "tied-unconstrained", "poisson")
        for n_states, length in [(1, 4), (2, 1), (2, 6), (3, 2), (3, 6)]
    ],
)
SEEDS = pytest.mark.parametrize("seed", range(3))
EXACT = 1e-13


def enumerated(name, n_states, length, seed):
    """A model, one sequence from elsewhere, its paths and their probabilities."""
    rng = np.random.default_rng(seed)
    family = FAMILIES[name]
    model = HiddenMarkov(family.make())
    params, other = (
        HiddenMarkovParams(
            random_probabilities(rng, n_states),
            random_probabilities(rng, n_states, n_states),
            family.random_params(rng, n_states),
        )
        for _ in range(2)
    )
    sequence = Rows(model.sample(other, length, rng)[0])
    joints = path_log_joints(
        params, model.family.log_density(params.components, sequence.X)
    )
    paths, log_joints = np.array(list(joints)), np.array(list(joints.values()))
    evidence = logsumexp(log_joints)
    return model, params, sequence, paths, np.exp(log_joints - evidence), evidence


@SEEDS
@CASES
def test_the_log_likelihood_is_the_sum_over_paths(name, n_states, length, seed):
    model, params, sequence, *_, evidence = enumerated(name, n_states, length, seed)
    posterior = model.posterior(params, sequence)
    same(posterior.log_likelihood, evidence, EXACT)
    whole = Sequences(sequence.X, np.array([length]))
    same(model.e_step(params, whole).log_likelihood, evidence, EXACT)


@SEEDS
@CASES
def test_smoothed_and_pairwise_probabilities_are_sums_over_paths(
    name, n_states, length, seed
):
    model, params, sequence, paths, p, _ = enumerated(name, n_states, length, seed)
    states = np.eye(n_states)[paths]  # (n_paths, length, n_states)
    posterior = model.posterior(params, sequence)
    distributions(posterior.values)
    same(posterior.values, np.tensordot(p, states, axes=1), EXACT)
    pairs = np.einsum("p,ptj,ptk->tjk", p, states[:, :-1], states[:, 1:])
    same(posterior.transitions, pairs, EXACT)


@SEEDS
@CASES
def test_the_entropy_is_that_of_the_distribution_over_paths(
    name, n_states, length, seed
):
    model, params, sequence, _, p, _ = enumerated(name, n_states, length, seed)
    likely = p[p > 0]
    entropy = -(likely * np.log(likely)).sum()
    same(model.posterior(params, sequence).entropy, entropy, 1e-12)


@SEEDS
@CASES
def test_the_mode_is_the_most_probable_path(name, n_states, length, seed):
    model, params, sequence, paths, p, _ = enumerated(name, n_states, length, seed)
    mode = model.posterior(params, sequence).mode()
    np.testing.assert_array_equal(mode.values.argmax(axis=1), paths[p.argmax()])
    assert mode.entropy == 0.0
    # Its Q is the joint of the path and the data: the objective of hard EM.
    whole = Sequences(sequence.X, np.array([length]))
    statistics = model.e_step(params, whole, HARD)
    same(
        model.expected_log_joint(params, statistics),
        np.log(p.max()) + statistics.log_likelihood,
        1e-12,
    )


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["full-unconstrained", "poisson"])
def test_drawn_paths_have_the_frequencies_of_the_posterior(name, seed):
    model, params, _, _, _, _ = enumerated(name, 2, 4, seed)
    # A flat sequence, so that no path is too rare to be counted.
    X = np.tile(
        model.family.sample(params.components, [0], np.random.default_rng(seed)), (4, 1)
    )
    joints = path_log_joints(params, model.family.log_density(params.components, X))
    log_joints = np.array(list(joints.values()))
    p = np.exp(log_joints - logsumexp(log_joints))
    posterior, n_draws = model.posterior(params, Rows(X)), 4000
    index = 2 ** np.arange(3, -1, -1)
    counts = np.zeros(len(p))
    for i in range(n_draws):
        drawn = Stochastic(seed=seed)(posterior, 4 * i, 4)
        counts[drawn.values.argmax(axis=1) @ index] += 1
    spread = np.sqrt(n_draws * p * (1 - p)) + 1
    assert (np.abs(counts - n_draws * p) < 5 * spread).all()


@SEEDS
@pytest.mark.parametrize("name", ["full-unconstrained", "diagonal-ridge", "poisson"])
def test_equal_transition_rows_make_a_mixture(name, seed):
    rng = np.random.default_rng(seed)
    family = FAMILIES[name]
    weights, inner = random_probabilities(rng, 3), family.random_params(rng, 3)
    chain, mixture = HiddenMarkov(family.make()), Mixture(family.make())
    params = MixtureParams(weights, inner)
    flat = HiddenMarkovParams(weights, np.tile(weights, (3, 1)), inner)
    X = mixture.sample(params, 40, rng)[0]
    one = chain.e_step(flat, Sequences(X, np.array([25, 15])))
    other = mixture.e_step(params, Rows(X))
    same(one.log_likelihood, other.log_likelihood, 1e-12)
    same(one.entropy, other.entropy, 1e-12)
    same(one.components, other.components, 1e-11)
    leaving = one.transitions.sum(axis=1) + model_ends(chain, flat, X, (25, 15))
    same(leaving, other.counts, 1e-11)


def model_ends(chain, params, X, lengths):
    """Expected states of the last rows, which no transition leaves."""
    data = Sequences(X, np.array(lengths))
    return sum(chain.posterior(params, each).values[-1] for each, _ in data.each())


@SEEDS
@pytest.mark.parametrize("name", ["full-unconstrained", "diagonal-ridge", "poisson"])
def test_sequences_of_length_one_make_a_mixture(name, seed):
    rng = np.random.default_rng(seed)
    family = FAMILIES[name]
    chain, mixture = HiddenMarkov(family.make()), Mixture(family.make())
    transition = random_probabilities(rng, 3, 3)
    params = HiddenMarkovParams(
        random_probabilities(rng, 3), transition, family.random_params(rng, 3)
    )
    same_params = MixtureParams(params.start, params.components)
    X = mixture.sample(same_params, 40, rng)[0]
    weights = rng.uniform(0, 2, 40)
    one = chain.e_step(params, Sequences(X, np.ones(40, dtype=int), weights))
    other = mixture.e_step(same_params, Rows(X, weights))
    same(one.components, other.components, 1e-11)
    same(one.starts, other.counts, 1e-11)
    same(one.log_likelihood, other.log_likelihood, 1e-12)
    after, expected = chain.m_step(params, one), mixture.m_step(same_params, other)
    same(after.start, expected.weights, 1e-12)
    same(after.components, expected.components, 1e-11)
    np.testing.assert_array_equal(after.transition, transition)


@pytest.mark.parametrize("length", [1000, 20_000])
def test_a_long_sequence_does_not_underflow(length):
    family = FAMILIES["poisson"]
    rng = np.random.default_rng(0)
    inner = family.random_params(rng, 2)
    params = HiddenMarkovParams(
        np.array([1.0, 0.0]), np.array([[0.99, 0.01], [0.02, 0.98]]), inner
    )
    model = HiddenMarkov(family.make())
    X, _ = model.sample(params, length, rng)
    posterior = model.posterior(params, Rows(X))
    assert -20 * length < posterior.log_likelihood < -length
    distributions(posterior.values)


def test_restricted_sequences_sum_to_the_whole():
    """The likelihoods with the third state known to be k add up over k."""
    model, params, sequence, *_, evidence = enumerated("poisson", 3, 6, 0)
    labels = np.full((3, 6), -1)
    labels[:, 2] = range(3)
    parts = [
        model.posterior(params, replace(sequence, labels=known)).log_likelihood
        for known in labels
    ]
    same(logsumexp(parts), evidence, EXACT)
