"""The Gaussian family, over any covariance structure."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array, IntArray, Rng
from mixtura.families.constraints import Constraint, Unconstrained
from mixtura.families.covariance_structure import Covariance
from mixtura.families.factorisation import cholesky
from mixtura.families.sets import apart
from mixtura.kernels.moments import DEAD, FARTHEST
from mixtura.kernels.threads import active_threads
from mixtura.statistics import Statistics, shared

# Up to this many differences from the means are in memory at once.
FEW_ELEMENTS = 2**16


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
    n_mixtures : int
        The components are those of so many mixtures, equally many each; what they
        share, they share within each. No longer one family, but as many M-steps.
    """

    structure: Covariance
    constraint: Constraint = field(default_factory=Unconstrained)
    n_mixtures: int = field(default=1, kw_only=True)

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

    def log_mixture_density(
        self, params: GaussianParams, log_weights: Array, X: Array
    ) -> Array:
        """Log density of the mixture in nats, (n_samples,), in one pass."""
        return self.structure.kernels.log_density(
            X,
            log_weights + self.log_normalizers(params),
            params.means,
            params.precision_cholesky,
            n_threads=active_threads(),
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
        # within bounds whose squares are finite
        X = np.clip(X.astype(np.float64, copy=False), -FARTHEST, FARTHEST)
        counts, means = weights.sum(axis=0), params.means
        if X.size * len(means) <= FEW_ELEMENTS:
            first, second = self.structure.kernels.moments(X, weights, means)
        else:
            first = np.stack(
                [weights[:, k] @ (X - center) for k, center in enumerate(means)]
            )
            second = self.structure.second_moments(X, weights, means)
        return GaussianStatistics(counts, first, second, pivot=means)

    def placed(
        self, params: GaussianParams, statistics: GaussianStatistics
    ) -> GaussianParams:
        """Move the means, and so the pivots; leave the covariances."""
        alive, shift = living_shift(statistics)
        return replace(params, means=moved(params.means, statistics, alive, shift))

    def maximize(
        self,
        params: GaussianParams,
        statistics: GaussianStatistics,
        extra: Array | float = 0.0,
    ) -> GaussianParams:
        r"""Weighted maximum-likelihood means and covariances.

        .. math:: \mu_k = c_k + F_k / N_k, \qquad \Sigma_k = S_k / N_k
            - (\mu_k - c_k)(\mu_k - c_k)^\top

        with counts N, first moments F and second moments S about the pivot c; for
        other structures than full, the same averaged over what they share. A dead
        component keeps its mean and covariance ([Bishop2006]_ 9.24-9.25).

        Parameters
        ----------
        params : GaussianParams
        statistics : GaussianStatistics
        extra : float or ndarray of shape (n_components,)
            What a prior adds to the counts that divide the scatter, and to no others.

        Raises
        ------
        DegenerateComponentError
            If an estimate is singular and the constraint lets it be.
        """
        alive, shift = living_shift(statistics)
        means = moved(params.means, statistics, alive, shift)
        return self._with_means(means, params, statistics, shift, alive, extra)

    def _with_means(
        self,
        means: Array,
        params: GaussianParams,
        statistics: GaussianStatistics,
        shift: Array,
        alive: NDArray[np.bool_],
        extra: Array | float,
    ) -> GaussianParams:
        """Maximise over the covariances of the living, given the pivots' shift."""
        living = np.where(alive, statistics.counts, 0.0) + extra
        known = living > 0  # from rows, or from a prior
        structure = self.structure
        constraint = self.constraint.given(living)
        previous = params.covariances
        scatter = second_about(structure, statistics, shift)
        own = structure.estimate(scatter, living, params.means.shape[1])
        own = structure.keep(known, constraint.blurred(structure, own), previous)
        estimate = self._closest(own, living, previous)
        factors = constraint.accepted(structure, estimate, len(means))
        if factors is not None:
            return GaussianParams(means, estimate, factors)
        covariances = constraint.maximize(
            structure, own, estimate, living, previous, self.n_mixtures
        )
        if structure.separate:
            covariances = structure.keep(known, covariances, previous)
        return self.params(means, covariances)

    def _closest(self, own: Array, counts: Array, previous: Array) -> Array:
        """Return the structure's estimate, for each mixture."""
        if self.n_mixtures == 1 or self.structure.separate:
            return self.structure.closest(own, counts, previous)
        sets = apart(self.n_mixtures, own, counts, previous)
        return self.structure.closest(*sets).reshape(own.shape)

    def expected_log_density(
        self, params: GaussianParams, statistics: GaussianStatistics
    ) -> float:
        """Sum of r log N(x | mu_k, Sigma_k) in nats."""
        shift = params.means - statistics.pivot
        about_means = second_about(self.structure, statistics, shift)
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
        structure, rest = self.structure, vector[params.means.size :]
        own = structure.constrained(rest, n_components, n_features)
        covariances = self._projected(own)
        factors = self.constraint.accepted(structure, covariances, n_components)
        if factors is not None:
            return GaussianParams(means, covariances, factors)
        allowed = [
            self.constraint.project(structure, of_one)
            for of_one in np.split(covariances, self.n_mixtures)
        ]
        return self.params(means, np.concatenate(allowed))

    def _projected(self, own: Array) -> Array:
        """Return the nearest covariances of the structure, for each mixture."""
        if self.n_mixtures == 1:
            return self.structure.projected(own)
        return self._closest(own, np.ones(len(own)), own)

    def n_free_parameters(self, params: GaussianParams) -> int:
        """Means, and what the structure leaves free of the covariances."""
        return self.n_free_of(*params.means.shape)

    def n_free_of(self, n_components: int, n_features: int) -> int:
        """Return the same, for any parameters of this shape."""
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


def living_shift(statistics: GaussianStatistics) -> tuple[NDArray[np.bool_], Array]:
    """Which components live, and how far their means are from the pivots."""
    counts = statistics.counts
    alive = counts > DEAD * counts.sum()
    return alive, statistics.first / np.where(alive, counts, np.inf)[:, None]


def moved(
    means: Array,
    statistics: GaussianStatistics,
    alive: NDArray[np.bool_],
    shift: Array,
) -> Array:
    """Return the pivots plus `shift` for the living, and the means of the dead."""
    new = statistics.pivot + shift
    return new if alive.all() else np.where(alive[:, None], new, means)


def second_about(
    structure: Covariance, statistics: GaussianStatistics, shift: Array
) -> Array:
    """Second moments about the pivot plus `shift`: exact algebra, no pass."""
    first = 2 * statistics.first - statistics.counts[:, None] * shift
    return statistics.second - structure.outer(first, shift)
