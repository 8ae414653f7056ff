"""Draws from Gaussian components, in chunks with a random stream each."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mixtura.kernels.moments import Array

CHUNK_ROWS = 1 << 14
"""Rows that share a random stream."""


def sample(
    counts: np.ndarray, means: Array, factors: Array, seed: int, n_threads: int = 1
) -> Array:
    """Draw mean_k + L_k z, z standard normal, for each component in turn.

    A chunk's stream depends on (seed, component, chunk) alone, so the result has the
    same bits on any number of threads.

    Parameters
    ----------
    counts : ndarray of int of shape (n_components,)
        Rows of each component.
    means : ndarray of shape (n_components, n_features)
    factors : ndarray of shape (n_components, n_features, n_features)
        Lower Cholesky factors of the covariances.
    seed : int
    n_threads : int, default=1

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        Rows in the order of their components.
    """
    X = np.empty((int(counts.sum()), means.shape[1]))

    def fill(chunk: tuple[int, int, slice]) -> None:
        component, number, rows = chunk
        stream = np.random.SeedSequence(seed, spawn_key=(component, number))
        z = np.random.Generator(np.random.SFC64(stream)).standard_normal(X[rows].shape)
        np.matmul(z, factors[component].T, out=X[rows])
        X[rows] += means[component]

    chunks = list(_chunks(counts))
    if n_threads == 1 or len(chunks) == 1:
        for chunk in chunks:
            fill(chunk)
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(fill, chunks))
    return X


def _chunks(counts: np.ndarray) -> Iterator[tuple[int, int, slice]]:
    """Yield the component, number within it, and rows of each chunk."""
    start = 0
    for component, count in enumerate(counts):
        end = start + int(count)
        for number, first in enumerate(range(start, end, CHUNK_ROWS)):
            yield component, number, slice(first, min(first + CHUNK_ROWS, end))
        start = end
