"""The kernels of linear families: NumPy by definition, compiled ones equal to it."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import gammaln

from mixtura.kernels import linear
from mixtura.kernels.linear import Linear, LinearRows

MODES = {"log_joint": 0, "log_density": 1, "labels": 2}
MODE = pytest.mark.parametrize("mode", MODES)
SHAPES = [
    (1, 1, 1),
    (7, 1, 2),
    (33, 5, 3),
    (225, 3, 4),
    (500, 4, 5),
    (1000, 9, 7),
    (450, 10, 10),
    (97, 2, 33),
    (300, 3, 70),
    (700, 101, 6),
]


def problem(seed, n, K, P, zeros=0.0):
    """Poisson rows and components, a share of whose rates is zero."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.1, 8, (K, P))
    rates[rng.random((K, P)) < zeros] = 0.0
    X = rng.poisson(rates[rng.integers(K, size=n)]).astype(float)
    constants = np.log(rng.dirichlet(np.full(K, 4.0))) - rates.sum(axis=1)
    with np.errstate(divide="ignore"):
        return LinearRows(X, -gammaln(X + 1).sum(axis=1)), Linear(
            constants, np.log(rates)
        )


def weights_of(rows, seed=1):
    """Fractions, and zero for every third row."""
    weights = np.random.default_rng(seed).uniform(0, 3, len(rows))
    weights[::3] = 0
    return weights


@pytest.fixture(scope="module")
def fused():
    pytest.importorskip("numba")
    from mixtura.kernels import fused_linear

    return fused_linear


def scores(function, mode, rows, components, *rest):
    n, K = len(rows), len(components.constants)
    dtype = np.int64 if mode == "labels" else np.float64
    out = np.empty((n, K) if mode == "log_joint" else n, dtype=dtype)
    function(MODES[mode], rows, components, out, *rest)
    return out


def assert_equal(actual, expected, tolerance=1e-11):
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def exact_log_joint(rows, components):
    """Term by term, in extended precision."""
    values = np.tile(components.constants.astype(np.longdouble), (len(rows), 1))
    values += rows.base[:, None]
    for j, column in enumerate(rows.statistics.T):
        for k, eta in enumerate(components.eta[:, j]):
            here = column > 0
            values[here, k] += column[here] * np.longdouble(eta)
    return values


@pytest.mark.parametrize("zeros", [0.0, 0.3])
def test_sums_are_their_definition(zeros):
    rows, components = problem(2, 200, 4, 5, zeros)
    weights = weights_of(rows)
    joint = exact_log_joint(rows, components)
    top = joint.max(axis=1, keepdims=True)
    density = (top + np.log(np.exp(joint - top).sum(axis=1, keepdims=True)))[:, 0]
    r = np.exp(joint - density[:, None])
    entropy = -(r * np.log(np.where(r > 0, r, 1))).sum(axis=1)
    weighted = r * weights[:, None]
    expected = (
        weights @ density,
        weights @ entropy,
        weighted.sum(axis=0),
        weighted.T @ rows.statistics,
    )
    moments = linear.plain_e_step(rows, weights, components)
    assert_equal(moments, [np.asarray(e, float) for e in expected])
    for mode, values in (("log_joint", joint), ("log_density", density)):
        got = scores(linear.plain_score, mode, rows, components)
        np.testing.assert_allclose(got, values.astype(float), rtol=1e-12)


@pytest.mark.parametrize("zeros", [0.0, 0.3])
@pytest.mark.parametrize("shape", SHAPES)
def test_compiled_sums_equal_the_plain_ones(fused, shape, zeros):
    rows, components = problem(sum(shape), *shape, zeros)
    for weights in (None, weights_of(rows)):
        expected = linear.plain_e_step(rows, weights, components)
        assert_equal(fused.e_step(rows, weights, components, 1), expected)


@pytest.mark.parametrize("n_columns", range(1, 71))
def test_every_remainder_of_a_tile(fused, n_columns):
    rows, components = problem(n_columns, 70, 1 + n_columns % 6, n_columns)
    expected = linear.plain_e_step(rows, None, components)
    assert_equal(fused.e_step(rows, None, components, 1), expected)


@MODE
@pytest.mark.parametrize("zeros", [0.0, 0.3])
@pytest.mark.parametrize("shape", SHAPES)
def test_compiled_scores_equal_the_plain_ones(fused, shape, zeros, mode):
    rows, components = problem(sum(shape), *shape, zeros)
    expected = scores(linear.plain_score, mode, rows, components)
    actual = scores(fused.score, mode, rows, components, 1)
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-11)


def with_impossible_rows():
    """No component allows rows 3 and 64; component 1 is dead."""
    rows, components = problem(7, 100, 3, 4)
    constants, eta = components.constants.copy(), components.eta.copy()
    eta[:, 2] = -np.inf
    constants[1] = -np.inf
    statistics = rows.statistics.copy()
    statistics[:, 2] = 0
    statistics[[3, 64], 2] = 1
    return replace(rows, statistics=statistics), Linear(constants, eta)


