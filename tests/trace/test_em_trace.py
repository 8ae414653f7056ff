"""The path of a fit: the laws of its half-steps, its ends, and its bounds."""

import pickle
from itertools import islice

import numpy as np
import pytest

from mixtura import EMTrace, GaussianMixture, em_steps, load_dataset
from mixtura.completion import SOFT
from mixtura.data import Rows
from mixtura.estimators.fitting.progress import Progress
from mixtura.exceptions import DegenerateDataWarning
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.trace.records import MOST_BYTES, MOST_HALF_STEPS, n_bytes
from registry import MODELS
from walks import walk

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning"),
]

FAITHFUL = load_dataset("old-faithful").values
PLAIN = {"init_params": "random_from_data", "acceleration": None, "random_state": 0}

# What a log-likelihood of some hundreds of rows, near -1000 nats, is rounded by.
ROUNDING = 1e-9

FITS = {
    "by default": {},
    "textbook": PLAIN,
    "tied": PLAIN | {"covariance_type": "tied"},
    "VEV": PLAIN | {"covariance_type": "VEV"},
    "hard": PLAIN | {"algorithm": "hard"},
    "stochastic": PLAIN | {"algorithm": "stochastic", "max_iter": 25},
    "several starts": PLAIN | {"n_init": 4},
    "equal weights": PLAIN | {"equal_weights": True},
    "single precision": PLAIN | {"dtype": "float32"},
    "a ridge": PLAIN | {"reg_covar": 0.1},
    "noise": PLAIN | {"noise": "hull"},
    "trimmed": PLAIN | {"trim": 0.05},
    "a prior": PLAIN | {"prior": "default"},
    "bounded": PLAIN | {"max_eigenvalue_ratio": 500.0},
    "accelerated": {"init_params": "random_from_data", "acceleration": "squarem"},
    "no iteration": PLAIN | {"max_iter": 0},
}
EVERY_FIT = pytest.mark.parametrize("settings", FITS.values(), ids=FITS.keys())
CLIMBS = pytest.mark.parametrize("name", ["textbook", "tied", "VEV", "a prior"])


def fit(X=FAITHFUL, n_components=2, **settings):
    settings = {"random_state": 0} | settings
    return GaussianMixture(n_components, record=True, **settings).fit(X)


@EVERY_FIT
class TestEveryFit:
    def test_has_the_path_to_its_parameters(self, settings):
        model = fit(**settings)
        last = model.trace_[-1]
        assert last.iteration == (model.n_iter_ if model.max_iter else 0)
        assert last.phase == "E"
        for ours, theirs in (
            (last.params.weights, model.weights_),
            (last.params.components.means, model.means_),
            (last.params.components.covariances, model.covariances_),
        ):
            np.testing.assert_array_equal(ours, theirs)

    def test_is_not_changed_by_recording(self, settings):
        recorded = fit(**settings)
        plain = GaussianMixture(2, **{"random_state": 0} | settings).fit(FAITHFUL)
        assert recorded.means_.tobytes() == plain.means_.tobytes()
        assert recorded.lower_bounds_ == plain.lower_bounds_
        assert not hasattr(plain, "trace_")

    def test_obeys_the_two_identities(self, settings):
        trace = fit(**settings).trace_
        for step in trace:
            assert abs(step.log_likelihood - step.elbo - step.kl) < ROUNDING
            assert abs(step.elbo - step.q - step.entropy) < ROUNDING
            single = settings.get("dtype") == "float32"
            assert step.kl > -(1e-4 if single else ROUNDING)

    def test_goes_through_m_and_e_in_turn(self, settings):
        trace = fit(**settings).trace_
        n_iter = trace[-1].iteration
        expected = [(0, "E")]
        expected += [(t, phase) for t in range(1, n_iter + 1) for phase in "ME"]
        assert [(step.iteration, step.phase) for step in trace] == expected


@CLIMBS
def test_the_bound_touches_after_each_e_step_and_never_falls(name):
    trace = fit(**FITS[name]).trace_
    assert len(trace) > 5
    table = trace.table()
    e_steps = table["phase"] == "E"
    assert np.abs(table["kl"][e_steps]).max() < ROUNDING
    assert table["kl"][~e_steps].max() > 1e-3
    assert np.diff(table["elbo"]).min() > -ROUNDING
    assert np.diff(table["log_likelihood"]).min() > -ROUNDING


