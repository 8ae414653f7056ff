"""Covariance structures: what the covariances of K Gaussian components have in common.

A structure says how covariances are stored, factored, estimated and counted; adding
one is adding a class. Throughout, `precision_cholesky` is the upper-triangular P with
precision P P^T, so that y = (x - mu) P has unit covariance.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mixtura import kernels
from mixtura._types import Array
from mixtura.families.factorisation import (
    clipped,
    inverse,
    inverse_roots,
    precision_cholesky_of,
    symmetrised,
)


class Covariance(ABC):
    """A covariance structure for K components in D dimensions."""

    name: ClassVar[str]
    kernels: ClassVar[kernels.Kernels]
    """The loops over rows: E-step, log joint, log density, labels."""
    scales_by_column: ClassVar[bool] = True
    """Whether the structure survives a change of units in single columns."""
    per_component: ClassVar[bool] = True
    """Whether the first axis of stored covariances runs over components."""

    def keep(self, alive: NDArray[np.bool_], new: Array, old: Array) -> Array:
        """Return `new` covariances for living components, `old` ones for dead."""
        if not self.per_component:
            return new
        return np.where(alive.reshape(-1, *(1,) * (new.ndim - 1)), new, old)

    @abstractmethod
    def identity(self, n_components: int, n_features: int) -> Array:
        """Return unit covariances."""

    @abstractmethod
    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """Return the shape in which covariances are stored."""

    @abstractmethod
    def factor(self, covariances: Array) -> Array:
        """Return the precision Cholesky factors.

        Raises
        ------
        DegenerateComponentError
            If a covariance is not positive definite.
        """

    @abstractmethod
    def log_determinants(
        self, precision_cholesky: Array, n_components: int, n_features: int
    ) -> Array:
        """log |P_k| = -1/2 log |Sigma_k|, shape (n_components,)."""

    @abstractmethod
    def second_moments(self, X: Array, weights: Array, pivot: Array) -> Array:
        """Sum over i of w_ik (x_i - c_k)(x_i - c_k)^T, in the structure's shape."""

    @abstractmethod
    def outer(self, u: Array, v: Array) -> Array:
        """u_k v_k^T for arrays of shape (n_components, n_features), likewise."""

    @abstractmethod
    def estimate(self, scatter: Array, counts: Array, n_features: int) -> Array:
        """Return covariances that maximise the likelihood, given scatter about the mean.

        Components with a count of zero get nan.
        """

    @abstractmethod
    def trace(self, precision_cholesky: Array, second: Array) -> float:
        """Sum over k of tr(Sigma_k^-1 S_k)."""

    @abstractmethod
    def add_diagonal(self, covariances: Array, variances: Array) -> Array:
        """Return covariances with `variances` (n_features,) added to their diagonal."""

    @abstractmethod
    def clip(self, covariances: Array, floor: Array) -> Array:
        """Return the maximum-likelihood covariances among those >= diag(floor)."""

    @abstractmethod
    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        """tr(Sigma_k^-1 diag(variances)), shape (n_components,)."""

    @abstractmethod
    def rescale(self, covariances: Array, scale: Array) -> Array:
        """Return the covariances of data whose columns are multiplied by `scale`."""

    @abstractmethod
    def precisions(self, precision_cholesky: Array) -> Array:
        """Return the inverse covariances, in the structure's shape."""

    @abstractmethod
    def from_precisions(self, precisions: Array) -> Array:
        """Return the covariances of given precisions."""

    @abstractmethod
    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        """Return one matrix a component, (n_components, n_features, n_features)."""

    @abstractmethod
    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """Count the free covariance parameters."""


class Full(Covariance):
    """Each component its own matrix: (n_components, n_features, n_features)."""

    name = "full"
    kernels = kernels.full

    def identity(self, n_components: int, n_features: int) -> Array:
        return np.tile(np.eye(n_features), (n_components, 1, 1))

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features, n_features)

    def factor(self, covariances: Array) -> Array:
        return np.stack(
            [precision_cholesky_of(matrix, k) for k, matrix in enumerate(covariances)]
        )

    def log_determinants(
        self, precision_cholesky: Array, n_components: int, n_features: int
    ) -> Array:
        diagonals = np.diagonal(precision_cholesky, axis1=1, axis2=2)
        return np.asarray(np.log(diagonals).sum(axis=1))

    def second_moments(self, X: Array, weights: Array, pivot: Array) -> Array:
        moments = np.empty((len(pivot), X.shape[1], X.shape[1]))
        for k, center in enumerate(pivot):
            difference = X - center
            moments[k] = (difference * weights[:, k, None]).T @ difference
        return moments

    def outer(self, u: Array, v: Array) -> Array:
        return u[:, :, None] * v[:, None, :]

    def estimate(self, scatter: Array, counts: Array, n_features: int) -> Array:
        return symmetrised(scatter / _or_nan(counts)[:, None, None])

    def trace(self, precision_cholesky: Array, second: Array) -> float:
        whitened = np.swapaxes(precision_cholesky, 1, 2) @ second @ precision_cholesky
        return float(np.trace(whitened, axis1=1, axis2=2).sum())

    def add_diagonal(self, covariances: Array, variances: Array) -> Array:
        return covariances + np.diag(variances)

    def clip(self, covariances: Array, floor: Array) -> Array:
        return np.stack([clipped(matrix, floor) for matrix in covariances])

    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        return np.asarray(np.einsum("kde,d->k", precision_cholesky**2, variances))

    def rescale(self, covariances: Array, scale: Array) -> Array:
        return covariances * np.outer(scale, scale)

    def precisions(self, precision_cholesky: Array) -> Array:
        return precision_cholesky @ np.swapaxes(precision_cholesky, 1, 2)

    def from_precisions(self, precisions: Array) -> Array:
        return np.stack([inverse(matrix, k) for k, matrix in enumerate(precisions)])

    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        return covariances

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_components * n_features * (n_features + 1) // 2


