import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from mixtura import GaussianMixture, LoadingsDisplay, load_dataset
from mixtura.models.factor_analysis import FactorAnalysis, FactorParams
from mixtura.plot.models.factors import ReadFactors, factors_of, varimax
from mixtura.plot.quantities.gaussians import full_covariances

IRIS = load_dataset("iris").values
draw = LoadingsDisplay.from_estimator


def params(n_features, n_factors, seed=0):
    rng = np.random.default_rng(seed)
    return FactorParams(
        np.zeros(n_features),
        rng.normal(size=(n_features, n_factors)),
        rng.uniform(0.3, 2, n_features),
    )


def fitted(covariance_type):
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0)
    return model.fit(IRIS)


def criterion(loadings):
    """Variance of the squared loadings within factors, rows of length one."""
    units = loadings / np.linalg.norm(loadings, axis=1, keepdims=True)
    return (units**2).var(axis=0).sum()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_factors", [1, 2, 4])
def test_a_covariance_of_low_rank_is_split_and_put_together_again(seed, n_factors):
    known = params(12, n_factors, seed)
    covariance = FactorAnalysis().covariance(known)
    loadings, noise = factors_of(covariance, n_factors, isotropic=False)
    np.testing.assert_allclose(loadings @ loadings.T + np.diag(noise), covariance)
    np.testing.assert_allclose(noise, known.noise, rtol=1e-6)


def test_equal_noise_is_split_exactly():
    known = params(6, 2)
    covariance = known.loadings @ known.loadings.T + 0.7 * np.eye(6)
    loadings, noise = factors_of(covariance, 2, isotropic=True)
    np.testing.assert_allclose(noise, 0.7)
    np.testing.assert_allclose(loadings @ loadings.T + 0.7 * np.eye(6), covariance)


@pytest.mark.parametrize("n_factors", [2, 3, 5])
def test_no_other_rotation_is_simpler_than_varimax(n_factors):
    matrix = params(20, n_factors).loadings
    turned = varimax(matrix)
    np.testing.assert_allclose(turned @ turned.T, matrix @ matrix.T)
    rng = np.random.default_rng(0)
    best = criterion(turned)
    for size in (1e-3, 0.1, 1.0):
        for _ in range(30):
            angle = size * rng.normal(size=(n_factors, n_factors))
            rotation, _ = np.linalg.qr(np.eye(n_factors) + angle - angle.T)
            assert criterion(turned @ rotation) <= best + 1e-9


def test_columns_without_loadings_stay_without():
    matrix = params(6, 2).loadings
    matrix[3] = 0
    assert (varimax(matrix)[3] == 0).all()


@pytest.mark.parametrize("rotation", ["varimax", None])
def test_loadings_are_correlations_and_the_rest_is_noise(rotation):
    known = params(9, 3)
    display = LoadingsDisplay.from_params(known, rotation=rotation)
    (read,) = display.factors
    np.testing.assert_allclose((read.loadings**2).sum(axis=1) + read.uniqueness, 1)
    explained = (read.loadings**2).sum(axis=0)
    assert (np.diff(explained) <= 0).all()
    largest = np.abs(read.loadings).argmax(axis=0)
    assert (read.loadings[largest, range(3)] > 0).all()
    np.testing.assert_array_equal(display.images_[0].get_array(), read.loadings)
    np.testing.assert_array_equal(
        display.noise_images_[0].get_array()[:, 0], read.uniqueness
    )


def test_they_are_those_of_draws():
    known, rng = params(5, 2), np.random.default_rng(0)
    X, factors = FactorAnalysis().sample(known, 40_000, rng)
    read = ReadFactors.of(known.loadings, known.noise, rotate=False)
    found = np.corrcoef(np.column_stack([X, factors]).T)[:5, 5:]
    order = np.argsort(-(found**2).sum(axis=0))
    np.testing.assert_allclose(
        np.abs(read.loadings), np.abs(found[:, order]), atol=0.02
    )


@pytest.mark.parametrize(
    "covariance_type, n_factors", [("factors:1", 1), ("factors:2", 2), ("ppca:2", 2)]
)
def test_each_component_of_a_mixture_has_a_map(covariance_type, n_factors):
    model = fitted(covariance_type)
    display = draw(model, feature_names=list("abcd"))
    assert len(display.axes_) == len(display.images_) == 2
    for read, covariance in zip(display.factors, full_covariances(model), strict=True):
        deviations = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(deviations, deviations)
        rebuilt = read.loadings @ read.loadings.T + np.diag(read.uniqueness)
        np.testing.assert_allclose(rebuilt, correlation, atol=1e-6)
        assert read.loadings.shape == (4, n_factors)
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert names == list("abcd")
    titles = [panel.get_title() for panel in display.axes_]
    assert all(title.startswith("component ") for title in titles)
    assert "correlation" in display.colorbar_.ax.get_ylabel()
    assert repr(display).startswith("LoadingsDisplay(2 components, 4 columns")


def test_the_map_is_white_at_0_and_signed():
    display = LoadingsDisplay.from_params(params(4, 1))
    image = display.images_[0]
    assert image.get_clim() == (-1, 1)
    assert image.cmap(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)
    plus, minus = image.cmap(1.0), image.cmap(0.0)
    assert plus[2] > plus[0] and minus[0] > minus[2]


def test_few_cells_have_their_numbers_written():
    display = LoadingsDisplay.from_params(params(4, 2))
    (read,) = display.factors
    texts = [text.get_text().replace("−", "-") for text in display.texts_]
    expected = np.column_stack([read.loadings, read.uniqueness]).ravel()
    np.testing.assert_allclose([float(text) for text in texts], expected, atol=0.005)
    assert LoadingsDisplay.from_params(params(90, 3)).texts_ == []


@pytest.mark.parametrize("n_features", [2, 100])
def test_few_and_many_columns_can_be_drawn(n_features):
    ax = Figure(layout="constrained").add_subplot()
    display = LoadingsDisplay.from_params(params(n_features, 1), ax=ax)
    display.figure_.draw_without_rendering()
    assert display.ax_ is ax
    assert (display.ax_.get_ylabel() == "100 columns, first on top") == (
        n_features == 100
    )


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match=r"'factors:q' or 'ppca:q'; got 'full'"):
        draw(fitted("full"))
    with pytest.raises(ValueError, match="rotation must be 'varimax' or None"):
        draw(fitted("factors:1"), rotation="oblimin")
    with pytest.raises(ValueError, match="a sequence of 4 names"):
        LoadingsDisplay.from_params(params(4, 1), feature_names=["a"])
    with pytest.raises(NotFittedError):
        draw(GaussianMixture(2, covariance_type="factors:1"))
