"""What the laws assert. `test_checks.py` proves that each of these can fail."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

EPS = np.finfo(np.float64).eps

# Rounding of a sum of n log-densities, in units of eps * (|sum| + n).
ROUNDING = 16


def slack(value: float, n_observations: float) -> float:
    """What rounding may do to a log-likelihood of this size."""
    return ROUNDING * EPS * (abs(value) + n_observations)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Walk the arrays in nested dataclasses and tuples."""
    if is_dataclass(value):
        for item in fields(value):
            yield from leaves(getattr(value, item.name), f"{path}.{item.name}")
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from leaves(item, f"{path}[{i}]")
    else:
        yield path, np.asarray(value, dtype=np.float64)


def same(actual: Any, expected: Any, tolerance: float) -> None:
    """Every number agrees to `tolerance`, relative to the largest of its array."""
    actual_leaves, expected_leaves = list(leaves(actual)), list(leaves(expected))
    names = [name for name, _ in actual_leaves]
    assert names == [name for name, _ in expected_leaves], "different fields"
    for (name, a), (_, b) in zip(actual_leaves, expected_leaves, strict=True):
        assert a.shape == b.shape, f"{name}: shape {a.shape}, expected {b.shape}"
        if not a.size:
            continue
        assert np.isfinite(a).all() and np.isfinite(b).all(), f"{name}: {a} {b}"
        error = np.abs(a - b).max() / max(1.0, np.abs(b).max())
        assert error <= tolerance, f"{name} is off by {error:.2e}:\n{a}\nnot\n{b}"


def close(actual: Any, expected: Any, relative: float) -> None:
    """Every single number agrees to `relative`, relative to itself."""
    np.testing.assert_allclose(actual, expected, rtol=relative, atol=0)


def same_fit(actual: Any, expected: Any, tolerance: float) -> None:
    """Two results end for the same reason, with the same trace and parameters."""
    assert actual.outcome is expected.outcome
    same(actual.log_likelihoods, expected.log_likelihoods, tolerance)
    same(actual.params, expected.params, tolerance)


def at_least(value: float, bound: float, n_observations: float) -> None:
    """`value >= bound`, up to the rounding of log-likelihoods of n observations."""
    allowed = slack(max(abs(value), abs(bound)), n_observations)
    assert value >= bound - allowed, f"{value!r} is {bound - value:.2e} below {bound!r}"


def never_falls(trace: Sequence[float], n_observations: float) -> None:
    """No entry lies below the one before by more than rounding; none is nan."""
    assert len(trace) > 1, "a trace of one entry cannot fall"
    for t, (before, after) in enumerate(pairwise(trace)):
        fall = before - after
        allowed = slack(max(abs(before), abs(after)), n_observations)
        assert fall <= allowed, f"falls by {fall:.2e} in step {t + 1}"


def finite(value: Any) -> None:
    """No nan and no infinity anywhere."""
    for name, numbers in leaves(value):
        assert np.isfinite(numbers).all(), f"{name}: {numbers}"


def distributions(rows: np.ndarray) -> None:
    """Each row is a probability distribution."""
    assert np.isfinite(rows).all(), "not finite"
    assert (rows >= 0).all(), "negative"
    excess = np.abs(rows.sum(axis=-1) - 1).max()
    assert excess <= 4 * EPS * rows.shape[-1], f"a row sums to 1 ± {excess:.1e}"


def zero_mean(batches: np.ndarray, largest_z: float = 7.0) -> None:
    """Independent batches, along the first axis, average to zero up to chance.

    The limit leaves room for skewed batches and for many columns at once.
    """
    n_batches = len(batches)
    spread = batches.std(axis=0, ddof=1) / math.sqrt(n_batches)
    assert (spread > 0).all(), "a constant cannot be tested"
    z = np.abs(batches.mean(axis=0) / spread).max()
    assert z <= largest_z, f"the mean is {z:.1f} standard errors from zero"


def correct_digits(value: float, exact: Fraction) -> float:
    """Log relative error: how many digits of `value` are right."""
    error = abs(Fraction(value) - exact) / abs(exact)
    return 16.0 if error == 0 else -math.log10(error)
