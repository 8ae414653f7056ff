"""Options that several commands share."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

COVARIANCES = (
    "full tied diag spherical "
    "EII VII EEI VEI EVI VVI EEE VEE EVE VVE EEV VEV EVV VVV E V"
).split()
"""What the estimators call the structures; a list of its own, for quick help."""

Command = TypeVar("Command", bound=Callable[..., Any])


class StructureName(click.Choice[str]):
    """The names above, and those with a number of factors."""

    def __init__(self) -> None:
        super().__init__(COVARIANCES)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Ask the estimators about names with a number; only then are they loaded."""
        if isinstance(value, str) and ":" in value:
            from mixtura.estimators.structures import STRUCTURES

            if value in STRUCTURES:
                return value
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            known = ", ".join([*map(repr, COVARIANCES), "'factors:q', 'ppca:q'"])
            self.fail(f"{value!r} is not one of {known}.", param, ctx)


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
    """Refuse - and a file in a folder that does not exist, before any work is done."""
    if value == Path("-"):
        raise click.BadParameter(
            "- is standard input alone; standard output is /dev/stdout.",
            ctx,
            parameter,
        )
    if value is not None and not value.resolve().parent.is_dir():
        raise click.BadParameter(
            f"there is no folder {str(value.parent)!r}", ctx, parameter
        )
    return value


def output_path() -> click.Path:
    """Type of an option that names a file to write."""
    return click.Path(dir_okay=False, writable=True, path_type=Path)


def writing(text: str, *, required: bool = False) -> Callable[[Command], Command]:
    """Add -o/--output, whose help is this text."""
    return click.option(
        "-o",
        "--output",
        type=output_path(),
        callback=writable,
        required=required,
        metavar="FILE",
        help=text,
    )


def saving(what: str, command: str) -> Callable[[Command], Command]:
    """Add --save, for a model where --output writes a table."""
    return click.option(
        "--save",
        type=output_path(),
        callback=writable,
        metavar="FILE",
        help=f"Write the {what} (JSON), for mixtura {command}.",
    )


def plot(text: str) -> Callable[[Command], Command]:
    """Add --plot, whose help is this text and the formats there are."""
    return click.option(
        "--plot",
        type=output_path(),
        callback=writable,
        metavar="FILE",
        help=f"{text} (.png, .svg, .pdf).",
    )


def as_json(command: Command) -> Command:
    """Add --json."""
    option = click.option(
        "--json", "as_json", is_flag=True, help="Print JSON, nothing else."
    )
    return option(command)


def components(command: Command) -> Command:
    """Add -k/--components, for a model of so many."""
    option = click.option(
        "-k",
        "--components",
        type=click.IntRange(1),
        default=2,
        show_default=True,
        metavar="K",
        help="Number of components.",
    )
    return option(command)


def weight_column(command: Command) -> Command:
    """Add --weight-column."""
    option = click.option(
        "--weight-column", metavar="NAME", help="Column of row weights."
    )
    return option(command)


def n_init(text: str) -> Callable[[Command], Command]:
    """Add --n-init, whose help is this text."""
    return click.option(
        "--n-init",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        metavar="N",
        help=text,
    )


def max_iter(default: int, text: str) -> Callable[[Command], Command]:
    """Add --max-iter, whose help is this text."""
    return click.option(
        "--max-iter",
        type=click.IntRange(1),
        default=default,
        show_default=True,
        metavar="N",
        help=text,
    )


def start(name: str, default: str) -> Callable[[Command], Command]:
    """Add an option that says how to start."""
    return click.option(
        name,
        default=default,
        show_default=True,
        metavar="NAME",
        help="How to start: init_params of GaussianMixture.",
    )


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


def covariance(command: Command) -> Command:
    """Add --covariance."""
    option = click.option(
        "--covariance",
        "--covariance-type",
        "covariance",
        type=StructureName(),
        default="full",
        show_default=True,
        metavar="NAME",
        help="Structure of the covariances: full, tied, diag, spherical, or one of "
        "mclust's codes, EII to VVV, E or V; factors:2 or ppca:2 for two factors.",
    )
    return option(command)


def structure_names(name: str, default: str, text: str) -> Callable[[Command], Command]:
    """Add --covariance as a list of names, or all, to go by this parameter's name."""
    return click.option(
        "--covariance",
        "--covariance-type",
        name,
        default=default,
        show_default=True,
        metavar="NAMES",
        callback=columns,
        help=text,
    )


def equal_weights(command: Command) -> Command:
    """Add --equal-weights."""
    option = click.option(
        "--equal-weights", is_flag=True, help="Keep the weights of components equal."
    )
    return option(command)


def robust(command: Command) -> Command:
    """Add the options against outliers and collapse."""
    options = [
        click.option(
            "--noise",
            is_flag=True,
            help="Add a noise component, uniform over the box of the data.",
        ),
        click.option(
            "--trim",
            type=click.FloatRange(0, 1, max_open=True),
            default=0.0,
            metavar="SHARE",
            help="Leave out this share of the rows, the least likely.",
        ),
        click.option(
            "--prior",
            is_flag=True,
            help="Find the mode of the posterior under mclust's conjugate prior.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def plot_kind(kinds: Sequence[str]) -> Callable[[Command], Command]:
    """Add --plot-kind; the first of the kinds is the default."""
    return click.option(
        "--plot-kind",
        type=click.Choice(kinds),
        metavar="KIND",
        help=f"What --plot draws: {', '.join(kinds)}.  [default: {kinds[0]}]",
    )


def seed(command: Command) -> Command:
    """Add --seed."""
    option = click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        metavar="N",
        help="Make the result repeatable.",
    )
    return option(command)
