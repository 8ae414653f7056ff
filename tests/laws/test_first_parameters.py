"""Responsibilities become parameters by the model's own M-step, at any distance."""

import numpy as np
import pytest

from checks import same
from mixtura.data import Rows
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.categorical import Responsibilities
from mixtura.models.mixture import Mixture
from registry import FAMILIES, mixture, random_probabilities
from walks import start

SEEDS = pytest.mark.parametrize("seed", range(3))


@SEEDS
@pytest.mark.parametrize("name", [name for name in FAMILIES if "fixed" not in name])
def test_the_parameters_do_not_depend_on_where_the_pivots_were(name, seed):
    model, params, data, rng = start(mixture(FAMILIES[name]), seed)
    values = random_probabilities(rng, len(data), 3)
    posterior = Responsibilities(values, np.zeros(len(data)))
    expected = model.m_step(params, model.statistics(params, data, posterior))
    same(model.from_responsibilities(data, values), expected, 1e-10)


@SEEDS
@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_components_may_lie_any_number_of_deviations_apart(offset, seed):
    rng = np.random.default_rng(seed)
    labels = np.arange(60) % 3
    X = (
        rng.standard_normal((60, 2))
        + offset * np.array([[1, 0], [-1, 1], [5, 5]])[labels]
    )
    params = Mixture(Gaussian(Full())).from_responsibilities(Rows(X), np.eye(3)[labels])
    inner = params.components
    for k in range(3):
        own = X[labels == k]
        near = own - own[0]  # exact, so that the reference does not cancel
        mean = near.mean(axis=0)
        same(inner.means[k] - own[0], mean, 1e-15 * max(offset, 1.0) + 1e-14)
        same(inner.covariances[k], np.cov(near.T, ddof=0), 1e-11)
