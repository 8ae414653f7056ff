import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mixtura import StateSequenceDisplay
from mixtura.data import Rows
from mixtura.families.bernoulli import Bernoulli, BernoulliParams
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams
from mixtura.plot.drawing.colours import component_styles

draw = StateSequenceDisplay.from_params
STAY = np.array([[0.9, 0.06, 0.04], [0.05, 0.9, 0.05], [0.1, 0.1, 0.8]])
START = np.full(3, 1 / 3)


def gaussian(n_columns, length=120):
    family = Gaussian(Full())
    model = HiddenMarkov(family)
    means = 2.0 * np.arange(3)[:, None] * np.ones(n_columns)
    covariances = np.tile(np.eye(n_columns), (3, 1, 1))
    params = HiddenMarkovParams(START, STAY, family.params(means, covariances))
    X, _ = model.sample(params, length, np.random.default_rng(0))
    return model, params, X


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_the_panels_are_the_columns_and_the_probabilities(n_columns):
    model, params, X = gaussian(n_columns)
    display = draw(
        model, params, X, feature_names=[f"c{j} (m)" for j in range(n_columns)]
    )
    posterior = model.posterior(params, Rows(X))
    np.testing.assert_allclose(display.probabilities, posterior.values)
    assert len(display.axes_) == n_columns + 1
    for column, (panel, line) in enumerate(
        zip(display.axes_, display.lines_, strict=False)
    ):
        np.testing.assert_array_equal(line.get_ydata(), X[:, column])
        assert panel.get_ylabel() == f"c{column} (m)"
    assert len({panel.get_xlim() for panel in display.axes_}) == 1
    assert display.axes_[-1].get_ylabel() == "state\nprobability"
    assert display.axes_[-1].get_xlabel() == "time step"
    assert len(display.areas_) == 3


def test_the_path_is_the_most_likely_one_and_not_the_likeliest_states():
    # The likeliest states one by one pass through a transition that cannot be.
    transition = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    model, params, X = gaussian(1)
    params = HiddenMarkovParams(np.array([1.0, 0, 0]), transition, params.components)
    display = draw(model, params, X)
    expected = model.posterior(params, Rows(X)).mode().values.argmax(axis=1)
    np.testing.assert_array_equal(display.path, expected)
    assert (np.diff(display.path) >= 0).all()


def test_runs_cover_the_sequence_and_colour_it():
    model, params, X = gaussian(2)
    display = draw(model, params, X)
    states = np.concatenate([[s] * (b - a + 1) for s, a, b in display.runs_])
    np.testing.assert_array_equal(states, display.path)
    styles = component_styles(display.probabilities.mean(axis=0))
    for k in range(3):
        scatter = display.scatters_[k]
        chosen = display.path == k
        np.testing.assert_array_equal(
            scatter.get_offsets(),
            np.column_stack([np.flatnonzero(chosen), X[chosen, 0]]),
        )
        np.testing.assert_allclose(scatter.get_facecolors()[0, :3], styles[k].colour)


def test_levels_are_the_means_of_the_states():
    model, params, X = gaussian(1)
    display = draw(model, params, X)
    weights = display.probabilities
    means = weights.T @ X[:, 0] / weights.sum(axis=0)
    for k, level in enumerate(display.levels_):
        heights = [y for segment in level.get_segments() for _, y in segment]
        np.testing.assert_allclose(heights, means[k])
        runs = [(a, b) for s, a, b in display.runs_ if s == k]
        ends = [(s[0, 0] + 0.5, s[1, 0] - 0.5) for s in level.get_segments()]
        assert ends == runs


@pytest.mark.parametrize(
    "family, components",
    [
        (Poisson(), PoissonParams(np.array([[1.0], [5.0], [20.0]]))),
        (Bernoulli(), BernoulliParams(np.array([[0.1], [0.5], [0.9]]))),
    ],
)
def test_any_family_can_be_drawn(family, components):
    model = HiddenMarkov(family)
    params = HiddenMarkovParams(START, STAY, components)
    X, _ = model.sample(params, 40, np.random.default_rng(1))
    display = draw(model, params, X[:, 0])
    display.figure_.draw_without_rendering()
    assert repr(display) == "StateSequenceDisplay(40 time steps, 3 states)"


def test_times_and_names_label_the_axes():
    model, params, X = gaussian(2)
    frame = pd.DataFrame(X, columns=["flow", "level"])
    times = np.cumsum(np.random.default_rng(0).uniform(0.5, 2, len(X)))
    display = draw(
        model, params, frame, times=times, time_name="time (h)", columns="level"
    )
    assert display.axes_[0].get_ylabel() == "level"
    assert display.axes_[-1].get_xlabel() == "time (h)"
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), times)
    low, high = display.ax_.get_xlim()
    assert low < times[0] and times[-1] < high


def test_the_legend_says_how_long_each_state_lasts():
    model, params, X = gaussian(1)
    display = draw(model, params, X)
    texts = [text.get_text() for text in display.legend_.get_texts()]
    share = display.probabilities.mean(axis=0)[0]
    assert texts[0] == f"state 0 · {100 * share:.0f} % of the time"
    assert texts[-2:] == ["most likely sequence", "state mean"]


@pytest.mark.parametrize("length", [1, 2, 1500])
def test_short_and_long_sequences_can_be_drawn_into_given_axes(length):
    model, params, X = gaussian(1, length)
    ax = Figure().add_axes((0.1, 0.1, 0.8, 0.8))
    display = draw(model, params, X, ax=ax, legend=False)
    display.figure_.draw_without_rendering()
    assert display.ax_ is ax and (len(display.scatters_) == 0) == (length == 1500)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"times": [1.0]}, "one number for each of the 120 rows"),
        ({"times": np.zeros(120)}, "ascending"),
        ({"columns": "z"}, "got 'z'"),
        ({"feature_names": ["a", "b"]}, "a sequence of 1 names"),
    ],
)
def test_wrong_options_are_named(options, message):
    model, params, X = gaussian(1)
    with pytest.raises(ValueError, match=message):
        draw(model, params, X, **options)


def test_a_gap_is_named_by_its_row():
    model, params, X = gaussian(1)
    X[7] = np.nan
    with pytest.raises(ValueError, match="no missing values; row 7 has one"):
        draw(model, params, X)
