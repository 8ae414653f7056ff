"""Expected sufficient statistics: frozen values that add.

The E-step returns sums over observations, so the E-step of a whole is the sum of
the E-steps of its parts, whatever the parts are: blocks of rows, files, partitions
of a cluster.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np


def shared() -> Any:
    """Declare a field that both terms of a sum have in common, such as a pivot.

    Moments about a pivot add without a merge formula and without cancellation,
    as long as the pivot is the same; adding across two pivots is a bug.
    """
    return field(metadata={"shared": True})


@dataclass(frozen=True)
class Statistics:
    """A commutative monoid of sums over observations.

    Subclasses declare fields that are floats, arrays or `Statistics`; fields made by
    `shared` are carried along unchanged.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Moments(Statistics):
    ...     count: float
    ...     total: float
    >>> Moments(2.0, 3.0) + Moments(1.0, 4.0)
    Moments(count=3.0, total=7.0)
    >>> Moments(2.0, 3.0) * 0.5
    Moments(count=1.0, total=1.5)
    """

    def _terms(self) -> Iterator[tuple[str, Any, bool]]:
        for item in fields(self):
            yield item.name, getattr(self, item.name), "shared" in item.metadata

    def __add__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        total = {}
        for name, value, is_shared in self._terms():
            term = getattr(other, name)
            if is_shared:
                assert np.array_equal(value, term), f"{name} differs between the terms"
            total[name] = value if is_shared else value + term
        return type(self)(**total)

    def __mul__(self, scale: float) -> Self:
        scaled = {
            name: value if is_shared else value * scale
            for name, value, is_shared in self._terms()
        }
        return type(self)(**scaled)

    def zero(self) -> Self:
        """Return the neutral element that shares this one's pivot."""
        return self * 0.0


@dataclass(frozen=True)
class EStatistics(Statistics):
    """What every model's E-step returns at least.

    Parameters
    ----------
    log_likelihood : float
        Sum over observations of their weight times log p(x), in nats, at the
        parameters of the E-step.
    entropy : float
        Entropy of the posterior q(z), weighted and summed over observations, in nats.
    """

    log_likelihood: float
    entropy: float
