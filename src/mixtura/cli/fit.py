"""``mixtura fit``: from a table to a fitted mixture."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import options
from mixtura.cli.failures import finish, interrupts_noted, warnings_shown
from mixtura.cli.files import check_files
from mixtura.cli.presenting import (
    MODEL_KINDS,
    check_picture,
    check_rows,
    draw_mixture,
    progress,
    read,
    show_table,
    table_summary,
)

if TYPE_CHECKING:
    from mixtura.datasets.table import Table


KINDS = ("both", *MODEL_KINDS)


@click.command("fit", short_help="Fit a Gaussian mixture to a table.")
@click.argument("data")
@options.components
@options.covariance
@options.equal_weights
@options.robust
@options.reading
@options.weight_column
@options.seed
@options.n_init("Number of starts; the best is kept.")
@options.max_iter(1000, "Most iterations of one start.")
@click.option(
    "--tol",
    type=click.FloatRange(0, min_open=True),
    metavar="NATS",
    help="Stop when so many nats a row are left to be gained.  [default: auto]",
)
@options.start("--init", "auto")
@click.option(
    "--standard-errors",
    is_flag=True,
    help="Print each parameter with its standard error and 95 % interval.",
)
@options.writing("Write the model (JSON).")
@options.plot("Draw the mixture")
@options.plot_kind(KINDS)
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    data: str,
    weight_column: str | None,
    output: Path | None,
    plot: Path | None,
    plot_kind: str | None,
    standard_errors: bool,
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

    check_files(ctx)
    check_picture(ctx, plot, plot_kind)
    if standard_errors and any(settings[name] for name in ("noise", "trim", "prior")):
        raise click.UsageError(
            "--standard-errors are those of maximum likelihood; leave out --noise, "
            "--trim and --prior, or use bootstrap in Python.",
            ctx,
        )
    table = read(data, columns=columns, weight_column=weight_column, header=header)
    check_rows(data, table, settings["components"])
    with warnings_shown() as messages, interrupts_noted() as interrupts:
        model = _fitted(table, **settings)
        errors = _errors(model, table) if standard_errors else None
    if output is not None:
        save_model(model, output)
    if plot is not None:
        with warnings_shown():
            draw_mixture(model, table, plot_kind or KINDS[0], plot)
    if as_json:
        _print_json(data, table, model, errors, messages)
    else:
        _print_report(data, table, model, errors)
    finish(ctx, interrupts, messages, converged=model.converged_)


def _fitted(
    table: "Table",
    components: int,
    covariance: str,
    equal_weights: bool,
    noise: bool,
    trim: float,
    prior: bool,
    seed: int | None,
    n_init: int,
    max_iter: int,
    tol: float | None,
    init: str,
) -> Any:
    import numpy as np

    from mixtura.estimators.gaussian_mixture import GaussianMixture

    model = GaussianMixture(
        n_components=components,
        covariance_type=covariance,
        equal_weights=equal_weights,
        noise="hull" if noise else None,
        trim=trim,
        prior="default" if prior else None,
        tol="auto" if tol is None else tol,
        n_init=n_init,
        max_iter=max_iter,
        init_params=init,
        random_state=seed,
    )
    with progress(f"fitting {components} components to {table.n_rows} rows"):
        model.fit(table.values, sample_weight=table.weights)
    model.feature_names_in_ = np.asarray(table.names, dtype=object)
    return model


def _errors(model: Any, table: "Table") -> Any:
    from mixtura.estimators.judging.standard_errors import standard_errors

    return standard_errors(model, table.values, table.weights)


def _print_report(data: str, table: "Table", model: Any, errors: Any) -> None:
    from rich.console import Console

    from mixtura.cli.model_report import show_robust
    from mixtura.cli.printing import show_components, show_fit

    console = Console(highlight=False)
    show_table(console, data, table)
    show_components(console, model)
    show_robust(console, model)
    if errors is not None:
        from mixtura.cli.inference_report import show_standard_errors

        show_standard_errors(console, errors)
    show_fit(console, model)


def _print_json(
    data: str, table: "Table", model: Any, errors: Any, messages: list[str]
) -> None:
    from mixtura.cli.summary import fit_summary, model_summary

    document: dict[str, Any] = {
        "data": table_summary(data, table),
        "model": model_summary(model),
        "fit": fit_summary(model),
    }
    if errors is not None:
        from mixtura.cli.inference_report import standard_errors_summary

        document["standard_errors"] = standard_errors_summary(errors)
    document["warnings"] = messages
    click.echo(json.dumps(document, indent=2, allow_nan=False))
