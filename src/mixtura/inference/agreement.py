"""How far two labellings of the same rows agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix
from sklearn.utils import column_or_1d

from mixtura._types import IntArray


@dataclass(frozen=True)
class Agreement:
    """Agreement of found labels with known ones.

    Parameters
    ----------
    adjusted_rand_index : float
        1 for the same partition, 0 on average for a random one.
    error_rate : float
        Share of rows outside their class when each class is given the one component
        that suits it best, and none twice.
    matching : dict
        From found labels to known ones, by that assignment.
    table : ndarray of int of shape (n_known, n_found)
        Counts of rows, classes and components in sorted order.
    """

    adjusted_rand_index: float
    error_rate: float
    matching: dict[Any, Any]
    table: IntArray

    def __str__(self) -> str:
        return (
            f"adjusted Rand index {self.adjusted_rand_index:.4f}, "
            f"error rate {self.error_rate:.4f}"
        )


def agreement(found: Any, known: Any) -> Agreement:
    """Compare the labels of a fit with known ones, in whatever numbers or names.

    Parameters
    ----------
    found : array-like of shape (n_samples,)
        Such as ``model.predict(X)``.
    known : array-like of shape (n_samples,)

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        If there are not as many of one as of the other.

    Examples
    --------
    >>> from mixtura import agreement
    >>> result = agreement([1, 1, 0, 0, 0], ["a", "a", "b", "b", "a"])
    >>> print(result)
    adjusted Rand index 0.1667, error rate 0.2000
    >>> result.matching
    {1: 'a', 0: 'b'}
    """
    found, known = column_or_1d(found), column_or_1d(known)
    if found.shape != known.shape or not len(known):
        raise ValueError(
            "agreement: found and known must have one label for each of the same "
            f"rows; got {len(found)} and {len(known)}."
        )
    table = contingency_matrix(known, found)
    classes, components = linear_sum_assignment(table, maximize=True)
    known_names, found_names = np.unique(known).tolist(), np.unique(found).tolist()
    return Agreement(
        float(adjusted_rand_score(known, found)),
        float(1 - table[classes, components].sum() / len(known)),
        {
            found_names[j]: known_names[i]
            for i, j in zip(classes, components, strict=True)
        },
        table,
    )