class Tied(Covariance):
    """One matrix for all components: (n_features, n_features)."""

    name = "tied"
    kernels = kernels.tied
    per_component = False

    def identity(self, n_components: int, n_features: int) -> Array:
        return np.eye(n_features)

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_features, n_features)

    def factor(self, covariances: Array) -> Array:
        return precision_cholesky_of(covariances, 0)

    def log_determinants(
        self, precision_cholesky: Array, n_components: int, n_features: int
    ) -> Array:
        return np.full(n_components, np.log(np.diag(precision_cholesky)).sum())

    def second_moments(self, X: Array, weights: Array, pivot: Array) -> Array:
        moments = np.zeros((X.shape[1], X.shape[1]))
        for k, center in enumerate(pivot):
            difference = X - center
            moments += (difference * weights[:, k, None]).T @ difference
        return moments

    def outer(self, u: Array, v: Array) -> Array:
        return u.T @ v

    def estimate(self, scatter: Array, counts: Array, n_features: int) -> Array:
        return symmetrised(scatter / counts.sum())

    def trace(self, precision_cholesky: Array, second: Array) -> float:
        return float(np.trace(precision_cholesky.T @ second @ precision_cholesky))

    def add_diagonal(self, covariances: Array, variances: Array) -> Array:
        return covariances + np.diag(variances)

    def clip(self, covariances: Array, floor: Array) -> Array:
        return clipped(covariances, floor)

    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        trace = (precision_cholesky**2).sum(axis=1) @ variances
        return np.full(n_components, trace)

    def rescale(self, covariances: Array, scale: Array) -> Array:
        return covariances * np.outer(scale, scale)

    def precisions(self, precision_cholesky: Array) -> Array:
        return precision_cholesky @ precision_cholesky.T

    def from_precisions(self, precisions: Array) -> Array:
        return inverse(precisions, 0)

    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        return np.tile(covariances, (n_components, 1, 1))

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_features * (n_features + 1) // 2


class Diagonal(Covariance):
    """Each component its own variance in each column: (n_components, n_features)."""

    name = "diag"
    kernels = kernels.diagonal

    def identity(self, n_components: int, n_features: int) -> Array:
        return np.ones((n_components, n_features))

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features)

    def factor(self, covariances: Array) -> Array:
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

    def clip(self, covariances: Array, floor: Array) -> Array:
        return np.maximum(covariances, floor)

    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        return np.asarray(precision_cholesky**2 @ variances)

    def rescale(self, covariances: Array, scale: Array) -> Array:
        return covariances * scale**2

    def precisions(self, precision_cholesky: Array) -> Array:
        return precision_cholesky**2

    def from_precisions(self, precisions: Array) -> Array:
        return 1 / precisions

    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        return covariances[:, :, None] * np.eye(n_features)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_components * n_features


class Spherical(Covariance):
    """Each component one variance for all columns: (n_components,)."""

    name = "spherical"
    kernels = kernels.spherical
    scales_by_column = False

    def identity(self, n_components: int, n_features: int) -> Array:
        return np.ones(n_components)

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components,)

    def factor(self, covariances: Array) -> Array:
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

    def clip(self, covariances: Array, floor: Array) -> Array:
        return np.maximum(covariances, floor.max())

    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        return precision_cholesky**2 * variances.sum()

    def rescale(self, covariances: Array, scale: Array) -> Array:
        assert np.all(scale == scale[0])
        return np.asarray(covariances * scale[0] ** 2)

    def precisions(self, precision_cholesky: Array) -> Array:
        return precision_cholesky**2

    def from_precisions(self, precisions: Array) -> Array:
        return 1 / precisions

    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        return covariances[:, None, None] * np.eye(n_features)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_components


def _or_nan(counts: Array) -> Array:
    """Replace counts of zero by nan: nothing is divided by a dead component."""
    return np.where(counts > 0, counts, np.nan)
