"""The estimator's methods: columns by name, types that are kept, and messages."""

import copy

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import norm
from sklearn.exceptions import NotFittedError

from mixtura import GaussianMixture

NAMES = ["a", "b", "c"]
COVARIANCES = {
    "full": np.array(
        [[[2.0, 0.5, 0.3], [0.5, 1.0, -0.2], [0.3, -0.2, 1.5]], np.eye(3).tolist()]
    ),
    "tied": np.array([[2.0, 0.5, 0.3], [0.5, 1.0, -0.2], [0.3, -0.2, 1.5]]),
    "diag": np.array([[2.0, 1.0, 1.5], [0.5, 0.1, 3.0]]),
    "spherical": np.array([2.0, 0.5]),
}
MEANS = np.array([[0.0, 1.0, 2.0], [3.0, -1.0, 0.0]])


def mixture(kind="full", names=NAMES):
    return GaussianMixture.from_parameters(
        [0.3, 0.7], MEANS, COVARIANCES[kind], kind, feature_names=names
    )


def one_column(**arguments):
    return GaussianMixture.from_parameters(
        [0.5, 0.5], [[-2.0], [2.0]], [1.0, 1.0], "spherical", **arguments
    )


@pytest.mark.parametrize("kind", COVARIANCES)
class TestTypes:
    def test_a_marginal_keeps_type_names_and_seed(self, kind):
        model = mixture(kind).set_params(random_state=5)
        part = model.marginal(["c", "a"])
        assert isinstance(part, GaussianMixture)
        assert part.covariance_type == kind
        assert part.feature_names_in_.tolist() == ["c", "a"]
        assert part.random_state == 5
        np.testing.assert_array_equal(part.means_, MEANS[:, [2, 0]])
        expected = mixture("full").marginal([2, 0])
        if kind == "full":
            np.testing.assert_array_equal(part.covariances_, expected.covariances_)

    def test_joint_is_marginal_times_conditional(self, kind):
        model = mixture(kind)
        rows = 3 * np.random.default_rng(0).standard_normal((10, 3))
        frame = pd.DataFrame(rows, columns=NAMES)
        joint = model.score_samples(frame)
        given = model.marginal("b").score_samples(frame[["b"]])
        for i in range(10):
            others = model.conditional({"b": rows[i, 1]})
            assert others.covariance_type == kind
            rest = others.score_samples(frame[["a", "c"]].iloc[[i]])[0]
            assert abs(rest + given[i] - joint[i]) < 1e-10 * max(1, abs(joint[i]))

    def test_regression_is_the_conditional_mean(self, kind):
        model = mixture(kind)
        Y = np.array([[0.5, -1.0], [2.0, 3.0]])
        mean, cov = model.predict_columns(Y, given=["c", "a"], return_cov=True)
        for i, y in enumerate(Y):
            at = model.conditional({"c": y[0], "a": y[1]})
            np.testing.assert_allclose(mean[i], at.mean(), rtol=1e-12)
            np.testing.assert_allclose(cov[i], at.covariance(), rtol=1e-12)

    def test_nothing_changes_the_model(self, kind):
        model = mixture(kind)
        before = copy.deepcopy(model.__dict__)
        model.modes(), model.entropy(n_samples=100), model.marginal(0)
        model.conditional({0: 1.0}), model.density_level(0.5, n_samples=100)
        assert model.__dict__.keys() == before.keys()
        for name, value in before.items():
            np.testing.assert_array_equal(getattr(model, name), value)


