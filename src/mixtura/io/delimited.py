"""CSV and TSV: cells, header and delimiter.

Files of nothing but numbers go through NumPy's parser, which is fast and needs
no memory per cell. All others, and all with a mistake in them, are read with the
csv module, so that the message can name row, column and value.
"""

import csv
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mixtura.datasets.table import Table
from mixtura.exceptions import TableError
from mixtura.io.grid import Request, assemble, generated_names, shown
from mixtura.io.matrix import MatrixGrid
from mixtura.io.numbered_header import counts_up, stands_apart
from mixtura.io.text_source import TextSource

_MISSING = frozenset(["", "na", "n/a", "nan", "null", "none", "?", ".", "-"])

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+")

_OR_LEAVE_OUT = "or leave the column out (--columns, columns=...)."

_MEANT_AS_NUMBERS = ("number", "infinite", "commas")
"""Kinds of cells that somebody wrote as numbers, rightly or not."""

Record = tuple[int, list[str]]
"""Line on which the record starts, counted from 1, and its cells."""


@dataclass(frozen=True)
class _Layout:
    delimiter: str
    has_header: bool
    names: tuple[str, ...]
    has_row_names: bool
    all_numeric: bool
    counts_up: bool


class _NotAllNumbers(Exception):
    """NumPy's parser met something else than numbers in equal rows."""


@dataclass(frozen=True)
class _CellGrid:
    source: str
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def is_numeric(self, index: int) -> bool:
        if _floats(self.columns[index]) is not None:
            return True
        kinds = [_kind(cell) for cell in self.columns[index]]
        n_numbers = sum(map(kinds.count, _MEANT_AS_NUMBERS))
        return n_numbers > kinds.count("text")

    def numbers(self, indices: Sequence[int]) -> NDArray[np.float64]:
        values = np.empty((len(self.lines), len(indices)))
        for target, index in enumerate(indices):
            column = _floats(self.columns[index])
            if column is None:
                raise self._first_error(index)
            values[:, target] = column
        return values

    def text(self, index: int) -> tuple[str, ...]:
        return self.columns[index]

    def row_label(self, row: int) -> str:
        return f"row {self.lines[row]}"

    def _first_error(self, index: int) -> TableError:
        kinds = map(_kind, self.columns[index])
        row, kind = next((i, k) for i, k in enumerate(kinds) if k != "number")
        cell = self.columns[index][row]
        problem, remedy = {
            "missing": (
                "the value is missing" + (f" ({shown(cell)})" if cell.strip() else ""),
                "Fill it in, remove the row, or choose columns without it.",
            ),
            "infinite": (f"{shown(cell)} is not finite", "Correct or remove the row."),
            "commas": (f"{shown(cell)} is not a number", _comma_remedy(cell)),
            "text": (f"{shown(cell)} is not a number", f"Correct it, {_OR_LEAVE_OUT}"),
        }[kind]
        return TableError(
            f"{self.source}, row {self.lines[row]}, column {self.names[index]!r}: "
            f"{problem}. {remedy}"
        )


def read_delimited(source: TextSource, request: Request, suffix: str) -> Table:
    """Read CSV or TSV text.

    Parameters
    ----------
    source : TextSource
        The text.
    request : Request
        Columns to take.
    suffix : str
        ``.tsv`` and ``.tab`` fix the delimiter; otherwise the first line shows
        whether it is comma, semicolon or tab.

    Returns
    -------
    Table

    Raises
    ------
    TableError
        Naming row and column of the first cell that cannot be read.

    Warns
    -----
    UserWarning
        If the first row is probably a header, of numbers.
    """
    source.check_is_text()
    try:
        layout = _layout(source, request.header, suffix)
        table = _assembled(source, layout, request)
    except UnicodeDecodeError as error:
        raise source.encoding_error() from error
    if request.header is None and layout.counts_up and stands_apart(table.values):
        warnings.warn(
            f"{source.name}: the first row is read as data, but it counts up and is "
            "unlike the rows below it. Is it a header? Say --header or --no-header "
            "(header=True or False).",
            stacklevel=4,
        )
    return table


def _assembled(source: TextSource, layout: _Layout, request: Request) -> Table:
    if layout.has_row_names and request.id_column is None:
        request = replace(request, id_column=0)
    if request.id_column is None and layout.all_numeric:
        with suppress(TableError, _NotAllNumbers):
            return assemble(_matrix(source, layout), request)
    return assemble(_cell_grid(source, layout), request)


def read_usable(source: TextSource, suffix: str) -> tuple[Table, dict[str, str]]:
    """Read the columns of CSV or TSV text that can be read, and judge the others.

    Parameters
    ----------
    source : TextSource
        The text.
    suffix : str
        As for :func:`read_delimited`.

    Returns
    -------
    table : Table
    problems : dict of str to str
        Why a column was left out, by its name.

    Raises
    ------
    TableError
        If the text is no table, or no column of it can be read.
    """
    try:
        table = read_delimited(source, Request(), suffix)
        return table, dict.fromkeys(table.skipped, "it does not hold numbers")
    except TableError as error:
        first_error = error
    try:
        grid = _cell_grid(source, _layout(source, None, suffix))
    except UnicodeDecodeError as error:
        raise first_error from error
    usable: list[int] = []
    problems: dict[str, str] = {}
    for index, name in enumerate(grid.names):
        if not grid.is_numeric(index):
            problems[name] = "it does not hold numbers"
            continue
        try:
            grid.numbers([index])
        except TableError as error:
            problems[name] = str(error)
        else:
            usable.append(index)
    if not usable:
        raise first_error
    return assemble(grid, Request(columns=usable)), problems


