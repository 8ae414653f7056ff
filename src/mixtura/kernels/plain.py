"""E-step and scoring in plain NumPy: the specification of the fused kernels.

Every function walks the rows in blocks, so that memory above the data is
O(block · K · D). Differences from the means come first; responsibilities are
``exp(log_joint - max)`` divided by their own sum.
"""

from collections.abc import Callable, Iterator
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels.moments import (
    EXPONENT_FLOOR,
    FARTHEST,
    LOG_FLOOR,
    Array,
    Moments,
    Rows,
    live_components,
    with_dead_components,
)

BLOCK_ELEMENTS = 2**16


def _squared_lengths(whitened: Array) -> Array:
    result: Array = np.einsum("knd,knd->kn", whitened, whitened)
    return result


def _squared_lengths_by_row(whitened: Array) -> Array:
    return _sum_in_order(np.moveaxis(whitened * whitened, 2, 0))


class Structure(NamedTuple):
    """What a covariance structure adds to the common E-step.

    Attributes
    ----------
    name : str
        Ending of the names of its kernels.
    whiten : callable
        (differences (K, n, D), precision Cholesky factors) -> (K, n, D).
    second_moment : callable
        (differences (K, n, D), responsibilities (K, n)) -> second moments.
    whiten_by_row : callable
        The same without BLAS, whose bits for one row depend on the rows beside it.
    pooled : bool
        Whether all components share one precision.
    squared_lengths : callable
        (whitened (K, n, D)) -> (K, n).
    """

    name: str
    whiten: Callable[[Array, Array], Array]
    second_moment: Callable[[Array, Array], Array]
    whiten_by_row: Callable[[Array, Array], Array]
    pooled: bool = False
    squared_lengths: Callable[[Array], Array] = _squared_lengths


def _symmetric(matrices: Array) -> Array:
    result: Array = 0.5 * (matrices + matrices.swapaxes(-1, -2))
    return result


def _scatter_full(differences: Array, responsibilities: Array) -> Array:
    weighted = responsibilities[:, :, None] * differences
    return _symmetric(weighted.swapaxes(1, 2) @ differences)


def _scatter_tied(differences: Array, responsibilities: Array) -> Array:
    n_features = differences.shape[2]
    weighted = (responsibilities[:, :, None] * differences).reshape(-1, n_features)
    return _symmetric(weighted.T @ differences.reshape(-1, n_features))


def _scatter_diagonal(differences: Array, responsibilities: Array) -> Array:
    weighted = responsibilities[:, :, None] * differences
    result: Array = np.einsum("knd,knd->kd", weighted, differences)
    return result


def _scatter_spherical(differences: Array, responsibilities: Array) -> Array:
    result: Array = _scatter_diagonal(differences, responsibilities).sum(axis=1)
    return result


def _triangular_product(differences: Array, factors: Array) -> Array:
    """Multiply by upper-triangular factors, (K, D, D) or (D, D), term by term."""
    factors = np.broadcast_to(factors, (len(differences), *factors.shape[-2:]))
    rows = np.moveaxis(factors, 0, 2)[..., None]  # (D, D, K, 1)
    columns = np.ascontiguousarray(np.moveaxis(differences, 2, 0))  # (D, K, n)
    product = np.zeros_like(columns)
    for j, column in enumerate(columns):
        product[j:] += column * rows[j, j:]
    return np.moveaxis(product, 0, 2)


def _by_deviations(differences: Array, factors: Array) -> Array:
    """Multiply by one factor a component and feature, or a component."""
    return differences * factors.reshape(len(factors), 1, -1)


FULL = Structure("full", np.matmul, _scatter_full, _triangular_product)
TIED = Structure("tied", np.matmul, _scatter_tied, _triangular_product, pooled=True)
DIAGONAL = Structure("diagonal", _by_deviations, _scatter_diagonal, _by_deviations)
SPHERICAL = Structure("spherical", _by_deviations, _scatter_spherical, _by_deviations)


class Parameters(NamedTuple):
    """Parameters in the form the kernels take."""

    constants: Array
    means: Array
    precision_cholesky: Array

    def only(self, live: NDArray[np.intp], pooled: bool) -> "Parameters":
        """Keep the components `live`."""
        precision = self.precision_cholesky
        return Parameters(
            self.constants[live],
            self.means[live],
            precision if pooled else precision[live],
        )


def e_step(
    structure: Structure, X: Rows, row_weights: Array | None, parameters: Parameters
) -> Moments:
    """Sum the moments of one E-step over the rows."""
    live = live_components(parameters.constants)
    if live is not None:
        reduced = parameters.only(live, structure.pooled)
        moments = e_step(structure, X, row_weights, reduced)
        n_components = len(parameters.constants)
        return with_dead_components(moments, live, n_components, structure.pooled)
    blocks = _blocks(X, len(parameters.constants))
    parts = (
        _block_sums(
            structure,
            block,
            None if row_weights is None else row_weights[start : start + len(block)],
            parameters,
        )
        for start, block in blocks
    )
    return reduce(Moments.plus, parts)


def _block_sums(
    structure: Structure,
    block: Array,
    row_weights: Array | None,
    parameters: Parameters,
) -> Moments:
    differences, log_joint = _log_joint(structure, block, parameters)
    top = log_joint.max(axis=0)
    log_joint -= top
    unscaled = np.exp(log_joint)
    total = unscaled.sum(axis=0)
    log_total = np.log(total)
    log_likelihood = top + log_total
    log_joint *= unscaled
    entropy = log_total - log_joint.sum(axis=0) / total
    if row_weights is None:
        sums = log_likelihood.sum(), entropy.sum()
        unscaled /= total
    else:
        sums = log_likelihood @ row_weights, entropy @ row_weights
        unscaled *= row_weights / total
    return Moments(
        float(sums[0]),
        float(sums[1]),
        unscaled.sum(axis=1),
        (unscaled[:, None, :] @ differences)[:, 0, :],
        structure.second_moment(differences, unscaled),
    )


