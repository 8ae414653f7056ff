"""Which component of one fit is which of another."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from mixtura._types import Array, IntArray
from mixtura.families.factorisation import cholesky
from mixtura.inference.tables import render

TIE = 1e-9
"""Weight of closeness beside overlap: it decides only where nothing overlaps."""


@dataclass(frozen=True)
class Alignment:
    """A fit whose components are numbered as those of a reference.

    Parameters
    ----------
    order : ndarray of int of shape (K,)
        Component ``order[k]`` of the original is component k of `model`.
    model : object
        The relabelled copy.
    agreement : ndarray of shape (K,)
        How far component k of both is the same, from 0 to 1: the cosine of their
        responsibilities over the rows or, without rows, of their densities' roots.
    """

    order: IntArray
    model: Any
    agreement: Array

    def __repr__(self) -> str:
        pairs = zip(self.order.tolist(), self.agreement.tolist(), strict=True)
        rows = [
            {"component": k, "was": was, "agreement": agreement}
            for k, (was, agreement) in enumerate(pairs)
        ]
        return render(rows)


def overlaps(
    first: tuple[Array, Array, Array], second: tuple[Array, Array, Array]
) -> tuple[Array, Array]:
    r"""Bhattacharyya coefficients and distances of the components of two fits, (K, K).

    .. math:: \int \sqrt{\mathcal N_k \mathcal N_l} = e^{-B_{kl}}, \qquad
        B_{kl} = \tfrac18 d^\top \bar\Sigma^{-1} d
        + \tfrac12 \log \frac{|\bar\Sigma|}{\sqrt{|\Sigma_k| |\Sigma_l|}}

    with :math:`d` the difference of the means and :math:`\bar\Sigma` the mean of the
    covariances; the same in any units.

    Parameters
    ----------
    first, second : tuple of ndarray
        Weights (K,), means (K, D) and full covariances (K, D, D).
    """
    (_, means, matrices), (_, other_means, other_matrices) = first, second
    distances = np.empty((len(means), len(other_means)))
    own, others = _log_determinants(matrices), _log_determinants(other_matrices)
    for k, (mean, matrix) in enumerate(zip(means, matrices, strict=True)):
        middle = (matrix + other_matrices) / 2
        factors = cholesky(middle)
        whitened = np.linalg.solve(factors, (other_means - mean)[:, :, None])
        squared = (whitened**2).sum(axis=(1, 2))
        shape = _log_determinants(middle) - (own[k] + others) / 2
        distances[k] = squared / 8 + shape / 2
    return np.exp(-distances), distances


def match_components(
    reference: tuple[Array, Array, Array], other: tuple[Array, Array, Array]
) -> tuple[IntArray, Array]:
    """Match by the overlap of weighted densities; return order and agreement.

    For a permutation of one and the same fit the result is that permutation: no other
    has as large a sum of inner products of the roots of the weighted densities.
    """
    coefficients, distances = overlaps(reference, other)
    likeness = coefficients * np.sqrt(np.outer(reference[0], other[0]))
    _, order = linear_sum_assignment(likeness + TIE / (1 + distances), maximize=True)
    return order, coefficients[np.arange(len(order)), order]


def match_responsibilities(
    reference: Array, other: Array, weights: Array | None = None
) -> tuple[IntArray, Array]:
    """Match by responsibilities (n, K) for rows; return order and agreement."""
    weighted = reference if weights is None else reference * weights[:, None]
    products = weighted.T @ other
    _, order = linear_sum_assignment(products, maximize=True)
    own = (weighted * reference).sum(axis=0)
    rows = np.ones(len(reference)) if weights is None else weights
    lengths = np.sqrt(own * (rows @ other[:, order] ** 2))
    chosen = products[np.arange(len(order)), order]
    return order, np.divide(chosen, lengths, out=np.zeros_like(own), where=lengths > 0)


def _log_determinants(matrices: Array) -> Array:
    diagonals = np.diagonal(cholesky(matrices), axis1=1, axis2=2)
    return np.asarray(2 * np.log(diagonals).sum(axis=1))
