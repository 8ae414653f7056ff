"""The plain kernels are the specification: laws against definitions and oracles."""

import numpy as np
import pytest
from kernel_problems import (
    STRUCTURES,
    exact_log_density,
    exact_log_joint,
    natural_errors,
    problem,
)

from mixtura.kernels import plain
from mixtura.kernels.moments import Moments
from mixtura.kernels.plain import Parameters

NAMES = list(STRUCTURES)
HARD = [{}, {"offset": 1e8}, {"condition": 1e8}, {"offset": 1e8, "condition": 1e8}]


def moments_by_definition(name, X, weights, parameters):
    """Explicit sums, with responsibilities from extended precision."""
    values = exact_log_joint(name, X, parameters)
    density = exact_log_density(name, X, parameters)
    r = np.exp(values - density[:, None])
    entropy = -(r * np.where(r > 0, np.log(np.maximum(r, 1e-300)), 0)).sum(axis=1)
    differences = X[:, None, :].astype(np.longdouble) - parameters.means
    weighted = r * weights[:, None]
    second = np.einsum("nk,nki,nkj->kij", weighted, differences, differences)
    if name == "tied":
        second = second.sum(axis=0)
    elif name != "full":
        second = np.diagonal(second, axis1=1, axis2=2)
        second = second.sum(axis=1) if name == "spherical" else second
    result = (
        weights @ density,
        weights @ entropy,
        weighted.sum(axis=0),
        np.einsum("nk,nki->ki", weighted, differences),
        second,
    )
    return Moments(*(np.asarray(value, dtype=float) for value in result))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hard", HARD)
def test_moments_are_their_definition(name, hard):
    X, parameters = problem(name, 3, 200, 4, 5, **hard)
    weights = np.random.default_rng(4).uniform(0, 2, 200)
    expected = moments_by_definition(name, X, weights, parameters)
    actual = plain.e_step(STRUCTURES[name], X, weights, parameters)
    errors = natural_errors(name, actual, expected, 200)
    assert max(errors.values()) < 1e-11, errors


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (5, 17), (2, 64)])
def test_log_densities_match_extended_precision(name, hard, shape):
    X, parameters = problem(name, 5, 100, *shape, **hard)
    exact = exact_log_density(name, X, parameters)
    actual = plain.log_density(STRUCTURES[name], X, parameters)
    np.testing.assert_allclose(actual, exact.astype(float), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_blocks_do_not_change_the_sums(name, monkeypatch):
    X, parameters = problem(name, 6, 500, 3, 4)
    whole = plain.e_step(STRUCTURES[name], X, None, parameters)
    monkeypatch.setattr(plain, "BLOCK_ELEMENTS", 0)
    parts = plain.e_step(STRUCTURES[name], X, None, parameters)
    errors = natural_errors(name, parts, whole, 500)
    assert max(errors.values()) < 1e-12, errors


@pytest.mark.parametrize("name", NAMES)
def test_row_whose_squares_overflow_goes_to_the_nearest_component(name):
    X, parameters = problem(name, 7, 6, 3, 2)
    structure = STRUCTURES[name]
    scale = 10.0 if name in ("full", "tied") else 1.0
    X[0], X[1], X[2] = 1e200, [-1e308, 1.7e308], parameters.means[1] * scale
    log_joint = plain.log_joint(structure, X, parameters)
    density = plain.log_density(structure, X, parameters)
    assert np.isfinite(log_joint).all()
    assert (density[:2] >= -1e300).all() and (density[:2] < -1e250).all()
    small = X[:2] / 1e300
    means = parameters.means / 1e300
    rescaled = Parameters(np.zeros(3), means, parameters.precision_cholesky * 1e10)
    nearest = plain.log_joint(structure, small, rescaled).argmax(axis=1)
    np.testing.assert_array_equal(plain.labels(structure, X, parameters)[:2], nearest)
    moments = plain.e_step(structure, X, None, parameters)
    assert all(np.isfinite(value).all() for value in moments)
    np.testing.assert_allclose(moments.counts.sum(), 6)


@pytest.mark.parametrize("name", NAMES)
def test_dead_components_take_no_part(name):
    X, parameters = problem(name, 8, 50, 4, 3)
    structure = STRUCTURES[name]
    constants = parameters.constants.copy()
    constants[[0, 2]] = -np.inf
    dead = parameters._replace(constants=constants)
    alive = parameters.only(np.array([1, 3]), structure.pooled)
    moments = plain.e_step(structure, X, None, dead)
    reduced = plain.e_step(structure, X, None, alive)
    assert moments.log_likelihood == reduced.log_likelihood
    np.testing.assert_array_equal(moments.counts[[0, 2]], 0)
    np.testing.assert_array_equal(moments.first[[1, 3]], reduced.first)
    assert set(plain.labels(structure, X, dead)) <= {1, 3}
    assert (plain.log_joint(structure, X, dead)[:, [0, 2]] == -np.inf).all()


def test_all_components_dead_is_refused():
    X, parameters = problem("full", 9, 5, 2, 2)
    dead = parameters._replace(constants=np.full(2, -np.inf))
    with pytest.raises(ValueError, match="all 2 components"):
        plain.e_step(plain.FULL, X, None, dead)


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_give_zero_sums(name):
    X, parameters = problem(name, 10, 0, 3, 2)
    moments = plain.e_step(STRUCTURES[name], X, None, parameters)
    assert moments.log_likelihood == 0 and not moments.second.any()
    assert plain.log_density(STRUCTURES[name], X, parameters).shape == (0,)
