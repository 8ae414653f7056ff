"""Digits: NIST's univariate problems, and log-densities in 60-digit arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from mixtures import TYPES, clusters

from checks import correct_digits
from mixtura import GaussianMixture
from oracles import normal_log_density

# NIST Statistical Reference Datasets, univariate summary statistics NumAcc1 to 4:
# constant leading digits of growing number. https://www.itl.nist.gov/div898/strd/
NUM_ACC = {
    "NumAcc1": [10000001, 10000003, 10000002],
    "NumAcc2": [1.2, *[1.1, 1.3] * 500],
    "NumAcc3": [1000000.2, *[1000000.1, 1000000.3] * 500],
    "NumAcc4": [10000000.2, *[10000000.1, 10000000.3] * 500],
}


def exact_moments(values):
    """Mean and variance (divisor n) of the doubles, as fractions."""
    exact = [Fraction(float(value)) for value in values]
    mean = sum(exact) / len(exact)
    return mean, sum((value - mean) ** 2 for value in exact) / len(exact)


@pytest.mark.parametrize("name", NUM_ACC)
@pytest.mark.parametrize("covariance_type", TYPES)
def test_numacc_moments_have_thirteen_digits(name, covariance_type):
    column = np.array(NUM_ACC[name], dtype=np.float64)
    model = GaussianMixture(covariance_type=covariance_type).fit(column[:, None])
    mean, variance = exact_moments(column)
    assert correct_digits(model.means_[0, 0], mean) >= 15
    assert correct_digits(np.ravel(model.covariances_)[0], variance) >= 13
    assert model.converged_


@pytest.mark.parametrize("name", NUM_ACC)
def test_numacc_in_float32_units_is_about_the_float32_values(name):
    column = np.array(NUM_ACC[name], dtype=np.float32)
    if len(np.unique(column)) == 1:
        pytest.skip("float32 cannot tell these values apart")
    model = GaussianMixture().fit(column[:, None])
    _, variance = exact_moments(column)
    assert correct_digits(model.covariances_[0, 0, 0], variance) >= 12


def hard_case(seed, ratio, condition):
    """A mean far from the origin, a covariance of this condition, rows near it."""
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    spread = np.sqrt(np.geomspace(1, 1 / condition, 3))
    covariance = (basis * spread**2) @ basis.T
    covariance = (covariance + covariance.T) / 2
    mean = ratio * rng.uniform(0.5, 1, size=3)
    rows = mean + (rng.standard_normal((6, 3)) * 3 * spread) @ basis.T
    return mean, covariance, rows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ratio", [1.0, 1e4, 1e8])
@pytest.mark.parametrize("condition", [1.0, 1e4, 1e8])
@pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="long double is double here"
)
def test_log_densities_against_sixty_digits(seed, ratio, condition):
    mean, covariance, rows = hard_case(seed, ratio, condition)
    model = GaussianMixture.from_parameters([1.0], [mean], [covariance])
    exact = [normal_log_density(row, mean, covariance) for row in rows]
    np.testing.assert_allclose(model.score_samples(rows), exact, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("distance", [1e3, 1e50, 1e150, 1e300])
def test_far_rows_have_finite_scores_and_true_probabilities(covariance_type, distance):
    covariances = {
        "full": np.tile(np.eye(2), (2, 1, 1)),
        "tied": np.eye(2),
        "diag": np.ones((2, 2)),
        "spherical": np.ones(2),
    }[covariance_type]
    model = GaussianMixture.from_parameters(
        [0.5, 0.5], [[0.0, 0.0], [1.0, 0.0]], covariances, covariance_type
    )
    X = np.array([[distance, 0.0], [-distance, 0.0], [0.5, distance]])
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-15)
    assert np.isfinite(model.score_samples(X)).all()
    if distance <= 1e150:
        middle = 0.5 if distance < 1e16 else probabilities[2, 0]
        np.testing.assert_allclose(probabilities[2, 0], middle, atol=1e-6)
    if distance == 1e3:
        assert model.predict(X)[:2].tolist() == [1, 0]


@pytest.mark.parametrize("covariance_type", TYPES)
def test_one_component_is_the_sample_mean_and_covariance(covariance_type):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 3)) @ rng.standard_normal((3, 3)) + 100
    weights = rng.uniform(0, 2, size=50)
    model = GaussianMixture(covariance_type=covariance_type)
    model.fit(X, sample_weight=weights)
    covariance = np.cov(X.T, aweights=weights, ddof=0)
    expected = {
        "full": covariance[None],
        "tied": covariance,
        "diag": np.diag(covariance)[None],
        "spherical": [np.trace(covariance) / 3],
    }[covariance_type]
    np.testing.assert_allclose(model.covariances_, expected, rtol=1e-10)
    mean = np.average(X, axis=0, weights=weights)
    np.testing.assert_allclose(model.means_[0], mean, rtol=1e-13)


def test_criteria_follow_their_formulas():
    """K=3, D=2: 2 free weights, 6 means, and 9, 3, 6 or 3 covariances."""
    X = clusters(0, n_features=2)
    for covariance_type, free in zip(TYPES, (17, 11, 14, 11), strict=True):
        model = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
        total = model.fit(X).score_samples(X).sum()
        assert abs(total - model.log_likelihood_) < 1e-8
        assert abs(model.aic(X) - (2 * free - 2 * total)) < 1e-8
        assert abs(model.bic(X) - (free * np.log(len(X)) - 2 * total)) < 1e-8
        certainty = np.log(model.predict_proba(X).max(axis=1)).sum()
        assert abs(model.icl(X) - (model.bic(X) - 2 * certainty)) < 1e-8
