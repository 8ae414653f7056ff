r"""Covariances of low rank plus noise: mixtures of factor analysers.

.. math:: \Sigma_k = \Lambda_k \Lambda_k^\top + \Psi_k

with loadings :math:`\Lambda_k` of q columns and diagonal noise :math:`\Psi_k`
([GhahramaniHinton1996]_), or noise of one variance :math:`\psi_k I`: mixtures of
probabilistic principal component analysers ([TippingBishop1999]_).

References
----------
.. [GhahramaniHinton1996] Z. Ghahramani, G. E. Hinton. The EM algorithm for mixtures of
   factor analyzers.
.. [TippingBishop1999] M. E. Tipping, C. M. Bishop. Probabilistic principal component
   analysis.
"""

from collections.abc import Callable

import numpy as np

from mixtura._types import Array
from mixtura.families.covariance import Matrices
from mixtura.families.covariance_structure import in_all_directions
from mixtura.families.factor_coordinates import factor_coordinates
from mixtura.families.factor_noise import OTHER_STARTS, best_noise, usual_start
from mixtura.families.factorisation import least_eigenvalues, symmetrised
from mixtura.families.heywood import (
    LEAST_SHARE,
    closed_maximum,
    loss_of,
    with_noise,
)

SINGULAR = 10 * LEAST_SHARE
"""A correlation matrix with a smaller eigenvalue than this owes it to that bound."""

VANISHED = 1e-13
"""A correlation matrix with a smaller eigenvalue than this is singular."""

EXACT = 1e-12
"""A divergence in nats above this is no rounding."""

SMALL = 1e-2
"""A gain in nats for an observation that does not yet call for other starts."""


