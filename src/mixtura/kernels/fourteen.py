"""Compiled M-steps of the fourteen structures, without a floor.

The covariances nearest to those of each component, as `families.parsimonious` defines
them. What that finds by a search (volumes of multiples, common axes) is improved here,
not found: generalised EM climbs as surely, and ends at the same points.
"""

from math import exp, log, sqrt
from typing import Any

import numpy as np

from mixtura.kernels.small_matrices import (
    compose,
    decompose_near,
    inlined,
    once,
    precision_factor,
    squared_norm,
    turn,
    turn_matrix,
    turn_to,
)

EII, VII, EEI, VEI, EVI, VVI, EEE, VEE, EVE, VVE, EEV, VEV, EVV, VVV = range(14)

NUMBERS = {
    "EII": EII,
    "spherical": VII,
    "EEI": EEI,
    "VEI": VEI,
    "EVI": EVI,
    "diag": VVI,
    "tied": EEE,
    "EEE": EEE,
    "VEE": VEE,
    "EVE": EVE,
    "VVE": VVE,
    "EEV": EEV,
    "VEV": VEV,
    "EVV": EVV,
    "full": VVV,
}
"""Numbers of the structures, by their names."""

TURNS = 4
"""Times that volumes and shapes are found from each other, at most …"""

SETTLED = 1e-9
"""… or until no volume changes by more than this share."""

ROUNDS = 20
"""Times that common axes are turned in every plane, at most …"""

LEAST_TURN = 1e-3
"""… or until none turns by an angle of a larger sine."""


@once
def nearest(structure: int, counts: Any, own: Any, matrices: Any, near: Any) -> None:
    """Replace covariances by those of a structure that are nearest to `own`.

    Parameters
    ----------
    structure : int
    counts : ndarray of shape (K,)
        Observations behind each, all positive.
    own : ndarray of shape (K, D, D)
        Of each component.
    matrices : ndarray of shape (K, D, D)
        The previous ones, where searches begin.
    near : ndarray of shape (K + 1, D, D)
        Orthogonal axes, from which others are soon found; to be overwritten by those.
    """
    if structure <= VVI:
        _along_columns(structure, counts, own, matrices)
    elif structure == EEE or structure == VEE:
        _multiples_of_matrix(structure == EEE, counts, own, matrices)
    elif structure == EVE or structure == VVE:
        _same_axes(structure == EVE, counts, own, matrices, near)
    elif structure == EEV or structure == VEV:
        _own_axes(structure == EEV, counts, own, matrices, near)
    else:
        for k in range(len(own)):
            _scaled(own[k], 1.0, matrices[k])
        if structure == EVV:
            _equal_determinants(counts, own, matrices)


@inlined
def _cleared(matrix: Any) -> None:
    """Write zeros."""
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            matrix[i, j] = 0.0


@inlined
def _scaled(matrix: Any, factor: float, result: Any) -> None:
    """Write a multiple."""
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            result[i, j] = factor * matrix[i, j]


@inlined
def _added(matrix: Any, factor: float, result: Any) -> None:
    """Add a multiple."""
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            result[i, j] += factor * matrix[i, j]


@inlined
def _pool(counts: Any, own: Any, multiples: Any, matrix: Any) -> None:
    """Write the mean of the covariances, each divided by its multiple."""
    _cleared(matrix)
    total = _sum(counts)
    for k in range(len(own)):
        _added(own[k], counts[k] / (total * multiples[k]), matrix)


@inlined
def _sum(values: Any) -> float:
    total = 0.0
    for k in range(len(values)):
        total += values[k]
    return total


@inlined
def _root(product: float, D: int) -> float:
    """Return the geometric mean of D numbers."""
    if D == 2:
        return sqrt(product)
    if D == 4:
        return sqrt(sqrt(product))
    return exp(log(product) / D)


@inlined
def _trace(matrix: Any) -> float:
    total = 0.0
    for i in range(len(matrix)):
        total += matrix[i, i]
    return total


@inlined
def _volumes_before(matrices: Any, multiples: Any) -> None:
    """Write the volumes of multiples of one matrix, whatever that is."""
    for k in range(len(matrices)):
        multiples[k] = _trace(matrices[k])