class TestColumns:
    def test_a_single_column_gives_one_number_a_row(self):
        model, Y = mixture(), np.zeros((4, 2))
        mean, std = model.predict_columns(Y, "b", return_std=True)
        assert mean.shape == std.shape == (4,)
        table = model.predict_columns(Y, ["b"])
        np.testing.assert_array_equal(table[:, 0], mean)
        full = model.predict_columns(Y, 1, return_cov=True)[1]
        np.testing.assert_allclose(full[:, 0, 0], std**2, rtol=1e-13)

    @pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, "lazy"])
    def test_frames_are_read_by_name(self, frame):
        data = {"other": [9.0, 9.0], "c": [0.0, 1.0], "a": [2.0, 3.0]}
        X = pl.LazyFrame(data) if frame == "lazy" else frame(data)
        model = mixture()
        expected = model.predict_columns(np.array([[2.0, 0.0], [3.0, 1.0]]), "b")
        np.testing.assert_array_equal(model.predict_columns(X, "b"), expected)

    def test_columns_in_neither_are_integrated_out(self):
        model, Y = mixture(), np.array([[0.5], [4.0]])
        alone = model.marginal(["a", "b"]).predict_columns(Y, "b")
        np.testing.assert_allclose(
            model.predict_columns(Y, "b", given="a"), alone, rtol=1e-12
        )

    def test_quantiles_are_those_of_the_conditional(self):
        model, Y = mixture(), np.array([[0.5, 1.0], [4.0, -2.0], [0.0, 0.0]])
        p = [0.05, 0.5, 0.95]
        found = model.predict_quantiles(Y, p, "b")
        assert found.shape == (3, 3)
        for row, y in zip(found, Y, strict=True):
            at = model.conditional({"a": y[0], "c": y[1]})
            np.testing.assert_allclose(at.cdf(row), p, rtol=1e-12)

    def test_draws_given_a_column_are_draws_of_the_conditional(self):
        model = mixture()
        X, labels = model.sample_conditional({"b": 0.5}, 50_000, random_state=0)
        assert (X[:, 1] == 0.5).all()
        at = model.conditional({"b": 0.5})
        others = X[:, [0, 2]]
        error = others.std(axis=0) / np.sqrt(50_000)
        assert (np.abs(others.mean(axis=0) - at.mean()) < 5 * error).all()
        assert abs((labels == 0).mean() - at.weights_[0]) < 5 * 0.5 / np.sqrt(50_000)
        again, _ = model.sample_conditional({"b": 0.5}, 50_000, random_state=0)
        np.testing.assert_array_equal(X, again)

    def test_names_and_indices_mean_the_same(self):
        model = mixture()
        x = np.array([-1.0, 0.0, 5.0])
        np.testing.assert_array_equal(model.cdf(x, "b"), model.cdf(x, 1))
        by_name, by_index = model.conditional({"a": 1}), model.conditional({0: 1})
        np.testing.assert_array_equal(by_name.means_, by_index.means_)
        series = pd.Series({"a": 1.0})
        np.testing.assert_array_equal(model.conditional(series).means_, by_name.means_)


class TestAnswers:
    def test_the_same_question_has_the_same_answer(self):
        model, other = mixture(), mixture("diag")
        assert model.entropy() == model.entropy()
        assert model.density_level(0.5) == model.density_level(0.5)
        assert model.kl_divergence(other) == model.kl_divergence(other)
        assert model.entropy(random_state=1) != model.entropy()
        first = model.jensen_shannon_divergence(other)
        assert model.jensen_shannon_divergence(other) == first

    def test_region_and_intervals_agree_in_one_dimension(self):
        model = one_column()
        intervals = model.highest_density_intervals(0.9)
        X = np.linspace(-6, 6, 1000)[:, None]
        inside = ((intervals[:, 0] <= X) & (intervals[:, 1] >= X)).any(axis=1)
        np.testing.assert_array_equal(model.in_region(X, 0.9), inside)

    def test_draws_fall_into_the_region(self):
        model = mixture(names=None)
        X, _ = model.sample(50_000, random_state=1)
        share = model.in_region(X, 0.8).mean()
        assert abs(share - 0.8) < 5 * np.sqrt(0.16 * (1 / 50_000 + 1 / 100_000))

    def test_scalars_are_answered_by_scalars(self):
        model = one_column()
        assert model.cdf(0.0).shape == model.quantile(0.5).shape == ()
        assert model.cdf(np.zeros((2, 3))).shape == (2, 3)
        np.testing.assert_allclose(model.cdf(1.0), norm.cdf([3, -1]).mean())

    def test_moments_are_those_of_a_fit(self):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((500, 2)) + rng.integers(2, size=(500, 1)) * 5
        model = GaussianMixture(2, random_state=0).fit(X)
        # EM's fixed point has the mean and the covariance of the data.
        np.testing.assert_allclose(model.mean(), X.mean(axis=0), atol=1e-3)
        expected = np.cov(X.T, ddof=0)
        np.testing.assert_allclose(model.covariance(), expected, rtol=1e-3)

    def test_noise_is_left_out(self):
        rng = np.random.default_rng(0)
        X = np.r_[rng.standard_normal((300, 2)), rng.uniform(-20, 20, (60, 2))]
        noisy = GaussianMixture(1, noise="hull", random_state=0).fit(X)
        assert noisy.weights_.sum() < 1
        alone = GaussianMixture.from_parameters([1.0], noisy.means_, noisy.covariances_)
        assert noisy.entropy() == alone.entropy()
        far = noisy.in_region([[0.0, 0.0], [19.0, 19.0]], 0.999)
        assert far.tolist() == [True, False]
        assert noisy.conditional({0: 1.0}).weights_.tolist() == [1.0]

    def test_other_structures_become_full(self):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((300, 3)) + 6 * rng.integers(2, size=(300, 1))
        model = GaussianMixture(2, covariance_type="VEE", random_state=0).fit(X)
        given = model.conditional({1: 0.0})
        assert given.covariance_type == "full"
        joint = model.score_samples([[1.0, 0.0, 2.0]])
        parts = given.score_samples([[1.0, 2.0]])
        parts += model.marginal(1).score_samples([[0.0]])
        np.testing.assert_allclose(joint, parts, rtol=1e-11)

    def test_a_dead_component_is_no_obstacle(self):
        model = mixture()
        model.weights_ = np.array([1.0, 0.0])
        assert model.entropy().standard_error == 0
        assert model.modes().component_modes.tolist() == [0, -1]
        assert model.conditional({"a": 1e300}).weights_.tolist() == [1.0, 0.0]
        assert np.isfinite(model.predict_quantiles([[0.0, 0.0]], [0.5], "b")).all()


