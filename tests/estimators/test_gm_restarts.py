"""Several textbook starts on small data: side by side, as if one after the other."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from tests.estimators.mixtures import TYPES, bits, clusters

from mixtura import GaussianMixture
from mixtura.estimators.fitting import restarts, side_by_side
from mixtura.exceptions import DegenerateComponentError
from mixtura.kernels.quadratic import QuadraticRows
from mixtura.models.mixture import Mixture

CODES = ("EII", "EEI", "VVI", "VEE", "EEV", "VVE", "EVE")
STARTS = ("kmeans", "random", "k-means++", "random_from_data", "sem")
ACCELERATIONS = (None, "auto", "squarem", "anderson")


def outcome(model, X, **arguments):
    """Everything that a fit leaves, warnings included."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, **arguments)
    return (
        bits(model),
        model.labels_.tobytes(),
        (model.n_iter_, model.converged_, model.outcome_),
        tuple(model.lower_bounds_),
        [str(each.message) for each in caught],
    )


@pytest.fixture
def one_by_one(monkeypatch):
    """A fit that takes one start after the other."""

    def fit(model, X, **arguments):
        with monkeypatch.context() as patch:
            patch.setattr(restarts, "is_faster", lambda *_: False)
            return outcome(model, X, **arguments)

    return fit


@pytest.fixture
def races(monkeypatch):
    """How many starts each fit has run side by side."""
    sizes = []
    original = side_by_side.raced

    def counted(model, data, starts, *arguments, **settings):
        sizes.append(len(starts))
        return original(model, data, starts, *arguments, **settings)

    monkeypatch.setattr(side_by_side, "raced", counted)
    return sizes


def mixture(n_components=3, **arguments):
    settings = {"n_init": 6, "init_params": "random_from_data", "random_state": 0}
    return GaussianMixture(n_components, **{**settings, **arguments})


