"""`GaussianMixture`, with scikit-learn's interface."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from mixtura._types import Array, IntArray, Rng
from mixtura.acceleration import Acceleration, Anderson, Automatic, Squarem
from mixtura.completion import HARD, SOFT, Completion, Stochastic
from mixtura.data import UNKNOWN, Rows
from mixtura.em import EMResult, Outcome
from mixtura.estimators import checks
from mixtura.estimators.fitted_gaussian_mixture import (
    FittedGaussianMixture,
)
from mixtura.estimators.gaussian_fit import (
    Problem,
    best_fit,
    warn_of_collapse,
    warn_of_data,
)
from mixtura.estimators.gaussian_starts import NAMES, Given
from mixtura.estimators.progress import Progress
from mixtura.families.constraints import Ridge
from mixtura.families.covariance_structure import Covariance
from mixtura.kernels.threads import using_threads

ALGORITHMS = ("em", "hard", "stochastic")
ACCELERATIONS: dict[str, Acceleration] = {
    "auto": Automatic(),
    "squarem": Squarem(),
    "anderson": Anderson(),
}


class GaussianMixture(FittedGaussianMixture):
    r"""Gaussian mixture fitted by expectation-maximization.

    .. math:: p(x) = \sum_k \pi_k\, \mathcal N(x \mid \mu_k, \Sigma_k)

    A drop-in for :class:`sklearn.mixture.GaussianMixture`: the same arguments,
    attributes and methods, plus weights, labels, restarts judged by likelihood and
    tolerances that mean what they say.

    Parameters
    ----------
    n_components : int, default=1
        Number of components K.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        What the covariances have in common.
    tol : float or "auto", default="auto"
        Stop when the log-likelihood still to be gained is estimated to be at most this
        many nats per observation. "auto": 1e-4 nats in total.
    reg_covar : float or "auto", default="auto"
        "auto": plain maximum likelihood, with no variance in any direction below 1e-10
        of the columns' own variances. A number is added to the diagonal of every
        covariance, and the objective is penalised to match.
    max_iter : int, default=1000
        Largest number of EM iterations; 0 keeps the initial parameters.
    n_init : int, default=1
        Number of starts, of which the best fit is kept.
    init_params : str, array-like or callable, default="auto"
        "auto": the best of several k-means++ starts in standardised and whitened space,
        judged after a few EM steps. Or "kmeans", "k-means++", "random",
        "random_from_data"; responsibilities of shape (n_samples, K); labels of shape
        (n_samples,), -1 where unknown; or a callable that returns either from
        ``(X, n_components, rng)``.
    weights_init : array-like of shape (K,), optional
        Initial weights.
    means_init : array-like of shape (K, n_features), optional
        Initial means. Without initial precisions the components start with the
        covariance of the whole data.
    precisions_init : array-like, optional
        Initial precisions, in the shape of `covariances_`.
    random_state : int, RandomState or None, default=None
        Seeds the starts, stochastic EM and `sample`.
    warm_start : bool, default=False
        Start from the previous fit.
    verbose : int, default=0
        1 prints a line for each start and every `verbose_interval` iterations; 2 adds
        the objective.
    verbose_interval : int, default=10
        Iterations between lines.
    algorithm : {"em", "hard", "stochastic"}, default="em"
        Complete the data with the posterior, its mode, or a draw from it.
    acceleration : {"auto", "squarem", "anderson"} or None, default="auto"
        Take fewer iterations, each at least as good as one of EM. "auto": only once EM
        is seen to be slow, and not with ``tol=0``, which asks for `max_iter` steps.
        None is textbook EM, step for step. Hard and stochastic EM are never
        accelerated.
    n_jobs : int, optional
        Threads over the rows of large data; the result does not depend on it, to the
        last bit. Default: one for each processor, or one inside a joblib worker.

    Attributes
    ----------
    weights_ : ndarray of shape (K,)
        Mixture weights.
    means_ : ndarray of shape (K, n_features)
        Means.
    covariances_ : ndarray
        Covariances: full (K, D, D), tied (D, D), diag (K, D), spherical (K,).
    precisions_ : ndarray
        Their inverses, in the same shape.
    precisions_cholesky_ : ndarray
        Upper-triangular P with precision P P^T.
    labels_ : ndarray of shape (n_samples,)
        Most probable component of each training row, or its known one.
    converged_ : bool
        Whether the tolerance was met.
    n_iter_ : int
        EM iterations of the best start.
    lower_bound_ : float
        What EM maximised at these parameters, in nats per observation: the
        log-likelihood, with the penalty of a numeric `reg_covar`.
    lower_bounds_ : list of float
        The same after each iteration; it never falls.
    log_likelihood_ : float
        Log-likelihood of the training data in nats, summed, without penalty.
    outcome_ : str
        Why the fit stopped.
    n_samples_fit_ : float
        Sum of the weights of the training rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if `X` had them.

    See Also
    --------
    mixtura.em_steps : Watch every half-step of a fit.

    References
    ----------
    .. [Bishop2006] C. M. Bishop. Pattern Recognition and Machine Learning, section 9.2.

    Examples
    --------
    >>> from mixtura import GaussianMixture, load_dataset
    >>> faithful = load_dataset("old-faithful")
    >>> model = GaussianMixture(2, random_state=0).fit(faithful.values)
    >>> model.means_.round(2)
    array([[ 2.04, 54.48],
           [ 4.29, 79.97]])
    >>> round(model.log_likelihood_, 3)
    -1130.264
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float | str = "auto",
        reg_covar: float | str = "auto",
        max_iter: int = 1000,
        n_init: int = 1,
        init_params: Any = "auto",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        algorithm: str = "em",
        acceleration: str | None = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.algorithm = algorithm
        self.acceleration = acceleration
        self.n_jobs = n_jobs

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, labels: Any = None
    ) -> Self:
        """Estimate the parameters by EM.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Real and finite. Feature names are kept.
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts: 2 is the row twice, 0 is no row.
        labels : array-like of int of shape (n_samples,), optional
            Known components of the rows, -1 where unknown.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable arguments or data, and (`DegenerateComponentError`) when
            ``reg_covar=0`` lets every start collapse.
        """
        structure = self._check_arguments()
        X = self._validated(X, reset=True)
        rows = self._rows(X, sample_weight, labels)
        rng = checks.generator(self.random_state)
        problem = Problem.of(rows, structure, self.reg_covar, rng)
        progress = Progress(
            self.verbose,
            self.verbose_interval,
            1 / rows.n_observations,
            -problem.units.log_volume,
        )
        with using_threads(self._threads()):
            result = best_fit(
                problem,
                lambda: self._start(X, sample_weight, rng),
                self._given(problem),
                self.n_components,
                1 if self._continues else self.n_init,
                rng,
                {
                    "tol": problem.tolerance(self.tol),
                    "max_iter": self.max_iter,
                    "completion": self._completion(rng),
                    "acceleration": self._acceleration(),
                    "callback": progress,
                },
                progress,
            )
        self._store(problem, result)
        self.labels_ = self._labels(X, np.int32)
        if labels is not None:
            known = np.asarray(labels) != UNKNOWN
            self.labels_[known] = np.asarray(labels)[known]
        self._warn(problem, result)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> IntArray:
        """Fit, and return the most probable component of each row."""
        return self.fit(X, sample_weight=sample_weight).labels_

    def _check_arguments(self) -> Covariance:
        """Check what does not depend on the data; return the structure."""
        owner = type(self).__name__
        checks.check_count(owner, "n_components", self.n_components, 1)
        checks.check_number_or_auto(owner, "tol", self.tol)
        checks.check_number_or_auto(owner, "reg_covar", self.reg_covar)
        checks.check_count(owner, "max_iter", self.max_iter, 0)
        checks.check_count(owner, "n_init", self.n_init, 1)
        checks.check_count(owner, "verbose", int(self.verbose), 0)
        checks.check_count(owner, "verbose_interval", self.verbose_interval, 1)
        checks.check_flag(owner, "warm_start", self.warm_start)
        checks.check_choice(owner, "algorithm", self.algorithm, ALGORITHMS)
        if self.acceleration is not None:
            names = [*ACCELERATIONS]
            checks.check_choice(owner, "acceleration", self.acceleration, names)
        if self.n_jobs is not None:
            checks.check_jobs(owner, self.n_jobs)
        if isinstance(self.init_params, str):
            checks.check_choice(owner, "init_params", self.init_params, NAMES)
        return self._structure()

    def _rows(self, X: Array, sample_weight: Any, labels: Any) -> Rows:
        """Rows of positive weight, with their weights and labels."""
        if labels is not None:
            labels = checks.check_labels(labels, len(X), self.n_components, "labels")
        weights = None
        if sample_weight is not None:
            weights = checks.check_sample_weight(sample_weight, X)
        rows = Rows(X, weights, labels)
        if weights is not None and not weights.all():
            rows = rows.take(np.flatnonzero(weights))
        if len(rows) < self.n_components:
            raise ValueError(
                "Expected n_samples >= n_components but got n_components = "
                f"{self.n_components}, n_samples = {len(rows)}"
            )
        return rows

    @property
    def _continues(self) -> bool:
        return bool(self.warm_start) and hasattr(self, "weights_")

    def _completion(self, rng: Rng) -> Completion:
        if self.algorithm == "stochastic":
            return Stochastic(int(rng.integers(2**31)))
        return HARD if self.algorithm == "hard" else SOFT

    def _acceleration(self) -> Acceleration | None:
        if self.algorithm != "em" or self.acceleration is None:
            return None
        if self.acceleration == "auto" and self.tol == 0:
            return None  # so many steps of EM are asked for, and no tolerance
        return ACCELERATIONS[self.acceleration]

    def _start(self, X: Array, sample_weight: Any, rng: Rng) -> str | Array:
        """Return the name of a start, or responsibilities of the rows that count."""
        start = self.init_params
        if isinstance(start, str):
            return start
        if callable(start):
            start = start(X, self.n_components, rng)
        values = checks.check_responsibilities(start, len(X), self.n_components)
        if sample_weight is None:
            return values
        return values[np.broadcast_to(sample_weight, len(X)) > 0]

    def _given(self, problem: Problem) -> Given:
        """Initial values, from the previous fit or the arguments, as z."""
        units, structure = problem.units, problem.family.structure
        n_components, n_features = self.n_components, problem.data.n_features
        weights, means, covariances = self.weights_init, self.means_init, None
        if self._continues:
            weights, means, covariances = self.weights_, self.means_, self.covariances_
        elif self.precisions_init is not None:
            covariances = checks.check_precisions(
                self.precisions_init, structure, n_components, n_features
            )
        if weights is not None:
            weights = checks.check_weights(weights, n_components)
        if means is not None:
            means = checks.check_means(means, n_components, n_features)
            means = units.to_z(means)
        if covariances is not None:
            covariances = structure.rescale(covariances, 1 / units.scale)
        return Given(weights, means, covariances)

    def _store(self, problem: Problem, result: EMResult) -> None:
        """Set the fitted attributes, in the user's units."""
        n_observations = problem.data.n_observations
        self._set_params(problem.in_user_units(result.params))
        objectives = np.array(result.log_likelihoods) / n_observations
        bounds = (objectives - problem.units.log_volume).tolist()
        self.lower_bounds_ = bounds[1:] or bounds
        self.lower_bound_ = bounds[-1]
        self.log_likelihood_ = result.log_likelihood - problem.log_volume
        if isinstance(problem.family.constraint, Ridge):
            self.log_likelihood_ = problem.log_likelihood(result.params)
        # A first step that only rounding undid was made, and its bound is reported.
        self.n_iter_ = max(result.n_iter, min(self.max_iter, 1))
        self.converged_ = result.converged
        self.outcome_ = result.message
        self.n_samples_fit_ = n_observations

    def _warn(self, problem: Problem, result: EMResult) -> None:
        """Say what a user must know about the fit."""
        names = [
            str(name)
            for name in getattr(
                self, "feature_names_in_", range(problem.data.n_features)
            )
        ]
        warn_of_data(problem, self.n_components, names)
        warn_of_collapse(problem, result.params)
        quiet = (Outcome.CONVERGED, Outcome.CHAIN_FINISHED)
        if result.outcome not in quiet and self.max_iter > 0:
            warnings.warn(
                "Best performing initialization did not converge. "
                "Try different init parameters, or increase max_iter, "
                f"tol, or check for degenerate data. {result.message}",
                ConvergenceWarning,
                stacklevel=3,
            )
