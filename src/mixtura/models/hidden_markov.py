"""Hidden Markov models: a Markov chain of states over the components of any family."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Self

import numpy as np
from scipy.special import entr, softmax, xlogy

from mixtura._types import Array, IntArray, Rng
from mixtura.completion import SOFT, Completion
from mixtura.data import Rows, Sequences
from mixtura.families import Family
from mixtura.models.categorical import one_hot
from mixtura.models.forward_backward import (
    backward,
    draw_path,
    forward,
    log_sum,
    normalised,
    viterbi,
)
from mixtura.statistics import EStatistics, Statistics


@dataclass(frozen=True)
class HiddenMarkovParams:
    """Start (K,) and transition (K, K) probabilities, and the family's parameters."""

    start: Array
    transition: Array
    components: Any


@dataclass(frozen=True)
class HiddenMarkovStatistics(EStatistics):
    """Expected starts, transitions and the family's statistics."""

    starts: Array  # (K,)
    transitions: Array  # (K, K)
    components: Statistics


@dataclass(frozen=True)
class Paths:
    """q(path) of one sequence, by its marginals.

    Parameters
    ----------
    values : ndarray of shape (length, n_states)
        q(z_t = k).
    transitions : ndarray of shape (length - 1, n_states, n_states)
        q(z_t = j, z_{t+1} = k).
    log_likelihood : float
        log p(x) in nats.
    log_start, log_transition, log_emissions, alpha : ndarray
        What the marginals were computed from.
    """

    values: Array
    transitions: Array
    log_likelihood: float
    log_start: Array
    log_transition: Array
    log_emissions: Array
    alpha: Array

    @classmethod
    def smoothed(
        cls, log_start: Array, log_transition: Array, log_emissions: Array
    ) -> Self:
        """Run the forward-backward recursions."""
        alpha = forward(log_start, log_transition, log_emissions)
        beta = backward(log_transition, log_emissions)
        pairs = alpha[:-1, :, None] + log_transition
        pairs = pairs + (log_emissions + beta)[1:, None, :]
        return cls(
            values=normalised(alpha + beta, (1,)),
            transitions=normalised(pairs, (1, 2)),
            log_likelihood=float(log_sum(alpha[-1], 0)),
            log_start=log_start,
            log_transition=log_transition,
            log_emissions=log_emissions,
            alpha=alpha,
        )

    @property
    def entropy(self) -> float:
        """Return H(z_1) + sum_t H(z_{t+1} | z_t), in nats."""
        pairs = entr(self.transitions).sum()
        repeated = entr(self.transitions.sum(axis=2)).sum()
        return float(entr(self.values[0]).sum() + pairs - repeated)

    def mode(self) -> Self:
        """Put all mass on the Viterbi path."""
        return self._given(
            viterbi(self.log_start, self.log_transition, self.log_emissions)
        )

    def draw(self, uniforms: Array) -> Self:
        """Put all mass on one path drawn from the posterior."""
        return self._given(draw_path(self.alpha, self.log_transition, uniforms))

    def _given(self, path: IntArray) -> Self:
        values = one_hot(path, self.values.shape[1])
        return type(self)(
            values,
            values[:-1, :, None] * values[1:, None, :],
            self.log_likelihood,
            self.log_start,
            self.log_transition,
            self.log_emissions,
            self.alpha,
        )


