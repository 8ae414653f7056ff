"""Bayesian mixtures by variational EM: the parameters are those of a posterior."""

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.completion import SOFT, Completion
from mixtura.data import Rows
from mixtura.families.gaussian import GaussianStatistics
from mixtura.families.normal_wishart import NormalWishart
from mixtura.families.variational_gaussian import VariationalGaussian
from mixtura.models.categorical import Responsibilities
from mixtura.models.mixture import BLOCK_ROWS, MixtureStatistics
from mixtura.models.weight_priors import WeightPrior
from mixtura.statistics import shared


@dataclass(frozen=True)
class VariationalParams:
    """The posterior q of weights, means and precisions.

    Parameters
    ----------
    concentrations : ndarray
        Of the weights, in the shape of the prior's posterior.
    components : NormalWishart
        Of means and precisions.
    divergence : float
        KL(q || prior) in nats.
    """

    concentrations: Array
    components: NormalWishart
    divergence: float


@dataclass(frozen=True)
class VariationalStatistics(MixtureStatistics):
    """Statistics of a mixture; the divergence counts once, however many parts add.

    Parameters
    ----------
    of_rows : float
        The rows' share of the bound: this is what adds.
    divergence : float
        KL(q || prior) at the parameters of the E-step, shared by all parts. The
        `log_likelihood` is the difference of the two.
    """

    components: GaussianStatistics
    of_rows: float
    divergence: float = shared()

    def __post_init__(self) -> None:
        bound = self.of_rows - self.divergence
        object.__setattr__(self, "log_likelihood", bound)


