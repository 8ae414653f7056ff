"""The interface of a covariance structure.

A structure says how the covariances of K Gaussian components are stored, factored,
estimated and counted; adding one is adding a class. Throughout, `precision_cholesky`
is the upper-triangular P with precision P P^T, so that y = (x - mu) P has unit
covariance.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.kernels import Kernels

NARROWEST = 1e-4
"""Least share of the largest column's floor that a floor in all directions is."""


class Covariance(ABC):
    """A covariance structure for K components in D dimensions."""

    name: str
    kernels: ClassVar[Kernels]
    """The loops over rows: E-step, log joint, log density, labels."""
    scales_by_column: bool = True
    """Whether the structure survives a change of units in single columns."""
    per_component: ClassVar[bool] = True
    """Whether the first axis of stored covariances runs over components."""
    separate: ClassVar[bool] = False
    """Whether each component's covariance is estimated by itself."""

    turns: ClassVar[bool] = False
    """Whether each component has axes of its own."""

    @property
    def n_axes(self) -> int:
        """Axes of one stored covariance: 2 of a matrix, 1 of variances, 0 of one."""
        return len(self.shape(1, 1)) - self.per_component

    def keep(self, alive: NDArray[np.bool_], new: Array, old: Array) -> Array:
        """Return `new` covariances for living components, `old` ones for dead."""
        if not self.per_component or alive.all():
            return new
        return np.where(alive.reshape(-1, *(1,) * (new.ndim - 1)), new, old)

    @abstractmethod
    def identity(self, n_components: int, n_features: int) -> Array:
        """Return unit covariances."""

    @abstractmethod
    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """Return the shape in which covariances are stored."""

    @abstractmethod
    def factor(self, covariances: Array, extended: bool = False) -> Array:
        """Return the precision Cholesky factors, if asked in extended precision.

        Raises
        ------
        DegenerateComponentError
            If a covariance is not positive definite.
        """

    @abstractmethod
    def log_determinants(
        self, precision_cholesky: Array, n_components: int, n_features: int
    ) -> Array:
        """Log |P_k| = -1/2 log |Sigma_k|, shape (n_components,)."""

    @abstractmethod
    def second_moments(self, X: Array, weights: Array, pivot: Array) -> Array:
        """Sum over i of w_ik (x_i - c_k)(x_i - c_k)^T, in the structure's shape."""

    @abstractmethod
    def outer(self, u: Array, v: Array) -> Array:
        """Symmetric part of u_k v_k^T, for arrays (n_components, n_features)."""

    @abstractmethod
    def estimate(self, scatter: Array, counts: Array, n_features: int) -> Array:
        """Return the maximum-likelihood covariances, given scatter about the means.

        Components with a count of zero get nan.
        """

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        """Return the maximum-likelihood covariances, given those of each component.

        Parameters
        ----------
        own : ndarray
            What `estimate` returns; for a component that is dead, what it had before.
        counts : ndarray of shape (n_components,)
            Observations behind them; zero for a dead component, which has no say in
            what is shared, and follows.
        previous : ndarray
            Where a search may begin: the result is at least as likely as these.
        floor : ndarray of shape (n_features,), optional
            Maximise among covariances >= diag(floor).

        Notes
        -----
        Structures that share something take several sets of K components at once,
        along an axis before those of one set.
        """
        if floor is None:
            return own
        return self.keep(counts > 0, self.clip(own, floor), own)

    def raised(
        self,
        estimate: Array,
        own: Array,
        counts: Array,
        previous: Array,
        floor: Array,
    ) -> Array:
        """Return `closest` above a floor, given the `estimate` without one."""
        return self.closest(own, counts, previous, floor)

    def projected(self, covariances: Array, floor: Array | None = None) -> Array:
        """Return the nearest covariances of this structure, >= diag(floor) if given."""
        return covariances if floor is None else self.clip(covariances, floor)

    def attainable(self, floor: Array) -> Array:
        """Return the floor that the structure can follow in place of a given one."""
        return floor

    @abstractmethod
    def trace(self, precision_cholesky: Array, second: Array) -> float:
        """Sum over k of tr(Sigma_k^-1 S_k)."""

    @abstractmethod
    def add_diagonal(self, covariances: Array, variances: Array) -> Array:
        """Return covariances with `variances` (n_features,) added to their diagonal."""

    @abstractmethod
    def scale_diagonal(self, covariances: Array, factor: float) -> Array:
        """Return covariances whose diagonal is multiplied by `factor`."""

    @abstractmethod
    def clip(self, covariances: Array, floor: Array) -> Array:
        """Return the maximum-likelihood covariances among those >= diag(floor)."""

    @abstractmethod
    def least_ratios(
        self, covariances: Array, floor: Array, n_components: int
    ) -> Array:
        """Smallest eigenvalue in the metric of a floor, shape (n_components,).

        Columns whose floor is zero are left out.
        """

    @abstractmethod
    def precision_traces(
        self, precision_cholesky: Array, variances: Array, n_components: int
    ) -> Array:
        """tr(Sigma_k^-1 diag(variances)), shape (n_components,)."""

    @abstractmethod
    def rescale(self, covariances: Array, scale: Array) -> Array:
        """Return the covariances of data whose columns are multiplied by `scale`."""

    @abstractmethod
    def rescale_factor(self, precision_cholesky: Array, scale: Array) -> Array:
        """Return the factors of data whose columns are multiplied by `scale`."""

    @abstractmethod
    def precisions(self, precision_cholesky: Array) -> Array:
        """Return the inverse covariances, in the structure's shape."""

    @abstractmethod
    def from_precisions(self, precisions: Array) -> Array:
        """Return the covariances of given precisions."""

    @abstractmethod
    def unconstrained(self, covariances: Array) -> Array:
        """Return log-Cholesky factors or log variances as a vector."""

    @abstractmethod
    def constrained(self, vector: Array, n_components: int, n_features: int) -> Array:
        """Return the covariances of such a vector."""

    def coordinates(
        self, covariances: Array, n_components: int, n_features: int
    ) -> tuple[Array, Callable[[Array], Array]]:
        """Return a vector, and a map onto the covariances of the structure near these.

        The map is smooth, and takes the vector to the covariances given; several
        vectors may have the same. Bounds that covariances have reached are kept.
        """

        def covariances_of(vector: Array) -> Array:
            return self.projected(self.constrained(vector, n_components, n_features))

        return self.unconstrained(covariances), covariances_of

    @abstractmethod
    def to_full(self, covariances: Array, n_components: int, n_features: int) -> Array:
        """Return one matrix a component, (n_components, n_features, n_features)."""

    @abstractmethod
    def from_full(self, matrices: Array) -> Array:
        """Return those of such matrices that are of this structure; see `to_full`."""

    @abstractmethod
    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """Count the free covariance parameters."""


def in_all_directions(floor: Array) -> Array:
    """Return one floor for directions that are no columns: the smallest column's.

    It is no less than a share of the largest, below which rounding in that column
    would hide it. Columns of floor zero, which are not asked about, keep that.
    """
    smallest = floor.min(initial=floor.max(), where=floor > 0)
    return np.where(floor > 0, max(smallest, NARROWEST * floor.max()), 0.0)