@dataclass(frozen=True)
class HiddenMarkov:
    r"""A chain of states, each emitting an observation.

    .. math:: z_1 \sim \mathrm{Categorical}(\pi), \qquad
        z_{t+1} \mid z_t = j \sim \mathrm{Categorical}(A_j), \qquad
        x_t \mid z_t = k \sim p(x \mid k)

    The additive unit is the sequence: the E-step of several is the sum of theirs.

    Parameters
    ----------
    family : Family
        The distribution of an observation, given its state.
    """

    family: Family

    def posterior(self, params: HiddenMarkovParams, block: Rows) -> Paths:
        """Return p(path | x) of one sequence."""
        emissions = block.restrict(self.family.log_density(params.components, block.X))
        with np.errstate(divide="ignore"):  # an impossible transition
            log_start, log_transition = np.log(params.start), np.log(params.transition)
        return Paths.smoothed(log_start, log_transition, emissions)

    def statistics(
        self,
        params: HiddenMarkovParams,
        sequence: Rows,
        weight: float,
        paths: Paths,
    ) -> HiddenMarkovStatistics:
        """Sum the expected sufficient statistics of one sequence."""
        return HiddenMarkovStatistics(
            log_likelihood=weight * paths.log_likelihood,
            entropy=weight * paths.entropy,
            starts=weight * paths.values[0],
            transitions=weight * paths.transitions.sum(axis=0),
            components=self.family.statistics(
                params.components, sequence.X, weight * paths.values
            ),
        )

    def e_step(
        self,
        params: HiddenMarkovParams,
        block: Sequences,
        completion: Completion = SOFT,
    ) -> HiddenMarkovStatistics:
        """Sum the expected sufficient statistics of several sequences."""

        def parts() -> Iterable[HiddenMarkovStatistics]:
            for sequence, weight in block.each():
                paths = self.posterior(params, sequence)
                completed = completion(paths, sequence.start, len(sequence))
                yield self.statistics(params, sequence, weight, completed)

        return reduce(add, parts())

    def m_step(
        self, params: HiddenMarkovParams, statistics: HiddenMarkovStatistics
    ) -> HiddenMarkovParams:
        """Maximise Q; a state that is never left keeps its transitions."""
        return HiddenMarkovParams(
            start=statistics.starts / statistics.starts.sum(),
            transition=_rows_to_one(statistics.transitions, params.transition),
            components=self.family.maximize(params.components, statistics.components),
        )

    def expected_log_joint(
        self, params: HiddenMarkovParams, statistics: HiddenMarkovStatistics
    ) -> float:
        """Q: starts, transitions and emissions, in nats."""
        chain = xlogy(statistics.starts, params.start).sum()
        chain += xlogy(statistics.transitions, params.transition).sum()
        return float(chain) + self.family.expected_log_density(
            params.components, statistics.components
        )

    def unconstrained(self, params: HiddenMarkovParams) -> Array:
        """Return log start and transition probabilities, and the family's vector."""
        with np.errstate(divide="ignore"):
            chain = np.log(np.vstack([params.start, params.transition]))
        family = self.family.unconstrained(params.components)
        return np.concatenate([chain.ravel(), family])

    def constrained(
        self, vector: Array, params: HiddenMarkovParams
    ) -> HiddenMarkovParams:
        """Return the parameters of such a vector."""
        n_states = len(params.start)
        size = n_states * (n_states + 1)
        chain = softmax(vector[:size].reshape(n_states + 1, n_states), axis=1)
        return HiddenMarkovParams(
            chain[0],
            chain[1:],
            self.family.constrained(vector[size:], params.components),
        )

    def n_free_parameters(self, params: HiddenMarkovParams) -> int:
        """K - 1 starts, K (K - 1) transitions, and the family's parameters."""
        n_states = len(params.start)
        return n_states**2 - 1 + self.family.n_free_parameters(params.components)

    def sample(
        self, params: HiddenMarkovParams, length: int, rng: Rng
    ) -> tuple[Array, IntArray]:
        """Draw one sequence and its states."""
        states = np.empty(length, dtype=np.intp)
        probabilities = params.start
        for t in range(length):
            states[t] = rng.choice(len(params.start), p=probabilities)
            probabilities = params.transition[states[t]]
        return self.family.sample(params.components, states, rng), states


def _rows_to_one(counts: Array, previous: Array) -> Array:
    """Divide each row by its sum; rows without counts stay as they were."""
    totals = counts.sum(axis=1, keepdims=True)
    alive = totals > 0
    return np.where(alive, counts / np.where(alive, totals, 1.0), previous)
