"""What short runs lead to: how they are ranked, and which lead to the same optimum."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mixtura._types import Array
from mixtura.init.run import Run

SAME, AT_ONCE = 0.012, 0.003
"""Two mixtures whose log-densities of the rows differ by less, in the mean, are on the
way to the same optimum; and after few steps, when they have far to go."""


class Candidate(NamedTuple):
    """A run, and what speaks against it.

    Parameters
    ----------
    sound : bool
        Whether no component has collapsed.
    run : Run
    handicap : float
        Nats that it must be ahead of others: components on hardly more rows than they
        have parameters gain likelihood from chance.
    is_sure : bool
        Whether it goes on to its end, however far others have climbed.
    """

    sound: bool
    run: Run
    handicap: float = 0.0
    is_sure: bool = False


class Judge(NamedTuple):
    """What makes a mixture sound; and the same for compiled runs.

    Parameters
    ----------
    is_sound : callable
        Whether parameters are free of collapsed components.
    least_variances : ndarray of shape (n_features,) or None
        Of components: no covariance is less than their diagonal matrix.
    least_weight : float
        Of components.
    """

    is_sound: Callable[[Any], bool]
    least_variances: Array | None = None
    least_weight: float = 0.0


ANYTHING = Judge(lambda _: True)
"""Everything is."""


def optima_of(runs: list[Candidate], near: float = AT_ONCE) -> list[list[Candidate]]:
    """Group the runs that have reached the same optimum, the best first."""
    ranked = sorted(runs, key=merit, reverse=True)
    groups = [ranked[:1]]
    for run in ranked[1:]:
        if same_optimum(groups[-1][0], run, near):
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups


def same_optimum(one: Candidate, other: Candidate, near: float = SAME) -> bool:
    """Whether two runs are, as far as can be told, on the way to the same optimum."""
    apart = are_apart(one.run.log_density, other.run.log_density, near)
    return one.sound == other.sound and not apart


def are_apart(one: Array, other: Array, near: float) -> bool:
    """Whether two log-densities (n,) of the same rows differ by more in the mean."""
    return float(np.abs(one - other).sum()) >= near * len(one)


def merit(candidate: Candidate) -> tuple[bool, float]:
    """Rank sound before unsound, then by objective."""
    return candidate.sound, candidate.run.objective - candidate.handicap
