"""The sum over blocks of rows that lie in this process's memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

BLOCK_BYTES = 1 << 25
"""Size of a block: large enough for threads to share, small beside large data."""


@dataclass(frozen=True)
class InMemory:
    """Sum the E-step over fixed-size blocks, in their order.

    Parameters
    ----------
    block_rows : int, optional
        Rows per block. Default: as many as take `BLOCK_BYTES` in float64.
    """

    block_rows: int | None = None

    def __call__(self, e_step: Callable[[Any], Any], data: Any) -> Any:
        """Return the statistics of `data`, the sum of those of its blocks."""
        rows = self.block_rows or max(1, BLOCK_BYTES // (8 * data.n_features))
        return reduce(add, map(e_step, data.blocks(rows)))


IN_MEMORY = InMemory()
