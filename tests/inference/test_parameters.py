"""Names and places of the parameters."""

import numpy as np
import pytest
from inference_problems import TYPES

from mixtura import GaussianMixture
from mixtura.estimators.judging.fitted_problem import layout_of
from mixtura.inference.parameters import from_line, line_slopes, to_line

NAMES = {
    "full": ["variance[0, a]", "covariance[0, a, b]", "variance[0, b]"],
    "tied": ["variance[a]", "covariance[a, b]", "variance[b]"],
    "diag": ["variance[0, a]", "variance[0, b]"],
    "spherical": ["variance[0]"],
}
STORED = {
    "full": np.array([[[2.0, 0.5], [0.5, 1.0]], [[3.0, -0.25], [-0.25, 4.0]]]),
    "tied": np.array([[2.0, 0.5], [0.5, 1.0]]),
    "diag": np.array([[2.0, 1.0], [3.0, 4.0]]),
    "spherical": np.array([2.0, 3.0]),
}


def model_of(covariance_type):
    return GaussianMixture.from_parameters(
        [0.25, 0.75],
        [[0.0, 1.0], [2.0, 3.0]],
        STORED[covariance_type],
        covariance_type,
        feature_names=["a", "b"],
    )


@pytest.mark.parametrize("covariance_type", TYPES)
def test_every_parameter_has_a_name_of_its_own(covariance_type):
    layout = layout_of(model_of(covariance_type))
    names = [parameter.name for parameter in layout.parameters]
    assert len(set(names)) == len(names)
    assert names[:3] == ["weight[0]", "weight[1]", "mean[0, a]"]
    expected = NAMES[covariance_type]
    assert names[6 : 6 + len(expected)] == expected


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_vector_goes_back_into_the_shapes_of_the_fit(covariance_type):
    model = model_of(covariance_type)
    layout = layout_of(model)
    parts = model.weights_, model.means_, model.covariances_
    vector = layout.vector(*parts)
    assert len(vector) == len(layout.parameters)
    for found, expected in zip(layout.shaped(vector), parts, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
def test_scales_are_those_of_a_change_of_units(covariance_type):
    model, scale = model_of(covariance_type), np.array([10.0, 0.1])
    layout = layout_of(model)
    covariances = model._structure().rescale(model.covariances_, scale)
    moved = layout.vector(model.weights_, model.means_ * scale, covariances)
    own = layout.vector(model.weights_, model.means_, model.covariances_)
    np.testing.assert_allclose(layout.scales(scale) * own, moved, rtol=1e-15)


def test_the_line_is_undone_and_its_slopes_are_right():
    layout = layout_of(model_of("full"))
    model = model_of("full")
    values = layout.vector(model.weights_, model.means_, model.covariances_)
    parameters = layout.parameters
    line = to_line(parameters, values)
    np.testing.assert_allclose(from_line(parameters, line), values, rtol=1e-14)
    step = 1e-6
    rise = to_line(parameters, values + step) - to_line(parameters, values - step)
    np.testing.assert_allclose(
        line_slopes(parameters, values), rise / (2 * step), rtol=1e-8
    )