class TestTheSameAsOneAfterTheOther:
    """To the last bit, trace and warnings included."""

    @pytest.mark.slow
    @pytest.mark.parametrize("acceleration", ACCELERATIONS)
    @pytest.mark.parametrize("covariance_type", TYPES)
    def test_in_every_type(self, one_by_one, races, covariance_type, acceleration):
        X = clusters(1, n_samples=90, n_features=2, spread=1.5)
        settings = {"covariance_type": covariance_type, "acceleration": acceleration}
        model = mixture(**settings, max_iter=200)
        assert outcome(model, X) == one_by_one(model, X)
        assert races == [6]

    @pytest.mark.parametrize("acceleration", [None, "auto"])
    @pytest.mark.parametrize("structure", CODES)
    def test_in_structures_of_mclust(self, one_by_one, structure, acceleration):
        X = clusters(1, n_samples=60, n_features=2, spread=2.0)
        settings = {"covariance_type": structure, "acceleration": acceleration}
        model = mixture(**settings, n_init=5, max_iter=30)
        assert outcome(model, X) == one_by_one(model, X)

    @pytest.mark.slow
    @pytest.mark.parametrize("n_components", [1, 2, 5])
    @pytest.mark.parametrize("start", STARTS)
    def test_from_every_start(self, one_by_one, races, start, n_components):
        X = clusters(2, n_samples=120, spread=1.5)
        model = mixture(n_components, init_params=start)
        assert outcome(model, X) == one_by_one(model, X)
        assert races == [6]

    def test_with_weights_initial_values_and_limits(self, one_by_one, races):
        X = clusters(3, n_samples=120, spread=1.0)
        weights = np.random.default_rng(0).integers(4, size=120)
        for settings in (
            {"weights_init": [0.2, 0.2, 0.6]},
            {"equal_weights": True, "max_iter": 3},
            {"max_iter": 0},
            {"reg_covar": 0.1, "tol": 0.0, "max_iter": 30},
            {"covariance_type": "tied", "tol": 1e-3},
        ):
            model = mixture(**settings)
            alone = one_by_one(model, X, sample_weight=weights)
            assert outcome(model, X, sample_weight=weights) == alone
        assert races == [6] * 5

    def test_with_a_start_of_the_users(self, one_by_one):
        X = clusters(4, n_samples=120, spread=1.5)

        def start(rows, n_components, rng):
            return rng.integers(n_components, size=len(rows))

        model = mixture(init_params=start)
        assert outcome(model, X) == one_by_one(model, X)

    @pytest.mark.parametrize("reg_covar", ["auto", 0.0])
    @pytest.mark.parametrize("seed", range(4))
    def test_where_components_collapse(self, one_by_one, seed, reg_covar):
        """Seven components on five far groups, some on one row repeated."""
        rng = np.random.default_rng(seed)
        X = np.repeat(20 * rng.standard_normal((5, 2)), 12, axis=0)
        X[12:] += rng.standard_normal((48, 2))
        model = mixture(7, n_init=8, reg_covar=reg_covar, init_params="random")
        try:
            alone = one_by_one(model, X)
        except DegenerateComponentError as error:
            with pytest.raises(DegenerateComponentError) as found:
                model.fit(X)
            assert str(found.value) == str(error)
        else:
            assert outcome(model, X) == alone

    def test_where_no_start_has_covariances(self, one_by_one):
        X = clusters(0, n_samples=60)
        lonely = np.minimum(np.arange(60), 1)
        model = mixture(2, init_params=lonely, reg_covar=0.0)
        with pytest.raises(DegenerateComponentError) as alone:
            one_by_one(model, X)
        with pytest.raises(DegenerateComponentError) as together:
            model.fit(X)
        assert str(together.value) == str(alone.value)

    def test_on_narrow_components_far_apart(self, one_by_one):
        X = clusters(5, n_samples=120, spread=1.0)
        X = np.vstack([X, 1e6 + 1e-3 * X])
        model = mixture(4, init_params="kmeans")
        assert outcome(model, X) == one_by_one(model, X)

    def test_on_any_number_of_threads(self):
        X = clusters(6, spread=1.5)
        fits = {str(outcome(mixture(n_jobs=n), X)) for n in (1, 2, 4)}
        assert len(fits) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_init": 2},
        {"init_params": "auto"},
        {"algorithm": "hard"},
        {"verbose": 1},
        {"record": True},
        {"dtype": "float32"},
        {"prior": "default"},
        {"noise": "hull"},
        {"trim": 0.1},
    ],
    ids=lambda each: next(iter(each)),
)
def test_other_fits_go_one_after_the_other(races, arguments, capsys):
    X = clusters(0, n_samples=60, n_features=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture(2, **{"max_iter": 20, **arguments}).fit(X)
    assert races == []


class TestInterruption:
    """Ctrl-C, wherever it comes, leaves the best so far."""

    def interrupt(self, monkeypatch, owner, n_calls):
        genuine, calls = owner.e_step, []

        def e_step(*args, **kwargs):
            calls.append(1)
            if len(calls) > n_calls:
                raise KeyboardInterrupt
            return genuine(*args, **kwargs)

        monkeypatch.setattr(owner, "e_step", e_step)

    def interrupted(self, model, X):
        try:
            with pytest.warns(ConvergenceWarning, match="[Ii]nterrupted"):
                model.fit(X)
        except KeyboardInterrupt:
            pytest.fail("the interrupt was not caught")
        assert not model.converged_ and "Interrupted" in model.outcome_
        return model

    @pytest.mark.parametrize("n_calls", [1, 5, 20])
    def test_in_the_race(self, monkeypatch, n_calls):
        X = clusters(0, spread=1.0)
        self.interrupt(monkeypatch, QuadraticRows, n_calls)
        model = self.interrupted(mixture(tol=0.0, acceleration=None), X)
        assert model.n_iter_ == max(n_calls - 1, 1)
        monkeypatch.undo()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            limited = mixture(tol=0.0, acceleration=None, max_iter=n_calls - 1).fit(X)
        np.testing.assert_allclose(model.lower_bounds_, limited.lower_bounds_)

    @pytest.mark.parametrize("n_calls", [0, 1, 5])
    def test_in_the_last_run_of_the_winner(self, monkeypatch, n_calls):
        X = clusters(0, spread=1.0)
        best = mixture().fit(X)
        self.interrupt(monkeypatch, Mixture, n_calls)
        model = self.interrupted(mixture(), X)
        assert abs(model.log_likelihood_ - best.log_likelihood_) < 1e-6

    @pytest.mark.parametrize("n_calls", [1, 3])
    def test_while_starts_are_made(self, n_calls):
        X, calls = clusters(0), []

        def start(rows, n_components, rng):
            calls.append(1)
            if len(calls) > n_calls:
                raise KeyboardInterrupt
            return rng.integers(n_components, size=len(rows))

        model = self.interrupted(mixture(init_params=start), X)
        assert len(model.lower_bounds_) == 1

    def test_before_there_is_anything_is_an_interrupt(self, monkeypatch):
        self.interrupt(monkeypatch, QuadraticRows, 0)
        with pytest.raises(KeyboardInterrupt):
            mixture().fit(clusters(0))
