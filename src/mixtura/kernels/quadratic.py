"""Many mixtures on the same few rows: E-steps and moments as matrix products.

The log joint of every component is linear in T(x) = (1, x, products of x), so one
product of matrices serves all mixtures, and another all their moments. It expands
squares, which costs digits where components are narrow for their distance from the
centre of the data; `are_exact_enough` says where. Searches for a start use it, fits do
not.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels.moments import Array

NEVER = -1e200
"""Log weight of a component that no row belongs to."""

LARGEST = 1e13
"""Squared distances from the centre, in a component's standard deviations, up to which
log-densities are right to 1e-2 nats, which is where components have collapsed."""


class QuadraticRows(NamedTuple):
    """Rows with their products.

    Parameters
    ----------
    features : ndarray of shape (n, 1 + D + products)
        1, x and products of x, about the origin.
    weights : ndarray of shape (n,)
    origin : ndarray of shape (D,)
        Weighted mean of the rows.
    reach : float
        Largest squared distance of a row from the origin.
    n_axes : int
        Of one component's covariance: 2 for full, 1 for diagonal, 0 for spherical.
    """

    features: Array
    weights: Array
    origin: Array
    reach: float
    n_axes: int

    @property
    def centred(self) -> Array:
        """Rows less the origin, (n, D)."""
        return self.features[:, 1 : len(self.origin) + 1]

    @classmethod
    def of(cls, X: Array, weights: Array | None, n_axes: int) -> "QuadraticRows":
        """Centre rows (n, D) and multiply their columns."""
        n_rows, n_features = X.shape
        known = np.ones(n_rows) if weights is None else weights
        origin = known @ X / known.sum()
        centred = X - origin
        squares = centred**2
        if n_axes == 2:
            i, j = _pairs(n_features)
            products = centred[:, i] * centred[:, j]
        else:
            products = squares if n_axes else squares.sum(axis=1, keepdims=True)
        features = np.column_stack([np.ones(n_rows), centred, products])
        return cls(features, known, origin, float(squares.sum(axis=1).max()), n_axes)

    def are_exact_enough(
        self, precision_cholesky: Array, largest: float = LARGEST
    ) -> NDArray[np.bool_]:
        """Whether expanding the squares leaves log-densities right, by component."""
        per_component = precision_cholesky.reshape(len(precision_cholesky), -1)
        precision = np.square(per_component).sum(axis=1)
        return np.asarray(precision * self.reach < largest)

    def e_step(
        self,
        constants: Array,
        means: Array,
        precision_cholesky: Array,
        n_mixtures: int,
        rest: Array | None = None,
    ) -> tuple[Array, Array, Array, Array]:
        """E-step of several mixtures of equally many components.

        Parameters
        ----------
        constants, means, precision_cholesky : ndarray
            As for `Kernels`; of all mixtures, those of the first mixture first.
        n_mixtures : int
        rest : ndarray of shape (n_mixtures, n), optional
            Log weight plus log-density of what else each mixture consists of.

        Returns
        -------
        tuple of ndarray
            Log-densities of the rows in nats (n_mixtures, n); counts, first and second
            moments about the means of all components.
        """
        log_joint = self.log_joint(constants, means, precision_cholesky)
        apart = log_joint.reshape(n_mixtures, -1, len(self.features))  # (R, K, n)
        top = apart.max(axis=1)
        if rest is not None:
            np.maximum(top, rest, out=top)
        apart -= top[:, None]
        np.exp(apart, out=apart)
        total = apart.sum(axis=1)
        if rest is not None:
            total += np.exp(rest - top)
        apart *= (self.weights / total)[:, None]
        top += np.log(total)
        return top, *self.moments(log_joint, means)

    def moments(self, shares: Array, pivot: Array) -> tuple[Array, Array, Array]:
        """Counts, first and second moments about pivots (K, D) from shares (K, n)."""
        n_features = len(self.origin)
        sums = shares @ self.features
        counts, first = sums[:, 0], sums[:, 1 : n_features + 1]
        at = pivot - self.origin
        rest = first - counts[:, None] * at
        products = sums[:, n_features + 1 :]
        if self.n_axes == 2:
            i, j = _pairs(n_features)
            second = np.empty((len(counts), n_features, n_features))
            second[:, i, j] = second[:, j, i] = products
            second -= first[:, :, None] * at[:, None, :]
            second -= at[:, :, None] * rest[:, None, :]
            return counts, rest, second
        crossed = at * (first + rest)
        if self.n_axes == 1:
            return counts, rest, products - crossed
        return counts, rest, products[:, 0] - crossed.sum(axis=1)

    def log_joint(
        self, constants: Array, means: Array, precision_cholesky: Array
    ) -> Array:
        """Log weight plus log-density (K, n) in nats; arguments as for `Kernels`."""
        at, P = means - self.origin, precision_cholesky
        if self.n_axes == 2:
            precisions = P @ P.swapaxes(1, 2)
            linear = (precisions @ at[:, :, None])[:, :, 0]
            i, j = _pairs(len(self.origin))
            quadratic = np.where(i == j, -0.5, -1.0) * precisions[:, i, j]
        else:
            precisions = (P**2).reshape(len(P), -1)
            linear, quadratic = precisions * at, -0.5 * precisions
        constant = constants - 0.5 * (linear * at).sum(axis=1)
        coefficients = np.column_stack([constant, linear, quadratic])
        return coefficients @ self.features.T


@cache
def _pairs(n_features: int) -> tuple[NDArray[np.intp], ...]:
    """Pairs of columns, each once."""
    return np.triu_indices(n_features)


def n_quadratic_features(n_features: int, n_axes: int) -> int:
    """Columns of `QuadraticRows.features`."""
    products = (1, n_features, n_features * (n_features + 1) // 2)[n_axes]
    return 1 + n_features + products
