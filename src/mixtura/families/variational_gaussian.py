"""Gaussian components of which a posterior is estimated, and not a single value."""

from dataclasses import dataclass, field, replace

import numpy as np

from mixtura._types import Array
from mixtura.families.constraints import Constraint, Ridge, Unconstrained
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import (
    Gaussian,
    GaussianParams,
    GaussianStatistics,
    second_about,
)
from mixtura.families.normal_wishart import (
    NormalWishart,
    divergence,
    jensen_gap,
    scatter,
)


@dataclass(frozen=True)
class VariationalGaussian:
    r"""Normal components under a Normal-Wishart distribution q of their parameters.

    What stands for the log-density is its expectation,

    .. math:: E_q[\log \mathcal N(x \mid \mu_k, \Lambda_k^{-1})]
        = \log \mathcal N(x \mid m_k, \Sigma_k) - g_k,

    a Gaussian log-density less a constant ([Bishop2006]_ 10.64), so the statistics and
    the loops over rows are those of `Gaussian`.

    Parameters
    ----------
    structure : Covariance
        What restricts the scale matrices of q.
    prior : NormalWishart
        The distribution of the parameters before any data, one a component.
    blur : ndarray of shape (n_features,), optional
        Variances by which every observation is blurred, as by `Ridge`.
    constraint : Constraint
        What the matrices Sigma of q must satisfy; nothing by default.
    """

    structure: Covariance
    prior: NormalWishart
    blur: Array | None = None
    constraint: Constraint = field(default_factory=Unconstrained)

    @property
    def plain(self) -> Gaussian:
        """The family at known parameters, with the factor that blur puts on it."""
        if self.blur is None:
            return Gaussian(self.structure, self.constraint)
        return Gaussian(self.structure, Ridge(self.blur))

    def log_density(self, params: NormalWishart, X: Array) -> Array:
        """Return E_q[log N(x | mu_k, Lambda_k)] in nats, (n_samples, n_components)."""
        at_expectation = self.plain.log_density(params.gaussian, X)
        return at_expectation - jensen_gap(params)

    def e_step(
        self,
        params: NormalWishart,
        log_weights: Array,
        X: Array,
        weights: Array | None,
    ) -> tuple[float, float, Array, GaussianStatistics]:
        """Run the E-step of a mixture in one pass, without (n, K) in memory."""
        log_weights = log_weights - jensen_gap(params)
        return self.plain.e_step(params.gaussian, log_weights, X, weights)

    def statistics(
        self, params: NormalWishart, X: Array, weights: Array
    ) -> GaussianStatistics:
        """Sum the moments about the expected means, which cannot cancel."""
        return self.plain.statistics(params.gaussian, X, weights)

    def placed(
        self, params: NormalWishart, statistics: GaussianStatistics
    ) -> NormalWishart:
        """Move the means, and so the pivots; leave the rest."""
        return replace(params, gaussian=self.plain.placed(params.gaussian, statistics))

    def maximize(
        self, params: NormalWishart, statistics: GaussianStatistics
    ) -> NormalWishart:
        r"""Return the posterior: the prior is pseudo-statistics, added once.

        .. math:: \beta_k = \beta_0 + N_k, \qquad \nu_k = \nu_0 + N_k, \qquad
            m_k = \frac{\beta_0 m_0 + \sum_i \gamma_{ik} x_i}{\beta_k},

        .. math:: \nu_k \Sigma_k = W_0^{-1} + \beta_0 (m_0 - m_k)(m_0 - m_k)^\top
            + \sum_i \gamma_{ik} (x_i - m_k)(x_i - m_k)^\top

        ([Bishop2006]_ 10.60-10.63); what the structure shares is averaged. Nothing is
        divided by a count, so a dead component returns to its prior.
        """
        structure, prior = self.structure, self.prior
        counts, pivot = statistics.counts, statistics.pivot
        n_features = pivot.shape[1]
        mean_precision = prior.mean_precision + counts
        home = prior.gaussian.means - pivot
        first = statistics.first + prior.mean_precision[:, None] * home
        shift = first / mean_precision[:, None]
        nu0 = prior.degrees_of_freedom
        total = self._scatter_about(statistics, shift)
        total = total + structure.outer(
            prior.mean_precision[:, None] * (home - shift), home - shift
        )
        total = total + scatter(structure, prior.gaussian.covariances, nu0, n_features)
        shared = counts if structure.per_component else np.full_like(nu0, counts.mean())
        degrees_of_freedom = nu0 + shared
        estimate = structure.estimate(total, degrees_of_freedom, n_features)
        gaussian = self._constrained(pivot + shift, estimate, params.gaussian)
        return NormalWishart(gaussian, mean_precision, degrees_of_freedom)

    def _scatter_about(self, statistics: GaussianStatistics, shift: Array) -> Array:
        """Second moments about the pivot plus `shift`, of blurred observations."""
        structure, counts = self.structure, statistics.counts
        about = second_about(structure, statistics, shift)
        if self.blur is None:
            return about
        zero = np.zeros_like(self.prior.gaussian.covariances)
        blurred = structure.add_diagonal(zero, self.blur)
        return about + scatter(structure, blurred, counts, shift.shape[1])

    def _constrained(
        self, means: Array, estimate: Array, previous: GaussianParams
    ) -> GaussianParams:
        """Apply the constraint, whose optimum does not depend on nu."""
        structure, constraint = self.structure, self.constraint
        factors = constraint.accepted(structure, estimate, len(means))
        if factors is None:
            estimate = constraint.apply(structure, estimate, previous.covariances)
            factors = structure.factor(estimate)
        return GaussianParams(means, estimate, factors)

    def expected_log_density(
        self, params: NormalWishart, statistics: GaussianStatistics
    ) -> float:
        """Sum of r E_q[log N(x | mu_k, Lambda_k)] in nats."""
        at_expectation = self.plain.expected_log_density(params.gaussian, statistics)
        return at_expectation - float(statistics.counts @ jensen_gap(params))

    def divergence(self, params: NormalWishart) -> float:
        """KL(q || prior) in nats, not negative."""
        return divergence(self.structure, params, self.prior)

    def unconstrained(self, params: NormalWishart) -> Array:
        """Return log beta, log (nu - D + 1), and what `Gaussian` returns."""
        excess = params.degrees_of_freedom - params.n_features + 1
        return np.concatenate(
            [
                np.log(params.mean_precision),
                np.log(excess),
                self._of_q.unconstrained(params.gaussian),
            ]
        )

    def constrained(self, vector: Array, params: NormalWishart) -> NormalWishart:
        """Return the distribution of such a vector."""
        n_components, n_features = params.gaussian.means.shape
        log_beta, log_excess = vector[: 2 * n_components].reshape(2, n_components)
        return NormalWishart(
            self._of_q.constrained(vector[2 * n_components :], params.gaussian),
            np.exp(log_beta),
            np.exp(log_excess) + n_features - 1,
        )

    @property
    def _of_q(self) -> Gaussian:
        return Gaussian(self.structure, self.constraint)
