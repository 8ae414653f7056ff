"""What a Gaussian mixture with known parameters can do: score, classify, sample."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from mixtura._types import Array, IntArray
from mixtura.data import Rows
from mixtura.estimators import checks
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.kernels import Kernels
from mixtura.models.categorical import Responsibilities
from mixtura.models.mixture import Mixture, MixtureParams, log_weights

STRUCTURES: dict[str, Covariance] = {
    structure.name: structure for structure in (Full(), Tied(), Diagonal(), Spherical())
}

BLOCK_ROWS = 4096
"""Rows per block of predict_proba."""

CONVERTED_ROWS = 1 << 16
"""Rows of float32 that are turned into float64 at a time."""


class FittedGaussianMixture(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Methods that need the parameters of a Gaussian mixture and nothing else.

    The fitted attributes are the only state, so they may also be set by hand.
    """

    covariance_type: str
    random_state: Any
    weights_: Array
    means_: Array
    covariances_: Array
    precisions_: Array
    precisions_cholesky_: Array

    def predict(self, X: Any) -> IntArray:
        """Return the most probable component of each row, shape (n_samples,)."""
        check_is_fitted(self)
        return self._labels(self._validated(X, reset=False))

    def predict_proba(self, X: Any) -> Array:
        """Responsibilities p(k | x), shape (n_samples, K); rows sum to one."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        probabilities = np.empty((len(X), len(self.weights_)))
        arguments = self._kernel_arguments()
        for block in Rows(X).blocks(BLOCK_ROWS):
            log_joint = self._kernels.log_joint(
                block.X.astype(np.float64, copy=False), *arguments
            )
            rows = slice(block.start, block.start + len(block))
            probabilities[rows] = Responsibilities.from_log_joint(log_joint).values
        return probabilities

    def score_samples(self, X: Any) -> Array:
        """Log-density log p(x) of each row in nats, shape (n_samples,)."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        log_density, arguments = np.empty(len(X)), self._kernel_arguments()
        for rows, block in _in_float64(X, CONVERTED_ROWS):
            self._kernels.log_density(block, *arguments, out=log_density[rows])
        return log_density

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log-density of the rows in nats, weighted if weights are given."""
        return float(np.average(self.score_samples(X), weights=sample_weight))

    def sample(
        self, n_samples: int = 1, random_state: Any = None
    ) -> tuple[Array, IntArray]:
        """Draw rows from the mixture, ordered by component.

        Parameters
        ----------
        n_samples : int
        random_state : int, RandomState or None
            Seeds the draw. Default: the estimator's own `random_state`.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        labels : ndarray of shape (n_samples,)
            The component of each row.
        """
        check_is_fitted(self)
        if not isinstance(n_samples, int | np.integer) or n_samples < 1:
            raise ValueError(
                f"Invalid value for 'n_samples': {n_samples!r}. "
                "sample must be asked for at least one row."
            )
        chosen = self.random_state if random_state is None else random_state
        seeds = check_random_state(chosen).randint(2**31, size=4)
        rng = np.random.default_rng(seeds)
        counts = rng.multinomial(n_samples, self.weights_ / self.weights_.sum())
        labels = np.repeat(np.arange(len(counts)), counts)
        family = Gaussian(self._structure())
        return family.sample(self._params().components, labels, rng), labels

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """Bayesian information criterion, -2 log L + p log n; lower is better."""
        log_likelihood, n_observations = self._total(X, sample_weight)
        penalty = self._n_parameters() * np.log(n_observations)
        return float(-2 * log_likelihood + penalty)

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """Akaike information criterion, -2 log L + 2 p; lower is better."""
        log_likelihood, _ = self._total(X, sample_weight)
        return float(-2 * log_likelihood + 2 * self._n_parameters())

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood; lower is better.

        BIC plus -2 times the log of each row's largest responsibility, summed: the BIC
        of the classification.
        """
        certainty = np.log(self.predict_proba(X).max(axis=1))
        weights = np.ones(len(certainty)) if sample_weight is None else sample_weight
        return float(self.bic(X, sample_weight) - 2 * np.dot(weights, certainty))

    def _n_parameters(self) -> int:
        """Number of free parameters of the mixture."""
        return Mixture(Gaussian(self._structure())).n_free_parameters(self._params())

    def _total(self, X: Any, sample_weight: Any) -> tuple[float, float]:
        """Log-likelihood in nats and number of observations."""
        log_density = self.score_samples(X)
        weights = np.ones(len(log_density)) if sample_weight is None else sample_weight
        return float(np.dot(weights, log_density)), float(np.sum(weights))

    def _structure(self) -> Covariance:
        checks.check_choice(
            type(self).__name__, "covariance_type", self.covariance_type, [*STRUCTURES]
        )
        return STRUCTURES[self.covariance_type]

    def _validated(self, X: Any, *, reset: bool) -> Array:
        X = checks.to_frame_or_array(X)
        array: Array = validate_data(
            self,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            accept_large_sparse=False,
        )
        return array

    def _set_params(self, params: MixtureParams) -> None:
        self.weights_ = params.weights
        self.means_ = params.components.means
        self.covariances_ = params.components.covariances
        self.precisions_cholesky_ = params.components.precision_cholesky
        self.precisions_ = self._structure().precisions(self.precisions_cholesky_)

    def _params(self) -> MixtureParams:
        components = GaussianParams(
            self.means_, self.covariances_, self.precisions_cholesky_
        )
        return MixtureParams(self.weights_, components)

    @property
    def _kernels(self) -> Kernels:
        return self._structure().kernels

    def _kernel_arguments(self) -> tuple[Array, Array, Array]:
        """Log weights plus log normalizers, means and factors."""
        params = self._params()
        normalizers = Gaussian(self._structure()).log_normalizers(params.components)
        constants = log_weights(params) + normalizers
        return constants, self.means_, self.precisions_cholesky_

    def _labels(self, X: Array) -> IntArray:
        labels, arguments = np.empty(len(X), dtype=np.int64), self._kernel_arguments()
        for rows, block in _in_float64(X, CONVERTED_ROWS):
            self._kernels.labels(block, *arguments, out=labels[rows])
        return labels


def _in_float64(X: Array, block_rows: int) -> Iterator[tuple[slice, Array]]:
    """All rows if they are float64, else blocks of them as float64."""
    size = len(X) if X.dtype == np.float64 else block_rows
    for block in Rows(X).blocks(size):
        rows = slice(block.start, block.start + len(block))
        yield rows, block.X.astype(np.float64, copy=False)
