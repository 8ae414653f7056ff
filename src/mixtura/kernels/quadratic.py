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
        1, x and products of x, about the origin, column by column in memory.
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
        columns = np.ascontiguousarray((X - origin).T)
        squares = columns**2
        lengths = squares.sum(axis=0)
        if n_axes == 2:
            i, j = np.triu_indices(n_features)
            products = columns[i]
            products *= columns[j]
        else:
            products = squares if n_axes else lengths[None]
        features = np.concatenate([np.ones((1, n_rows)), columns, products])
        return cls(features.T, known, origin, float(lengths.max()), n_axes)

    def are_exact_enough(
        self, precision_cholesky: Array, largest: float = LARGEST
    ) -> NDArray[np.bool_]:
        """Whether expanding the squares leaves log-densities right, by component."""
        per_component = precision_cholesky.reshape(len(precision_cholesky), -1)
        precision = np.einsum("kp,kp->k", per_component, per_component)
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
            moments of all components about the origin.
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
        return top, *self.moments(log_joint)

    def moments(self, shares: Array) -> tuple[Array, Array, Array]:
        """Counts, first and second moments about the origin from shares (K, n)."""
        n_features = len(self.origin)
        sums = shares @ self.features
        counts, first = sums[:, 0], sums[:, 1 : n_features + 1]
        if self.n_axes == 2:
            return counts, first, sums.take(_places(n_features).products, axis=1)
        second = sums[:, n_features + 1 :]
        return counts, first, second if self.n_axes else second[:, 0]

    def log_joint(
        self, constants: Array, means: Array, precision_cholesky: Array
    ) -> Array:
        """Log weight plus log-density (K, n) in nats; arguments as for `Kernels`."""
        back = self.origin - means
        if self.n_axes == 2:
            coefficients = _of_matrices(back, precision_cholesky)
        else:
            coefficients = _of_variances(back, precision_cholesky)
        coefficients[:, 0] += constants
        return coefficients @ self.features.T


class Places(NamedTuple):
    """Where products of two columns are, for D columns.

    Parameters
    ----------
    products : ndarray of shape (D, D)
        In the features.
    pairs : ndarray of shape (1 + D + products,)
        Of the features, in a flat matrix of all products of 1 and the columns.
    factors : ndarray of shape (1 + D + products,)
        -1/2 times how often each pair is in the matrix.
    """

    products: NDArray[np.intp]
    pairs: NDArray[np.intp]
    factors: Array


@cache
def _places(n_features: int) -> Places:
    size = n_features + 1
    i, j = np.triu_indices(size)  # those of 1 come first: 1 itself, the columns
    number = np.empty((size, size), dtype=np.intp)
    number[i, j] = number[j, i] = np.arange(len(i))
    return Places(number[1:, 1:], i * size + j, np.where(i == j, -0.5, -1.0))


def _of_matrices(back: Array, precision_cholesky: Array) -> Array:
    """Coefficients (K, features) of -|(x + back) P|^2 / 2, a form in (1, x)."""
    n_components, n_features = back.shape
    factors = np.empty((n_components, n_features + 1, n_features))
    np.matmul(back[:, None], precision_cholesky, out=factors[:, :1])
    factors[:, 1:] = precision_cholesky
    form = factors @ factors.swapaxes(1, 2)
    places = _places(n_features)
    return form.reshape(n_components, -1).take(places.pairs, axis=1) * places.factors


def _of_variances(back: Array, precision_cholesky: Array) -> Array:
    """Return the same for one P a column (K, D), or one for all columns (K,)."""
    n_components, n_features = back.shape
    precisions = np.square(precision_cholesky).reshape(n_components, -1)
    quadratic = -0.5 * precisions
    coefficients = np.empty((n_components, 1 + n_features + precisions.shape[1]))
    coefficients[:, 0] = (quadratic * np.square(back)).sum(axis=1)
    coefficients[:, 1 : n_features + 1] = -precisions * back
    coefficients[:, n_features + 1 :] = quadratic
    return coefficients


def n_quadratic_features(n_features: int, n_axes: int) -> int:
    """Columns of `QuadraticRows.features`."""
    products = (1, n_features, n_features * (n_features + 1) // 2)[n_axes]
    return 1 + n_features + products
