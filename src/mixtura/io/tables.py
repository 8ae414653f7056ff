"""read_table: one function for every kind of table."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mixtura.datasets import dataset_names, load_dataset
from mixtura.datasets.table import Table
from mixtura.exceptions import TableError
from mixtura.io.delimited import read_delimited
from mixtura.io.grid import Column, Request, assemble
from mixtura.io.matrix import MatrixGrid, open_npy, open_npz
from mixtura.io.parquet import open_parquet
from mixtura.io.text_source import TextSource


def read_table(
    source: str | os.PathLike[str],
    *,
    columns: Sequence[Column] | Column | None = None,
    weight_column: Column | None = None,
    id_column: Column | None = None,
    header: bool | None = None,
) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    source : str or path
        A CSV, TSV, NPY (memory-mapped), NPZ (first array, or ``file.npz:name``)
        or Parquet file by its suffix, any other file as CSV; ``-`` for CSV from
        standard input; or the name of a bundled data set, such as
        ``old-faithful``, where no file has this name. CSV is UTF-8, with comma,
        semicolon or tab between the cells; blank lines are ignored.
    columns : sequence of str or int, optional
        Names or zero-based positions, in the order wanted. By default every
        column of numbers but the weights; the others are listed in
        ``Table.skipped``.
    weight_column : str or int, optional
        Column that holds a weight for each row.
    id_column : str or int, optional
        Column that holds an identifier for each row. By default the first column
        of CSV when its heading is empty, as R and pandas write row names.
    header : bool, optional
        Whether the first row of CSV is a header. By default it is one if not all
        of its cells are numbers; a warning is given of one that counts up, as
        years do, and is unlike the rows below it.

    Returns
    -------
    Table
        Columns without a name are called ``x0``, ``x1``, ...

    Raises
    ------
    TableError
        If the file or a cell of a chosen column cannot be read, naming file, row
        (for text the line, counted from 1), column and value.

    Examples
    --------
    >>> read_table("old-faithful", columns=["waiting"])
    <Table 272 rows x 1 columns: waiting>
    """
    if isinstance(columns, str | int):
        columns = [columns]
    request = Request(columns, weight_column, id_column, header)
    name = os.fspath(source)
    if name == "-":
        text = TextSource("standard input", content=sys.stdin.buffer.read())
        return read_delimited(text, request, suffix="")
    path, member = split_member(name)
    if not path.exists():
        return _bundled(name, request)
    if path.is_dir():
        raise TableError(f"{name} is a directory; give one of the files in it.")
    return _read_file(path, member, request)


def _read_file(path: Path, member: str | None, request: Request) -> Table:
    suffix = path.suffix.lower()
    try:
        if suffix == ".npy":
            return assemble(open_npy(path), request)
        if suffix == ".npz":
            return assemble(open_npz(path, member), request)
        if suffix in (".parquet", ".pq"):
            return assemble(open_parquet(path), request)
        if path.is_file():
            return read_delimited(TextSource(str(path), path), request, suffix)
        # a named pipe or /dev/stdin can be read only once
        return read_delimited(
            TextSource(str(path), content=path.read_bytes()), request, suffix
        )
    except OSError as error:
        raise TableError(
            f"{path} cannot be read: {error.strerror or error}."
        ) from error


def split_member(name: str) -> tuple[Path, str | None]:
    """Return the file, and the array in it, that ``file.npz:name`` stands for."""
    stem, found, member = name.rpartition(".npz:")
    if found and not Path(name).exists():
        return Path(f"{stem}.npz"), member
    return Path(name), None


def _bundled(name: str, request: Request) -> Table:
    if name not in dataset_names():
        raise TableError(
            f"{name}: there is no such file. "
            f"Bundled data sets are {', '.join(dataset_names())}."
        )
    table = load_dataset(name)
    return assemble(MatrixGrid(name, table.names, table.values), request)
