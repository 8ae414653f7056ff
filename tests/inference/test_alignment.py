"""Label switching is undone."""

from itertools import permutations

import numpy as np
import pytest
from inference_problems import TYPES, faithful, fitted

from mixtura import GaussianMixture, agreement, align, merge_components
from mixtura.inference.alignment import overlaps


def shuffled(model, order):
    """The same mixture with its components in another order."""
    order = np.array(order)
    covariances = model.covariances_
    if model.covariance_type != "tied":
        covariances = covariances[order]
    return GaussianMixture.from_parameters(
        model.weights_[order], model.means_[order], covariances, model.covariance_type
    )


@pytest.mark.parametrize("with_rows", [True, False])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_any_permutation_is_undone(covariance_type, with_rows):
    reference = fitted(3, covariance_type)
    X = faithful() if with_rows else None
    for order in permutations(range(3)):
        result = align(shuffled(reference, order), reference, X)
        np.testing.assert_array_equal(np.array(order)[result.order], [0, 1, 2])
        np.testing.assert_array_equal(result.model.means_, reference.means_)
        np.testing.assert_allclose(
            result.model.weights_, reference.weights_, rtol=1e-15
        )
        np.testing.assert_array_equal(result.model.covariances_, reference.covariances_)
        np.testing.assert_allclose(result.agreement, 1, atol=1e-12)


def test_the_relabelled_copy_is_a_whole_model_and_the_original_stays():
    model = GaussianMixture(3, random_state=5).fit(faithful())
    reference = shuffled(model, [2, 0, 1])
    before = model.means_.copy(), model.labels_.copy()
    result = align(model, reference, faithful())
    np.testing.assert_array_equal(model.means_, before[0])
    np.testing.assert_array_equal(model.labels_, before[1])
    np.testing.assert_array_equal(
        result.model.predict(faithful()), reference.predict(faithful())
    )
    np.testing.assert_array_equal(
        result.model.labels_, result.model.predict(faithful())
    )
    np.testing.assert_allclose(
        result.model.score_samples(faithful()), model.score_samples(faithful())
    )
    assert len(str(result).splitlines()) == 4


def test_fits_of_different_structures_are_aligned_by_their_rows():
    full, spherical = fitted(2), fitted(2, "spherical")
    result = align(shuffled(spherical, [1, 0]), full, faithful())
    assert (result.agreement > 0.9).all()
    gap = result.model.means_ - full.means_
    assert np.abs(gap[:, 1]).max() < 2


def test_noise_is_no_component():
    X = np.concatenate([faithful(), [[1.0, 95.0], [5.0, 45.0]]])
    model = GaussianMixture(2, noise="hull", random_state=0).fit(X)
    result = align(model, shuffled(fitted(2), [1, 0]), X)
    assert sorted(result.order) == [0, 1]
    np.testing.assert_array_equal(result.model.labels_, result.model.predict(X))
    assert (result.model.labels_ == -1).any()
    tree = merge_components(model, X)
    np.testing.assert_array_equal(tree.predict(X, 2), model.predict(X))
    np.testing.assert_allclose(tree.predict_proba(X, 1).sum(axis=1), 1)


def test_components_with_equal_densities_are_told_apart_by_their_weights():
    eye = [[1.0]]
    first = GaussianMixture.from_parameters([0.8, 0.2], [[0], [0]], [eye, eye])
    second = GaussianMixture.from_parameters([0.2, 0.8], [[0], [0]], [eye, eye])
    assert align(second, first).order.tolist() == [1, 0]


def test_components_out_of_sight_go_to_the_nearest():
    eye = [[1.0]]
    first = GaussianMixture.from_parameters([0.5, 0.5], [[0], [1e4]], [eye, eye])
    second = GaussianMixture.from_parameters([0.5, 0.5], [[3e4], [1e3]], [eye, eye])
    assert align(second, first).order.tolist() == [1, 0]


def test_overlap_is_the_integral_of_the_root_of_the_product():
    points = np.linspace(-30, 40, 7001)[:, None]
    models = [
        GaussianMixture.from_parameters([1.0], [[mean]], [[[variance]]])
        for mean, variance in ((0.0, 1.0), (2.5, 6.0))
    ]
    product = np.exp(sum(model.score_samples(points) for model in models) / 2)
    expected = product.sum() * (points[1, 0] - points[0, 0])
    parts = [(m.weights_, m.means_, m.covariances_) for m in models]
    coefficients, distances = overlaps(*parts)
    assert coefficients[0, 0] == pytest.approx(expected, rel=1e-9)
    assert distances[0, 0] == pytest.approx(-np.log(expected), rel=1e-9)


def test_fits_that_cannot_be_aligned_are_refused():
    with pytest.raises(ValueError, match=r"got \(2, 2\) and \(3, 2\)"):
        align(fitted(2), fitted(3))
    with pytest.raises(TypeError, match="align: model must be"):
        align(fitted(2), "reference")


def test_agreement_does_not_depend_on_names():
    known = np.array(["x", "x", "y", "y", "y", "z"])
    found = np.array([7, 7, 3, 3, 3, 5])
    result = agreement(found, known)
    assert (result.adjusted_rand_index, result.error_rate) == (1.0, 0.0)
    assert result.matching == {7: "x", 3: "y", 5: "z"}
    assert result.table.sum() == 6
    with pytest.raises(ValueError, match="got 5 and 6"):
        agreement(found[:5], known)


def test_a_spare_component_costs_its_rows():
    result = agreement([0, 0, 1, 2], [0, 0, 0, 1])
    assert result.error_rate == 0.25
    assert result.matching == {0: 0, 2: 1}
