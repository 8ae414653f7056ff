"""Read what the user passes to a Display."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_array

from mixtura.plot.quantities.gaussians import Array

MAX_COLUMNS = 6
MIXTURE = ("weights_", "means_", "covariances_")
"""What every fitted Gaussian mixture has."""


@dataclass(frozen=True)
class Table:
    """Numbers and column names read from a table.

    Attributes
    ----------
    values : ndarray of shape (n, D)
        NaN where a cell is missing.
    names : tuple of str
    native : object
        The table as the user passed it.
    """

    values: Array
    names: tuple[str, ...]
    native: Any

    def names_of(self, columns: Sequence[int]) -> tuple[str, ...]:
        """Return the names of the chosen columns."""
        return tuple(self.names[column] for column in columns)

    def native_rows(self, rows: Any) -> Any:
        """Return the chosen rows, in the type the user passed."""
        frame = _as_frame(self.native)
        if frame is None:
            return self.values[rows]
        return frame[rows.tolist(), :].to_native()


def check_fitted(
    estimator: Any, attributes: Sequence[str], caller: str, remedy: str
) -> None:
    """Raise unless the estimator is fitted and has `attributes`.

    The `remedy` ends the message for a fitted estimator that lacks some.

    Raises
    ------
    NotFittedError
        If it has a ``fit`` method and none of the attributes.
    TypeError
        If it is another kind of object.
    """
    kind = type(estimator).__name__
    missing = [name for name in attributes if not hasattr(estimator, name)]
    if not missing:
        return
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            f"{caller}: estimator must be a fitted Gaussian mixture; got {kind}."
        )
    if hasattr(estimator, "steps"):
        raise TypeError(
            f"{caller}: estimator must be a fitted Gaussian mixture; got {kind}. "
            "Pass its last step, and X as the steps before it transform it."
        )
    if hasattr(estimator, "n_features_in_"):
        raise TypeError(
            f"{caller}: estimator must have the attributes {', '.join(attributes)}; "
            f"the fitted {kind} has no {', '.join(missing)}. {remedy}"
        )
    raise NotFittedError(f"{caller}: this {kind} is not fitted. Call fit(X) first.")


def read_table(
    estimator: Any, X: Any, feature_names: Sequence[str] | None, caller: str
) -> Table:
    """Read the numbers and the column names of `X`.

    Names are `feature_names`, else those of the fit, else those of the data
    frame, else x0, x1, ...

    Raises
    ------
    TypeError
        If a column does not hold numbers.
    ValueError
        If `X` or `feature_names` has another width than the fitted model.
    """
    values, found = _values_and_names(X, caller)
    width = np.shape(estimator.means_)[1]
    if values.shape[1] != width:
        raise ValueError(
            f"{caller}: X must have the {width} columns that the estimator was "
            f"fitted on; got {values.shape[1]}. To draw some of them, pass all "
            "and choose with columns=."
        )
    if feature_names is None:
        feature_names = getattr(estimator, "feature_names_in_", found)
    return Table(values, checked_names(feature_names, width, caller), X)


def read_mixture(
    estimator: Any, X: Any, feature_names: Sequence[str] | None, caller: str
) -> Table:
    """Read `X` as `read_table`, if the estimator is a fitted Gaussian mixture.

    Raises
    ------
    NotFittedError, TypeError
        As `check_fitted`.
    ValueError
        As `read_table`.
    """
    check_fitted(estimator, MIXTURE, caller, "Pass a Gaussian mixture.")
    return read_table(estimator, X, feature_names, caller)


def read_sequence(X: Any, feature_names: Sequence[str] | None, caller: str) -> Table:
    """Read rows in their order; one column may come without its axis.

    Raises
    ------
    TypeError
        If a column does not hold numbers.
    ValueError
        If there are no rows, or not a name for each column.
    """
    if _as_frame(X) is None and np.ndim(X) == 1:
        X = np.reshape(X, (-1, 1))
    values, found = _values_and_names(X, caller)
    names = found if feature_names is None else feature_names
    return Table(values, checked_names(names, values.shape[1], caller), X)


def _values_and_names(X: Any, caller: str) -> tuple[Array, Sequence[str] | None]:
    frame = _as_frame(X)
    if frame is None:
        values = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan")
        return values, None
    return _frame_values(frame, caller), [str(name) for name in frame.columns]


def checked_names(
    names: Sequence[str] | None, width: int, caller: str
) -> tuple[str, ...]:
    """Return so many names; x0, x1, ... by default.

    Raises
    ------
    ValueError
        If there are not as many.
    """
    if names is None:
        return tuple(f"x{number}" for number in range(width))
    if isinstance(names, str) or len(names) != width:
        raise ValueError(
            f"{caller}: feature_names must be a sequence of {width} names, one for "
            f"each column of X; got {names!r}."
        )
    return tuple(str(name) for name in names)


def _as_frame(X: Any) -> Any:
    native = nw.from_native(X, eager_only=True, pass_through=True)
    return native if isinstance(native, nw.DataFrame) else None


def _frame_values(frame: Any, caller: str) -> Array:
    columns = []
    for series in frame.iter_columns():
        kind = series.dtype
        if not (kind.is_numeric() or kind == nw.Boolean):
            raise TypeError(
                f"{caller}: every column of X must hold numbers; column "
                f"{series.name!r} holds {kind}. Drop it, or encode it as the fit did."
            )
        columns.append(series.cast(nw.Float64).to_numpy())
    values: Array = check_array(
        np.column_stack(columns), dtype=np.float64, ensure_all_finite="allow-nan"
    )
    return values


def choose_columns(
    columns: Sequence[int | str] | int | str | None, names: Sequence[str], caller: str
) -> tuple[int, ...]:
    """Translate names and numbers of columns into numbers.

    Parameters
    ----------
    columns : sequence of int or str, int, str or None
        None is the first six.
    names : sequence of str
    caller : str
        Opens the error message.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If a column is unknown or comes twice, or none is chosen.

    Examples
    --------
    >>> choose_columns(["b", 0], ["a", "b"], "plot")
    (1, 0)
    """
    if columns is None:
        return tuple(range(min(len(names), MAX_COLUMNS)))
    if isinstance(columns, int | np.integer | str):
        columns = [columns]
    chosen = tuple(_position(column, names, caller) for column in columns)
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(
            f"{caller}: columns must name at least one column, each once; got "
            f"{list(columns)!r}."
        )
    return chosen


def choose_plane(
    columns: Sequence[int | str] | int | str | None, names: Sequence[str], caller: str
) -> tuple[int, ...]:
    """Translate names and numbers of at most two columns; None is the first two.

    Raises
    ------
    ValueError
        As :func:`choose_columns`, and if more than two are chosen.
    """
    chosen = choose_columns(columns, names, caller)
    if columns is not None and len(chosen) > 2:
        raise ValueError(
            f"{caller}: columns must be one column or two; got {len(chosen)}. "
            "MixtureDisplay draws all pairs."
        )
    return chosen[:2]


def _position(column: int | str, names: Sequence[str], caller: str) -> int:
    if isinstance(column, str) and column in names:
        return list(names).index(column)
    if isinstance(column, int | np.integer) and 0 <= column < len(names):
        return int(column)
    shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    raise ValueError(
        f"{caller}: columns must be names or numbers from 0 to {len(names) - 1}; got "
        f"{column!r}. The names are {shown}."
    )


def check_max_points(max_points: int, caller: str) -> None:
    """Require room for a row.

    Raises
    ------
    ValueError
        If there is none.
    """
    if max_points < 1:
        raise ValueError(f"{caller}: max_points must be at least 1; got {max_points}.")


def check_classes(y: Any, count: int, caller: str) -> None:
    """Require a class for each of so many rows, if there are any classes.

    Raises
    ------
    ValueError
        If there is another number of them.
    """
    if y is not None and np.shape(y) != (count,):
        raise ValueError(
            f"{caller}: y must have one class for each of the {count} rows of X; got "
            f"shape {np.shape(y)}."
        )


def check_weights(sample_weight: ArrayLike | None, count: int, caller: str) -> Array:
    """Return one finite, non-negative weight for each row.

    Raises
    ------
    ValueError
        If the weights have another length, a negative or missing value, or
        sum to zero.
    """
    if sample_weight is None:
        return np.ones(count)
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (count,):
        raise ValueError(
            f"{caller}: sample_weight must have one value for each of the {count} "
            f"rows of X; got shape {weights.shape}."
        )
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise ValueError(
            f"{caller}: sample_weight must be finite and not negative; got "
            f"{weights[wrong[0]]:g} in row {wrong[0]}."
        )
    if not weights.sum() > 0:
        raise ValueError(f"{caller}: sample_weight must not be zero in every row.")
    return weights
