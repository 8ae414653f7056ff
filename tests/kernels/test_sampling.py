"""Draws: the same on any number of threads, compiled or not, and really normal."""

import numpy as np
import pytest
from scipy import stats

from mixtura.kernels import sampling
from mixtura.kernels.sampling import STREAMS, normal_pairs, sample

CHUNK_ROWS = 1000
COUNTS = np.array([2 * CHUNK_ROWS + 5, 0, 7])
MEANS = np.array([[0.0, 1.0, 2.0], [9.0, 9.0, 9.0], [-4.0, 0.0, 4.0]])
FACTORS = np.array([np.diag([1.0, 0.5, 2.0]), np.eye(3), np.tril(np.ones((3, 3)))])
N_NORMALS = 1 << 20


@pytest.fixture(params=["plain", "compiled"])
def way(request, monkeypatch):
    """Both implementations, with small chunks so that there are many."""
    monkeypatch.setattr(sampling, "CHUNK_NUMBERS", 3 * CHUNK_ROWS)
    if request.param == "compiled":
        pytest.importorskip("numba")
    monkeypatch.setattr(
        sampling, "FUSED_NUMBERS", 0 if request.param == "compiled" else np.inf
    )
    return request.param


@pytest.fixture(scope="module")
def normals():
    """Standard normal numbers, compiled where that is possible: (rows, 4)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "FUSED_NUMBERS", 0)
        patch.setattr(sampling, "CHUNK_NUMBERS", N_NORMALS // 8)
        count = np.array([N_NORMALS // 4])
        return sample(count, np.zeros((1, 4)), np.eye(4)[None], 11)


@pytest.mark.parametrize("n_threads", [2, 4])
def test_the_number_of_threads_changes_no_bit(way, n_threads):
    alone = sample(COUNTS, MEANS, FACTORS, 3)
    together = sample(COUNTS, MEANS, FACTORS, 3, n_threads)
    np.testing.assert_array_equal(alone, together)


def test_rows_of_a_component_do_not_depend_on_the_others(way):
    fewer = sample(COUNTS[[0, 1, 1]] * [1, 0, 0], MEANS, FACTORS, 3)
    np.testing.assert_array_equal(sample(COUNTS, MEANS, FACTORS, 3)[:-7], fewer)


def test_another_seed_draws_other_rows_and_no_two_chunks_are_alike(way):
    X = sample(COUNTS, MEANS, FACTORS, 3)
    assert len(np.unique(X, axis=0)) == len(X)
    assert not np.isin(sample(COUNTS, MEANS, FACTORS, 4), X).any()


@pytest.mark.parametrize("seed", range(3))
def test_moments_are_those_of_the_component(way, seed):
    n = 60_000
    factor = FACTORS[2:]
    X = sample(np.array([n]), MEANS[2:], factor, seed)
    covariance = factor[0] @ factor[0].T
    deviations = np.sqrt(np.diag(covariance))
    assert (np.abs(X.mean(axis=0) - MEANS[2]) < 5 * deviations / np.sqrt(n)).all()
    spread = np.sqrt(
        (covariance**2 + np.outer(deviations, deviations) ** 2) / n
    )  # of an empirical covariance
    assert (np.abs(np.cov(X.T) - covariance) < 5 * spread).all()


@pytest.mark.parametrize("n_features", [*range(1, 10), 33])
@pytest.mark.parametrize("n_rows", [1, 7, 8, 64, 65, 3000])
def test_compiled_draws_equal_the_plain_ones(n_features, n_rows, monkeypatch):
    pytest.importorskip("numba")
    rng = np.random.default_rng(n_features)
    factors = np.tril(rng.standard_normal((2, n_features, n_features)))
    means = rng.standard_normal((2, n_features))
    counts = np.array([n_rows, 3])
    monkeypatch.setattr(sampling, "FUSED_NUMBERS", np.inf)
    plain = sample(counts, means, factors, 8)
    monkeypatch.setattr(sampling, "FUSED_NUMBERS", 0)
    compiled = sample(counts, means, factors, 8)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-13)


def test_without_numba_numpy_draws(monkeypatch):
    monkeypatch.setattr(sampling, "FUSED_NUMBERS", np.inf)
    plain = sample(COUNTS, MEANS, FACTORS, 3)
    monkeypatch.setattr(sampling, "FUSED_NUMBERS", 0)
    monkeypatch.setattr(sampling, "compiled_code", lambda _: None)
    np.testing.assert_array_equal(sample(COUNTS, MEANS, FACTORS, 3), plain)


def test_the_numbers_are_normal(normals):
    uniform = stats.norm.cdf(normals.ravel())
    observed = np.bincount((uniform * 1000).astype(int), minlength=1000)
    assert 1e-6 < stats.chisquare(observed).pvalue < 1 - 1e-6
    assert stats.kstest(uniform, "uniform").pvalue > 1e-6


@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize("stream", range(STREAMS))
def test_every_stream_and_column_is_normal(normals, stream, column):
    some = normals[stream::STREAMS, column]
    assert stats.kstest(some, "norm").pvalue > 1e-6


@pytest.mark.parametrize("reach", [2.0, 3.0, 4.0, 4.5])
@pytest.mark.parametrize("sign", [-1, 1])
def test_tails_hold_as_many_as_they_should(normals, reach, sign):
    found = int((sign * normals > reach).sum())
    chance = float(stats.norm.sf(reach))
    assert stats.binomtest(found, normals.size, chance).pvalue > 1e-6


def test_rows_columns_streams_and_chunks_are_uncorrelated(normals):
    flat = normals.ravel()
    for values in (normals, normals**2, np.abs(normals)):
        values = values.ravel() - values.mean()
        variance = values @ values / len(values)
        # columns, rows, the next row of a stream, and the next chunk
        for lag in (1, 2, 3, 4, 8, 4 * STREAMS, N_NORMALS // 8):
            covariance = values[lag:] @ values[:-lag] / (len(flat) - lag)
            assert abs(covariance) < 5 * variance / np.sqrt(len(flat) - lag)


def test_direction_and_distance_of_pairs_are_independent(normals):
    x, y = normals.reshape(-1, 2).T
    angle = (np.arctan2(y, x) / (2 * np.pi)) % 1.0
    distance = np.exp(-0.5 * (x**2 + y**2))  # uniform
    cells = (angle * 32).astype(int) * 32 + np.minimum(distance * 32, 31).astype(int)
    observed = np.bincount(cells, minlength=1024)
    assert 1e-6 < stats.chisquare(observed).pvalue < 1 - 1e-6


def test_the_rarest_words_give_finite_numbers_far_out():
    extremes = np.array([0, 1, 2**63 - 1, 2**63, 2**64 - 1], dtype=np.uint64)
    first, second = (values.ravel() for values in np.meshgrid(extremes, extremes))
    pairs = np.array(normal_pairs(first, second))
    assert np.isfinite(pairs).all()
    radius = np.sqrt((pairs**2).sum(axis=0))
    np.testing.assert_allclose(radius.max(), np.sqrt(128 * np.log(2)))
    assert radius.max() > 9.4 and radius.min() < 1e-7


def test_the_four_quarters_of_the_circle():
    """Two bits of a word choose the quarter; the rest is the place within it."""
    half = np.uint64(np.exp(-0.5) * 2.0**64)  # radius 1
    quarters = np.arange(4, dtype=np.uint64) << np.uint64(62)
    pairs = np.array(normal_pairs(np.full(4, half), quarters)).T
    np.testing.assert_allclose(pairs, [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=1e-12)
