"""The pictures of a trace: what is drawn where."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from mixtura import (
    BoundDisplay,
    GaussianMixture,
    HalfStepsDisplay,
    MeanPathsDisplay,
    ResponsibilityPathsDisplay,
    load_dataset,
)
from mixtura.plot.drawing.colours import blend, component_styles

PLAIN = {"init_params": "random_from_data", "acceleration": None, "random_state": 0}
FAITHFUL = load_dataset("old-faithful").values
IRIS = load_dataset("iris").values
KINDS = ("log-likelihood", "means", "responsibilities", "bound")
DISPLAYS = (
    HalfStepsDisplay,
    MeanPathsDisplay,
    ResponsibilityPathsDisplay,
    BoundDisplay,
)


@pytest.fixture(scope="module")
def model():
    return GaussianMixture(2, record=True, **PLAIN).fit(FAITHFUL)


@pytest.fixture(scope="module")
def flowers():
    return GaussianMixture(3, record=True, **PLAIN | {"random_state": 3}).fit(IRIS)


@pytest.mark.parametrize("kind, display", [*zip(KINDS, DISPLAYS, strict=True)])
class TestEveryPicture:
    def test_is_drawn_alike_from_trace_and_estimator(self, kind, display, model):
        drawn = [
            model.trace_.plot(kind),
            display.from_trace(model.trace_),
            display.from_estimator(model),
        ]
        assert {type(each) for each in drawn} == {display}
        assert len({repr(each) for each in drawn}) == 1

    def test_goes_into_given_axes(self, kind, display, model):
        figure, axes = plt.subplots(1, 2)
        drawn = display.from_trace(model.trace_, ax=axes[1])
        assert drawn.ax_ is axes[1] and drawn.figure_ is figure
        figure.draw_without_rendering()
        plt.close(figure)

    def test_asks_for_a_recorded_fit(self, kind, display):
        plain = GaussianMixture(2, random_state=0)
        with pytest.raises(NotFittedError, match="not fitted"):
            display.from_estimator(plain)
        with pytest.raises(TypeError, match="record=True"):
            display.from_estimator(plain.fit(FAITHFUL))
        with pytest.raises(TypeError, match=r"must be an EMTrace; got list.*record"):
            display.from_trace([])


def test_an_unknown_kind_is_refused(model):
    with pytest.raises(ValueError, match=r"'log-likelihood', 'means'.*got 'pie'"):
        model.trace_.plot("pie")


def test_half_steps_stand_between_the_iterations(model):
    drawn = HalfStepsDisplay.from_estimator(model)
    table = model.trace_.table()
    x, level = drawn.likelihood_line_.get_data()
    np.testing.assert_array_equal(x, np.arange(len(x)) / 2)
    np.testing.assert_array_equal(level, table["log_likelihood"])
    np.testing.assert_array_equal(drawn.bound_line_.get_ydata(), table["elbo"])
    at, gap = drawn.gap_line_.get_data()
    np.testing.assert_array_equal(at, x[1::2])
    np.testing.assert_array_equal(gap, table["kl"][1::2])
    assert "272 rows (nats)" in drawn.ax_.get_ylabel()
    low, high = drawn.ax_.get_ylim()
    assert low < table["elbo"].min() and high > level.max()


def test_a_first_step_that_dwarfs_the_rest_lies_below_the_axis():
    height = np.concatenate([[-1e6, -1e6, -100.0], -100 / np.arange(1, 12)])
    drawn = HalfStepsDisplay(
        half_steps=np.arange(len(height)) / 2, log_likelihood=height, bound=height
    ).plot()
    assert drawn.ax_.get_ylim()[0] > -200
    assert "below the axis" in drawn.ax_.texts[0].get_text()


@pytest.mark.parametrize("kind", KINDS)
def test_a_trace_of_one_half_step_can_be_drawn(kind):
    model = GaussianMixture(2, max_iter=0, record=True, **PLAIN).fit(FAITHFUL)
    assert len(model.trace_) == 1
    model.trace_.plot(kind).figure_.draw_without_rendering()


def test_the_paths_of_the_means_are_those_of_the_trace(model):
    drawn = MeanPathsDisplay.from_estimator(model)
    e_steps = [step for step in model.trace_ if step.phase == "E"]
    for k, line in enumerate(drawn.path_lines_):
        path = np.array([step.params.components.means[k] for step in e_steps])
        np.testing.assert_array_equal(np.transpose(line.get_data()), path)
        start, end = drawn.start_markers_[k], drawn.end_markers_[k]
        np.testing.assert_array_equal(np.ravel(start.get_data()), path[0])
        np.testing.assert_array_equal(np.ravel(end.get_data()), model.means_[k])
        assert start.get_markerfacecolor() == "white"
    centres = [ellipse.get_center() for ellipse in drawn.ellipses_[::2]]
    np.testing.assert_allclose(centres, model.means_)
    assert len(drawn.scatter_.get_offsets()) == len(FAITHFUL)


def test_other_numbers_of_columns_have_a_panel_each(flowers):
    drawn = MeanPathsDisplay.from_estimator(flowers)
    assert drawn.axes_.shape == (4,)
    assert len(drawn.path_lines_) == 12
    assert [axes.get_ylabel() for axes in drawn.axes_] == [
        f"mean of\nx{j}" for j in range(4)
    ]
    assert drawn.axes_[-1].get_xlabel() == "iteration"
    last = [line.get_ydata()[-1] for line in drawn.path_lines_]
    np.testing.assert_array_equal(last, flowers.means_.T.ravel())
    plane = MeanPathsDisplay.from_estimator(flowers, columns=[2, 3])
    assert (plane.ax_.get_xlabel(), plane.ax_.get_ylabel()) == ("x2", "x3")
    units = [f"{name} (cm)" for name in "abcd"]
    plane = MeanPathsDisplay.from_estimator(
        flowers, columns=["d (cm)", 0], feature_names=units
    )
    assert (plane.ax_.get_xlabel(), plane.ax_.get_ylabel()) == ("d (cm)", "a (cm)")
    with pytest.raises(ValueError, match=r"sequence of 4 names.*got 'abcd'"):
        MeanPathsDisplay.from_estimator(flowers, feature_names="abcd")
    with pytest.raises(ValueError, match="names or numbers from 0 to 3; got 9"):
        MeanPathsDisplay.from_estimator(flowers, columns=[9])


def test_responsibilities_are_blended_colours_of_rows_by_iteration(flowers):
    drawn = ResponsibilityPathsDisplay.from_estimator(flowers)
    image = np.asarray(drawn.image_.get_array())
    n_iterations = (len(flowers.trace_) + 1) // 2
    assert image.shape == (150, n_iterations, 3)
    styles = component_styles(flowers.weights_)
    end = blend(flowers.predict_proba(IRIS), styles)
    order = np.lexsort(end.T)
    np.testing.assert_allclose(
        end[order], image[np.lexsort(image[:, -1].T), -1], atol=1e-6
    )
    last = drawn.responsibilities[-1].argmax(axis=1)
    assert (np.diff(last) >= 0).all()
    left, right, bottom, top = drawn.image_.get_extent()
    assert (left, right, bottom, top) == (-0.5, n_iterations - 0.5, 150, 0)
    labels = [text.get_text() for text in drawn.legend_.get_texts()]
    assert labels == [style.label for style in styles]


def test_noise_is_dark_and_named():
    rng = np.random.default_rng(0)
    X = np.concatenate([FAITHFUL, rng.uniform([1, 30], [9, 190], (40, 2))])
    model = GaussianMixture(2, record=True, noise="hull", **PLAIN).fit(X)
    drawn = ResponsibilityPathsDisplay.from_estimator(model)
    assert np.asarray(drawn.image_.get_array()).sum(axis=2).min() < 0.2
    assert drawn.legend_.get_texts()[-1].get_text().startswith("noise · ")


def test_the_bound_is_drawn_as_computed(model):
    drawn = BoundDisplay.from_estimator(model, iteration=4)
    found = model.trace_.bound_slice(4)
    for line, values in (
        (drawn.likelihood_line_, found.log_likelihood),
        (drawn.bound_line_, found.bound),
        (drawn.next_line_, found.next_bound),
    ):
        np.testing.assert_array_equal(line.get_data(), [found.s, values])
    (touch,) = zip(*drawn.start_marker_.get_data(), strict=True)
    assert touch[0] == 0
    (highest,) = zip(*drawn.maximum_marker_.get_data(), strict=True)
    assert highest == (1.0, found.bound.max())
    ticks = [text.get_text() for text in drawn.ax_.get_xticklabels()]
    assert "E-step 4" in ticks[0] and "M-step 5" in ticks[1]
    low, high = drawn.ax_.get_ylim()
    assert low < touch[1] < highest[1] < high
    kl = next(s.kl for s in model.trace_ if (s.iteration, s.phase) == (5, "M"))
    assert drawn.gap_.get_text() == f"KL = {kl:.3g}"


def test_the_bound_of_hard_em_is_not_said_to_touch():
    model = GaussianMixture(2, algorithm="hard", record=True, **PLAIN).fit(FAITHFUL)
    texts = [text.get_text() for text in BoundDisplay.from_estimator(model).ax_.texts]
    assert "touches" not in texts
