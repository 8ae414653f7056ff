"""A mixture with groups is one with labels where groups are single components."""

import numpy as np
import pytest
from scipy.special import logsumexp

from mixtura.data import Rows
from mixtura.em import em
from mixtura.families.covariance import Full, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.models.grouped_mixture import FixedGroups, GroupedMixture
from mixtura.models.mixture import Mixture

GROUPS = np.array([0, 0, 1, 2])


def problem(seed, structure):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(120, 2)) + 3 * rng.integers(0, 3, size=(120, 1))
    labels = rng.integers(-1, 3, size=120)
    data = Rows(X, rng.uniform(0.2, 2.0, size=120), labels)
    mixture = Mixture(Gaussian(structure))
    responsibilities = rng.dirichlet(np.ones(4), size=120)
    return data, mixture, mixture.from_responsibilities(data, responsibilities)


@pytest.mark.parametrize("structure", [Full(), Tied()])
def test_groups_of_one_are_labels(structure):
    data, mixture, params = problem(0, structure)
    grouped = GroupedMixture(mixture, np.arange(4))
    ours, theirs = grouped.e_step(params, data), mixture.e_step(params, data)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(ours.counts, theirs.counts, rtol=1e-12)
    np.testing.assert_allclose(
        ours.components.second, theirs.components.second, rtol=1e-12
    )


def test_a_label_leaves_the_components_of_its_group():
    data, mixture, params = problem(1, Full())
    model = GroupedMixture(mixture, GROUPS)
    values = model.posterior(params, data).values
    np.testing.assert_allclose(values.sum(axis=1), 1.0)
    known = data.labels != -1
    elsewhere = data.labels[known, None] != GROUPS
    assert (values[known][elsewhere] == 0).all()
    assert (values[~known] > 0).all()
    log_joint = mixture.log_joint(params, data.X)
    by_hand = [
        logsumexp(row if label == -1 else row[GROUPS == label])
        for row, label in zip(log_joint, data.labels, strict=True)
    ]
    total = model.e_step(params, data).log_likelihood
    assert total == pytest.approx(data.weights @ by_hand, rel=1e-12)


@pytest.mark.parametrize("structure", [Full(), Tied()])
@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_never_falls(seed, structure):
    data, mixture, params = problem(seed, structure)
    for model in (
        GroupedMixture(mixture, GROUPS),
        GroupedMixture(
            Mixture(mixture.family, FixedGroups(GROUPS, np.array([0.2, 0.5, 0.3]))),
            GROUPS,
        ),
    ):
        start = model.m_step(params, model.e_step(params, data))
        result = em(model, data, start, max_iter=60)
        assert (np.diff(result.log_likelihoods) >= 0).all()


def test_totals_of_groups_stay_fixed():
    totals = np.array([0.2, 0.5, 0.3])
    proportions = FixedGroups(GROUPS, totals)
    counts = np.array([3.0, 1.0, 0.0, 7.0])
    weights = proportions.maximize(np.full(4, 0.25), counts)
    np.testing.assert_allclose(weights, [0.15, 0.05, 0.25, 0.3])
    assert proportions.n_free_parameters(4) == 1
    weights = np.array([0.15, 0.05, 0.5, 0.3])
    vector = proportions.unconstrained(weights) + np.array([7.0, 7.0, -3.0, 0.5])
    np.testing.assert_allclose(proportions.constrained(vector, weights), weights)
