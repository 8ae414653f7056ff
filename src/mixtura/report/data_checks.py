"""What a reader should mind about rows and columns."""

from collections.abc import Iterator

import numpy as np

from mixtura._types import Array
from mixtura.report.evidence import Evidence
from mixtura.report.finding import Finding, Level
from mixtura.report.numbers import counted, listed
from mixtura.report.subject import Subject

DEPENDENT = 1e-9
"""Smallest eigenvalue of the correlations, over the largest, of independent columns."""

ROWS_A_PARAMETER = 5
"""Fewer make a fit unsteady."""


def columns(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Columns that say nothing, or repeat each other."""
    spread = np.ptp(subject.values, axis=0)
    constant = [subject.names[j] for j in np.flatnonzero(spread == 0)]
    if constant:
        yield Finding(
            Level.WARNING,
            f"The same in every row: {listed(constant)}.",
            "A constant column says nothing about the components; leave it out.",
        )
    dependent = dependent_columns(subject.values)
    if dependent:
        yield Finding(
            Level.WARNING,
            "Columns that repeat each other: "
            f"{listed([subject.names[j] for j in dependent])}.",
            "They are linearly dependent: each can be computed from the others. Leave "
            "one out, or use a diagonal structure.",
        )


def dependent_columns(values: Array) -> list[int]:
    """Columns that vary and take part in a linear dependence."""
    spread = values.std(axis=0)
    varying = np.flatnonzero(np.ptp(values, axis=0) > 0)
    if len(varying) < 2 or len(values) <= len(varying):
        return []
    z = (values[:, varying] - values[:, varying].mean(axis=0)) / spread[varying]
    eigenvalues, vectors = np.linalg.eigh(z.T @ z / len(z))
    null = vectors[:, eigenvalues < DEPENDENT * eigenvalues[-1]]
    return varying[(np.abs(null) > 1e-4).any(axis=1)].tolist()


def rows(subject: Subject, _: Evidence) -> Iterator[Finding]:
    """Rows that were not used, or are too few."""
    if subject.n_without_weight:
        yield Finding(
            Level.NOTE,
            f"{counted(subject.n_without_weight, 'row')} of weight zero "
            f"{'was' if subject.n_without_weight == 1 else 'were'} left out.",
            "They count in no number or picture of this report.",
        )
    free = subject.n_free_parameters
    if subject.n_rows < ROWS_A_PARAMETER * free:
        yield Finding(
            Level.NOTE,
            f"{counted(subject.n_rows, 'row')} for {counted(free, 'free parameter')}.",
            "Fewer than five rows for each: a simpler structure or fewer components "
            "would be steadier.",
        )
    distinct = len(np.unique(subject.values, axis=0))
    if 2 * distinct <= subject.n_rows:
        yield Finding(
            Level.NOTE,
            f"Only {counted(distinct, 'row')} of {subject.n_rows:,} differ.",
            "Repeated rows draw narrow components to them.",
        )
