import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mixtura
from mixtura.plot import MixtureDisplay
from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.quantities.inputs import choose_columns

draw = MixtureDisplay.from_estimator


def legend_texts(display):
    return [text.get_text().replace("\n", " ") for text in display.legend_.get_texts()]


def areas_under(lines):
    return [np.trapezoid(line.get_ydata(), line.get_xdata()) for line in lines]


def test_one_column_is_a_histogram_under_curves(estimator_class, clusters):
    X = clusters(1)
    model = estimator_class(2, random_state=0).fit(X)
    display = draw(model, X)
    (bars,) = display.histograms_
    heights, edges, _ = bars.get_data()
    assert (heights * np.diff(edges)).sum() == pytest.approx(1)
    np.testing.assert_allclose(
        areas_under(display.component_lines_), model.weights_, rtol=1e-3
    )
    np.testing.assert_allclose(areas_under(display.mixture_lines_), [1], rtol=1e-3)
    x, y = display.mixture_lines_[0].get_data()
    np.testing.assert_allclose(
        y, np.exp(model.score_samples(x[:, np.newaxis])), rtol=1e-8, atol=1e-300
    )


def test_responsibilities_have_their_own_panel_on_the_same_x_axis(fitted):
    model, X = fitted(1)
    display = draw(model, X)
    above, below = display.axes_
    assert above is display.ax_
    assert above.get_shared_x_axes().joined(above, below)
    assert below.get_ylim()[0] < 0 and below.get_ylim()[1] > 1
    for k, line in enumerate(display.responsibility_lines_):
        assert line.axes is below
        x, y = line.get_data()
        expected = model.predict_proba(x[:, np.newaxis])[:, k]
        np.testing.assert_allclose(y, expected, atol=1e-9)


def test_means_stand_on_their_curves(fitted):
    model, X = fitted(1)
    display = draw(model, X)
    for k, marker in enumerate(display.mean_markers_):
        (x,), (y,) = marker.get_data()
        assert x == model.means_[k, 0]
        assert y == pytest.approx(display.component_lines_[k].get_ydata().max())


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
def test_two_columns_have_two_ellipses_a_component(structure, fitted):
    model, X = fitted(2, structure)
    display = draw(model, X)
    assert len(display.ellipses_) == 2 * 2
    assert len(display.contours_) == 1
    assert len(display.scatters_) == 2
    for k in range(2):
        root = np.sqrt(np.linalg.eigvalsh(np.linalg.inv(model_precision(model, k))))
        for radius in (1, 2):
            ellipse = display.ellipses_[2 * k + radius - 1]
            np.testing.assert_allclose(ellipse.center, model.means_[k])
            np.testing.assert_allclose(
                [ellipse.height, ellipse.width], 2 * radius * root, rtol=1e-6
            )


def model_precision(model, k):
    precisions = model.precisions_
    if model.covariance_type == "full":
        return precisions[k]
    if model.covariance_type == "tied":
        return precisions
    return np.diag(np.broadcast_to(precisions[k], (2,)))


def test_points_of_one_component_have_its_colour_and_marker(fitted):
    model, X = fitted(2)
    display = draw(model, X)
    labels = model.predict(X)
    styles = component_styles(model.weights_)
    for k, scatter in enumerate(display.scatters_):
        np.testing.assert_array_equal(scatter.get_offsets(), X[labels == k])
        colours = scatter.get_facecolors()[:, :3]
        np.testing.assert_allclose(
            colours, np.tile(styles[k].colour, (len(colours), 1)), atol=1e-6
        )


def test_a_point_between_two_components_has_a_colour_between(fitted):
    model, _ = fitted(2)
    middle = model.means_.mean(axis=0)[np.newaxis]
    model.means_ = model.means_.mean(axis=0) + 0.1 * np.array([[-1, 0], [1, 0]])
    model.precisions_cholesky_ = np.tile(np.eye(2), (2, 1, 1))
    model.covariances_ = np.tile(np.eye(2), (2, 1, 1))
    model.weights_ = np.array([0.5, 0.5])
    display = draw(model, middle)
    (scatter,) = [part for part in display.scatters_ if len(part.get_offsets())]
    (colour,) = scatter.get_facecolors()
    styles = component_styles(model.weights_)
    np.testing.assert_allclose(
        colour[:3], np.mean([style.colour for style in styles], axis=0), rtol=1e-6
    )


