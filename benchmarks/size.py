"""How much work a run does."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

_Value = TypeVar("_Value")

CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
CPUS = CPUS if CPUS > 1 else os.cpu_count() or 1


@dataclass(frozen=True)
class Size:
    """One of three sizes of run.

    Parameters
    ----------
    name : {"tiny", "quick", "full"}
        Seconds, minutes or an hour.
    repeats : int
        Rounds of alternating measurements; their medians are reported.
    """

    name: str
    repeats: int

    def pick(self, tiny: _Value, quick: _Value, full: _Value) -> _Value:
        """Return the value for this size."""
        return {"tiny": tiny, "quick": quick, "full": full}[self.name]

    def some(self, cases: Iterable[_Value]) -> list[_Value]:
        """Return all cases, or the first two of a tiny run."""
        return list(islice(cases, self.pick(2, None, None)))


SIZES = {"tiny": Size("tiny", 1), "quick": Size("quick", 5), "full": Size("full", 11)}