@pytest.mark.parametrize("way", ["plain", "compiled"])
def test_an_impossible_row_has_likelihood_zero_and_no_preference(way, request):
    rows, components = with_impossible_rows()
    if way == "compiled":
        module = request.getfixturevalue("fused")
        run, score, rest = module.e_step, module.score, (1,)
    else:
        run, score, rest = linear.plain_e_step, linear.plain_score, ()
    density = scores(score, "log_density", rows, components, *rest)
    np.testing.assert_array_equal(np.flatnonzero(np.isneginf(density)), [3, 64])
    joint = scores(score, "log_joint", rows, components, *rest)
    assert np.isneginf(joint[[3, 64]]).all() and np.isneginf(joint[:, 1]).all()
    assert np.isfinite(joint[:3, [0, 2]]).all()
    labels = scores(score, "labels", rows, components, *rest)
    assert (labels[[3, 64]] == 0).all() and set(labels) <= {0, 2}
    moments = run(rows, None, components, *rest)
    assert moments.log_likelihood == -np.inf
    np.testing.assert_allclose(moments.counts[1], 2 / 3)
    possible = np.ones(100)
    possible[[3, 64]] = 0
    moments = run(rows, possible, components, *rest)
    few = rows.part(possible > 0)
    assert_equal(moments, linear.plain_e_step(few, None, components))
    assert moments.counts[1] == 0.0 and np.isfinite(moments.log_likelihood)


def test_results_have_the_same_bits_on_any_number_of_threads(fused, monkeypatch):
    launch = pytest.importorskip("mixtura.kernels.launch")
    monkeypatch.setattr(launch, "LARGEST_CHUNK", launch.SMALLEST_CHUNK)
    rows, components = problem(8, 5000, 5, 6, 0.2)
    weights = weights_of(rows)
    first, *others = (fused.e_step(rows, weights, components, n) for n in (1, 2, 4))
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_array_equal(a, b)
    density, *others = (
        scores(fused.score, "log_density", rows, components, n) for n in (1, 2, 4)
    )
    for other in others:
        np.testing.assert_array_equal(density, other)


@MODE
@pytest.mark.parametrize("way", ["plain", "compiled"])
def test_scores_do_not_depend_on_the_split(mode, way, request):
    rows, components = problem(9, 700, 5, 7)
    if way == "compiled":
        arguments = (request.getfixturevalue("fused").score, mode)
        rest = (1,)
    else:
        arguments, rest = (linear.plain_score, mode), ()
    whole = scores(*arguments, rows, components, *rest)
    for cut in (1, 8, 31, 333):
        parts = (rows.part(slice(None, cut)), rows.part(slice(cut, None)))
        halves = [scores(*arguments, part, components, *rest) for part in parts]
        np.testing.assert_array_equal(np.concatenate(halves), whole)


def test_both_sides_of_the_threshold_agree(fused, monkeypatch):
    rows, components = problem(10, 300, 4, 3, 0.2)

    def everything():
        return [
            *linear.e_step(rows, None, components, n_threads=2),
            linear.log_joint(rows, components),
            linear.log_density(rows, components),
            linear.labels(rows, components),
        ]

    small = everything()
    for name in ("FUSED_WORK", "FUSED_SCORING_WORK"):
        monkeypatch.setattr(linear, name, 0)
    assert_equal(everything(), small)
    monkeypatch.setattr(linear, "compiled_code", lambda _: None)
    for a, b in zip(everything(), small, strict=True):
        np.testing.assert_array_equal(a, b)


def test_products_that_overflow_are_left_to_numpy(fused):
    rows, components = problem(11, 100, 3, 2)
    statistics = rows.statistics.copy()
    statistics[5] = 1e305
    far = replace(rows, statistics=statistics)
    lower = components._replace(eta=-np.abs(components.eta) - 1.0)
    expected = linear.plain_e_step(far, None, lower)
    assert_equal(fused.e_step(far, None, lower, 1), expected)
    assert np.isfinite(expected.log_likelihood)


def test_no_rows_give_zero_sums(fused):
    rows, components = problem(12, 0, 3, 2)
    for moments in (
        linear.plain_e_step(rows, None, components),
        fused.e_step(rows, None, components, 2),
    ):
        assert moments.log_likelihood == 0 and not moments.sums.any()
    assert linear.log_density(rows, components).shape == (0,)


def test_arguments_are_left_alone_and_may_be_read_only(fused):
    rows, components = problem(13, 300, 3, 4, 0.2)
    weights = weights_of(rows)
    inputs = (rows.statistics, rows.base, weights, *components)
    copies = [array.copy() for array in inputs]
    for array in inputs:
        array.flags.writeable = False
    for run in (linear.plain_e_step, lambda *a: fused.e_step(*a, 1)):
        run(rows, weights, components)
    for array, copy in zip(inputs, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("way", ["plain", "compiled"])
def test_memory_does_not_grow_with_rows_times_components(way, request):
    rows, components = problem(14, 60_000, 40, 3)
    run = linear.plain_e_step
    if way == "compiled":
        module = request.getfixturevalue("fused")
        run = lambda *arguments: module.e_step(*arguments, 1)  # noqa: E731
    run(rows.part(slice(0, 500)), None, components)
    tracemalloc.start()
    run(rows, None, components)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 60_000 * 40 / 2


@pytest.mark.parametrize("compiled", [False, True])
def test_sums_of_table_entries(compiled, monkeypatch):
    if compiled:
        pytest.importorskip("numba")
    monkeypatch.setattr(linear, "FUSED_LOOKUPS", 0 if compiled else np.inf)
    rng = np.random.default_rng(0)
    table = rng.standard_normal(50)
    X = rng.integers(0, 50, (301, 7)).astype(float)
    expected = table[X.astype(int)].sum(axis=1)
    for n_threads in (1, 2):
        sums = linear.table_sums(X, table, n_threads=n_threads)
        np.testing.assert_allclose(sums, expected, rtol=1e-13, atol=1e-13)
    for wrong in (-1.0, 50.0, 0.5, np.nan, np.inf, 1e300):
        odd = X.copy()
        odd[300, 6] = wrong
        assert linear.table_sums(odd, table) is None
    assert linear.table_sums(X[:0], table).shape == (0,)
