"""Columns that a user names, by feature name or by index."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
from sklearn.utils import check_array

from mixtura._types import Array, IntArray
from mixtura.estimators import checks
from mixtura.estimators.refused_rows import located


def is_single(columns: Any) -> bool:
    """Whether one column is meant, and not a list of them."""
    return isinstance(columns, str) or np.ndim(columns) == 0


def resolve(
    columns: Any, n_features: int, names: Sequence[str] | None, argument: str
) -> IntArray:
    """Return the indices of columns, in the order given.

    Parameters
    ----------
    columns : str, int, or sequence of them
    n_features : int
    names : sequence of str or None
        The model's feature names.
    argument : str
        For messages: which argument of which method this is.

    Raises
    ------
    ValueError
        If a column is unknown or given twice, or there is none.
    TypeError
        If a column is neither a name nor an integer.
    """
    wanted = [columns] if is_single(columns) else list(columns)
    if not wanted:
        raise ValueError(f"{argument} must name at least one column; got none.")
    found = [_index(column, n_features, names, argument) for column in wanted]
    for position, index in enumerate(found):
        if index in found[:position]:
            raise ValueError(
                f"{argument} must name each column once; got {wanted[position]!r}, "
                f"which is column {index}, twice."
            )
    return np.array(found, dtype=np.intp)


def _index(
    column: Any, n_features: int, names: Sequence[str] | None, argument: str
) -> int:
    if isinstance(column, str):
        if names is None:
            raise ValueError(
                f"{argument} must be column indices 0 to {n_features - 1}, since the "
                f"model has no feature names; got {column!r}. Fit it to a data frame, "
                "or pass feature_names to from_parameters."
            )
        matches = [i for i, name in enumerate(names) if name == column]
        if not matches:
            raise ValueError(
                f"{argument} must be among the model's columns "
                f"{[str(name) for name in names]}; got {column!r}."
            )
        return matches[0]
    if isinstance(column, bool | np.bool_) or not isinstance(column, int | np.integer):
        raise TypeError(
            f"{argument} must be feature names or integer indices; got {column!r} of "
            f"type {type(column).__name__}."
        )
    if not 0 <= column < n_features:
        raise ValueError(
            f"{argument} must be column indices 0 to {n_features - 1}; got {column}."
        )
    return int(column)


def remaining(taken: IntArray, n_features: int, argument: str) -> IntArray:
    """Return the indices of all other columns.

    Raises
    ------
    ValueError
        If there is none.
    """
    others = np.setdiff1d(np.arange(n_features), taken)
    if not others.size:
        raise ValueError(
            f"{argument} must leave at least one column of {n_features}; got all."
        )
    return others


def check_disjoint(given: IntArray, columns: IntArray, method: str) -> None:
    """Require that nothing is both known and asked for."""
    both = np.intersect1d(given, columns)
    if both.size:
        raise ValueError(
            f"{method}: given and columns must not overlap; got column "
            f"{both[0]} in both."
        )


def rows_of(X: Any, given: IntArray, names: Sequence[str] | None, who: str) -> Array:
    """Return the values of the given columns, (n_samples, len(given)).

    Parameters
    ----------
    X : array-like or data frame
        An array has exactly these columns, in their order; a data frame has at least
        columns of their names.
    given : ndarray of int
    names : sequence of str or None
    who : str
        For messages.
    """
    frame = nw.from_native(checks.to_frame_or_array(X), pass_through=True)
    if isinstance(frame, nw.DataFrame) and names is not None:
        wanted = [str(names[i]) for i in given]
        missing = [name for name in wanted if name not in frame.columns]
        if missing:
            raise ValueError(
                f"{who}: X must have the given columns {wanted}; {missing} missing "
                f"from {list(frame.columns)}. Name those that X has in given; the rest "
                "is integrated out."
            )
        X = frame.select(wanted).to_native()
    with located(X):
        array: Array = check_array(X, dtype=np.float64, input_name="X", estimator=who)
    if array.shape[1] != len(given):
        raise ValueError(
            f"{who}: X must have one column for each of the {len(given)} given "
            f"columns, in their order; got {array.shape[1]}."
        )
    return np.ascontiguousarray(array)
