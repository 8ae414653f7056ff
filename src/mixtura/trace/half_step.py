"""What a trace says of each half-step, and of its fit."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class HalfStep:
    """One half-step of EM in the user's units.

    After an E-step q is the posterior at `params`; after an M-step `params` are new
    and q is still the posterior at those before. Always log_likelihood = elbo + kl and
    elbo = q + entropy: sums over observations, in nats. What counts as log-likelihood
    is what EM climbs: with a numeric `reg_covar` or a prior, their terms are in it.

    Parameters
    ----------
    iteration : int
        0 for the E-step at the first parameters; iteration t is M-step t, E-step t.
    phase : {"E", "M"}
    params : MixtureParams
        `weights`, and `components` with `means` and `covariances`. With noise the
        weights sum to less than one.
    log_likelihood : float
        log p(x | params).
    q : float
        E_q[log p(x, z | params)], the expected complete-data log-likelihood.
    entropy : float
        H(q).
    """

    iteration: int
    phase: Literal["E", "M"]
    params: Any = field(repr=False)
    log_likelihood: float
    q: float
    entropy: float

    @property
    def elbo(self) -> float:
        """The lower bound on the log-likelihood that q gives."""
        return self.q + self.entropy

    @property
    def kl(self) -> float:
        """KL(q || p(z | x, params)), the gap between log-likelihood and bound."""
        return self.log_likelihood - self.elbo


@dataclass(frozen=True)
class About:
    """What a trace says of its fit in words.

    Parameters
    ----------
    columns : tuple of str
    algorithm : {"em", "hard", "stochastic"}
    covariance_type : str
        Empty for other families than Gaussian ones.
    outcome : str
        Why the fit stopped; empty if nothing stopped it.
    converged : bool
    """

    columns: tuple[str, ...]
    algorithm: str
    covariance_type: str
    outcome: str = ""
    converged: bool = False
