"""Which rows have a class: the others carry a marker, or a missing value."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Known = NDArray[np.bool_]


def is_missing(value: Any) -> bool:
    """Whether it is None or equals nothing, as NaN, NaT and pandas' NA do.

    Examples
    --------
    >>> [is_missing(value) for value in (None, float("nan"), 0, "", "nan")]
    [True, True, False, False, False]
    """
    same = value == value  # NA says neither True nor False
    return value is None or not (isinstance(same, bool | np.bool_) and bool(same))


def without_gaps(owner: str, y: Any, unlabelled: Any) -> tuple[Any, Known]:
    """Fill missing values of `y` with one of its classes, for scikit-learn to check.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    y : array-like
    unlabelled : object
        Any missing value stands for all kinds of them.

    Returns
    -------
    y : array-like
        As given if nothing is missing.
    ndarray of bool
        Which values are there.

    Raises
    ------
    ValueError
        If values are missing, and `unlabelled` is no missing value.
    """
    # an array of strings would hold NaN as a word
    values = np.asarray(y, dtype=None if hasattr(y, "dtype") else object)
    missing = np.zeros(values.shape, dtype=bool)
    if values.ndim and values.dtype.kind in "fO":
        missing = np.frompyfunc(is_missing, 1, 1)(values).astype(bool)
    if not missing.any():
        return y, ~missing.ravel()
    if unlabelled is None or not is_missing(unlabelled):
        raise ValueError(
            f"{owner}: y must not have missing values; got {values[missing][0]!r}, "
            f"first in row {np.argwhere(missing)[0, 0]}, {missing.sum()} in all. Leave "
            "these rows out, or pass unlabelled=np.nan: then they take part in the fit "
            "as rows without a class."
        )
    filled = np.where(missing, next(iter(values[~missing]), 0), values)
    if filled.dtype == object:  # as integers with gaps are
        filled = np.array(filled.tolist())
    return filled, ~missing.ravel()
