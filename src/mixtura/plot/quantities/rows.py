"""The rows that a picture scatters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import Table


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
    numbers : ndarray of int of shape (m,)
        Positions of the rows in the data.
    n_rows : int
        Rows of positive weight in the data, of which these are an evenly
        spaced subset.
    """

    points: Array
    responsibilities: Array
    weights: Array
    numbers: NDArray[np.intp]
    n_rows: int


def evenly_spaced(count: int, max_points: int) -> NDArray[np.intp]:
    """Numbers of at most `max_points` of so many rows, first and last included.

    Examples
    --------
    >>> evenly_spaced(7, 3).tolist(), evenly_spaced(2, 3).tolist()
    ([0, 3, 6], [0, 1])
    """
    chosen = np.linspace(0, count - 1, min(count, max_points))
    return chosen.round().astype(np.intp)


def posterior(estimator: Any, table: Table, rows: NDArray[np.intp]) -> Array:
    """Responsibilities of rows, with a last column for noise if the model has it."""
    named = hasattr(estimator, "feature_names_in_")
    seen = table.native_rows(rows) if named else table.values[rows]
    return np.asarray(estimator.predict_proba(seen), dtype=np.float64)


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
    chosen = present[evenly_spaced(len(present), max_points)]
    shares = posterior(estimator, table, chosen)
    return DrawnRows(
        points=table.values[chosen][:, list(columns)],
        responsibilities=shares[:, : len(estimator.weights_)],  # noise turns dark
        weights=weights[chosen],
        numbers=chosen,
        n_rows=len(present),
    )
