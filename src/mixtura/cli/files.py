"""Files that a command reads and writes: what they must not be."""

from pathlib import Path

import click

READ = ("data", "model_file", "new", "held_out")
"""Parameters that name what is read; those that name what is written are paths."""

TABLES = ("", ".csv", ".npy", ".parquet", ".pq")


def check_files(ctx: click.Context) -> None:
    """Refuse to write to what the command reads, or writes besides.

    Parameters
    ----------
    ctx : click.Context
        Of the command, with its parameters.

    Raises
    ------
    click.UsageError
        Naming both options, before any work is done.
    """
    given = [p for p in ctx.command.params if ctx.params.get(p.name or "") is not None]
    taken = {_named(p): _source(ctx.params[p.name]) for p in given if p.name in READ}
    taken["standard output"] = Path("/dev/stdout")
    for parameter in given:
        if isinstance(parameter.type, click.Path):
            name, path = _named(parameter), ctx.params[parameter.name]
            for other, file in taken.items():
                if _is_same(path, file):
                    raise click.UsageError(
                        f"{name}: {str(path)!r} is also {other}, which would be "
                        "overwritten. Give another file.",
                        ctx,
                    )
            taken[name] = path


def check_table(ctx: click.Context, output: Path | None) -> None:
    """Refuse to write a table under the ending of a format there is no writer for.

    Parameters
    ----------
    ctx : click.Context
    output : Path or None
        The option --output; without an ending it is CSV.

    Raises
    ------
    click.UsageError
        Before any work is done.
    """
    if output is not None and output.suffix.lower() not in TABLES:
        raise click.UsageError(
            f"--output: {output.name!r} must end in .csv, .npy or .parquet.", ctx
        )


def _named(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return parameter.human_readable_name
    return max(parameter.opts, key=len)


def _source(data: str) -> Path:
    """Return the file that is read; standard input may be one, too."""
    from mixtura.io.tables import split_member

    return Path("/dev/stdin") if data == "-" else split_member(data)[0]


def _is_same(one: Path, other: Path) -> bool:
    """Whether both are one file; what is no regular file is never overwritten."""
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return one.resolve() == other.resolve()
