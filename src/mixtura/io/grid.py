"""From a grid of cells, whatever its format, to a Table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mixtura.datasets.table import Table
from mixtura.exceptions import TableError

Column = str | int


class UnknownColumnError(TableError):
    """A column is asked for that the table does not have."""


@dataclass(frozen=True)
class Request:
    """What to take from a file; the arguments of ``read_table``."""

    columns: Sequence[Column] | None = None
    weight_column: Column | None = None
    id_column: Column | None = None
    header: bool | None = None


class Grid(Protocol):
    """Cells of a file, read or yet to be read, in named columns."""

    @property
    def source(self) -> str:
        """What messages call the file."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every column."""

    def is_numeric(self, index: int) -> bool:
        """Whether the column is meant to hold numbers."""

    def numbers(self, indices: Sequence[int]) -> NDArray[np.float64]:
        """Columns as finite numbers (n, len(indices)), or a TableError."""

    def text(self, index: int) -> tuple[str, ...]:
        """One column as it was written."""

    def row_label(self, row: int) -> str:
        """How a message names the zero-based row."""


def assemble(grid: Grid, request: Request) -> Table:
    """Choose columns of a grid and return them as a table.

    Parameters
    ----------
    grid : Grid
        Where the cells come from.
    request : Request
        Without ``columns``, every numeric column is taken but the weight and
        the identifier.

    Returns
    -------
    Table

    Raises
    ------
    TableError
        If a column is unknown, or a chosen cell is not a finite number.
    """
    weight = _optional_position(grid, request.weight_column)
    identifier = _optional_position(grid, request.id_column)
    skipped: list[int] = []
    if request.columns is None:
        others = [i for i in range(len(grid.names)) if i not in (weight, identifier)]
        chosen = [i for i in others if grid.is_numeric(i)]
        skipped = [i for i in others if i not in set(chosen)]
    else:
        chosen = [position(grid, column) for column in request.columns]
    names = tuple(grid.names[i] for i in chosen)
    _check_choice(grid, names, [i for i in (weight, identifier) if i is not None])
    values = grid.numbers(chosen)
    if not len(values):
        raise TableError(f"{grid.source} has no rows of data.")
    return Table(
        values,
        names,
        weights=None if weight is None else _weights(grid, weight),
        ids=None if identifier is None else grid.text(identifier),
        skipped=tuple(grid.names[i] for i in skipped),
        positions=tuple(chosen),
    )


def position(grid: Grid, column: Column) -> int:
    """Zero-based position of a column given by name or by position."""
    names = grid.names
    if isinstance(column, str) and names.count(column) > 1:
        raise TableError(
            f"{grid.source}: {names.count(column)} columns are called {column!r}; "
            f"give the column's zero-based position instead."
        )
    if isinstance(column, str) and column in names:
        return names.index(column)
    if isinstance(column, int) or (column.isascii() and column.isdigit()):
        if 0 <= int(column) < len(names):
            return int(column)
    raise UnknownColumnError(
        f"{grid.source} has no column {column!r}. "
        f"Its {len(names)} columns are {_listed(names)}; "
        f"positions count from 0 to {len(names) - 1}."
    )


def shown(cell: object) -> str:
    """Quote a cell for a message, and cut it when it is long."""
    text = repr(cell)
    return text if len(text) <= 42 else f"{text[:38]}...{text[-1]}"


def generated_names(n_columns: int) -> tuple[str, ...]:
    """Names for columns that have none: x0, x1, ..."""
    return tuple(f"x{i}" for i in range(n_columns))


def _optional_position(grid: Grid, column: Column | None) -> int | None:
    return None if column is None else position(grid, column)


def _check_choice(grid: Grid, names: tuple[str, ...], taken: Sequence[int]) -> None:
    if not names:
        others = tuple(name for i, name in enumerate(grid.names) if i not in taken)
        used = ", ".join(grid.names[i] for i in taken)
        raise TableError(
            f"{grid.source} has no column of numbers"
            + (f" among {_listed(others)}" if others else "")
            + (f" besides {used}, taken as classes, names or weights" if used else "")
            + "."
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise TableError(
            f"{grid.source}: column {repeated[0]!r} is chosen twice, or two columns "
            f"share this name; choose columns by zero-based position, or rename one."
        )


def _weights(grid: Grid, index: int) -> NDArray[np.float64]:
    weights = np.ascontiguousarray(grid.numbers([index])[:, 0])
    negative = np.flatnonzero(weights < 0)
    if len(negative):
        row = int(negative[0])
        raise TableError(
            f"{grid.source}, {grid.row_label(row)}, column {grid.names[index]!r}: "
            f"a weight must not be negative; got {weights[row]:g}."
        )
    if not weights.sum() > 0:
        raise TableError(
            f"{grid.source}, column {grid.names[index]!r}: all weights are 0; "
            f"at least one row must count."
        )
    return weights


def _listed(names: tuple[str, ...]) -> str:
    if len(names) <= 12:
        return ", ".join(names)
    return ", ".join(names[:10]) + f", ... {names[-1]}"
