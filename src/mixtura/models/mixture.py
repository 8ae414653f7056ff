"""Finite mixtures: a categorical latent variable over the components of any family."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from scipy.special import xlogy

from mixtura._types import Array, IntArray, Rng
from mixtura.completion import SOFT, Completion
from mixtura.data import Rows
from mixtura.families import Family
from mixtura.models.categorical import Responsibilities
from mixtura.statistics import EStatistics, Statistics

BLOCK_ROWS = 4096
"""Rows whose responsibilities are in memory at once."""


class Proportions(ABC):
    """What the M-step may do with the mixture weights."""

    @abstractmethod
    def maximize(self, weights: Array, counts: Array) -> Array:
        """Return the new weights, shape (n_components,)."""

    @abstractmethod
    def n_free_parameters(self, n_components: int) -> int:
        """Count them."""

    @abstractmethod
    def unconstrained(self, weights: Array) -> Array:
        """Return the free weights as real numbers without bounds."""

    @abstractmethod
    def constrained(self, vector: Array, weights: Array) -> Array:
        """Return the weights of such a vector, given those of another."""


class Free(Proportions):
    """Weights estimated from the data; those of several mixtures too, row by row."""

    def maximize(self, weights: Array, counts: Array) -> Array:
        """Return N_k / N ([Lecture15]_, section 3.4 (1))."""
        return np.asarray(counts / counts.sum(axis=-1, keepdims=True))

    def n_free_parameters(self, n_components: int) -> int:
        """K - 1, since they sum to one."""
        return n_components - 1

    def unconstrained(self, weights: Array) -> Array:
        """Return their logs, of which only differences matter."""
        with np.errstate(divide="ignore"):
            return np.log(weights)

    def constrained(self, vector: Array, weights: Array) -> Array:
        """Exponentiate and divide by the sum."""
        shares = np.exp(vector - vector.max(axis=-1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


class Equal(Proportions):
    """All weights 1 / K; those of several mixtures too, row by row."""

    def maximize(self, weights: Array, counts: Array) -> Array:
        """Return 1 / K."""
        return np.full_like(weights, 1 / weights.shape[-1])

    def n_free_parameters(self, n_components: int) -> int:
        """None."""
        return 0

    def unconstrained(self, weights: Array) -> Array:
        """Return an empty vector."""
        return np.empty((*weights.shape[:-1], 0))

    def constrained(self, vector: Array, weights: Array) -> Array:
        """Return the weights of the other."""
        return weights


@dataclass(frozen=True)
class MixtureParams:
    """Weights of shape (n_components,) and the parameters of the components."""

    weights: Array
    components: Any


@dataclass(frozen=True)
class MixtureStatistics(EStatistics):
    """Counts N_k, and the family's statistics weighted by the responsibilities."""

    counts: Array  # (K,)
    components: Statistics