@dataclass(frozen=True)
class VariationalMixture:
    r"""A Gaussian mixture whose parameters have a prior, and no single value.

    With :math:`q(z)\, q(\pi)\, q(\mu, \Lambda)` for the posterior, the evidence has the
    lower bound

    .. math:: \log p(X) \ge \sum_i \log \sum_k \exp \bigl( E[\log \pi_k]
        + E[\log \mathcal N(x_i \mid \mu_k, \Lambda_k^{-1})] \bigr)
        - \mathrm{KL}(q(\pi) \,\|\, p(\pi))
        - \mathrm{KL}(q(\mu, \Lambda) \,\|\, p(\mu, \Lambda))

    once q(z) is the best for the rest. That is what `em` climbs, and what is called
    log_likelihood there: the E-step sets q(z), the M-step the rest
    ([Bishop2006]_, section 10.2). Quantities of an `EMStep` keep their meaning, with
    q(z, parameters) for the posterior: Q contains the prior and q's own entropy.

    Parameters
    ----------
    family : VariationalGaussian
        The components and their prior.
    weights : WeightPrior
        The prior of the weights.

    Examples
    --------
    A mixture that has more components than the data show:

    >>> import numpy as np
    >>> from mixtura.data import Rows
    >>> from mixtura.em import em
    >>> from mixtura.families.covariance import Diagonal
    >>> from mixtura.families.gaussian import Gaussian
    >>> from mixtura.families.normal_wishart import NormalWishart
    >>> from mixtura.families.variational_gaussian import VariationalGaussian
    >>> from mixtura.models.weight_priors import Dirichlet
    >>> ones = np.ones(3)
    >>> center = Gaussian(Diagonal()).blank(3, 1)
    >>> family = VariationalGaussian(Diagonal(), NormalWishart(center, ones, ones))
    >>> model = VariationalMixture(family, Dirichlet(0.01))
    >>> X = np.array([[-5.1], [-5.0], [-4.9], [4.9], [5.0], [5.1]])
    >>> start = model.from_responsibilities(Rows(X), np.eye(3)[[0, 0, 1, 2, 2, 2]])
    >>> result = em(model, X, start)
    >>> model.weights.expected_weights(result.params.concentrations).round(2)
    array([0.5, 0. , 0.5])
    """

    family: VariationalGaussian
    weights: WeightPrior

    def params(
        self, concentrations: Array, components: NormalWishart
    ) -> VariationalParams:
        """Take the divergence from the prior."""
        divergence = self.weights.divergence(concentrations)
        divergence += self.family.divergence(components)
        return VariationalParams(concentrations, components, divergence)

    def log_joint(self, params: VariationalParams, X: Array) -> Array:
        """E_q[log pi_k + log N(x | k)] in nats, shape (n_samples, n_components)."""
        log_weights = self.weights.expected_log_weights(params.concentrations)
        return log_weights + self.family.log_density(params.components, X)

    def posterior(self, params: VariationalParams, block: Rows) -> Responsibilities:
        """Return the best q(z), restricted to the known label where there is one."""
        return Responsibilities.from_log_joint(
            block.restrict(self.log_joint(params, block.X))
        )

    def statistics(
        self, params: VariationalParams, block: Rows, posterior: Responsibilities
    ) -> VariationalStatistics:
        """Sum the expected sufficient statistics under a given q(z)."""
        responsibilities = block.weighted(posterior.values)
        return _statistics(
            params,
            float(block.weighted(posterior.log_likelihood).sum()),
            float(block.weighted(posterior.entropy).sum()),
            responsibilities.sum(axis=0),
            self.family.statistics(params.components, block.X, responsibilities),
        )

    def e_step(
        self, params: VariationalParams, block: Rows, completion: Completion = SOFT
    ) -> VariationalStatistics:
        """Sum the expected sufficient statistics of a block."""
        if completion == SOFT and block.labels is None:
            log_weights = self.weights.expected_log_weights(params.concentrations)
            fused = self.family.e_step(
                params.components, log_weights, block.X, block.weights
            )
            return _statistics(params, *fused)

        def part(rows: Rows) -> VariationalStatistics:
            posterior = self.posterior(params, rows)
            completed = completion(posterior, rows.start, len(rows))
            return self.statistics(params, rows, completed)

        return reduce(add, map(part, block.blocks(BLOCK_ROWS)))

    def m_step(
        self, params: VariationalParams, statistics: VariationalStatistics
    ) -> VariationalParams:
        """Return the posterior of weights, means and precisions, given q(z)."""
        return self.params(
            self.weights.update(statistics.counts),
            self.family.maximize(params.components, statistics.components),
        )

    def expected_log_joint(
        self, params: VariationalParams, statistics: VariationalStatistics
    ) -> float:
        """Q = E_q[log p(x, z | parameters)] - KL(q || prior) in nats."""
        log_weights = self.weights.expected_log_weights(params.concentrations)
        expected = self.family.expected_log_density(
            params.components, statistics.components
        )
        return float(statistics.counts @ log_weights) + expected - params.divergence

    def unconstrained(self, params: VariationalParams) -> Array:
        """Return log concentrations and the family's vector."""
        logs = np.log(params.concentrations).ravel()
        return np.concatenate([logs, self.family.unconstrained(params.components)])

    def constrained(
        self, vector: Array, params: VariationalParams
    ) -> VariationalParams:
        """Return the posterior of such a vector."""
        size, shape = params.concentrations.size, params.concentrations.shape
        return self.params(
            np.exp(vector[:size]).reshape(shape),
            self.family.constrained(vector[size:], params.components),
        )

    def from_responsibilities(
        self, data: Any, responsibilities: Array
    ) -> VariationalParams:
        """Return the posterior that the M-step makes of given responsibilities.

        The first pass places the pivots, the second takes the moments about them, so
        that nothing cancels however far the components lie apart.
        """

        def total(params: VariationalParams) -> VariationalStatistics:
            def part(block: Rows) -> VariationalStatistics:
                values = responsibilities[block.start : block.start + len(block)]
                posterior = Responsibilities(values, np.zeros(len(block)))
                return self.statistics(params, block, posterior)

            return reduce(add, map(part, data.blocks(BLOCK_ROWS)))

        prior = self.family.prior
        before = self.params(self.weights.update(np.zeros(len(prior))), prior)
        placed = self.family.placed(prior, total(before).components)
        params = VariationalParams(before.concentrations, placed, before.divergence)
        return self.m_step(params, total(params))


def _statistics(
    params: VariationalParams,
    of_rows: float,
    entropy: float,
    counts: Array,
    components: GaussianStatistics,
) -> VariationalStatistics:
    """Attach the divergence to sums over rows."""
    divergence = params.divergence
    bound = of_rows - divergence
    return VariationalStatistics(
        bound, entropy, counts, components, of_rows, divergence
    )
