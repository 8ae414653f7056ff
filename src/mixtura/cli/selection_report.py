"""The outcome of a search for people and as plain values."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape

BEST, RUNNER_UP = "*", "+"
MISSING = "\N{EN DASH}"
_GAP = 1
_REASONS = 3
_DECIMALS = 5


def show_candidates(console: Console, search: Any) -> None:
    """Print the criterion of all candidates, sizes against structures.

    Structures are the columns where they fit side by side, else sizes are, in as many
    blocks as it takes.

    Parameters
    ----------
    console : rich.console.Console
        Where to print; its width decides the form.
    search : GaussianMixtureSearch
        Fitted.
    """
    results = search.results_
    structures = list(dict.fromkeys(results["covariance_type"].tolist()))
    sizes = list(dict.fromkeys(results["n_components"].tolist()))
    written = _cells(search)
    grid = np.array(written, dtype=object).reshape(len(structures), len(sizes))
    wide = max(map(len, [*structures, *written]))
    head = f"{search.criterion_.label}, lower is better"
    console.print(escape(f"{head}; {len(written)} candidates"))
    console.print()
    if len("K") + len(structures) * (wide + _GAP) <= console.width:
        blocks = [_lines("K", list(map(str, sizes)), structures, grid.T)]
    else:
        names = [str(size) for size in sizes]
        room = console.width - max(map(len, structures))
        blocks = list(_blocks("K", structures, names, grid, room))
    for block in blocks:
        for line in block:
            console.print(line, style="bold" if BEST in line else None, markup=False)
        console.print()


def show_choice(console: Console, search: Any) -> None:
    """Print which candidate is best, what comes next, and what went wrong.

    Parameters
    ----------
    console : rich.console.Console
    search : GaussianMixtureSearch
        Fitted.
    """
    status = search.results_["status"]
    key = [f"{BEST} best"]
    if search.runner_up_ is not None:
        key.append(f"{RUNNER_UP} runner-up")
    if (status == "collapsed").any():
        key.append("(...) a component collapsed")
    if np.isin(status, ("failed", "not run")).any():
        key.append(f"{MISSING} no fit")
    console.print(", ".join(key), style="dim", markup=False)
    console.print()
    best = _named(search.best_params_)
    value = f"{search.criterion_.name.upper()} {_rounded(search, search.best_score_)}"
    console.print(f"best: [bold]{escape(best)}[/bold], {escape(value)}")
    if search.runner_up_ is not None:
        console.print(escape(f"runner-up: {_runner_up(search)}"))
    tried = search.results_["n_components"]
    largest = search.best_params_["n_components"] == tried.max()
    if largest and len(set(tried.tolist())) > 1:
        console.print(
            "The best has the most components that were tried; try more.",
            style="yellow",
        )
    for line in _failures(search):
        console.print(escape(line), style="yellow")
    console.print()


def search_summary(search: Any) -> dict[str, Any]:
    """Criterion, best candidate, runner-up and all candidates, for JSON.

    Parameters
    ----------
    search : GaussianMixtureSearch
        Fitted.

    Returns
    -------
    dict
        Numbers that are not finite are None.
    """
    columns = {name: values.tolist() for name, values in search.results_.items()}
    rows = [
        {name: _plain(value) for name, value in zip(columns, row, strict=True)}
        for row in zip(*columns.values(), strict=True)
    ]
    return {
        "criterion": search.criterion_.name,
        "best": dict(search.best_params_),
        "best_score": _plain(search.best_score_),
        "runner_up": search.runner_up_,
        "margin": _plain(search.margin_),
        "margin_standard_error": _plain(search.margin_standard_error_),
        "verdict": search.criterion_.verdict(search.margin_),
        "candidates": rows,
    }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _values(search: Any) -> Any:
    results, name = search.results_, search.criterion_.name
    return -results["cv_log_likelihood"] if name == "cv" else results[name]


def _rounded(search: Any, value: float) -> str:
    """Show a decimal, and enough of them to tell the runner-up from the best."""
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else "inf"
    margin = search.margin_
    decimals = 1
    if math.isfinite(margin) and margin > 0:
        decimals = max(-math.floor(math.log10(margin)), 1)
    if decimals > _DECIMALS:
        return f"{value:.3g}"
    return f"{value:.{decimals}f}"


def _cells(search: Any) -> list[str]:
    """Each candidate's criterion, and a sign or a blank after it."""
    cells = []
    rows = zip(_values(search), search.results_["status"], strict=True)
    for index, (value, status) in enumerate(rows):
        text = _rounded(search, float(value))
        if status == "collapsed":
            text = f"({text})"
        sign = {search.best_index_: BEST, search.runner_up_index_: RUNNER_UP}
        cells.append(text + sign.get(index, "" if text.endswith(")") else " "))
    return cells


def _lines(
    corner: str, rows: Sequence[str], columns: Sequence[str], cells: Any
) -> list[str]:
    """Write a grid; names stand over the last digit of their numbers."""
    first = max(map(len, [corner, *rows]))
    widths = [
        max(len(name) + 1, *map(len, cells[:, j])) for j, name in enumerate(columns)
    ]
    gap = " " * _GAP

    def line(name: str, texts: Sequence[str]) -> str:
        padded = (text.rjust(w) for text, w in zip(texts, widths, strict=True))
        return (name.rjust(first) + gap + gap.join(padded)).rstrip()

    head = line(corner, [f"{name} " for name in columns])
    rule = "─" * len(head)
    body = [line(name, cells[i]) for i, name in enumerate(rows)]
    return [head, rule, *body]


def _blocks(
    corner: str, rows: Sequence[str], columns: Sequence[str], cells: Any, room: int
) -> Iterator[list[str]]:
    """Cut a grid into blocks of columns that fit."""
    start = 0
    while start < len(columns):
        end, used = start, 0
        while end < len(columns):
            used += max(len(columns[end]) + 1, *map(len, cells[:, end])) + _GAP
            if used > room and end > start:
                break
            end += 1
        yield _lines(corner, rows, columns[start:end], cells[:, start:end])
        start = end


def _named(params: dict[str, Any]) -> str:
    return f"{params['covariance_type']}, {_of_components(params['n_components'])}"


def _of_components(count: int) -> str:
    return f"{count} component{'s' * (count != 1)}"


def _runner_up(search: Any) -> str:
    criterion, margin = search.criterion_, search.margin_
    said = f"{_named(search.runner_up_)}, worse by {margin:.2g}"
    if margin >= 10:
        said = f"{_named(search.runner_up_)}, worse by {margin:.0f}"
    error = search.margin_standard_error_
    if math.isfinite(error):
        said += f", standard error {error:.2g}"
    verdict = criterion.verdict(margin)
    return f"{said}: {verdict} ({criterion.scale_source})" if verdict else said


def _failures(search: Any) -> list[str]:
    """Say why candidates have no fit, the first few reasons."""
    results = search.results_
    groups: dict[tuple[int, str], list[str]] = {}
    for i in np.flatnonzero(results["status"] == "failed").tolist():
        group = int(results["n_components"][i]), str(results["reason"][i])
        groups.setdefault(group, []).append(str(results["covariance_type"][i]))
    lines = [
        f"{', '.join(names)}, {_of_components(size)}: {reason}"
        for (size, reason), names in groups.items()
    ]
    n_more = sum(map(len, [*groups.values()][_REASONS:]))
    if n_more:
        lines[_REASONS:] = [f"{n_more} more failed; --json has the reasons."]
    return lines
