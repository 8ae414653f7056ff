"""What a Gaussian mixture with known parameters can do: score, classify, sample."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array, IntArray
from mixtura.estimators import checks
from mixtura.estimators.fitted.fitted_mixture import FittedMixture, check_draws
from mixtura.estimators.fitted.known_gaussians import gaussians_of
from mixtura.estimators.fitted.mixture_distribution import MixtureDistribution
from mixtura.estimators.fitting import noise
from mixtura.estimators.structures import STRUCTURES, check_columns, check_name
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.kernels import Kernels
from mixtura.models.mixture import (
    Equal,
    Free,
    MixtureParams,
    Proportions,
    log_weights,
)


class FittedGaussianMixture(FittedMixture, MixtureDistribution):
    """Methods that need the parameters of a Gaussian mixture and nothing else.

    The fitted attributes are the only state, so they may also be set by hand.
    """

    covariance_type: str
    equal_weights: bool = False
    random_state: Any
    weights_: Array
    means_: Array
    covariances_: Array
    precisions_: Array
    precisions_cholesky_: Array

    @classmethod
    def from_parameters(
        cls,
        weights: Any,
        means: Any,
        covariances: Any,
        covariance_type: str = "full",
        feature_names: Sequence[str] | None = None,
    ) -> Self:
        """Make a fitted mixture from known parameters, without data.

        Parameters
        ----------
        weights : array-like of shape (K,)
        means : array-like of shape (K, n_features)
        covariances : array-like
            In the shape of `covariance_type`.
        covariance_type : str
            "full", "tied", "diag", "spherical" or one of mclust's codes.
        feature_names : sequence of str, optional

        Returns
        -------
        GaussianMixture

        Raises
        ------
        ValueError
            If shapes disagree, weights do not sum to one, or covariances are not
            positive definite or not of this type.

        Examples
        --------
        >>> from mixtura import GaussianMixture
        >>> standard = GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]])
        >>> standard.score_samples([[0.0]]).round(4)
        array([-0.9189])
        """
        means = np.array(means, dtype=np.float64, ndmin=2)
        model = cls(n_components=len(means), covariance_type=covariance_type)
        structure = model._structure()
        n_components, n_features = means.shape
        check_columns(cls.__name__, covariance_type, n_features)
        model.n_features_in_ = n_features
        if feature_names is not None:
            names = np.array(feature_names, dtype=object)
            checks.check_shape(names, (n_features,), "feature_names")
            model.feature_names_in_ = names
        covariances = checks.check_covariances(
            covariances, structure, n_components, n_features
        )
        model._set_params(
            MixtureParams(
                checks.check_weights(weights, n_components),
                GaussianParams(
                    checks.check_means(means, n_components, n_features),
                    covariances,
                    structure.factor(covariances, extended=True),
                ),
            )
        )
        return model

    def predict(self, X: Any) -> IntArray:
        """Return the most probable component of each row, shape (n_samples,).

        -1 for noise and for rows that trimming would leave out.
        """
        labels: IntArray = super().predict(X)
        return labels

    def predict_proba(self, X: Any) -> Array:
        """Responsibilities p(k | x), shape (n_samples, K); rows sum to one.

        With noise there is one column more, the last, for it.
        """
        probabilities: Array = super().predict_proba(X)
        return probabilities

    def score_samples(self, X: Any) -> Array:
        """Log-density log p(x) of each row in nats, shape (n_samples,)."""
        check_is_fitted(self)
        return self._log_density(self._validated(X, reset=False))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log-density of the rows in nats, weighted if weights are given."""
        log_likelihood, n_observations = self._total(X, sample_weight)
        return log_likelihood / n_observations

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
            The component of each row, -1 for noise.

        Raises
        ------
        ValueError
            If there is noise to draw, and only its volume is known.
        """
        check_is_fitted(self)
        check_draws(n_samples)
        chosen = self.random_state if random_state is None else random_state
        rng = checks.generator(chosen)
        counts, n_noise = noise.counts_of_draws(self, n_samples, rng)
        labels = np.repeat(np.arange(len(counts)), counts)
        X = self._drawn(counts, rng)
        return noise.with_noise_rows(self, X, labels, n_noise, rng)

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
        bic = self.bic(X, sample_weight)
        X = self._validated(X, reset=False)
        certainty = np.empty(len(X))
        for rows, values in self._probabilities(X):
            certainty[rows] = np.log(values.max(axis=1))
        weights = np.ones(len(X)) if sample_weight is None else sample_weight
        return float(bic - 2 * np.dot(weights, certainty))

    def _n_parameters(self) -> int:
        """Number of free parameters of the mixture."""
        weights = self._proportions().n_free_parameters(len(self.weights_))
        components = Gaussian(self._structure()).n_free_of(*self.means_.shape)
        return weights + components + noise.n_more_parameters(self)

    def _total(self, X: Any, sample_weight: Any) -> tuple[float, float]:
        """Log-likelihood in nats and number of observations."""
        log_density = self.score_samples(X)
        if sample_weight is None:
            return float(log_density.sum()), float(len(log_density))
        weights = checks.check_sample_weight(sample_weight, log_density)
        return float(np.dot(weights, log_density)), float(weights.sum())

    def _proportions(self) -> Proportions:
        return Equal() if self.equal_weights else Free()

    def _structure(self) -> Covariance:
        check_name(type(self).__name__, self.covariance_type)
        return STRUCTURES[self.covariance_type]

    def _validated(self, X: Any, *, reset: bool) -> Array:
        array: Array = super()._validated(X, reset=reset)
        if reset:
            check_columns(type(self).__name__, self.covariance_type, array.shape[1])
        return array

    def _set_params(self, params: MixtureParams) -> None:
        self.weights_ = params.weights
        self.means_ = params.components.means
        self.covariances_ = params.components.covariances
        self.precisions_cholesky_ = params.components.precision_cholesky
        with np.errstate(over="ignore"):
            self.precisions_ = self._structure().precisions(self.precisions_cholesky_)

    def _params(self) -> MixtureParams:
        return MixtureParams(self.weights_, gaussians_of(self, self._structure()))

    @property
    def _kernels(self) -> Kernels:
        return noise.kernels_of(self, self._structure())

    def _kernel_arguments(self) -> tuple[Array, Array, Array]:
        """Log weights plus log normalizers, means and factors."""
        params = self._params()
        normalizers = Gaussian(self._structure()).log_normalizers(params.components)
        constants = log_weights(params) + normalizers
        return noise.arguments_of(self, self._structure(), constants, params)

    def _labels(self, X: Array, dtype: type[np.signedinteger] = np.int64) -> IntArray:
        return noise.unassigned(self, X, super()._labels(X, dtype))
