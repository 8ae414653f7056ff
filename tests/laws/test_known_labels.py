"""Labels restrict the posterior; all of them make EM the closed-form estimate."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from scipy.special import logsumexp

from checks import distributions, same, slack
from mixtura.completion import SOFT
from mixtura.data import UNKNOWN, Rows
from mixtura.em import Outcome, em, em_steps
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.poisson import Poisson
from mixtura.models.mixture import Mixture
from registry import FAMILIES, hidden_markov, mixture
from walks import start

SEEDS = pytest.mark.parametrize("seed", range(2))
LABELLED = [
    *(mixture(family) for family in FAMILIES.values()),
    *(hidden_markov(FAMILIES[name]) for name in ("full-ridge", "poisson")),
]
LABELLED_ROW = pytest.mark.parametrize("row", LABELLED, ids=str)
MIXTURES = pytest.mark.parametrize(
    "row", [row for row in LABELLED if row.name.startswith("mixture")], ids=str
)


def labelled(row, seed, n=90):
    """A model, parameters elsewhere, and weighted draws with all their labels."""
    model, params, _, rng = start(row, seed)
    data = row.sample(row.random_params(rng), n, rng)
    weights = rng.choice([0.5, 1.0, 2.0], size=len(data))
    return model, params, replace(data, weights=weights), rng


def class_means(X, labels, weights):
    return np.stack(
        [
            np.average(X[labels == k], axis=0, weights=weights[labels == k])
            for k in range(labels.max() + 1)
        ]
    )


def class_covariances(X, labels, weights):
    return np.stack(
        [
            np.atleast_2d(np.cov(X[labels == k].T, aweights=w, ddof=0))
            for k in range(labels.max() + 1)
            for w in [weights[labels == k]]
        ]
    )


def closed_form(structure, X, labels, weights):
    """Class covariances, averaged over what the structure shares."""
    separate = class_covariances(X, labels, weights)
    diagonals = np.diagonal(separate, axis1=1, axis2=2)
    shares = np.bincount(labels, weights=weights) / weights.sum()
    return {
        "full": separate,
        "tied": np.tensordot(shares, separate, axes=1),
        "diagonal": diagonals,
        "spherical": diagonals.mean(axis=1),
    }[structure]


@SEEDS
@pytest.mark.parametrize(
    "name, structure",
    [
        ("full", Full()),
        ("tied", Tied()),
        ("diagonal", Diagonal()),
        ("spherical", Spherical()),
    ],
)
def test_all_labels_known_make_one_m_step_the_ml_estimate(name, structure, seed):
    row = mixture(FAMILIES[f"{name}-unconstrained"])
    _, params, data, _ = labelled(row, seed)
    model = Mixture(Gaussian(structure))
    fitted = next(islice(em_steps(model, data, params), 1, None)).params
    shares = np.bincount(data.labels, weights=data.weights) / data.weights.sum()
    same(fitted.weights, shares, 1e-13)
    rows = (data.X, data.labels, data.weights)
    same(fitted.components.means, class_means(*rows), 1e-12)
    same(fitted.components.covariances, closed_form(name, *rows), 1e-11)


@SEEDS
def test_all_labels_known_give_the_rates_of_the_classes(seed):
    _, params, data, _ = labelled(mixture(FAMILIES["poisson"]), seed)
    fitted = next(islice(em_steps(Mixture(Poisson()), data, params), 1, None)).params
    same(fitted.components.rates, class_means(data.X, data.labels, data.weights), 1e-13)


@SEEDS
@LABELLED_ROW
def test_all_labels_known_leave_nothing_for_a_second_iteration(row, seed):
    model, params, data, _ = labelled(row, seed)
    result = em(model, data, params)
    assert result.outcome is Outcome.CONVERGED
    assert result.n_iter <= 2
    once, twice = list(islice(em_steps(model, data, params), 5))[2::2]
    assert abs(once.elbo - twice.elbo) <= slack(once.elbo, data.n_observations)
    assert once.entropy == 0.0


@SEEDS
@MIXTURES
def test_known_rows_are_one_hot_and_the_others_as_if_nothing_were_known(row, seed):
    model, params, data, rng = labelled(row, seed)
    known = rng.random(len(data)) < 0.4
    partly = replace(data, labels=np.where(known, data.labels, UNKNOWN))
    free = model.posterior(params, replace(data, labels=None))
    posterior = model.posterior(params, partly)
    distributions(posterior.values)
    np.testing.assert_array_equal(
        posterior.values[known], np.eye(3)[data.labels[known]]
    )
    np.testing.assert_array_equal(posterior.values[~known], free.values[~known])
    np.testing.assert_array_equal(
        posterior.log_likelihood[~known], free.log_likelihood[~known]
    )


@SEEDS
@MIXTURES
def test_the_log_likelihood_of_a_known_row_is_that_of_row_and_label(row, seed):
    model, params, data, rng = labelled(row, seed)
    known = rng.random(len(data)) < 0.4
    partly = replace(data, labels=np.where(known, data.labels, UNKNOWN))
    log_joint = model.log_joint(params, data.X)
    of_pair = log_joint[np.arange(len(data)), data.labels]
    expected = np.where(known, of_pair, logsumexp(log_joint, axis=1))
    total = model.e_step(params, partly).log_likelihood
    assert abs(total - data.weights @ expected) <= slack(total, len(data))


@SEEDS
@LABELLED_ROW
def test_labels_that_say_nothing_change_nothing(row, seed):
    model, params, data, _ = labelled(row, seed)
    nothing = replace(data, labels=np.full(len(data.X), UNKNOWN))
    free = replace(data, labels=None)
    same(model.e_step(params, nothing), model.e_step(params, free), row.tolerance)


@SEEDS
@LABELLED_ROW
def test_the_likelihoods_of_all_labels_of_a_unit_sum_to_its_own(row, seed):
    """p(x) = sum over z of p(x, z): one row, or two rows of a chain, at a time."""
    model, params, data, _ = labelled(row, seed)
    unit = replace(data.part(0, 1), weights=None)
    n_components = len(model.e_step(params, unit).components.counts)
    length = len(unit.X)
    joints = [
        model.e_step(params, replace(unit, labels=np.array(labels))).log_likelihood
        for labels in np.ndindex(*(n_components,) * length)
    ]
    free = model.e_step(params, replace(unit, labels=None), SOFT).log_likelihood
    assert abs(logsumexp(joints) - free) <= slack(free, length)


def test_a_label_is_an_observation_also_for_far_rows():
    row = mixture(FAMILIES["full-ridge"])
    model, params, _, _ = start(row, 0)
    far = Rows(np.full((3, 2), 1e100), labels=np.array([0, 1, 2]))
    np.testing.assert_array_equal(model.posterior(params, far).values, np.eye(3))
