"""Tables of results, the bars they are held to, and the losses."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

MET, MISSED = "yes", "**no**"


@dataclass(frozen=True)
class Bar:
    """What a number has to reach.

    Parameters
    ----------
    value : float
    at_most : bool
        Whether smaller is better.
    """

    value: float
    at_most: bool = False

    def is_met(self, measured: float) -> bool:
        """Whether the number reaches the bar; one that is not a number does not."""
        if self.at_most:
            return measured <= self.value
        return measured >= self.value


NOT_SLOWER = Bar(1.0)


@dataclass(frozen=True)
class Row:
    """One measurement.

    Parameters
    ----------
    label : str
        What was measured.
    cells : sequence of str
        What stands in the columns of the table.
    measured : float, optional
        The number that the bar is about; by default how many times as fast.
    bar : Bar, optional
    unit : str
        Of `measured` and the bar.
    """

    label: str
    cells: Sequence[str]
    measured: float | None = None
    bar: Bar | None = None
    unit: str = "×"

    @property
    def is_loss(self) -> bool:
        """Whether there is a bar and the number does not reach it."""
        if self.bar is None or self.measured is None:
            return False
        return not self.bar.is_met(self.measured)

    @property
    def verdict(self) -> list[str]:
        """The number, its bar and whether it reaches it, as text."""
        measured = "" if self.measured is None else quantity(self.measured, self.unit)
        if self.bar is None:
            return [measured, "", ""]
        relation = "≤" if self.bar.at_most else "≥"
        bar = f"{relation} {quantity(self.bar.value, self.unit)}"
        return [measured, bar, MISSED if self.is_loss else MET]


@dataclass(frozen=True)
class Table:
    """One table of results.

    Parameters
    ----------
    title : str
    columns : sequence of str
        Heads of the label and of the cells.
    rows : sequence of Row
    about : str
        What was measured, and how.
    measure : str
        Head of the column of numbers that the bars are about.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    about: str = ""
    measure: str = "times as fast"

    @property
    def grid(self) -> list[list[str]]:
        """Heads, then the rows, as text."""
        heads = [*self.columns, self.measure, "bar", "met"]
        return [heads, *([row.label, *row.cells, *row.verdict] for row in self.rows)]

    def as_text(self) -> str:
        """Aligned columns for a terminal."""
        grid = [[cell.replace(MISSED, "NO") for cell in line] for line in self.grid]
        widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in grid
        ]
        about = fill(self.about, 88)
        return "\n".join([self.title, about, "", *lines])

    def as_markdown(self) -> str:
        """One section of a page."""
        heads, *lines = ["| " + " | ".join(line) + " |" for line in self.grid]
        rule = "|---|" + "---:|" * (len(self.grid[0]) - 1)
        about = [self.about, ""] if self.about else []
        return "\n".join([f"## {self.title}", "", *about, heads, rule, *lines])


def losses(tables: Sequence[Table]) -> list[str]:
    """One line for each row that misses its bar."""
    return [
        f"{table.title}, {row.label}: {row.verdict[0]} (bar: {row.verdict[1]})"
        for table in tables
        for row in table.rows
        if row.is_loss
    ]


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit."""
    return f"{number(value)}{unit}" if unit == "×" else f"{number(value)} {unit}"


def number(value: float) -> str:
    """Return three digits that count, without an exponent where it can be avoided."""
    if value != value:
        return "–"
    if value == float("inf"):
        return "∞"
    if abs(value) >= 1e6 or 0 < abs(value) < 1e-4:
        return f"{value:.2e}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def duration(value: float) -> str:
    """Return seconds in the unit that suits them."""
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if value < limit:
            return f"{number(value * factor)} {unit}"
    return f"{number(value)} s"
