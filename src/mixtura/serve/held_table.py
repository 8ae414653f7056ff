"""A table that the page works on: from bytes that a stranger sent, or by name."""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.datasets import dataset_names, load_dataset
from mixtura.datasets.table import Table
from mixtura.io.delimited import read_usable
from mixtura.io.text_source import TextSource
from mixtura.serve.refusal import Refused

MAX_BYTES = 20 * 2**20
MAX_CELLS = 2_000_000
MAX_COLUMNS = 200
MAX_NAME = 60

MAX_CHOSEN = 16
"""Columns of one fit: each half-step carries K covariance matrices to the page."""

LARGEST = 1e100
"""Numbers beyond this leave the range of floats when they are squared and summed."""


@dataclass(frozen=True, eq=False)
class HeldTable:
    """A table, what it is called, and what became of its other columns.

    Parameters
    ----------
    name : str
    table : Table
    left_out : dict of str to str
        Reasons, by the name of the column.
    """

    name: str
    table: Table
    left_out: dict[str, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Return what the page shows of it, ready for JSON."""
        values = self.table.values
        return {
            "name": self.name,
            "n_rows": self.table.n_rows,
            "columns": [
                {"name": name, "low": low, "high": high, "mean": mean}
                for name, low, high, mean in zip(
                    self.table.names,
                    values.min(axis=0).tolist(),
                    values.max(axis=0).tolist(),
                    values.mean(axis=0).tolist(),
                    strict=True,
                )
            ],
            "left_out": [
                {"name": name, "reason": reason}
                for name, reason in self.left_out.items()
            ],
        }

    def positions(self, columns: list[int]) -> IntArray:
        """Check chosen columns.

        Raises
        ------
        ValueError
            If there are none or too many, one is chosen twice, or does not exist.
        """
        if not 1 <= len(columns) <= MAX_CHOSEN:
            raise ValueError(
                f"Choose 1 to {MAX_CHOSEN} columns; {len(columns)} are chosen."
            )
        if len(set(columns)) < len(columns):
            raise ValueError("A column is chosen twice.")
        wrong = [i for i in columns if not 0 <= i < self.table.n_columns]
        if wrong:
            raise ValueError(
                f"{self.name} has {self.table.n_columns} columns, counted from 0; "
                f"there is no column {wrong[0]}."
            )
        return np.array(columns, dtype=np.intp)

    def chosen(self, positions: IntArray) -> Array:
        """Return the values of some columns, (n_rows, len(positions))."""
        return np.ascontiguousarray(self.table.values[:, positions])


def bundled(name: str) -> HeldTable:
    """Return a bundled data set.

    Raises
    ------
    Refused
        404 if there is none of this name; no file is ever opened for it.
    """
    if name not in dataset_names():
        raise Refused(
            404,
            f"There is no bundled data set {name[:MAX_NAME]!r}; "
            f"there are {', '.join(dataset_names())}.",
        )
    return HeldTable(name, load_dataset(name))


def uploaded(name: str, content: bytes) -> HeldTable:
    """Read CSV or TSV text.

    Parameters
    ----------
    name : str
        What the file was called; it is shown, and its suffix is looked at.
    content : bytes

    Raises
    ------
    TableError
        If it is no table of numbers.
    ValueError
        If it has more columns or cells than a page can work with.
    """
    name = displayed(name)
    source = TextSource(name, content=content)
    source.check_is_text()
    n_cells = sum(map(content.count, (b",", b";", b"\t", b"\n")))
    if n_cells > MAX_CELLS:
        raise ValueError(
            f"{name} has about {n_cells:,} cells; the page takes {MAX_CELLS:,}. "
            "Choose some of its rows, or use mixtura fit on the command line."
        )
    suffix = ".tsv" if name.lower().endswith((".tsv", ".tab")) else ""
    table, problems = read_usable(source, suffix)
    held = HeldTable(name, table, problems)
    check_size(held)
    return held


def check_size(held: HeldTable) -> None:
    """Refuse what would not work in the page, with a way out.

    Raises
    ------
    ValueError
    """
    name, table = held.name, held.table
    n_columns = table.n_columns + len(held.left_out)
    if n_columns > MAX_COLUMNS:
        raise ValueError(
            f"{name} has {n_columns} columns; the page takes {MAX_COLUMNS}. Leave out "
            "those that you do not need."
        )
    if table.values.size and np.abs(table.values).max() > LARGEST:
        row, column = np.argwhere(np.abs(table.values) > LARGEST)[0].tolist()
        raise ValueError(
            f"{name}, column {table.names[column]!r}: {table.values[row, column]:g} in "
            f"the {row + 1:,}. row of data is larger than {LARGEST:g}, so its square "
            "has no floating-point number. Choose another unit."
        )


def displayed(name: str) -> str:
    r"""Return the last part of a path, in printable characters, not too long.

    Examples
    --------
    >>> displayed("../../etc/passwd"), displayed("C:/x/a\tb.csv"), displayed("")
    ('passwd', 'ab.csv', 'data.csv')
    """
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(character for character in last if character.isprintable())
    return printable[-MAX_NAME:].strip() or "data.csv"
