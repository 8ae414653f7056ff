"""What a Gaussian mixture with a known posterior can do: score, classify, sample."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array, IntArray
from mixtura.estimators import checks
from mixtura.estimators.bayesian.bayesian_fit import BayesianProblem
from mixtura.estimators.bayesian.bayesian_priors import WEIGHT_PRIORS
from mixtura.estimators.fitted.fitted_mixture import (
    BLOCK_ROWS,
    FittedMixture,
    check_draws,
    in_float64,
)
from mixtura.estimators.fitted.known_gaussians import gaussians_of
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian
from mixtura.families.normal_wishart import (
    NormalWishart,
    jensen_gap,
    predictive_log_density,
)
from mixtura.models.variational_mixture import VariationalParams
from mixtura.models.weight_priors import DirichletProcess, WeightPrior

STRUCTURES: dict[str, Covariance] = {
    structure.name: structure for structure in (Full(), Tied(), Diagonal(), Spherical())
}


class Posterior(NamedTuple):
    """Concentrations of the weights, and the distribution of means and precisions."""

    concentrations: Array
    components: NormalWishart


class FittedBayesianMixture(FittedMixture):
    """Methods that need the posterior of a Bayesian mixture and nothing else.

    Scores are by expected log-densities: a row's is the log of the sum over components
    of exp E[log weight + log density], as in scikit-learn.
    """

    covariance_type: str
    random_state: Any
    n_jobs: int | None
    weights_: Array
    means_: Array
    covariances_: Array
    precisions_: Array
    precisions_cholesky_: Array
    weight_concentration_prior_type: str
    weight_concentration_: Any
    mean_precision_: Array
    degrees_of_freedom_: Any
    weight_concentration_prior_: float
    mean_precision_prior_: float
    mean_prior_: Array
    degrees_of_freedom_prior_: float
    covariance_prior_: Any
    _prior: NormalWishart

    def score_samples(self, X: Any) -> Array:
        """Expected log-density of each row in nats, shape (n_samples,).

        A lower bound on `predictive_log_density`.
        """
        check_is_fitted(self)
        return self._log_density(self._validated(X, reset=False))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean of `score_samples`, weighted if weights are given."""
        log_density = self.score_samples(X)
        if sample_weight is not None:
            sample_weight = checks.check_sample_weight(sample_weight, log_density)
        return float(np.average(log_density, weights=sample_weight))

    def sample(
        self, n_samples: int = 1, random_state: Any = None
    ) -> tuple[Array, IntArray]:
        """Draw rows from the mixture at the expected parameters, by component.

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
        check_draws(n_samples)
        chosen = self.random_state if random_state is None else random_state
        rng = checks.generator(chosen)
        counts = rng.multinomial(n_samples, self.weights_)
        labels = np.repeat(np.arange(len(counts)), counts)
        return self._drawn(counts, rng), labels

    def predictive_log_density(self, X: Any) -> Array:
        """Log-density of new rows with all parameters integrated out.

        A mixture of Student t distributions, of which `score_samples` is a lower
        bound. A Dirichlet process keeps some weight for components not seen yet.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            In nats; the log of a density, which integrates to one.
        """
        check_is_fitted(self)
        X, structure = self._validated(X, reset=False), self._structure()
        weight_prior = self._weight_prior()
        concentrations, components = self._posterior()
        parts = [(weight_prior.expected_weights(concentrations), components)]
        remainder = weight_prior.expected_remainder(concentrations)
        if remainder > 0:
            parts.append((np.array([remainder]), self._prior))
        log_density = np.empty(len(X))
        for rows, block in in_float64(X, BLOCK_ROWS):
            log_joint = [
                np.log(weights) + predictive_log_density(structure, q, block)
                for weights, q in parts
            ]
            log_density[rows] = logsumexp(np.hstack(log_joint), axis=1)
        return log_density

    def _structure(self) -> Covariance:
        owner, names = type(self).__name__, [*STRUCTURES]
        checks.check_choice(owner, "covariance_type", self.covariance_type, names)
        return STRUCTURES[self.covariance_type]

    def _kernel_arguments(self) -> tuple[Array, Array, Array]:
        """Expected log weights plus constants, means and factors."""
        concentrations, q = self._posterior()
        normalizers = Gaussian(self._structure()).log_normalizers(q.gaussian)
        log_weights = self._weight_prior().expected_log_weights(concentrations)
        constants = log_weights + normalizers - jensen_gap(q)
        return constants, q.gaussian.means, q.gaussian.precision_cholesky

    def _weight_prior(self) -> WeightPrior:
        kind = WEIGHT_PRIORS[self.weight_concentration_prior_type]
        concentration = getattr(self, "weight_concentration_prior_", None)
        return kind(1 / len(self.means_) if concentration is None else concentration)

    def _posterior(self) -> Posterior:
        """Return the posterior in the caller's units."""
        gaussian = gaussians_of(self, self._structure())
        freedom = np.broadcast_to(self.degrees_of_freedom_, self.mean_precision_.shape)
        return Posterior(
            np.array(self.weight_concentration_),
            NormalWishart(gaussian, self.mean_precision_, freedom),
        )

    def _set_posterior(
        self, problem: BayesianProblem, params: VariationalParams
    ) -> None:
        """Set the attributes that describe posterior and prior."""
        priors, structure = problem.priors, problem.model.family.structure
        concentrations, q = params.concentrations, params.components
        weights = priors.weights.expected_weights(concentrations)
        gaussian = problem.in_user_units(q).gaussian
        self._prior = problem.in_user_units(priors.components(structure, 1))
        self.weights_ = weights / weights.sum()
        self.means_ = gaussian.means
        self.covariances_ = gaussian.covariances
        self.precisions_cholesky_ = gaussian.precision_cholesky
        with np.errstate(over="ignore"):
            self.precisions_ = structure.precisions(self.precisions_cholesky_)
        is_process = isinstance(priors.weights, DirichletProcess)
        self.weight_concentration_ = (
            tuple(concentrations) if is_process else concentrations
        )
        self.mean_precision_ = q.mean_precision
        freedom = q.degrees_of_freedom
        is_shared = not structure.per_component
        self.degrees_of_freedom_ = float(freedom[0]) if is_shared else freedom
        self.weight_concentration_prior_ = priors.weights.concentration
        self.mean_precision_prior_ = priors.mean_precision
        self.mean_prior_ = problem.units.to_x(priors.mean)
        self.degrees_of_freedom_prior_ = priors.degrees_of_freedom
        with np.errstate(over="ignore"):  # `warn_of_data` tells of it
            prior = structure.rescale(priors.covariance, problem.units.scale)
        self.covariance_prior_ = prior if np.ndim(prior) else float(prior)
