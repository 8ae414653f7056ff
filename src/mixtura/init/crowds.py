"""Where rows lie closer together than a component explains: where another may begin.

A small cluster inside a large one does not lie along the axes of the large one. What
gives it away is the density of its rows, which their nearest neighbours tell.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from mixtura._types import Array, IntArray

MOST_COLUMNS = 6
"""In more columns distances tell little of density, and take long."""

NEIGHBOURS, FOR_EACH = 4, 2
"""Neighbours that are looked at: so many, and more for each column."""

LEAST = 1e-6
"""Distances count as this at least; the whole data have variance 1."""

OWN = 0.5
"""Share of a row from which on it is one of a region."""


class Crowds(NamedTuple):
    """The nearest neighbours of each row.

    Parameters
    ----------
    spacing : ndarray of shape (n,)
        Distance of the last of them.
    nearest : ndarray of shape (n, m)
        Their numbers, with the row itself.
    n_features : int
    """

    spacing: Array
    nearest: IntArray
    n_features: int

    @classmethod
    def of(cls, X: Array) -> "Crowds | None":
        """Find the neighbours of standardised rows, if these have few columns."""
        n_rows, n_features = X.shape
        if n_features > MOST_COLUMNS:
            return None
        n_nearest = min(NEIGHBOURS + FOR_EACH * n_features + 1, n_rows)
        found = KDTree(X).query(X, np.arange(1, n_nearest + 1))
        distances, nearest = map(np.asarray, found)
        return cls(np.maximum(distances[:, -1], LEAST), nearest, n_features)

    def densest(self, regions: Array, log_joint: Array) -> NDArray[np.intp]:
        """Row (R,) of each region at which it is densest for what explains it.

        Parameters
        ----------
        regions : ndarray of shape (R, n)
            Shares of the rows.
        log_joint : ndarray of shape (R, n)
            Log-density of what explains each region, in nats.
        """
        excess = -self.n_features * np.log(self.spacing) - log_joint
        smooth = excess[:, self.nearest].mean(axis=2)
        smooth[regions < OWN] = -np.inf
        return smooth.argmax(axis=1)
