"""Factor analysis: a Gaussian latent variable seen through a linear map and noise."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from mixtura._types import Array, Rng
from mixtura.completion import SOFT, Completion
from mixtura.data import Rows
from mixtura.exceptions import DegenerateComponentError
from mixtura.statistics import EStatistics, shared

# Noise below this share of a column's variance has lost the digits that the
# likelihood needs, and so has noise below that share of the square about the pivot.
VANISHED = 1e-10
ROUNDING = 1e-15


class Noise(ABC):
    """What the noise variances of the columns have in common."""

    @abstractmethod
    def maximize(self, variances: Array) -> Array:
        """Return the variances, given each column's own estimate (n_features,)."""

    @abstractmethod
    def n_free_parameters(self, n_features: int) -> int:
        """Count them."""


class FreeNoise(Noise):
    """Each column its own variance: factor analysis."""

    def maximize(self, variances: Array) -> Array:
        """Return them as they are."""
        return variances

    def n_free_parameters(self, n_features: int) -> int:
        """One a column."""
        return n_features


class EqualNoise(Noise):
    """One variance for all columns: probabilistic principal components."""

    def maximize(self, variances: Array) -> Array:
        """Return their mean in every column."""
        return np.full_like(variances, variances.mean())

    def n_free_parameters(self, n_features: int) -> int:
        """One."""
        return 1


@dataclass(frozen=True)
class FactorParams:
    """Mean (D,), loadings (D, r) and noise variances (D,)."""

    mean: Array
    loadings: Array
    noise: Array


@dataclass(frozen=True)
class FactorStatistics(EStatistics):
    """Moments of the differences d = x - pivot and of u = (z, 1) under q.

    The pivot is the mean of the E-step's parameters.
    """

    count: float
    squares: Array  # (D,): sum d^2
    cross: Array  # (D, r + 1): sum d E[u]^T
    factors: Array  # (r + 1, r + 1): sum E[u u^T]
    pivot: Array = shared()  # (D,)


