"""How the E-step completes the data: with the posterior, its mode, or a draw.

Soft EM keeps the posterior q(z) = p(z | x). Hard (classification) EM replaces it by
its mode, stochastic EM by one draw; everything else about EM stays the same.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from mixtura._types import Array


class Posterior(Protocol):
    """The distribution of the latent variables of a block, given the block."""

    def mode(self) -> "Posterior":
        """Put all the mass on the most probable value; its entropy is zero."""

    def draw(self, uniforms: Array) -> "Posterior":
        """Put all the mass on a random value; one uniform a row drives the draw."""


class Completion(ABC):
    """Turn the posterior of a block into the q(z) that the M-step sees."""

    monotone: ClassVar[bool]
    """Whether the objective can only rise."""

    @abstractmethod
    def __call__(self, posterior: Any, start: int, n_rows: int) -> Any:
        """Complete `n_rows` rows, of which the first has index `start`."""

    @abstractmethod
    def objective(self, step: Any) -> float:
        """Return what this version of EM climbs, in nats, of an `EMStep`."""

    def at(self, iteration: int) -> Self:
        """Return the completion for one iteration."""
        return self


@dataclass(frozen=True)
class Soft(Completion):
    """q(z) = p(z | x): textbook EM, which climbs the log-likelihood."""

    monotone = True

    def __call__(self, posterior: Any, start: int, n_rows: int) -> Any:
        """Keep the posterior."""
        return posterior

    def objective(self, step: Any) -> float:
        """Return the log-likelihood, which the bound touches after each E-step."""
        return float(step.log_likelihood)


@dataclass(frozen=True)
class Hard(Completion):
    """All mass on the mode: classification EM, of which k-means is a special case.

    It climbs the complete-data log-likelihood, the bound with H(q) = 0.
    """

    monotone = True

    def __call__(self, posterior: Any, start: int, n_rows: int) -> Any:
        """Take the mode."""
        return posterior.mode()

    def objective(self, step: Any) -> float:
        """Return the bound, here the complete-data log-likelihood."""
        return float(step.elbo)


@dataclass(frozen=True)
class Stochastic(Completion):
    """All mass on one draw from the posterior, fresh in each iteration.

    The draw for a row depends on (seed, iteration, row) alone, so any partition of
    the data, in any order, gives the same chain.

    Parameters
    ----------
    seed : int
    iteration : int
    """

    seed: int
    iteration: int = 0
    monotone = False

    def at(self, iteration: int) -> Self:
        """Return the draw of one iteration."""
        return replace(self, iteration=iteration)

    def __call__(self, posterior: Any, start: int, n_rows: int) -> Any:
        """Draw."""
        return posterior.draw(uniforms(self.seed, self.iteration, start, n_rows))

    def objective(self, step: Any) -> float:
        """Return the log-likelihood, by which the best parameters are chosen."""
        return float(step.log_likelihood)


SOFT = Soft()
HARD = Hard()


def uniforms(seed: int, iteration: int, start: int, n_rows: int) -> Array:
    """Uniforms in [0, 1) for rows `start`, `start + 1`, …, by a counter-based stream.

    Philox turns a counter into four words; each row owns one counter, so a row's
    number can be had without those before it.
    """
    stream = np.random.Philox(key=[seed, iteration], counter=[start, 0, 0, 0])
    words = stream.random_raw(4 * n_rows)[::4]
    return np.asarray((words >> np.uint64(11)) * 2.0**-53)
