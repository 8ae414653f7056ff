"""The part of a report about the data: what came in, column by column."""

import numpy as np

from mixtura._types import Array
from mixtura.plot.quantities.summaries import Histogram, histogram
from mixtura.report.html import Content, Element, tag
from mixtura.report.layout import section, table
from mixtura.report.numbers import counted, listed, near
from mixtura.report.source import Source
from mixtura.report.subject import Subject

WIDTH, HEIGHT = 132, 30


def data_part(subject: Subject, source: Source) -> Element:
    """Return the section."""
    rows = [
        _column(subject.names[j], subject.values[:, j], subject.row_weights)
        for j in range(subject.n_columns)
    ]
    head = ["column", "least", "mean", "greatest", "SD", "missing", "distribution"]
    caption = "Columns, in the units of the data. SD is the standard deviation."
    return section("data", "Data", _sizes(subject, source), table(caption, head, rows))


def _sizes(subject: Subject, source: Source) -> Element:
    said = [
        f"{counted(subject.n_rows, 'row')} and {counted(subject.n_columns, 'column')}"
        " of numbers"
    ]
    if source.origin:
        said.append(f" ({source.origin})")
    said.append(".")
    if subject.weights is not None:
        said.append(
            f" Rows are weighted; together they count as "
            f"{counted(subject.weights.sum(), 'row')}. Means and standard deviations "
            "are weighted."
        )
    if source.skipped:
        said.append(
            f" Left out, because not all their values are numbers: "
            f"{listed(list(source.skipped), 12)}."
        )
    return tag("p", "".join(said))


def _column(name: str, values: Array, weights: Array) -> list[Content]:
    known = np.isfinite(values)
    present, shares = values[known], weights[known] / weights[known].sum()
    mean = float(shares @ present)
    spread = float(np.sqrt(shares @ (present - mean) ** 2))
    low, high = float(present.min()), float(present.max())
    numbers = [near(low, spread), near(mean, spread), near(high, spread)]
    missing = f"{int((~known).sum()):,}"
    picture = bars(histogram(values, weights), f"from {numbers[0]} to {numbers[2]}")
    return [name, *numbers, near(spread, spread), missing, picture]


def bars(found: Histogram | None, label: str) -> Element | None:
    """Draw a histogram as small as a word."""
    if found is None:
        return None
    left = found.edges - found.edges[0]
    x = (left / left[-1] * WIDTH).tolist()
    tops = (HEIGHT * (1 - found.heights / found.heights.max())).tolist()
    path = "".join(
        f"M{a:.1f} {HEIGHT}V{top:.1f}H{b:.1f}V{HEIGHT}z"
        for a, b, top in zip(x[:-1], x[1:], tops, strict=True)
    )
    return tag(
        "svg",
        tag("path", d=path),
        class_="bars",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"histogram {label}",
    )
