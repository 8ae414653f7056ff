"""A trace as JSON, for the EM player."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.execution.blas import single_threaded_blas
from mixtura.trace.recorded_path import RecordedPath
from mixtura.trace.records import Record
from mixtura.trace.sampled import SampledRows

FORMAT = "mixtura-recording"
VERSION = 1

MOST_POINTS = 400
"""Rows in a recording, by default."""

MOST_STEPS = 120
"""Half-steps in a recording, by default."""

MOST_COLUMNS = 6
"""Columns in a recording, by default."""

PARTS = 1e5
"""Points are rounded to about this part of what their column spans."""

DIGITS = 10
"""Significant digits of weights and covariances."""


@single_threaded_blas()
def recording(
    trace: RecordedPath,
    sample: SampledRows,
    title: str | None,
    columns: Sequence[int | str] | None,
    max_points: int,
    max_steps: int,
) -> dict[str, Any]:
    """Return what `EMTrace.recording` documents, of sampled rows."""
    for name, value, least in (
        ("max_points", max_points, 1),
        ("max_steps", max_steps, 4),
    ):
        if value < least:
            raise ValueError(
                f"EMTrace.recording({name}=...) must be at least {least}; got {value}."
            )
    about, n_components = trace.about, trace.n_components
    chosen = _chosen(columns, about.columns)
    points = sample.thinned(max_points)
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": title or f"EM of {n_components} components on {points.n_samples} rows",
        "columns": [about.columns[j] for j in chosen],
        "n_samples": points.n_samples,
        "points": _rounded(points.rows.X[:, chosen]),
        "n_components": n_components,
        "algorithm": about.algorithm,
        "covariance_type": about.covariance_type,
        "outcome": about.outcome,
        "converged": about.converged,
        "steps": [
            _step(trace, index, chosen, points)
            for index in spaced(trace.records, max_steps)
        ],
    }


def _step(
    trace: RecordedPath, index: int, chosen: IntArray, points: SampledRows
) -> dict[str, Any]:
    """Return one half-step."""
    step = trace[index]
    responsibilities = trace.posterior_of(trace.records[index], points)
    shades = np.round(255 * responsibilities[:, : trace.n_components])
    matrices = trace.covariances(index)[:, chosen[:, None], chosen]
    return {
        "iteration": step.iteration,
        "phase": step.phase,
        "weights": _significant(step.params.weights),
        "means": step.params.components.means[:, chosen].tolist(),
        "covariances": _significant(matrices),
        "log_likelihood": step.log_likelihood,
        "elbo": step.elbo,
        "q": step.q,
        "entropy": step.entropy,
        "kl": step.kl,
        "responsibilities": b64encode(shades.astype(np.uint8).tobytes()).decode(),
    }


def spaced(records: Sequence[Record], most: int) -> list[int]:
    """Choose evenly spaced iterations of at most so many half-steps, with both ends.

    Examples
    --------
    >>> from types import SimpleNamespace as S
    >>> path = [S(iteration=(i + 1) // 2) for i in range(21)]
    >>> [path[i].iteration for i in spaced(path, 7)]
    [0, 3, 3, 7, 7, 10, 10]
    """
    if len(records) <= most:
        return list(range(len(records)))
    numbers = np.array([record.iteration for record in records])
    known = np.unique(numbers)
    starts_alone = bool(numbers[0] != numbers[1])  # with an E-step
    places = np.linspace(0, len(known) - 1, (most + starts_alone) // 2).round()
    return np.flatnonzero(np.isin(numbers, known[places.astype(int)])).tolist()


def _chosen(columns: Sequence[int | str] | None, names: tuple[str, ...]) -> IntArray:
    """Return the numbers of columns, given by number or name."""
    if columns is None:
        return np.arange(min(len(names), MOST_COLUMNS))
    if isinstance(columns, int | np.integer | str):
        columns = [columns]
    numbers = range(len(names))
    known: dict[int | str, int] = dict(zip(names, numbers, strict=True))
    known.update(zip(numbers, numbers, strict=True))
    unknown = [column for column in columns if column not in known]
    if unknown or not len(columns):
        shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        raise ValueError(
            "EMTrace.recording(columns=...) must name columns, or number them from 0 "
            f"to {len(names) - 1}; got {unknown[0] if unknown else columns!r}. The "
            f"names are {shown}."
        )
    return np.array([known[column] for column in columns])


def _rounded(points: Array) -> list[list[float]]:
    """Round each column to what a screen can show."""
    span = np.ptp(points, axis=0)
    span = np.where(span > 0, span, np.maximum(np.abs(points).max(axis=0), 1e-300))
    decimals = np.ceil(np.log10(PARTS) - np.log10(span)).astype(int).tolist()
    return [
        [round(value, places) for value, places in zip(row, decimals, strict=True)]
        for row in points.tolist()
    ]


def _significant(values: Array) -> Any:
    """Round to significant digits, as nested lists."""
    flat = [float(f"{value:.{DIGITS}g}") for value in values.ravel().tolist()]
    return np.reshape(flat, values.shape).tolist()