def log_joint(
    structure: Structure, X: Rows, parameters: Parameters, out: Array | None = None
) -> Array:
    """Log weight plus log density for each row and component, (n, K), in nats."""
    n_components = len(parameters.constants)
    result = np.empty((len(X), n_components)) if out is None else out
    live = live_components(parameters.constants)
    if live is not None:
        result[:] = -np.inf
        reduced = parameters.only(live, structure.pooled)
        result[:, live] = log_joint(structure, X, reduced)
        return result
    for start, block in _blocks(X, n_components):
        values = _log_joint(by_row(structure), block, parameters)[1]
        result[start : start + len(block)] = values.T
    return result


def log_density(
    structure: Structure, X: Rows, parameters: Parameters, out: Array | None = None
) -> Array:
    """Log density of the mixture for each row, (n,), in nats."""
    result = np.empty(len(X)) if out is None else out
    for start, values in _log_joint_blocks(structure, X, parameters):
        top, _, total = _exponentials(values)
        result[start : start + len(top)] = top + np.log(total)
    return result


def labels(
    structure: Structure,
    X: Rows,
    parameters: Parameters,
    out: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Most probable component of each row, (n,); the first one among equals."""
    result = np.empty(len(X), dtype=np.int64) if out is None else out
    live = live_components(parameters.constants)
    for start, values in _log_joint_blocks(structure, X, parameters):
        best = values.argmax(axis=0)
        result[start : start + len(best)] = best if live is None else live[best]
    return result


def _log_joint_blocks(
    structure: Structure, X: Rows, parameters: Parameters
) -> Iterator[tuple[int, Array]]:
    """First row and (live components, rows) log joint of each block."""
    live = live_components(parameters.constants)
    if live is not None:
        parameters = parameters.only(live, structure.pooled)
    for start, block in _blocks(X, len(parameters.constants)):
        yield start, _log_joint(by_row(structure), block, parameters)[1]


def _blocks(X: Rows, n_components: int) -> Iterator[tuple[int, Array]]:
    """First row and float64 values of each block of rows, of which there is one."""
    size = max(32, BLOCK_ELEMENTS // (n_components * max(X.shape[1], 1)))
    for start in range(0, max(len(X), 1), size):
        yield start, np.asarray(X[start : start + size], dtype=np.float64)


def _log_joint(
    structure: Structure, block: Array, parameters: Parameters
) -> tuple[Array, Array]:
    """Differences (K, n, D) and log joint (K, n), both finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        differences = block - parameters.means[:, None, :]
        whitened = structure.whiten(differences, parameters.precision_cholesky)
        values = structure.squared_lengths(whitened)
        values *= -0.5
        values += parameters.constants[:, None]
        if values.size and not values.min() > LOG_FLOOR:
            far = np.flatnonzero(~(values > LOG_FLOOR).all(axis=0))
            near, values[:, far] = _far_rows(structure, block[far], parameters)
            differences[:, far] = near
    return differences, values


def _far_rows(
    structure: Structure, rows: Array, parameters: Parameters
) -> tuple[Array, Array]:
    """Differences and log joint of rows whose squares overflow.

    The row is scaled by a power of two before it is whitened. If no component has
    a representable density, the nearest one is given `LOG_FLOOR`, the others less.
    """
    means = parameters.means
    largest = np.maximum(np.abs(rows).max(axis=1), np.abs(means).max())
    scale = np.exp2(np.ceil(np.log2(largest)) - 1.0)[:, None]  # (n, 1)
    differences = rows / scale - means[:, None, :] / scale
    whitened = structure.whiten(differences, parameters.precision_cholesky)
    peak = np.abs(whitened).max(axis=2, keepdims=True)
    peak[peak == 0.0] = 1.0
    distances = peak[:, :, 0] * np.sqrt(((whitened / peak) ** 2).sum(axis=2))
    values = parameters.constants[:, None] - 0.5 * (distances * scale[:, 0]) ** 2
    lost = ~(values > LOG_FLOOR)
    values[lost] = LOG_FLOOR
    hopeless = np.flatnonzero(lost.all(axis=0))
    values[:, hopeless] = 2.0 * LOG_FLOOR
    values[distances[:, hopeless].argmin(axis=0), hopeless] = LOG_FLOOR
    length = np.abs(differences).max(axis=2, keepdims=True)
    length[length == 0.0] = 1.0
    # min before the product: length * scale may itself overflow
    return differences * np.minimum(scale, FARTHEST / length), values


def _exponentials(log_joint: Array) -> tuple[Array, Array, Array]:
    """Largest entry, exp of the rest relative to it, and the sum, over components."""
    top = log_joint.max(axis=0)
    relative = log_joint - top
    unscaled = np.exp(np.maximum(relative, EXPONENT_FLOOR))
    unscaled[relative <= EXPONENT_FLOOR] = 0.0
    return top, unscaled, _sum_in_order(unscaled)


def by_row(structure: Structure) -> Structure:
    """Return the structure whose scores of a row do not depend on other rows."""
    return structure._replace(
        whiten=structure.whiten_by_row, squared_lengths=_squared_lengths_by_row
    )


def _sum_in_order(terms: Array) -> Array:
    """Add along the first axis one by one: NumPy's own order depends on the shape."""
    total: Array = np.zeros(terms.shape[1:])
    for term in terms:
        total += term
    return total
