"""Ways out of a local optimum: split one component, and do without another.

EM moves components continuously and cannot carry one from a place that has too many to
a place that has too few; these moves do, and EM judges them ([Ueda2000]_).

References
----------
.. [Ueda2000] N. Ueda, R. Nakano, Z. Ghahramani, G. E. Hinton. SMEM algorithm for
   mixture models.
"""

import numpy as np

from mixtura._types import Array, IntArray, Rng
from mixtura.data import Rows
from mixtura.init.distinct import standardised
from mixtura.models.mixture import Mixture, MixtureParams

SHARPNESS = 4.0
"""How sharply a split separates two halves, per standard deviation."""


def splits(
    model: Mixture, data: Rows, params: MixtureParams, most: int, rng: Rng
) -> list[Array]:
    """Return responsibilities with one component split in two and one left out.

    Parameters
    ----------
    model : Mixture
    data : Rows
    params : MixtureParams
        Of at least two components.
    most : int
        Number of moves, if there are so many. Those that leave out a component which
        others explain best come first.
    rng : Generator
        Draws the directions of the splits after the first of each component.

    Returns
    -------
    list of ndarray of shape (n, n_components)
    """
    assert data.weights is not None
    values = model.posterior(params, data).values
    space = standardised(data)
    moves = []
    for number, (removed, split) in enumerate(_pairs(values, data.weights)[:most]):
        rest = _without(values, removed)
        column = split - (removed < split)
        first_try = number < values.shape[1]
        moves.append(
            _halved(rest, column, space, data.weights, None if first_try else rng)
        )
    return moves


def grown(values: Array, data: Rows) -> list[Array]:
    """Return responsibilities with one component more: each in turn split in two.

    Parameters
    ----------
    values : ndarray of shape (n, n_components)
        Responsibilities.
    data : Rows
        With weights.

    Returns
    -------
    list of ndarray of shape (n, n_components + 1)
        The split of the component with the most observations comes first.
    """
    assert data.weights is not None
    space = standardised(data)
    largest_first = (-(data.weights @ values)).argsort(kind="stable")
    return [_halved(values, k, space, data.weights, None) for k in largest_first]


def shrunk(values: Array, weights: Array) -> list[Array]:
    """Return responsibilities with one component less: each in turn left out.

    Parameters
    ----------
    values : ndarray of shape (n, n_components)
        Responsibilities of at least two components.
    weights : ndarray of shape (n,)

    Returns
    -------
    list of ndarray of shape (n, n_components - 1)
        Without the component that the others explain best first.
    """
    return [_without(values, k) for k in _costs(values, weights).argsort(kind="stable")]


def _without(values: Array, removed: int) -> Array:
    """Leave a component to the others, in proportion."""
    rest = np.delete(values, removed, axis=1)
    rest /= np.maximum(rest.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return rest


def _halved(
    values: Array, column: int, space: Array, weights: Array, rng: Rng | None
) -> Array:
    """Split a component along its longest axis, or a random direction."""
    direction = _direction(space, weights * values[:, column], rng)
    share = 1 / (1 + np.exp(-SHARPNESS * direction))
    half = values[:, column] * share
    rest = values.copy()
    rest[:, column] -= half
    return np.column_stack([rest, half])


def _pairs(values: Array, weights: Array) -> IntArray:
    """Components to leave out and to split, (n_pairs, 2), the best first.

    Leaving out k costs about -sum_i w_i log(1 - r_ik); each component is split once
    with the cheapest, then once with the second cheapest, and so on.
    """
    n_components = values.shape[1]
    cheapest = _costs(values, weights).argsort(kind="stable")
    pairs = [
        (removed, split)
        for removed in cheapest
        for split in range(n_components)
        if removed != split
    ]
    return np.array(pairs)


def _costs(values: Array, weights: Array) -> Array:
    """What it costs about to leave out each component."""
    return -(weights @ np.log(np.maximum(1 - values, np.finfo(float).tiny)))


def _direction(space: Array, weights: Array, rng: Rng | None) -> Array:
    """Standardised scores of the rows along a direction of one component.

    The direction is that of the largest variance, or a random one in the metric of
    the component's covariance.
    """
    total = max(weights.sum(), np.finfo(float).tiny)
    centered = space - weights @ space / total
    covariance = (weights[:, None] * centered).T @ centered / total
    eigenvalues, vectors = np.linalg.eigh(covariance)
    if rng is None:
        direction = vectors[:, -1]
    else:
        spread = np.sqrt(np.maximum(eigenvalues, 0.0))
        direction = vectors @ (spread * rng.standard_normal(len(spread)))
    scores = centered @ direction
    deviation = np.sqrt(weights @ scores**2 / total)
    return np.asarray(scores / max(deviation, np.finfo(float).tiny))
