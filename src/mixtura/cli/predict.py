"""``mixtura predict``: what a model says of each row."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import options
from mixtura.cli.failures import warnings_shown
from mixtura.cli.files import check_files, check_table

if TYPE_CHECKING:
    from mixtura.cli.output import Block
    from mixtura.datasets.table import Table

_ROWS_PER_BLOCK = 65_536


@click.command("predict", short_help="Assign rows to components or classes.")
@click.argument("model_file", metavar="MODEL")
@click.argument("data")
@options.reading
@click.option("--id-column", metavar="NAME", help="Column to copy to the output.")
@options.writing("Write to .csv, .npy or .parquet, not to standard output.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model_file: str,
    data: str,
    columns: list[str] | None,
    header: bool | None,
    id_column: str | None,
    output: Path | None,
) -> None:
    """Say of each row of DATA what MODEL says of it.

    Prints CSV, one line for each row in the order of DATA. Of a mixture: label (the
    most probable component, counted from 0; -1 for noise), probability_0,
    probability_1, ..., and log_density in nats. Of a classifier: class,
    probability_NAME for each class, log_density. Of a detector: label (-1 for
    anomalies, 1 for others), log_density, tail_probability. With --id-column, or
    when the first column of DATA has no name, that column comes first.
    """
    from mixtura.cli.model_rows import judged, read_rows
    from mixtura.cli.output import write_blocks
    from mixtura.io.model_file import load_model

    check_files(ctx)
    check_table(ctx, output)
    model = load_model(model_file)
    is_matrix = output is not None and output.suffix.lower() == ".npy"
    if is_matrix and hasattr(model, "classes_"):
        raise click.UsageError("--output: a NumPy array has no place for words.", ctx)
    table = read_rows(model, data, columns, id_column, header)
    with_ids = table.ids is not None and not is_matrix
    with warnings_shown():
        said = judged(model, table.values[:1])
        names = [*([id_column or "id"] if with_ids else []), *said]
        write_blocks(output, names, _blocks(model, table, with_ids), table.n_rows)


def _blocks(model: Any, table: "Table", with_ids: bool) -> "Iterator[Block]":
    from mixtura.cli.model_rows import judged

    for start in range(0, table.n_rows, _ROWS_PER_BLOCK):
        rows = slice(start, start + _ROWS_PER_BLOCK)
        ids = [table.ids[rows]] if with_ids and table.ids is not None else []
        yield [*ids, *judged(model, table.values[rows]).values()]
