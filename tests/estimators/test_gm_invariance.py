"""Changes of the data that a fit must follow: exactly where rounding plays no part."""

from functools import lru_cache

import mixtures
import numpy as np
import pytest
from mixtures import TYPES, aligned, in_order, on_a_grid, same_model

from mixtura import GaussianMixture


def clusters(seed, **arguments):
    return mixtures.clusters(seed, n_samples=120, **arguments)


def fit(X, covariance_type, sample_weight=None):
    """Fit to the last digit: no further gain is left."""
    model = GaussianMixture(
        3, covariance_type=covariance_type, random_state=0, tol=0.0, max_iter=5000
    )
    return model.fit(X, sample_weight=sample_weight)


def steps(X, covariance_type, sample_weight=None):
    """Thirty steps, where every bit is the same from the first one on."""
    model = GaussianMixture(
        3, covariance_type=covariance_type, random_state=0, tol=0.0, max_iter=30
    )
    return model.fit(X, sample_weight=sample_weight)


@lru_cache
def fitted(seed, covariance_type):
    """The fit to the rows as they are."""
    return fit(clusters(seed), covariance_type)


def same_bits(model, reference, scale=1.0):
    """Equal weights, covariances and trace, where X is `scale` times as large."""
    np.testing.assert_array_equal(model.weights_, reference.weights_)
    expected = reference.covariances_ * scale
    np.testing.assert_array_equal(model.covariances_, expected)
    assert model.n_iter_ == reference.n_iter_


pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.parametrize("covariance_type", TYPES),
    pytest.mark.parametrize("seed", [0]),
]


def test_an_exact_shift_changes_the_means_only(covariance_type, seed):
    X = on_a_grid(clusters(seed))
    reference = steps(X, covariance_type)
    for offset in (2.0**10, -(2.0**30)):
        model = steps(X + offset, covariance_type)
        same_bits(model, reference)
        error = np.abs(model.means_ - offset - reference.means_).max()
        assert error <= np.spacing(abs(offset))
        scores = model.score(X + offset), reference.score(X)
        np.testing.assert_allclose(*scores, rtol=1e-9)


@pytest.mark.parametrize("ratio", [1e8, 1e12])
def test_a_shift_that_rounds_the_data_loses_nothing_more(covariance_type, seed, ratio):
    far = clusters(seed) + ratio
    near = far - ratio  # exact: what rounding has left of the data
    model, reference = steps(far, covariance_type), steps(near, covariance_type)
    same_bits(model, reference)
    error = np.abs(model.means_ - ratio - reference.means_).max()
    assert error <= 2 * np.spacing(ratio)


def test_columns_in_other_binary_units_give_the_same_bits(covariance_type, seed):
    X = clusters(seed)
    powers = np.array([2.0**-30, 2.0**40, 2.0**7])
    if covariance_type == "spherical":
        powers = np.full(3, 2.0**-30)
    model, reference = steps(X * powers, covariance_type), steps(X, covariance_type)
    scale = {
        "full": np.outer(powers, powers),
        "tied": np.outer(powers, powers),
        "diag": powers**2,
        "spherical": powers[0] ** 2,
    }[covariance_type]
    same_bits(model, reference, scale)
    np.testing.assert_array_equal(model.means_, reference.means_ * powers)
    np.testing.assert_array_equal(model.predict(X * powers), reference.predict(X))


def test_columns_in_any_units_give_the_same_fit(covariance_type, seed):
    X = clusters(seed)
    units = np.array([1e-7, 3.7, 1e9])
    if covariance_type == "spherical":
        units = np.full(3, 1e-7)
    model, reference = fit(X * units, covariance_type), fitted(seed, covariance_type)
    volume = len(X) * np.log(units).sum()
    assert abs(model.log_likelihood_ + volume - reference.log_likelihood_) < 1e-7
    model.means_ = model.means_ / units
    order = aligned(model, reference)
    np.testing.assert_allclose(model.weights_[order], reference.weights_, atol=1e-6)
    np.testing.assert_allclose(model.means_[order], reference.means_, atol=1e-5)


