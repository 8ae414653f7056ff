"""A bounded number of the rows of a fit, to show them."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.completion import Completion
from mixtura.data import Rows
from mixtura.trace.frames import Frame

MOST_ROWS = 1000
"""Rows that a trace keeps."""


@dataclass(frozen=True)
class SampledRows:
    """Rows in the user's units, evenly spaced among all.

    Parameters
    ----------
    rows : Rows
        With their weights and labels.
    indices : ndarray of int of shape (m,)
        Which of all rows they are.
    n_samples : int
        Number of all rows.
    """

    rows: Rows
    indices: IntArray
    n_samples: int

    @classmethod
    def of(cls, rows: Rows, most: int = MOST_ROWS) -> Self:
        """Copy so many of the rows: all, or the first, the last and some between."""
        n_samples = len(rows)
        indices = np.arange(n_samples)
        if n_samples > most:
            indices = np.linspace(0, n_samples - 1, most).round().astype(np.intp)
        taken = rows.take(indices)
        values = np.array(taken.X, dtype=np.float64)
        return cls(replace(taken, X=values), indices, n_samples)

    @classmethod
    def given(
        cls, X: Any, weights: Any, labels: Any, n_features: int, caller: str
    ) -> Self:
        """Take all of the rows that a user passes.

        Raises
        ------
        ValueError
            If they have another number of columns, or there is not a weight or a label
            for each.
        """
        values = np.asarray(X, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != n_features:
            raise ValueError(
                f"EMTrace.{caller}(X=...) must have the {n_features} columns of the "
                f"fit; got an array of shape {values.shape}."
            )
        weights = _one_each(weights, len(values), np.float64, "sample_weight", caller)
        labels = _one_each(labels, len(values), np.intp, "labels", caller)
        return cls(Rows(values, weights, labels), np.arange(len(values)), len(values))

    @property
    def is_whole(self) -> bool:
        """Whether these are all rows."""
        return len(self.indices) == self.n_samples

    def thinned(self, most: int) -> Self:
        """Return at most so many of them."""
        less = SampledRows.of(self.rows, most)
        return replace(self, rows=less.rows, indices=self.indices[less.indices])

    def in_frame(self, frame: Frame) -> Rows:
        """Return the rows in the units of the fit."""
        return replace(self.rows, X=frame.rows(self.rows.X))

    def completed(self, completion: Completion, posterior: Any) -> Array:
        """Return q(z) of the rows, as the fit had it: a draw depends on the index."""
        if self.is_whole or completion.monotone:
            return np.asarray(completion(posterior, 0, len(self.indices)).values)
        rows = [
            completion(_one(posterior, i), int(index), 1).values
            for i, index in enumerate(self.indices)
        ]
        return np.concatenate(rows)


def _one(posterior: Any, i: int) -> Any:
    """Return the posterior of one row."""
    return replace(
        posterior,
        values=posterior.values[i : i + 1],
        log_likelihood=posterior.log_likelihood[i : i + 1],
    )


def _one_each(values: Any, count: int, dtype: Any, name: str, caller: str) -> Any:
    """Return an array with an entry for each row, or None."""
    if values is None:
        return None
    array = np.asarray(values, dtype=dtype)
    if array.shape != (count,):
        raise ValueError(
            f"EMTrace.{caller}({name}=...) must have one entry for each of the {count} "
            f"rows of X; got shape {array.shape}."
        )
    return array