def test_the_legend_names_weights_and_masses(fitted):
    model, X = fitted(2)
    heavier = int(np.argmax(model.weights_))
    texts = legend_texts(draw(model, X))
    assert texts[heavier] == f"component {heavier} · 60 %"
    assert texts[1 - heavier] == f"component {1 - heavier} · 40 %"
    assert texts[2:] == [
        "mean",
        "ellipses: 1 and 2 standard deviations (39 % and 86 % of a component)",
        "contours: 50 %, 90 % and 99 % of the mixture",
        "data · 100 rows",
    ]


def test_options_leave_out_contours_and_legend(fitted):
    display = draw(*fitted(2), masses=(), legend=False)
    assert display.contours_ == []
    assert display.legend_ is None
    assert display.ax_.get_legend() is None


def test_more_columns_are_a_triangle_of_pairs(fitted):
    model, X = fitted(4)
    display = draw(model, X)
    assert display.axes_.shape == (4, 4)
    above = np.triu_indices(4, 1)
    assert all(panel is None for panel in display.axes_[above])
    assert len(display.histograms_) == 4
    assert len(display.ellipses_) == 6 * 2 * 2
    assert len(display.scatters_) == 6 * 2
    np.testing.assert_allclose(areas_under(display.mixture_lines_), np.ones(4), 1e-3)
    for row, column in zip(*np.tril_indices(4, -1), strict=True):
        (marker,) = [
            line
            for line in display.axes_[row, column].lines
            if line.get_xdata()[0] == model.means_[1, column]
        ]
        assert marker.get_ydata()[0] == model.means_[1, row]


def test_panels_of_a_column_share_their_scale(fitted):
    axes = draw(*fitted(3)).axes_
    axes[2, 0].set_xlim(-7, 9)
    assert axes[0, 0].get_xlim() == axes[1, 0].get_xlim() == (-7, 9)
    axes[2, 1].set_ylim(-3, 4)
    assert axes[2, 0].get_ylim() == (-3, 4)
    assert axes[2, 2].get_ylim() != (-3, 4)


def test_only_outer_panels_are_labelled(fitted):
    axes = draw(*fitted(3), feature_names=["a", "b", "c"]).axes_
    assert [axes[2, j].get_xlabel() for j in range(3)] == ["a", "b", "c"]
    assert [axes[i, 0].get_ylabel() for i in range(3)] == ["density", "b", "c"]
    assert axes[2, 1].get_ylabel() == axes[1, 0].get_xlabel() == ""


def test_six_columns_are_shown_unless_more_are_chosen(fitted):
    model, X = fitted(8)
    display = draw(model, X)
    assert display.feature_names == ("x0", "x1", "x2", "x3", "x4", "x5")
    assert display.ax_.get_title(loc="right") == "6 of 8 columns"
    names = [f"x{column}" for column in range(8)]
    assert choose_columns(range(7), names, "draw") == tuple(range(7))


def test_chosen_columns_show_the_marginal(fitted):
    model, X = fitted(4)
    names = ["a", "b", "c", "d"]
    display = draw(model, X, feature_names=names, columns=["d", 1])
    assert display.ax_.get_xlabel() == "d"
    assert display.ax_.get_ylabel() == "b"
    block = model.covariances_[1][np.ix_([3, 1], [3, 1])]
    outer = display.ellipses_[3]
    np.testing.assert_allclose(
        [outer.height, outer.width], 4 * np.sqrt(np.linalg.eigvalsh(block))
    )
    np.testing.assert_allclose(outer.center, model.means_[1, [3, 1]])