class Factors(Matrices):
    """Each component a few factors and noise, stored as full matrices.

    The loadings are determined up to a rotation, and in few columns not even the noise
    is, so neither is kept: they follow from the covariance where they are needed.

    Parameters
    ----------
    n_factors : int
        Columns of loadings q, at least 1 and less than n_features.
    isotropic : bool
        One noise variance for all columns of a component: probabilistic principal
        components, with an M-step in closed form.

    Raises
    ------
    ValueError
        If `n_factors` is not a positive integer; by any method, if there are not more
        columns than that.

    Examples
    --------
    >>> structure = Factors(1)
    >>> structure.n_free_parameters(n_components=2, n_features=6)
    24
    >>> one = np.array([[[2.0, 1.0, 1.0], [1.0, 2.0, 0.5], [1.0, 0.5, 2.0]]])
    >>> np.allclose(structure.projected(one), one)  # loadings 1.41, 0.71, 0.71
    True
    """

    separate = True

    def __init__(self, n_factors: int, isotropic: bool = False) -> None:
        if n_factors < 1:
            raise ValueError(
                f"Factors: n_factors must be an integer of at least 1; got {n_factors}."
            )
        self.n_factors = n_factors
        self.isotropic = isotropic
        self.name = f"{'ppca' if isotropic else 'factors'}:{n_factors}"
        self.scales_by_column = not isotropic

    def identity(self, n_components: int, n_features: int) -> Array:
        """Return noise of one, and no factors."""
        self._check(n_features)
        return super().identity(n_components, n_features)

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        """Maximise for each component by itself.

        A floor bounds the noise of those components that would lie below it. Where
        there is no maximum the result has no factors.
        """
        self._check(own.shape[-1])
        if not np.isfinite(own).all():
            return np.full_like(own, np.nan)
        nearest = own.copy()
        for k in np.flatnonzero(counts > 0):
            nearest[k] = self._maximum(own[k], previous[k], floor)
        return nearest

    def projected(self, covariances: Array, floor: Array | None = None) -> Array:
        """Return the covariances of least Kullback-Leibler divergence."""
        self._check(covariances.shape[-1])
        return np.stack([self._maximum(c, None, floor) for c in covariances])

    def coordinates(
        self, covariances: Array, n_components: int, n_features: int
    ) -> tuple[Array, Callable[[Array], Array]]:
        """Return loadings and noise, of which what has vanished is held at zero."""
        return factor_coordinates(covariances, self.n_factors, self.isotropic)

    def attainable(self, floor: Array) -> Array:
        """Return one floor for all columns for noise that has no columns."""
        return in_all_directions(floor) if self.isotropic else floor

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """Loadings up to rotation, and noise; no more than a full matrix has."""
        self._check(n_features)
        q = self.n_factors
        noise = 1 if self.isotropic else n_features
        each = n_features * q - q * (q - 1) // 2 + noise
        return n_components * min(each, n_features * (n_features + 1) // 2)

    def _check(self, n_features: int) -> None:
        """Require more columns than factors."""
        if n_features <= self.n_factors:
            raise ValueError(
                f"The covariance structure {self.name} needs more than "
                f"{self.n_factors} columns; got n_features = {n_features}. Choose "
                "fewer factors, or full covariances."
            )

    def _maximum(
        self, own: Array, previous: Array | None, floor: Array | None
    ) -> Array:
        """Return the best covariance (D, D), no worse than `previous` if given."""
        if self.isotropic:
            return self._isotropic(own, floor)
        best = self._free_maximum(own, previous)
        if floor is None or (best is not None and _is_above(best, floor)):
            return np.full_like(own, np.nan) if best is None else best
        if previous is not None and not _is_above(previous, floor):
            previous = None
        return self._searched(own, previous, floor)

    def _free_maximum(self, own: Array, previous: Array | None) -> Array | None:
        """Return the maximum without a floor; None where the likelihood has none."""
        variances = np.diagonal(own)
        if not (variances > 0).all():
            return None
        best = self._searched(own, previous, LEAST_SHARE * variances, closed=True)
        if _least_correlation(best) > SINGULAR:
            return best
        least = _least_correlation(own)
        if least < VANISHED:
            return None
        return self._searched(own, previous, least / 10 * variances)

    def _isotropic(self, own: Array, floor: Array | None) -> Array:
        """Keep the largest eigenvalues; the mean of the others is the noise."""
        values, axes = np.linalg.eigh(own)
        rest = len(own) - self.n_factors
        noise = max(values[:rest].mean(), 0.0 if floor is None else floor.max())
        values[:rest] = noise
        values = np.maximum(values, noise)
        return symmetrised((axes * values) @ axes.T)

    def _searched(
        self,
        own: Array,
        previous: Array | None,
        least: Array,
        closed: bool = False,
    ) -> Array:
        """Search from the usual start, and from others where that is not enough.

        That is where a column is left without noise, since several such maxima may
        exist, and where a known solution was missed. If the set is closed, noise
        that would reach its bound may vanish.
        """
        units = np.sqrt(np.maximum(np.diagonal(own), least))
        unit = np.outer(units, units)
        matrix, bounds = own / unit, least / units**2

        def found(start: Array) -> tuple[Array, bool]:
            if closed:
                return closed_maximum(matrix, self.n_factors, bounds, start, loss)
            noise = best_noise(matrix, self.n_factors, bounds, start)
            on_edge = bool((noise <= bounds * 1.01).any())
            return with_noise(matrix, self.n_factors, noise), on_edge

        loss = loss_of(matrix)
        is_regular = np.linalg.eigvalsh(matrix)[0] > VANISHED
        ideal = loss(matrix) if is_regular else -np.inf
        best, on_edge = found(usual_start(matrix, self.n_factors))
        before = np.inf if previous is None else loss(previous / unit)
        if previous is None or (on_edge and before > loss(best) + SMALL):
            for share in OTHER_STARTS:
                if loss(best) - ideal < EXACT:
                    break
                rival, _ = found(np.full(len(own), share))
                best = min(best, rival, key=loss)
        if previous is not None and before < loss(best) - EXACT:
            old = previous / unit
            start = usual_start(old, self.n_factors)
            noise = best_noise(old, self.n_factors, bounds, start)
            best = min(old, best, found(noise)[0], key=loss)
        return np.asarray(best * unit)


def _least_correlation(covariance: Array) -> float:
    """Smallest eigenvalue of the correlation matrix."""
    units = np.sqrt(np.diagonal(covariance))
    return float(np.linalg.eigvalsh(covariance / np.outer(units, units))[0])


def _is_above(covariance: Array, floor: Array) -> bool:
    """Whether Sigma >= diag(floor), but for rounding."""
    return bool(least_eigenvalues(covariance, floor) >= 1 - 1e-9)
