"""What commands that read a table and draw a picture have in common."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli.failures import warnings_shown
from mixtura.cli.wording import know_columns

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

MODEL_KINDS = (
    "classification",
    "density",
    "uncertainty",
    "responsibilities",
    "projection",
)
"""What can be drawn of a fitted mixture; and "both", of the first two."""


def read(data: str, **options: Any) -> "Table":
    """Read a table, as ``read_table`` does; print at once what it warns of."""
    from mixtura.io.tables import read_table

    with warnings_shown():
        table = read_table(data, **options)
    know_columns(table.names)
    return table


@contextmanager
def progress(message: str) -> Iterator[None]:
    """Spin on standard error while a person looks at it."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(message):
        yield


@contextmanager
def counted(message: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show a bar on standard error while a person looks at it.

    Yields
    ------
    callable
        To be called with how many of the total are done.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(message, total=total)
        yield lambda done: bar.update(task, completed=done)


def show_table(console: Any, data: str, table: "Table") -> None:
    """Print what was read: its name, its size, and what was left out."""
    from rich.markup import escape

    console.print(f"[bold]{escape(named(data))}[/bold]: {_size(table)}")
    if table.skipped:
        console.print(escape(f"left out, not numbers: {', '.join(table.skipped)}"))
    console.print()


def table_summary(data: str, table: "Table") -> dict[str, Any]:
    """Say the same as plain values."""
    return {
        "source": data,
        "n_rows": table.n_rows,
        "columns": list(table.names),
        "skipped": list(table.skipped),
        "total_weight": None if table.weights is None else table.weights.sum(),
    }


def check_rows(data: str, table: "Table", n_components: int) -> None:
    """Require a row for each component.

    Raises
    ------
    TableError
        Naming the data and the option.
    """
    from mixtura.exceptions import TableError

    n_rows, of_weight = table.n_rows, ""
    if table.weights is not None:
        n_rows, of_weight = int((table.weights > 0).sum()), " of positive weight"
    if n_rows < n_components:
        raise TableError(
            f"{named(data)}: -k {n_components} needs at least {n_components} rows"
            f"{of_weight}; got {n_rows}. Fit fewer components, or give more rows."
        )


def check_picture(
    ctx: click.Context, path: Path | None, kind: str | None = None
) -> None:
    """Refuse a picture that cannot be written, before any work is done.

    Parameters
    ----------
    ctx : click.Context
    path : Path or None
        The option --plot.
    kind : str, optional
        The option --plot-kind.

    Raises
    ------
    click.UsageError
        If the file is of an unknown type, or there is a kind and no file.
    """
    if path is None:
        if kind is not None:
            raise click.UsageError("--plot-kind needs --plot.", ctx)
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    known = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix.lower().lstrip(".") not in known:
        raise click.UsageError(
            f"--plot: {path.name!r} must end in .png, .svg or .pdf.", ctx
        )


def draw_mixture(model: Any, table: "Table", kind: str, path: Path) -> None:
    """Write a picture of a mixture over the rows of a table.

    Parameters
    ----------
    model : GaussianMixture
        Fitted.
    table : Table
    kind : str
        One of `MODEL_KINDS`.
    path : Path
    """
    import matplotlib

    matplotlib.use("Agg")
    from mixtura import plot

    kept = slice(None) if table.weights is None else table.weights > 0
    weights = None if table.weights is None else table.weights[kept]
    options: dict[str, Any] = {"feature_names": list(table.names)}
    displays: dict[str, Any] = {
        "uncertainty": plot.UncertaintyDisplay,
        "responsibilities": plot.ResponsibilityDisplay,
        "projection": plot.ProjectionDisplay,
    }
    if kind not in displays:
        options["kind"] = kind
    if kind not in ("uncertainty", "responsibilities"):
        options["sample_weight"] = weights
    draw = displays.get(kind, plot.MixtureDisplay).from_estimator
    display = draw(model, table.values[kept], **options)
    save_picture(display, path)


def save_with_names(model: Any, names: Sequence[str], path: Path) -> None:
    """Write a model that was fitted to an array, with the names of its columns."""
    from copy import copy

    import numpy as np

    from mixtura.io.model_file import save_model

    named = copy(model)
    named.feature_names_in_ = np.asarray(names, dtype=object)
    save_model(named, path)


def save_picture(display: Any, path: Path) -> None:
    """Write the figure of a display under a temporary name, and rename it."""
    from mixtura.io.atomic import replacing

    with replacing(path) as temporary:
        display.figure_.savefig(temporary)


def named(data: str) -> str:
    """Name of the data in words."""
    return "standard input" if data == "-" else Path(data).name


def _size(table: "Table") -> str:
    rows = f"{table.n_rows} row{'s' * (table.n_rows != 1)}"
    columns = f"{table.n_columns} column{'s' * (table.n_columns != 1)}"
    if table.weights is None:
        return f"{rows}, {columns}"
    return f"{rows} of total weight {table.weights.sum():g}, {columns}"
