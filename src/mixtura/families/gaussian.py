"""The Gaussian family, over any covariance structure."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array, IntArray, Rng
from mixtura.families.constraints import Constraint, Unconstrained
from mixtura.families.covariance_structure import Covariance
from mixtura.families.factorisation import cholesky
from mixtura.kernels.moments import FARTHEST
from mixtura.kernels.threads import active_threads
from mixtura.statistics import Statistics, shared

# Below this share of all observations a component is dead: its moments are rounding.
DEAD = 1e-16


@dataclass(frozen=True)
class GaussianParams:
    """Means, and covariances with their factors in the structure's shape.

    Parameters
    ----------
    means : ndarray of shape (n_components, n_features)
    covariances : ndarray
    precision_cholesky : ndarray
        P with precision P P^T.
    """

    means: Array
    covariances: Array
    precision_cholesky: Array


@dataclass(frozen=True)
class GaussianStatistics(Statistics):
    """Counts and the moments about a pivot, the means of the E-step's parameters."""

    counts: Array  # (K,)
    first: Array  # (K, D): sum r (x - c)
    second: Array  # structure's shape: sum r (x - c)(x - c)^T
    pivot: Array = shared()  # (K, D): c


@dataclass(frozen=True)
class Gaussian:
    r"""Multivariate normal components.

    .. math:: \log \mathcal N(x \mid \mu_k, \Sigma_k) = \log |P_k|
        - \tfrac D2 \log 2\pi - \tfrac12 \lVert (x - \mu_k) P_k \rVert^2,
        \qquad P_k P_k^\top = \Sigma_k^{-1}

    Parameters
    ----------
    structure : Covariance
        What the covariances have in common.
    constraint : Constraint
        What keeps them from collapsing; nothing by default.
    """

    structure: Covariance
    constraint: Constraint = field(default_factory=Unconstrained)

    def params(self, means: Array, covariances: Array) -> GaussianParams:
        """Factor the covariances.

        Raises
        ------
        DegenerateComponentError
            If one is not positive definite.
        """
        return GaussianParams(means, covariances, self.structure.factor(covariances))

    def blank(self, n_components: int, n_features: int) -> GaussianParams:
        """Return standard normal components."""
        return self.params(
            np.zeros((n_components, n_features)),
            self.structure.identity(n_components, n_features),
        )

    def log_normalizers(self, params: GaussianParams) -> Array:
        """Log ``|P_k|`` - D/2 log 2 pi, plus the constraint's log factor, (K,)."""
        n_components, n_features = params.means.shape
        log_determinants = self.structure.log_determinants(
            params.precision_cholesky, n_components, n_features
        )
        log_factor = self.constraint.log_factor(
            self.structure, params.precision_cholesky, n_components
        )
        return log_determinants - n_features / 2 * np.log(2 * np.pi) + log_factor

    def log_density(self, params: GaussianParams, X: Array) -> Array:
        """Return log N(x | mu_k, Sigma_k) in nats, (n_samples, n_components)."""
        return self.structure.kernels.log_joint(
            X, self.log_normalizers(params), params.means, params.precision_cholesky
        )

    def e_step(
        self,
        params: GaussianParams,
        log_weights: Array,
        X: Array,
        weights: Array | None,
    ) -> tuple[float, float, Array, GaussianStatistics]:
        """Run the E-step of a mixture in one pass, without (n, K) in memory."""
        constants = log_weights + self.log_normalizers(params)
        log_likelihood, entropy, counts, first, second = self.structure.kernels.e_step(
            X,
            weights,
            constants,
            params.means,
            params.precision_cholesky,
            n_threads=active_threads(),
        )
        moments = GaussianStatistics(counts, first, second, params.means)
        return log_likelihood, entropy, counts, moments

    def statistics(
        self, params: GaussianParams, X: Array, weights: Array
    ) -> GaussianStatistics:
        """Sum the moments about the current means, which cannot cancel."""
        X = np.clip(X, -FARTHEST, FARTHEST)  # whose square is finite
        counts = weights.sum(axis=0)
        return GaussianStatistics(
            counts=counts,
            first=np.stack(
                [weights[:, k] @ (X - center) for k, center in enumerate(params.means)]
            ),
            second=self.structure.second_moments(X, weights, params.means),
            pivot=params.means,
        )

    def placed(
        self, params: GaussianParams, statistics: GaussianStatistics
    ) -> GaussianParams:
        """Move the means, and so the pivots; leave the covariances."""
        alive, shift = _shift(statistics)
        means = np.where(alive[:, None], statistics.pivot + shift, params.means)
        return replace(params, means=means)

    def maximize(
        self, params: GaussianParams, statistics: GaussianStatistics
    ) -> GaussianParams:
        r"""Weighted maximum-likelihood means and covariances.

        .. math:: \mu_k = c_k + F_k / N_k, \qquad \Sigma_k = S_k / N_k
            - (\mu_k - c_k)(\mu_k - c_k)^\top

        with counts N, first moments F and second moments S about the pivot c; for
        other structures than full, the same averaged over what they share. A dead
        component keeps its mean and covariance ([Bishop2006]_ 9.24-9.25).

        Raises
        ------
        DegenerateComponentError
            If an estimate is singular and the constraint lets it be.
        """
        alive, shift = _shift(statistics)
        living = np.where(alive, statistics.counts, 0.0)
        structure = self.structure
        estimate = structure.estimate(
            self._about(statistics, shift), living, params.means.shape[1]
        )
        estimate = structure.keep(alive, estimate, params.covariances)
        means = np.where(alive[:, None], statistics.pivot + shift, params.means)
        factors = self.constraint.accepted(structure, estimate, len(means))
        if factors is not None:
            return GaussianParams(means, estimate, factors)
        covariances = structure.keep(
            alive,
            self.constraint.apply(structure, estimate, params.covariances),
            params.covariances,
        )
        return self.params(means, covariances)

    def _about(self, statistics: GaussianStatistics, shift: Array) -> Array:
        """Second moments about the pivot plus `shift`: exact algebra, no pass."""
        outer = self.structure.outer
        counts = statistics.counts[:, None]
        cross = outer(statistics.first, shift) + outer(shift, statistics.first)
        return statistics.second - cross + outer(counts * shift, shift)

    def expected_log_density(
        self, params: GaussianParams, statistics: GaussianStatistics
    ) -> float:
        """Sum of r log N(x | mu_k, Sigma_k) in nats."""
        about_means = self._about(statistics, params.means - statistics.pivot)
        trace = self.structure.trace(params.precision_cholesky, about_means)
        return float(statistics.counts @ self.log_normalizers(params) - trace / 2)

    def unconstrained(self, params: GaussianParams) -> Array:
        """Return means, and log-Cholesky factors or log variances unless fixed."""
        means = params.means.ravel()
        if not self.constraint.estimates_covariances:
            return means
        return np.concatenate([means, self.structure.unconstrained(params.covariances)])

    def constrained(self, vector: Array, params: GaussianParams) -> GaussianParams:
        """Return the parameters of a vector, within the constraint."""
        n_components, n_features = params.means.shape
        means = vector[: params.means.size].reshape(params.means.shape)
        if not self.constraint.estimates_covariances:
            return replace(params, means=means)
        covariances = self.structure.constrained(
            vector[params.means.size :], n_components, n_features
        )
        return self.params(means, self.constraint.project(self.structure, covariances))

    def n_free_parameters(self, params: GaussianParams) -> int:
        """Means, and what the structure leaves free of the covariances."""
        n_components, n_features = params.means.shape
        free = self.structure.n_free_parameters(n_components, n_features)
        estimated = self.constraint.estimates_covariances
        return n_components * n_features + (free if estimated else 0)

    def sample(self, params: GaussianParams, components: IntArray, rng: Rng) -> Array:
        """Draw mu_k + L_k z for each entry of `components`, z standard normal."""
        n_components, n_features = params.means.shape
        matrices = self.structure.to_full(params.covariances, n_components, n_features)
        rows = rng.standard_normal((len(components), n_features))
        for k, factor in enumerate(cholesky(matrices)):
            chosen = components == k
            rows[chosen] = rows[chosen] @ factor.T + params.means[k]
        return rows


def _shift(statistics: GaussianStatistics) -> tuple[NDArray[np.bool_], Array]:
    """Which components live, and how far their means are from the pivots."""
    counts = statistics.counts
    alive = counts > DEAD * counts.sum()
    return alive, statistics.first / np.where(alive, counts, np.inf)[:, None]
