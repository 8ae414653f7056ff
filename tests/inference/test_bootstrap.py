"""Resampling: closed forms, the same bits anywhere, failures and interruptions."""

from functools import lru_cache

import numpy as np
import pytest
from inference_problems import TYPES, by_name, faithful, fitted, two_groups
from scipy.stats import norm

from mixtura import GaussianMixture, bootstrap, standard_errors
from mixtura.exceptions import DegenerateComponentError
from mixtura.inference.bootstrap import Bootstrap, resampled, reweighted
from mixtura.inference.replicates import Stopped, replicate, seed_sequences

METHODS = ("nonparametric", "weighted", "parametric")


@lru_cache
def one_dimension(method, n_bootstrap=150):
    """A bootstrap of one component, whose estimates are moments."""
    X = np.random.default_rng(0).gamma(3.0, size=(120, 1))
    model = GaussianMixture(1).fit(X)
    return X, bootstrap(
        model, X, method=method, n_bootstrap=n_bootstrap, random_state=1
    )


def estimate_of_chance(n_bootstrap):
    """Relative standard error of a standard error from so many replicates."""
    return 1 / np.sqrt(2 * (n_bootstrap - 1))


@pytest.mark.parametrize("method", METHODS)
def test_one_component_has_the_standard_error_of_a_mean(method):
    X, result = one_dimension(method)
    expected = X.std() / np.sqrt(len(X))
    assert result.means[0, 0] == pytest.approx(
        expected, rel=5 * estimate_of_chance(150)
    )
    assert result.weights[0] == 0


@pytest.mark.parametrize("method", METHODS)
def test_the_variance_has_the_standard_error_of_the_method(method):
    X, result = one_dimension(method)
    model = GaussianMixture(1, tol=1e-12).fit(X)
    kind = "information" if method == "parametric" else "sandwich"
    expected = standard_errors(model, X, method=kind).covariances
    limit = 6 * estimate_of_chance(150)  # squares have heavier tails
    assert result.covariances[0, 0, 0] == pytest.approx(expected[0, 0, 0], rel=limit)


def test_replicates_of_one_component_are_the_moments_of_the_draws():
    X, result = one_dimension("nonparametric")
    seed = seed_sequences(_entropy(1), 150)[7]
    _, draws = seed.spawn(2)
    counts = resampled(np.ones(len(X)), np.random.default_rng(draws))
    mean = counts @ X[:, 0] / len(X)
    variance = counts @ (X[:, 0] - mean) ** 2 / len(X)
    np.testing.assert_allclose(result.replicates[7], [1, mean, variance], rtol=1e-12)


def _entropy(random_state):
    return int(np.random.RandomState(random_state).randint(2**31))


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("method", METHODS)
def test_all_parameters_agree_with_the_sandwich_for_separate_groups(
    method, covariance_type
):
    X, _ = two_groups(3, n_samples=400, distance=8.0)
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(X)
    result = bootstrap(model, X, method=method, n_bootstrap=40, random_state=2)
    kind = "information" if method == "parametric" else "sandwich"
    expected = standard_errors(model, X, method=kind)
    ratio = result.means / expected.means
    assert np.abs(np.log(ratio)).max() < np.log(1 + 5 * estimate_of_chance(40))
    assert result.n_replicates == 40 and not result.failures and result.is_complete


def test_labels_do_not_switch():
    X, _ = two_groups(4, distance=2.0)
    model = GaussianMixture(2, random_state=0).fit(X)
    other = GaussianMixture.from_parameters(
        model.weights_[::-1], model.means_[::-1], model.covariances_[::-1]
    )
    results = [
        bootstrap(m, X, method="weighted", n_bootstrap=10, random_state=5)
        for m in (model, other)
    ]
    np.testing.assert_allclose(results[0].means, results[1].means[::-1], rtol=1e-2)
    np.testing.assert_allclose(results[0].weights, results[1].weights[::-1], rtol=1e-2)


def test_the_same_seed_gives_the_same_bits_for_any_number_of_processes():
    X = faithful()
    one = bootstrap(fitted(2), X, n_bootstrap=4, random_state=3)
    two = bootstrap(fitted(2), X, n_bootstrap=4, random_state=3, n_jobs=2)
    assert one.replicates.tobytes() == two.replicates.tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_the_first_replicates_do_not_depend_on_how_many_follow(method):
    X, arguments = faithful(), {"method": method, "n_bootstrap": 3}
    three = bootstrap(fitted(2), X, random_state=3, **arguments)
    five = bootstrap(fitted(2), X, random_state=3, method=method, n_bootstrap=5)
    assert three.replicates.tobytes() == five.replicates[:3].tobytes()
    other = bootstrap(fitted(2), X, random_state=4, **arguments)
    assert three.replicates.tobytes() != other.replicates.tobytes()


