"""Moments, modes, regions and divergences of a fitted Gaussian mixture."""

from abc import abstractmethod
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array, Rng
from mixtura.distribution import (
    conditioning,
    density,
    divergence,
    moments,
    regions,
)
from mixtura.distribution.estimate import Estimate
from mixtura.distribution.modes import Modes, modes
from mixtura.distribution.univariate import Univariate
from mixtura.estimators import checks
from mixtura.estimators.fitted.mixture_parameters import (
    MixtureParameters,
    as_probabilities,
)
from mixtura.models.mixture import MixtureParams

N_SAMPLES = 100_000
"""Draws of a Monte Carlo estimate."""


class MixtureSummaries(MixtureParameters):
    """Methods that describe a fitted Gaussian mixture as a whole.

    They are about its components: a uniform noise component is left out. Monte Carlo
    estimates have the seed 0 unless another is passed: the same question has the same
    answer.
    """

    def mean(self) -> Array:
        """Mean of the mixture, shape (n_features,)."""
        return density.mean(self._density())

    def covariance(self) -> Array:
        """Covariance of the mixture, within and between components, (D, D)."""
        return moments.covariance(self._density())

    def skewness(self) -> Array:
        """Skewness of each column, shape (n_features,); 0 for a normal one."""
        return moments.skewness(self._density())

    def excess_kurtosis(self) -> Array:
        """Fourth standardised moment less 3, (n_features,); 0 for a normal column."""
        return moments.excess_kurtosis(self._density())

    def modes(self) -> Modes:
        """Find the modes of the density, the highest first.

        By mean shift and Newton steps, from each mean and from the highest points of
        the ridgelines between two means. In one dimension, and for two components, all
        modes are found; else one may be missed, since their number has no known bound.

        Returns
        -------
        Modes
            `locations` (M, D), `log_densities` (M,), `hessians` (M, D, D) of the
            log-density, and `component_modes` (K,), the hill each component is on.

        Examples
        --------
        Two components so close that they form one hill:

        >>> from mixtura import GaussianMixture
        >>> model = GaussianMixture.from_parameters(
        ...     [0.5, 0.5], [[-0.9], [0.9]], [1.0, 1.0], "spherical"
        ... )
        >>> found = model.modes()
        >>> len(found), found.component_modes
        (1, array([0, 0]))
        """
        return modes(self._density())

    def cdf(self, x: Any, column: Any = None) -> Array:
        """P(X <= x) for one column, in the shape of x.

        Parameters
        ----------
        x : float or array-like
        column : str or int, optional
            Only a mixture of one column can do without.

        Raises
        ------
        ValueError
            If the mixture has several columns and none is named.
        """
        values = np.asarray(x, dtype=np.float64)
        if np.isnan(values).any():
            raise ValueError("cdf: x must be numbers; got nan.")
        return Univariate.of(self._one_column(column, "cdf")).cdf(values)

    def quantile(self, probability: Any, column: Any = None) -> Array:
        """Value x with P(X <= x) = probability for one column.

        Parameters
        ----------
        probability : float or array-like
            Between 0 and 1, whose quantiles are infinite.
        column : str or int, optional
            Only a mixture of one column can do without.

        Returns
        -------
        ndarray
            In the shape of `probability`.

        Raises
        ------
        ValueError
            If a probability is none, or the mixture has several columns and none is
            named.

        Examples
        --------
        >>> from mixtura import GaussianMixture
        >>> model = GaussianMixture.from_parameters([1.0], [[10.0]], [[[4.0]]])
        >>> model.quantile([0.025, 0.5, 0.975]).round(2)
        array([ 6.08, 10.  , 13.92])
        """
        p = as_probabilities(probability, "quantile: probability")
        return Univariate.of(self._one_column(column, "quantile")).quantile(p)

    def density_level(
        self,
        probability: float,
        *,
        n_samples: int = N_SAMPLES,
        random_state: Any = 0,
    ) -> Estimate:
        """Log-density above which lies a given probability.

        The rows with ``score_samples(X) >= level.value`` form the highest-density
        region: the smallest region of this probability.

        Parameters
        ----------
        probability : float
            Between 0 and 1, both excluded.
        n_samples : int, default=100_000
            Draws, if there must be any.
        random_state : int, RandomState or None, default=0

        Returns
        -------
        Estimate
            In nats. Exact, with a standard error of 0, in one dimension and for one
            component.

        Raises
        ------
        ValueError
            If the probability is none.
        """
        _check_region(probability, "density_level")
        checks.check_count("density_level", "n_samples", n_samples, 2)
        rng = checks.generator(random_state)
        return regions.density_level(self._density(), probability, n_samples, rng)

    def in_region(
        self,
        X: Any,
        probability: float,
        *,
        n_samples: int = N_SAMPLES,
        random_state: Any = 0,
    ) -> np.ndarray:
        """Whether rows lie in the highest-density region of this probability.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        probability : float
        n_samples : int, default=100_000
        random_state : int, RandomState or None, default=0
            As for `density_level`.

        Returns
        -------
        ndarray of bool of shape (n_samples,)
        """
        level = self.density_level(
            probability, n_samples=n_samples, random_state=random_state
        )
        rows = self._validated(X, reset=False).astype(np.float64, copy=False)
        return np.asarray(density.log_density(self._density(), rows) >= level.value)

    def highest_density_intervals(
        self, probability: float, column: Any = None
    ) -> Array:
        """Intervals of the highest-density region of one column, (M, 2).

        Exact: the density has one value at all ends, and the intervals together have
        this probability. There are at most as many as modes.

        Parameters
        ----------
        probability : float
            Between 0 and 1, both excluded.
        column : str or int, optional
            Only a mixture of one column can do without.

        Raises
        ------
        ValueError
            If the probability is none, or the mixture has several columns and none is
            named.
        """
        _check_region(probability, "highest_density_intervals")
        params = self._one_column(column, "highest_density_intervals")
        return regions.highest_density_intervals(params, probability)

    def entropy(self, *, n_samples: int = N_SAMPLES, random_state: Any = 0) -> Estimate:
        """Differential entropy in nats: minus the mean log-density.

        Parameters
        ----------
        n_samples : int, default=100_000
            Draws, if there is more than one component.
        random_state : int, RandomState or None, default=0

        Returns
        -------
        Estimate
            Within proven bounds.

        Examples
        --------
        >>> from mixtura import GaussianMixture
        >>> model = GaussianMixture.from_parameters(
        ...     [0.5, 0.5], [[-3.0], [3.0]], [1.0, 1.0], "spherical"
        ... )
        >>> entropy = model.entropy()
        >>> entropy.lower <= entropy.value <= entropy.upper
        True
        """
        checks.check_count("entropy", "n_samples", n_samples, 2)
        rng = checks.generator(random_state)
        return divergence.entropy(self._density(), n_samples, rng)

    def kl_divergence(
        self,
        other: "MixtureSummaries",
        *,
        n_samples: int = N_SAMPLES,
        random_state: Any = 0,
    ) -> Estimate:
        """Kullback-Leibler divergence to another mixture: E log(p / other) in nats.

        Parameters
        ----------
        other : GaussianMixture
            Fitted, over the same columns; the number of components may differ.
        n_samples : int, default=100_000
            Draws from this mixture, unless both have one component.
        random_state : int, RandomState or None, default=0

        Returns
        -------
        Estimate
            Within proven bounds.

        Raises
        ------
        ValueError
            If `other` has other columns.
        """
        return self._compared(divergence.kl_divergence, other, n_samples, random_state)

    def jensen_shannon_divergence(
        self,
        other: "MixtureSummaries",
        *,
        n_samples: int = N_SAMPLES,
        random_state: Any = 0,
    ) -> Estimate:
        """Jensen-Shannon divergence in nats: symmetric, from 0 to log 2.

        Parameters
        ----------
        other : GaussianMixture
            Fitted, over the same columns.
        n_samples : int, default=100_000
            Draws: half of them from either or, where these lie apart, from what they
            share.
        random_state : int, RandomState or None, default=0

        Returns
        -------
        Estimate
            Within proven bounds.

        Raises
        ------
        ValueError
            If `other` has other columns.
        """
        return self._compared(
            divergence.jensen_shannon_divergence, other, n_samples, random_state
        )

    @abstractmethod
    def _validated(self, X: Any, *, reset: bool) -> Array:
        """Return checked rows."""

    def _compared(
        self,
        measure: Callable[[MixtureParams, MixtureParams, int, Rng], Estimate],
        other: Any,
        n_samples: int,
        random_state: Any,
    ) -> Estimate:
        """Measure how far another mixture is; the method has the measure's name."""
        method = measure.__name__
        checks.check_count(method, "n_samples", n_samples, 2)
        rng = checks.generator(random_state)
        others = self._comparable(other, method)
        return measure(self._density(), others, n_samples, rng)

    def _one_column(self, column: Any, method: str) -> MixtureParams:
        """Return the marginal distribution of a single column."""
        check_is_fitted(self)
        if column is None:
            if self._n_columns > 1:
                raise ValueError(
                    f"{method} is about one column; the mixture has "
                    f"{self._n_columns}. Name one in column."
                )
            column = 0
        chosen = self._columns(column, f"{method}: column")
        if len(chosen) > 1:
            raise ValueError(f"{method} is about one column; got {len(chosen)}.")
        return conditioning.marginal(self._density(), chosen)

    def _comparable(self, other: Any, method: str) -> MixtureParams:
        """Return the parameters of another mixture over the same columns."""
        if not isinstance(other, MixtureSummaries):
            raise TypeError(
                f"{method}: other must be a fitted Gaussian mixture; got "
                f"{type(other).__name__}."
            )
        check_is_fitted(self)
        check_is_fitted(other)
        if other._n_columns != self._n_columns:
            raise ValueError(
                f"{method}: other must have the same columns; it has "
                f"{other._n_columns}, not {self._n_columns}. Compare marginals."
            )
        own, others = self._names(), other._names()
        if own is not None and others is not None and own != others:
            raise ValueError(
                f"{method}: other must have the same columns in the same order; got "
                f"{others}, not {own}."
            )
        return other._density()


def _check_region(probability: Any, method: str) -> None:
    """Require a probability other than 0 and 1."""
    is_number = isinstance(probability, Real) and not isinstance(probability, bool)
    if not (is_number and 0 < probability < 1):
        raise ValueError(
            f"{method}: probability must lie between 0 and 1, both excluded; got "
            f"{probability!r}."
        )
