"""p(x | component): one file a family.

A family describes all K components of a mixture, or states of a hidden Markov model,
at once. To add one, write its four methods and a row in the tests' registry.
"""

from typing import Any, Protocol

from mixtura._types import Array, IntArray, Rng
from mixtura.statistics import Statistics


class Family(Protocol):
    """What a latent model needs of its components."""

    def blank(self, n_components: int, n_features: int) -> Any:
        """Return parameters that know nothing, from which a first M-step can start."""

    def log_density(self, params: Any, X: Array) -> Array:
        """Log p(x | component) in nats, of shape (n_samples, n_components)."""

    def statistics(self, params: Any, X: Array, weights: Array) -> Statistics:
        """Sum the sufficient statistics, row i counting weights[i, k] for k."""

    def e_step(
        self, params: Any, log_weights: Array, X: Array, weights: Array | None
    ) -> tuple[float, float, Array, Statistics] | None:
        """Fuse the E-step of a mixture of this family, or decline with None.

        A fused E-step never stores (n_samples, n_components). It returns the
        log-likelihood, the entropy of the responsibilities, the counts and the
        statistics, all sums over rows of which row i counts weights[i].
        """

    def placed(self, params: Any, statistics: Any) -> Any:
        """Return `params` about which the moments of these data do not cancel.

        A family whose statistics have no pivot returns `params`.
        """

    def maximize(self, params: Any, statistics: Any) -> Any:
        """Weighted maximum-likelihood parameters; dead components keep theirs."""

    def expected_log_density(self, params: Any, statistics: Any) -> float:
        """Sum over i and k of weights[i, k] log p(x_i | k), from the statistics."""

    def unconstrained(self, params: Any) -> Array:
        """Return the free parameters as a vector of real numbers without bounds."""

    def constrained(self, vector: Array, params: Any) -> Any:
        """Return the parameters of such a vector; `params` gives the shapes."""

    def n_free_parameters(self, params: Any) -> int:
        """Number of free parameters of all components together."""

    def sample(self, params: Any, components: IntArray, rng: Rng) -> Array:
        """Draw one row for each entry of `components`."""
