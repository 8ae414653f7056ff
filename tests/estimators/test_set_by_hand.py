"""Mixtures whose attributes are set by hand, with no more than scikit-learn needs."""

import numpy as np
import pytest
from mixtures import TYPES, clusters
from sklearn import mixture as theirs

import mixtura
from mixtura.families.factorisation import upper_triangular

X = clusters(0, n_samples=300, n_features=3)
KNOWN = ("weights_", "means_", "precisions_cholesky_")
POSTERIOR = ("weight_concentration_", "mean_precision_", "degrees_of_freedom_")
METHODS = ("predict", "predict_proba", "score_samples", "score")

every_type = pytest.mark.parametrize("covariance_type", TYPES)


def pair(name, covariance_type, attributes):
    """A fit of scikit-learn, and a mixture of ours with some of its attributes."""
    settings = {"covariance_type": covariance_type, "random_state": 0}
    fit = getattr(theirs, name)(n_components=3, max_iter=500, **settings).fit(X)
    ours = getattr(mixtura, name)(3, **settings)
    for attribute in attributes:
        setattr(ours, attribute, getattr(fit, attribute))
    return fit, ours


def lower(fit):
    """The lower-triangular factors of its precisions."""
    return np.linalg.cholesky(fit.precisions_)


@every_type
@pytest.mark.parametrize("method", [*METHODS, "bic", "aic"])
def test_three_attributes_are_enough(covariance_type, method):
    fit, ours = pair("GaussianMixture", covariance_type, KNOWN)
    expected = getattr(fit, method)(X)
    np.testing.assert_allclose(getattr(ours, method)(X), expected, rtol=1e-8)


@every_type
@pytest.mark.parametrize("method", METHODS)
def test_so_are_covariances_without_factors(covariance_type, method):
    attributes = ("weights_", "means_", "covariances_")
    fit, ours = pair("GaussianMixture", covariance_type, attributes)
    expected = getattr(fit, method)(X)
    np.testing.assert_allclose(getattr(ours, method)(X), expected, rtol=1e-8)


@every_type
def test_what_follows_from_them(covariance_type):
    fit, ours = pair("GaussianMixture", covariance_type, KNOWN)
    whole = mixtura.GaussianMixture.from_parameters(
        fit.weights_, fit.means_, fit.covariances_, covariance_type
    )
    rows, labels = ours.sample(50, random_state=0)
    np.testing.assert_allclose(rows, whole.sample(50, random_state=0)[0], rtol=1e-8)
    assert set(labels) <= {0, 1, 2}
    assert ours.quantile(0.5, 0) == pytest.approx(whole.quantile(0.5, 0), rel=1e-8)
    one, other = (each.marginal([0, 2]).covariances_ for each in (ours, whole))
    np.testing.assert_allclose(one, other, rtol=1e-8)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
@pytest.mark.parametrize("name", ["GaussianMixture", "BayesianGaussianMixture"])
@pytest.mark.parametrize("method", METHODS)
def test_factors_may_be_lower_triangular(name, covariance_type, method):
    attributes = KNOWN if name == "GaussianMixture" else (*KNOWN, *POSTERIOR)
    fit, ours = pair(name, covariance_type, attributes)
    ours.precisions_cholesky_ = lower(fit)
    expected = getattr(fit, method)(X)
    np.testing.assert_allclose(getattr(ours, method)(X), expected, rtol=1e-8)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_factors_may_be_replaced_after_a_fit(covariance_type):
    model = mixtura.GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    before = model.fit(X).score_samples(X)
    model.precisions_cholesky_ = lower(model)
    np.testing.assert_allclose(model.score_samples(X), before, rtol=1e-8)


@every_type
@pytest.mark.parametrize("kind", ["dirichlet_process", "dirichlet_distribution"])
def test_a_bayesian_mixture_needs_its_posterior(covariance_type, kind):
    settings = {"covariance_type": covariance_type, "random_state": 0}
    settings["weight_concentration_prior_type"] = kind
    fit = theirs.BayesianGaussianMixture(n_components=3, max_iter=500, **settings).fit(
        X
    )
    ours = mixtura.BayesianGaussianMixture(3, **settings)
    for attribute in (*KNOWN, *POSTERIOR):
        setattr(ours, attribute, getattr(fit, attribute))
    for method in METHODS:
        expected = getattr(fit, method)(X)
        np.testing.assert_allclose(getattr(ours, method)(X), expected, rtol=1e-8)


@every_type
def test_a_bayesian_mixture_draws_from_what_it_has(covariance_type):
    attributes = ("weights_", "means_", "covariances_")
    _, ours = pair("BayesianGaussianMixture", covariance_type, attributes)
    rows, labels = ours.sample(2000, random_state=0)
    for k, mean in enumerate(ours.means_):
        np.testing.assert_allclose(rows[labels == k].mean(axis=0), mean, atol=0.5)


def test_neither_covariances_nor_factors():
    _, ours = pair("GaussianMixture", "full", ("weights_", "means_"))
    with pytest.raises(AttributeError, match="needs covariances_ or precisions_chol"):
        ours.predict(X)


@pytest.mark.parametrize("name", ["GaussianMixture", "BayesianGaussianMixture"])
def test_a_warm_start_from_less_than_a_fit_is_a_fresh_one(name):
    model = getattr(mixtura, name)(3, warm_start=True, random_state=0)
    model.weights_, model.means_ = np.full(3, 1 / 3), X[:3]
    fresh = getattr(mixtura, name)(3, random_state=0).fit(X)
    np.testing.assert_array_equal(model.fit(X).means_, fresh.means_)


@pytest.mark.parametrize(
    "change", [{"n_components": 4}, {"covariance_type": "diag"}], ids=str
)
def test_a_warm_start_of_another_model_is_refused(change):
    model = mixtura.GaussianMixture(3, warm_start=True, random_state=0).fit(X)
    with pytest.raises(ValueError, match="warm_start=True needs the same n_comp"):
        model.set_params(**change).fit(X)


@pytest.mark.parametrize("seed", range(3))
def test_upper_triangular_factors_of_any_factors(seed):
    """Of lower ones, and of any other square roots; upper ones stay."""
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((4, 5, 5))
    for factors in (roots, np.tril(roots), roots[0]):
        upper = upper_triangular(factors)
        np.testing.assert_array_equal(upper, np.triu(upper))
        assert (upper.diagonal(axis1=-2, axis2=-1) > 0).all()
        products = [each @ each.swapaxes(-1, -2) for each in (upper, factors)]
        np.testing.assert_allclose(*products, atol=1e-12)
        assert upper_triangular(upper) is upper
