"""E-step and scoring of families whose log-density is linear in statistics of x.

The log joint of a row with statistics t and a component with natural parameters eta is
``constant + base + t · eta``: Poisson, Bernoulli and categorical families are of this
kind. Small problems run in NumPy, whose functions say what is computed; large ones in
compiled kernels that never leave the cache.

An entry of ``-inf`` in the natural parameters forbids rows in which that statistic is
positive, and does nothing where it is zero. A row that every component forbids has
density zero; its responsibilities are equal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels.moments import EXPONENT_FLOOR, Array
from mixtura.kernels.optional import compiled_code

BLOCK_ELEMENTS = 2**16

FUSED_WORK = 2_000_000
"""Multiplications in one E-step from which on the compiled kernels run: 1 ms."""

FUSED_SCORING_WORK = 4_000_000
"""The same for scoring, which is done once rather than a hundred times."""

FUSED_LOOKUPS = 500_000
"""Table entries looked up in one call from which on that is compiled."""


class Linear(NamedTuple):
    """The components of a linear family.

    Attributes
    ----------
    constants : ndarray of shape (K,)
        Log weight less the log normalizer; ``-inf`` removes a component.
    eta : ndarray of shape (K, P)
        Natural parameters; ``-inf`` is allowed, ``inf`` is not.
    """

    constants: Array
    eta: Array


@dataclass(frozen=True)
class LinearRows:
    """Rows as a linear family sees them.

    Parameters
    ----------
    statistics : ndarray of shape (n, P)
        Finite; nonnegative in columns where a natural parameter is -inf.
    base : ndarray of shape (n,)
        Log base measure of each row, in nats.
    """

    statistics: Array
    base: Array

    def __len__(self) -> int:
        return len(self.statistics)

    def part(self, rows: Any) -> "LinearRows":
        """Some of the rows, by slice or index."""
        return LinearRows(self.statistics[rows], self.base[rows])


class LinearMoments(NamedTuple):
    """Sums over rows.

    Attributes
    ----------
    log_likelihood : float
        Sum of the weighted log densities, in nats.
    entropy : float
        Sum of the weighted entropies of the responsibilities, in nats.
    counts : ndarray of shape (K,)
        Sums of the responsibilities.
    sums : ndarray of shape (K, P)
        Sums of responsibility times statistics.
    """

    log_likelihood: float
    entropy: float
    counts: Array
    sums: Array

    def plus(self, other: "LinearMoments") -> "LinearMoments":
        """Sums over the rows of both."""
        return LinearMoments(
            self.log_likelihood + other.log_likelihood,
            self.entropy + other.entropy,
            self.counts + other.counts,
            self.sums + other.sums,
        )


def e_step(
    rows: LinearRows,
    row_weights: Array | None,
    components: Linear,
    *,
    n_threads: int = 1,
) -> LinearMoments:
    """Sum log-likelihood, entropy and statistics over the rows.

    Sizes decide whether a compiled kernel runs. Results do not depend on `n_threads`,
    to the last bit.

    Parameters
    ----------
    rows : LinearRows
    row_weights : ndarray of shape (n,) or None
        Nonnegative factors of the rows' contributions; None means 1.
    components : Linear
    n_threads : int, default=1

    Returns
    -------
    LinearMoments

    Examples
    --------
    Counts 0 and 4 under two Poisson components of rates 0 and 4, equally probable:

    >>> import numpy as np
    >>> from mixtura.kernels import linear
    >>> rows = linear.LinearRows(np.array([[0.0], [4.0]]), np.log([1.0, 1 / 24]))
    >>> with np.errstate(divide="ignore"):
    ...     eta = np.log([[0.0], [4.0]])
    >>> components = linear.Linear(np.log([0.5, 0.5]) - [0.0, 4.0], eta)
    >>> moments = linear.e_step(rows, None, components)
    >>> moments.counts.round(3), moments.sums.round(3)
    (array([0.982, 1.018]), array([[0.],
           [4.]]))
    """
    is_large = _work(rows, components) >= FUSED_WORK
    fused = compiled_code("fused_linear") if is_large else None
    if fused is None:
        return plain_e_step(rows, row_weights, components)
    moments: LinearMoments = fused.e_step(rows, row_weights, components, n_threads)
    return moments


def log_joint(rows: LinearRows, components: Linear, *, n_threads: int = 1) -> Array:
    """Log weight plus log density of each row and component, (n, K), in nats."""
    result = np.empty((len(rows), len(components.constants)))
    _score(0, rows, components, result, n_threads)
    return result


def log_density(rows: LinearRows, components: Linear, *, n_threads: int = 1) -> Array:
    """Log density of the mixture at each row, (n,), in nats."""
    result = np.empty(len(rows))
    _score(1, rows, components, result, n_threads)
    return result


def labels(
    rows: LinearRows, components: Linear, *, n_threads: int = 1
) -> NDArray[np.int64]:
    """Most probable component of each row, (n,), the first one among equals."""
    result = np.empty(len(rows), dtype=np.int64)
    _score(2, rows, components, result, n_threads)
    return result


def _score(
    mode: int,
    rows: LinearRows,
    components: Linear,
    out: NDArray[Any],
    n_threads: int,
) -> None:
    """Write log joint (0), log density (1) or labels (2) into `out`."""
    is_large = _work(rows, components) >= FUSED_SCORING_WORK
    fused = compiled_code("fused_linear") if is_large else None
    if fused is None:
        plain_score(mode, rows, components, out)
    else:
        fused.score(mode, rows, components, out, n_threads)


def table_sums(X: Array, table: Array, *, n_threads: int = 1) -> Array | None:
    """Sum over the columns of the entries of a table that X names.

    Parameters
    ----------
    X : ndarray of shape (n, D)
    table : ndarray of shape (size,)
    n_threads : int, default=1

    Returns
    -------
    ndarray of shape (n,) or None
        None if an entry of X is not an integer from 0 to ``size - 1``.
    """
    fused = compiled_code("fused_linear") if X.size >= FUSED_LOOKUPS else None
    if fused is not None:
        compiled: Array | None = fused.table_sums(X, table, n_threads)
        return compiled
    if X.size and not (X.min() >= 0 and X.max() < len(table)):
        return None
    places = X.astype(np.int64)
    if not np.array_equal(places, X):
        return None
    sums = np.zeros(len(X))
    for column in places.T:  # in order, as the compiled function does
        sums += table[column]
    return sums


def plain_e_step(
    rows: LinearRows, row_weights: Array | None, components: Linear
) -> LinearMoments:
    """Sum over the rows in NumPy, one matrix product of a block each way."""
    n_components, n_statistics = components.eta.shape
    log_likelihood = entropy = 0.0
    counts = np.zeros(n_components)
    sums = np.zeros((n_components, n_statistics))
    for start, block in _blocks(rows, components):
        values = _log_joint(block, components, in_order=False)
        top, unscaled, total = _exponentials(values)
        weight = (
            np.ones(len(block))
            if row_weights is None
            else row_weights[start : start + len(block)]
        )
        log_total = np.log(total)
        relative = np.where(np.isneginf(values), 0.0, values - top)
        spread = (relative * unscaled).sum(axis=0) / total
        lost = np.isneginf(values).all(axis=0) & (weight > 0.0)
        log_likelihood += float(weight @ (top + log_total))
        if lost.any():
            log_likelihood = -np.inf
        entropy += float(weight @ (log_total - spread))
        responsibilities = unscaled * (weight / total)
        counts += responsibilities.sum(axis=1)
        sums += responsibilities @ block.statistics
    return LinearMoments(log_likelihood, entropy, counts, sums)


def plain_score(
    mode: int, rows: LinearRows, components: Linear, out: NDArray[Any]
) -> None:
    """Write scores in NumPy; those of a row do not depend on the rows beside it."""
    for start, block in _blocks(rows, components):
        target = out[start : start + len(block)]
        values = _log_joint(block, components, in_order=True)
        if mode == 0:
            target[:] = values.T
        elif mode == 1:
            top, _, total = _exponentials(values)
            impossible = np.isneginf(values).all(axis=0)
            target[:] = np.where(impossible, -np.inf, top + np.log(total))
        else:
            target[:] = values.argmax(axis=0)


def _work(rows: LinearRows, components: Linear) -> int:
    """Multiplications in one pass over the rows."""
    n_components, n_statistics = map(int, components.eta.shape)
    return len(rows) * n_components * (2 * n_statistics + 20)


def _blocks(rows: LinearRows, components: Linear) -> Iterator[tuple[int, LinearRows]]:
    """First row and float64 values of each block of rows."""
    size = max(32, BLOCK_ELEMENTS // max(1, sum(components.eta.shape)))
    for start in range(0, len(rows), size):
        block = rows.part(slice(start, start + size))
        statistics = np.asarray(block.statistics, dtype=np.float64)
        yield start, LinearRows(statistics, block.base)


def _log_joint(rows: LinearRows, components: Linear, in_order: bool) -> Array:
    """Log joint (K, n).

    A matrix product is fast, but its last bit for one row depends on the rows beside
    it; `in_order` adds the terms one by one.
    """
    constants, eta = components
    forbidden = np.isneginf(eta)
    finite = np.where(forbidden, 0.0, eta)
    columns = rows.statistics.T
    if in_order:
        values = np.zeros((len(constants), len(rows)))
        for j, column in enumerate(columns):
            values += finite[:, j, None] * column
    else:
        values = finite @ columns
    values += constants[:, None]
    values += rows.base
    if forbidden.any():
        hits = forbidden.astype(np.float64) @ (columns > 0.0)
        values[hits > 0.0] = -np.inf
    return values


def _exponentials(log_joint: Array) -> tuple[Array, Array, Array]:
    """Largest entry, exp of the rest relative to it, and the sum, over components.

    All ones, relative to 0, where every entry is -inf.
    """
    top = log_joint.max(axis=0)
    impossible = np.isneginf(top)
    top[impossible] = 0.0
    relative = log_joint - top
    unscaled = np.exp(np.maximum(relative, EXPONENT_FLOOR))
    unscaled[relative <= EXPONENT_FLOOR] = 0.0
    unscaled[:, impossible] = 1.0
    total = np.zeros(log_joint.shape[1])
    for term in unscaled:
        total += term
    return top, unscaled, total