def test_weights_are_numbers_of_observations():
    counts, rng = np.array([0.0, 1.0, 3.0, 6.0]), np.random.default_rng(6)
    draws = {
        resample: np.array([resample(counts, rng) for _ in range(4000)])
        for resample in (resampled, reweighted)
    }
    for values in draws.values():
        np.testing.assert_allclose(values.sum(axis=1), 10)
        assert (values[:, 0] == 0).all()
        error = values.std(axis=0) / np.sqrt(4000)
        assert (np.abs(values.mean(axis=0) - counts) <= 5 * error).all()
    # A multinomial count has variance n p (1 - p), a Dirichlet share a little less.
    p = counts / 10
    np.testing.assert_allclose(
        draws[resampled].var(axis=0), 10 * p * (1 - p), rtol=0.15
    )
    expected = 10**2 * p * (1 - p) / 11
    np.testing.assert_allclose(draws[reweighted].var(axis=0), expected, rtol=0.15)


def test_intervals_are_the_quantiles_they_say():
    _, result = one_dimension("nonparametric")
    lower, upper = result.intervals(0.9, "percentile")[1]
    assert (lower, upper) == tuple(np.quantile(result.replicates[:, 1], [0.05, 0.95]))
    basic = result.intervals(0.9, "basic")
    mean = result.estimates[1]
    np.testing.assert_allclose(basic[1], [2 * mean - upper, 2 * mean - lower])
    low, high = result.intervals(0.9, "percentile")[2]
    variance = result.estimates[2]
    np.testing.assert_allclose(basic[2], [variance**2 / high, variance**2 / low])
    np.testing.assert_array_equal(basic[0], [1, 1])


def test_bca_acceleration_of_a_mean_is_the_skewness_over_six():
    X, result = one_dimension("nonparametric")
    d = X - X.mean()
    expected = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
    assert result.acceleration[1] == pytest.approx(expected, rel=1e-6)
    below = np.mean(result.replicates[:, 1] < result.estimates[1])
    z = norm.ppf(below)
    at = [z + norm.ppf(p) for p in (0.025, 0.975)]
    levels = norm.cdf([z + w / (1 - expected * w) for w in at])
    found = result.intervals(0.95, "bca")[1]
    np.testing.assert_allclose(found, np.quantile(result.replicates[:, 1], levels))


def test_tables_have_a_row_a_parameter():
    _, result = one_dimension("nonparametric")
    assert [row["parameter"] for row in result.table()] == list(result.names)
    assert len(str(result).splitlines()) == 1 + len(result.names)
    np.testing.assert_allclose(
        result.bias, result.replicates.mean(axis=0) - result.estimates
    )


def shaky(seed):
    """A task that fails in every third replicate."""
    number = seed.spawn_key[-1]
    if number % 3 == 1:
        raise DegenerateComponentError(f"replicate {number}")
    return number


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_failures_are_kept_and_counted(n_jobs):
    done = replicate(shaky, seed_sequences(0, 8), n_jobs)
    assert done.values == [0, 2, 3, 5, 6] and done.is_complete
    assert [failure.replicate for failure in done.failures] == [1, 4, 7]
    assert done.failures[1].reason == "DegenerateComponentError: replicate 4"


def hopeless(seed):
    raise ValueError("no luck")


def test_if_all_fail_the_first_reason_is_told():
    with pytest.raises(ValueError, match=r"None of 3 replicates could.* no luck"):
        replicate(hopeless, seed_sequences(0, 3), None)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Stopped])
def test_ctrl_c_returns_what_there_is(stop):
    def task(seed):
        if seed.spawn_key[-1] == 4:
            raise stop
        return seed.spawn_key[-1]

    done = replicate(task, seed_sequences(0, 10), None)
    assert done.values == [0, 1, 2, 3] and not done.is_complete
    with pytest.raises(KeyboardInterrupt):
        replicate(task, seed_sequences(0, 10)[4:], None)


class Interrupted(GaussianMixture):
    """A mixture whose fit the user stops: some results lie before it."""

    fits = 0

    def fit(self, X, y=None, sample_weight=None, labels=None):
        Interrupted.fits += 1
        if Interrupted.fits == 5:
            raise KeyboardInterrupt
        return super().fit(X, sample_weight=sample_weight)


