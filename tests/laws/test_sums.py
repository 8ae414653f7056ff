"""The E-step of a whole is the sum of the E-steps of its parts."""

from dataclasses import fields, is_dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest

from checks import leaves, same
from mixtura.completion import SOFT
from registry import ALGORITHMS, EXECUTORS, MODELS, algorithm_name
from units import joined, taken, weights_of

ALGORITHM = pytest.mark.parametrize("row, how", ALGORITHMS, ids=algorithm_name)
MODEL = pytest.mark.parametrize("row", MODELS, ids=str)
SEEDS = pytest.mark.parametrize("seed", range(2))


def shared_fields(value, place=()):
    """Where in nested statistics the fields are that both terms must have alike."""
    for item in fields(value):
        if "shared" in item.metadata:
            yield (*place, item.name)
        elif is_dataclass(getattr(value, item.name)):
            yield from shared_fields(getattr(value, item.name), (*place, item.name))


def with_field(value, place, change):
    """`value` with the field at `place` replaced by `change` of it."""
    head, *rest = place
    inner = getattr(value, head)
    changed = with_field(inner, rest, change) if rest else change(inner)
    return replace(value, **{head: changed})


def sums_of_parts(seed, row, how):
    """Random data cut into six parts, and the model's E-step."""
    rng = np.random.default_rng(seed)
    model, params, data = row.make(), row.random_params(rng), row.random_data(rng)
    cuts = np.sort(rng.choice(np.arange(1, len(data)), size=5, replace=False))
    ends = [0, *cuts.tolist(), len(data)]
    parts = [data.part(a, b) for a, b in pairwise(ends)]
    return rng, data, parts, lambda block: model.e_step(params, block, how)


@SEEDS
@ALGORITHM
def test_statistics_do_not_depend_on_the_partition_or_its_order(row, how, seed):
    rng, data, parts, e_step = sums_of_parts(seed, row, how)
    shuffled = [parts[i] for i in rng.permutation(len(parts))]
    same(reduce(add, map(e_step, shuffled)), e_step(data), row.tolerance)


@ALGORITHM
def test_every_executor_returns_the_sum(row, how):
    _, data, _, e_step = sums_of_parts(3, row, how)
    whole = e_step(data)
    for executor in EXECUTORS:
        same(executor(e_step, data), whole, row.tolerance)


@SEEDS
@MODEL
def test_addition_is_associative_and_commutative(row, seed):
    _, _, parts, e_step = sums_of_parts(seed, row, SOFT)
    a, b, c = map(e_step, parts[:3])
    same((a + b) + c, a + (b + c), row.tolerance)
    same(a + b, b + a, 0.0)


@MODEL
def test_zero_is_neutral_and_scale_distributes(row):
    _, _, parts, e_step = sums_of_parts(4, row, SOFT)
    a, b = map(e_step, parts[:2])
    same(a + a.zero(), a, 0.0)
    same((a + b) * 0.25, a * 0.25 + b * 0.25, row.tolerance)
    same(a + a, a * 2.0, 0.0)


@ALGORITHM
def test_weight_zero_is_absence(row, how):
    _, data, _, e_step = sums_of_parts(8, row, how)
    present = np.flatnonzero(weights_of(data))
    assert 0 < len(present) < len(data)
    kept = [data.part(i, i + 1) for i in present]  # each keeps its place in the whole
    same(e_step(data), reduce(add, map(e_step, kept)), row.tolerance)
    if how.monotone:  # otherwise the draw of a row depends on its place
        same(e_step(data), e_step(joined(kept)), row.tolerance)


@SEEDS
@pytest.mark.parametrize(
    "row, how",
    [(row, how) for row, how in ALGORITHMS if how.monotone],
    ids=algorithm_name,
)
def test_an_integer_weight_is_repetition(row, how, seed):
    rng, data, _, e_step = sums_of_parts(seed, row, how)
    times = rng.integers(0, 4, size=len(data))
    repeated = replace(
        taken(data, np.repeat(np.arange(len(data)), times)), weights=None
    )
    weighted = replace(data, weights=times.astype(float))
    assert weighted.n_observations == repeated.n_observations
    same(e_step(weighted), e_step(repeated), row.tolerance)


@MODEL
def test_statistics_about_different_pivots_do_not_add(row):
    _, _, parts, e_step = sums_of_parts(5, row, SOFT)
    a, b = map(e_step, parts[:2])
    for place in shared_fields(b):
        moved = with_field(b, place, lambda pivot: pivot + 1e-9)
        with pytest.raises(AssertionError, match="differs between the terms"):
            a + moved


def test_some_statistics_have_a_pivot():
    pivots = {place[-1] for row in MODELS for place in shared_fields(sums(row))}
    assert pivots == {"pivot"}


def test_statistics_of_different_models_do_not_add():
    gaussian, factors = sums(MODELS[0]), sums(MODELS[-1])
    with pytest.raises(TypeError, match="unsupported operand"):
        gaussian + factors


def sums(row):
    """Statistics of one part of random data."""
    _, _, parts, e_step = sums_of_parts(6, row, SOFT)
    return e_step(parts[0])


@MODEL
def test_statistics_are_values(row):
    _, _, parts, e_step = sums_of_parts(7, row, SOFT)
    a, b = map(e_step, parts[:2])
    before = [(name, numbers.copy()) for name, numbers in leaves((a, b))]
    a + b, a * 3.0, a.zero()
    for (_, old), (_, new) in zip(before, leaves((a, b)), strict=True):
        np.testing.assert_array_equal(old, new)
