"""K components against K + 1."""

import numpy as np
import pytest
from inference_problems import faithful, two_groups

from mixtura import GaussianMixture, bootstrap_lrt
from mixtura.exceptions import DegenerateDataWarning
from mixtura.inference.likelihood_ratio import LikelihoodRatioTest, LikelihoodRatioTests

# One covariance for all, so that no component collapses.
QUICK = GaussianMixture(covariance_type="tied", init_params="k-means++")


def null_p_values(n_data, n_samples, n_bootstrap):
    """P-values of one component against two, where one is true."""
    rows = np.random.default_rng(1).standard_normal((n_data, n_samples, 1))
    return np.array(
        [
            bootstrap_lrt(
                X, 1, QUICK, n_bootstrap=n_bootstrap, level=0.5, random_state=i
            )
            .tests[0]
            .p_value
            for i, X in enumerate(rows)
        ]
    )


def test_p_values_count_the_replicates_that_reach_the_statistic():
    replicates = np.array([1.0, 5.0, 2.0, 3.0])
    assert LikelihoodRatioTest(1, 2.5, replicates).p_value == 3 / 5
    assert LikelihoodRatioTest(1, 3.0, replicates).p_value == 3 / 5  # ties count
    assert LikelihoodRatioTest(1, 9.0, replicates).p_value == 1 / 5


def test_old_faithful_has_more_than_one_component():
    result = bootstrap_lrt(faithful(), 1, QUICK, n_bootstrap=19, random_state=0)
    (test,) = result.tests
    assert test.p_value == 1 / 20
    assert test.statistic > 10 * test.replicates.max()
    assert result.n_components == 2 and not result.is_conclusive


def test_the_sequence_stops_at_the_first_test_that_is_not_significant():
    X, _ = two_groups(0, n_samples=120, distance=9.0, scales=(1.0, 1.0))
    result = bootstrap_lrt(X, 5, QUICK, n_bootstrap=19, random_state=1)
    assert [test.n_components for test in result.tests] == [1, 2]
    assert result.n_components == 2 and result.is_conclusive and result.is_complete
    first, second = result.table()
    assert first["p_value"] == 0.05 and second["p_value"] > 0.05
    assert first["test"] == "1 vs 2" and first["n_bootstrap"] == 19
    assert len(str(result).splitlines()) == 3


def test_the_statistic_is_that_of_the_two_fits():
    X = faithful()
    result = bootstrap_lrt(X, [2], n_bootstrap=1, level=0.5, random_state=0)
    fits = [GaussianMixture(k, random_state=0).fit(X).log_likelihood_ for k in (2, 3)]
    assert result.tests[0].statistic == pytest.approx(2 * (fits[1] - fits[0]), abs=0.1)


def test_the_same_seed_gives_the_same_bits_for_any_number_of_processes():
    X, _ = two_groups(2, n_samples=60)
    arguments = {"n_bootstrap": 5, "random_state": 7}
    one = bootstrap_lrt(X, [1, 2], QUICK, level=0.999, **arguments)
    two = bootstrap_lrt(X, [1, 2], QUICK, level=0.999, n_jobs=2, **arguments)
    alone = bootstrap_lrt(X, [2], QUICK, level=0.999, **arguments)
    for a, b in zip(one.tests, two.tests, strict=True):
        assert a.statistic == b.statistic
        assert a.replicates.tobytes() == b.replicates.tobytes()
    assert one.tests[1].replicates.tobytes() == alone.tests[0].replicates.tobytes()


def test_weights_are_numbers_of_observations():
    X, _ = two_groups(3, n_samples=60)
    counts = np.random.default_rng(0).integers(0, 3, len(X))
    arguments = {"n_bootstrap": 3, "level": 0.5, "random_state": 0}
    weighted = bootstrap_lrt(X, 1, QUICK, sample_weight=counts, **arguments)
    repeated = bootstrap_lrt(np.repeat(X, counts, axis=0), 1, QUICK, **arguments)
    close = {"rtol": 1e-3, "atol": 1e-3}
    np.testing.assert_allclose(
        weighted.tests[0].statistic, repeated.tests[0].statistic, **close
    )
    np.testing.assert_allclose(
        weighted.tests[0].replicates, repeated.tests[0].replicates, **close
    )


ROWS = np.random.default_rng(4).standard_normal((20, 1))


class Fickle(GaussianMixture):
    """Two components collapse, onto the last row, from every other seed."""

    def collapses(self, X):
        return self.random_state % 2 == 0

    def fit(self, X, y=None, sample_weight=None, labels=None):
        if self.n_components == 2:
            last = 1 if self.collapses(X) else len(X) // 2
            self.init_params = np.repeat([0, 1], [len(X) - last, last])
        return super().fit(X, sample_weight=sample_weight)


class AlwaysCollapsed(Fickle):
    def collapses(self, X):
        return True


class CollapsesOnSamples(Fickle):
    def collapses(self, X):
        return X[0] != ROWS[0] and X[0] > 0


