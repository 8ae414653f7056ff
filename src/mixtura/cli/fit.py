"""``mixtura fit``: from a table to a fitted mixture."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import options
from mixtura.cli.failures import (
    INTERRUPTED,
    NOT_CONVERGED,
    interrupts_noted,
    warnings_shown,
)

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

_COVARIANCES = ["full", "tied", "diag", "spherical"]


@click.command("fit", short_help="Fit a Gaussian mixture to a table.")
@click.argument("data")
@click.option(
    "-k",
    "--components",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    metavar="K",
    help="Number of components.",
)
@click.option(
    "--covariance",
    type=click.Choice(_COVARIANCES),
    default="full",
    show_default=True,
    help="Structure of the covariances.",
)
@options.reading
@click.option("--weight-column", metavar="NAME", help="Column of row weights.")
@options.seed
@click.option(
    "--n-init",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Number of starts; the best is kept.",
)
@click.option(
    "--max-iter",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Most iterations of one start.",
)
@click.option(
    "--init",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="How to start: init_params of GaussianMixture.",
)
@click.option(
    "-o",
    "--output",
    type=options.output_path(),
    callback=options.writable,
    metavar="FILE",
    help="Write the model (JSON).",
)
@click.option(
    "--plot",
    type=options.output_path(),
    callback=options.writable,
    metavar="FILE",
    help="Draw the mixture (.png, .svg, .pdf).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    data: str,
    weight_column: str | None,
    output: Path | None,
    plot: Path | None,
    as_json: bool,
    columns: list[str] | None,
    header: bool | None,
    **settings: Any,
) -> None:
    """Fit a Gaussian mixture to the rows of DATA.

    DATA is a CSV, TSV, NPY, NPZ or Parquet file, - for CSV from standard input, or
    the name of a bundled data set (see mixtura datasets).
    """
    from mixtura.io.model_file import save_model
    from mixtura.io.tables import read_table

    if plot is not None:
        _check_picture(ctx, plot)
    table = read_table(
        data, columns=columns, weight_column=weight_column, header=header
    )
    with warnings_shown() as messages, interrupts_noted() as interrupts:
        model = _fitted(table, **settings)
    if output is not None:
        save_model(model, output)
    if as_json:
        _print_json(data, table, model, messages)
    else:
        _print_report(data, table, model)
    if plot is not None:
        with warnings_shown():
            _draw(model, table, plot)
    if interrupts:
        ctx.exit(INTERRUPTED)
    if not model.converged_:
        if not messages:
            click.echo("warning: the fit did not converge.", err=True)
        ctx.exit(NOT_CONVERGED)


def _fitted(
    table: "Table",
    components: int,
    covariance: str,
    seed: int | None,
    n_init: int,
    max_iter: int,
    init: str,
) -> Any:
    import numpy as np

    from mixtura.estimators.gaussian_mixture import GaussianMixture

    model = GaussianMixture(
        n_components=components,
        covariance_type=covariance,
        n_init=n_init,
        max_iter=max_iter,
        init_params=init,
        random_state=seed,
    )
    with _progress(f"fitting {components} components to {table.n_rows} rows"):
        model.fit(table.values, sample_weight=table.weights)
    model.feature_names_in_ = np.asarray(table.names, dtype=object)
    return model


@contextmanager
def _progress(message: str) -> Iterator[None]:
    """Spin on standard error while a person looks at it."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(message):
        yield


def _print_report(data: str, table: "Table", model: Any) -> None:
    from rich.console import Console
    from rich.markup import escape

    from mixtura.cli.report import show_components, show_fit

    console = Console(highlight=False)
    console.print(f"[bold]{escape(_title(data))}[/bold]: {_size(table)}")
    if table.skipped:
        console.print(escape(f"left out, not numbers: {', '.join(table.skipped)}"))
    console.print()
    show_components(console, model)
    show_fit(console, model)


def _title(data: str) -> str:
    return "standard input" if data == "-" else Path(data).name


def _size(table: "Table") -> str:
    rows = f"{table.n_rows} row{'s' * (table.n_rows != 1)}"
    columns = f"{table.n_columns} column{'s' * (table.n_columns != 1)}"
    if table.weights is None:
        return f"{rows}, {columns}"
    return f"{rows} of total weight {table.weights.sum():g}, {columns}"


def _print_json(data: str, table: "Table", model: Any, messages: list[str]) -> None:
    from mixtura.cli.summary import fit_summary, model_summary

    document = {
        "data": {
            "source": data,
            "n_rows": table.n_rows,
            "columns": list(table.names),
            "skipped": list(table.skipped),
            "total_weight": None if table.weights is None else table.weights.sum(),
        },
        "model": model_summary(model),
        "fit": fit_summary(model),
        "warnings": messages,
    }
    click.echo(json.dumps(document, indent=2, allow_nan=False))


def _check_picture(ctx: click.Context, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    known = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix.lower().lstrip(".") not in known:
        raise click.UsageError(
            f"--plot: {path.name!r} must end in .png, .svg or .pdf.", ctx
        )


def _draw(model: Any, table: "Table", path: Path) -> None:
    import matplotlib

    from mixtura.io.atomic import replacing

    matplotlib.use("Agg")
    from mixtura.plot.mixture import MixtureDisplay

    display = MixtureDisplay.from_estimator(
        model,
        table.values,
        sample_weight=table.weights,
        feature_names=list(table.names),
    )
    figure: Any = display.figure_
    with replacing(path) as temporary:
        figure.savefig(temporary)
