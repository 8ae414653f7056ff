from io import BytesIO
from itertools import islice

import numpy as np
import pytest
from PIL import Image
from PIL.ImageSequence import Iterator as pictures_of

from mixtura import AnimationDisplay, GaussianMixture, load_dataset
from mixtura.plot.drawing.colours import blend, component_styles
from mixtura.plot.fits.gif import gif
from mixtura.plot.fits.recorded_frames import chosen_frames, recorded_frames

FAITHFUL = load_dataset("old-faithful").values
IRIS = load_dataset("iris").values


def traced(X, n_components, seed=0, **options):
    model = GaussianMixture(
        n_components,
        init_params="random_from_data",
        acceleration=None,
        record=True,
        random_state=seed,
        **options,
    )
    return model.fit(X)


@pytest.fixture(scope="module")
def faithful():
    return traced(FAITHFUL, 2)


@pytest.fixture(scope="module")
def animation(faithful):
    return AnimationDisplay.from_trace(faithful.trace_, FAITHFUL)


def texts(display):
    return [text.get_text() for text in display.figure_.texts]


def test_a_frame_is_a_half_step(faithful, animation):
    assert len(animation.frames) == len(faithful.trace_)
    for frame, step in zip(animation.frames, faithful.trace_, strict=True):
        assert (frame.iteration, frame.phase) == (step.iteration, step.phase)
        assert frame.log_likelihood == pytest.approx(step.log_likelihood)
        assert frame.bound == pytest.approx(step.elbo)
        np.testing.assert_allclose(frame.components.means, step.params.components.means)
    times = [frame.time for frame in animation.frames[:4]]
    assert times == [0, 0.5, 1, 1.5]


def test_points_have_the_colours_of_the_posterior(faithful, animation):
    animation.plot(-1)
    shares = faithful.predict_proba(FAITHFUL)
    colours = blend(shares, component_styles(faithful.weights_))
    scatters = animation.ax_.collections
    for k, scatter in enumerate(scatters):
        chosen = shares.argmax(axis=1) == k
        np.testing.assert_allclose(scatter.get_offsets(), FAITHFUL[chosen], atol=1e-3)
        np.testing.assert_allclose(
            scatter.get_facecolors()[:, :3], colours[chosen], atol=0.01
        )


def test_after_an_m_step_the_ellipses_are_new_and_the_colours_old(animation):
    e_step, m_step = animation.frames[4:6]
    assert (e_step.phase, m_step.phase) == ("E", "M")
    np.testing.assert_array_equal(e_step.responsibilities, m_step.responsibilities)
    animation.plot(5)
    centres = [patch.center for patch in animation.ax_.patches]
    np.testing.assert_allclose(centres[::2], m_step.components.means)
    assert not np.allclose(e_step.components.means, m_step.components.means)


def test_the_curves_grow_inside_fixed_axes(animation):
    limits = set()
    for position in (0, 3, -1):
        animation.plot(position)
        ax = animation.curve_ax_
        limits.add((ax.get_xlim(), ax.get_ylim(), animation.ax_.get_xlim()))
        count = range(len(animation.frames))[position] + 1
        seen = animation.frames[:count]
        curve, _, bound, _ = ax.get_lines()
        np.testing.assert_array_equal(curve.get_xdata(), [f.time for f in seen])
        np.testing.assert_array_equal(
            curve.get_ydata(), [f.log_likelihood for f in seen]
        )
        np.testing.assert_array_equal(bound.get_ydata(), [f.bound for f in seen])
    assert len(limits) == 1


def test_a_frame_says_iteration_phase_and_log_likelihood(animation):
    first = texts(animation.plot(0))
    assert first[0] == "Iteration 0" and first[1].startswith("E-step")
    level = f"{animation.frames[0].log_likelihood:,.2f}".replace("-", "−")
    assert first[2] == f"{level} nats"
    assert first[3] == "log-likelihood of 272 rows"
    assert texts(animation.plot(1))[1].startswith("M-step")
    last = animation.frames[-1].iteration
    assert texts(animation.plot())[0] == f"Iteration {last}, converged"
    names = [t.get_text() for t in animation.figure_.legends[0].get_texts()]
    assert sorted(name.split(" · ")[1] for name in names) == ["36 %", "64 %"]


def test_a_fit_that_did_not_converge_is_not_said_to_have():
    with pytest.warns(UserWarning, match="did not converge"):
        model = traced(FAITHFUL, 2, max_iter=2)
    display = AnimationDisplay.from_trace(model.trace_)
    assert texts(display)[0] == "Iteration 2"


def test_one_column_has_densities_above_its_rows():
    X = FAITHFUL[:, 1:]
    model = traced(X, 2)
    display = AnimationDisplay.from_trace(model.trace_, X)
    display.plot(2)
    density, other, total, axis = display.ax_.get_lines()
    x = density.get_xdata()
    np.testing.assert_allclose(
        density.get_ydata() + other.get_ydata(), total.get_ydata()
    )
    assert np.trapezoid(total.get_ydata(), x) == pytest.approx(1, abs=0.1)
    rows = np.concatenate([s.get_offsets() for s in display.ax_.collections])
    np.testing.assert_allclose(np.sort(rows[:, 0]), np.sort(X[:, 0]), atol=1e-3)
    assert rows[:, 1].max() < axis.get_ydata()[0] == 0
    assert display.ax_.get_ylabel() == "density"


