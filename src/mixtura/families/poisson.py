"""Independent Poisson counts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy

from mixtura._types import Array, IntArray, Rng
from mixtura.statistics import Statistics


@dataclass(frozen=True)
class PoissonParams:
    """Rates, of shape (n_components, n_features)."""

    rates: Array


@dataclass(frozen=True)
class PoissonStatistics(Statistics):
    """Sums of r, r x and r log(1/x!) over the rows."""

    counts: Array  # (K,)
    first: Array  # (K, D)
    log_base: float


@dataclass(frozen=True)
class Poisson:
    r"""Columns of counts, independent within a component.

    .. math:: \log p(x \mid k) = \sum_j x_j \log \lambda_{kj} - \lambda_{kj} - \log x_j!
    """

    def blank(self, n_components: int, n_features: int) -> PoissonParams:
        """Return unit rates."""
        return PoissonParams(np.ones((n_components, n_features)))

    def log_density(self, params: PoissonParams, X: Array) -> Array:
        """Return log p(x | k) in nats, shape (n_samples, n_components)."""
        log_base = -gammaln(X + 1).sum(axis=1)
        # xlogy: a rate of zero explains a count of zero.
        linear = xlogy(X[:, None, :], params.rates).sum(axis=2)
        return np.asarray(linear - params.rates.sum(axis=1) + log_base[:, None])

    def statistics(
        self, params: PoissonParams, X: Array, weights: Array
    ) -> PoissonStatistics:
        """Sum the sufficient statistics, row i counting weights[i, k] for k."""
        return PoissonStatistics(
            counts=weights.sum(axis=0),
            first=weights.T @ X,
            log_base=float(-(weights.sum(axis=1) @ gammaln(X + 1).sum(axis=1))),
        )

    def e_step(
        self, params: PoissonParams, log_weights: Array, X: Array, weights: Array | None
    ) -> None:
        """Decline: there is no fused E-step yet."""
        return None

    def placed(
        self, params: PoissonParams, statistics: PoissonStatistics
    ) -> PoissonParams:
        """Return `params`: sums of counts have no pivot."""
        return params

    def maximize(
        self, params: PoissonParams, statistics: PoissonStatistics
    ) -> PoissonParams:
        r"""Return the weighted means, :math:`\lambda_k = \sum_i r_{ik} x_i / N_k`."""
        counts = statistics.counts[:, None]
        alive = counts > 0
        means = statistics.first / np.where(alive, counts, 1.0)
        return PoissonParams(np.where(alive, means, params.rates))

    def expected_log_density(
        self, params: PoissonParams, statistics: PoissonStatistics
    ) -> float:
        """Sum of r log p(x | k) in nats."""
        linear = xlogy(statistics.first, params.rates).sum()
        return float(
            linear - statistics.counts @ params.rates.sum(axis=1) + statistics.log_base
        )

    def unconstrained(self, params: PoissonParams) -> Array:
        """Return log rates; -inf for a rate of zero."""
        with np.errstate(divide="ignore"):
            return np.log(params.rates).ravel()

    def constrained(self, vector: Array, params: PoissonParams) -> PoissonParams:
        """Return the rates of a vector of log rates."""
        return PoissonParams(np.exp(vector).reshape(params.rates.shape))

    def n_free_parameters(self, params: PoissonParams) -> int:
        """One rate for each component and column."""
        return int(params.rates.size)

    def sample(self, params: PoissonParams, components: IntArray, rng: Rng) -> Array:
        """Draw one row of counts for each entry of `components`."""
        draws: Any = rng.poisson(params.rates[components])
        return np.asarray(draws, dtype=np.float64)
