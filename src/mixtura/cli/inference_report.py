"""Standard errors for people and as plain values."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from mixtura.cli.numbers import to_resolution
from mixtura.cli.printing import plain_table

if TYPE_CHECKING:
    from mixtura.inference.standard_errors import StandardErrors

LEVEL = 0.95
MISSING = "\N{EN DASH}"
_AROUND = 46
"""Signs and gaps of a line, and room for a name."""


def show_standard_errors(console: Console, errors: "StandardErrors") -> None:
    """Print estimate ± standard error, and interval, of each parameter.

    Parameters
    ----------
    console : rich.console.Console
        Where to print; where it is narrow, numbers stand below the names.
    errors : StandardErrors
    """
    rows = [_cells(row) for row in errors.table(LEVEL)]
    widths = [max(len(cells[i]) for _, *cells in rows) for i in range(4)]
    console.print(f"standard errors (SE), {errors.method}")
    console.print()
    if sum(widths) + _AROUND > console.width:
        for name, *numbers in rows:
            console.print(escape("\n  ".join([name, "   ".join(_texts(numbers))])))
        console.print()
        return
    table = plain_table()
    table.add_column("parameter", overflow="fold")
    table.add_column("estimate ± SE", no_wrap=True)
    table.add_column(f"{100 * LEVEL:g} % interval", no_wrap=True)
    for name, estimate, error, lower, upper in rows:
        aligned = estimate.rjust(widths[0]), error, lower.rjust(widths[2]), upper
        table.add_row(escape(name), *_texts(aligned))
    console.print(table)
    console.print()


def _texts(numbers: Sequence[str]) -> tuple[str, str]:
    """Join estimate and standard error, and the ends of the interval."""
    estimate, error, lower, upper = numbers
    middle = f"{estimate} ± {error}" if error else f"{estimate} fixed"
    return middle, f"{lower} to {upper}" if upper else lower


def standard_errors_summary(errors: "StandardErrors") -> dict[str, Any]:
    """Say the same as plain values.

    Parameters
    ----------
    errors : StandardErrors

    Returns
    -------
    dict
        Numbers that the data leave open are None.
    """
    return {
        "method": errors.method,
        "level": LEVEL,
        "parameters": [
            {name: _plain(value) for name, value in row.items()}
            for row in errors.table(LEVEL)
        ],
    }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cells(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Write a row with the decimals that its standard error warrants."""
    estimate, error = row["estimate"], row["standard_error"]
    name, ends = row["parameter"], (row["lower"], row["upper"])
    if not math.isfinite(error):
        return name, f"{estimate:.4g}", MISSING, MISSING, ""
    if error == 0:
        return name, f"{estimate:.4g}", "", "", ""
    place, lower, upper = to_resolution([estimate, *ends], error / 10)
    return name, place, to_resolution([error], error / 10)[0], lower, upper
