"""K-means is hard EM with equal weights and one fixed spherical covariance."""

from itertools import islice

import numpy as np
import pytest
from sklearn.cluster import KMeans

from checks import same
from mixtura.completion import HARD
from mixtura.data import Rows
from mixtura.em import Outcome, em, em_steps
from mixtura.families.constraints import Fixed
from mixtura.families.covariance import Spherical
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Equal, Mixture, MixtureParams

K_MEANS = Mixture(Gaussian(Spherical(), Fixed()), Equal())

# name, rows, columns, components, distance between the clusters
SHAPES = [
    ("blobs", 120, 2, 3, 6.0),
    ("overlap", 200, 3, 5, 1.0),
    ("line", 60, 1, 2, 3.0),
]
CASES = pytest.mark.parametrize("name, n, d, k, spread", SHAPES, ids=lambda v: str(v))
SEEDS = pytest.mark.parametrize("seed", range(4))


def rows_and_centres(seed, n, d, k, spread):
    """Random data, weighted, and k of its rows."""
    rng = np.random.default_rng(seed)
    X = spread * rng.standard_normal((k, d))[rng.integers(k, size=n)]
    X += rng.standard_normal((n, d))
    return X, rng.uniform(0.5, 2, n), X[rng.choice(n, k, replace=False)]


def begin(centres):
    k = len(centres)
    inner = K_MEANS.family.params(centres, np.ones(k))
    return MixtureParams(np.full(k, 1 / k), inner)


def lloyd(X, weights, centres, max_iter):
    """scikit-learn's steps from the same centres."""
    model = KMeans(
        len(centres),
        init=centres,
        n_init=1,
        max_iter=max_iter,
        tol=0,
        algorithm="lloyd",
    )
    return model.fit(X, sample_weight=weights)


@SEEDS
@CASES
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_step_of_k_means_is_a_step_of_hard_em(name, n, d, k, spread, seed):
    X, weights, centres = rows_and_centres(seed, n, d, k, spread)
    data = Rows(X, weights)
    steps = list(islice(em_steps(K_MEANS, data, begin(centres), completion=HARD), 19))
    for iteration in range(1, 10):
        theirs = lloyd(X, weights, centres, iteration)
        ours = steps[2 * iteration]
        same(ours.params.components.means, theirs.cluster_centers_, 1e-12)
        np.testing.assert_array_equal(
            ours.responsibilities.argmax(axis=1), theirs.labels_
        )


@SEEDS
@CASES
def test_both_end_at_the_same_partition(name, n, d, k, spread, seed):
    X, weights, centres = rows_and_centres(seed, n, d, k, spread)
    data = Rows(X, weights)
    result = em(K_MEANS, data, begin(centres), completion=HARD, tol=0.0)
    theirs = lloyd(X, weights, centres, 300)
    assert result.outcome is Outcome.CONVERGED
    same(result.params.components.means, theirs.cluster_centers_, 1e-12)
    posterior = K_MEANS.posterior(result.params, data)
    labels = posterior.values.argmax(axis=1)
    np.testing.assert_array_equal(labels, theirs.labels_)
    # What hard EM climbs is the inertia k-means descends, up to constants.
    normal = -0.5 * d * np.log(2 * np.pi) - np.log(k)
    inertia = 2 * (weights.sum() * normal - result.log_likelihood)
    same(inertia, theirs.inertia_, 1e-12)
