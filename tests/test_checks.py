"""Every check fails on the input it exists to catch."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest

import checks
import oracles
from mixtura.data import Rows, Sequences
from mixtura.em import EMResult, Outcome
from units import joined, taken


@dataclass(frozen=True)
class Pair:
    count: float
    inner: tuple


GOOD = Pair(2.0, (np.array([1.0, 3.0]), [4.0]))
FIT = EMResult(np.array([1.0, 2.0]), (-3.0, -1.0), 1, Outcome.CONVERGED, "")


def fails(match=None):
    return pytest.raises(AssertionError, match=match)


def test_never_falls():
    checks.never_falls([-5.0, -3.0, -3.0], 10)
    checks.never_falls([-1e6, -1e6 - 1e-11], 10)
    with fails("falls by 1.00e-10 in step 2"):
        checks.never_falls([-5.0, -3.0, -3.0 - 1e-10], 10)
    # a single fall between many rises
    with fails("step 3"):
        checks.never_falls([-9.0, -8.0, -7.0, -7.5, -1.0], 10)
    with fails("nan"):
        checks.never_falls([-5.0, math.nan], 10)
    with fails("one entry"):
        checks.never_falls([-5.0], 10)


def test_the_slack_is_rounding_and_no_more():
    assert checks.slack(-1000.0, 1000) < 1e-11
    assert checks.slack(0.0, 0) == 0.0


def test_at_least():
    checks.at_least(-1.0, -1.0, 5)
    with fails("below"):
        checks.at_least(-1.0 - 1e-10, -1.0, 5)
    with fails():
        checks.at_least(math.nan, -1.0, 5)


@pytest.mark.parametrize(
    "bad, match",
    [
        (replace(GOOD, count=2.0 + 1e-9), r"\.count is off by 5.00e-10"),
        (Pair(2.0, (np.array([1.0, 3.0 + 1e-8]), [4.0])), r"\.inner\[0\] is off"),
        (Pair(2.0, (np.array([1.0, 3.0, 0.0]), [4.0])), "shape"),
        (Pair(2.0, (np.array([1.0, 3.0]),)), "different fields"),
        (replace(GOOD, count=math.nan), r"\.count"),
    ],
)
def test_same(bad, match):
    checks.same(GOOD, GOOD, 0.0)
    with fails(match):
        checks.same(bad, GOOD, 1e-12)


def test_same_does_not_let_a_large_number_in_one_array_excuse_another():
    a, b = (np.array([1e9]), np.array([1.0])), (np.array([1e9]), np.array([1.1]))
    with fails():
        checks.same(b, a, 1e-6)


def test_close_holds_small_numbers_to_account():
    checks.close([1e-30, 1.0], [1e-30, 1.0], 1e-15)
    with fails():
        checks.close([1.1e-30, 1.0], [1e-30, 1.0], 1e-3)


@pytest.mark.parametrize(
    "bad",
    [
        replace(FIT, outcome=Outcome.ITERATION_LIMIT),
        replace(FIT, log_likelihoods=(-3.0, -1.0 - 1e-6)),
        replace(FIT, log_likelihoods=(-3.0,)),
        replace(FIT, params=np.array([1.0, 2.00001])),
    ],
)
def test_same_fit(bad):
    checks.same_fit(FIT, FIT, 0.0)
    with fails():
        checks.same_fit(bad, FIT, 1e-8)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_finite(bad):
    checks.finite(GOOD)
    with fails():
        checks.finite(Pair(1.0, (np.array([0.0, bad]), [1.0])))


@pytest.mark.parametrize(
    "row", [[0.5, 0.5 + 1e-14], [1.1, -0.1], [math.nan, 1.0], [1.0, 1.0], [0.0, 0.0]]
)
def test_distributions(row):
    checks.distributions(np.array([[0.25, 0.75], [1.0, 0.0]]))
    with fails():
        checks.distributions(np.array([[0.25, 0.75], row]))


def test_zero_mean():
    batches = np.random.default_rng(0).normal(size=(50, 8))
    checks.zero_mean(batches)
    with fails("standard errors from zero"):
        checks.zero_mean(batches + 1.0)
    with fails("constant"):
        checks.zero_mean(np.ones((50, 2)))


def test_correct_digits():
    exact = Fraction(1, 3)
    assert checks.correct_digits(1 / 3, exact) > 16
    assert 5.9 < checks.correct_digits((1 + 1e-6) / 3, exact) < 6.1
    assert checks.correct_digits(0.5, Fraction(1, 2)) == 16.0


def test_the_normal_oracle_is_that_of_scipy_where_scipy_is_exact():
    from scipy.stats import multivariate_normal

    covariance = np.array([[2.0, 0.6], [0.6, 1.0]])
    x, mean = np.array([0.3, -1.2]), np.array([1.0, 0.5])
    ours = oracles.normal_log_density(x, mean, covariance)
    assert ours == pytest.approx(multivariate_normal(mean, covariance).logpdf(x))
    standard = oracles.normal_log_density([0.0], [0.0], [[1.0]])
    assert standard == -0.9189385332046728  # -log(2 pi) / 2


def test_units_are_taken_with_all_that_belongs_to_them():
    rows = Rows(
        np.arange(4.0)[:, None], np.array([1.0, 2, 3, 4]), np.array([0, 1, 0, 1])
    )
    some = taken(rows, [3, 0, 0])
    np.testing.assert_array_equal(some.X[:, 0], [3, 0, 0])
    np.testing.assert_array_equal(some.weights, [4, 1, 1])
    np.testing.assert_array_equal(some.labels, [1, 0, 0])
    chains = Sequences(np.arange(4.0)[:, None], np.array([1, 3]), np.array([5.0, 6.0]))
    swapped = taken(chains, [1, 0])
    np.testing.assert_array_equal(swapped.X[:, 0], [1, 2, 3, 0])
    np.testing.assert_array_equal(swapped.lengths, [3, 1])
    np.testing.assert_array_equal(swapped.weights, [6, 5])
    with pytest.raises(TypeError, match="no way to join"):
        joined([3])