def test_a_fit_that_collapses_is_made_again_from_another_seed():
    fits = [
        GaussianMixture(k, init_params=np.repeat(range(k), len(ROWS) // k)).fit(ROWS)
        for k in (1, 2)
    ]
    expected = 2 * (fits[1].log_likelihood_ - fits[0].log_likelihood_)
    for seed in range(4):
        few = {"n_bootstrap": 4, "level": 0.5, "random_state": seed}
        (test,) = bootstrap_lrt(ROWS, 1, Fickle(), **few).tests
        assert test.statistic == pytest.approx(expected)


def test_a_test_of_fits_that_all_collapse_is_inconclusive():
    with pytest.warns(DegenerateDataWarning, match="1 against 2 .* inconclusive"):
        result = bootstrap_lrt(ROWS, 3, AlwaysCollapsed(), random_state=0)
    (test,) = result.tests
    assert "collapsed in each of 5 fits with n_components = 2" in test.reason
    assert np.isnan(test.p_value) and np.isnan(test.statistic)
    assert result.n_components == 1 and not result.is_conclusive
    assert test.reason in repr(result)


def test_samples_in_which_a_component_collapses_are_left_out():
    estimator = CollapsesOnSamples()
    tests = bootstrap_lrt(ROWS, 1, estimator, n_bootstrap=20, random_state=0).tests
    assert len(tests[0].replicates) + len(tests[0].failures) == 20
    assert 4 < len(tests[0].failures) < 16
    assert all("collapsed" in failure.reason for failure in tests[0].failures)


class StopsInTheEnd(GaussianMixture):
    """The user stops during the twelfth fit."""

    fits = 0

    def fit(self, X, y=None, sample_weight=None, labels=None):
        StopsInTheEnd.fits += 1
        if StopsInTheEnd.fits == 12:
            raise KeyboardInterrupt
        return super().fit(X, sample_weight=sample_weight)


def test_ctrl_c_returns_the_samples_that_are_done():
    estimator = StopsInTheEnd(covariance_type="tied", init_params="k-means++")
    result = bootstrap_lrt(faithful(), 3, estimator, n_bootstrap=19, random_state=0)
    assert not result.is_complete
    assert [len(test.replicates) for test in result.tests] == [4]


def test_a_level_reached_exactly_is_significant():
    tests = (LikelihoodRatioTest(1, 9.0, np.zeros(19)),)
    assert LikelihoodRatioTests(tests, 0.05).n_components == 2
    assert LikelihoodRatioTests(tests, 0.04).n_components == 1


def test_a_test_that_could_not_have_been_significant_is_not_conclusive():
    """As after Ctrl-C, or where most samples fail."""
    few, enough = (LikelihoodRatioTest(1, 1.0, np.full(n, 2.0)) for n in (18, 19))
    assert not LikelihoodRatioTests((few,), 0.05).is_conclusive
    assert LikelihoodRatioTests((enough,), 0.05).is_conclusive


@pytest.mark.parametrize("level", [0.01, 0.05, 0.1, 0.07, 1 / 3, 0.49])
def test_the_number_of_samples_that_is_asked_for_is_enough(level):
    with pytest.raises(ValueError, match="Take n_bootstrap") as found:
        bootstrap_lrt(faithful(), 1, QUICK, n_bootstrap=1, level=level)
    number = int(str(found.value).split("n_bootstrap = ")[1].split()[0])
    test = LikelihoodRatioTest(1, 1.0, np.zeros(number))
    assert test.can_reject(level)
    assert not LikelihoodRatioTest(1, 1.0, np.zeros(number - 1)).can_reject(level)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"n_components": 0}, "'n_components' parameter of bootstrap_lrt"),
        ({"n_components": [2, 1]}, "in increasing order"),
        ({"n_components": []}, "in increasing order"),
        ({"n_bootstrap": 0}, "'n_bootstrap' parameter of bootstrap_lrt"),
        ({"level": 5}, "level must be a probability"),
        ({"n_bootstrap": 9}, "Take n_bootstrap = 19 or more"),
        ({"n_bootstrap": 98, "level": 0.01}, "Take n_bootstrap = 99 or more"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        bootstrap_lrt(faithful(), **arguments)


def test_p_values_are_valid_under_the_null():
    p_values = null_p_values(n_data=16, n_samples=30, n_bootstrap=3)
    # A p-value of a quarter, the smallest there is, should come in a quarter of them.
    assert (p_values == 0.25).sum() <= 11
    assert len(set(p_values)) > 2


@pytest.mark.slow
def test_p_values_are_uniform_under_the_null():
    p_values = null_p_values(n_data=100, n_samples=60, n_bootstrap=19)
    counts = np.histogram(p_values, bins=np.arange(0.025, 1.03, 0.25))[0]
    expected = len(p_values) / 4
    assert ((counts - expected) ** 2 / expected).sum() < 21  # chi-squared(3), 1e-4
