import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError

from mixtura import GaussianMixture, ProjectionDisplay, load_dataset
from mixtura.plot.mixtures.directions import discriminating_directions
from mixtura.plot.quantities.gaussians import GaussianComponents

draw = ProjectionDisplay.from_estimator
IRIS = load_dataset("iris").values
SPECIES = np.repeat([0, 1, 2], 50)


def mixture(seed, n_components, n_columns):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(n_components, n_columns, n_columns))
    return GaussianComponents(
        weights=rng.dirichlet(np.full(n_components, 5.0)),
        means=4 * rng.normal(size=(n_components, n_columns)),
        covariances=roots @ roots.transpose(0, 2, 1) + np.eye(n_columns),
    )


def within(components):
    return np.tensordot(components.weights, components.covariances, 1)


@pytest.fixture(scope="module")
def model():
    return GaussianMixture(3, random_state=0).fit(IRIS)


@pytest.mark.parametrize("n_components", [1, 2, 3, 6])
@pytest.mark.parametrize("n_columns", [2, 3, 8])
def test_the_axes_have_unit_variance_within_components(n_components, n_columns):
    components = mixture(0, n_components, n_columns)
    axes = discriminating_directions(components).axes
    assert axes.shape == (n_columns, 2)
    np.testing.assert_allclose(axes.T @ within(components) @ axes, np.eye(2), atol=1e-9)


def test_of_equal_shares_they_are_those_of_linear_discriminant_analysis():
    lda = LinearDiscriminantAnalysis(solver="eigen").fit(IRIS, SPECIES)
    groups = [IRIS[SPECIES == k] for k in range(3)]
    components = GaussianComponents(
        weights=np.full(3, 1 / 3),
        means=np.array([group.mean(axis=0) for group in groups]),
        covariances=np.array([np.cov(group.T, ddof=0) for group in groups]),
    )
    found = discriminating_directions(components)
    ratios = found.axes / lda.scalings_[:, :2]
    np.testing.assert_allclose(ratios / ratios[0], np.ones((4, 2)), rtol=1e-7)
    np.testing.assert_allclose(found.shares, lda.explained_variance_ratio_)


def test_no_other_direction_separates_the_means_better():
    components = mixture(1, 4, 5)
    found = discriminating_directions(components)
    centre = components.weights @ components.means
    apart = components.means - centre
    between = (apart * components.weights[:, None]).T @ apart

    def separation(a):
        return (a @ between @ a) / (a @ within(components) @ a)

    best = separation(found.axes[:, 0])
    others = np.random.default_rng(0).normal(size=(200, 5))
    assert max(separation(a) for a in others) <= best
    np.testing.assert_allclose(found.centre, centre)


def test_the_second_of_two_components_shows_their_covariances():
    covariances = np.array([np.eye(4), np.diag([1, 1, 9.0, 2.0])])
    means = np.array([[0.0, 0, 0, 0], [5.0, 0, 0, 0]])
    components = GaussianComponents(np.array([0.5, 0.5]), means, covariances)
    found = discriminating_directions(components)
    assert found.shares == pytest.approx((1, 0))
    assert np.abs(found.axes[:, 0]).argmax() == 0
    assert np.abs(found.axes[:, 1]).argmax() == 2


def test_a_change_of_units_changes_nothing():
    components, scale = mixture(2, 3, 5), np.array([1.0, 1e6, 1e-6, 40.0, 3.0])
    moved = GaussianComponents(
        components.weights,
        components.means * scale + 1e3,
        components.covariances * np.outer(scale, scale),
    )
    first, second = map(discriminating_directions, (components, moved))
    np.testing.assert_allclose(first.axes, second.axes * scale[:, None], rtol=1e-6)
    np.testing.assert_allclose(first.correlations, second.correlations, rtol=1e-6)