@pytest.mark.parametrize("choice", ["b", 1, ["b"], np.array([1])])
def test_one_column_of_many_can_be_chosen_alone(fitted, choice):
    model, X = fitted(3)
    below = draw(model, X, feature_names=["a", "b", "c"], columns=choice).axes_[1]
    assert below.get_xlabel() == "b"
    assert "this column" in below.get_ylabel()


@pytest.mark.parametrize("library", [pd, pl])
def test_names_of_a_data_frame_label_the_axes(estimator_class, clusters, library):
    X = clusters(2)
    frame = library.DataFrame({"eruptions": X[:, 0], "waiting": X[:, 1]})
    for model in (
        estimator_class(2, random_state=0).fit(frame),
        estimator_class(2, random_state=0).fit(X),
    ):
        ax = draw(model, frame).ax_
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("eruptions", "waiting")


def test_names_of_the_fit_come_before_the_fallback(clusters):
    X = clusters(2)
    model = GaussianMixture(2, random_state=0).fit(X)
    assert draw(model, X).ax_.get_xlabel() == "x0"
    assert draw(model, X, feature_names=["u", "v"]).ax_.get_ylabel() == "v"


def test_integers_and_nullable_columns_are_read_as_numbers(fitted):
    model, X = fitted(2)
    whole = np.round(X).astype(int)
    expected = draw(model, whole.astype(float)).rows.points
    for table in (whole, whole.tolist(), pd.DataFrame(whole).astype("Int64")):
        np.testing.assert_array_equal(draw(model, table).rows.points, expected)


def test_a_long_table_is_thinned_for_the_scatter_only(fitted):
    model, X = fitted(3)
    long = np.tile(X, (70, 1))
    display = draw(model, long)
    drawn = [len(scatter.get_offsets()) for scatter in display.scatters_[:2]]
    assert sum(drawn) == 5000
    assert "data · 5,000 of 7,000 rows" in legend_texts(display)
    heights, edges, _ = display.histograms_[0].get_data()
    counts, _ = np.histogram(long[:, 0], edges)
    np.testing.assert_allclose(heights * np.diff(edges), counts / 7000, atol=1e-12)


def test_the_drawn_rows_are_spread_over_the_table(fitted):
    model, X = fitted(2)
    display = draw(model, X, max_points=10)
    rows = [np.flatnonzero((X == p).all(axis=1))[0] for p in display.rows.points]
    assert rows[0] == 0 and rows[-1] == 99
    assert set(np.diff(rows)) == {11}


def test_rows_of_weight_zero_are_not_drawn(fitted):
    model, X = fitted(2)
    weights = np.repeat([1.0, 0.0], [30, 70])
    whole, part = draw(model, X, sample_weight=weights), draw(model, X[:30])
    np.testing.assert_array_equal(whole.rows.points, part.rows.points)
    assert legend_texts(whole)[-1] == "data · 30 rows"


def test_the_area_of_a_point_follows_its_weight(fitted):
    model, X = fitted(2)
    weights = np.tile([1.0, 2.0], 50)
    for k, scatter in enumerate(draw(model, X, sample_weight=weights).scatters_):
        sizes, drawn = scatter.get_sizes(), weights[model.predict(X) == k]
        np.testing.assert_allclose(sizes / sizes[0], drawn / drawn[0])


def test_nine_components_are_numbered_at_their_means(clusters):
    X = clusters(2)
    display = draw(GaussianMixture(9, random_state=0).fit(X), X, masses=())
    numbers = [text.get_text() for text in display.ax_.texts]
    assert numbers == [str(k) for k in range(9)]


