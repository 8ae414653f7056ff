"""The tables that a person reads."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from mixtura.cli.numbers import to_resolution
from mixtura.cli.summary import column_names, fit_summary, standard_deviations
from mixtura.short_names import short_names

_LONGEST_NAME = 20
_GAP = 3
_NARROW = 50
_NARROWER = 100
"""How many times narrower than usual a component may be to decide on the digits."""


def plain_table() -> Table:
    """Make an empty table with a rule under its head and nothing else."""
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))


def show_components(console: Console, model: Any) -> None:
    """Print weight, and mean ± standard deviation per column, of each component.

    Columns that do not fit side by side follow in further blocks.

    Parameters
    ----------
    console : rich.console.Console
        Where to print; its width decides the blocks.
    model : GaussianMixture
        A fitted model.
    """
    deviations = standard_deviations(model)
    columns = [
        (name, _mean_and_deviation(model.means_[:, j], deviations[:, j]))
        for j, name in enumerate(short_names(column_names(model), _LONGEST_NAME))
    ]
    weights = [f"{weight:.4f}" for weight in model.weights_]
    head = "component" if console.width >= _NARROW else "k"
    fixed = len(head) + len("weight") + 2 * _GAP
    for block in _blocks(columns, console.width - fixed):
        table = plain_table()
        table.add_column(head, justify="right", no_wrap=True)
        table.add_column("weight", justify="right", no_wrap=True)
        for name, _ in block:
            table.add_column(escape(name), justify="right", no_wrap=True)
        for k, weight in enumerate(weights):
            table.add_row(str(k), weight, *(cells[k] for _, cells in block))
        console.print(table)
        console.print()


def show_fit(console: Console, model: Any) -> None:
    """Print likelihood, criteria, iterations and why the fit stopped.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    model : GaussianMixture
        A fitted model; nothing is printed for one built from parameters.
    """
    fit = fit_summary(model)
    if fit is None:
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    mean = _fixed(fit["mean_log_likelihood"], 4)
    table.add_row("log-likelihood", _fixed(fit["log_likelihood"]), f"nats; mean {mean}")
    if not hasattr(model, "trim_threshold_"):
        table.add_row("BIC", _fixed(fit["bic"]), "lower is better")
        table.add_row("AIC", _fixed(fit["aic"]), "lower is better")
    table.add_row("free parameters", str(fit["n_free_parameters"]), "")
    table.add_row("iterations", str(fit["n_iter"]), "")
    console.print(table)
    console.print()
    style = None if fit["converged"] else "yellow"
    console.print(Padding(escape(fit["outcome"]), 0), style=style, highlight=False)


def _blocks(
    columns: Sequence[tuple[str, list[str]]], width: int
) -> Iterator[list[tuple[str, list[str]]]]:
    """Pack columns into blocks of at most ``width``, one at least in each."""
    block: list[tuple[str, list[str]]] = []
    used = 0
    for name, cells in columns:
        needed = max(len(name), *map(len, cells)) + _GAP
        if block and used + needed > width:
            yield block
            block, used = [], 0
        block.append((name, cells))
        used += needed
    yield block


def _mean_and_deviation(
    means: NDArray[np.float64], deviations: NDArray[np.float64]
) -> list[str]:
    """Format one column so that all components show the same decimals.

    Those that the usual deviation warrants; where one is far smaller, its own digits.
    """
    usual = max(float(deviations.min()), float(np.median(deviations)) / _NARROWER)
    texts = to_resolution(means.tolist(), usual / 10)
    widths = to_resolution(deviations.tolist(), usual / 10)
    widths = [
        text if deviation >= usual else f"{deviation:.0e}"
        for text, deviation in zip(widths, deviations, strict=True)
    ]
    widest = max(map(len, widths))
    pairs = zip(texts, widths, strict=True)
    return [f"{mean} ± {deviation:>{widest}}" for mean, deviation in pairs]


def _fixed(value: float | None, decimals: int = 3) -> str:
    return "not finite" if value is None else f"{value:.{decimals}f}"