def test_the_objective_of_each_e_step_is_that_of_the_fit():
    model = fit(**PLAIN)
    table = model.trace_.table()
    e_steps = table["phase"] == "E"
    mean = table["log_likelihood"][e_steps][1:] / len(FAITHFUL)
    np.testing.assert_allclose(mean, model.lower_bounds_, rtol=1e-12)
    assert model.trace_[-1].log_likelihood == model.log_likelihood_


def test_the_search_of_the_default_start_is_part_of_the_path():
    model = fit()
    levels = model.trace_.table()["log_likelihood"][::2] / len(FAITHFUL)
    assert len(levels) > 3
    np.testing.assert_allclose(levels[1:], model.lower_bounds_, rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_each_half_step_is_the_textbooks(seed):
    """The same numbers as `em_steps` gives, computed in the user's own units."""
    rng = np.random.default_rng(seed)
    rows = FAITHFUL[rng.choice(len(FAITHFUL), size=2, replace=False)]
    family = Gaussian(Full())
    spread = np.repeat(np.cov(FAITHFUL.T)[None], 2, axis=0)
    start = MixtureParams(np.array([0.5, 0.5]), family.params(rows, spread))
    model = fit(
        means_init=rows,
        weights_init=start.weights,
        precisions_init=np.linalg.inv(spread),
        acceleration=None,
        tol=0.0,
        max_iter=6,
    )
    steps = [*islice(em_steps(Mixture(family), Rows(FAITHFUL), start), 13)]
    own = EMTrace.from_steps(steps)
    assert len(model.trace_) == len(own) == 13
    for ours, plain in zip(model.trace_, own, strict=True):
        assert (ours.iteration, ours.phase) == (plain.iteration, plain.phase)
        for name in ("log_likelihood", "elbo", "q", "entropy", "kl"):
            assert abs(getattr(ours, name) - getattr(plain, name)) < 1e-8
        np.testing.assert_allclose(
            ours.params.components.means, plain.params.components.means, rtol=1e-10
        )


def test_from_steps_keeps_what_em_steps_says():
    family = Gaussian(Full())
    spread = np.repeat(np.cov(FAITHFUL.T)[None], 2, axis=0)
    start = MixtureParams(np.array([0.5, 0.5]), family.params(FAITHFUL[:2], spread))
    steps = [*islice(em_steps(Mixture(family), FAITHFUL, start), 6)]
    trace = EMTrace.from_steps(steps, columns=["eruption", "waiting"])
    assert [(s.iteration, s.phase) for s in trace][-2:] == [(2, "E"), (3, "M")]
    for step, kept in zip(steps, trace, strict=True):
        for name in ("log_likelihood", "elbo", "q", "entropy", "kl"):
            assert getattr(kept, name) == getattr(step, name)
    for index, step in enumerate(steps):
        np.testing.assert_array_equal(
            trace.responsibilities(index), step.responsibilities
        )
    assert trace.about.columns == ("eruption", "waiting")


@pytest.mark.parametrize("algorithm", ["em", "hard", "stochastic"])
def test_after_an_m_step_the_responsibilities_are_still_the_old_ones(algorithm):
    trace = fit(**PLAIN, algorithm=algorithm, max_iter=8, tol=0.0).trace_
    for before, between in zip(
        range(0, len(trace) - 2, 2), range(1, len(trace), 2), strict=True
    ):
        old, held = (trace.responsibilities(i) for i in (before, between))
        np.testing.assert_array_equal(old, held)
        np.testing.assert_allclose(old.sum(axis=1), 1.0)
        counts = old.sum(axis=0) / len(old)
        np.testing.assert_allclose(trace[between].params.weights, counts, atol=1e-9)


def test_the_last_responsibilities_are_the_models():
    model = fit(**PLAIN)
    np.testing.assert_allclose(
        model.trace_.responsibilities(-1, FAITHFUL),
        model.predict_proba(FAITHFUL),
        atol=1e-12,
    )


@pytest.mark.parametrize("scale, shift", [(1024.0, 0.0), (1.0, 4096.0), (0.3, -1e5)])
def test_units_shift_the_log_likelihoods_and_nothing_else(scale, shift):
    plain = fit(**PLAIN).trace_
    moved = fit(FAITHFUL * scale + shift, **PLAIN).trace_
    assert len(plain) == len(moved)
    change = len(FAITHFUL) * 2 * np.log(scale)
    for here, there in zip(plain, moved, strict=True):
        assert abs(there.log_likelihood - here.log_likelihood + change) < 1e-5
        assert abs(there.q - here.q + change) < 1e-5
        assert abs(there.entropy - here.entropy) < 1e-5
        assert abs(there.kl - here.kl) < 1e-5
        np.testing.assert_allclose(
            there.params.components.means,
            here.params.components.means * scale + shift,
            rtol=1e-6,
        )


def test_a_long_path_is_thinned_evenly_with_both_ends():
    rng = np.random.default_rng(0)
    model = fit(
        rng.normal(size=(200, 1)),
        init_params="random_from_data",
        acceleration=None,
        tol=0.0,
        max_iter=700,
    )
    trace = model.trace_
    assert MOST_HALF_STEPS / 4 < len(trace) <= MOST_HALF_STEPS
    numbers = [step.iteration for step in trace if step.phase == "E"]
    assert numbers[0] == 0 and numbers[-1] == model.n_iter_
    assert model.n_iter_ > MOST_HALF_STEPS / 2
    assert len(set(np.diff(numbers)[:-1])) == 1
    table = trace.table()
    assert np.abs(table["kl"][table["phase"] == "E"]).max() < ROUNDING
    assert table["kl"].min() > -ROUNDING


@pytest.mark.parametrize("most", [3, 4, 7, 16])
def test_from_steps_keeps_no_more_half_steps_than_asked(most):
    family = Gaussian(Full())
    spread = np.repeat(np.cov(FAITHFUL.T)[None], 2, axis=0)
    start = MixtureParams(np.array([0.5, 0.5]), family.params(FAITHFUL[:2], spread))
    steps = em_steps(Mixture(family), FAITHFUL, start)
    trace = EMTrace.from_steps(islice(steps, 61), max_half_steps=most)
    assert len(trace) <= most
    assert (trace[0].iteration, trace[-1].iteration) == (0, 30)


def test_large_parameters_are_kept_of_fewer_half_steps():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 40))
    model = fit(
        X,
        n_components=20,
        init_params="random",
        acceleration=None,
        tol=0.0,
        max_iter=200,
        reg_covar=1.0,
    )
    size = n_bytes(model.trace_.records[0].params)
    assert len(model.trace_) * size <= MOST_BYTES
    assert len(pickle.dumps(model.trace_)) < 1.2 * MOST_BYTES


