"""What keeps the covariances of a Gaussian mixture away from singularity, or fixed.

Each constraint belongs to an objective that EM climbs without exception: the
log-likelihood itself, over a restricted set or not, or the log-likelihood of blurred
data.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from mixtura._types import Array
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance_structure import Covariance
from mixtura.families.sets import apart

# What rounding may add to a covariance matrix, relative to its diagonal.
ROUNDING = 1e-14


class Constraint(ABC):
    """Turn the structure's estimate into the covariances that the M-step returns."""

    estimates_covariances: bool = True
    separate: bool = True
    """Whether the constraint on a component leaves the others out of account."""

    @abstractmethod
    def apply(self, structure: Covariance, estimate: Array, previous: Array) -> Array:
        """Return the constrained maximiser."""

    def blurred(self, structure: Covariance, own: Array) -> Array:
        """Return sample covariances, with what blurs each observation added."""
        return own

    def maximize(
        self,
        structure: Covariance,
        own: Array,
        estimate: Array,
        counts: Array,
        previous: Array,
        n_sets: int = 1,
    ) -> Array:
        """Return the constrained maximiser, given the unconstrained `estimate`.

        The arguments are those of `Covariance.closest`, and what that made of them;
        if of several sets of components, one set after another.
        """
        return self.apply(structure, estimate, previous)

    def given(self, counts: Array) -> "Constraint":
        """Return the constraint for components of these counts, (n_components,)."""
        return self

    def project(self, structure: Covariance, covariances: Array) -> Array:
        """Return the nearest covariances that the constraint allows."""
        return structure.projected(covariances)

    def accepted(
        self, structure: Covariance, estimate: Array, n_components: int
    ) -> Array | None:
        """Return the factors of an estimate that surely needs no change, else None."""
        return None

    def log_factor(
        self, structure: Covariance, precision_cholesky: Array, n_components: int
    ) -> Array:
        """Log of the factor on each component's density in the objective, (K,)."""
        return np.zeros(n_components)


@dataclass(frozen=True)
class Unconstrained(Constraint):
    """Plain maximum likelihood; a singular estimate raises.

    Parameters
    ----------
    negligible : ndarray of shape (n_features,), optional
        Variances at or below these are rounding, and count as zero.
    """

    negligible: Array | None = None

    def apply(self, structure: Covariance, estimate: Array, previous: Array) -> Array:
        """Return the estimate, if something remains when rounding is taken away."""
        remainder = structure.scale_diagonal(estimate, 1 - ROUNDING)
        if self.negligible is not None:
            remainder = structure.add_diagonal(remainder, -self.negligible)
        structure.factor(remainder)
        return estimate


@dataclass(frozen=True)
class Ridge(Constraint):
    r"""Blur every observation with variances R: scikit-learn's ``reg_covar``.

    The M-step adds R to each component's covariance, before the structure makes them
    share anything. That is the exact M-step of

    .. math:: \sum_i \log \sum_k \pi_k\, \mathcal N(x_i \mid \mu_k, \Sigma_k)\,
        e^{-\mathrm{tr}(R \Sigma_k^{-1}) / 2},

    the likelihood with each log-density averaged over jitter of variance R. With that
    factor in the E-step as well, the objective never falls.

    Parameters
    ----------
    variances : ndarray of shape (n_features,)
        The diagonal of R.
    """

    variances: Array

    def blurred(self, structure: Covariance, own: Array) -> Array:
        """Add R."""
        return structure.add_diagonal(own, self.variances)

    def apply(self, structure: Covariance, estimate: Array, previous: Array) -> Array:
        """Return the estimate."""
        return estimate

    def log_factor(
        self, structure: Covariance, precision_cholesky: Array, n_components: int
    ) -> Array:
        r"""Return :math:`-\mathrm{tr}(R \Sigma_k^{-1}) / 2`."""
        return -0.5 * structure.precision_traces(
            precision_cholesky, self.variances, n_components
        )


@dataclass(frozen=True)
class Floor(Constraint):
    r"""Maximum likelihood among covariances :math:`\Sigma_k \succeq \mathrm{diag}(f)`.

    The likelihood is bounded on this set, and where no component touches the floor
    the fit is plain maximum likelihood.

    Parameters
    ----------
    variances : ndarray of shape (n_features,)
        The floor f.
    """

    variances: Array

    def maximize(
        self,
        structure: Covariance,
        own: Array,
        estimate: Array,
        counts: Array,
        previous: Array,
        n_sets: int = 1,
    ) -> Array:
        """Maximise above the floor."""
        floor = structure.attainable(self.variances)
        if n_sets == 1:
            return structure.raised(estimate, own, counts, previous, floor)
        sets = *apart(n_sets, estimate, own, counts, previous), floor
        return structure.raised(*sets).reshape(estimate.shape)

    def apply(self, structure: Covariance, estimate: Array, previous: Array) -> Array:
        """Raise what lies below the floor."""
        return self.project(structure, estimate)

    def project(self, structure: Covariance, covariances: Array) -> Array:
        """Raise what lies below the floor."""
        floor = structure.attainable(self.variances)
        return structure.projected(covariances, floor)

    def accepted(
        self, structure: Covariance, estimate: Array, n_components: int
    ) -> Array | None:
        r"""Accept if :math:`\mathrm{tr}(\mathrm{diag}(f) \Sigma_k^{-1}) \le 1`.

        The trace is the sum of the positive eigenvalues of that product, so all are at
        most 1 then. That is almost always so, and the factors are needed anyway.
        """
        try:
            factors = structure.factor(estimate)
        except DegenerateComponentError:
            return None
        floor = structure.attainable(self.variances)
        traces = structure.precision_traces(factors, floor, n_components)
        return factors if (traces <= 1).all() else None


@dataclass(frozen=True)
class Fixed(Constraint):
    """Covariances that the M-step leaves alone, as in k-means."""

    estimates_covariances = False

    def apply(self, structure: Covariance, estimate: Array, previous: Array) -> Array:
        """Return the previous covariances."""
        return previous
