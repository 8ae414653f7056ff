"""A mixture with a prior on its parameters: EM climbs to the posterior's mode."""

from dataclasses import dataclass
from typing import Any, Protocol

from mixtura._types import Array
from mixtura.completion import SOFT, Completion
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.statistics import EStatistics, Statistics, shared


class Prior(Protocol):
    """What a mixture needs of a prior."""

    def maximize(self, family: Any, params: Any, statistics: Any) -> Any:
        """Return the components that maximise Q plus their log prior density."""

    def log_density(self, family: Any, params: Any) -> float:
        """Log prior density of the components, in nats."""

    def pseudo_counts(self, n_components: int) -> Array:
        """Return what the prior adds to the counts from which the weights come."""

    def log_weight_density(self, weights: Array) -> float:
        """Log prior density of the weights, in nats."""


@dataclass(frozen=True)
class PriorStatistics(Statistics):
    """The statistics of the data, and the log prior density at the parameters.

    The prior belongs to the parameters that all terms of a sum have in common, so it
    is not added up: the sum over any blocks contains it once.
    """

    data: EStatistics
    log_prior: float = shared()

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood plus log prior, in nats: what EM climbs."""
        return self.data.log_likelihood + self.log_prior

    @property
    def entropy(self) -> float:
        """Entropy of the posterior of the latent variables, in nats."""
        return self.data.entropy


@dataclass(frozen=True)
class WithPrior:
    r"""A mixture whose M-step maximises Q plus the log prior.

    .. math:: \sum_i \log p(x_i \mid \theta) + \log p(\theta)

    never falls. Everything that is called log-likelihood of this model contains the
    log prior.

    Parameters
    ----------
    model : Mixture
    prior : Prior
        Such as `mixtura.priors.ConjugatePrior`, completed.
    """

    model: Mixture
    prior: Prior

    def log_prior(self, params: MixtureParams) -> float:
        """Log prior density of weights and components, in nats."""
        components = self.prior.log_density(self.model.family, params.components)
        return components + self.prior.log_weight_density(params.weights)

    def posterior(self, params: MixtureParams, block: Any) -> Any:
        """Return p(z | x), on which the prior has no bearing."""
        return self.model.posterior(params, block)

    def log_density(self, params: MixtureParams, block: Any) -> Array:
        """Log p(x) of each row in nats, without the prior."""
        return self.model.log_density(params, block)

    def e_step(
        self, params: MixtureParams, block: Any, completion: Completion = SOFT
    ) -> Any:
        """Sum the expected sufficient statistics of a block."""
        statistics = self.model.e_step(params, block, completion)
        return PriorStatistics(statistics, self.log_prior(params))

    def m_step(self, params: MixtureParams, statistics: Any) -> MixtureParams:
        """Return the weights and components that maximise Q plus log prior."""
        pseudo = self.prior.pseudo_counts(len(params.weights))
        counts, components = statistics.data.counts, statistics.data.components
        return MixtureParams(
            self.model.proportions.maximize(params.weights, counts + pseudo),
            self.prior.maximize(self.model.family, params.components, components),
        )

    def expected_log_joint(self, params: MixtureParams, statistics: Any) -> float:
        """Q plus log prior, in nats."""
        q = self.model.expected_log_joint(params, statistics.data)
        return q + self.log_prior(params)

    def unconstrained(self, params: MixtureParams) -> Array:
        """Return the vector of the mixture."""
        return self.model.unconstrained(params)

    def constrained(self, vector: Array, params: MixtureParams) -> MixtureParams:
        """Return the parameters of such a vector."""
        return self.model.constrained(vector, params)