def test_the_order_of_rows_is_immaterial(covariance_type, seed):
    X = clusters(seed)
    order = np.random.default_rng(seed).permutation(len(X))
    model, reference = fit(X[order], covariance_type), fitted(seed, covariance_type)
    same_model(model, reference, 1e-6)
    assert abs(model.log_likelihood_ - reference.log_likelihood_) < 1e-8


def test_the_order_of_columns_is_immaterial(covariance_type, seed):
    X = clusters(seed)
    order = np.array([2, 0, 1])
    model, reference = fit(X[:, order], covariance_type), fitted(seed, covariance_type)
    assert abs(model.log_likelihood_ - reference.log_likelihood_) < 1e-6
    back = aligned_columns(model, order)
    components = aligned(back, reference)
    for a, b in zip(
        in_order(back, components), in_order(reference, np.arange(3)), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


def aligned_columns(model, order):
    """The model of the columns before they were reordered."""
    back = np.argsort(order)
    covariances = {
        "full": lambda c: c[:, back][:, :, back],
        "tied": lambda c: c[back][:, back],
        "diag": lambda c: c[:, back],
        "spherical": lambda c: c,
    }[model.covariance_type](model.covariances_)
    return GaussianMixture.from_parameters(
        model.weights_, model.means_[:, back], covariances, model.covariance_type
    )


def test_a_row_twice_is_a_weight_of_two(covariance_type, seed):
    X = clusters(seed)
    counts = np.random.default_rng(seed).integers(1, 4, size=len(X))
    reference = fit(np.repeat(X, counts, axis=0), covariance_type)
    model = fit(X, covariance_type, sample_weight=counts)
    same_model(model, reference, 1e-6)
    assert abs(model.log_likelihood_ - reference.log_likelihood_) < 1e-7
    assert model.n_samples_fit_ == counts.sum()
    repeated = np.repeat(X, counts, axis=0)
    for criterion in ("bic", "aic", "icl"):
        weighted = getattr(model, criterion)(X, sample_weight=counts)
        np.testing.assert_allclose(
            weighted, getattr(model, criterion)(repeated), rtol=1e-12
        )
    np.testing.assert_allclose(
        model.score(X, sample_weight=counts), model.score(repeated), rtol=1e-12
    )


def test_a_weight_of_zero_is_no_row(covariance_type, seed):
    X = clusters(seed)
    weights = np.random.default_rng(seed).integers(0, 3, size=len(X)).astype(float)
    X[np.flatnonzero(weights == 0)[0]] = 1e6  # would be seen
    kept = weights > 0
    model = steps(X, covariance_type, weights)
    reference = steps(X[kept], covariance_type, weights[kept])
    same_bits(model, reference)
    np.testing.assert_array_equal(model.means_, reference.means_)
    assert len(model.labels_) == len(X)


def test_weights_of_one_are_no_weights(covariance_type, seed):
    X = clusters(seed)
    model = fit(X, covariance_type, sample_weight=np.ones(len(X)))
    same_model(model, fitted(seed, covariance_type), 1e-6)


def test_a_common_factor_of_the_weights_does_not_move_the_maximum(
    covariance_type, seed
):
    X = clusters(seed)
    weights = np.random.default_rng(seed).uniform(0.5, 2, size=len(X))
    model = fit(X, covariance_type, sample_weight=8 * weights)
    reference = fit(X, covariance_type, sample_weight=weights)
    same_model(model, reference, 1e-6, any_order=True)
    assert abs(model.score(X) - reference.score(X)) < 1e-10


def test_noise_of_the_size_of_rounding_changes_nothing(covariance_type, seed):
    X = clusters(seed)
    noise = np.random.default_rng(seed).uniform(-1, 1, size=X.shape)
    model = fit(X + np.spacing(X) * noise, covariance_type)
    same_model(model, fitted(seed, covariance_type), 1e-6)