CALLS = {
    "marginal": (0,),
    "conditional": ({0: 1.0},),
    "sample_conditional": ({0: 1.0},),
    "predict_columns": ([[0.0]], 0),
    "predict_quantiles": ([[0.0]], [0.5], 0),
    "mean": (),
    "covariance": (),
    "skewness": (),
    "excess_kurtosis": (),
    "modes": (),
    "cdf": (0.0,),
    "quantile": (0.5,),
    "density_level": (0.5,),
    "in_region": ([[0.0]], 0.5),
    "highest_density_intervals": (0.5,),
    "entropy": (),
    "kl_divergence": (one_column(),),
    "jensen_shannon_divergence": (one_column(),),
}


@pytest.mark.parametrize("method", CALLS)
def test_nothing_can_be_asked_before_a_fit(method):
    with pytest.raises(NotFittedError):
        getattr(GaussianMixture(), method)(*CALLS[method])


def test_a_fitted_mixture_is_asked_for():
    with pytest.raises(NotFittedError):
        one_column().kl_divergence(GaussianMixture())


Y = [[0.0, 0.0]]


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda m: m.marginal("z"), ValueError, r"columns \['a', 'b', 'c'\]; got 'z'"),
        (lambda m: m.marginal(3), ValueError, "indices 0 to 2; got 3"),
        (lambda m: m.marginal(-1), ValueError, "indices 0 to 2; got -1"),
        (lambda m: m.marginal(1.0), TypeError, "got 1.0 of type float"),
        (lambda m: m.marginal(True), TypeError, "got True of type bool"),
        (lambda m: m.marginal([]), ValueError, "at least one column; got none"),
        (lambda m: m.marginal(["a", 0]), ValueError, "got 0, which is column 0, twice"),
        (lambda m: m.conditional({}), ValueError, "at least one column"),
        (lambda m: m.conditional([0]), TypeError, "must be a mapping"),
        (lambda m: m.conditional({"z": 0}), ValueError, "conditional: given.*got 'z'"),
        (
            lambda m: m.conditional({"a": 0, "b": 0, "c": 0}),
            ValueError,
            "leave at least one column of 3; got all",
        ),
        (lambda m: m.conditional({"a": np.nan}), ValueError, "got nan for column 'a'"),
        (lambda m: m.conditional({"a": [1, 2]}), ValueError, "one finite number"),
        (lambda m: m.predict_columns(Y), ValueError, "told what to predict"),
        (
            lambda m: m.predict_columns(Y, "b", given=["b", "c"]),
            ValueError,
            "must not overlap; got column 1",
        ),
        (
            lambda m: m.predict_columns([[0.0]], "b"),
            ValueError,
            "each of the 2 given columns.*got 1",
        ),
        (lambda m: m.predict_columns([[0.0, np.nan]], "b"), ValueError, "NaN"),
        (lambda m: m.predict_columns(pd.DataFrame({"a": [1.0]}), "b"), ValueError, "c"),
        (
            lambda m: m.predict_columns(Y, "b", return_std=True, return_cov=True),
            ValueError,
            "at most one",
        ),
        (
            lambda m: m.predict_quantiles([[0.0]], [0.5], given="a"),
            ValueError,
            "must predict one column; got 2",
        ),
        (lambda m: m.predict_quantiles(Y, [1.5], "b"), ValueError, "0 and 1; got 1.5"),
        (lambda m: m.cdf(0.0), ValueError, "one column; the mixture has 3"),
        (lambda m: m.cdf(0.0, ["a", "b"]), ValueError, "one column; got 2"),
        (lambda m: m.cdf(np.nan, "a"), ValueError, "got nan"),
        (lambda m: m.quantile(2.0, "a"), ValueError, "between 0 and 1; got 2"),
        (lambda m: m.highest_density_intervals(0.5), ValueError, "Name one in column"),
        (lambda m: m.density_level(1.0), ValueError, "excluded; got 1.0"),
        (lambda m: m.in_region(np.zeros((1, 3)), 0), ValueError, "excluded; got 0"),
        (lambda m: m.entropy(n_samples=1), ValueError, "'n_samples'.*Got 1"),
        (lambda m: m.kl_divergence(one_column()), ValueError, "it has 1, not 3"),
        (
            lambda m: m.kl_divergence(mixture(names=["a", "c", "b"])),
            ValueError,
            "same order",
        ),
        (lambda m: m.kl_divergence(3), TypeError, "got int"),
    ],
)
def test_a_wrong_call_is_told_why(call, error, words):
    with pytest.raises(error, match=words):
        call(mixture())


def test_without_names_columns_are_indices():
    with pytest.raises(ValueError, match="no feature names; got 'a'"):
        mixture(names=None).marginal("a")
