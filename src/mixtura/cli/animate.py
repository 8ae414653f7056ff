"""``mixtura animate``: watch a fit, half-step by half-step."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import options
from mixtura.cli.failures import finish, interrupts_noted, warnings_shown
from mixtura.cli.files import check_files
from mixtura.cli.presenting import (
    check_rows,
    counted,
    named,
    progress,
    read,
    show_table,
)
from mixtura.cli.wording import in_options

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

SUFFIXES = (".gif", ".html")


@click.command("animate", short_help="Watch a fit, half-step by half-step.")
@click.argument("data")
@options.components
@options.covariance
@options.reading
@options.weight_column
@options.seed
@options.start("--start", "random_from_data")
@click.option(
    "--algorithm",
    type=click.Choice(["em", "hard", "stochastic"]),
    default="em",
    show_default=True,
    help="Complete the data with the posterior, its mode, or a draw from it.",
)
@options.max_iter(500, "Most iterations.")
@options.writing(
    "Write a film (.gif) or a page to step through (.html).", required=True
)
@click.option(
    "--show",
    metavar="A,B",
    callback=options.columns,
    help="Columns to show, by name or position from 0: one or two in a film, any on "
    "a page.  [default: the first]",
)
@click.option(
    "--frames",
    type=click.IntRange(2),
    default=60,
    show_default=True,
    metavar="N",
    help="Most half-steps in a film.",
)
@click.option(
    "--fps",
    type=click.FloatRange(0, 50, min_open=True),
    default=4.0,
    show_default=True,
    metavar="N",
    help="Frames of the film in a second.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    data: str,
    weight_column: str | None,
    columns: list[str] | None,
    header: bool | None,
    output: Path,
    show: list[str] | None,
    frames: int,
    fps: float,
    **settings: Any,
) -> None:
    """Fit a Gaussian mixture to DATA by textbook EM, and show every half-step.

    DATA is a CSV, TSV, NPY, NPZ or Parquet file, - for CSV from standard input, or
    the name of a bundled data set (see mixtura datasets). The default start is poor
    on purpose, so that there is something to see; --seed chooses another.
    """
    check_files(ctx)
    _check_usage(ctx, output, show)
    table = read(data, columns=columns, weight_column=weight_column, header=header)
    check_rows(data, table, settings["components"])
    chosen = None if show is None else _shown(show, table)
    with warnings_shown() as messages, interrupts_noted() as interrupts:
        model = _fitted(table, **settings)
    if output.suffix.lower() == ".html":
        said = _write_page(model.trace_, data, table, output, chosen)
    else:
        said = _write_film(model.trace_, table, output, chosen, frames, fps)
    _report(data, table, model, output, said)
    converged = model.converged_ or settings["algorithm"] == "stochastic"
    finish(ctx, interrupts, messages, converged=converged)


def _check_usage(ctx: click.Context, output: Path, show: list[str] | None) -> None:
    """Refuse what cannot be written, before any work is done."""
    suffix = output.suffix.lower()
    if suffix not in SUFFIXES:
        raise click.UsageError(
            f"--output: {output.name!r} must end in .gif or .html.", ctx
        )
    if suffix == ".gif" and show is not None and len(show) > 2:
        raise click.UsageError(
            f"--show: a film shows one column or two; got {len(show)}. A page (.html) "
            "shows any number.",
            ctx,
        )


def _shown(names: list[str], table: "Table") -> list[int]:
    """Find columns that were read, by name or by position in the file.

    Raises
    ------
    TableError
        If one was not read, or is given twice.
    """
    from mixtura.exceptions import TableError

    known = {str(place): j for j, place in enumerate(table.positions)}
    known |= {name: j for j, name in enumerate(table.names)}
    unknown = [name for name in names if name not in known]
    if unknown:
        pairs = zip(table.names, table.positions, strict=True)
        fitted = ", ".join(f"{name} ({place})" for name, place in pairs)
        raise TableError(
            f"--show must name columns that are fitted, or their positions; got "
            f"{unknown[0]!r}. They are {fitted}."
        )
    found = [known[name] for name in names]
    if len(set(found)) < len(found):
        raise TableError(f"--show must name a column once; got {','.join(names)}.")
    return found


def _fitted(
    table: "Table",
    components: int,
    covariance: str,
    seed: int | None,
    start: str,
    algorithm: str,
    max_iter: int,
) -> Any:
    from mixtura.estimators.gaussian_mixture import GaussianMixture

    model = GaussianMixture(
        n_components=components,
        covariance_type=covariance,
        max_iter=max_iter,
        init_params=start,
        random_state=seed,
        algorithm=algorithm,
        acceleration=None,
        record=True,
    )
    with progress(f"fitting {components} components to {table.n_rows} rows"):
        model.fit(table.values, sample_weight=table.weights)
    about = replace(model.trace_.about, columns=table.names)
    model.trace_ = replace(model.trace_, about=about)
    return model


def _write_film(
    trace: Any,
    table: "Table",
    path: Path,
    columns: list[int] | None,
    frames: int,
    fps: float,
) -> str:
    """Write a GIF; say what it shows."""
    from mixtura.io.atomic import replacing
    from mixtura.plot.fits.animation import AnimationDisplay

    animation = AnimationDisplay.from_trace(
        trace,
        _rows(table),
        columns=columns,
        max_frames=frames,
    )
    count = len(animation.frames)
    with replacing(path) as temporary, counted("drawing", count) as advance:
        animation.save(temporary, fps=fps, progress=advance)
    return _summary(count, trace, animation.feature_names)


def _write_page(
    trace: Any,
    data: str,
    table: "Table",
    path: Path,
    columns: list[int] | None,
) -> str:
    """Write the EM player of the fit; say what it shows."""
    from mixtura.io.atomic import replacing
    from mixtura.report.player import player_page

    recording = trace.recording(_rows(table), title=named(data), columns=columns)
    with replacing(path) as temporary:
        temporary.write_text(player_page(recording), encoding="utf-8")
    return _summary(len(recording["steps"]), trace, recording["columns"])


def _summary(count: int, trace: Any, names: Sequence[str]) -> str:
    shown = f"{count} of {len(trace)}" if count < len(trace) else f"{count}"
    return f"{shown} half-steps, {', '.join(names)}"


def _rows(table: "Table") -> Any:
    """Return the rows that the fit saw."""
    return table.values if table.weights is None else table.values[table.weights > 0]


def _report(data: str, table: "Table", model: Any, path: Path, said: str) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    show_table(console, data, table)
    size = f"{path.stat().st_size / 1000:,.0f} kB"
    console.print(escape(f"{path}: {said}, {size}"))
    first, last = (model.trace_[end].log_likelihood for end in (0, -1))
    console.print(
        f"log-likelihood from {first:.3f} to {last:.3f} nats in {model.n_iter_} "
        f"iteration{'s' * (model.n_iter_ != 1)}"
    )
    console.print()
    console.print(escape(in_options(model.outcome_)))
