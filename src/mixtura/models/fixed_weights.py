"""Mixture weights of which some are known, or equal but for one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from mixtura._types import Array
from mixtura.models.mixture import Proportions


@dataclass(frozen=True)
class FixedWeights(Proportions):
    """The weights of chosen components stay; the others share what is left.

    Parameters
    ----------
    components : tuple of int
        Components whose weights are fixed.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.array([0.5, 0.25, 0.25])
    >>> FixedWeights((0,)).maximize(weights, np.array([9.0, 3.0, 1.0]))
    array([0.5  , 0.375, 0.125])
    """

    components: tuple[int, ...]

    def _free(self, n_components: int) -> NDArray[np.bool_]:
        """Which weights are estimated."""
        free = np.ones(n_components, dtype=bool)
        free[[*self.components]] = False
        return free

    def maximize(self, weights: Array, counts: Array) -> Array:
        """Share what the fixed leave by N_k."""
        free = self._free(len(weights))
        total = counts[free].sum()
        if not total > 0:
            return weights
        rest = 1.0 - weights[~free].sum()
        new = weights.copy()
        new[free] = rest * (counts[free] / total)
        return new

    def n_free_parameters(self, n_components: int) -> int:
        """One less than are free, since they have a given sum."""
        return max(n_components - len(set(self.components)) - 1, 0)

    def unconstrained(self, weights: Array) -> Array:
        """Return the logs of the free."""
        with np.errstate(divide="ignore"):
            return np.log(weights[self._free(len(weights))])

    def constrained(self, vector: Array, weights: Array) -> Array:
        """Return the weights of such a vector; the fixed are those of `weights`."""
        free = self._free(len(weights))
        new = weights.copy()
        new[free] = (1.0 - weights[~free].sum()) * softmax(vector)
        return new


@dataclass(frozen=True)
class EqualBesideNoise(Proportions):
    """One weight for all components but the last, which is noise.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.array([0.4, 0.4, 0.2])
    >>> EqualBesideNoise().maximize(weights, np.array([5.0, 1.0, 4.0]))
    array([0.3, 0.3, 0.4])
    """

    def maximize(self, weights: Array, counts: Array) -> Array:
        """Share what is not noise."""
        return self._of(float(counts[-1] / counts.sum()), len(weights))

    def _of(self, noise: float, n_components: int) -> Array:
        new = np.full(n_components, (1 - noise) / (n_components - 1))
        new[-1] = noise
        return new

    def n_free_parameters(self, n_components: int) -> int:
        """One, the weight of the noise."""
        return 1

    def unconstrained(self, weights: Array) -> Array:
        """Return the log odds of noise."""
        with np.errstate(divide="ignore"):
            return np.log(weights[-1:]) - np.log1p(-weights[-1:])

    def constrained(self, vector: Array, weights: Array) -> Array:
        """Return the weights of such log odds."""
        return self._of(float(expit(vector[0])), len(weights))
