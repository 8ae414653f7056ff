"""Options that several commands share."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def columns(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> list[str] | None:
    """Split ``a,b``; a name with a comma in it stands in quotation marks."""
    if value is None:
        return None
    names = [name.strip() for name in next(csv.reader([value], skipinitialspace=True))]
    if not all(names):
        raise click.BadParameter(f"an empty name in {value!r}", ctx, parameter)
    return names


def writable(
    ctx: click.Context, parameter: click.Parameter, value: Path | None
) -> Path | None:
    """Refuse a file in a folder that does not exist, before any work is done."""
    if value is not None and not value.resolve().parent.is_dir():
        raise click.BadParameter(
            f"there is no folder {str(value.parent)!r}", ctx, parameter
        )
    return value


def output_path() -> click.Path:
    """Type of an option that names a file to write."""
    return click.Path(dir_okay=False, writable=True, path_type=Path)


def reading(command: Command) -> Command:
    """Add the options that say how a table is read."""
    options = [
        click.option(
            "--columns",
            metavar="A,B",
            callback=columns,
            help="Columns to use, by name or position from 0.",
        ),
        click.option(
            "--header/--no-header",
            default=None,
            help="Whether the first row names the columns.  [default: look]",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def seed(command: Command) -> Command:
    """Add --seed."""
    option = click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        metavar="N",
        help="Make the result repeatable.",
    )
    return option(command)