def test_a_legend_of_many_components_names_the_heaviest(clusters):
    X = clusters(2)
    model = GaussianMixture(20, random_state=0).fit(X)
    texts = legend_texts(draw(model, X, masses=()))
    named = [int(text.split()[1]) for text in texts if text.startswith("comp")]
    assert len(named) == 12
    rest = np.setdiff1d(np.arange(20), named)
    assert model.weights_[rest].max() <= model.weights_[named].min()
    assert any(text.startswith("and 8 more") for text in texts)


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_one_component_and_one_row_can_be_drawn(clusters, n_columns):
    X = clusters(n_columns)
    model = GaussianMixture(1).fit(X)
    display = draw(model, X[:1])
    display.figure_.draw_without_rendering()
    assert "component 0 · 100 %" in legend_texts(display)


def test_missing_cells_leave_their_column_out_only(fitted):
    model, X = fitted(3)

    class Tolerant:
        fit = None
        weights_, means_ = model.weights_, model.means_
        covariances_, covariance_type = model.covariances_, "full"

        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    X = X.copy()
    X[::2, 1] = np.nan
    display = draw(Tolerant(), X)
    display.figure_.draw_without_rendering()
    edges = display.histograms[1].edges
    assert edges[0] <= np.nanmin(X[:, 1]) and edges[-1] >= np.nanmax(X[:, 1])


def test_a_bayesian_mixture_is_drawn_too(clusters):
    X = clusters(2)
    model = BayesianGaussianMixture(n_components=2, random_state=0).fit(X)
    assert len(draw(model, X).ellipses_) == 4


def test_drawing_again_replaces_the_artists(fitted):
    display = draw(*fitted(2))
    first = display.figure_
    assert display.plot() is display
    assert display.figure_ is not first
    assert len(display.ellipses_) == 4


def test_inputs_are_left_alone(fitted):
    model, X = fitted(3)
    before, parameters = X.copy(), model.covariances_.copy()
    draw(model, X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(model.covariances_, parameters)


def test_the_repr_is_one_line(fitted):
    text = repr(draw(*fitted(2)))
    assert text == "MixtureDisplay(2 components, columns: x0, x1)"


def test_estimators_that_cannot_be_drawn_are_refused(clusters):
    X = clusters(2)
    with pytest.raises(NotFittedError, match=r"GaussianMixture is not fitted\. Call"):
        draw(GaussianMixture(2), X)
    with pytest.raises(TypeError, match="fitted KMeans has no weights_, means_"):
        draw(KMeans(2, n_init=1, random_state=0).fit(X), X)
    with pytest.raises(TypeError, match=r"got Pipeline\. Pass its last step"):
        draw(make_pipeline(StandardScaler(), GaussianMixture()).fit(X), X)
    for thing in (GaussianMixture, "model"):
        with pytest.raises(TypeError, match="must be a fitted Gaussian mixture; got"):
            draw(thing, X)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": "z"}, r"got 'z'\. The names are x0, x1, x2"),
        ({"columns": [3]}, "numbers from 0 to 2; got 3"),
        ({"columns": [-1]}, "numbers from 0 to 2; got -1"),
        ({"columns": []}, r"at least one column, each once; got \[\]"),
        ({"columns": [0, "x0"]}, r"each once; got \[0, 'x0'\]"),
        ({"feature_names": ["a"]}, r"sequence of 3 names.*got \['a'\]"),
        ({"feature_names": "abc"}, "sequence of 3 names.*got 'abc'"),
        ({"sample_weight": [1.0]}, r"each of the 100 rows of X; got shape \(1,\)"),
        ({"sample_weight": np.r_[np.ones(99), -2]}, "got -2 in row 99"),
        ({"sample_weight": np.r_[np.nan, np.ones(99)]}, "got nan in row 0"),
        ({"sample_weight": np.zeros(100)}, "must not be zero in every row"),
        ({"masses": [50]}, r"between 0 and 1, exclusive; got \[50\]"),
        ({"max_points": 0}, "max_points must be at least 1; got 0"),
    ],
)
def test_wrong_options_are_named(fitted, options, message):
    with pytest.raises(ValueError, match=message):
        draw(*fitted(3), **options)


