"""The fused kernels equal the plain ones, whatever the shape, offset or condition."""

import numpy as np
import pytest
from kernel_problems import (
    STRUCTURES,
    exact_log_density,
    natural_errors,
    problem,
)

from mixtura.kernels import plain
from mixtura.kernels.scaled import Scaled

pytest.importorskip("numba")

from mixtura.kernels import fused, launch

NAMES = list(STRUCTURES)
SHAPES = [
    (1, 1, 1),
    (7, 1, 2),
    (33, 5, 3),
    (225, 3, 4),
    (500, 4, 5),
    (1000, 9, 7),
    (450, 10, 10),
    (129, 6, 15),
    (97, 2, 33),
    (300, 3, 70),
    (700, 101, 6),
]
HARD = [{}, {"offset": 1e8}, {"condition": 1e8}, {"offset": 1e8, "condition": 1e8}]
SCORES = [
    (fused.LOG_JOINT, plain.log_joint),
    (fused.LOG_DENSITY, plain.log_density),
    (fused.LABELS, plain.labels),
]


def fused_score(name, mode, X, parameters, n_threads=1):
    shape = (len(X), len(parameters.constants)) if mode == fused.LOG_JOINT else len(X)
    out = np.empty(shape, dtype=np.int64 if mode == fused.LABELS else np.float64)
    launch.score(STRUCTURES[name], X, parameters, mode, out, n_threads)
    return out


def assert_equal_moments(name, X, weights, parameters, tolerance):
    expected = plain.e_step(STRUCTURES[name], X, weights, parameters)
    actual = launch.e_step(STRUCTURES[name], X, weights, parameters, 1)
    errors = natural_errors(name, actual, expected, len(X))
    assert max(errors.values()) < tolerance, errors


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES)
def test_moments_equal_the_plain_ones(name, shape):
    X, parameters = problem(name, sum(shape), *shape)
    assert_equal_moments(name, X, None, parameters, 1e-12)
    weights = np.random.default_rng(1).uniform(0, 3, len(X))
    weights[::3] = 0
    assert_equal_moments(name, X, weights, parameters, 1e-12)


@pytest.mark.parametrize("name", ["full", "tied", "diagonal"])
@pytest.mark.parametrize("n_features", range(1, 27))
def test_every_remainder_of_a_tile(name, n_features):
    X, parameters = problem(name, n_features, 70, 1 + n_features % 6, n_features)
    assert_equal_moments(name, X, None, parameters, 1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hard", HARD)
def test_moments_hold_at_any_offset_and_condition(name, hard):
    X, parameters = problem(name, 11, 600, 4, 6, **hard)
    assert_equal_moments(name, X, None, parameters, 1e-11)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("mode", "in_plain"), SCORES)
