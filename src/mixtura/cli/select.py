"""``mixtura select``: which number of components, and which structure."""

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
    read,
    save_picture,
    show_table,
    table_summary,
)
from mixtura.cli.searching import search_options, searched, structures

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

KINDS = ("criterion", *MODEL_KINDS)


@click.command("select", short_help="Choose the number of components.")
@click.argument("data")
@search_options
@options.writing("Write the best model (JSON).")
@options.plot("Draw the criterion, or the best model")
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
    as_json: bool,
    columns: list[str] | None,
    header: bool | None,
    covariance_type: list[str],
    **settings: Any,
) -> None:
    """Fit Gaussian mixtures of several sizes and structures to DATA; keep the best.

    DATA is a CSV, TSV, NPY, NPZ or Parquet file, - for CSV from standard input, or
    the name of a bundled data set (see mixtura datasets). Of every criterion, lower
    is better.
    """
    from mixtura.io.model_file import save_model

    check_files(ctx)
    check_picture(ctx, plot, plot_kind)
    names = structures(ctx, covariance_type)
    table = read(data, columns=columns, weight_column=weight_column, header=header)
    check_rows(data, table, min(settings["components"]))
    with warnings_shown() as messages, interrupts_noted() as interrupts:
        search = searched(table, names, **settings)
    model = search.best_estimator_
    if output is not None:
        save_model(model, output)
    if plot is not None:
        with warnings_shown():
            _draw(search, table, plot_kind or KINDS[0], plot)
    if as_json:
        _print_json(data, table, search, messages)
    else:
        _print_report(data, table, search)
    finish(ctx, interrupts, messages, converged=model.converged_)


def _print_report(data: str, table: "Table", search: Any) -> None:
    from rich.console import Console

    from mixtura.cli.printing import show_components, show_fit
    from mixtura.cli.selection_report import show_candidates, show_choice

    console = Console(highlight=False)
    show_table(console, data, table)
    show_candidates(console, search)
    show_choice(console, search)
    show_components(console, search.best_estimator_)
    show_fit(console, search.best_estimator_)


def _print_json(data: str, table: "Table", search: Any, messages: list[str]) -> None:
    from mixtura.cli.selection_report import search_summary
    from mixtura.cli.summary import fit_summary, model_summary

    document = {
        "data": table_summary(data, table),
        "selection": search_summary(search),
        "model": model_summary(search.best_estimator_),
        "fit": fit_summary(search.best_estimator_),
        "warnings": messages,
    }
    click.echo(json.dumps(document, indent=2, allow_nan=False))


def _draw(search: Any, table: "Table", kind: str, path: Path) -> None:
    if kind != KINDS[0]:
        draw_mixture(search.best_estimator_, table, kind, path)
        return
    import matplotlib

    matplotlib.use("Agg")
    from mixtura.plot.models.selection import SelectionDisplay

    save_picture(SelectionDisplay.from_estimator(search), path)
