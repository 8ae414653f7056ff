from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from mixtura.plot.drawing.ellipse import covariance_ellipse, mass_within
from mixtura.plot.quantities.gaussians import (
    GaussianComponents,
    full_covariances,
    highest_density_levels,
)


def random_covariance(rng, dimension):
    root = rng.normal(size=(dimension, dimension))
    return root @ root.T + 0.1 * np.eye(dimension)


def random_components(rng, count, dimension):
    return GaussianComponents(
        weights=rng.dirichlet(np.ones(count)),
        means=rng.normal(scale=3, size=(count, dimension)),
        covariances=np.array([random_covariance(rng, dimension) for _ in range(count)]),
    )


# K = D = 3 is where the shapes of tied and diag coincide.
@pytest.mark.parametrize("n_columns", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
def test_full_covariances_give_the_density_of_the_estimator(
    structure, count, n_columns, clusters
):
    X = clusters(n_columns)
    model = GaussianMixture(count, covariance_type=structure, random_state=0).fit(X)
    components = GaussianComponents.of(model)
    assert components.covariances.shape == (count, n_columns, n_columns)
    np.testing.assert_allclose(
        np.logaddexp.reduce(components.log_joint(X), axis=1),
        model.score_samples(X),
        rtol=1e-10,
    )


def test_full_covariances_are_copies(fitted):
    model, _ = fitted(2)
    full_covariances(model)[:] = 0
    assert np.all(np.linalg.eigvalsh(model.covariances_) > 0)


def test_covariances_of_another_shape_are_refused():
    model = SimpleNamespace(
        means_=np.zeros((2, 3)), covariances_=np.ones(5), covariance_type="odd"
    )
    with pytest.raises(
        ValueError, match=r"got shape \(5,\) with covariance_type='odd'"
    ):
        full_covariances(model)


@pytest.mark.parametrize("seed", range(3))
def test_the_marginal_is_the_integral_over_the_other_column(seed):
    components = random_components(np.random.default_rng(seed), 3, 2)
    spread = components.standard_deviations[:, 1].max()
    y = np.linspace(
        components.means[:, 1].min() - 9 * spread,
        components.means[:, 1].max() + 9 * spread,
        4001,
    )
    for x in components.means[:, 0]:
        points = np.column_stack([np.full_like(y, x), y])
        integral = np.trapezoid(components.density(points), y)
        marginal = components.marginal([0]).density(np.array([[x]]))
        np.testing.assert_allclose(integral, marginal, rtol=1e-8)


def test_the_marginal_keeps_the_order_of_the_columns():
    rng = np.random.default_rng(1)
    components = random_components(rng, 1, 3)
    points = rng.normal(size=(5, 3))
    expected = multivariate_normal(
        components.means[0, [2, 0]], components.covariances[0][np.ix_([2, 0], [2, 0])]
    ).pdf(points[:, [2, 0]])
    density = components.marginal([2, 0]).density(points[:, [2, 0]])
    np.testing.assert_allclose(density, expected, rtol=1e-12)


@pytest.mark.parametrize("mass", [0.1, 0.5, 0.9, 0.99])
def test_the_level_of_one_gaussian_is_the_closed_form(mass):
    components = random_components(np.random.default_rng(2), 1, 2)
    peak = components.density(components.means)[0]
    level = highest_density_levels(components, [mass])[0]
    assert level == pytest.approx(peak * (1 - mass), rel=1e-2)


@pytest.mark.parametrize("seed", range(3))
def test_regions_hold_their_mass(seed):
    rng = np.random.default_rng(seed)
    components = random_components(rng, 3, 2)
    labels = rng.choice(3, size=40_000, p=components.weights)
    roots = np.linalg.cholesky(components.covariances)
    sample = components.means[labels] + np.einsum(
        "nij,nj->ni", roots[labels], rng.normal(size=(40_000, 2))
    )
    masses = np.array([0.5, 0.9, 0.99])
    levels = highest_density_levels(components, masses)
    held = (components.density(sample)[:, np.newaxis] >= levels).mean(axis=0)
    np.testing.assert_allclose(held, masses, atol=0.012)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_std", [1, 2])
def test_the_axes_of_the_ellipse_are_roots_of_the_eigenvalues(seed, n_std):
    covariance = random_covariance(np.random.default_rng(seed), 2)
    ellipse = covariance_ellipse([1.0, 2.0], covariance, n_std)
    values = np.linalg.eigvalsh(covariance)
    np.testing.assert_allclose(
        [ellipse.height, ellipse.width], 2 * n_std * np.sqrt(values), rtol=1e-10
    )


@pytest.mark.parametrize("units", [1.0, 1e6, 1e-6])
def test_the_ellipse_is_a_level_line_in_any_units(units):
    scale = np.diag([units, 1.0])
    covariance = scale @ random_covariance(np.random.default_rng(3), 2) @ scale
    mean = np.array([4.0 * units, -1.0])
    ellipse = covariance_ellipse(mean, covariance, 2)
    unit_circle = ellipse.get_path().interpolated(4).vertices[::7]
    border = ellipse.get_patch_transform().transform(
        unit_circle / np.linalg.norm(unit_circle, axis=1, keepdims=True)
    )
    apart = border - mean
    distance = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(covariance), apart)
    np.testing.assert_allclose(np.sqrt(distance), 2, rtol=1e-3)


def test_the_masses_in_the_legend_are_those_of_a_sample():
    sample = np.random.default_rng(0).normal(size=(200_000, 2))
    radius = np.linalg.norm(sample, axis=1)
    for n_std in (1, 2):
        assert mass_within(n_std) == pytest.approx((radius < n_std).mean(), abs=0.005)
