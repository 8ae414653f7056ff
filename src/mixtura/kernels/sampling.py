"""Draws from Gaussian components, in chunks with random streams of their own.

A chunk has `STREAMS` streams of the generator SFC64; row i takes its words from stream
``i % STREAMS``, two for each pair of columns, and Box and Muller's transform makes two
normal numbers of them. Large draws are compiled, with the streams in the lanes of the
vector unit; the draws are the same to rounding.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from mixtura.kernels.moments import Array
from mixtura.kernels.optional import compiled_code
from mixtura.kernels.threads import in_order

STREAMS = 8

CHUNK_NUMBERS = 1 << 19
"""Numbers, rows times columns, that share their random streams."""

BLOCK_NUMBERS = 1 << 15
"""Numbers that NumPy makes at a time, so that they stay in cache."""

FUSED_NUMBERS = 4_000_000
"""Numbers from which on a draw is compiled: 80 ms of NumPy on one core."""

Words = NDArray[np.uint64]


class Chunk(NamedTuple):
    """Rows `rows` of the result, the chunk `number` of one component."""

    component: int
    number: int
    rows: slice


def sample(
    counts: NDArray[np.integer],
    means: Array,
    factors: Array,
    seed: int,
    n_threads: int = 1,
) -> Array:
    """Draw mean_k + L_k z, z standard normal, for each component in turn.

    A chunk's streams depend on (seed, component, chunk) alone, so the result has the
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

    Examples
    --------
    One row of each of two standard normal components, a hundred units apart:

    >>> import numpy as np
    >>> from mixtura.kernels.sampling import sample
    >>> means, factors = np.array([[0.0], [100.0]]), np.ones((2, 1, 1))
    >>> sample(np.array([1, 1]), means, factors, seed=0).round(1)
    array([[ 1.3],
           [99.1]])
    """
    X = np.empty((int(counts.sum()), means.shape[1]))
    compiled = compiled_code("fused_sampling") if X.size >= FUSED_NUMBERS else None
    filler = _filler if compiled is None else compiled.filler
    fill = filler(X, means, factors)

    def draw(chunk: Chunk) -> None:
        fill(chunk, seed_words(seed, chunk))

    chunks = [*_chunks(counts, means.shape[1])]
    # NumPy's short steps gain nothing from threads
    for _ in in_order(draw, chunks, 1 if compiled is None else n_threads):
        pass
    return X


def seed_words(seed: int, chunk: Chunk) -> Words:
    """Three words for each stream of a chunk, (3, STREAMS)."""
    sequence = np.random.SeedSequence(seed, spawn_key=chunk[:2])
    words: Any = sequence.generate_state(3 * STREAMS, np.uint64)
    return np.asarray(words).reshape(3, STREAMS)


def _chunks(counts: NDArray[np.integer], n_features: int) -> Iterator[Chunk]:
    """Yield the chunks of all components."""
    size = max(1, CHUNK_NUMBERS // n_features)
    start = 0
    for component, count in enumerate(counts):
        end = start + int(count)
        for number, first in enumerate(range(start, end, size)):
            yield Chunk(component, number, slice(first, min(first + size, end)))
        start = end


def _filler(X: Array, means: Array, factors: Array) -> Any:
    """Return what fills one chunk of X from its seed words, in NumPy."""
    n_features = X.shape[1]
    n_pairs = -(-n_features // 2)
    size = max(1, BLOCK_NUMBERS // (STREAMS * n_features)) * STREAMS

    def fill(chunk: Chunk, seeds: Words) -> None:
        n_streams = min(STREAMS, chunk.rows.stop - chunk.rows.start)
        given: list[Any] = [_Given(words) for words in seeds.T[:n_streams]]
        streams = [np.random.SFC64(words) for words in given]
        for first in range(chunk.rows.start, chunk.rows.stop, size):
            block = X[first : min(first + size, chunk.rows.stop)]
            turns = -(-len(block) // n_streams)
            drawn = [stream.random_raw(2 * turns * n_pairs) for stream in streams]
            words = np.stack(drawn).reshape(n_streams, turns, n_pairs, 2)
            z = np.stack(normal_pairs(words[..., 0], words[..., 1]), axis=3)
            rows = z.swapaxes(0, 1).reshape(-1, 2 * n_pairs)[: len(block), :n_features]
            np.matmul(rows, factors[chunk.component].T, out=block)
            block += means[chunk.component]

    return fill


class _Given(ISeedSequence):
    """Hands a stream the words it starts from."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        """Return the words."""
        return np.ascontiguousarray(self._words)


def normal_pairs(first: Words, second: Words) -> tuple[Array, Array]:
    r"""Two independent standard normal numbers from each pair of random words.

    .. math:: \sqrt{-2 \log u}\,(\cos \varphi, \sin \varphi)

    with u in (0, 1] of 63 bits, so that the tails end at 9.4 standard deviations. The
    angle is uniform on a quarter of the circle; two more bits of its word exchange
    cosine and sine, and turn the sign of one of them.
    """
    u = ((first >> np.uint64(1)).view(np.int64) + 0.5) * 2.0**-63
    radius = np.sqrt(-2.0 * np.log(u))
    turn = (second << np.uint64(2)).view(np.int64) * (np.pi * 2.0**-65)
    sine = np.sin(turn)
    cosine = np.sqrt(1.0 - sine * sine)
    # on the bits, since branches on random numbers cannot be foreseen
    b, a = sine.view(np.uint64), cosine.view(np.uint64)
    a ^= second & np.uint64(1 << 63)
    exchange = (second << np.uint64(1)).view(np.int64) >> 63
    difference = (a ^ b) & exchange.view(np.uint64)
    a ^= difference
    b ^= difference
    return radius * cosine, radius * sine
