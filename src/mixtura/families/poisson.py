"""Independent Poisson counts."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy

from mixtura._types import Array, IntArray, Rng
from mixtura.kernels import linear
from mixtura.kernels.threads import active_threads
from mixtura.statistics import Statistics

LARGEST_TABLE = 1 << 16
"""Counts below find the logarithm of their factorial in a table."""


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
        components = _components(params, np.zeros(len(params.rates)))
        return linear.log_joint(_rows(X), components, n_threads=active_threads())

    def statistics(
        self, params: PoissonParams, X: Array, weights: Array
    ) -> PoissonStatistics:
        """Sum the sufficient statistics, row i counting weights[i, k] for k."""
        return PoissonStatistics(
            counts=weights.sum(axis=0),
            first=weights.T @ X,
            log_base=float(weights.sum(axis=1) @ _log_base(X)),
        )

    def e_step(
        self, params: PoissonParams, log_weights: Array, X: Array, weights: Array | None
    ) -> tuple[float, float, Array, PoissonStatistics]:
        """Run the E-step of a mixture in one pass, without (n, K) in memory."""
        rows, components = _rows(X), _components(params, log_weights)
        log_likelihood, entropy, counts, first = linear.e_step(
            rows, weights, components, n_threads=active_threads()
        )
        log_base = rows.base.sum() if weights is None else weights @ rows.base
        statistics = PoissonStatistics(counts, first, float(log_base))
        return log_likelihood, entropy, counts, statistics

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


def _components(params: PoissonParams, log_weights: Array) -> linear.Linear:
    """Natural parameters log rate; a rate of zero explains a count of zero."""
    with np.errstate(divide="ignore"):
        eta = np.log(params.rates)
    return linear.Linear(log_weights - params.rates.sum(axis=1), eta)


def _rows(X: Array) -> linear.LinearRows:
    return linear.LinearRows(X, _log_base(X))


def _log_base(X: Array) -> Array:
    """-sum_j log x_j! of each row, from a table if all counts are small integers."""
    largest = X.max(initial=0.0)
    if largest < LARGEST_TABLE:
        table = _log_factorials(1 << max(8, int(largest).bit_length()))
        sums = linear.table_sums(X, table, n_threads=active_threads())
        if sums is not None:
            return -sums
    return np.asarray(-gammaln(X + 1).sum(axis=1))


@lru_cache
def _log_factorials(size: int) -> Array:
    """Log n! for n from 0 to size - 1."""
    table = np.asarray(gammaln(np.arange(1.0, size + 1)))
    table.flags.writeable = False
    return table
