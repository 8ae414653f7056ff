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
        Under the whole model, all its columns; of rows that were trimmed, zero.
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

    @property
    def trimmed_share(self) -> float:
        """Share of their weight on rows that no component has a part in."""
        is_trimmed = ~self.responsibilities.any(axis=1)
        return float(self.weights[is_trimmed].sum() / self.weights.sum())


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
    seen = _as_fitted(estimator, table, rows)
    return np.asarray(estimator.predict_proba(seen), dtype=np.float64)


def _as_fitted(estimator: Any, table: Table, rows: NDArray[np.intp]) -> Any:
    """Rows as a data frame, if the estimator knows the names of its columns."""
    named = hasattr(estimator, "feature_names_in_")
    return table.native_rows(rows) if named else table.values[rows]


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
    if hasattr(estimator, "trim_threshold_"):
        levels = estimator.score_samples(_as_fitted(estimator, table, chosen))
        shares = shares * (levels >= estimator.trim_threshold_)[:, None]
    return DrawnRows(
        points=table.values[chosen][:, list(columns)],
        responsibilities=shares[:, : len(estimator.weights_)],  # noise turns dark
        weights=weights[chosen],
        numbers=chosen,
        n_rows=len(present),
    )