@inlined
def _multiples_of_row(
    equal: bool, counts: Any, rows: Any, multiples: Any, row: Any
) -> None:
    """Find volumes, unless they are equal, and one shape from each other in turn."""
    K, D = rows.shape
    total = _sum(counts)
    change = 1.0
    for step in range(TURNS):
        for d in range(D):
            row[d] = 0.0
            for k in range(K):
                row[d] += rows[k, d] * counts[k] / (total * multiples[k])
        if equal or not change > SETTLED or step == TURNS - 1:
            break
        change = 0.0
        for k in range(K):
            volume = 0.0
            for d in range(D):
                volume += rows[k, d] / row[d] / D
            change = max(change, abs(volume - multiples[k]) / volume)
            multiples[k] = volume


@inlined
def _multiples_of_matrix(equal: bool, counts: Any, own: Any, matrices: Any) -> None:
    """Find volumes, unless equal, and one matrix from each other in turn."""
    K, D = own.shape[:2]
    multiples, pooled, factor = np.empty(K), np.empty((D, D)), np.empty((D, D))
    _volumes_before(matrices, multiples)
    if equal:
        for k in range(K):
            multiples[k] = 1.0
    change = 1.0
    for step in range(TURNS):
        _pool(counts, own, multiples, pooled)
        if equal or not change > SETTLED or step == TURNS - 1:
            break
        if not precision_factor(pooled, factor):
            break
        change = 0.0
        for k in range(K):
            volume = squared_norm(own[k], factor) / D
            change = max(change, abs(volume - multiples[k]) / volume)
            multiples[k] = volume
    for k in range(K):
        _scaled(pooled, multiples[k], matrices[k])


@inlined
def _equal_determinants(counts: Any, own: Any, matrices: Any) -> None:
    """Rescale to the mean of their volumes."""
    K, D = own.shape[:2]
    volumes, factor = np.empty(K), np.empty((D, D))
    volume = 0.0
    for k in range(K):
        volumes[k] = 0.0
        if precision_factor(own[k], factor):
            determinant = 1.0
            for d in range(D):
                determinant /= factor[d, d] * factor[d, d]
            volumes[k] = _root(determinant, D)
        volume += counts[k] * volumes[k] / _sum(counts)
    for k in range(K):
        _scaled(own[k], volume / volumes[k], matrices[k])


@inlined
def _own_axes(equal: bool, counts: Any, own: Any, matrices: Any, axes: Any) -> None:
    """Give turned copies the same variances, or multiples of them."""
    K, D = own.shape[:2]
    rows, row, multiples = np.empty((K, D)), np.empty(D), np.ones(K)
    if not equal:
        _volumes_before(matrices, multiples)
    for k in range(K):
        decompose_near(own[k], rows[k], axes[k])
    _multiples_of_row(equal, counts, rows, multiples, row)
    for k in range(K):
        for d in range(D):
            rows[k, d] = multiples[k] * row[d]
        compose(rows[k], axes[k], matrices[k])


@inlined
def _equal_volumes(counts: Any, rows: Any, result: Any) -> None:
    """Rescale rows of variances to the mean of their volumes."""
    K, D = rows.shape
    volumes, volume = np.empty(K), 0.0
    for k in range(K):
        product = 1.0
        for d in range(D):
            product *= rows[k, d]
        volumes[k] = _root(product, D)
        volume += counts[k] * volumes[k] / _sum(counts)
    for k in range(K):
        for d in range(D):
            result[k, d] = rows[k, d] * (volume / volumes[k])


@inlined
def _along_columns(structure: int, counts: Any, own: Any, matrices: Any) -> None:
    """Variances along the columns, and of spheres."""
    K, D = own.shape[:2]
    rows, multiples, row = np.empty((K, D)), np.ones(K), np.empty(D)
    for k in range(K):
        mean = _trace(own[k]) / D
        for d in range(D):
            rows[k, d] = mean if structure <= VII else own[k, d, d]
    equal = structure == EII or structure == EEI
    if equal or structure == VEI:
        if not equal:
            _volumes_before(matrices, multiples)
        _multiples_of_row(equal, counts, rows, multiples, row)
        for k in range(K):
            for d in range(D):
                rows[k, d] = multiples[k] * row[d]
    elif structure == EVI:
        _equal_volumes(counts, rows, rows)
    for k in range(K):
        _cleared(matrices[k])
        for d in range(D):
            matrices[k, d, d] = rows[k, d]


