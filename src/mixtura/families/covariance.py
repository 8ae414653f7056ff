"""How covariances are stored, and the structures full, tied, diagonal and spherical.

`Matrices`, `Diagonals` and `Multiples` are what structures with one matrix, one row of
variances or one variance a component inherit, whatever these have in common.
"""

import numpy as np

from mixtura import kernels
from mixtura._types import Array
from mixtura.families.covariance_structure import Covariance
from mixtura.families.factorisation import (
    clipped,
    from_log_cholesky,
    inverse_roots,
    inverses,
    least_eigenvalues,
    log_cholesky,
    precision_cholesky,
    symmetrised,
)


class Matrices(Covariance):
    """One matrix a component: (n_components, n_features, n_features)."""

    kernels = kernels.full

    def identity(self, n_components: int, n_features: int) -> Array:
        return np.tile(np.eye(n_features), (n_components, 1, 1))

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features, n_features)

    def factor(self, covariances: Array, extended: bool = False) -> Array:
        return precision_cholesky(covariances, extended)

    def log_determinants(
        self, precision_cholesky: Array, n_components: int, n_features: int
    ) -> Array:
        diagonals = precision_cholesky.diagonal(axis1=1, axis2=2)
        return np.asarray(np.log(diagonals).sum(axis=1))

    def second_moments(self, X: Array, weights: Array, pivot: Array) -> Array:
        moments = np.empty((len(pivot), X.shape[1], X.shape[1]))
        for k, center in enumerate(pivot):
            difference = X - center
            moments[k] = (difference * weights[:, k, None]).T @ difference
        return symmetrised(moments)

    def outer(self, u: Array, v: Array) -> Array:
        product = (0.5 * u)[:, :, None] * v[:, None, :]
        return product + product.swapaxes(1, 2)

    def estimate(self, scatter: Array, counts: Array, n_features: int) -> Array:
        return scatter / _or_nan(counts)[:, None, None]

    def trace(self, precision_cholesky: Array, second: Array) -> float:
        whitened = np.swapaxes(precision_cholesky, 1, 2) @ second @ precision_cholesky
        return float(np.trace(whitened, axis1=1, axis2=2).sum())

    def add_diagonal(self, covariances: Array, variances: Array) -> Array:
        return covariances + np.diag(variances)

    def scale_diagonal(self, covariances: Array, factor: float) -> Array:
        eye = np.eye(covariances.shape[-1])
        return covariances * (1 + (factor - 1) * eye)

    def clip(self, covariances: Array, floor: Array) -> Array:
        return clipped(covariances, floor)

    def least_ratios(
        self, covariances: Array, floor: Array, n_components: int
    ) -> Array:
        return least_eigenvalues(covariances, floor)

    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        squares = np.square(precision_cholesky).reshape(len(precision_cholesky), -1)
        return np.asarray(squares @ np.repeat(variances, len(variances)))

    def rescale(self, covariances: Array, scale: Array) -> Array:
        return covariances * np.outer(scale, scale)

    def rescale_factor(self, precision_cholesky: Array, scale: Array) -> Array:
        return precision_cholesky / scale[:, None]

    def precisions(self, precision_cholesky: Array) -> Array:
        return precision_cholesky @ np.swapaxes(precision_cholesky, 1, 2)

    def from_precisions(self, precisions: Array) -> Array:
        return inverses(precisions)

    def unconstrained(self, covariances: Array) -> Array:
        return log_cholesky(covariances).ravel()

    def constrained(self, vector: Array, n_components: int, n_features: int) -> Array:
        return from_log_cholesky(vector.reshape(n_components, -1), n_features)

    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        return covariances

    def from_full(self, matrices: Array) -> Array:
        return matrices


class Full(Matrices):
    """Each component its own matrix; mclust's VVV."""

    name = "full"
    separate = True
    turns = True

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_components * n_features * (n_features + 1) // 2


