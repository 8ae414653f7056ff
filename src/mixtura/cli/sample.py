"""``mixtura sample``: rows drawn from a model."""

from pathlib import Path

import click

from mixtura.cli import options
from mixtura.cli.files import check_files, check_table


@click.command("sample", short_help="Draw rows from a model.")
@click.argument("model_file", metavar="MODEL")
@click.option(
    "-n",
    "--rows",
    type=click.IntRange(1),
    required=True,
    metavar="N",
    help="Number of rows.",
)
@options.seed
@click.option("--labels", is_flag=True, help="Add the component of each row.")
@options.writing("Write to .csv, .npy or .parquet, not to standard output.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model_file: str,
    rows: int,
    seed: int | None,
    labels: bool,
    output: Path | None,
) -> None:
    """Draw rows from MODEL and print them as CSV.

    The columns have the names that the model was fitted to; --labels adds the
    column component, counted from 0 (-1: noise).
    """
    from mixtura.cli.model_rows import load_kind
    from mixtura.cli.output import write_blocks
    from mixtura.cli.summary import column_names

    check_files(ctx)
    check_table(ctx, output)
    kinds = ("GaussianMixture", "BayesianGaussianMixture")
    model = load_kind(model_file, kinds, "sample")
    X, component = model.sample(rows, random_state=seed)
    names = list(column_names(model))
    columns = list(X.T)
    if labels:
        names.append("component")
        columns.append(component)
    write_blocks(output, names, [columns], rows)
