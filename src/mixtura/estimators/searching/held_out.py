"""What rows that were left out say of a candidate."""

from dataclasses import dataclass
from math import nan

import numpy as np

from mixtura._types import Array


@dataclass(frozen=True)
class HeldOut:
    """Log-densities of the rows that were left out of the fits they are judged by.

    Attributes
    ----------
    log_densities : ndarray of shape (m,)
        In nats, of all splits one after the other.
    weights : ndarray of shape (m,)
    """

    log_densities: Array
    weights: Array

    @property
    def mean(self) -> float:
        """Weighted mean, in nats per observation."""
        return float(np.average(self.log_densities, weights=self.weights))

    @property
    def standard_error(self) -> float:
        """Of the mean, from the spread of the rows."""
        return standard_error(self.log_densities, self.weights)


def standard_error(values: Array, weights: Array) -> float:
    """Return the standard error of a weighted mean; nan for a single observation."""
    total = weights.sum()
    if total <= 1:
        return nan
    centred = values - np.average(values, weights=weights)
    return float(np.sqrt(np.dot(weights, centred**2) / (total - 1) / total))
