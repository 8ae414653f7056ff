"""``mixtura score``: which rows of a table are anomalies, and why."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import options
from mixtura.cli.failures import finish, interrupts_noted, warnings_shown
from mixtura.cli.files import check_files, check_table
from mixtura.cli.numbers import to_resolution
from mixtura.cli.presenting import (
    check_picture,
    check_rows,
    progress,
    read,
    save_picture,
    save_with_names,
    table_summary,
)

if TYPE_CHECKING:
    from mixtura.datasets.table import Table


@click.command("score", short_help="Find the anomalies of a table.")
@click.argument("data")
@click.option(
    "-m",
    "--model",
    "model_file",
    metavar="MODEL",
    help="Mixture or detector to score by.  [default: fit DATA]",
)
@click.option(
    "-k",
    "--components",
    type=click.IntRange(1),
    metavar="K",
    help="Without --model: number of components, 1 if not given.",
)
@click.option(
    "--contamination",
    type=click.FloatRange(0, 0.5, min_open=True),
    metavar="SHARE",
    help="Flag this share of the rows.  [default: 0.1]",
)
@click.option(
    "--threshold",
    type=float,
    metavar="NATS",
    help="Flag rows with a log density below this.",
)
@click.option(
    "--density-threshold",
    type=click.FloatRange(0, min_open=True),
    metavar="TAU",
    help="Flag rows with a density below this, in the units of the columns.",
)
@click.option(
    "--false-alarm-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATE",
    help="Flag rows with a tail probability up to this.",
)
@options.reading
@click.option("--id-column", metavar="NAME", help="Column that names the rows.")
@click.option(
    "--calibrate",
    "held_out",
    metavar="FILE",
    help="Ordinary rows, not fitted, for the tail probabilities.",
)
@click.option(
    "--top",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    metavar="N",
    help="Number of rows to show.",
)
@options.seed
@options.writing("Write all rows to .csv, .npy or .parquet.")
@options.plot("Draw the scores")
@options.saving("detector", "score --model or predict")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    data: str,
    model_file: str | None,
    components: int | None,
    held_out: str | None,
    top: int,
    seed: int | None,
    output: Path | None,
    save: Path | None,
    plot: Path | None,
    as_json: bool,
    columns: list[str] | None,
    header: bool | None,
    id_column: str | None,
    **rule: float | None,
) -> None:
    """Score the rows of DATA by a Gaussian mixture and flag the least likely.

    Shows the most anomalous rows, counted from 0: log density in nats, tail
    probability (how often the model scores as low), and the columns that add most
    to the surprise, in nats above what is usual. --output writes this for all rows,
    with label -1 for anomalies and 1 for the others. A detector that --save wrote
    flags by the rule it was saved with, unless another is given.
    """
    check_files(ctx)
    check_table(ctx, output)
    check_picture(ctx, plot)
    _check_usage(ctx, model_file, components, rule)
    density = rule.pop("density_threshold")
    if density is not None:
        rule["threshold"] = math.log(density)
    reading = (columns, id_column, header)
    with warnings_shown() as messages, interrupts_noted() as interrupts:
        table, detector = _detector(data, model_file, components, seed, rule, reading)
        if held_out is not None:
            detector.calibrate(_ordinary(detector, held_out, table, header))
        scored = _scored(detector, table)
    if output is not None:
        _write(output, id_column, table, scored)
    if save is not None:
        save_with_names(detector, table.names, save)
    if plot is not None:
        with warnings_shown():
            _draw(detector, table, plot)
    if as_json:
        document = _document(data, table, detector, scored)
        document["warnings"] = messages
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        _print_report(data, table, detector, scored, top)
    converged = model_file is not None or detector.mixture_.converged_
    finish(ctx, interrupts, messages, converged=converged)


def _check_usage(
    ctx: click.Context,
    model_file: str | None,
    components: int | None,
    rule: dict[str, float | None],
) -> None:
    """Refuse options that do not go together, before any work is done."""
    if sum(value is not None for value in rule.values()) > 1:
        raise click.UsageError(
            "give one of --contamination, --threshold, --density-threshold and "
            "--false-alarm-rate.",
            ctx,
        )
    if model_file is not None and components is not None:
        raise click.UsageError("--components is for a fit; leave out --model.", ctx)


def _detector(
    data: str,
    model_file: str | None,
    components: int | None,
    seed: int | None,
    rule: dict[str, float | None],
    reading: tuple[list[str] | None, str | None, bool | None],
) -> tuple["Table", Any]:
    """Read the rows, and fit the detector or build it from the model."""
    from sklearn.frozen import FrozenEstimator

    from mixtura.cli.model_rows import load_kind, read_rows
    from mixtura.estimators.gaussian_mixture_detector import GaussianMixtureDetector

    columns, id_column, header = reading
    settings: dict[str, Any] = {
        name: value for name, value in rule.items() if value is not None
    }
    if model_file is not None:
        kinds = ("GaussianMixture", "GaussianMixtureDetector")
        model = load_kind(model_file, kinds, "score")
        table = read_rows(model, data, columns, id_column, header)
        if isinstance(model, GaussianMixtureDetector):
            if not settings:
                return table, model
            model = model.mixture_
        detector = GaussianMixtureDetector(mixture=FrozenEstimator(model), **settings)
        return table, detector.fit(table.values)
    table = read(data, columns=columns, id_column=id_column, header=header)
    check_rows(data, table, components or 1)
    detector = GaussianMixtureDetector(components or 1, random_state=seed, **settings)
    with progress(f"fitting {table.n_rows} rows"):
        return table, detector.fit(table.values)


def _ordinary(detector: Any, held_out: str, table: "Table", header: bool | None) -> Any:
    """Read the rows to calibrate on, with the columns that are scored."""
    return read(held_out, columns=table.names, header=header).values


def _scored(detector: Any, table: "Table") -> dict[str, Any]:
    """Return what is said of each row, as columns."""
    X = table.values
    return {
        "label": detector.predict(X),
        "log_density": detector.score_samples(X),
        "tail_probability": detector.tail_probability(X),
        "contributions": detector.contributions(X),
    }


def _write(
    path: Path, id_column: str | None, table: "Table", scored: dict[str, Any]
) -> None:
    from mixtura.cli.output import write_blocks

    names = [*list(scored)[:3], *(f"contribution_{name}" for name in table.names)]
    columns = [*list(scored.values())[:3], *scored["contributions"].T]
    if table.ids is not None and path.suffix.lower() != ".npy":
        names, columns = [id_column or "id", *names], [table.ids, *columns]
    write_blocks(path, names, [columns], table.n_rows)


def _name_of(table: "Table", row: int) -> str:
    return str(row) if table.ids is None else table.ids[row]


def _document(
    data: str, table: "Table", detector: Any, scored: dict[str, Any]
) -> dict[str, Any]:
    """Return the summary, and the flagged rows, the least likely first."""
    import numpy as np

    order = np.argsort(scored["log_density"], kind="stable")
    flagged = [int(row) for row in order if scored["label"][row] == -1]
    return {
        "data": table_summary(data, table),
        "offset": float(detector.offset_),
        "expected_log_density": detector.expected_log_density_,
        "n_flagged": len(flagged),
        "flagged": [
            {
                "row": row,
                **({} if table.ids is None else {"id": table.ids[row]}),
                "log_density": float(scored["log_density"][row]),
                "tail_probability": float(scored["tail_probability"][row]),
                "contributions": dict(
                    zip(table.names, scored["contributions"][row].tolist(), strict=True)
                ),
            }
            for row in flagged
        ],
    }


def _print_report(
    data: str,
    table: "Table",
    detector: Any,
    scored: dict[str, Any],
    top: int,
) -> None:
    import numpy as np
    from rich.console import Console
    from rich.markup import escape

    from mixtura.cli.presenting import show_table
    from mixtura.cli.printing import plain_table

    console = Console(highlight=False)
    show_table(console, data, table)
    n_flagged = int((scored["label"] == -1).sum())
    console.print(
        f"[bold]{n_flagged}[/bold] row{'s' * (n_flagged != 1)} flagged: log density "
        f"below {detector.offset_:.3f} nats {_reason(detector)}"
    )
    order = np.argsort(scored["log_density"], kind="stable")[:top]
    if not len(order):
        return
    grid = plain_table()
    grid.add_column("row" if table.ids is None else "id", justify="right")
    grid.add_column("log density", justify="right", no_wrap=True)
    grid.add_column("tail prob.", justify="right", no_wrap=True)
    grid.add_column("flag", justify="center", no_wrap=True)
    grid.add_column("why (nats)")
    for row in order:
        grid.add_row(
            escape(_name_of(table, row)),
            f"{scored['log_density'][row]:.2f}",
            f"{scored['tail_probability'][row]:.2g}",
            "●" if scored["label"][row] == -1 else "",
            escape(_why(table, row, scored["contributions"][row])),
        )
    console.print()
    console.print(grid)


def _reason(detector: Any) -> str:
    """Say by which rule rows are flagged."""
    if detector.threshold is not None:
        return "(the threshold)"
    if detector.false_alarm_rate is not None:
        return f"(false alarm rate {detector.false_alarm_rate:g})"
    return f"(contamination {detector.contamination:g})"


def _why(table: "Table", row: int, contributions: Any) -> str:
    """Name the two columns that add most, with their values."""
    largest = [int(j) for j in (-contributions).argsort()[:2] if contributions[j] > 0]
    parts = []
    for j in largest:
        value = _value(table.values[:, j], row)
        parts.append(f"{table.names[j]} = {value} ({contributions[j]:+.1f})")
    return ", ".join(parts)


def _value(column: Any, row: int) -> str:
    """Write a value in six digits, or if it has more as its column varies."""
    value, deviation = float(column[row]), float(column.std())
    text = f"{value:g}"
    if deviation == 0 or float(text) == value:
        return text
    return min(f"{value:.10g}", *to_resolution([value], deviation / 100), key=len)


def _draw(detector: Any, table: "Table", path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from mixtura.plot.models.anomaly import AnomalyDisplay

    display = AnomalyDisplay.from_estimator(
        detector, table.values, feature_names=list(table.names)
    )
    save_picture(display, path)
