"""Whether fits from different starts agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.inference.replicates import Failure
from mixtura.inference.tables import render


@dataclass(frozen=True)
class Optimum:
    """What some of the starts ended in.

    Parameters
    ----------
    log_likelihood : float
        The largest among them, in nats, summed over the rows.
    starts : tuple of int
        Their numbers, the best one first.
    is_collapsed : bool
        Whether a component rests on the floor under the variances, so that the
        likelihood means little.
    n_converged : int
        How many of them met the tolerance.
    """

    log_likelihood: float
    starts: tuple[int, ...]
    is_collapsed: bool
    n_converged: int


@dataclass(frozen=True)
class Restarts:
    """Fits from many starts, and the optima they reach; printed, a table.

    Parameters
    ----------
    best : object
        The fitted estimator with the largest likelihood among sound fits, or among all
        if every one has a collapsed component.
    optima : tuple of Optimum
        Sound ones before collapsed ones, then by likelihood.
    failures : tuple of Failure
        Starts that ended in no fit at all.
    is_complete : bool
        False if Ctrl-C ended the comparison early.
    """

    best: Any
    optima: tuple[Optimum, ...]
    failures: tuple[Failure, ...]
    is_complete: bool

    @property
    def n_starts(self) -> int:
        """Starts that were tried."""
        return sum(len(item.starts) for item in self.optima) + len(self.failures)

    @property
    def n_best(self) -> int:
        """Starts that reach the best optimum."""
        return len(self.optima[0].starts)

    @property
    def share_best(self) -> float:
        """`n_best` over `n_starts`: how likely one start is to find the best."""
        return self.n_best / self.n_starts

    @property
    def n_collapsed(self) -> int:
        """Starts that end with a collapsed component."""
        return sum(len(item.starts) for item in self.optima if item.is_collapsed)

    def table(self) -> list[dict[str, Any]]:
        """One row an optimum, ready for any data frame; below the best in nats."""
        return [
            {
                "log_likelihood": item.log_likelihood,
                "below_best": self.optima[0].log_likelihood - item.log_likelihood,
                "n_starts": len(item.starts),
                "n_converged": item.n_converged,
                "collapsed": "yes" if item.is_collapsed else "no",
            }
            for item in self.optima
        ]

    def __repr__(self) -> str:
        return render(self.table())


def optima(
    log_likelihoods: Array, collapsed: Any, converged: Any, tolerance: float
) -> tuple[Optimum, ...]:
    """Group fits whose log-likelihoods lie within a tolerance of a group's largest.

    Parameters
    ----------
    log_likelihoods : ndarray of shape (n_starts,)
        In nats, summed over the rows.
    collapsed, converged : ndarray of bool of shape (n_starts,)
    tolerance : float
        In nats.
    """
    order: IntArray = np.lexsort((-log_likelihoods, collapsed))
    groups: list[list[int]] = []
    for start in order.tolist():
        if groups:
            leader = groups[-1][0]
            is_near = log_likelihoods[leader] - log_likelihoods[start] <= tolerance
            if is_near and collapsed[leader] == collapsed[start]:
                groups[-1].append(start)
                continue
        groups.append([start])
    return tuple(
        Optimum(
            float(log_likelihoods[group[0]]),
            tuple(group),
            bool(collapsed[group[0]]),
            int(np.sum(converged[group])),
        )
        for group in groups
    )