def test_no_more_than_a_thousand_rows_are_held():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6000, 2)) + np.repeat([[0.0], [5.0]], 3000, axis=0)
    trace = fit(X, **PLAIN).trace_
    assert len(trace.sample.rows) == 1000
    assert trace.sample.n_samples == 6000
    np.testing.assert_array_equal(trace.sample.rows.X, X[trace.sample.indices])
    np.testing.assert_allclose(
        trace.responsibilities(-1), trace.responsibilities(-1, X)[trace.sample.indices]
    )
    assert not np.shares_memory(trace.sample.rows.X, X)


def test_the_draws_of_a_sample_are_those_of_the_fit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2500, 1)) + np.repeat([[0.0], [2.0]], 1250, axis=0)
    trace = fit(X, **PLAIN, algorithm="stochastic", max_iter=3).trace_
    some, every = trace.responsibilities(0), trace.responsibilities(0, X)
    assert len(some) == 1000
    np.testing.assert_array_equal(some, every[trace.sample.indices])


def test_weights_and_labels_are_part_of_the_path():
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.5, 2, size=len(FAITHFUL))
    labels = np.full(len(FAITHFUL), -1)
    labels[:9] = FAITHFUL[:9, 0] > 3
    model = GaussianMixture(2, record=True, **PLAIN)
    model.fit(FAITHFUL, sample_weight=weights, labels=labels)
    trace = model.trace_
    assert trace[-1].log_likelihood == model.log_likelihood_
    first = trace.responsibilities(0)[:9]
    np.testing.assert_array_equal(first[:, 1], labels[:9])
    passed = trace.responsibilities(0, FAITHFUL, labels=labels)
    np.testing.assert_array_equal(first, passed[:9])


