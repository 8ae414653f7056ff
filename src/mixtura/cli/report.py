"""``mixtura report``: a search as one HTML file."""

import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import options
from mixtura.cli.failures import finish, interrupts_noted, warnings_shown
from mixtura.cli.files import check_files
from mixtura.cli.presenting import check_rows, progress, read
from mixtura.cli.searching import search_options, searched, structures

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

ARGUMENTS = "mixtura.arguments"


class _Remembering(click.Command):
    """A command that knows how it was called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)


@click.command("report", cls=_Remembering, short_help="Write an HTML report.")
@click.argument("data")
@search_options
@click.option("--title", metavar="TEXT", help="Heading of the report.")
@click.option(
    "-o",
    "--output",
    type=options.output_path(),
    callback=options.writable,
    default="report.html",
    show_default=True,
    metavar="FILE",
    help="Write the report.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    data: str,
    weight_column: str | None,
    output: Path,
    title: str | None,
    columns: list[str] | None,
    header: bool | None,
    covariance_type: list[str],
    seed: int | None,
    **settings: Any,
) -> None:
    """Search as select does, and write what was found as one HTML file.

    DATA is a CSV, TSV, NPY, NPZ or Parquet file, - for CSV from standard input, or
    the name of a bundled data set (see mixtura datasets). The file needs no network.
    Without --seed, one is drawn, and the report names it.
    """
    import matplotlib

    matplotlib.use("Agg")
    from mixtura.report.document import Report

    check_files(ctx)
    reading = {"columns": columns, "weight_column": weight_column, "header": header}
    names = structures(ctx, covariance_type)
    table = read(data, **reading)
    check_rows(data, table, min(settings["components"]))
    arguments = list(ctx.meta[ARGUMENTS])
    if seed is None:
        seed = secrets.randbelow(2**32)
        arguments += ["--seed", str(seed)]
    with warnings_shown() as messages, interrupts_noted() as interrupts:
        search = searched(table, names, seed=seed, **settings)
        with progress("writing the report"):
            report = Report.from_estimator(
                search,
                table.values,
                table.weights,
                title=title,
                source=_source(data, table, reading, arguments),
            )
    report.save(output)
    _say(output, search)
    finish(ctx, interrupts, messages, converged=search.best_estimator_.converged_)


def _source(
    data: str, table: "Table", reading: dict[str, Any], arguments: list[str]
) -> Any:
    from mixtura.report.source import Source

    given = {name: value for name, value in reading.items() if value is not None}
    inner = ", ".join(
        [repr(data), *(f"{key}={value!r}" for key, value in given.items())]
    )
    is_input = data == "-"
    return Source(
        name="standard input" if is_input else Path(data).name,
        origin=_origin(data),
        code=f"table = mixtura.read_table({inner})",
        rows="table.values",
        weights="table.weights",
        command=shlex.join(["mixtura", "report", *arguments]),
        skipped=table.skipped,
    )


def _origin(data: str) -> str:
    from mixtura.datasets import dataset_names, describe_dataset

    if data in dataset_names() and not Path(data).exists():
        return f"bundled; {describe_dataset(data).origin}"
    return ""


def _say(output: Path, search: Any) -> None:
    best = search.best_params_
    count = int(best["n_components"])
    click.echo(
        f"{output}: {best['covariance_type']}, {count} component{'s' * (count != 1)}, "
        f"{output.stat().st_size / 1000:.0f} kB"
    )