def _layout(source: TextSource, header: bool | None, suffix: str) -> _Layout:
    with source.open() as handle:
        first_line = next((line for line in handle if line.strip()), None)
    if first_line is None:
        raise TableError(f"{source.name} is empty.")
    delimiter = "\t" if suffix in (".tsv", ".tab") else _guess_delimiter(first_line)
    records = _records(source, delimiter)
    row, first = next(records)
    _, second = next(records, (0, None))
    if header is None:
        header = any(_kind(cell) not in _MEANT_AS_NUMBERS for cell in first)
        if header and second is not None and _looks_like_data(first, second):
            raise TableError(
                f"{source.name}, row {row} mixes numbers and words just as the row "
                f"after it, so it may be a header or data. Say which: --header or "
                f"--no-header (header=True or False)."
            )
    data = second if header else first
    if data is None:
        raise TableError(f"{source.name} has a header, but no rows of data.")
    return _Layout(
        delimiter=delimiter,
        has_header=header,
        names=_column_names(first) if header else generated_names(len(first)),
        has_row_names=header and len(first) > 1 and not first[0].strip(),
        all_numeric=all(map(_is_number, data)),
        counts_up=counts_up(first),
    )


def _guess_delimiter(line: str) -> str:
    parts = line.split(";")
    if len(parts) > 1 and all(_kind(cell) in _MEANT_AS_NUMBERS for cell in parts):
        return ";"  # between numbers with a decimal comma
    return max(",\t;", key=line.count)


def _looks_like_data(first: list[str], second: list[str]) -> bool:
    kinds = [_kind(cell) for cell in first]
    return "number" in kinds and kinds == [_kind(cell) for cell in second]


def _column_names(header: list[str]) -> tuple[str, ...]:
    return tuple(cell.strip() or f"x{i}" for i, cell in enumerate(header))


def _records(source: TextSource, delimiter: str) -> Iterator[Record]:
    """Yield records and the line each starts on, without blank lines."""
    with source.open() as handle:
        reader = csv.reader(
            handle, delimiter=delimiter, skipinitialspace=True, strict=True
        )
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise TableError(
                    f"{source.name}, row {line}: {error}; a quotation mark is "
                    f"probably not closed, or not doubled inside quotes."
                ) from error
            if any(cell.strip() for cell in cells) or len(cells) > 1:
                yield line, cells


def _matrix(source: TextSource, layout: _Layout) -> MatrixGrid:
    """Read all cells by NumPy's parser."""
    with source.open() as handle:
        if layout.has_header:
            reader = csv.reader(handle, delimiter=layout.delimiter)
            while not any(cell.strip() for cell in next(reader)):
                pass
        try:
            values = np.loadtxt(
                handle,
                delimiter=layout.delimiter,
                comments=None,
                quotechar='"',
                ndmin=2,
                dtype=np.float64,
            )
        except UnicodeDecodeError:
            raise
        except ValueError as error:
            raise _NotAllNumbers from error
    if values.shape[1] != len(layout.names):
        raise _NotAllNumbers
    return MatrixGrid(source.name, layout.names, values)


def _cell_grid(source: TextSource, layout: _Layout) -> _CellGrid:
    records = _records(source, layout.delimiter)
    if layout.has_header:
        next(records)
    lines: list[int] = []
    rows: list[list[str]] = []
    for line, cells in records:
        if len(cells) != len(layout.names):
            raise _ragged(source.name, line, cells, layout)
        lines.append(line)
        rows.append(cells)
    columns = tuple(zip(*rows, strict=True))
    return _CellGrid(source.name, layout.names, columns, tuple(lines))


def _ragged(name: str, line: int, cells: list[str], layout: _Layout) -> TableError:
    expected = len(layout.names)
    reference = "the header" if layout.has_header else "the first row"
    if layout.has_header and layout.names[0].startswith("#"):
        cause = "the first row is a comment, not a header; remove it"
    elif len(cells) == expected + 1 and layout.has_header:
        cause = "row names without a heading, a comma inside a number or a word"
    elif len(cells) > expected:
        cause = "a comma inside a number or a word (quote it)"
    else:
        cause = "a cell is missing, or the file was cut off"
    return TableError(
        f"{name}, row {line} has {len(cells)} cells, {reference} has {expected}. "
        f"Probable cause: {cause}."
    )


def _floats(column: tuple[str, ...]) -> NDArray[np.float64] | None:
    """Convert cells to finite numbers; None if one of them is not."""
    try:
        values = np.fromiter(map(float, column), dtype=np.float64, count=len(column))
    except ValueError:
        return None
    if not np.isfinite(values).all() or any("_" in cell for cell in column):
        return None
    return values


def _is_number(cell: str) -> bool:
    return _kind(cell) == "number"


def _kind(cell: str) -> str:
    text = cell.strip().lower()
    if text in _MISSING:
        return "missing"
    try:
        value = float(text)
    except ValueError:
        has_commas = _THOUSANDS.fullmatch(text) or _DECIMAL_COMMA.fullmatch(text)
        return "commas" if has_commas else "text"
    if "_" in text:
        return "text"
    return "number" if math.isfinite(value) else "infinite"


def _comma_remedy(cell: str) -> str:
    if _THOUSANDS.fullmatch(cell.strip()):
        return f"Write it without commas between thousands, {_OR_LEAVE_OUT}"
    return f"Write a decimal point instead of the comma, {_OR_LEAVE_OUT}"
