"""What the E-step sums over: rows, or sequences of rows, with weights and labels."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from mixtura._types import Array, IntArray

UNKNOWN = -1
"""The label of an observation whose component is not known."""


@dataclass(frozen=True)
class Rows:
    """Independent observations, one a row.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    weights : ndarray of shape (n_samples,), optional
        How often each row counts; 2 is the same as the row twice. Default: once.
    labels : ndarray of int of shape (n_samples,), optional
        The known component of each row, -1 where it is not known.
    start : int
        Index of the first row in the whole data, so that a random draw for a row
        does not depend on the block it arrives in.
    """

    X: Array
    weights: Array | None = None
    labels: IntArray | None = None
    start: int = 0

    def __len__(self) -> int:
        return len(self.X)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.X.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        return self.X.dtype

    @property
    def n_observations(self) -> float:
        """Sum of the weights."""
        return float(len(self.X) if self.weights is None else self.weights.sum())

    def weighted(self, values: Array) -> Array:
        """Scale the leading axis of `values` by the weights."""
        if self.weights is None:
            return values
        return values * self.weights.reshape(-1, *(1,) * (values.ndim - 1))

    def restrict(self, log_joint: Array) -> Array:
        """Forbid every component but the known one, where it is known."""
        if self.labels is None:
            return log_joint
        components = np.arange(log_joint.shape[1])
        allowed = (self.labels[:, None] == components) | (
            self.labels[:, None] == UNKNOWN
        )
        return np.where(allowed, log_joint, -np.inf)

    def take(self, chosen: IntArray) -> Self:
        """Some of the rows, by index."""
        return replace(
            self,
            X=self.X[chosen],
            weights=None if self.weights is None else self.weights[chosen],
            labels=None if self.labels is None else self.labels[chosen],
            start=0,
        )

    def part(self, first: int, last: int) -> Self:
        """Rows `first` to `last` (excluded), as views."""
        return replace(
            self,
            X=self.X[first:last],
            weights=None if self.weights is None else self.weights[first:last],
            labels=None if self.labels is None else self.labels[first:last],
            start=self.start + first,
        )

    def stretches(self) -> Iterator[Self]:
        """Yield the rows for which a model has one posterior: all of them."""
        yield self

    def blocks(self, size: int) -> Iterator[Self]:
        """Cut into blocks of `size` rows; the last may be shorter."""
        if len(self) <= size:
            yield self
            return
        for first in range(0, len(self), size):
            yield self.part(first, min(first + size, len(self)))


def as_data(data: Any) -> Any:
    """Return rows of weight one for an array (n_samples, n_features), else `data`.

    Raises
    ------
    ValueError
        If the array has not two dimensions.
    """
    if not isinstance(data, np.ndarray):
        return data
    if data.ndim != 2:
        raise ValueError(
            f"data must have the shape (n_samples, n_features); got {data.shape}. "
            "For one column, pass X.reshape(-1, 1)."
        )
    return Rows(data.astype(np.float64, copy=False))


@dataclass(frozen=True)
class Sequences:
    """Independent sequences of rows, stored one after another.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows of all sequences.
    lengths : ndarray of int of shape (n_sequences,)
        Rows per sequence; they sum to n_samples.
    weights : ndarray of shape (n_sequences,), optional
        How often each sequence counts. Default: once.
    labels : ndarray of int of shape (n_samples,), optional
        The known state of each row, -1 where it is not known.
    start : int
        Index of the first row in the whole data.
    """

    X: Array
    lengths: IntArray
    weights: Array | None = None
    labels: IntArray | None = None
    start: int = 0

    def __post_init__(self) -> None:
        if int(np.sum(self.lengths)) != len(self.X) or np.any(self.lengths < 1):
            raise ValueError(
                f"Sequences(lengths=...) must be positive and sum to the {len(self.X)} "
                f"rows of X; got {len(self.lengths)} lengths that sum to "
                f"{int(np.sum(self.lengths))}."
            )

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return int(self.X.shape[1])

    @property
    def n_observations(self) -> float:
        """Number of rows, each counted with the weight of its sequence."""
        weights = np.ones(len(self)) if self.weights is None else self.weights
        return float(weights @ self.lengths)

    def each(self) -> Iterator[tuple[Rows, float]]:
        """Yield each sequence as rows, with its weight."""
        whole = Rows(self.X, labels=self.labels, start=self.start)
        ends = np.cumsum(self.lengths)
        for i, (end, length) in enumerate(zip(ends, self.lengths, strict=True)):
            weight = 1.0 if self.weights is None else float(self.weights[i])
            yield whole.part(int(end - length), int(end)), weight

    def stretches(self) -> Iterator[Rows]:
        """Yield the rows for which a model has one posterior: each sequence."""
        for rows, _ in self.each():
            yield rows

    def part(self, first: int, last: int) -> Self:
        """Sequences `first` to `last` (excluded)."""
        ends = np.concatenate([[0], np.cumsum(self.lengths)])
        rows = slice(int(ends[first]), int(ends[last]))
        return replace(
            self,
            X=self.X[rows],
            lengths=self.lengths[first:last],
            weights=None if self.weights is None else self.weights[first:last],
            labels=None if self.labels is None else self.labels[rows],
            start=self.start + int(ends[first]),
        )

    def blocks(self, size: int) -> Iterator[Self]:
        """Cut between sequences into blocks of about `size` rows."""
        first, rows = 0, 0
        for i, length in enumerate(self.lengths):
            rows += int(length)
            if rows >= size or i == len(self) - 1:
                yield self.part(first, i + 1)
                first, rows = i + 1, 0
