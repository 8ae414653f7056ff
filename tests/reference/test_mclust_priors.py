"""R's mclust with its default prior, from the same partition."""

from itertools import islice

import numpy as np
import pytest
from stored import STRUCTURES, full_numbers, mclust_numbers, reference, rows_of

from checks import same
from mixtura.data import Rows
from mixtura.em import em, em_steps
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.models.with_prior import WithPrior
from mixtura.priors import ConjugatePrior

OTHER_MODES = ("EII", "EEI", "VEI", "EVI", "EEV", "VEV")
"""Where mclust's M-step maximises no posterior; see the design note on priors."""

N_STEPS = 300
"""So many steps after which no parameter moves by a millionth."""

CASES = [
    pytest.param(record, code, id=f"{record['data_file']}-{code}")
    for record in reference("mclust_prior")["records"]
    for code in record["models"]
]
SHARED = [case for case in CASES if case.values[1] not in OTHER_MODES]
OTHER = [case for case in CASES if case.values[1] in OTHER_MODES]


def started(record, code):
    """The model, its data, and the parameters of mclust's classes."""
    data, structure = Rows(rows_of(record)), STRUCTURES[code]
    n_components = max(record["classes"])
    share = np.eye(n_components)[np.array(record["classes"]) - 1]
    prior = ConjugatePrior().completed(data, structure, n_components)
    mixture = Mixture(Gaussian(structure))
    return WithPrior(mixture, prior), data, mixture.from_responsibilities(data, share)


@pytest.mark.parametrize("record, code", SHARED)
def test_the_mode_is_that_of_mclust(record, code):
    model, data, first = started(record, code)
    *_, last = islice(em_steps(model, data, first), 2 * N_STEPS)
    expected = record["models"][code]
    same(full_numbers(last.params, STRUCTURES[code]), mclust_numbers(expected), 1e-6)
    likelihood = model.model.e_step(last.params, data).log_likelihood
    assert abs(likelihood - expected["loglik"]) < 1e-6


@pytest.mark.parametrize("record, code", OTHER)
def test_where_mclust_differs_its_estimate_has_a_lower_posterior(record, code):
    model, data, _ = started(record, code)
    weights, means, covariances = mclust_numbers(record["models"][code])
    spheres, axes = covariances[:, 0, 0], np.diagonal(covariances, 0, 1, 2)
    own = {"II": spheres, "EI": axes, "VI": axes}.get(code[1:], covariances)
    theirs = MixtureParams(weights, model.model.family.params(means, own))
    climbed = em(model, data, theirs, tol=1e-9, max_iter=3_000)
    assert climbed.log_likelihood > climbed.log_likelihoods[0] + 1e-3