@inlined
def _same_axes(equal: bool, counts: Any, own: Any, matrices: Any, near: Any) -> None:
    """Improve common axes by turns in each plane.

    From the previous ones, or those of the pooled covariance if these are better.
    """
    K, D = own.shape[:2]
    values, mixed = np.empty(D), np.empty((D, D))
    variances, turned = np.empty((K, D)), np.empty((K, D, D))
    _pool(counts, own, np.ones(K), mixed)
    decompose_near(mixed, values, near[0])
    _turn_all(own, near[0], turned)
    least = _divergence(equal, counts, turned, variances)
    _cleared(mixed)
    for k in range(K):
        # weights of which no two axes get the same variance by accident
        odd = 1.0 + sqrt(2.0) * k % 1.0
        _added(matrices[k], odd / _trace(matrices[k]), mixed)
    decompose_near(mixed, values, near[1])
    axes = near[1]
    _turn_all(own, axes, turned)
    if not _divergence(equal, counts, turned, variances) <= least:
        _scaled(near[0], 1.0, axes)
        _turn_all(own, axes, turned)
    for _ in range(ROUNDS):
        largest = 0.0
        for p in range(D):
            for q in range(p + 1, D):
                sine = _turn(equal, counts, turned, axes, p, q, variances)
                largest = max(largest, abs(sine))
        if not largest > LEAST_TURN:
            break
    _variances(equal, counts, turned, variances)
    for k in range(K):
        compose(variances[k], axes, matrices[k])


@inlined
def _turn_all(own: Any, axes: Any, turned: Any) -> None:
    """Write all covariances as they are along axes."""
    for k in range(len(own)):
        turn_to(own[k], axes, turned[k])


@inlined
def _variances(equal: bool, counts: Any, turned: Any, variances: Any) -> None:
    """Write the best variances along axes, given the matrices turned to them."""
    for k in range(len(turned)):
        for d in range(len(turned[k])):
            variances[k, d] = max(turned[k, d, d], 0.0)
    if equal:
        _equal_volumes(counts, variances, variances)


@inlined
def _divergence(equal: bool, counts: Any, turned: Any, variances: Any) -> float:
    """Sum N_k (log t + s / t) along axes, with the best variances t."""
    K, D = variances.shape
    _variances(equal, counts, turned, variances)
    total = 0.0
    for k in range(K):
        for d in range(D):
            share = max(turned[k, d, d], 0.0) / variances[k, d]
            total += counts[k] * (log(variances[k, d]) + share)
    return total if abs(total) < np.inf else np.inf


@inlined
def _turn(
    equal: bool, counts: Any, turned: Any, axes: Any, p: int, q: int, variances: Any
) -> float:
    """Turn in one plane by the best angle; variances are held. Return its sine."""
    _variances(equal, counts, turned, variances)
    K = len(turned)
    a = b = 0.0
    for k in range(K):
        weight = counts[k] / variances[k, p] - counts[k] / variances[k, q]
        a += weight * (turned[k, p, p] - turned[k, q, q]) / 2.0
        b += weight * turned[k, p, q]
    size = sqrt(a * a + b * b)
    if not (size > 0.0 and size < np.inf):
        return 0.0
    # half of the angle of (-a, -b); first what has all its digits
    larger = sqrt((size + abs(a)) / (2.0 * size))
    smaller = abs(b) / (2.0 * size * larger)
    cosine, sine = (larger, smaller) if a < 0.0 else (smaller, larger)
    if b > 0.0:
        sine = -sine
    turn(axes, p, q, cosine, sine)
    for k in range(K):
        turn_matrix(turned[k], p, q, cosine, sine)
    return sine