def test_a_bootstrap_that_is_stopped_says_how_much_is_done():
    model = Interrupted(1).fit(faithful())
    result = bootstrap(model, faithful(), n_bootstrap=10, random_state=0)
    assert (result.n_replicates, result.n_bootstrap) == (3, 10)
    assert not result.is_complete and isinstance(result, Bootstrap)
    whole = bootstrap(fitted(1), faithful(), n_bootstrap=10, random_state=0)
    np.testing.assert_array_equal(result.replicates, whole.replicates[:3])


@pytest.mark.parametrize(
    "arguments",
    [
        {"noise": "hull"},
        {"prior": "default"},
        {"trim": 0.1},
        {"equal_weights": True},
        {"covariance_type": "VEE"},
        {"reg_covar": 0.1},
    ],
    ids=str,
)
def test_every_kind_of_fit_can_be_refitted(arguments):
    model = GaussianMixture(2, random_state=0, **arguments).fit(faithful())
    plain = standard_errors(fitted(2), faithful())
    order = np.argsort(model.means_[:, 0]), np.argsort(fitted(2).means_[:, 0])
    for method in METHODS:
        result = bootstrap(
            model, faithful(), method=method, n_bootstrap=8, random_state=0
        )
        assert result.n_replicates == 8
        ratio = result.means[order[0]] / plain.means[order[1]]
        assert 0.2 < ratio.min() and ratio.max() < 3


def test_noise_has_a_weight_with_an_error_and_intervals():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(300, 2)), rng.uniform(-20, 20, (60, 2))])
    model = GaussianMixture(1, noise="hull", random_state=0).fit(X)
    result = bootstrap(model, X, n_bootstrap=40, random_state=0)
    assert result.names[:3] == ("weight[0]", "weight[noise]", "mean[0, x0]")
    row = by_name(result)["weight[noise]"]
    share = model.noise_weight_
    assert row["estimate"] == pytest.approx(share)
    chance = np.sqrt(share * (1 - share) / len(X))
    assert 0.7 * chance < row["standard_error"] < 1.6 * chance
    assert 0 < row["lower"] < share < row["upper"] < 1
    assert (result.intervals(0.9, "basic")[1] > 0).all()
    np.testing.assert_allclose(result.replicates[:, :2].sum(axis=1), 1)
    assert result.weights.shape == (1,) and result.covariances.shape == (1, 2, 2)


def test_nothing_that_is_passed_is_changed():
    X, model = faithful().copy(), fitted(2)
    before = {name: np.copy(value) for name, value in vars(model).items()}
    bootstrap(model, X, n_bootstrap=2, random_state=0)
    np.testing.assert_array_equal(X, faithful())
    for name, value in vars(model).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"method": "jackknife"}, "'method' parameter of bootstrap"),
        ({"n_bootstrap": 0}, "'n_bootstrap' parameter of bootstrap"),
        ({"n_jobs": 0}, "'n_jobs' parameter of bootstrap"),
        ({"sample_weight": [1.0]}, "shape"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        bootstrap(fitted(2), faithful(), **arguments)


def test_intervals_that_do_not_exist_are_refused():
    _, result = one_dimension("parametric")
    with pytest.raises(ValueError, match="kind must be one of 'percentile', 'basic'"):
        result.intervals(kind="bca")
    with pytest.raises(ValueError, match="level must be a probability"):
        result.intervals(0)


@lru_cache
def many_bootstraps(n_repeats=80):
    """Bootstraps of samples from two components, and the truth."""
    truth = GaussianMixture.from_parameters(
        [0.4, 0.6], [[0.0], [4.0]], [[[1.0]], [[1.5]]]
    )
    results = []
    for seed in range(n_repeats):
        X, _ = truth.sample(400, random_state=seed)
        start = {"weights_init": truth.weights_, "means_init": truth.means_}
        model = GaussianMixture(2, precisions_init=truth.precisions_, **start).fit(X)
        results.append(bootstrap(model, X, n_bootstrap=100, random_state=seed))
    return np.array([0.4, 0.6, 0.0, 4.0, 1.0, 1.5]), results


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["percentile", "basic", "bca"])
def test_intervals_cover_the_truth_as_often_as_they_say(kind):
    expected, results = many_bootstraps()
    ends = np.array([result.intervals(0.9, kind) for result in results])
    share = ((ends[..., 0] < expected) & (expected < ends[..., 1])).mean(axis=0)
    limit = 4 * np.sqrt(0.09 / len(results)) + 0.02
    assert np.abs(share - 0.9).max() < limit, share
