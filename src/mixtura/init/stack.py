"""Several Gaussian mixtures on the same rows as one of all their components.

A short run on few rows spends its time in calls of NumPy, not in arithmetic; so the
mixtures of many starts go through one E-step and one M-step together. Only the
responsibilities are normalised mixture by mixture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array, IntArray
from mixtura.data import Rows
from mixtura.families.gaussian import Gaussian, GaussianParams, GaussianStatistics
from mixtura.families.parsimonious import Pooled
from mixtura.kernels.quadratic import LARGEST as LARGEST_DISTANCE
from mixtura.kernels.quadratic import NEVER, QuadraticRows, n_quadratic_features
from mixtura.models.mixture import Equal, Free, Mixture, MixtureParams, log_weights

LARGEST = 4 << 20
"""Rows times products of columns up to which mixtures are stacked (32 MiB)."""


class Stack(NamedTuple):
    """Parameters of several mixtures of equally many components.

    Parameters
    ----------
    weights : ndarray of shape (R, K)
    components : GaussianParams
        Of all R K components, those of the first mixture first.
    """

    weights: Array
    components: GaussianParams

    @classmethod
    def of(cls, model: Mixture, mixtures: Sequence[MixtureParams]) -> "Stack":
        """Stack mixtures."""
        weights = np.array([params.weights for params in mixtures])
        parts = [params.components for params in mixtures]
        if _is_tied(model):
            parts = [_untied(components) for components in parts]
        return cls(
            weights,
            GaussianParams(
                np.concatenate([each.means for each in parts]),
                np.concatenate([each.covariances for each in parts]),
                np.concatenate([each.precision_cholesky for each in parts]),
            ),
        )

    @property
    def n_components(self) -> int:
        """Components of one mixture."""
        return self.weights.shape[1]

    def unstacked(self, model: Mixture) -> list[MixtureParams]:
        """Return the mixtures one by one."""
        mixtures = []
        for i, weights in enumerate(self.weights):
            first = i * self.n_components
            own = slice(first, first + self.n_components)
            matrices: Any = first if _is_tied(model) else own
            components = GaussianParams(
                self.components.means[own],
                self.components.covariances[matrices],
                self.components.precision_cholesky[matrices],
            )
            mixtures.append(MixtureParams(weights, components))
        return mixtures

    def unconstrained(self, model: Mixture) -> Array:
        """Return the vectors of the mixtures, (R, p)."""
        n_mixtures, n_components = self.weights.shape
        vector = _family(model).unconstrained(self.components)
        means = vector[: self.components.means.size].reshape(n_mixtures, -1)
        rest = vector[self.components.means.size :]
        rest = rest.reshape(n_mixtures, n_components, -1)
        rest = rest[:, 0] if _is_tied(model) else rest.reshape(n_mixtures, -1)
        weights = model.proportions.unconstrained(self.weights)
        return np.concatenate([weights, means, rest], axis=1)

    def constrained(self, model: Mixture, vectors: Array) -> "Stack":
        """Return the mixtures of such vectors, which all have to be sound.

        Raises
        ------
        DegenerateComponentError
            If a component has no covariance.
        """
        n_mixtures, n_components = self.weights.shape
        size = self.components.means.size // n_mixtures
        n_free = model.proportions.unconstrained(self.weights).shape[1]
        own, means, rest = np.split(vectors, [n_free, n_free + size], axis=1)
        weights = model.proportions.constrained(own, self.weights)
        if _is_tied(model):
            rest = np.tile(rest, n_components)
        vector = np.concatenate([means.ravel(), rest.ravel()])
        family = _family(model, n_mixtures)
        return Stack(weights, family.constrained(vector, self.components))

    def taken(self, chosen: IntArray) -> "Stack":
        """Return some of the mixtures."""
        components = taken(self.components, chosen, self.n_components)
        return Stack(self.weights[chosen], components)

    def joined(self, other: "Stack") -> "Stack":
        """Put the mixtures of another behind."""
        weights = np.concatenate([self.weights, other.weights])
        return Stack(weights, joined(self.components, other.components))

    def needs_care(
        self, rows: QuadraticRows, largest: float = LARGEST_DISTANCE
    ) -> NDArray[np.bool_]:
        """Which mixtures (R,) have components too narrow for expanded squares."""
        right = rows.are_exact_enough(self.components.precision_cholesky, largest)
        return np.asarray(~right.reshape(self.weights.shape).all(axis=1))

    def e_step(
        self, model: Mixture, rows: QuadraticRows, rest: Array | None = None
    ) -> tuple[Array, GaussianStatistics]:
        """Log-densities of the rows (R, n) in nats, and statistics of components.

        The `rest` of each mixture (R, n) may be held, in log weight plus log-density.
        """
        parameters = self.parameters(model)
        log_density, *sums = rows.e_step(*parameters, len(self.weights), rest)
        return log_density, _statistics(rows, *sums)

    def log_joint(self, model: Mixture, rows: QuadraticRows) -> Array:
        """Log weight plus log-density (R K, n) of all components, in nats."""
        return rows.log_joint(*self.parameters(model))

    def parameters(self, model: Mixture) -> tuple[Array, Array, Array]:
        """Return the parameters as `QuadraticRows` wants them."""
        components = self.components
        flat = MixtureParams(self.weights.ravel(), components)
        constants = log_weights(flat) + _family(model).log_normalizers(components)
        return (
            np.maximum(constants, NEVER),
            components.means,
            components.precision_cholesky,
        )

    def m_step(self, model: Mixture, moments: GaussianStatistics) -> "Stack":
        """M-step of all mixtures.

        Raises
        ------
        DegenerateComponentError
            If a component has no covariance.
        """
        counts = moments.counts.reshape(self.weights.shape)
        weights = model.proportions.maximize(self.weights, counts)
        family = _family(model, len(weights))
        return Stack(weights, family.maximize(self.components, moments))


OfComponents = TypeVar("OfComponents", GaussianParams, GaussianStatistics)


def taken(values: OfComponents, chosen: IntArray, n_components: int) -> OfComponents:
    """Return what belongs to some of the mixtures."""
    places = (chosen[:, None] * n_components + np.arange(n_components)).ravel()
    return type(values)(*(array[places] for array in vars(values).values()))


def joined(one: OfComponents, other: OfComponents) -> OfComponents:
    """Put what belongs to one stack before what belongs to another."""
    pairs = zip(vars(one).values(), vars(other).values(), strict=True)
    return type(one)(*map(np.concatenate, pairs))


def is_possible(model: Mixture, data: Rows) -> bool:
    """Whether the model is plain, and the products of columns fit in memory."""
    family = model.family
    return (
        type(family) is Gaussian
        and isinstance(model.proportions, Free | Equal)
        and data.labels is None
        and family.constraint.separate
        and len(data) * n_quadratic_features(data.n_features, family.structure.n_axes)
        <= LARGEST
    )


@dataclass(frozen=True)
class KeptRows(Rows):
    """Rows that keep the products of their columns, as long as they live."""

    products: dict[int, QuadraticRows] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, data: Rows) -> Self:
        """Return the same rows."""
        if isinstance(data, cls):
            return data
        return cls(data.X, data.weights, data.labels, data.start)


def quadratic_rows(model: Mixture, data: Rows) -> QuadraticRows:
    """Return the rows with the products that the structure needs."""
    n_axes = _family(model).structure.n_axes
    kept = data.products if isinstance(data, KeptRows) else {}
    if n_axes not in kept:
        kept[n_axes] = QuadraticRows.of(data.X, data.weights, n_axes)
    return kept[n_axes]


def from_partitions(model: Mixture, data: Rows, partitions: Sequence[Array]) -> Stack:
    """Return the M-step's parameters for each of several responsibilities.

    Raises
    ------
    DegenerateComponentError
        If one of them leaves a component without a covariance.
    """
    rows = quadratic_rows(model, data)
    shape = len(partitions), partitions[0].shape[1]
    shares = np.concatenate(partitions, axis=1) * rows.weights[:, None]
    blank = _family(model).blank(shape[0] * shape[1], data.n_features)
    moments = _statistics(rows, *rows.moments(shares.T))
    return Stack(np.full(shape, 1 / shape[1]), blank).m_step(model, moments)


def _statistics(
    rows: QuadraticRows, counts: Array, first: Array, second: Array
) -> GaussianStatistics:
    """Return the moments of components, whose pivots are the origin."""
    pivot = np.full(first.shape, rows.origin)
    return GaussianStatistics(counts, first, second, pivot)


def _family(model: Mixture, n_mixtures: int = 1) -> Gaussian:
    """Return the family of all components of so many mixtures."""
    family = model.family
    assert isinstance(family, Gaussian)
    structure = Pooled() if _is_tied(model) else family.structure
    if structure.separate:
        return family
    return Gaussian(structure, family.constraint, n_mixtures=n_mixtures)


def _is_tied(model: Mixture) -> bool:
    """Whether all components of a mixture have their covariance in one place."""
    assert isinstance(model.family, Gaussian)
    return not model.family.structure.per_component


def _untied(components: GaussianParams) -> GaussianParams:
    """Give each component a copy of the covariance."""
    times = len(components.means), 1, 1
    return GaussianParams(
        components.means,
        np.tile(components.covariances, times),
        np.tile(components.precision_cholesky, times),
    )
