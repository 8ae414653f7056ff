"""p(latent, x): one file a latent structure.

A latent model is any object with the methods of `LatentModel`. The driver calls
`e_step` on blocks of data, adds what they return, and calls `m_step`.
"""

from typing import Any, Protocol

from mixtura._types import Array
from mixtura.completion import SOFT, Completion
from mixtura.statistics import EStatistics


class LatentModel(Protocol):
    """What the driver needs of a model."""

    def e_step(
        self, params: Any, block: Any, completion: Completion = SOFT
    ) -> EStatistics:
        """Return the expected sufficient statistics of a block of data."""

    def m_step(self, params: Any, statistics: Any) -> Any:
        """Return the parameters that maximise the expected log joint."""

    def unconstrained(self, params: Any) -> Array:
        """Return the free parameters as a vector of real numbers without bounds.

        Entries that are not finite stand for parameters on the boundary, such as the
        log of a weight of zero.
        """

    def constrained(self, vector: Array, params: Any) -> Any:
        """Return the parameters of a vector; `params` gives the shapes."""

    def expected_log_joint(self, params: Any, statistics: Any) -> float:
        """Q: E_q[log p(x, z | params)] in nats, from the statistics of q alone."""