class Tied(Covariance):
    """One matrix for all components: (n_features, n_features); mclust's EEE."""

    name = "tied"
    kernels = kernels.tied
    per_component = False

    def identity(self, n_components: int, n_features: int) -> Array:
        return np.eye(n_features)

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_features, n_features)

    def factor(self, covariances: Array, extended: bool = False) -> Array:
        return precision_cholesky(covariances[None], extended)[0]

    def log_determinants(
        self, precision_cholesky: Array, n_components: int, n_features: int
    ) -> Array:
        return np.full(n_components, np.log(np.diag(precision_cholesky)).sum())

    def second_moments(self, X: Array, weights: Array, pivot: Array) -> Array:
        moments = np.zeros((X.shape[1], X.shape[1]))
        for k, center in enumerate(pivot):
            difference = X - center
            moments += (difference * weights[:, k, None]).T @ difference
        return symmetrised(moments)

    def outer(self, u: Array, v: Array) -> Array:
        return symmetrised(u.T @ v)

    def estimate(self, scatter: Array, counts: Array, n_features: int) -> Array:
        return np.asarray(scatter / counts.sum())

    def trace(self, precision_cholesky: Array, second: Array) -> float:
        return float(np.trace(precision_cholesky.T @ second @ precision_cholesky))

    def add_diagonal(self, covariances: Array, variances: Array) -> Array:
        return covariances + np.diag(variances)

    def scale_diagonal(self, covariances: Array, factor: float) -> Array:
        eye = np.eye(covariances.shape[-1])
        return covariances * (1 + (factor - 1) * eye)

    def clip(self, covariances: Array, floor: Array) -> Array:
        return clipped(covariances[None], floor)[0]

    def least_ratios(
        self, covariances: Array, floor: Array, n_components: int
    ) -> Array:
        return np.full(n_components, least_eigenvalues(covariances, floor))

    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        trace = (precision_cholesky**2).sum(axis=1) @ variances
        return np.full(n_components, trace)

    def rescale(self, covariances: Array, scale: Array) -> Array:
        return covariances * np.outer(scale, scale)

    def rescale_factor(self, precision_cholesky: Array, scale: Array) -> Array:
        return precision_cholesky / scale[:, None]

    def precisions(self, precision_cholesky: Array) -> Array:
        return precision_cholesky @ precision_cholesky.T

    def from_precisions(self, precisions: Array) -> Array:
        return inverses(precisions[None])[0]

    def unconstrained(self, covariances: Array) -> Array:
        return log_cholesky(covariances[None])[0]

    def constrained(self, vector: Array, n_components: int, n_features: int) -> Array:
        return from_log_cholesky(vector[None], n_features)[0]

    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        return np.tile(covariances, (n_components, 1, 1))

    def from_full(self, matrices: Array) -> Array:
        return np.asarray(matrices[0])

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_features * (n_features + 1) // 2


class Diagonals(Covariance):
    """One variance a component and column: (n_components, n_features)."""

    kernels = kernels.diagonal

    def identity(self, n_components: int, n_features: int) -> Array:
        return np.ones((n_components, n_features))

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features)

    def factor(self, covariances: Array, extended: bool = False) -> Array:
        return inverse_roots(covariances)

    def log_determinants(
        self, precision_cholesky: Array, n_components: int, n_features: int
    ) -> Array:
        return np.asarray(np.log(precision_cholesky).sum(axis=1))

    def second_moments(self, X: Array, weights: Array, pivot: Array) -> Array:
        return np.stack(
            [weights[:, k] @ (X - center) ** 2 for k, center in enumerate(pivot)]
        )

    def outer(self, u: Array, v: Array) -> Array:
        return u * v

    def estimate(self, scatter: Array, counts: Array, n_features: int) -> Array:
        return scatter / _or_nan(counts)[:, None]

    def trace(self, precision_cholesky: Array, second: Array) -> float:
        return float((precision_cholesky**2 * second).sum())

    def add_diagonal(self, covariances: Array, variances: Array) -> Array:
        return covariances + variances

    def scale_diagonal(self, covariances: Array, factor: float) -> Array:
        return covariances * factor

    def clip(self, covariances: Array, floor: Array) -> Array:
        return np.maximum(covariances, floor)

    def least_ratios(
        self, covariances: Array, floor: Array, n_components: int
    ) -> Array:
        used = floor > 0
        return np.asarray((covariances[:, used] / floor[used]).min(axis=1))

    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        return np.asarray(precision_cholesky**2 @ variances)

    def rescale(self, covariances: Array, scale: Array) -> Array:
        return covariances * scale**2

    def rescale_factor(self, precision_cholesky: Array, scale: Array) -> Array:
        return precision_cholesky / scale

    def precisions(self, precision_cholesky: Array) -> Array:
        return precision_cholesky**2

    def from_precisions(self, precisions: Array) -> Array:
        return 1 / precisions

    def unconstrained(self, covariances: Array) -> Array:
        return np.log(covariances).ravel()

    def constrained(self, vector: Array, n_components: int, n_features: int) -> Array:
        return np.exp(vector).reshape(n_components, n_features)

    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        return covariances[:, :, None] * np.eye(n_features)

    def from_full(self, matrices: Array) -> Array:
        return np.asarray(matrices.diagonal(axis1=1, axis2=2))


