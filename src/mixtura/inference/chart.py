r"""Coordinates of a Gaussian mixture near given parameters, and their derivatives.

Parameters that a structure leaves free form a curved set of weights, means and
covariance matrices. A chart maps p real numbers u, zero at the given parameters, onto
it one to one, whatever the structure's own vector is: where that vector says something
twice, such as log weights of which only differences matter, the directions without
effect are left out. Derivatives of the map are sixth-order central differences, exact
to seven digits or more; everything about the likelihood itself is in closed form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mixtura._types import Array
from mixtura.families.factorisation import precision_cholesky
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.models.mixture import Mixture, MixtureParams

STEP = 1e-2
"""Difference step: truncation and rounding are both near 1e-12 for first derivatives,
near 1e-11 for second ones."""

IDENTIFIED = 1e-8
"""Directions with less effect than this, relative to the largest, have none."""

GLANCE = 1e-6
"""Step that shows how large a derivative is, and no more."""

FIRST = np.array([45.0, -9.0, 1.0]) / 60
SECOND = np.array([270.0, -27.0, 2.0]) / 180


def jacobian(
    function: Callable[[Array], Array], point: Array, units: Array | float = 1.0
) -> Array:
    """Derivatives of an array by each coordinate of a vector, along the last axis.

    `units` say how far a step of one is in each coordinate.
    """
    sizes = STEP * np.broadcast_to(units, point.shape)
    columns = [np.zeros((*function(point).shape, 0))]
    for step, size in zip(np.diag(sizes), sizes, strict=True):
        rise = [
            function(point + j * step) - function(point - j * step) for j in (1, 2, 3)
        ]
        columns.append(np.tensordot(FIRST, rise, axes=1)[..., None] / size)
    return np.concatenate(columns, axis=-1)


def units_of(function: Callable[[Array], Array], point: Array) -> Array:
    """Changes of each coordinate that change the array by about one, at most one."""
    middle = function(point)
    changes = [
        np.linalg.norm(function(point + GLANCE * direction) - middle) / GLANCE
        for direction in np.eye(len(point))
    ]
    return 1 / np.maximum(changes, 1.0)


def hessian(function: Callable[[Array], float], directions: Array) -> Array:
    """Second derivatives of a scalar at zero along columns (m, p), shape (p, p)."""
    middle = 2 * SECOND.sum() * function(np.zeros(len(directions)))

    def along(direction: Array) -> float:
        pairs = [
            function(j * STEP * direction) + function(-j * STEP * direction)
            for j in (1, 2, 3)
        ]
        return float((SECOND @ pairs - middle) / STEP**2)

    own = [along(direction) for direction in directions.T]
    result = np.diag(own)
    for i in range(len(own)):
        for j in range(i):
            both = along(directions[:, i] + directions[:, j])
            result[i, j] = result[j, i] = (both - own[i] - own[j]) / 2
    return result


@dataclass(frozen=True)
class Block:
    """A part of the parameters that has coordinates of its own.

    Parameters
    ----------
    vector : ndarray of shape (m,)
        The structure's or the proportions' own vector.
    map : callable
        From such a vector to the array that enters the likelihood.
    derivatives : ndarray of shape (..., m)
    free : ndarray of shape (m, p)
        Directions of the free coordinates.
    """

    vector: Array
    map: Callable[[Array], Array]
    derivatives: Array
    free: Array

    def curvature(self, slopes: Array) -> Array:
        """Second derivatives of the product of `slopes` and the array, (p, p)."""

        def product(step: Array) -> float:
            return float(np.vdot(slopes, self.map(self.vector + step)))

        return hessian(product, self.free)


@dataclass(frozen=True)
class Chart:
    """Derivatives of a mixture's parameters by p free coordinates u.

    Parameters
    ----------
    log_weights : ndarray of shape (K, p)
    means : ndarray of shape (K, D, p)
    covariances : ndarray of shape (K, D, D, p)
    stored : ndarray of shape (..., p)
        Of the covariances as the structure stores them.
    blocks : pair of Block
        Log weights, and full covariances; means lie between, and are linear.
    """

    log_weights: Array
    means: Array
    covariances: Array
    stored: Array
    blocks: tuple[Block, Block]

    @property
    def n_coordinates(self) -> int:
        """Number p of free coordinates."""
        return int(self.log_weights.shape[-1])

    def curvature(self, weight_slopes: Array, covariance_slopes: Array) -> Array:
        """Second derivatives that come from the map, not from the likelihood, (p, p).

        Parameters
        ----------
        weight_slopes : ndarray of shape (K,)
            Derivatives of the log-likelihood by the log weights.
        covariance_slopes : ndarray of shape (K, D, D)
            The same by the covariances.
        """
        result = np.zeros((self.n_coordinates, self.n_coordinates))
        weights, covariances = self.blocks
        first, last = weights.free.shape[1], covariances.free.shape[1]
        result[:first, :first] = weights.curvature(weight_slopes)
        if last:
            result[-last:, -last:] = covariances.curvature(covariance_slopes)
        return result


def chart(model: Mixture, params: MixtureParams) -> Chart:
    """Build the chart at parameters whose weights are all positive."""
    inner = params.components
    assert isinstance(inner, GaussianParams)
    n_components, n_features = inner.means.shape
    weights = _weights_block(model, params)
    covariances, stored = _covariances_block(model, inner)
    mean_directions = np.eye(inner.means.size)
    bases = (weights.free, mean_directions, covariances.free)
    sizes = [basis.shape[1] for basis in bases]
    at_weights, at_means, at_covariances = _slices(sizes)

    def placed(values: Array, at: slice) -> Array:
        whole = np.zeros((*values.shape[:-1], sum(sizes)))
        whole[..., at] = values
        return whole

    return Chart(
        placed(weights.derivatives @ weights.free, at_weights),
        placed(mean_directions.reshape(n_components, n_features, -1), at_means),
        placed(covariances.derivatives @ covariances.free, at_covariances),
        placed(stored @ covariances.free, at_covariances),
        (weights, covariances),
    )


def full_covariances(model: Mixture, components: GaussianParams) -> Array:
    """Covariance matrices of all components, (K, D, D)."""
    assert isinstance(model.family, Gaussian)
    return model.family.structure.to_full(
        components.covariances, *components.means.shape
    )


def _weights_block(model: Mixture, params: MixtureParams) -> Block:
    proportions = model.proportions

    def log_weights(vector: Array) -> Array:
        return np.asarray(np.log(proportions.constrained(vector, params.weights)))

    vector = proportions.unconstrained(params.weights)
    derivatives = jacobian(log_weights, vector)
    return Block(vector, log_weights, derivatives, _effective(derivatives))


def _covariances_block(model: Mixture, inner: GaussianParams) -> tuple[Block, Array]:
    """Return full covariances, and the derivatives of those that are stored."""
    family, shape = model.family, inner.means.shape
    assert isinstance(family, Gaussian)
    structure = family.structure
    roots = precision_cholesky(full_covariances(model, inner))
    if not family.constraint.estimates_covariances:
        nothing = Block(
            np.empty(0),
            lambda vector: full_covariances(model, inner),
            np.empty((*roots.shape, 0)),
            np.empty((0, 0)),
        )
        return nothing, np.empty((*inner.covariances.shape, 0))

    vector, stored = structure.coordinates(inner.covariances, *shape)

    def full(vector: Array) -> Array:
        return structure.to_full(stored(vector), *shape)

    def relative_change(vector: Array) -> Array:
        inner = full(vector)
        return np.asarray(np.swapaxes(roots, 1, 2) @ inner @ roots)

    by_stored = jacobian(stored, vector, units_of(relative_change, vector))
    # `to_full` copies and fills with zeros: derivatives go through it as values do.
    columns = [
        structure.to_full(column, *shape) for column in np.moveaxis(by_stored, -1, 0)
    ]
    by_full = np.stack(columns, axis=-1)
    relative = np.einsum("kba,kbcm,kcd->kadm", roots, by_full, roots, optimize=True)
    return Block(vector, full, by_full, _effective(relative)), by_stored


def _effective(derivatives: Array) -> Array:
    """Directions (m, p) of a vector along which an array (..., m) changes."""
    n_coordinates = derivatives.shape[-1]
    if not n_coordinates:
        return np.empty((0, 0))
    columns = derivatives.reshape(-1, n_coordinates)
    lengths = np.linalg.norm(columns, axis=0)
    lengths = np.where(lengths > 0, lengths, 1.0)
    _, sizes, directions = np.linalg.svd(columns / lengths, full_matrices=False)
    used = sizes > IDENTIFIED * sizes.max(initial=0.0)
    return np.asarray(directions[used].T / lengths[:, None])


def _slices(sizes: Sequence[int]) -> list[slice]:
    ends = np.cumsum([0, *sizes]).tolist()
    return [slice(first, last) for first, last in pairwise(ends)]
