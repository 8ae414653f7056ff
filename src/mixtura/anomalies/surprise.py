"""The surprise of a row, -log p(x), divided among its columns."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from scipy.special import logsumexp

from mixtura._types import Array, IntArray
from mixtura.families.factorisation import precision_cholesky
from mixtura.kernels.moments import FARTHEST

ENUMERATED = 4
"""Up to so many columns all orders are taken: 24 for four."""

SAMPLED_PAIRS = 12
"""Beyond, so many random orders, each with its reverse."""

BLOCK_NUMBERS = 1 << 20
"""Numbers in the largest array of a block of rows."""


def column_orders(n_features: int) -> list[IntArray]:
    """Return the orders in which columns are revealed: all, or a fixed sample."""
    if n_features <= ENUMERATED:
        return [np.array(order) for order in permutations(range(n_features))]
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(n_features) for _ in range(SAMPLED_PAIRS)]
    return [order for first in drawn for order in (first, first[::-1])]


def shapley_surprise(
    log_weights: Array,
    means: Array,
    covariances: Array,
    X: Array,
    orders: Sequence[IntArray],
) -> Array:
    r"""Divide -log p(x) by the chain rule, averaged over orders of the columns.

    .. math:: \phi_j(x) = \frac1{|O|} \sum_{o \in O}
        -\log p(x_j \mid x_{\text{before } j \text{ in } o})

    Each order telescopes, so the parts sum to the surprise exactly, whatever orders
    are taken. With all of them these are the Shapley values of the game whose worth
    is the surprise of a set of columns.

    Parameters
    ----------
    log_weights : ndarray of shape (K,)
    means : ndarray of shape (K, D)
    covariances : ndarray of shape (K, D, D)
    X : ndarray of shape (n, D)
    orders : sequence of ndarray of shape (D,)

    Returns
    -------
    ndarray of shape (n, D)
        In nats; rows sum to -log p(x).
    """
    parts = np.zeros(X.shape)
    for order in orders:
        factors = precision_cholesky(covariances[:, order[:, None], order])
        for rows in _blocks(X, len(means)):
            marginals = _prefix_log_densities(
                log_weights, means[:, order], factors, X[rows][:, order]
            )
            parts[rows, order] -= np.diff(marginals, axis=1, prepend=0.0)
    return parts / len(orders)


def conditional_surprise(
    log_weights: Array, means: Array, covariances: Array, X: Array
) -> Array:
    r"""Return -log p(x_j | the other columns) for each column.

    With the precision :math:`\Lambda_k` of component k and
    :math:`g_k = \Lambda_k (x - \mu_k)`, the column given the others is normal with

    .. math:: \log p(x_j \mid x_{-j}, k) = \tfrac12 \log \frac{\Lambda_{k,jj}}{2\pi}
        - \frac{g_{kj}^2}{2 \Lambda_{k,jj}},
        \qquad p(x_{-j}) = \sum_k \frac{\pi_k\, p(x \mid k)}{p(x_j \mid x_{-j}, k)}

    Parameters
    ----------
    log_weights, means, covariances, X
        As for `shapley_surprise`.

    Returns
    -------
    ndarray of shape (n, D)
        In nats. The columns share what they know of each other, so rows do not sum
        to the surprise.
    """
    factors = precision_cholesky(covariances)
    diagonals = (factors**2).sum(axis=2)  # (K, D)
    parts = np.empty(X.shape)
    for rows in _blocks(X, len(means)):
        whitened = _whitened(means, factors, X[rows])
        gradients = np.einsum("kni,kji->knj", whitened, factors)
        log_joint = _log_joint(log_weights, factors, whitened)
        conditional = 0.5 * np.log(diagonals / (2 * np.pi))[:, None, :]
        conditional = conditional - 0.5 * gradients**2 / diagonals[:, None, :]
        others = logsumexp(log_joint[:, :, None] - conditional, axis=0)
        parts[rows] = others - logsumexp(log_joint, axis=0)[:, None]
    return parts


def _prefix_log_densities(
    log_weights: Array, means: Array, factors: Array, X: Array
) -> Array:
    """Log p of the first column, the first two, ... of each row, (n, D)."""
    whitened = _whitened(means, factors, X)
    diagonals = np.diagonal(factors, axis1=1, axis2=2)
    terms = np.log(diagonals / np.sqrt(2 * np.pi))[:, None, :] - 0.5 * whitened**2
    log_joint = log_weights[:, None, None] + terms.cumsum(axis=2)
    return np.asarray(logsumexp(log_joint, axis=0))


def _log_joint(log_weights: Array, factors: Array, whitened: Array) -> Array:
    """Log pi_k + log p(x | k), (K, n)."""
    diagonals = np.diagonal(factors, axis1=1, axis2=2)
    constants = np.log(diagonals / np.sqrt(2 * np.pi)).sum(axis=1)
    squares = (whitened**2).sum(axis=2)
    return np.asarray((log_weights + constants)[:, None] - 0.5 * squares)


def _whitened(means: Array, factors: Array, X: Array) -> Array:
    """(x - mu_k) P_k, (K, n, D), within the range whose squares are finite."""
    whitened = (X - means[:, None, :]) @ factors
    return np.clip(whitened, -FARTHEST, FARTHEST)


def _blocks(X: Array, n_components: int) -> list[slice]:
    size = max(1, BLOCK_NUMBERS // (n_components * X.shape[1]))
    return [slice(first, first + size) for first in range(0, len(X), size)]
