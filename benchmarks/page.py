"""The page of results in the documentation."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.size import Size
from benchmarks.table import Table, losses

NAME = "docs/benchmarks.md"
PATH = Path(__file__).parents[1] / NAME

HEAD = """# Benchmarks

Written by `python -m benchmarks --{size} --write`; run it for the numbers of your
machine. Both sides of a ratio are measured in turn in one process, unless it says
otherwise; times are medians, and a ratio is the median of the rounds' ratios. Ratios
above 1 are in favour of mixtura. Every row that misses its bar is listed first.
"""


def write(facts: dict[str, str], size: Size, tables: Sequence[Table]) -> None:
    """Write the page."""
    PATH.write_text(text(facts, size, tables), encoding="utf-8")


def text(facts: dict[str, str], size: Size, tables: Sequence[Table]) -> str:
    """Return the page: head, machine, what misses its bar, the tables."""
    machine = ["| machine | |", "|---|---|"]
    machine += [f"| {name} | {value} |" for name, value in facts.items()]
    missed = losses(tables)
    n_bars = sum(row.bar is not None for table in tables for row in table.rows)
    below = [f"{len(missed)} of {n_bars} rows miss their bar.", ""]
    below += [f"* {line}" for line in missed]
    parts = [
        HEAD.format(size=size.name),
        "\n".join(machine),
        "",
        "## What misses its bar",
        "",
        "\n".join(below).rstrip(),
        "",
        *(f"{table.as_markdown()}\n" for table in tables),
    ]
    return "\n".join(parts)
