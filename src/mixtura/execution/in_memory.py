"""The sum over blocks of rows that lie in this process's memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any


@dataclass(frozen=True)
class InMemory:
    """Sum the E-step over fixed-size blocks, in their order.

    Parameters
    ----------
    block_rows : int
        Rows per block. It bounds the memory of an E-step, which holds
        (block_rows, n_components) numbers, never (n_samples, n_components).
    """

    block_rows: int = 4096

    def __call__(self, e_step: Callable[[Any], Any], data: Any) -> Any:
        """Return the statistics of `data`, the sum of those of its blocks."""
        return reduce(add, map(e_step, data.blocks(self.block_rows)))


IN_MEMORY = InMemory()