def test_scores_equal_the_plain_ones(name, shape, mode, in_plain):
    X, parameters = problem(name, sum(shape), *shape)
    expected = in_plain(STRUCTURES[name], X, parameters)
    actual = fused_score(name, mode, X, parameters)
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (5, 17), (2, 64)])
def test_log_densities_match_extended_precision(name, hard, shape):
    X, parameters = problem(name, 5, 100, *shape, **hard)
    exact = exact_log_density(name, X, parameters)
    actual = fused_score(name, fused.LOG_DENSITY, X, parameters)
    np.testing.assert_allclose(actual, exact.astype(float), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spread", [1e3, 1e6, 1e9])
def test_components_far_apart(name, spread):
    X, parameters = problem(name, 12, 400, 5, 6, spread=spread)
    assert_equal_moments(name, X, None, parameters, 1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_rows_whose_squares_overflow(name):
    X, parameters = problem(name, 13, 500, 3, 5)
    X[0], X[77], X[499, 0] = 1e200, -1e308, 1.7e308
    expected = plain.e_step(STRUCTURES[name], X, None, parameters)
    actual = launch.e_step(STRUCTURES[name], X, None, parameters, 1)
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)
    for mode, in_plain in SCORES:
        expected = in_plain(STRUCTURES[name], X, parameters)
        actual = fused_score(name, mode, X, parameters)
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_results_have_the_same_bits_on_any_number_of_threads(name, monkeypatch):
    monkeypatch.setattr(launch, "LARGEST_CHUNK", launch.SMALLEST_CHUNK)
    X, parameters = problem(name, 14, 5000, 4, 6)
    weights = np.random.default_rng(2).uniform(0, 3, len(X))
    runs = [
        launch.e_step(STRUCTURES[name], X, weights, parameters, n) for n in (1, 2, 4)
    ]
    scores = [fused_score(name, 1, X, parameters, n) for n in (1, 2, 4)]
    for other in (1, 2):
        np.testing.assert_array_equal(scores[0], scores[other])
        for a, b in zip(runs[0], runs[other], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("mode", "_"), SCORES)
def test_scores_do_not_depend_on_the_split(name, mode, _):
    X, parameters = problem(name, 15, 700, 5, 7)
    whole = fused_score(name, mode, X, parameters)
    for cut in (1, 8, 31, 333):
        parts = [fused_score(name, mode, X[:cut], parameters)]
        parts.append(fused_score(name, mode, X[cut:], parameters))
        np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hard", HARD[:2])
def test_single_precision_rows_keep_single_precision(name, hard):
    X, parameters = problem(name, 16, 2000, 4, 9, **hard)
    X = X.astype(np.float32)
    nearby = X.astype(float) - parameters.means[0]
    if hard:  # rounding the rows themselves loses what lies between them
        X = (parameters.means[0] + np.round(nearby / 64) * 64).astype(np.float32)
        parameters = parameters._replace(
            precision_cholesky=parameters.precision_cholesky / 64
        )
    assert_equal_moments(name, X, None, parameters, 1e-4)
    expected = plain.log_density(STRUCTURES[name], X, parameters)
    actual = fused_score(name, fused.LOG_DENSITY, X, parameters)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("given", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [2, 7])
def test_rows_scaled_as_they_are_read_have_the_same_bits(
    name, dtype, given, n_features
):
    X, parameters = problem(name, 19, 1000, 3, n_features)
    scale = np.exp2(np.arange(n_features) - 3.0)
    X = (scale * X + 1e3).astype(given)
    scaled = Scaled(X, X[7].astype(float), scale, np.dtype(dtype))
    there = np.asarray(scaled)
    assert there.dtype == dtype
    np.testing.assert_allclose(there, (X - X[7]) / scale, rtol=1e-6)
    for run in (launch.e_step, lambda *arguments: plain.e_step(*arguments[:-1])):
        one, other = (
            run(STRUCTURES[name], rows, None, parameters, 2) for rows in (scaled, there)
        )
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    for mode, _ in SCORES:
        np.testing.assert_array_equal(
            fused_score(name, mode, scaled, parameters),
            fused_score(name, mode, there, parameters),
        )


def test_scales_without_an_inverse_divide():
    X, parameters = problem("full", 20, 500, 2, 2)
    scale = np.array([2.0**-1074, 1.0])
    scaled = Scaled(X * scale, np.zeros(2), scale, np.dtype(float))
    assert np.abs(np.asarray(scaled)[:, 0] - X[:, 0]).max() <= 0.5
    one, other = (
        launch.e_step(STRUCTURES["full"], rows, None, parameters, 1)
        for rows in (scaled, np.asarray(scaled))
    )
    np.testing.assert_array_equal(one.second, other.second)


@pytest.mark.parametrize("n_rows", [1, 447, 10**5, 10**6, 10**6 + 1])
@pytest.mark.parametrize("work", [78, 1300, 83_200])
def test_chunks_cover_all_rows_once_in_equal_fours(n_rows, work):
    parts = launch.chunks(n_rows, work)
    assert [part.start for part in parts] == [0, *[part.stop for part in parts[:-1]]]
    assert parts[-1].stop == n_rows
    sizes = [part.stop - part.start for part in parts]
    assert len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0]
    assert max(sizes) <= max(launch.CHUNK_WORK // work, launch.SMALLEST_CHUNK) + 448
    missing = len(parts) * sizes[0] - n_rows
    assert len(parts) == 1 or missing < 4 * launch.SMALLEST_CHUNK * len(parts)


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_give_zero_sums(name):
    X, parameters = problem(name, 17, 0, 3, 2)
    moments = launch.e_step(STRUCTURES[name], X, None, parameters, 2)
    assert moments.log_likelihood == 0 and not moments.second.any()
    assert fused_score(name, 1, X, parameters).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_left_alone_and_may_be_read_only(name):
    X, parameters = problem(name, 18, 300, 3, 4)
    weights = np.ones(300)
    inputs = (X, weights, *parameters)
    copies = [array.copy() for array in inputs]

    def run():
        launch.e_step(STRUCTURES[name], X, weights, parameters, 1)
        fused_score(name, fused.LOG_DENSITY, X, parameters)
        compiled = (
            getattr(fused, f"{task}_{ending}")
            for task in ("e_step", "score")
            for ending in ("full", "tied", "diagonal")
        )
        return [len(kernel.signatures) for kernel in compiled]

    before = run()
    for array in inputs:
        array.flags.writeable = False
    assert run() == before
    for array, copy in zip(inputs, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