def test_two_columns_of_many_are_chosen_by_name_or_number():
    model = traced(IRIS, 3, seed=2)
    display = AnimationDisplay.from_trace(model.trace_, IRIS, columns=["x3", 0])
    assert display.feature_names == ("x3", "x0")
    np.testing.assert_allclose(display.points, IRIS[:, [3, 0]])
    np.testing.assert_allclose(
        display.frames[-1].components.means, model.means_[:, [3, 0]]
    )
    assert display.ax_.get_xlabel() == "x3"
    default = AnimationDisplay.from_trace(model.trace_)
    assert default.feature_names == ("x0", "x1")


@pytest.mark.parametrize("algorithm", ["hard", "stochastic"])
def test_other_algorithms_can_be_shown(algorithm):
    model = traced(FAITHFUL, 2, max_iter=50, algorithm=algorithm)
    display = AnimationDisplay.from_trace(model.trace_, FAITHFUL)
    shares = display.frames[2].responsibilities
    assert set(np.unique(shares)) <= {0.0, 1.0}


@pytest.mark.parametrize("count, most", [(2, 2), (9, 4), (61, 60), (1000, 30)])
def test_the_first_and_the_last_half_step_are_shown(count, most):
    chosen = chosen_frames(count, most)
    assert chosen[0] == 0 and chosen[-1] == count - 1
    assert len(chosen) <= most and (np.diff(chosen) > 0).all()
    assert (np.diff(chosen, 2) >= -1).all()


def test_a_gif_has_every_frame_and_dwells_on_the_first_and_last(faithful, tmp_path):
    path, counts = tmp_path / "a.gif", []
    animation = AnimationDisplay.from_trace(faithful.trace_, max_frames=6)
    animation.save(path, fps=5, hold=1, progress=counts.append)
    with Image.open(path) as image:
        durations = [frame.info["duration"] for frame in pictures_of(image)]
        assert image.size == (720, 400) and image.info["loop"] == 0
    count = len(animation.frames)
    assert durations == [1000, *[200] * (count - 2), 2000]
    assert counts == list(range(1, count + 1))


@pytest.mark.slow
def test_thirty_frames_of_old_faithful_take_less_than_300_kb(tmp_path):
    trace = traced(FAITHFUL, 2, seed=1).trace_
    display = AnimationDisplay.from_trace(trace, FAITHFUL, max_frames=30)
    assert len(display.frames) == 30
    display.save(tmp_path / "a.gif")
    assert (tmp_path / "a.gif").stat().st_size < 300_000


def test_a_gif_shows_what_was_drawn_on_white_paper(animation):
    drawn = list(islice(animation.pictures(), 3))
    data = gif(drawn, [0.1] * 3, 64)
    with Image.open(BytesIO(data)) as image:
        for frame, picture in zip(pictures_of(image), drawn, strict=True):
            shown = np.asarray(frame.convert("RGB")).astype(int)
            assert shown[0, 0].tolist() == [255, 255, 255]
            assert np.abs(shown - picture).mean() < 2


def test_what_cannot_be_saved_is_refused_before_drawing(animation, tmp_path):
    for path, options, message in (
        ("a.mp4", {}, "must end in .gif; got 'a.mp4'"),
        ("a.gif", {"fps": 0}, "fps must be above 0"),
        ("a.gif", {"n_colours": 1}, "n_colours from 2 to 256"),
        ("a.gif", {"hold": -1}, "hold not negative"),
    ):
        with pytest.raises(ValueError, match=message):
            animation.save(tmp_path / path, **options)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_when_drawing_is_interrupted(animation, tmp_path):
    path = tmp_path / "a.gif"
    path.write_text("old")

    def stop(count):
        if count == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        animation.save(path, progress=stop)
    assert path.read_text() == "old"


def test_labels_stay_inside_the_picture_in_any_units():
    X = FAITHFUL * [1e6, 1e-7]
    display = AnimationDisplay.from_trace(traced(X, 2).trace_, X)
    assert display.ax_.get_xlabel() == "x0 (×10⁶)"
    assert display.ax_.get_ylabel() == "x1 (×10⁻⁶)"
    figure = display.figure_
    figure.draw_without_rendering()
    for axis in (display.ax_.xaxis, display.ax_.yaxis):
        texts = [float(t.get_text().replace("−", "-")) for t in axis.get_ticklabels()]
        assert max(map(abs, texts)) < 20
    for ax in (display.ax_, display.curve_ax_):
        box = ax.get_tightbbox()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1


def test_wrong_choices_are_named(faithful):
    with pytest.raises(ValueError, match="one column or two; got 3"):
        AnimationDisplay.from_trace(traced(IRIS, 2).trace_, columns=[0, 1, 2])
    with pytest.raises(ValueError, match="got 'z'"):
        AnimationDisplay.from_trace(faithful.trace_, columns="z")
    with pytest.raises(ValueError, match="max_frames must be at least 2; got 1"):
        AnimationDisplay.from_trace(faithful.trace_, max_frames=1)


def test_a_recording_is_read_as_it_was_written(faithful):
    recording = faithful.trace_.recording(FAITHFUL)
    frames = recorded_frames(recording)
    last = recording["steps"][-1]
    assert frames[-1].components.weights.tolist() == last["weights"]
    assert frames[-1].responsibilities.shape == (len(recording["points"]), 2)
    np.testing.assert_allclose(frames[0].responsibilities.sum(axis=1), 1, atol=0.01)
