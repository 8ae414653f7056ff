"""Tests of K components against K + 1."""

from dataclasses import dataclass
from typing import Any

from mixtura._types import Array
from mixtura.inference.replicates import Failure
from mixtura.inference.tables import render


@dataclass(frozen=True)
class LikelihoodRatioTest:
    """K components against K + 1.

    Parameters
    ----------
    n_components : int
        K, of the null hypothesis.
    statistic : float
        Twice the difference of the log-likelihoods; nan if there is none to judge.
    replicates : ndarray of shape (n_replicates,)
        The same for samples drawn from the fit with K components.
    failures : tuple of Failure
        Samples for which there is none.
    reason : str
        Why there is nothing to judge; empty if there is.
    """

    n_components: int
    statistic: float
    replicates: Array
    failures: tuple[Failure, ...] = ()
    reason: str = ""

    @property
    def p_value(self) -> float:
        """(1 + replicates that reach the statistic) / (1 + replicates), or nan."""
        if self.reason:
            return float("nan")
        reached = int((self.replicates >= self.statistic).sum())
        return (1 + reached) / (1 + len(self.replicates))

    def can_reject(self, level: float) -> bool:
        """Whether there are replicates enough for a p-value of the level."""
        return not self.reason and 1 / (1 + len(self.replicates)) <= level


@dataclass(frozen=True)
class LikelihoodRatioTests:
    """A sequence of tests, ended by the first that is not significant.

    Parameters
    ----------
    tests : tuple of LikelihoodRatioTest
    level : float
        Significance level of each.
    is_complete : bool
        False if Ctrl-C ended the sequence early.
    """

    tests: tuple[LikelihoodRatioTest, ...]
    level: float
    is_complete: bool = True

    @property
    def n_components(self) -> int:
        """The first number that one more does not improve significantly.

        One more than was tested last if every test is significant: then more tests are
        needed. That of the last test if it says nothing.
        """
        last = self.tests[-1]
        return last.n_components + int(last.p_value <= self.level)

    @property
    def is_conclusive(self) -> bool:
        """Whether the last test is not significant, and could have been."""
        last = self.tests[-1]
        return last.p_value > self.level and last.can_reject(self.level)

    def table(self) -> list[dict[str, Any]]:
        """One row a test, ready for any data frame."""
        return [
            {
                "test": f"{test.n_components} vs {test.n_components + 1}",
                "statistic": test.statistic,
                "p_value": test.p_value,
                "n_bootstrap": len(test.replicates),
                "n_failed": len(test.failures),
            }
            for test in self.tests
        ]

    def __repr__(self) -> str:
        inconclusive = [
            f"{test.n_components} vs {test.n_components + 1}: {test.reason}."
            for test in self.tests
            if test.reason
        ]
        return "\n".join([render(self.table()), *inconclusive])


def statistic(null: Any, alternative: Any) -> float:
    """Twice the difference of the log-likelihoods of two fits, not below zero.

    The larger model contains the smaller, so what is below zero is a start that missed.
    """
    gain = alternative.log_likelihood_ - null.log_likelihood_
    return max(0.0, float(2 * gain))
