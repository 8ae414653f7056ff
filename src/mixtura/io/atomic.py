"""Write a file whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path that takes the place of ``path`` on success.

    The temporary file lies in the same folder, is flushed to the disk, and then
    renamed; if the block raises, it is removed and an old file stays as it was.

    Parameters
    ----------
    path : str or path
        The file to write. A link is followed, so the link stays; what is no
        regular file, such as a pipe or ``/dev/stdout``, is written to directly.

    Yields
    ------
    Path
        Write here.

    Raises
    ------
    OSError
        If the file cannot be written; it names ``path``, not the temporary file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "note.txt"
    ...     with replacing(target) as temporary:
    ...         _ = temporary.write_text("done")
    ...     target.read_text()
    'done'
    """
    if os.path.isdir(path):
        raise IsADirectoryError(21, "is a directory", str(path))
    if os.path.exists(path) and not os.path.isfile(path):
        # cannot be replaced; the link behind /dev/stdout need not even lead to a path
        writing: AbstractContextManager[Path] = nullcontext(Path(path))
    else:
        writing = _renamed_to(Path(os.path.realpath(path)))
    try:
        with writing as file:
            yield file
    except OSError as error:
        if error.errno is None or _is_of_another(error, path):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


@contextmanager
def _renamed_to(target: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=_prefix(target), suffix=target.suffix
    )
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(_mode(target))
        yield temporary
        _flush(temporary)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _flush_folder(target.parent)


def _prefix(path: str | os.PathLike[str]) -> str:
    """Beginning of the temporary name of a file."""
    return f".{os.path.basename(os.path.realpath(path))}."


def _is_of_another(error: OSError, path: str | os.PathLike[str]) -> bool:
    """Whether the error names a file, and not one that we made up."""
    if error.filename is None:
        return False
    return not os.path.basename(str(error.filename)).startswith(_prefix(path))


def _mode(target: Path) -> int:
    """Permissions of the old file, or those a new file would get."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _flush(path: Path) -> None:
    # Windows flushes only handles opened for writing
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    """Make the renaming durable, where the system can flush a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
