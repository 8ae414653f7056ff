"""Arrays: NPY (memory-mapped), NPZ, and any matrix already in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.exceptions import TableError
from mixtura.io.grid import generated_names

_ROWS_PER_CHECK = 65_536


@dataclass(frozen=True)
class MatrixGrid:
    """A numeric matrix (n, D) seen as named columns."""

    source: str
    names: tuple[str, ...]
    matrix: NDArray[Any]

    def is_numeric(self, index: int) -> bool:
        """Every column of a numeric matrix is."""
        return True

    def numbers(self, indices: Sequence[int]) -> NDArray[np.float64]:
        """Columns as finite float64; all of them in order are not copied."""
        chosen = self.matrix
        if list(indices) != list(range(len(self.names))):
            chosen = chosen[:, list(indices)]
        values = np.asarray(chosen, dtype=np.float64)
        for start in range(0, len(values), _ROWS_PER_CHECK):
            finite = np.isfinite(values[start : start + _ROWS_PER_CHECK])
            if not finite.all():
                row, column = map(int, np.argwhere(~finite)[0])
                value = values[start + row, column]
                raise TableError(
                    f"{self.source}, {self.row_label(start + row)}, column "
                    f"{self.names[indices[column]]!r}: the value is {value}, not a "
                    f"finite number. Remove the row, or choose other columns."
                )
        return values

    def text(self, index: int) -> tuple[str, ...]:
        """One column, each number in its shortest exact form."""
        return tuple(map(str, self.matrix[:, index].tolist()))

    def row_label(self, row: int) -> str:
        """Rows of an array count from 1, as lines of a file do."""
        return f"row {row + 1}"


def open_npy(path: Path) -> MatrixGrid:
    """Map an NPY file into memory; nothing is unpickled.

    Parameters
    ----------
    path : Path
        A one- or two-dimensional array of numbers.

    Returns
    -------
    MatrixGrid

    Raises
    ------
    TableError
        If the file is not such an array.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # NumPy's header parser raises almost anything
        raise _unreadable(path, "NPY", error) from error
    if isinstance(array, np.lib.npyio.NpzFile):
        array.close()
        raise TableError(f"{path} is an NPZ archive; its name must end in .npz.")
    return _matrix_grid(str(path), array)


def open_npz(path: Path, member: str | None) -> MatrixGrid:
    """Read one array of an NPZ archive; nothing is unpickled.

    Parameters
    ----------
    path : Path
        The archive.
    member : str, optional
        Name of the array; the first one when not given.

    Returns
    -------
    MatrixGrid

    Raises
    ------
    TableError
        If the archive or the array in it cannot be read.
    """
    try:
        # np.load leaves a file open that it opened itself and cannot read
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as archive:
            return _member(path, archive, member)
    except (OSError, TableError):
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise almost anything
        raise _unreadable(path, "NPZ", error) from error


def _member(path: Path, archive: Any, member: str | None) -> MatrixGrid:
    names = list(getattr(archive, "files", []))
    if not names:
        raise TableError(f"{path} holds no arrays.")
    chosen = names[0] if member is None else member
    if chosen not in names:
        raise TableError(f"{path} has no array {chosen!r}; it has {', '.join(names)}.")
    return _matrix_grid(f"{path}:{chosen}", archive[chosen])


def _unreadable(path: Path, kind: str, error: Exception) -> TableError:
    with path.open("rb") as handle:
        begins = handle.read(8)
    if begins.strip() and begins.isascii() and not begins.startswith(b"PK"):
        return TableError(
            f"{path} is not an {kind} file but, from how it begins, text. Give it a "
            f"name that ends in .csv or .tsv."
        )
    message = " ".join(str(error).split()).rstrip(".")
    return TableError(
        f"{path} is not an intact {kind} file of plain numbers: {message}. "
        f"Pickled objects are never loaded."
    )


def _matrix_grid(name: str, array: NDArray[Any]) -> MatrixGrid:
    if array.dtype.kind not in "iuf":
        raise TableError(
            f"{name} must hold real numbers; got dtype {array.dtype}. Convert it with "
            f"array.astype(float) first."
        )
    if array.ndim not in (1, 2):
        raise TableError(
            f"{name} must have one or two dimensions; got shape {array.shape}."
        )
    matrix = array if array.ndim == 2 else array[:, None]
    return MatrixGrid(name, generated_names(matrix.shape[1]), matrix)
