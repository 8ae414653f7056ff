"""What the EM player is given: its format, its bounds, and that it is the fit."""

import json
from base64 import b64decode
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from mixtura import EMTrace, GaussianMixture, em_steps, load_dataset
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.trace.recording import FORMAT, VERSION, spaced

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FAITHFUL = load_dataset("old-faithful")
PLAIN = {"init_params": "random_from_data", "acceleration": None, "random_state": 0}
NUMBERS = ("log_likelihood", "elbo", "q", "entropy", "kl")
TYPES = {
    "format": str,
    "version": int,
    "title": str,
    "columns": list,
    "n_samples": int,
    "points": list,
    "n_components": int,
    "algorithm": str,
    "covariance_type": str,
    "outcome": str,
    "converged": bool,
    "steps": list,
}


def fit(X=FAITHFUL.values, n_components=2, **settings):
    return GaussianMixture(n_components, record=True, **PLAIN | settings).fit(X)


def shares(step, n_points, n_components):
    values = np.frombuffer(b64decode(step["responsibilities"]), dtype=np.uint8)
    return values.reshape(n_points, n_components) / 255


def check(recording):
    """Whether a dict, read back from JSON, is what the player expects."""
    assert {name: type(recording[name]) for name in recording} == TYPES
    assert (recording["format"], recording["version"]) == (FORMAT, VERSION)
    n_columns, n_components = len(recording["columns"]), recording["n_components"]
    points = np.array(recording["points"])
    assert points.shape[1] == n_columns and np.isfinite(points).all()
    assert len(points) <= recording["n_samples"]
    assert recording["algorithm"] in ("em", "hard", "stochastic")
    for step in recording["steps"]:
        assert type(step["iteration"]) is int and step["phase"] in ("E", "M")
        assert np.shape(step["weights"]) == (n_components,)
        assert np.shape(step["means"]) == (n_components, n_columns)
        covariances = np.array(step["covariances"])
        assert covariances.shape == (n_components, n_columns, n_columns)
        deviations = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
        correlations = covariances / deviations[:, :, None] / deviations[:, None, :]
        assert (np.linalg.eigvalsh(correlations) > 0).all()
        assert all(type(step[name]) is float for name in NUMBERS)
        assert abs(step["log_likelihood"] - step["elbo"] - step["kl"]) < 1e-8
        assert abs(step["elbo"] - step["q"] - step["entropy"]) < 1e-8
        sums = shares(step, len(points), n_components).sum(axis=1)
        assert (sums <= 1 + n_components / 255).all()
    numbers = [step["iteration"] for step in recording["steps"]]
    assert numbers == sorted(numbers)


def made(trace, *rows, **options):
    """Make a recording, and read it back from JSON."""
    recording = json.loads(json.dumps(trace.recording(*rows, **options)))
    check(recording)
    return recording


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"covariance_type": "tied"},
        {"covariance_type": "spherical"},
        {"covariance_type": "VEV"},
        {"covariance_type": "diag", "algorithm": "hard"},
        {"algorithm": "stochastic", "max_iter": 10},
        {"noise": "hull"},
        {"max_iter": 0},
    ],
    ids=str,
)
def test_a_recording_is_what_the_player_expects(settings):
    model = fit(**settings)
    recording = made(model.trace_)
    assert recording["covariance_type"] == model.covariance_type
    assert recording["algorithm"] == model.algorithm
    assert recording["outcome"] == model.outcome_
    assert recording["converged"] is model.converged_


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_it_ends_at_the_model(covariance_type):
    model = fit(covariance_type=covariance_type)
    recording = made(model.trace_)
    last = recording["steps"][-1]
    np.testing.assert_allclose(last["weights"], model.weights_, rtol=1e-9)
    np.testing.assert_array_equal(last["means"], model.means_)
    full = {
        "full": lambda c: c,
        "tied": lambda c: np.array([c, c]),
        "diag": lambda c: np.array([np.diag(row) for row in c]),
        "spherical": lambda c: c[:, None, None] * np.eye(2),
    }[covariance_type](model.covariances_)
    np.testing.assert_allclose(last["covariances"], full, rtol=1e-9)
    assert last["log_likelihood"] == model.log_likelihood_
    found = shares(last, len(FAITHFUL.values), 2)
    exact = model.predict_proba(FAITHFUL.values)
    assert np.abs(found - exact).max() <= 0.5 / 255 + 1e-12


def test_the_responsibilities_of_an_m_step_are_those_of_the_e_step_before():
    steps = made(fit().trace_)["steps"]
    for before, between, after in zip(
        steps[::2], steps[1::2], steps[2::2], strict=False
    ):
        assert (before["phase"], between["phase"], after["phase"]) == ("E", "M", "E")
        assert between["responsibilities"] == before["responsibilities"]
        assert between["means"] == after["means"]
    assert steps[0]["responsibilities"] != steps[-1]["responsibilities"]


