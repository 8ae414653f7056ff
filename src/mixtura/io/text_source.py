"""Text that can be opened again: a file, or bytes that came through a pipe."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mixtura.exceptions import TableError

_NOT_TEXT = (
    (b"PK\x03\x04", "is a zip archive or an Excel workbook", "Export it as CSV."),
    (b"\x1f\x8b", "is gzip-compressed", "Decompress it: gzip -dc FILE | mixtura ... -"),
    (b"PAR1", "is a Parquet file", "Give it a name that ends in .parquet."),
    (b"\x93NUMPY", "is a NumPy array", "Give it a name that ends in .npy."),
    (b"\xff\xfe", "is UTF-16 text", "Save it as UTF-8."),
    (b"\xfe\xff", "is UTF-16 text", "Save it as UTF-8."),
)

_HEAD = 8192
"""So many bytes show what a file is."""


@dataclass(frozen=True)
class TextSource:
    """UTF-8 text by name; a byte-order mark is dropped.

    Parameters
    ----------
    name : str
        What messages call it.
    path : Path, optional
        A regular file, read anew at each ``open``.
    content : bytes, optional
        Used when there is no path.
    """

    name: str
    path: Path | None = None
    content: bytes = b""

    def open(self) -> TextIO:
        """Open for reading as the csv module wants it."""
        if self.path is not None:
            return self.path.open(encoding="utf-8-sig", newline="")
        stream = io.BytesIO(self.content)
        return io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")

    def check_is_text(self) -> None:
        """Refuse binary formats by their first bytes."""
        if self.path is not None:
            with self.path.open("rb") as handle:
                head = handle.read(_HEAD)
        else:
            head = self.content[:_HEAD]
        for magic, what, remedy in _NOT_TEXT:
            if head.startswith(magic):
                raise TableError(f"{self.name} {what}, not CSV. {remedy}")
        if b"\0" in head:
            raise TableError(
                f"{self.name} is a binary file, or UTF-16: it holds bytes of zero. "
                "Export the table as CSV in UTF-8."
            )

    def encoding_error(self) -> TableError:
        """Say which line is not UTF-8."""
        if self.path is not None:
            with self.path.open("rb") as lines:
                row, byte = _first_undecodable(lines)
        else:
            row, byte = _first_undecodable(io.BytesIO(self.content))
        return TableError(
            f"{self.name}, row {row}: byte 0x{byte:02x} is not UTF-8 text; the file "
            f"is probably Latin-1 or Windows-1252. Save it as UTF-8."
        )


def _first_undecodable(lines: Iterable[bytes]) -> tuple[int, int]:
    for row, line in enumerate(lines, start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            return row, line[error.start]
    raise AssertionError("every line is UTF-8")
