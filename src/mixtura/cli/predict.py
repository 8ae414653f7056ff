"""``mixtura predict``: component, probabilities and log density of each row."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import options
from mixtura.cli.failures import warnings_shown

if TYPE_CHECKING:
    from mixtura.cli.output import Block
    from mixtura.datasets.table import Table

_ROWS_PER_BLOCK = 65_536


@click.command("predict", short_help="Assign rows to the components of a model.")
@click.argument("model_file", metavar="MODEL")
@click.argument("data")
@options.reading
@click.option("--id-column", metavar="NAME", help="Column to copy to the output.")
@options.writing("Write to .csv, .npy or .parquet instead.")
def command(
    model_file: str,
    data: str,
    columns: list[str] | None,
    header: bool | None,
    id_column: str | None,
    output: Path | None,
) -> None:
    """Assign each row of DATA to a component of MODEL.

    Prints CSV, one line for each row in the order of DATA: label (the most probable
    component, counted from 0), probability_0, probability_1, ..., and log_density
    in nats. With --id-column, or when the first column of DATA has no name, that
    column comes first.
    """
    from mixtura.cli.model_rows import read_rows
    from mixtura.cli.output import write_blocks
    from mixtura.io.model_file import load_model

    model = load_model(model_file)
    table = read_rows(model, data, columns, id_column, header)
    # a NumPy array has no place for words
    with_ids = table.ids is not None and (output is None or output.suffix != ".npy")
    names = [
        *([id_column or "id"] if with_ids else []),
        "label",
        *(f"probability_{k}" for k in range(len(model.weights_))),
        "log_density",
    ]
    with warnings_shown():
        write_blocks(output, names, _blocks(model, table, with_ids), table.n_rows)


def _blocks(model: Any, table: "Table", with_ids: bool) -> "Iterator[Block]":
    for start in range(0, table.n_rows, _ROWS_PER_BLOCK):
        rows = slice(start, start + _ROWS_PER_BLOCK)
        X = table.values[rows]
        ids = [table.ids[rows]] if with_ids and table.ids is not None else []
        yield [
            *ids,
            model.predict(X),
            *model.predict_proba(X).T,
            model.score_samples(X),
        ]
