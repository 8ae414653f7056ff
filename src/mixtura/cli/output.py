"""Columns of numbers to standard output, CSV, NPY or Parquet."""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from mixtura.io.atomic import replacing
from mixtura.io.parquet import import_pyarrow

Block = Sequence[NDArray[Any] | tuple[str, ...]]
"""Some rows, as equally long columns."""


def write_blocks(
    path: Path | None, names: Sequence[str], blocks: Iterable[Block], n_rows: int
) -> None:
    """Write columns block by block, so that memory stays small.

    Parameters
    ----------
    path : Path or None
        None for CSV on standard output. The suffix ``.npy`` gives a matrix of
        float64, ``.parquet`` a Parquet file, any other CSV. A file is written
        under a temporary name and renamed; pipes and devices are written to.
    names : sequence of str
        Heads of the columns.
    blocks : iterable of Block
        Rows in order.
    n_rows : int
        Number of rows in all blocks together.

    Raises
    ------
    TableError
        If Parquet is asked for and pyarrow is missing.
    OSError
        If the file cannot be written.
    """
    if path is None:
        _write_csv(sys.stdout, names, blocks)
        return
    suffix = path.suffix.lower()
    with replacing(path) as temporary:
        if suffix == ".npy":
            _write_npy(temporary, blocks, (n_rows, len(names)))
        elif suffix in (".parquet", ".pq"):
            _write_parquet(temporary, names, blocks)
        else:
            with temporary.open("w", encoding="utf-8", newline="") as handle:
                _write_csv(handle, names, blocks)


def _write_csv(handle: TextIO, names: Sequence[str], blocks: Iterable[Block]) -> None:
    writer = csv.writer(handle, lineterminator="\n")
    writer.writerow(names)
    for block in blocks:
        columns = [c if isinstance(c, tuple) else c.tolist() for c in block]
        writer.writerows(zip(*columns, strict=True))


def _write_npy(path: Path, blocks: Iterable[Block], shape: tuple[int, int]) -> None:
    matrix = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=shape)
    start = 0
    for block in blocks:
        rows = np.column_stack([np.asarray(column) for column in block])
        matrix[start : start + len(rows)] = rows
        start += len(rows)
    matrix.flush()


def _write_parquet(path: Path, names: Sequence[str], blocks: Iterable[Block]) -> None:
    pyarrow = import_pyarrow("writing Parquet")
    writer = None
    try:
        for block in blocks:
            table = pyarrow.table([pyarrow.array(c) for c in block], names=list(names))
            if writer is None:
                writer = pyarrow.parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
