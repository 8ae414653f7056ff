import gc
import weakref

import matplotlib
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from mixtura.plot import MixtureDisplay, TraceDisplay


@pytest.fixture
def showing_backend(monkeypatch):
    """Pretend that pyplot's backend shows figures, as a notebook's does."""
    monkeypatch.setattr(plt, "get_backend", lambda: "inline")
    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def file_backend():
    with matplotlib.rc_context():
        plt.switch_backend("agg")
        yield


def test_without_a_screen_pyplot_does_not_hold_the_figure(fitted):
    before = plt.get_fignums()
    MixtureDisplay.from_estimator(*fitted(2))
    assert plt.get_fignums() == before


def test_a_figure_is_freed_with_its_display(fitted):
    display = TraceDisplay.from_estimator(fitted(2)[0])
    figure = weakref.ref(display.figure_)
    del display
    gc.collect()
    assert figure() is None


def test_a_display_draws_itself_in_a_notebook(fitted):
    display = MixtureDisplay.from_estimator(*fitted(1))
    assert display._repr_png_().startswith(b"\x89PNG")


@pytest.mark.usefixtures("showing_backend")
def test_a_figure_that_pyplot_shows_is_not_shown_twice(fitted):
    display = MixtureDisplay.from_estimator(*fitted(1))
    assert plt.fignum_exists(display.figure_.number)
    assert display._repr_png_() is None
    plt.close(display.figure_)
    assert display._repr_png_().startswith(b"\x89PNG")


@pytest.mark.usefixtures("showing_backend")
def test_many_figures_give_no_warning(fitted):
    model, _ = fitted(1)
    displays = [TraceDisplay.from_estimator(model) for _ in range(25)]
    assert len(plt.get_fignums()) >= len(displays)


def test_a_display_that_is_not_drawn_yet_has_no_picture():
    trace = TraceDisplay(log_likelihoods=[-1.0], converged=True, n_iter=1)
    assert trace._repr_png_() is None


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_given_axes_are_used_and_their_figure_kept(fitted, n_columns):
    figure = Figure(layout="constrained")
    left, right = figure.subplots(1, 2)
    display = MixtureDisplay.from_estimator(*fitted(n_columns), ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not left.has_data()


def test_panels_stay_in_the_place_of_axes_without_a_grid(fitted):
    figure = Figure()
    ax = figure.add_axes((0.5, 0.5, 0.4, 0.4))
    upper, lower = TraceDisplay.from_estimator(fitted(1)[0], ax=ax).axes_
    assert lower.get_position().y1 < upper.get_position().y0
    assert lower.get_position().y0 == pytest.approx(0.5)
    assert upper.get_position().y1 == pytest.approx(0.9)


def test_subfigures_are_accepted(fitted):
    part = Figure(layout="constrained").subfigures(1, 2)[0]
    display = MixtureDisplay.from_estimator(*fitted(1), ax=part.subplots())
    assert display.figure_ is part
    assert display._repr_png_().startswith(b"\x89PNG")


def test_an_array_of_axes_is_refused(fitted):
    axes = Figure().subplots(1, 2)
    with pytest.raises(TypeError, match=r"ax must be one matplotlib Axes.*ndarray"):
        MixtureDisplay.from_estimator(*fitted(2), ax=axes)


def test_no_style_is_changed(fitted):
    before = dict(matplotlib.rcParams)
    MixtureDisplay.from_estimator(*fitted(3))
    assert dict(matplotlib.rcParams) == before