def test_wrong_tables_are_refused(fitted):
    model, X = fitted(3)
    with pytest.raises(ValueError, match=r"must have the 3 columns .* got 2"):
        draw(model, X[:, :2])
    with pytest.raises(ValueError, match="Expected 2D array"):
        draw(model, X[:, 0])
    with pytest.raises(ValueError, match="infinity"):
        draw(model, np.full((2, 3), np.inf))
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(c="setosa")
    with pytest.raises(TypeError, match="must hold numbers; column 'c' holds"):
        draw(model, frame)


def test_classification_shows_the_components_alone(fitted):
    for n_columns in (1, 2, 3):
        display = draw(*fitted(n_columns), kind="classification")
        assert display.contours_ == display.mixture_lines_ == display.regions_ == []
        assert len(display.ellipses_) == {1: 0, 2: 4, 3: 12}[n_columns]
        assert len(display.component_lines_) == {1: 2, 2: 0, 3: 6}[n_columns]
        texts = legend_texts(display)
        assert any(text.startswith("component 0") for text in texts)
        assert not any("mixture" in text for text in texts)


def test_density_shows_the_mixture_alone(fitted):
    for n_columns, pairs in ((1, 0), (2, 1), (3, 3)):
        model, X = fitted(n_columns)
        display = draw(model, X, kind="density")
        display.figure_.draw_without_rendering()
        assert display.ellipses_ == display.component_lines_ == []
        assert display.mean_markers_ == display.responsibility_lines_ == []
        assert len(display.contours_) == len(display.regions_) == pairs
        assert len(display.mixture_lines_) == (n_columns if pairs != 1 else 0)
        for scatter in display.scatters_:
            assert len(scatter.get_offsets()) == 100
        assert not any(text.startswith("comp") for text in legend_texts(display))


def test_the_regions_of_a_pair_hold_their_share_of_the_marginal(fitted):
    model, X = fitted(3)
    display = draw(model, X, kind="density")
    draws, _ = model.sample(40_000)
    grid = display.grids[2, 0]
    pair = display.components.marginal([0, 2])
    for mass, level in zip(grid.masses, grid.levels, strict=True):
        inside = (pair.density(draws[:, [0, 2]]) >= level).mean()
        assert inside == pytest.approx(mass, abs=0.01)
    (regions,) = [part for part in display.regions_ if part.axes is display.axes_[2, 0]]
    np.testing.assert_allclose(regions.levels, grid.levels)


def test_a_density_without_masses_has_no_regions(fitted):
    display = draw(*fitted(3), kind="density", masses=())
    assert display.regions_ == display.contours_ == []
    assert len(display.mixture_lines_) == 3


def test_an_unknown_kind_is_named(fitted):
    with pytest.raises(ValueError, match=r"kind must be 'both', .* got 'surface'"):
        draw(*fitted(2), kind="surface")


def test_rows_that_are_most_probably_noise_are_crosses_and_named():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.standard_normal((200, 2)) / 4, rng.uniform(-4, 4, (60, 2))])
    model = mixtura.GaussianMixture(1, noise="hull", random_state=0).fit(X)
    display = MixtureDisplay.from_estimator(model, X)
    component, noise = display.scatters_
    n_noise = int((model.labels_ == -1).sum())
    assert len(noise.get_offsets()) == n_noise > 20
    assert len(component.get_offsets()) == len(X) - n_noise
    grey = noise.get_facecolors()[:, :3]
    np.testing.assert_allclose(grey, grey[:, :1].repeat(3, axis=1), atol=0.25)
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert f"noise · {model.noise_weight_:.0%}".replace("%", " %") in labels


def test_rows_that_were_trimmed_are_crosses_and_named():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.standard_normal((180, 2)), rng.uniform(-9, 9, (20, 2))])
    model = mixtura.GaussianMixture(1, trim=0.1, random_state=0).fit(X)
    display = MixtureDisplay.from_estimator(model, X)
    component, trimmed = display.scatters_
    assert len(trimmed.get_offsets()) == (model.labels_ == -1).sum() == 20
    assert len(component.get_offsets()) == 180
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert "trimmed · 10 %" in labels