def test_noise_takes_its_share_of_the_rows():
    rng = np.random.default_rng(0)
    X = np.concatenate([FAITHFUL.values, rng.uniform([1, 30], [9, 190], (40, 2))])
    steps = made(fit(X, noise="hull").trace_)["steps"]
    assert sum(steps[-1]["weights"]) < 0.95
    assert shares(steps[-1], len(X), 2).sum(axis=1).min() < 0.1


def test_points_are_few_and_rounded_but_in_their_place():
    rng = np.random.default_rng(0)
    X = rng.normal([1e6, 1e-6, 0.0], [1.0, 1e-8, 1e5], size=(2500, 3))
    model = fit(X)
    recording = made(model.trace_, X, max_points=50)
    points = np.array(recording["points"])
    assert points.shape == (50, 3) and recording["n_samples"] == 2500
    assert (np.abs(points[[0, -1]] - X[[0, -1]]) < 1e-4 * np.ptp(X, axis=0)).all()
    assert len(json.dumps(recording["points"])) < 50 * 3 * 16
    assert len(made(model.trace_)["points"]) == 400


def test_long_paths_keep_both_ends_and_even_steps():
    trace = fit(tol=0.0, max_iter=60).trace_
    recording = made(trace, max_steps=11)
    numbers = [(step["iteration"], step["phase"]) for step in recording["steps"]]
    assert numbers[0] == (0, "E") and numbers[-1] == (trace[-1].iteration, "E")
    assert len(numbers) == 11
    gaps = np.diff([t for t, phase in numbers if phase == "E"])
    assert np.ptp(gaps) <= 1


@pytest.mark.parametrize("length", [1, 2, 3, 4, 9, 10, 20, 37])
@pytest.mark.parametrize("most", [4, 5, 10])
@pytest.mark.parametrize("first", [0, 1])
def test_spaced_half_steps_are_no_more_than_asked(length, most, first):
    path = [
        SimpleNamespace(iteration=(i + 1) // 2) for i in range(first, length + first)
    ]
    chosen = spaced(path, most)
    assert len(chosen) <= most
    assert chosen[-1] == length - 1
    assert chosen[0] == 0 or length <= 2


def test_columns_are_chosen_by_name_or_number():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(rng.normal(size=(80, 8)), columns=[*"abcdefgh"])
    trace = fit(frame).trace_
    assert made(trace)["columns"] == [*"abcdef"]
    chosen = made(trace, columns=["h", 0])
    assert chosen["columns"] == ["h", "a"]
    np.testing.assert_allclose(
        chosen["points"], frame[["h", "a"]], atol=1e-4 * np.ptp(frame.to_numpy())
    )
    last = chosen["steps"][-1]
    np.testing.assert_array_equal(
        last["means"], trace[-1].params.components.means[:, [7, 0]]
    )
    np.testing.assert_allclose(
        last["covariances"], trace.covariances(-1)[:, [[7], [0]], [7, 0]], rtol=1e-9
    )
    with pytest.raises(ValueError, match="number them from 0 to 7; got 'z'"):
        trace.recording(columns=["z"])


def test_the_title_says_what_is_shown():
    trace = fit().trace_
    assert made(trace)["title"] == "EM of 2 components on 272 rows"
    assert made(trace, title="Geyser")["title"] == "Geyser"


def test_what_cannot_be_recorded_is_refused():
    trace = fit().trace_
    with pytest.raises(ValueError, match=r"max_points=.*at least 1; got 0"):
        trace.recording(max_points=0)
    with pytest.raises(ValueError, match=r"max_steps=.*at least 4; got 2"):
        trace.recording(max_steps=2)
    start = MixtureParams(np.array([0.5, 0.5]), PoissonParams(np.array([[1.0], [5.0]])))
    counts = np.array([[0.0], [1.0], [7.0]])
    steps = islice(em_steps(Mixture(Poisson()), counts, start), 3)
    poisson = EMTrace.from_steps(steps)
    assert poisson._repr_html_() is None
    with pytest.raises(TypeError, match="must be of a Gaussian mixture"):
        poisson.recording()


def test_a_notebook_shows_the_player_with_text_from_the_data_escaped():
    pandas = pytest.importorskip("pandas")
    names = ["<script>alert(1)</script>", "b"]
    trace = fit(pandas.DataFrame(FAITHFUL.values, columns=names)).trace_
    shown = trace._repr_html_()
    assert "<iframe" in shown and "mixtura-recording" in shown
    assert "<script>" not in shown
    assert not any(address in shown for address in ('src="http', "//cdn"))
