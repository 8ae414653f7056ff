"""Several Gaussian mixtures on the same rows as one of all their components.

A short run on few rows spends its time in calls of NumPy, not in arithmetic; so the
mixtures of many starts go through one E-step and one M-step together. Only the
responsibilities are normalised mixture by mixture.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.gaussian import Gaussian, GaussianParams, GaussianStatistics
from mixtura.kernels.quadratic import NEVER, QuadraticRows, n_quadratic_features
from mixtura.models.mixture import Mixture, MixtureParams, log_weights

LARGEST = 3 << 20
"""Rows times products of columns up to which mixtures are stacked (24 MiB)."""


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
    def of(cls, mixtures: Sequence[MixtureParams]) -> "Stack":
        """Stack mixtures."""
        weights = np.array([params.weights for params in mixtures])
        return cls(weights, _joined([params.components for params in mixtures]))

    @property
    def n_components(self) -> int:
        """Components of one mixture."""
        return self.weights.shape[1]

    def unstacked(self) -> list[MixtureParams]:
        """Return the mixtures one by one."""
        return [
            MixtureParams(weights, _part(self.components, own))
            for weights, own in zip(
                self.weights, _slices(len(self.weights), self.n_components), strict=True
            )
        ]

    def needs_care(self, rows: QuadraticRows) -> NDArray[np.bool_]:
        """Which mixtures (R,) have components too narrow for expanded squares."""
        right = rows.are_exact_enough(self.components.precision_cholesky)
        return np.asarray(~right.reshape(self.weights.shape).all(axis=1))

    def e_step(
        self, model: Mixture, rows: QuadraticRows
    ) -> tuple[Array, GaussianStatistics]:
        """Log-densities of the rows (R, n) in nats, and statistics of components."""
        family, components = _gaussian(model), self.components
        flat = MixtureParams(self.weights.ravel(), components)
        log_density, *sums = rows.e_step(
            np.maximum(log_weights(flat) + family.log_normalizers(components), NEVER),
            components.means,
            components.precision_cholesky,
            len(self.weights),
        )
        counts, first, second = sums
        moments = GaussianStatistics(counts, first, second, components.means)
        return log_density, moments

    def m_step(self, model: Mixture, moments: GaussianStatistics) -> "Stack":
        """M-step of all mixtures.

        Raises
        ------
        DegenerateComponentError
            If a component has no covariance.
        """
        counts = moments.counts.reshape(self.weights.shape)
        weights = [
            model.proportions.maximize(*both)
            for both in zip(self.weights, counts, strict=True)
        ]
        components = _maximized(
            _gaussian(model), self.components, moments, self.n_components
        )
        return Stack(np.array(weights), components)


def is_possible(model: Mixture, data: Rows) -> bool:
    """Whether components are apart, and the products of columns fit in memory."""
    family = model.family
    return (
        isinstance(family, Gaussian)
        and data.labels is None
        and family.structure.per_component
        and family.constraint.separate
        and len(data) * n_quadratic_features(data.n_features, family.structure.n_axes)
        <= LARGEST
    )


def quadratic_rows(model: Mixture, data: Rows) -> QuadraticRows:
    """Return the rows with the products that the structure needs."""
    return QuadraticRows.of(data.X, data.weights, _gaussian(model).structure.n_axes)


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
    blank = _gaussian(model).blank(shape[0] * shape[1], data.n_features)
    pivot = np.broadcast_to(rows.origin, blank.means.shape)
    moments = GaussianStatistics(*rows.moments(shares.T, pivot), pivot)
    return Stack(np.full(shape, 1 / shape[1]), blank).m_step(model, moments)


def _gaussian(model: Mixture) -> Gaussian:
    assert isinstance(model.family, Gaussian)
    return model.family


def _maximized(
    family: Gaussian,
    components: GaussianParams,
    moments: GaussianStatistics,
    n_components: int,
) -> GaussianParams:
    """M-step of all components; by mixtures where these have something in common."""
    if family.structure.separate:
        return family.maximize(components, moments)
    parts = []
    for own in _slices(len(components.means) // n_components, n_components):
        statistics = GaussianStatistics(
            moments.counts[own],
            moments.first[own],
            moments.second[own],
            moments.pivot[own],
        )
        try:
            parts.append(family.maximize(_part(components, own), statistics))
        except DegenerateComponentError as collapse:
            raise DegenerateComponentError(str(collapse), own.start) from collapse
    return _joined(parts)


def _slices(n_mixtures: int, n_components: int) -> list[slice]:
    """Return which components belong to each mixture."""
    return [
        slice(first, first + n_components)
        for first in range(0, n_mixtures * n_components, n_components)
    ]


def _part(components: GaussianParams, own: slice) -> GaussianParams:
    return GaussianParams(
        components.means[own],
        components.covariances[own],
        components.precision_cholesky[own],
    )


def _joined(parts: Sequence[GaussianParams]) -> GaussianParams:
    return GaussianParams(
        np.concatenate([each.means for each in parts]),
        np.concatenate([each.covariances for each in parts]),
        np.concatenate([each.precision_cholesky for each in parts]),
    )
