"""Standard errors where the noise of a column has vanished: it is held there."""

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import multivariate_normal

from mixtura import GaussianMixture, standard_errors
from mixtura.families.factor_coordinates import factor_coordinates, noise_of
from mixtura.inference.chart import hessian, jacobian

# One factor of column 0 that leaves the others more correlation than they have.
HEYWOOD = np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.4], [0.8, 0.4, 1.0]])


def rows_of(seed, n_samples=150, shift=0.0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_samples, 3)) @ np.linalg.cholesky(HEYWOOD).T + shift


def two_groups():
    return np.concatenate([rows_of(1), 2 * rows_of(2, 100, [2.0, 1.0, -1.0])])


def fit(X, n_components=1, seed=0):
    return GaussianMixture(
        n_components, covariance_type="factors:1", tol=1e-12, random_state=seed
    ).fit(X)


def test_one_component_has_the_errors_of_the_moments_that_estimate_it():
    """All moments are as in the rows but one, which is S_01 S_02 / S_00."""
    X = rows_of(0)
    d = X - X.mean(axis=0)
    S = d.T @ d / len(X)
    model = fit(X)
    expected = S.copy()
    expected[1, 2] = expected[2, 1] = S[0, 1] * S[0, 2] / S[0, 0]
    np.testing.assert_allclose(model.covariances_[0], expected, rtol=1e-9)
    influence = d[:, :, None] * d[:, None, :] - S
    across = expected[1, 2] * (
        influence[:, 0, 1] / S[0, 1]
        + influence[:, 0, 2] / S[0, 2]
        - influence[:, 0, 0] / S[0, 0]
    )
    influence[:, 1, 2] = influence[:, 2, 1] = across
    errors = standard_errors(model, X)
    np.testing.assert_allclose(
        errors.covariances[0], np.sqrt((influence**2).mean(axis=0) / len(X)), rtol=1e-6
    )


@pytest.mark.parametrize("method", ["sandwich", "information", "score"])
def test_errors_are_those_of_the_parameters_that_are_free(method):
    X = two_groups()
    model = fit(X, 2)
    noises, free = zip(*(noise_of(each, 1) for each in model.covariances_), strict=True)
    assert [list(each) for each in free] == [[False, True, True]] * 2
    loadings = [each[0] / np.sqrt(each[0, 0]) for each in model.covariances_]
    odds = np.log(model.weights_[0] / model.weights_[1])
    rest = [noise[1:] for noise in noises]
    point = np.concatenate([[odds], model.means_.ravel(), *loadings, *rest])

    def natural(vector):
        means, factors = vector[1:7].reshape(2, 3), vector[7:13].reshape(2, 3)
        noise = np.pad(vector[13:].reshape(2, 2), [(0, 0), (1, 0)])
        matrices = factors[:, :, None] * factors[:, None] + noise[:, :, None] * np.eye(
            3
        )
        return expit([vector[0], -vector[0]]), means, matrices

    def log_densities(vector):
        parts = [
            np.log(weight) + multivariate_normal(mean, matrix).logpdf(X)
            for weight, mean, matrix in zip(*natural(vector), strict=True)
        ]
        return logsumexp(parts, axis=0)

    scores = jacobian(log_densities, point, 0.1)
    observed = -100 * hessian(
        lambda step: log_densities(point + step / 10).sum(), np.eye(len(point))
    )
    bread = np.linalg.inv(observed)
    middle = {
        "sandwich": bread @ scores.T @ scores @ bread,
        "information": bread,
        "score": np.linalg.inv(scores.T @ scores),
    }[method]
    slopes = jacobian(lambda v: natural(v)[2], point).reshape(18, -1)
    expected = np.sqrt(np.diag(slopes @ middle @ slopes.T)).reshape(2, 3, 3)
    errors = standard_errors(model, X, method=method)
    np.testing.assert_allclose(errors.covariances, expected, rtol=1e-5)
    expected = np.sqrt(np.diag(middle)[1:7]).reshape(2, 3)
    np.testing.assert_allclose(errors.means, expected, rtol=1e-5)


def test_fits_that_agree_have_the_same_errors():
    X = two_groups()
    found = []
    for seed in range(3):
        model = fit(X, 2, seed)
        order = np.argsort(model.weights_)
        found.append(standard_errors(model, X).covariances[order])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-4)


@pytest.mark.parametrize("n_vanished", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_noise_is_found_and_known_to_have_vanished(seed, n_vanished):
    rng = np.random.default_rng(seed)
    loadings, noise = rng.standard_normal((7, 2)), rng.uniform(0.2, 1, 7)
    noise[:n_vanished] = 0
    matrix = loadings @ loadings.T + np.diag(noise)
    found, free = noise_of(matrix, 2)
    np.testing.assert_allclose(found, noise, rtol=0, atol=1e-7)
    np.testing.assert_array_equal(free, noise > 0)
    vector, covariances_of = factor_coordinates(matrix[None], 2, False)
    assert len(vector) == loadings.size + 7 - n_vanished
    np.testing.assert_allclose(covariances_of(vector)[0], matrix, rtol=0, atol=1e-7)


@pytest.mark.parametrize("n_features", [2, 3, 4, 5, 6])
def test_coordinates_lead_to_the_covariance_whatever_determines_the_noise(n_features):
    """With few columns many noises belong to one covariance."""
    for n_factors in range(1, n_features):
        for seed in range(4):
            rng = np.random.default_rng(seed)
            loadings = rng.standard_normal((n_features, n_factors))
            noise = rng.uniform(0.2, 1, n_features)
            matrix = loadings @ loadings.T + np.diag(noise)
            vector, covariances_of = factor_coordinates(matrix[None], n_factors, False)
            np.testing.assert_allclose(covariances_of(vector)[0], matrix, atol=1e-6)