@dataclass(frozen=True)
class Mixture:
    r"""Draw a component, then an observation from it.

    .. math:: z \sim \mathrm{Categorical}(\pi), \qquad x \mid z = k \sim p(x \mid k),
        \qquad p(x) = \sum_k \pi_k\, p(x \mid k)

    Parameters
    ----------
    family : Family
        The distribution of an observation, given its component.
    proportions : Proportions
        How the weights :math:`\pi` are estimated; free by default.
    """

    family: Family
    proportions: Proportions = field(default_factory=Free)

    def log_joint(self, params: MixtureParams, X: Array) -> Array:
        """Log pi_k + log p(x | k) in nats, shape (n_samples, n_components)."""
        log_density = self.family.log_density(params.components, X)
        return log_weights(params) + log_density

    def posterior(self, params: MixtureParams, block: Rows) -> Responsibilities:
        """Return p(z | x), restricted to the known label where there is one."""
        return Responsibilities.from_log_joint(
            block.restrict(self.log_joint(params, block.X))
        )

    def log_density(self, params: MixtureParams, block: Rows) -> Array:
        """Log p(x) of each row in nats; with its label, where that is known."""
        fused = getattr(self.family, "log_mixture_density", None)
        if fused is None or block.labels is not None:
            return self.posterior(params, block).log_likelihood
        return np.asarray(fused(params.components, log_weights(params), block.X))

    def statistics(
        self, params: MixtureParams, block: Rows, posterior: Responsibilities
    ) -> MixtureStatistics:
        """Sum the expected sufficient statistics under a given posterior."""
        responsibilities = block.weighted(posterior.values)
        return MixtureStatistics(
            log_likelihood=float(block.weighted(posterior.log_likelihood).sum()),
            entropy=float(block.weighted(posterior.entropy).sum()),
            counts=responsibilities.sum(axis=0),
            components=self.family.statistics(
                params.components, block.X, responsibilities
            ),
        )

    def e_step(
        self, params: MixtureParams, block: Rows, completion: Completion = SOFT
    ) -> MixtureStatistics:
        """Sum the expected sufficient statistics of a block."""
        if completion == SOFT and block.labels is None:
            fused = self.family.e_step(
                params.components, log_weights(params), block.X, block.weights
            )
            if fused is not None:
                return MixtureStatistics(*fused)

        def part(rows: Rows) -> MixtureStatistics:
            posterior = self.posterior(params, rows)
            completed = completion(posterior, rows.start, len(rows))
            return self.statistics(params, rows, completed)

        return reduce(add, map(part, block.blocks(BLOCK_ROWS)))

    def m_step(
        self, params: MixtureParams, statistics: MixtureStatistics
    ) -> MixtureParams:
        """Return the weights and components that maximise Q."""
        return MixtureParams(
            self.proportions.maximize(params.weights, statistics.counts),
            self.family.maximize(params.components, statistics.components),
        )

    def expected_log_joint(
        self, params: MixtureParams, statistics: MixtureStatistics
    ) -> float:
        """Q = sum_k N_k log pi_k + E_q[log p(x | z)] in nats."""
        return float(
            xlogy(statistics.counts, params.weights).sum()
        ) + self.family.expected_log_density(params.components, statistics.components)

    def unconstrained(self, params: MixtureParams) -> Array:
        """Return log weights, if free, and the family's vector."""
        return np.concatenate(
            [
                self.proportions.unconstrained(params.weights),
                self.family.unconstrained(params.components),
            ]
        )

    def constrained(self, vector: Array, params: MixtureParams) -> MixtureParams:
        """Return the parameters of such a vector."""
        size = len(self.proportions.unconstrained(params.weights))
        return MixtureParams(
            self.proportions.constrained(vector[:size], params.weights),
            self.family.constrained(vector[size:], params.components),
        )

    def blank(self, n_components: int, n_features: int) -> MixtureParams:
        """Return parameters that know nothing."""
        return MixtureParams(
            np.full(n_components, 1 / n_components),
            self.family.blank(n_components, n_features),
        )

    def from_responsibilities(
        self, data: Any, responsibilities: Array
    ) -> MixtureParams:
        """Return the parameters that the M-step makes of given responsibilities.

        The first pass places the pivots, the second takes the moments about them, so
        that nothing cancels however far the components lie apart.
        """

        def total(params: MixtureParams) -> MixtureStatistics:
            def part(block: Rows) -> MixtureStatistics:
                values = responsibilities[block.start : block.start + len(block)]
                posterior = Responsibilities(values, np.zeros(len(block)))
                return self.statistics(params, block, posterior)

            return reduce(add, map(part, data.blocks(BLOCK_ROWS)))

        params = self.blank(responsibilities.shape[1], data.n_features)
        placed = self.family.placed(params.components, total(params).components)
        params = replace(params, components=placed)
        return self.m_step(params, total(params))

    def n_free_parameters(self, params: MixtureParams) -> int:
        """Free weights plus the family's parameters."""
        free_weights = self.proportions.n_free_parameters(len(params.weights))
        return free_weights + self.family.n_free_parameters(params.components)

    def sample(
        self, params: MixtureParams, n_samples: int, rng: Rng
    ) -> tuple[Array, IntArray]:
        """Draw rows from the joint: a component each, then an observation."""
        weights = params.weights / params.weights.sum()
        components = rng.choice(len(weights), size=n_samples, p=weights)
        return self.family.sample(params.components, components, rng), components


def log_weights(params: MixtureParams) -> Array:
    """Log pi, -inf for a dead component."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(params.weights))