@dataclass(frozen=True)
class FactorAnalysis:
    r"""A few common factors and independent noise.

    .. math:: z \sim \mathcal N(0, I_r), \qquad
        x \mid z \sim \mathcal N(\mu + \Lambda z, \mathrm{diag}(\psi))

    The posterior of z is Gaussian with mean :math:`\beta (x - \mu)` and covariance
    :math:`V = (I + \Lambda^\top \Psi^{-1} \Lambda)^{-1}`, where
    :math:`\beta = V \Lambda^\top \Psi^{-1}` ([RubinThayer1982]_).

    Parameters
    ----------
    noise : Noise
        Free variances (factor analysis) or equal ones (probabilistic PCA).
    """

    noise: Noise = field(default_factory=FreeNoise)

    def e_step(
        self, params: FactorParams, block: Rows, completion: Completion = SOFT
    ) -> FactorStatistics:
        """Sum the expected sufficient statistics of a block.

        Raises
        ------
        ValueError
            If the completion is not soft: a continuous latent has no class to choose.
        """
        if completion != SOFT:
            raise ValueError(
                "FactorAnalysis must be fitted by soft EM; got "
                f"{type(completion).__name__}. Its latent variable is continuous."
            )
        weights = np.ones(len(block)) if block.weights is None else block.weights
        covariance, gain, log_determinant = _posterior(params)
        difference = block.X - params.mean
        latent = np.column_stack([difference @ gain.T, np.ones(len(block))])
        count, n_features = float(weights.sum()), len(params.mean)
        # x^T Sigma^-1 x = |noise-whitened residual|^2 + |E z|^2: no cancellation.
        residual = (difference - latent[:, :-1] @ params.loadings.T) ** 2 / params.noise
        squared = residual.sum(axis=1) + (latent[:, :-1] ** 2).sum(axis=1)
        factors = (latent * weights[:, None]).T @ latent
        factors[:-1, :-1] += count * covariance
        return FactorStatistics(
            log_likelihood=float(
                -0.5 * weights @ squared
                - 0.5 * count * (n_features * np.log(2 * np.pi) + log_determinant)
            ),
            entropy=0.5 * count * _log_determinant(2 * np.pi * np.e * covariance),
            count=count,
            squares=weights @ difference**2,
            cross=(difference * weights[:, None]).T @ latent,
            factors=factors,
            pivot=params.mean,
        )

    def m_step(
        self, params: FactorParams, statistics: FactorStatistics
    ) -> FactorParams:
        """Regress x on (z, 1): loadings and mean together, then the noise.

        Raises
        ------
        DegenerateComponentError
            If the factors leave nothing of a column to the noise.
        """
        coefficients = np.asarray(
            np.linalg.solve(statistics.factors, statistics.cross.T).T, dtype=np.float64
        )
        explained = (coefficients * statistics.cross).sum(axis=1)
        noise = self.noise.maximize((statistics.squares - explained) / statistics.count)
        vanished = ~(noise > _least_noise(statistics))
        if vanished.any():
            column = int(vanished.argmax())
            raise DegenerateComponentError(
                f"The factors explain column {column} completely (a Heywood case, or a "
                "constant column); its noise variance is zero. Use fewer factors or "
                "EqualNoise(), or drop the column.",
                column,
            )
        return FactorParams(
            mean=statistics.pivot + coefficients[:, -1],
            loadings=coefficients[:, :-1],
            noise=noise,
        )

    def expected_log_joint(
        self, params: FactorParams, statistics: FactorStatistics
    ) -> float:
        """Q = E_q[log p(z)] + E_q[log p(x | z)] in nats."""
        n_features, n_factors = params.loadings.shape
        shift = params.mean - statistics.pivot
        coefficients = np.column_stack([params.loadings, shift])
        explained = (coefficients * statistics.cross).sum(axis=1)
        quadratic = ((coefficients @ statistics.factors) * coefficients).sum(axis=1)
        residual = (statistics.squares - 2 * explained + quadratic) / params.noise
        constant = (n_features + n_factors) * np.log(2 * np.pi)
        log_noise = np.log(params.noise).sum()
        prior = np.trace(statistics.factors[:-1, :-1])
        total = statistics.count * (constant + log_noise) + residual.sum() + prior
        return float(-0.5 * total)

    def unconstrained(self, params: FactorParams) -> Array:
        """Return the mean, loadings and log noise variances."""
        return np.concatenate(
            [params.mean, params.loadings.ravel(), np.log(params.noise)]
        )

    def constrained(self, vector: Array, params: FactorParams) -> FactorParams:
        """Return the parameters of such a vector."""
        n_features = len(params.mean)
        return FactorParams(
            vector[:n_features],
            vector[n_features:-n_features].reshape(params.loadings.shape),
            self.noise.maximize(np.exp(vector[-n_features:])),
        )

    def covariance(self, params: FactorParams) -> Array:
        """Sigma = Lambda Lambda^T + diag(psi), shape (n_features, n_features)."""
        return params.loadings @ params.loadings.T + np.diag(params.noise)

    def n_free_parameters(self, params: FactorParams) -> int:
        """Mean, loadings up to rotation, and noise."""
        n_features, n_factors = params.loadings.shape
        rotations = n_factors * (n_factors - 1) // 2
        noise = self.noise.n_free_parameters(n_features)
        return n_features + n_features * n_factors - rotations + noise

    def sample(
        self, params: FactorParams, n_samples: int, rng: Rng
    ) -> tuple[Array, Array]:
        """Draw observations and their factors."""
        n_features, n_factors = params.loadings.shape
        z = rng.standard_normal((n_samples, n_factors))
        noise = rng.standard_normal((n_samples, n_features)) * np.sqrt(params.noise)
        return params.mean + z @ params.loadings.T + noise, z


def _least_noise(statistics: FactorStatistics) -> Array:
    """Return the variances at which rounding decides the likelihood, (D,)."""
    squares = statistics.squares / statistics.count
    mean = statistics.cross[:, -1] / statistics.count
    return np.asarray(VANISHED * (squares - mean**2) + ROUNDING * squares)


def _posterior(params: FactorParams) -> tuple[Array, Array, float]:
    """V, beta and log |Sigma| = log |Psi| - log |V|."""
    scaled = params.loadings / params.noise[:, None]
    precision = np.eye(params.loadings.shape[1]) + params.loadings.T @ scaled
    factor = cho_factor(precision)
    covariance = cho_solve(factor, np.eye(len(precision)))
    gain = cho_solve(factor, scaled.T)
    log_determinant = np.log(params.noise).sum() + _log_determinant(precision)
    return covariance, gain, float(log_determinant)


def _log_determinant(matrix: Array) -> float:
    """Log |matrix| of a positive definite matrix."""
    return 2 * float(np.log(np.diag(np.linalg.cholesky(matrix))).sum())
