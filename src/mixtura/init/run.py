"""A run of EM on the way: where it began and has got to."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mixtura._types import Array
from mixtura.models.mixture import MixtureParams

NOT_KNOWN = np.zeros(0)


class Run(NamedTuple):
    """A short run of EM.

    Parameters
    ----------
    start : MixtureParams or None
        Where it began, if it is known.
    params : MixtureParams
        Where it has got to.
    objectives : tuple of float
        What it has climbed, in nats; the last is that of `params`.
    log_density : ndarray of shape (n,)
        Of each row at `params`; empty before the first step.
    is_at_end : bool
        Whether nothing is left to climb.
    packed : tuple of ndarray or None
        Its parameters as compiled code has them.
    responsibilities : ndarray of shape (n, K) or None
        At `params`, if they are known.
    """

    start: Any
    params: Any
    objectives: tuple[float, ...] = ()
    log_density: Array = NOT_KNOWN
    is_at_end: bool = False
    packed: Any = None
    responsibilities: Array | None = None

    @classmethod
    def at(cls, start: MixtureParams) -> "Run":
        """Return a run that has not moved yet."""
        return cls(start, start)

    @property
    def objective(self) -> float:
        """The last, in nats."""
        return self.objectives[-1] if self.objectives else -np.inf

    @property
    def n_steps(self) -> int:
        """EM steps from the start."""
        return max(len(self.objectives) - 1, 0)

    def to(
        self,
        params: MixtureParams,
        objectives: Sequence[float],
        log_density: Array,
        is_at_end: bool = False,
        packed: Any = None,
        responsibilities: Array | None = None,
    ) -> "Run":
        """Return the run after further steps, the first at the present parameters."""
        trace = (*self.objectives[:-1], *objectives)
        known = packed, responsibilities
        return Run(self.start, params, trace, log_density, is_at_end, *known)


NOWHERE = Run(None, None)
"""Before responsibilities have become parameters."""