def test_a_warm_start_begins_a_new_path_where_the_last_ended():
    model = fit(**PLAIN, max_iter=3, tol=0.0)
    end = model.trace_[-1]
    model.set_params(warm_start=True).fit(FAITHFUL)
    begin = model.trace_[0]
    assert begin.iteration == 0
    assert abs(begin.log_likelihood - end.log_likelihood) < ROUNDING
    np.testing.assert_allclose(
        begin.params.components.means, end.params.components.means
    )


def test_a_fit_without_record_forgets_the_path_of_the_last():
    model = fit(**PLAIN)
    model.set_params(record=False).fit(FAITHFUL)
    assert not hasattr(model, "trace_")


def test_a_trace_is_a_sequence_and_can_be_pickled():
    trace = fit(**PLAIN).trace_
    copy = pickle.loads(pickle.dumps(trace))
    assert len([*copy]) == len(copy) == len(trace)
    assert copy[-1].log_likelihood == trace[-1].log_likelihood
    assert [step.iteration for step in trace[:3]] == [0, 1, 1]
    assert repr(trace).startswith(f"EMTrace({len(trace)} half-steps to iteration")
    with pytest.raises(IndexError):
        trace[len(trace)]


def test_the_table_makes_a_data_frame():
    pandas = pytest.importorskip("pandas")
    trace = fit(**PLAIN).trace_
    frame = pandas.DataFrame(trace.table())
    names = ["iteration", "phase", "log_likelihood", "elbo", "q", "entropy", "kl"]
    assert [*frame.columns] == names
    for row, step in zip(frame.itertuples(), trace, strict=True):
        assert all(getattr(row, name) == getattr(step, name) for name in names)


def test_wrong_rows_labels_and_names_are_refused():
    trace = fit(**PLAIN).trace_
    with pytest.raises(ValueError, match=r"must have the 2 columns.*shape \(3, 5\)"):
        trace.responsibilities(0, np.zeros((3, 5)))
    with pytest.raises(ValueError, match=r"labels=.*one entry for each of the 3 rows"):
        trace.responsibilities(0, np.zeros((3, 2)), labels=[0])
    with pytest.raises(ValueError, match=r"must have a half-step; got 0"):
        EMTrace.from_steps([])
    with pytest.raises(ValueError, match=r"'record'.*instance of 'bool'. Got 'yes'"):
        GaussianMixture(record="yes").fit(FAITHFUL)


def test_a_degenerate_fit_has_a_trace_like_any_other():
    X = np.repeat([[0.0, 1.0], [2.0, 1.0]], 4, axis=0)
    with pytest.warns(DegenerateDataWarning):
        model = fit(X, **PLAIN)
    assert np.isfinite(model.trace_.table()["log_likelihood"]).all()


def test_an_interrupted_fit_has_the_path_to_where_it_stopped(monkeypatch):
    def interrupt(self, iteration, objective):
        if iteration == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "_print", interrupt)
    model = fit(**PLAIN)
    assert model.outcome_.startswith("Interrupted")
    assert model.trace_[-1].iteration == model.n_iter_ == 4
    np.testing.assert_array_equal(
        model.trace_[-1].params.components.means, model.means_
    )


def test_other_models_have_a_table_and_a_level():
    row = next(row for row in MODELS if "hidden" in str(row).lower())
    steps = walk(row, SOFT, 0)
    trace = EMTrace.from_steps(steps)
    assert trace.table()["elbo"].tolist() == [step.elbo for step in steps]
    trace.plot().figure_.draw_without_rendering()
    assert trace._repr_html_() is None
    for ask in (trace.recording, trace.bound_slice, lambda: trace.responsibilities(0)):
        with pytest.raises((ValueError, TypeError), match="must be"):
            ask()
