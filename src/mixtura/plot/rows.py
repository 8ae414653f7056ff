"""The rows that a picture scatters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.plot.gaussians import Array
from mixtura.plot.inputs import Table


@dataclass(frozen=True)
class DrawnRows:
    """The rows of the data that are scattered.

    Attributes
    ----------
    points : ndarray of shape (m, d)
        Values in the shown columns.
    responsibilities : ndarray of shape (m, K)
        Under the whole model, all its columns.
    weights : ndarray of shape (m,)
    n_rows : int
        Rows of positive weight in the data, of which these are an evenly
        spaced subset.
    """

    points: Array
    responsibilities: Array
    weights: Array
    n_rows: int


def drawn_rows(
    estimator: Any,
    table: Table,
    columns: Sequence[int],
    weights: Array,
    max_points: int,
) -> DrawnRows:
    """Choose evenly spaced rows and ask the estimator for their responsibilities.

    Parameters
    ----------
    estimator : fitted estimator
        Sees rows with all columns; as a data frame only if it knows names,
        as it may warn otherwise.
    table : Table
    columns : sequence of int
        Shown columns.
    weights : ndarray of shape (n,)
        Rows of weight zero are left out.
    max_points : int

    Returns
    -------
    DrawnRows
    """
    present = np.flatnonzero(weights > 0)
    count = min(len(present), max_points)
    chosen = present[np.linspace(0, len(present) - 1, count).round().astype(np.intp)]
    named = hasattr(estimator, "feature_names_in_")
    seen = table.native_rows(chosen) if named else table.values[chosen]
    return DrawnRows(
        points=table.values[chosen][:, list(columns)],
        responsibilities=np.asarray(estimator.predict_proba(seen), dtype=np.float64),
        weights=weights[chosen],
        n_rows=len(present),
    )
