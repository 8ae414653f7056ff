"""Errors and warnings as single lines on standard error."""

import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from mixtura.cli.wording import in_options

DATA_ERROR = 1
NOT_CONVERGED = 3
INTERRUPTED = 130

# columns are matched by name when a table is read, then handed on as an array
_EXPECTED = "X does not have valid feature names"


@contextmanager
def reported() -> Iterator[None]:
    """Turn an expected error into one line and an exit status.

    Raises
    ------
    SystemExit
        1 for data or files that cannot be used, 130 after Ctrl-C. Other errors,
        which are defects of the program, keep their traceback.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        _leave()
    except MemoryError:
        _error("not enough memory; use fewer rows or columns.")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _error(f"{where}{error.strerror or error}.")
    except ValueError as error:
        _error(str(error))


@contextmanager
def warnings_shown() -> Iterator[list[str]]:
    """Collect Python's warnings and print each once, as ``warning: ...``.

    Yields
    ------
    list of str
        Filled with the messages when the block ends.
    """
    messages: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            warnings.simplefilter("always", RuntimeWarning)
            for quiet in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", quiet)
            yield messages
    finally:
        for warning in caught:
            message = _one_line(str(warning.message))
            if message not in messages and not message.startswith(_EXPECTED):
                messages.append(message)
                click.echo(f"warning: {message}", err=True)


@contextmanager
def interrupts_noted() -> Iterator[list[int]]:
    """Note each Ctrl-C, also one that a fit answers with what it has so far.

    Yields
    ------
    list of int
        The signals that arrived; empty when there were none.
    """
    arrived: list[int] = []

    def note(number: int, _: object) -> None:
        arrived.append(number)
        raise KeyboardInterrupt

    with _answering(note):
        yield arrived


@contextmanager
def interrupts_obeyed() -> Iterator[None]:
    """Leave at Ctrl-C, even in a fit, which would answer with what it has so far."""
    with _answering(lambda number, frame: _leave()):
        yield


@contextmanager
def _answering(handler: Callable[[int, object], None]) -> Iterator[None]:
    """Answer Ctrl-C so; only the main thread is told of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def finish(
    ctx: click.Context, interrupts: list[int], messages: list[str], *, converged: bool
) -> None:
    """Leave with the status of a fit; say that it did not converge, if none has."""
    if interrupts:
        ctx.exit(INTERRUPTED)
    if not converged:
        if not messages:
            click.echo("warning: the fit did not converge.", err=True)
        ctx.exit(NOT_CONVERGED)


def _leave() -> NoReturn:
    click.echo("interrupted", err=True)
    sys.exit(INTERRUPTED)


def _error(message: str) -> NoReturn:
    click.echo(f"error: {_one_line(message)}", err=True)
    sys.exit(DATA_ERROR)


def _one_line(message: str) -> str:
    return in_options(" ".join(message.split()))
