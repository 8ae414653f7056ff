"""Table: numbers in columns, with names, weights and row identifiers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Table:
    """A rectangle of finite numbers, as every reader of data returns it.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Finite float64 numbers; memory-mapped when they come from an NPY file.
    names : tuple of str
        One name per column of ``values``. Columns that had none are called
        ``x0``, ``x1``, ...
    weights : ndarray of shape (n_rows,), optional
        Weight of each row, finite and not negative.
    ids : tuple of str, optional
        Identifier of each row, copied as it was written.
    skipped : tuple of str
        Columns that were left out because they do not hold numbers.
    positions : tuple of int
        Where each column of ``values`` stood in what was read, from 0.

    Examples
    --------
    >>> from mixtura.datasets import load_dataset
    >>> table = load_dataset("old-faithful")
    >>> table
    <Table 272 rows x 2 columns: eruptions, waiting>
    >>> table.values.mean(axis=0).round(2).tolist()
    [3.49, 70.9]
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    weights: NDArray[np.float64] | None = None
    ids: tuple[str, ...] | None = None
    skipped: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        assert self.values.ndim == 2 and self.values.dtype == np.float64
        assert self.values.shape[1] == len(self.names)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of columns of ``values``."""
        return len(self.names)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return ``values``, so that a table can stand where an array is expected."""
        if dtype is None or dtype == self.values.dtype:
            return self.values.copy() if copy else self.values
        if copy is False:
            raise ValueError(f"Table cannot become {dtype} without a copy.")
        return self.values.astype(dtype)

    def __repr__(self) -> str:
        columns = ", ".join(self.names[:6]) + (", ..." if self.n_columns > 6 else "")
        return f"<Table {self.n_rows} rows x {self.n_columns} columns: {columns}>"
