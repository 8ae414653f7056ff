"""A mixture whose components belong to groups, which are what labels name."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.completion import SOFT, Completion
from mixtura.data import UNKNOWN, Rows
from mixtura.models.categorical import Responsibilities
from mixtura.models.mixture import (
    BLOCK_ROWS,
    Mixture,
    MixtureParams,
    MixtureStatistics,
    Proportions,
)


@dataclass(frozen=True, eq=False)
class FixedGroups(Proportions):
    """Weights of components estimated within groups whose totals are given.

    Parameters
    ----------
    groups : ndarray of int of shape (n_components,)
        The group of each component.
    totals : ndarray of shape (n_groups,)
        Total weight of each group.
    """

    groups: IntArray
    totals: Array

    def maximize(self, weights: Array, counts: Array) -> Array:
        """Divide each total in proportion to the counts; a dead group keeps its."""
        sums = np.bincount(self.groups, counts, len(self.totals))
        alive = (sums > 0)[self.groups]
        shares = counts / np.where(sums > 0, sums, 1.0)[self.groups]
        return np.where(alive, self.totals[self.groups] * shares, weights)

    def n_free_parameters(self, n_components: int) -> int:
        """One less than its components for each group."""
        return n_components - len(np.unique(self.groups))

    def unconstrained(self, weights: Array) -> Array:
        """Return the logs of all weights, of which differences in a group matter."""
        with np.errstate(divide="ignore"):
            return np.log(weights)

    def constrained(self, vector: Array, weights: Array) -> Array:
        """Exponentiate, and scale each group to its total."""
        largest = np.full(len(self.totals), -np.inf)
        np.maximum.at(largest, self.groups, vector)
        return self.maximize(weights, np.exp(vector - largest[self.groups]))


@dataclass(frozen=True, eq=False)
class GroupedMixture:
    r"""A mixture in which a label says from which group a row comes.

    .. math:: p(x, g) = \sum_{k \in g} \pi_k\, p(x \mid k)

    Semi-supervised discriminant analysis: groups are classes, each a mixture; labels
    restrict the posterior to the components of the class, and rows without a label
    are shared among all.

    Parameters
    ----------
    mixture : Mixture
        Of all components together.
    groups : ndarray of int of shape (n_components,)
        The group of each component.
    """

    mixture: Mixture
    groups: IntArray

    def posterior(self, params: MixtureParams, block: Rows) -> Responsibilities:
        """Return p(z | x), or p(z | x, g) where the group g is known."""
        log_joint = self.mixture.log_joint(params, block.X)
        if block.labels is not None:
            labels = block.labels[:, None]
            allowed = (labels == self.groups) | (labels == UNKNOWN)
            log_joint = np.where(allowed, log_joint, -np.inf)
        return Responsibilities.from_log_joint(log_joint)

    def statistics(
        self, params: MixtureParams, block: Rows, posterior: Responsibilities
    ) -> MixtureStatistics:
        """Sum the expected sufficient statistics under a given posterior."""
        return self.mixture.statistics(params, block, posterior)

    def e_step(
        self, params: MixtureParams, block: Rows, completion: Completion = SOFT
    ) -> MixtureStatistics:
        """Sum the expected sufficient statistics of a block."""

        def parts() -> Iterator[MixtureStatistics]:
            for rows in block.blocks(BLOCK_ROWS):
                posterior = self.posterior(params, rows)
                completed = completion(posterior, rows.start, len(rows))
                yield self.statistics(params, rows, completed)

        return reduce(add, parts())

    def m_step(
        self, params: MixtureParams, statistics: MixtureStatistics
    ) -> MixtureParams:
        """Return the parameters that maximise Q."""
        return self.mixture.m_step(params, statistics)

    def expected_log_joint(
        self, params: MixtureParams, statistics: MixtureStatistics
    ) -> float:
        """E_q[log p(x, z)] in nats."""
        return self.mixture.expected_log_joint(params, statistics)

    def unconstrained(self, params: MixtureParams) -> Array:
        """Return the vector of the mixture."""
        return self.mixture.unconstrained(params)

    def constrained(self, vector: Array, params: MixtureParams) -> MixtureParams:
        """Return the parameters of such a vector."""
        return self.mixture.constrained(vector, params)
