"""``mixtura select``: which number of components, and which structure."""

import json
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
from mixtura.cli.presenting import (
    check_picture,
    draw_mixture,
    progress,
    save_picture,
    show_table,
    table_summary,
)

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

KINDS = ("criterion", "classification", "density", "uncertainty")
CRITERIA = ("bic", "aic", "aicc", "icl", "nec", "cv")


def sizes(ctx: click.Context, parameter: click.Parameter, value: str) -> list[int]:
    """Read ``1..9``, ``2,3,5`` or ``4``."""
    try:
        found = [size for part in value.split(",") for size in _range(part)]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise click.BadParameter(
            f"{value!r} is neither a range such as 1..9 nor a list such as 2,3,5",
            ctx,
            parameter,
        )
    return list(dict.fromkeys(found))


def _range(part: str) -> range:
    first, _, last = part.partition("..")
    return range(int(first), int(last or first) + 1)


@click.command("select", short_help="Choose the number of components.")
@click.argument("data")
@click.option(
    "-k",
    "--components",
    default="1..9",
    show_default=True,
    metavar="RANGE",
    callback=sizes,
    help="Numbers of components: 1..9 or 2,3,5.",
)
@click.option(
    "--covariance-type",
    default="full,tied,diag,spherical",
    show_default=True,
    metavar="NAMES",
    callback=options.columns,
    help="Structures of the covariances, or all.",
)
@click.option(
    "--criterion",
    type=click.Choice(CRITERIA),
    default="bic",
    show_default=True,
    help="What to minimise.",
)
@click.option(
    "--folds",
    type=click.IntRange(2),
    metavar="N",
    help="Cross-validate with so many folds.  [default: 5 for cv]",
)
@options.equal_weights
@options.reading
@options.weight_column
@options.seed
@options.n_init("Number of starts of each candidate.")
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
    from mixtura.io.tables import read_table

    check_picture(ctx, plot, plot_kind)
    structures = _structures(ctx, covariance_type)
    table = read_table(
        data, columns=columns, weight_column=weight_column, header=header
    )
    with warnings_shown() as messages, interrupts_noted() as interrupts:
        search = _searched(table, structures, **settings)
    model = search.best_estimator_
    if output is not None:
        save_model(model, output)
    if as_json:
        _print_json(data, table, search, messages)
    else:
        _print_report(data, table, search)
    if plot is not None:
        with warnings_shown():
            _draw(search, table, plot_kind or KINDS[0], plot)
    if interrupts:
        ctx.exit(INTERRUPTED)
    if not model.converged_:
        ctx.exit(NOT_CONVERGED)


def _structures(ctx: click.Context, names: list[str]) -> str | list[str]:
    from mixtura.estimators.structures import STRUCTURES

    if names == ["all"]:
        return "all"
    for name in names:
        if name not in STRUCTURES:
            known = ", ".join([*STRUCTURES, "all"])
            raise click.UsageError(
                f"--covariance-type: {name!r} is not one of {known}.", ctx
            )
    return names


def _searched(
    table: "Table",
    structures: str | list[str],
    components: list[int],
    criterion: str,
    folds: int | None,
    equal_weights: bool,
    seed: int | None,
    n_init: int,
) -> Any:
    import numpy as np

    from mixtura.estimators.gaussian_mixture import GaussianMixture
    from mixtura.estimators.gaussian_mixture_search import GaussianMixtureSearch

    search = GaussianMixtureSearch(
        components,
        covariance_type=structures,
        criterion=criterion,
        cv=folds,
        estimator=GaussianMixture(n_init=n_init, equal_weights=equal_weights),
        random_state=seed,
    )
    with progress(f"comparing mixtures of {table.n_rows} rows"):
        search.fit(table.values, sample_weight=table.weights)
    names = np.asarray(table.names, dtype=object)
    search.best_estimator_.feature_names_in_ = names
    return search


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
    from mixtura.plot.selection import SelectionDisplay

    save_picture(SelectionDisplay.from_estimator(search), path)
