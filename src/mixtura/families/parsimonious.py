r"""Structures whose components share a volume, a shape or an orientation.

.. math:: \Sigma_k = \lambda_k D_k A_k D_k^\top, \qquad |A_k| = 1

with the volume :math:`\lambda_k`, the diagonal shape :math:`A_k` and the orthogonal
orientation :math:`D_k` ([CeleuxGovaert1995]_). mclust's codes say of the three in turn
whether it is equal for all components (E), variable (V) or the identity (I). With what
`covariance.py` has (VII, VVI, EEE, VVV) there are fourteen.

References
----------
.. [CeleuxGovaert1995] G. Celeux, G. Govaert. Gaussian parsimonious clustering models.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.families.covariance import Diagonals, Matrices, Multiples
from mixtura.families.covariance_structure import Covariance, in_all_directions
from mixtura.families.factorisation import clipped, symmetrised
from mixtura.families.multiples import Squares
from mixtura.families.orientation import Axes, CommonAxes
from mixtura.families.sets import for_all, mean_over_components, summed_over_components
from mixtura.families.variances import (
    Equal,
    EqualVolume,
    Free,
    Profile,
    Proportional,
    Variances,
)


class Shared(Covariance):
    """Components that have something in common.

    A dead component takes what is shared from the living, and keeps what is its own.
    """

    @abstractmethod
    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        """Return the maximum-likelihood covariances, given those of each component.

        Where there are none, the result has no factors.
        """

    def raised(
        self,
        estimate: Array,
        own: Array,
        counts: Array,
        previous: Array,
        floor: Array,
    ) -> Array:
        """Keep the estimates of sets that are above the floor."""
        low = ~self._are_above(estimate, floor, counts.shape)
        if not low.any():
            return estimate
        result = estimate.copy()
        result[low] = self.closest(own[low], counts[low], previous[low], floor)
        return result

    def _are_above(
        self, estimate: Array, floor: Array, shape: tuple[int, ...]
    ) -> NDArray[np.bool_]:
        """Whether all components of each set are, given the shape (..., K)."""
        flat = estimate.reshape(-1, *estimate.shape[len(shape) :])
        finite = np.isfinite(flat)
        ratios = self.least_ratios(np.where(finite, flat, 0.0), floor, len(flat))
        are_finite = finite.all(axis=tuple(range(1, flat.ndim)))
        return np.asarray(((ratios >= 1) & are_finite).reshape(shape).all(axis=-1))

    def projected(self, covariances: Array, floor: Array | None = None) -> Array:
        """Return the covariances of least mean Kullback-Leibler divergence."""
        counts = np.ones(len(covariances))
        nearest = self.closest(covariances, counts, covariances)
        if floor is None or self._are_above(nearest, floor, counts.shape):
            return nearest
        return self.closest(covariances, counts, covariances, floor)


class EII(Shared, Multiples):
    """Spheres of equal volume."""

    name = "EII"
    scales_by_column = False

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        variance = mean_over_components(own, counts)[..., None]
        if floor is not None:
            variance = np.maximum(variance, floor.max())
        return for_all(variance, own)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return 1


class AlongColumns(Shared, Diagonals):
    """Ellipsoids along the columns."""

    variances: ClassVar[Variances]

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        return self.variances.closest(own, counts, floor, previous.min(axis=-2))

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return self.variances.n_free_parameters(n_components, n_features)


class EEI(AlongColumns):
    """Ellipsoids along the columns, all the same."""

    name = "EEI"
    variances = Equal()


class VEI(AlongColumns):
    """Ellipsoids along the columns, of equal shape."""

    name = "VEI"
    variances = Proportional()


class EVI(AlongColumns):
    """Ellipsoids along the columns, of equal volume."""

    name = "EVI"
    variances = EqualVolume()


class Pooled(Shared, Matrices):
    """Ellipsoids all the same, like `Tied`, but with a matrix for each component."""

    name = "EEE"

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        matrix = mean_over_components(own, counts)[..., None, :, :]
        if floor is not None:
            matrix = _clipped(matrix, floor)
        return for_all(matrix, own)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_features * (n_features + 1) // 2


class VEE(Shared, Matrices):
    """Multiples of one matrix: equal shape and orientation."""

    name = "VEE"

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        """Find the best multiples, and the matrix that follows from them."""
        units, least = floor, 1.0
        if units is None:
            variances = np.diagonal(own, axis1=-2, axis2=-1)
            units, least = mean_over_components(variances, counts), 0.0
        products = _products(units)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            matrices = Squares(own / products[..., None, :, :], counts, least)
            multiples = matrices.best_multiples(_smallest(previous) / products)
            matrix = symmetrised(matrices.pool(multiples))
            if floor is not None:
                matrix = _clipped(matrix, np.ones_like(floor))
            matrix = matrix * products
            return np.asarray(multiples[..., None, None] * matrix[..., None, :, :])

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return n_components - 1 + n_features * (n_features + 1) // 2


class EVV(Shared, Matrices):
    """Ellipsoids of equal volume."""

    name = "EVV"
    turns = True

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        if floor is None:
            signs, logs = np.linalg.slogdet(own)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                volumes = np.exp(logs / own.shape[-1]) * (signs > 0)
                volume = mean_over_components(volumes, counts)[..., None]
                return np.asarray(own * (volume / volumes)[..., None, None])
        units = _products(floor)
        values, axes = _decomposed(own / units)
        ones = np.ones(len(floor))
        return _composed(EqualVolume().closest(values, counts, ones), axes) * units

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        return 1 + n_components * (n_features * (n_features + 1) // 2 - 1)


class Turned(Shared, Matrices):
    """Ellipsoids along axes that a change of units in one column would bend.

    A floor is the same in all directions.
    """

    scales_by_column = False
    variances: ClassVar[Variances]

    def attainable(self, floor: Array) -> Array:
        return in_all_directions(floor)


class OwnAxes(Turned):
    """Ellipsoids of variable orientation.

    The axes are those of each sample covariance, in the order of their variances.
    """

    turns = True

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        values, axes = _decomposed(own)
        row = np.asarray(np.linalg.eigvalsh(_smallest(previous)))
        return _composed(self.variances.closest(values, counts, floor, row), axes)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        angles = n_components * n_features * (n_features - 1) // 2
        return angles + self.variances.n_free_parameters(n_components, n_features)


class EEV(OwnAxes):
    """Turned copies of one ellipsoid: equal volume and shape."""

    name = "EEV"
    variances = Equal()


class VEV(OwnAxes):
    """Turned multiples of one ellipsoid: equal shape."""

    name = "VEV"
    variances = Proportional()


class SameAxes(Turned):
    """Ellipsoids of equal orientation.

    The axes are found by descent from the previous ones, so the likelihood never falls,
    unless those of the pooled covariance or of one component are a better start. Where
    a sample variance along the previous axes is zero, other axes may be all that is
    left; then they must do better than the previous covariances.
    """

    variances: ClassVar[Profile]

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        finite = np.isfinite(own).all(axis=(-3, -2, -1), keepdims=True)
        own = np.where(finite, own, 1.0)
        first = _generic_mean(previous)
        search = CommonAxes(own, counts, self.variances, floor)
        best, at_first = self._descended(search, first)
        nearest = _composed(best.variances, best.axes[..., None, :, :])
        is_lost = ~np.isfinite(at_first)
        if is_lost.any():
            before = search.divergence(previous, np.linalg.eigh(first)[1])
            is_lost &= ~(best.divergence <= before)
            finite = finite & ~is_lost[..., None, None, None]
        return np.where(finite, nearest, np.nan)

    def _descended(self, search: CommonAxes, first: Array) -> tuple[Axes, Array]:
        """Return the best axes, and the divergence at those of the first matrix."""
        first, own = first[..., None, :, :], search.own
        pooled = mean_over_components(own, search.counts)[..., None, :, :]
        each = np.where((search.counts > 0)[..., None, None], own, first)
        matrices = np.concatenate([first, pooled, each], axis=-3)
        return search.best(np.linalg.eigh(matrices)[1])

    def raised(
        self,
        estimate: Array,
        own: Array,
        counts: Array,
        previous: Array,
        floor: Array,
    ) -> Array:
        """Search anew: the axes of a singular matrix are good ones above a floor."""
        return self.closest(own, counts, previous, floor)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        angles = n_features * (n_features - 1) // 2
        return angles + self.variances.n_free_parameters(n_components, n_features)


class EVE(SameAxes):
    """Ellipsoids of equal volume and orientation."""

    name = "EVE"
    variances = EqualVolume()


class VVE(SameAxes):
    """Ellipsoids of equal orientation: common principal components."""

    name = "VVE"
    variances = Free()


def _products(units: Array) -> Array:
    """Units of covariances, given those (..., D) of variances."""
    roots = np.sqrt(units)  # whose products do not overflow
    return np.asarray(roots[..., :, None] * roots[..., None, :])


def _clipped(matrices: Array, floor: Array) -> Array:
    """Raise matrices (..., D, D) to a floor."""
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    return clipped(flat, floor).reshape(matrices.shape)


def _smallest(covariances: Array) -> Array:
    """Least of multiples of one matrix, turned or not."""
    traces = np.trace(covariances, axis1=-2, axis2=-1)
    share = traces.min(axis=-1) / traces[..., 0]
    return np.asarray(covariances[..., 0, :, :] * share[..., None, None])


def _generic_mean(covariances: Array) -> Array:
    """Mix matrices that have their axes in common so that only these are axes of it.

    No two axes of the mix have the same variance by an accident of the weights.
    """
    traces = np.trace(covariances, axis1=-2, axis2=-1)  # (..., K)
    odd = 1 + np.sqrt(2) * np.arange(traces.shape[-1]) % 1.0
    return summed_over_components(covariances, odd / traces)


def _decomposed(matrices: Array) -> tuple[Array, Array]:
    """Eigenvalues, ascending and not negative, and eigenvectors; nan if not finite."""
    finite = np.asarray(np.isfinite(matrices).all(axis=(-2, -1)))
    values, axes = np.linalg.eigh(np.where(finite[..., None, None], matrices, 0.0))
    return np.where(finite[..., None], np.maximum(values, 0.0), np.nan), axes


def _composed(variances: Array, axes: Array) -> Array:
    """Matrices (..., D, D) with these variances (..., D) along these axes."""
    with np.errstate(invalid="ignore"):  # where variances are infinite, there is none
        turned = axes * variances[..., None, :]
        return symmetrised(turned @ np.swapaxes(axes, -1, -2))