class Diagonal(Diagonals):
    """Each component its own variance in each column; mclust's VVI."""

    name = "diag"
    separate = True

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_components * n_features


class Multiples(Covariance):
    """One variance a component, for all columns: (n_components,)."""

    kernels = kernels.spherical
    scales_by_column = False

    def identity(self, n_components: int, n_features: int) -> Array:
        return np.ones(n_components)

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components,)

    def factor(self, covariances: Array, extended: bool = False) -> Array:
        return inverse_roots(covariances)

    def log_determinants(
        self, precision_cholesky: Array, n_components: int, n_features: int
    ) -> Array:
        return n_features * np.log(precision_cholesky)

    def second_moments(self, X: Array, weights: Array, pivot: Array) -> Array:
        return np.array(
            [weights[:, k] @ ((X - c) ** 2).sum(axis=1) for k, c in enumerate(pivot)]
        )

    def outer(self, u: Array, v: Array) -> Array:
        return np.asarray((u * v).sum(axis=1))

    def estimate(self, scatter: Array, counts: Array, n_features: int) -> Array:
        return scatter / (_or_nan(counts) * n_features)

    def trace(self, precision_cholesky: Array, second: Array) -> float:
        return float(precision_cholesky**2 @ second)

    def add_diagonal(self, covariances: Array, variances: Array) -> Array:
        return covariances + variances.mean()

    def scale_diagonal(self, covariances: Array, factor: float) -> Array:
        return covariances * factor

    def clip(self, covariances: Array, floor: Array) -> Array:
        return np.maximum(covariances, floor.max())

    def least_ratios(
        self, covariances: Array, floor: Array, n_components: int
    ) -> Array:
        return covariances / floor.max()

    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        return precision_cholesky**2 * variances.sum()

    def rescale(self, covariances: Array, scale: Array) -> Array:
        assert np.all(scale == scale[0])
        return np.asarray(covariances * scale[0] ** 2)

    def rescale_factor(self, precision_cholesky: Array, scale: Array) -> Array:
        return np.asarray(precision_cholesky / scale[0])

    def precisions(self, precision_cholesky: Array) -> Array:
        return precision_cholesky**2

    def from_precisions(self, precisions: Array) -> Array:
        return 1 / precisions

    def unconstrained(self, covariances: Array) -> Array:
        return np.log(covariances)

    def constrained(self, vector: Array, n_components: int, n_features: int) -> Array:
        return np.exp(vector)

    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        return covariances[:, None, None] * np.eye(n_features)

    def from_full(self, matrices: Array) -> Array:
        return np.asarray(matrices[:, 0, 0])


class Spherical(Multiples):
    """Each component one variance for all columns; mclust's VII."""

    name = "spherical"
    separate = True

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_components


def _or_nan(counts: Array) -> Array:
    """Replace counts of zero by nan: nothing is divided by a dead component."""
    return counts if counts.min() > 0 else np.where(counts > 0, counts, np.nan)
