"""Independent Bernoulli columns: zeros and ones."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, xlog1py, xlogy

from mixtura._types import Array, IntArray, Rng
from mixtura.kernels import linear
from mixtura.kernels.threads import active_threads
from mixtura.statistics import Statistics


@dataclass(frozen=True)
class BernoulliParams:
    """Probabilities of a one, of shape (n_components, n_features)."""

    probabilities: Array


@dataclass(frozen=True)
class BernoulliStatistics(Statistics):
    """Sums of r and r x over the rows."""

    counts: Array  # (K,)
    first: Array  # (K, D)


@dataclass(frozen=True)
class Bernoulli:
    r"""Columns of zeros and ones, independent within a component.

    .. math:: \log p(x \mid k) = \sum_j x_j \log p_{kj} + (1 - x_j) \log (1 - p_{kj})

    A mixture of them is the latent class model of binary items. Probabilities of
    exactly 0 and 1 are allowed: rows that contradict them have density zero.

    Examples
    --------
    Two items, the second of which everyone solves:

    >>> import numpy as np
    >>> from mixtura.families.bernoulli import Bernoulli, BernoulliParams
    >>> params = BernoulliParams(np.array([[0.25, 1.0]]))
    >>> X = np.array([[0.0, 1.0], [0.0, 0.0]])
    >>> log_density = Bernoulli().log_density(params, X)
    >>> np.exp(log_density)[:, 0]
    array([0.75, 0.  ])
    """

    def blank(self, n_components: int, n_features: int) -> BernoulliParams:
        """Return even chances."""
        return BernoulliParams(np.full((n_components, n_features), 0.5))

    def log_density(self, params: BernoulliParams, X: Array) -> Array:
        """Return log p(x | k) in nats, shape (n_samples, n_components)."""
        components = _components(params, np.zeros(len(params.probabilities)))
        rows = _rows(params, X)
        return linear.log_joint(rows, components, n_threads=active_threads())

    def statistics(
        self, params: BernoulliParams, X: Array, weights: Array
    ) -> BernoulliStatistics:
        """Sum the sufficient statistics, row i counting weights[i, k] for k."""
        return BernoulliStatistics(counts=weights.sum(axis=0), first=weights.T @ X)

    def e_step(
        self,
        params: BernoulliParams,
        log_weights: Array,
        X: Array,
        weights: Array | None,
    ) -> tuple[float, float, Array, BernoulliStatistics]:
        """Run the E-step of a mixture in one pass, without (n, K) in memory."""
        log_likelihood, entropy, counts, sums = linear.e_step(
            _rows(params, X),
            weights,
            _components(params, log_weights),
            n_threads=active_threads(),
        )
        first = sums[:, : X.shape[1]]
        return log_likelihood, entropy, counts, BernoulliStatistics(counts, first)

    def placed(
        self, params: BernoulliParams, statistics: BernoulliStatistics
    ) -> BernoulliParams:
        """Return `params`: sums of zeros and ones have no pivot."""
        return params

    def maximize(
        self, params: BernoulliParams, statistics: BernoulliStatistics
    ) -> BernoulliParams:
        r"""Return the weighted shares of ones, :math:`\sum_i r_{ik} x_i / N_k`."""
        counts = statistics.counts[:, None]
        alive = counts > 0
        shares = statistics.first / np.where(alive, counts, 1.0)
        # Rounding may leave a share just above one.
        shares = np.minimum(shares, 1.0)
        return BernoulliParams(np.where(alive, shares, params.probabilities))

    def expected_log_density(
        self, params: BernoulliParams, statistics: BernoulliStatistics
    ) -> float:
        """Sum of r log p(x | k) in nats."""
        ones = statistics.first
        zeros = np.maximum(statistics.counts[:, None] - ones, 0.0)
        probabilities = params.probabilities
        total = xlogy(ones, probabilities) + xlog1py(zeros, -probabilities)
        return float(total.sum())

    def unconstrained(self, params: BernoulliParams) -> Array:
        """Return log odds; -inf and inf for probabilities of zero and one."""
        return np.asarray(logit(params.probabilities).ravel())

    def constrained(self, vector: Array, params: BernoulliParams) -> BernoulliParams:
        """Return the probabilities of a vector of log odds."""
        shape = params.probabilities.shape
        return BernoulliParams(np.asarray(expit(vector).reshape(shape)))

    def n_free_parameters(self, params: BernoulliParams) -> int:
        """One probability for each component and column."""
        return int(params.probabilities.size)

    def sample(self, params: BernoulliParams, components: IntArray, rng: Rng) -> Array:
        """Draw one row of zeros and ones for each entry of `components`."""
        chances = params.probabilities[components]
        return np.asarray(rng.random(chances.shape) < chances, dtype=np.float64)


def _has_certain_ones(params: BernoulliParams) -> bool:
    return bool((params.probabilities == 1).any())


def _components(params: BernoulliParams, log_weights: Array) -> linear.Linear:
    """Natural parameters: log odds of x, or the logs of both chances.

    Log odds of a probability of one would be infinite.
    """
    chances = params.probabilities
    with np.errstate(divide="ignore"):
        ones, zeros = np.log(chances), np.log1p(-chances)
    if _has_certain_ones(params):
        return linear.Linear(log_weights, np.hstack([ones, zeros]))
    return linear.Linear(log_weights + zeros.sum(axis=1), ones - zeros)


def _rows(params: BernoulliParams, X: Array) -> linear.LinearRows:
    """Statistics that go with `_components`: x, or x and 1 - x."""
    if _has_certain_ones(params):
        return linear.LinearRows(np.hstack([X, 1.0 - X]), np.zeros(len(X)))
    return linear.LinearRows(X, np.zeros(len(X)))
