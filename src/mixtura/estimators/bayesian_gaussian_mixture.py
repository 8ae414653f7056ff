"""`BayesianGaussianMixture`, with scikit-learn's interface."""

import warnings
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from mixtura._types import Array, IntArray, Rng
from mixtura.acceleration import Acceleration
from mixtura.em import EMResult
from mixtura.estimators import checks
from mixtura.estimators.bayesian.bayesian_fit import BayesianProblem, best_fit
from mixtura.estimators.bayesian.bayesian_priors import check_priors
from mixtura.estimators.bayesian.bayesian_starts import NAMES, Start, find_start
from mixtura.estimators.bayesian.fitted_bayesian_mixture import (
    FittedBayesianMixture,
    Posterior,
)
from mixtura.estimators.fitting.arguments import check_previous
from mixtura.estimators.fitting.data_warnings import warn_of_data
from mixtura.estimators.fitting.outcomes import unconverged
from mixtura.estimators.fitting.progress import Progress
from mixtura.estimators.gaussian_mixture import ACCELERATIONS
from mixtura.families.covariance_structure import Covariance
from mixtura.kernels.threads import using_threads


class BayesianGaussianMixture(FittedBayesianMixture):
    r"""Gaussian mixture whose parameters have a posterior, by variational EM.

    .. math:: z_i \mid \pi \sim \mathrm{Categorical}(\pi), \qquad
        x_i \mid z_i = k \sim \mathcal N(\mu_k, \Lambda_k^{-1}), \qquad
        \mu_k \mid \Lambda_k \sim \mathcal N(m_0, (\beta_0 \Lambda_k)^{-1}), \qquad
        \Lambda_k \sim \mathcal W(W_0, \nu_0)

    with a Dirichlet distribution or a Dirichlet process for the weights. Components
    that the data do not ask for end with a weight near zero. A drop-in for
    :class:`sklearn.mixture.BayesianGaussianMixture`: the same arguments, attributes
    and methods.

    Parameters
    ----------
    n_components : int, default=1
        Largest number of components K.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        What restricts the scale matrices of the posterior.
    tol : float, default=1e-3
        Stop when the lower bound still to be gained is estimated to be at most this
        many nats in total.
    reg_covar : float or "auto", default="auto"
        A number blurs every observation with that variance. "auto": no blur; where the
        prior holds nothing else, no variance falls below 1e-10 of the columns' own.
    max_iter : int, default=1000
        Largest number of iterations; 0 keeps the initial posterior.
    n_init : int, default=1
        Number of starts, of which that with the highest bound is kept.
    init_params : str, array-like or callable, default="auto"
        "auto": the best of many partitions into few and into many components, judged
        after a few EM steps. Or "kmeans", "k-means++", "random", "random_from_data";
        responsibilities of shape (n_samples, K); labels of shape (n_samples,), -1 where
        unknown; or a callable that returns either from ``(X, n_components, rng)``.
    weight_concentration_prior_type : str, default="dirichlet_process"
        The prior of the weights, or "dirichlet_distribution".
    weight_concentration_prior : float, optional
        Its concentration; the smaller, the fewer components. Default: 1 / K.
    mean_precision_prior : float, optional
        How many observations the prior mean is worth. Default: 1.
    mean_prior : array-like of shape (n_features,), optional
        Mean of the prior of the means. Default: the mean of the data.
    degrees_of_freedom_prior : float, optional
        How many observations the prior covariance is worth, above n_features - 1.
        Default: n_features.
    covariance_prior : float or array-like, optional
        Inverse of the Wishart's scale matrix: full and tied (D, D), diag (D,),
        spherical a number. Default: the covariance of the data.
    random_state : int, RandomState or None, default=None
        Seeds the starts and `sample`.
    warm_start : bool, default=False
        Start from the previous posterior.
    verbose : int, default=0
        1 prints a line for each start and every `verbose_interval` iterations; 2 adds
        the bound.
    verbose_interval : int, default=10
        Iterations between lines.
    acceleration : {"auto", "squarem", "anderson"} or None, default="auto"
        Take fewer iterations where variational EM is slow, as in `GaussianMixture`.
    n_jobs : int, optional
        Threads over the rows of large data; the result does not depend on it.
        Default: one for each processor, or one inside a joblib worker.

    Attributes
    ----------
    weights_ : ndarray of shape (K,)
        Expected weights, scaled to sum to one.
    means_ : ndarray of shape (K, n_features)
        Expected means.
    covariances_ : ndarray
        Inverses of the expected precisions: full (K, D, D), tied (D, D), diag (K, D),
        spherical (K,).
    precisions_ : ndarray
        Expected precisions, in the same shape.
    precisions_cholesky_ : ndarray
        Upper-triangular P with precision P P^T.
    weight_concentration_ : ndarray of shape (K,), or tuple of two such
        Dirichlet parameters; for a process both parameters of the Beta distributions.
    mean_precision_ : ndarray of shape (K,)
        How many observations the knowledge of each mean is worth.
    degrees_of_freedom_ : ndarray of shape (K,), or float for tied
        The same for each covariance.
    weight_concentration_prior_, mean_precision_prior_ : float
        What the prior was.
    mean_prior_ : ndarray of shape (n_features,)
        Likewise.
    degrees_of_freedom_prior_ : float
        Likewise.
    covariance_prior_ : float or ndarray
        Likewise.
    labels_ : ndarray of shape (n_samples,)
        Most probable component of each training row.
    converged_ : bool
        Whether the tolerance was met.
    n_iter_ : int
        Iterations of the best start.
    lower_bound_ : float
        Lower bound on the log evidence log p(X) in nats, summed, at this posterior.
    lower_bounds_ : list of float
        The same after each iteration; it never falls.
    outcome_ : str
        Why the fit stopped.
    n_samples_fit_ : float
        Sum of the weights of the training rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if `X` had them.

    References
    ----------
    .. [Bishop2006] C. M. Bishop. Pattern Recognition and Machine Learning, section
       10.2.
    .. [BleiJordan2006] D. M. Blei, M. I. Jordan. Variational inference for Dirichlet
       process mixtures. Bayesian Analysis 1(1), 2006.

    Examples
    --------
    Ten components are allowed, and two are used:

    >>> from mixtura import BayesianGaussianMixture, load_dataset
    >>> faithful = load_dataset("old-faithful").values
    >>> model = BayesianGaussianMixture(10, random_state=0).fit(faithful)
    >>> (model.weights_ > 0.01).sum()
    np.int64(2)
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float | str = "auto",
        max_iter: int = 1000,
        n_init: int = 1,
        init_params: Any = "auto",
        weight_concentration_prior_type: str = "dirichlet_process",
        weight_concentration_prior: float | None = None,
        mean_precision_prior: float | None = None,
        mean_prior: Any = None,
        degrees_of_freedom_prior: float | None = None,
        covariance_prior: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
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
        self.weight_concentration_prior_type = weight_concentration_prior_type
        self.weight_concentration_prior = weight_concentration_prior
        self.mean_precision_prior = mean_precision_prior
        self.mean_prior = mean_prior
        self.degrees_of_freedom_prior = degrees_of_freedom_prior
        self.covariance_prior = covariance_prior
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.acceleration = acceleration
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the posterior to the rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts: 2 is the row twice, 0 is no row.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable arguments or data.
        """
        structure = self._check_arguments()
        X = self._validated(X, reset=True)
        rows = checks.rows_for(self.n_components, X, sample_weight)
        rng = checks.generator(self.random_state)
        problem = BayesianProblem.of(
            rows, structure, self.reg_covar, vars(self), self.n_components, rng
        )
        n_observations = rows.n_observations
        volume = problem.units.log_volume
        progress = Progress(
            self.verbose, self.verbose_interval, 1 / n_observations, -volume
        )
        with using_threads(self._threads(len(X))):
            result = best_fit(
                problem,
                lambda: self._starting(problem, X, sample_weight, rng),
                1 if self._continues else self.n_init,
                {
                    "tol": self.tol / n_observations,
                    "max_iter": self.max_iter,
                    "acceleration": self._acceleration(),
                    "callback": progress,
                },
                progress,
            )
        self._store(problem, result)
        self.labels_ = self._labels(X, np.int32)
        self._warn(problem, result)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> IntArray:
        """Fit, and return the most probable component of each row."""
        return self.fit(X, sample_weight=sample_weight).labels_.astype(np.int64)

    def _check_arguments(self) -> Covariance:
        """Check what does not depend on the data; return the structure."""
        owner = type(self).__name__
        checks.check_count(owner, "n_components", self.n_components, 1)
        words = "a float in the range [0.0, inf)"
        checks.check_interval(owner, "tol", self.tol, Real, 0.0, words)
        checks.check_number_or_auto(owner, "reg_covar", self.reg_covar)
        checks.check_count(owner, "max_iter", self.max_iter, 0)
        checks.check_count(owner, "n_init", self.n_init, 1)
        checks.check_verbose(owner, self.verbose)
        checks.check_count(owner, "verbose_interval", self.verbose_interval, 1)
        checks.check_flag(owner, "warm_start", self.warm_start)
        names = *ACCELERATIONS, None
        checks.check_choice(owner, "acceleration", self.acceleration, names)
        if self.n_jobs is not None:
            checks.check_jobs(owner, self.n_jobs)
        checks.check_start(owner, self.init_params, NAMES)
        check_priors(owner, vars(self))
        return self._structure()

    def _acceleration(self) -> Acceleration | None:
        if self.acceleration is None or (self.acceleration == "auto" and self.tol == 0):
            return None  # with no tolerance, so many steps of EM are asked for
        return ACCELERATIONS[self.acceleration]

    def _starting(
        self, problem: BayesianProblem, X: Array, sample_weight: Any, rng: Rng
    ) -> Start:
        """Return the posterior from which to start, in the units of the fit."""
        if self._continues:
            previous = self._posterior()
            self._check_previous(previous, problem)
            return Start(problem.in_fit_units(*previous))
        start = self.init_params
        if callable(start):
            start = start(X, self.n_components, rng)
        if not isinstance(start, str):
            start = checks.check_responsibilities(start, len(X), self.n_components)
            if sample_weight is not None:
                start = start[np.broadcast_to(sample_weight, len(X)) > 0]
        sample = problem.plain.sample
        return find_start(problem.model, problem.data, sample, start, rng)

    def _check_previous(self, previous: Posterior, problem: BayesianProblem) -> None:
        """Require that a warm start is of the same model."""
        prior = problem.model.family.prior
        kind = problem.priors.weights.update(np.zeros(len(prior)))
        check_previous(
            self,
            prior.gaussian.means.shape,
            prior.gaussian.covariances.shape,
            "n_components, covariance_type, weight_concentration_prior_type",
            previous.concentrations.shape == kind.shape,
        )

    def _store(self, problem: BayesianProblem, result: EMResult) -> None:
        """Set the fitted attributes, in the user's units."""
        self._set_posterior(problem, result.params)
        volume = problem.data.n_observations * problem.units.log_volume
        bounds = (np.array(result.log_likelihoods) - volume).tolist()
        self.lower_bounds_ = bounds[1:] or bounds
        self.lower_bound_ = bounds[-1]
        # A first step that only rounding undid was made, and its bound is reported.
        self.n_iter_ = max(result.n_iter, min(self.max_iter, 1))
        self.converged_ = result.converged
        self.outcome_ = result.message
        self.n_samples_fit_ = problem.data.n_observations

    def _warn(self, problem: BayesianProblem, result: EMResult) -> None:
        """Say what a user must know about the fit."""
        columns = range(problem.data.n_features)
        names = [str(name) for name in getattr(self, "feature_names_in_", columns)]
        warn_of_data(problem.plain, 1, names)
        if not result.converged and self.max_iter > 0:
            warnings.warn(unconverged(result), ConvergenceWarning, stacklevel=3)
