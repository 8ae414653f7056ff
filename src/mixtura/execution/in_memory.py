"""The sum over blocks of rows that lie in this process's memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from mixtura.kernels.threads import active_threads

BLOCK_BYTES = 1 << 23
"""Size of a block: large enough for threads to share, small beside the data."""


def ahead(blocks: Iterator[Any]) -> Iterator[Any]:
    """Make the next block in a thread while the last one is worked on."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block


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
        blocks = data.blocks(rows)
        if active_threads() > 1 and len(data) > rows:
            blocks = ahead(blocks)
        return reduce(add, map(e_step, blocks))


IN_MEMORY = InMemory()
