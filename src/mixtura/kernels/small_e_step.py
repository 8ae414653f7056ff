"""The compiled E-step on a few rows, all of them in one block."""

from math import log, pi
from typing import Any

import numpy as np

from mixtura.kernels.few_columns import MOST, log_joint_line, write_moments
from mixtura.kernels.fused import SPAN_BYTES
from mixtura.kernels.quadratic import NEVER
from mixtura.kernels.small_matrices import inlined, once, summed
from mixtura.kernels.softmax import log_densities, posterior, scale

BLOCK = SPAN_BYTES // 8
"""The number of rows is a multiple of this."""

LOG_2_PI = log(2 * pi)

TINY = 1e-300


@summed
def _squares(
    rows: Any, mean: Any, factor: Any, diagonal: bool, z: Any, out: Any
) -> None:
    """Write squared distances from a mean, in the units of its covariance."""
    D, size = rows.shape
    out[:] = 0.0
    for d in range(D):
        first = d if diagonal else 0
        center, share = mean[first], factor[first, d]
        for i in range(size):
            z[i] = (rows[first, i] - center) * share
        for c in range(first + 1, d + 1):
            center, share = mean[c], factor[c, d]
            for i in range(size):
                z[i] += (rows[c, i] - center) * share
        for i in range(size):
            out[i] += z[i] * z[i]


@summed
def _joint_line(out: Any, constant: float) -> None:
    """Turn squared distances into log joint densities."""
    for i in range(len(out)):
        out[i] = constant - out[i] / 2.0


@summed
def _sum(values: Any) -> float:
    total = 0.0
    for i in range(len(values)):
        total += values[i]
    return total


@summed
def _weighted_differences(row: Any, center: float, shares: Any, out: Any) -> float:
    """Write shares times differences; return their sum."""
    total = 0.0
    for i in range(len(row)):
        out[i] = shares[i] * (row[i] - center)
        total += out[i]
    return total


@summed
def _products(row: Any, center: float, products: Any) -> float:
    """Return the sum of products with differences."""
    total = 0.0
    for i in range(len(row)):
        total += products[i] * (row[i] - center)
    return total


@inlined
def log_joint(rows: Any, params: Any, diagonal: bool, work: Any) -> None:
    """Write log weight plus log density of each component into the first K lines."""
    weights, means, _, factors = params
    K, D = means.shape
    for k in range(K):
        constant = max(log(weights[k]), NEVER) - D / 2.0 * LOG_2_PI
        for d in range(D):
            constant += log(factors[k, d, d])
        if D <= MOST:
            log_joint_line(rows, means[k], factors[k], constant, work[k])
        else:
            _squares(rows, means[k], factors[k], diagonal, work[K], work[k])
            _joint_line(work[k], constant)


@inlined
def log_density(rows: Any, params: Any, diagonal: bool, work: Any) -> Any:
    """Return the log-densities of the rows, in nats."""
    K, size = len(params[0]), rows.shape[1]
    log_joint(rows, params, diagonal, work)
    log_densities(work.ravel(), 0, K * size, size, K)
    return work[K]


@inlined
def _sums(
    rows: Any, mean: Any, shares: Any, diagonal: bool, scratch: Any, sums: Any
) -> None:
    """Write sums as `write_moments` does, for any number of columns."""
    D = len(mean)
    sums[0] = _sum(shares)
    place = 1 + D
    for d in range(D):
        sums[1 + d] = _weighted_differences(rows[d], mean[d], shares, scratch)
        for c in range(d + 1):
            if c == d or not diagonal:
                sums[place] = _products(rows[c], mean[c], scratch)
            place += 1


@inlined
def sum_moments(
    rows: Any, shares: Any, pivots: Any, diagonal: bool, scratch: Any, found: Any
) -> None:
    """Write counts, means and covariances, given shares (K or more, size).

    Moments are taken about the pivots (K, D).
    """
    counts, centers, own, _ = found
    K, D = pivots.shape
    sums = np.empty(1 + D + D * (D + 1) // 2)
    for k in range(K):
        if D <= MOST:
            write_moments(rows, pivots[k], shares[k], sums)
        else:
            _sums(rows, pivots[k], shares[k], diagonal, scratch, sums)
        counts[k] = sums[0]
        count = max(sums[0], TINY)
        place = 1 + D
        for d in range(D):
            centers[k, d] = pivots[k, d] + sums[1 + d] / count
            for c in range(d + 1):
                own[k, d, c] = own[k, c, d] = 0.0
                if c == d or not diagonal:
                    shifts = sums[1 + d] / count * (sums[1 + c] / count)
                    own[k, d, c] = own[k, c, d] = sums[place] / count - shifts
                place += 1


@once
def e_step(
    rows: Any, row_weights: Any, params: Any, diagonal: bool, work: Any, found: Any
) -> float:
    """Sum counts, means and covariances of the components over the rows.

    Parameters
    ----------
    rows : ndarray of shape (D, size)
        Transposed; with a size that is a multiple of `BLOCK`.
    row_weights : ndarray of shape (size,)
        Zero for rows that only fill the block.
    params : tuple of ndarray
        Weights (K,), means (K, D), covariances and, upper triangular, factors
        (K, D, D).
    diagonal : bool
        Whether factors are diagonal.
    work : ndarray of shape (K + 3, size)
        Memory to use.
    found : tuple of four ndarray
        Counts (K,), means (K, D) and covariances (K, D, D), to be written.

    Returns
    -------
    float
        The log-likelihood in nats; nan where squares overflow.
    """
    means = params[1]
    K = len(means)
    size = rows.shape[1]
    log_joint(rows, params, diagonal, work)
    for i in range(size):
        work[K, i] = row_weights[i]
    flat, totals = work.ravel(), np.zeros(2 * BLOCK)
    place = K * size
    lost = posterior(flat, 0, place, place + size, place + 2 * size, size, K, totals, 1)
    if lost > 0:
        return np.nan
    for k in range(K):
        scale(flat, k * size, place + size, size)
    sum_moments(rows, work, means, diagonal, work[K], found)
    total = 0.0
    for i in range(BLOCK):
        total += totals[i]
    return total
