"""Draws do not depend on the threads, nor one component's on another's count."""

import numpy as np
import pytest

from mixtura.kernels.sampling import CHUNK_ROWS, sample

COUNTS = np.array([2 * CHUNK_ROWS + 5, 0, 7])
MEANS = np.array([[0.0, 1.0, 2.0], [9.0, 9.0, 9.0], [-4.0, 0.0, 4.0]])
FACTORS = np.array([np.diag([1.0, 0.5, 2.0]), np.eye(3), np.tril(np.ones((3, 3)))])


@pytest.mark.parametrize("n_threads", [2, 4])
def test_the_number_of_threads_changes_no_bit(n_threads):
    alone = sample(COUNTS, MEANS, FACTORS, 3)
    together = sample(COUNTS, MEANS, FACTORS, 3, n_threads)
    np.testing.assert_array_equal(alone, together)


def test_rows_of_a_component_do_not_depend_on_the_others():
    fewer = sample(COUNTS[[0, 1, 1]] * [1, 0, 0], MEANS, FACTORS, 3)
    np.testing.assert_array_equal(sample(COUNTS, MEANS, FACTORS, 3)[:-7], fewer)


def test_another_seed_draws_other_rows_and_no_two_chunks_are_alike():
    X = sample(COUNTS, MEANS, FACTORS, 3)
    assert len(np.unique(X, axis=0)) == len(X)
    assert not np.isin(sample(COUNTS, MEANS, FACTORS, 4), X).any()


@pytest.mark.parametrize("seed", range(3))
def test_moments_are_those_of_the_component(seed):
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
