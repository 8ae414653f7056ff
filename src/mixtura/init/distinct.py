"""Distinct rows with their total weights."""

from typing import Any

import numpy as np

from mixtura._types import Array, IntArray, Rng
from mixtura.data import Rows


def distinct_rows(data: Any, largest: int, rng: Rng) -> Rows:
    """Collect the distinct rows, in an order of their own, with their total weights.

    The order is lexicographic, with the columns by how skewed they are, so that it
    depends on neither the order nor the units of the columns.

    Parameters
    ----------
    data : Rows or ScaledRows
    largest : int
        Beyond this many rows a random subsample stands for the whole.
    rng : Generator
        Draws the subsample.
    """
    if len(data) > largest:
        chosen = np.sort(rng.choice(len(data), size=largest, replace=False))
    else:
        chosen = np.arange(len(data))
    rows = data.take(chosen)
    X = rows.X
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    order = _lexicographic(X, _by_skewness(X, weights))
    X, weights = X[order], weights[order]
    starts = np.r_[True, np.any(X[1:] != X[:-1], axis=1)]
    totals = np.add.reduceat(weights, np.flatnonzero(starts))
    return Rows(np.ascontiguousarray(X[starts]), totals)


def places_in(distinct: Rows, data: Any) -> IntArray:
    """Where each row of data (n,) is among the distinct ones.

    Raises
    ------
    KeyError
        If one is not.
    """
    known = {row.tobytes(): i for i, row in enumerate(distinct.X + 0.0)}  # no -0.0
    return np.array([known[row.tobytes()] for row in np.asarray(data.X) + 0.0])


def _lexicographic(X: Array, columns: IntArray) -> IntArray:
    """Order of the rows by these columns, of which the first mostly decides."""
    first = X[:, columns[0]]
    order = np.argsort(first)
    if (first[order[1:]] > first[order[:-1]]).all():
        return order
    return np.lexsort(X.T[columns[::-1]])


def _by_skewness(X: Array, weights: Array) -> IntArray:
    """Columns by where their mean lies between their ends; ties as they come."""
    low, high = X.min(axis=0), X.max(axis=0)
    mean = np.average(X, axis=0, weights=weights)
    place = (high - mean) / np.where(high > low, high - low, 1.0)
    return np.argsort(np.round(place, 9), kind="stable")


def standardised(data: Rows) -> Array:
    """Columns of unit weighted variance; constant ones become zero."""
    centered = data.X - np.average(data.X, axis=0, weights=data.weights)
    deviations = np.sqrt(np.average(centered**2, axis=0, weights=data.weights))
    return np.asarray(centered / np.where(deviations > 0, deviations, 1.0))


def whitened(data: Rows) -> Array:
    """Uncorrelated directions of unit weighted variance; those without are left out."""
    X = standardised(data)
    correlation = np.cov(X.T, aweights=data.weights, ddof=0).reshape(X.shape[1], -1)
    eigenvalues, vectors = np.linalg.eigh(correlation)
    kept = eigenvalues > 1e-10 * max(eigenvalues[-1], 1.0)
    return np.asarray(X @ (vectors[:, kept] / np.sqrt(eigenvalues[kept])))