def test_the_projected_mixture_has_the_moments_of_projected_draws():
    components = mixture(3, 2, 6)
    found = discriminating_directions(components)
    rng = np.random.default_rng(0)
    draws = rng.multivariate_normal(
        components.means[1], components.covariances[1], 40_000
    )
    projected = found.points(draws)
    image = found.components(components)
    np.testing.assert_allclose(projected.mean(axis=0), image.means[1], atol=0.05)
    np.testing.assert_allclose(np.cov(projected.T), image.covariances[1], atol=0.06)


def test_correlations_are_those_of_draws(model):
    found = discriminating_directions(GaussianComponents.of(model))
    X, _ = model.sample(40_000, random_state=0)
    together = np.corrcoef(np.column_stack([X, found.points(X)]).T)
    np.testing.assert_allclose(together[:4, 4:], found.correlations, atol=0.02)


def test_points_ellipses_and_means_lie_on_the_plane(model):
    display = draw(model, IRIS, feature_names=list("abcd"))
    found = display.directions
    labels = model.predict(IRIS)
    for k, scatter in enumerate(display.scatters_):
        np.testing.assert_allclose(
            scatter.get_offsets(), found.points(IRIS[labels == k])
        )
    image = found.components(GaussianComponents.of(model))
    for k in range(3):
        ellipse = display.ellipses_[2 * k]
        np.testing.assert_allclose(ellipse.center, image.means[k])
        axes = np.sqrt(np.linalg.eigvalsh(image.covariances[k]))
        np.testing.assert_allclose([ellipse.height, ellipse.width], 2 * axes)
    assert len(display.mean_markers_) == 3 and len(display.contours_) == 1
    share = display.ax_.get_xlabel().split("\n")[0]
    assert share == "direction 1: 99 % of the separation of the means"
    assert "standard deviations within components" in display.ax_.get_ylabel()


def test_the_panel_lists_the_columns_by_correlation(model):
    display = draw(model, IRIS, feature_names=["a" * 40, "b", "c", "d"])
    strengths = np.hypot(*display.directions.correlations.T)
    assert (np.diff(strengths[display.columns_]) <= 0).all()
    names = [text.get_text() for text in display.columns_ax_.get_yticklabels()]
    assert len(names) == 4 and max(map(len, names)) <= 22
    first, second = display.column_markers_
    for axis, marks in enumerate((first, second)):
        np.testing.assert_allclose(
            marks.get_xdata(), display.directions.correlations[display.columns_, axis]
        )


def test_of_many_columns_the_strongest_are_listed(fitted):
    fitted_model, X = fitted(20)
    display = draw(fitted_model, X)
    assert len(display.columns_) == 8
    assert "8 of 20 columns" in display.columns_ax_.get_title(loc="left")
    assert "none of the separation" in display.ax_.get_ylabel()


def test_known_classes_colour_the_points(model):
    display = draw(model, IRIS, y=SPECIES, max_points=60)
    assert sum(len(s.get_offsets()) for s in display.scatters_) == 60
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert {"class 0", "class 1", "class 2", "data · 60 of 150 rows"} <= set(texts)


def test_rows_of_weight_zero_are_left_out(model):
    display = draw(model, IRIS, sample_weight=np.arange(150) % 2, masses=())
    assert sum(len(s.get_offsets()) for s in display.scatters_) == 75
    assert display.contours_ == []


def test_two_columns_and_one_component_can_be_drawn(clusters):
    X = clusters(2)
    display = draw(GaussianMixture(1).fit(X), X)
    display.figure_.draw_without_rendering()
    assert display.directions.shares == (0, 0)


def test_it_draws_into_given_axes(model):
    ax = Figure(layout="constrained").add_subplot()
    display = draw(model, IRIS, ax=ax, legend=False)
    assert display.ax_ is ax and display.legend_ is None


def test_wrong_input_is_named(model, fitted):
    one, X = fitted(1)
    with pytest.raises(ValueError, match="2 columns or more; got 1"):
        draw(one, X)
    with pytest.raises(ValueError, match="each of the 150 rows of X"):
        draw(model, IRIS, y=[1])
    with pytest.raises(NotFittedError):
        draw(GaussianMixture(2), IRIS)
