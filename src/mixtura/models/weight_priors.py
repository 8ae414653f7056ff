"""Distributions over mixture weights: Dirichlet, and the Dirichlet process.

Both are conjugate to the component of a row, so the posterior has the form of the
prior, with concentrations to which the counts are added.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, digamma, gammaln

from mixtura._types import Array


class WeightPrior(ABC):
    """A prior over mixture weights; `concentrations` are those of the posterior."""

    concentration: float

    @abstractmethod
    def update(self, counts: Array) -> Array:
        """Return the concentrations of the posterior, given counts (n_components,)."""

    @abstractmethod
    def expected_log_weights(self, concentrations: Array) -> Array:
        """Return E[log pi_k], shape (n_components,)."""

    @abstractmethod
    def expected_weights(self, concentrations: Array) -> Array:
        """Return E[pi_k], shape (n_components,)."""

    @abstractmethod
    def expected_remainder(self, concentrations: Array) -> float:
        """Return the expected weight of components that are not among these."""

    @abstractmethod
    def divergence(self, concentrations: Array) -> float:
        """KL(posterior || prior) in nats, not negative."""


@dataclass(frozen=True)
class Dirichlet(WeightPrior):
    r"""A Dirichlet distribution, the same for each component.

    .. math:: \pi \sim \mathrm{Dir}(\alpha_0, \ldots, \alpha_0), \qquad
        \alpha_k = \alpha_0 + N_k

    ([Bishop2006]_ 10.58). Its concentrations have the shape (n_components,).

    Parameters
    ----------
    concentration : float
        alpha_0. Well below one, most weights are near zero.

    Examples
    --------
    >>> import numpy as np
    >>> prior = Dirichlet(1.0)
    >>> prior.expected_weights(prior.update(np.array([2.0, 0.0])))
    array([0.75, 0.25])
    """

    concentration: float

    def update(self, counts: Array) -> Array:
        """Add the counts."""
        return self.concentration + counts

    def expected_log_weights(self, concentrations: Array) -> Array:
        """psi(alpha_k) - psi(sum of alpha) ([Bishop2006]_ 10.66)."""
        return np.asarray(digamma(concentrations) - digamma(concentrations.sum()))

    def expected_weights(self, concentrations: Array) -> Array:
        """alpha_k / sum of alpha."""
        return np.asarray(concentrations / concentrations.sum())

    def expected_remainder(self, concentrations: Array) -> float:
        """There are no others."""
        return 0.0

    def divergence(self, concentrations: Array) -> float:
        """KL between two Dirichlet distributions."""
        prior = np.full_like(concentrations, self.concentration)
        gained = concentrations - prior
        return float(
            _log_normalizer(concentrations)
            - _log_normalizer(prior)
            + gained @ self.expected_log_weights(concentrations)
        )


@dataclass(frozen=True)
class DirichletProcess(WeightPrior):
    r"""A Dirichlet process, by breaking a stick.

    .. math:: v_k \sim \mathrm{Beta}(1, \gamma), \qquad
        \pi_k = v_k \prod_{j<k} (1 - v_j)

    There are infinitely many components, of which rows may belong to the first K. The
    posterior of each fraction is
    :math:`\mathrm{Beta}(1 + N_k, \gamma + N_{k+1} + \ldots + N_K)`, and the
    concentrations are both its parameters, (2, n_components).

    Parameters
    ----------
    concentration : float
        gamma. The larger, the more components.

    References
    ----------
    .. [BleiJordan2006] D. M. Blei, M. I. Jordan. Variational inference for Dirichlet
       process mixtures. Bayesian Analysis 1(1), 2006.

    Examples
    --------
    >>> import numpy as np
    >>> prior = DirichletProcess(1.0)
    >>> prior.expected_weights(prior.update(np.array([2.0, 0.0])))
    array([0.75 , 0.125])
    """

    concentration: float

    def update(self, counts: Array) -> Array:
        """Add the counts here, and those further along the stick."""
        beyond = np.append(np.cumsum(counts[::-1])[-2::-1], 0.0)
        return np.stack([1 + counts, self.concentration + beyond])

    def expected_log_weights(self, concentrations: Array) -> Array:
        """E[log v_k] plus E[log (1 - v_j)] of those before."""
        log_fraction, log_rest = _expected_log_fractions(concentrations)
        before = np.append(0.0, np.cumsum(log_rest)[:-1])
        return np.asarray(log_fraction + before)

    def expected_weights(self, concentrations: Array) -> Array:
        """E[v_k] times E[1 - v_j] of those before: the fractions are independent."""
        fraction, rest = concentrations / concentrations.sum(axis=0)
        return np.asarray(fraction * np.append(1.0, np.cumprod(rest)[:-1]))

    def expected_remainder(self, concentrations: Array) -> float:
        """Return what is left of the stick."""
        _, rest = concentrations / concentrations.sum(axis=0)
        return float(rest.prod())

    def divergence(self, concentrations: Array) -> float:
        """KL between Beta distributions, summed over the fractions."""
        here, beyond = concentrations
        log_fraction, log_rest = _expected_log_fractions(concentrations)
        gained = (here - 1) * log_fraction + (beyond - self.concentration) * log_rest
        normalizers = betaln(1.0, self.concentration) - betaln(here, beyond)
        return float((gained + normalizers).sum())


def _log_normalizer(concentrations: Array) -> float:
    """Log of the factor of a Dirichlet density."""
    return float(gammaln(concentrations.sum()) - gammaln(concentrations).sum())


def _expected_log_fractions(concentrations: Array) -> tuple[Array, Array]:
    """E[log v] and E[log (1 - v)] under Beta distributions, (n_components,) each."""
    total = digamma(concentrations.sum(axis=0))
    log_fraction, log_rest = digamma(concentrations) - total
    return log_fraction, log_rest
