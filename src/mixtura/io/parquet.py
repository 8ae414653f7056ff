"""Parquet, through the optional pyarrow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.exceptions import TableError
from mixtura.io.grid import shown


def import_pyarrow(purpose: str) -> Any:
    """Import pyarrow with its Parquet module, or say how to install it.

    Parameters
    ----------
    purpose : str
        What needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    TableError
        If pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise TableError(
            f'{purpose} needs pyarrow. Install it: pip install "mixtura[io]"'
        ) from error
    return pyarrow


@dataclass(frozen=True)
class _ParquetGrid:
    source: str
    names: tuple[str, ...]
    file: Any
    pyarrow: Any

    def is_numeric(self, index: int) -> bool:
        types = self.pyarrow.types
        kind = self.file.schema_arrow.field(index).type
        # pandas stores its row labels as a column of this name
        if self.names[index].startswith("__index_level_"):
            return False
        return bool(
            types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
        )

    def numbers(self, indices: Sequence[int]) -> NDArray[np.float64]:
        values = np.empty((self.file.metadata.num_rows, len(indices)))
        for target, index in enumerate(indices):
            values[:, target] = self._column(index)
        return values

    def text(self, index: int) -> tuple[str, ...]:
        column = self.file.read(columns=[self.names[index]]).column(0)
        return tuple("" if cell is None else str(cell) for cell in column.to_pylist())

    def row_label(self, row: int) -> str:
        return f"row {row + 1}"

    def _column(self, index: int) -> NDArray[np.float64]:
        name = self.names[index]
        if not self.is_numeric(index):
            kind = self.file.schema_arrow.field(index).type
            raise TableError(
                f"{self.source}, column {name!r} must hold numbers; got {kind}. "
                f"Choose other columns."
            )
        column = self.file.read(columns=[name]).column(0)
        numbers = column.cast(self.pyarrow.float64(), safe=False)
        values: NDArray[np.float64] = np.asarray(numbers.to_numpy(), dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            cell = column[int(bad[0])].as_py()
            problem = (
                "the value is missing"
                if cell is None
                else f"{shown(cell)} is not a finite number"
            )
            raise TableError(
                f"{self.source}, {self.row_label(int(bad[0]))}, column {name!r}: "
                f"{problem}. Remove the row, or choose columns without it."
            )
        return values


def open_parquet(path: Path) -> _ParquetGrid:
    """Open a Parquet file; columns are read when they are asked for.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Grid

    Raises
    ------
    TableError
        If pyarrow is missing or the file is not Parquet.
    """
    pyarrow = import_pyarrow(f"{path}: reading Parquet")
    try:
        file = pyarrow.parquet.ParquetFile(path)
    except pyarrow.ArrowException as error:
        message = " ".join(str(error).split())
        raise TableError(f"{path} is not an intact Parquet file: {message}") from error
    return _ParquetGrid(str(path), tuple(file.schema_arrow.names), file, pyarrow)
