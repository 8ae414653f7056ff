"""`GaussianMixture`, with scikit-learn's interface."""

from dataclasses import replace
from typing import Any, Self

import numpy as np

from mixtura._types import Array, IntArray, Rng
from mixtura.acceleration import Acceleration, Anderson, Automatic, Squarem
from mixtura.completion import HARD, SOFT, Completion, Stochastic
from mixtura.data import UNKNOWN, Rows
from mixtura.estimators import checks
from mixtura.estimators.fitted.fitted_gaussian_mixture import (
    FittedGaussianMixture,
)
from mixtura.estimators.fitting.arguments import check_arguments, check_previous
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.estimators.fitting.gaussian_result import store, trace_of, warn_of_fit
from mixtura.estimators.fitting.gaussian_starts import Given
from mixtura.estimators.fitting.progress import Progress
from mixtura.estimators.fitting.restarts import best_fit
from mixtura.estimators.fitting.robust_fit import RobustProblem
from mixtura.estimators.fitting.robust_options import RobustOptions
from mixtura.families.covariance_structure import Covariance
from mixtura.kernels.threads import using_threads
from mixtura.trace.sampled import SampledRows

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
    covariance_type : str, default="full"
        What the covariances have in common: "full", "tied", "diag", "spherical", or
        one of mclust's 14 codes, or "factors:2" or "ppca:2" for two factors and noise.
    tol : float or "auto", default="auto"
        Stop when the log-likelihood still to be gained is estimated to be at most this
        many nats per observation. "auto": 1e-6, but at least 1e-4 and at most 5e-4
        nats in total.
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
        judged after a few EM steps, and improved by mergers and splits. Or "kmeans",
        "hierarchical", "k-means++", "random", "random_from_data", "cem", "sem";
        responsibilities of shape (n_samples, K), with `noise` one column more for it;
        labels of shape (n_samples,), -1 where unknown; or a callable that returns
        either from ``(X, n_components, rng)``.
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
    noise : "hull", float or None, default=None
        One more component of constant density 1 / V, for outliers: V is the volume of
        the box that holds the data, or the number given.
    prior : "default", ConjugatePrior or None, default=None
        Find the mode of the posterior under a conjugate prior, by default R mclust's.
    trim : float, default=0.0
        Share of the rows, by weight, that are left out: those of lowest density.
    max_eigenvalue_ratio : float, optional
        Bound on the largest eigenvalue of all covariances over the smallest.
    fixed : dict, optional
        Keys among "weights", "means", "covariances", values lists of components that
        keep what `weights_init`, `means_init`, `precisions_init` give them.
    equal_weights : bool, default=False
        Keep all weights at 1 / K (with noise, at equal shares of the rest).
    dtype : {"float64", "float32"}, default="float64"
        "float32": climb in single precision, which is faster on large data, and finish
        in double. Not with the five arguments before `equal_weights`.
    record : bool, default=False
        Keep the path of the fit, half-step by half-step, as `trace_`. Combine it with
        ``acceleration=None`` and a textbook start, such as "random_from_data", to watch
        plain EM from the beginning.

    Attributes
    ----------
    weights_ : ndarray of shape (K,)
        Mixture weights; with noise they sum to 1 - `noise_weight_`.
    means_ : ndarray of shape (K, n_features)
        Means.
    covariances_ : ndarray
        Covariances: full (K, D, D), tied and "EEE" (D, D), diag (K, D), spherical
        (K,). Of the other codes, those on "II" have the shape of spherical, on "I"
        that of diag, and the rest that of full.
    precisions_ : ndarray
        Their inverses, in the same shape.
    precisions_cholesky_ : ndarray
        Upper-triangular P with precision P P^T.
    labels_ : ndarray of shape (n_samples,)
        Most probable component of each training row, or its known one; -1 for noise
        and for rows that are trimmed.
    converged_ : bool
        Whether the tolerance was met.
    n_iter_ : int
        EM iterations of the best start.
    lower_bound_ : float
        What EM maximised at these parameters, in nats per observation that is not
        trimmed: the log-likelihood, with the penalty of a numeric `reg_covar` and with
        the log prior.
    lower_bounds_ : list of float
        The same after each iteration; it never falls.
    log_likelihood_ : float
        Log-likelihood of the training data in nats, summed, without penalty or prior,
        and without the rows that are trimmed.
    outcome_ : str
        Why the fit stopped.
    n_samples_fit_ : float
        Sum of the weights of the training rows.
    noise_weight_, noise_log_density_ : float
        With noise: its weight, and -log V. `noise_box_` has the corners of the box.
    trim_threshold_ : float
        With trimming: rows of a lower log-density have the label -1.
    prior_ : ConjugatePrior
        With a prior: that prior, with the numbers taken from the data.
    trace_ : EMTrace
        With ``record=True``: the path of the best start.
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
    array([[ 4.29, 79.97],
           [ 2.04, 54.48]])
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
        noise: float | str | None = None,
        prior: Any = None,
        trim: float = 0.0,
        max_eigenvalue_ratio: float | None = None,
        fixed: Any = None,
        equal_weights: bool = False,
        dtype: str = "float64",
        record: bool = False,
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
        self.noise = noise
        self.prior = prior
        self.trim = trim
        self.max_eigenvalue_ratio = max_eigenvalue_ratio
        self.fixed = fixed
        self.equal_weights = equal_weights
        self.dtype = dtype
        self.record = record

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
        problem = self._problem(rows, structure, rng)
        progress = Progress(
            self.verbose,
            self.verbose_interval,
            1 / problem.n_counted,
            problem.bound_offset,
            self.record,
        )
        with using_threads(self._threads(len(X))):
            result = best_fit(
                problem,
                lambda: self._start(X, sample_weight, rng),
                self._given(problem),
                self.n_components,
                1 if self._continues else self.n_init,
                int(self._searches),
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
        store(self, problem, result, X, sample_weight)
        if self.record:
            sample = SampledRows.of(rows)
            outcome = result.message, result.converged
            self.trace_ = trace_of(self, problem, progress.path, sample, outcome)
        self.labels_ = self._labels(X, np.int32)
        if labels is not None:
            known = np.asarray(labels) != UNKNOWN
            self.labels_[known] = np.asarray(labels)[known]
        warn_of_fit(self, problem, result)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> IntArray:
        """Fit, and return the most probable component of each row."""
        return self.fit(X, sample_weight=sample_weight).labels_.astype(np.int64)

    def _check_arguments(self) -> Covariance:
        """Check what does not depend on the data; return the structure."""
        check_arguments(self)
        return self._structure()

    def _rows(self, X: Array, sample_weight: Any, labels: Any) -> Rows:
        """Rows of positive weight, with their weights and labels."""
        if labels is not None:
            labels = checks.check_labels(labels, len(X), self.n_components, "labels")
        return checks.rows_for(self.n_components, X, sample_weight, labels)

    def _problem(self, rows: Rows, structure: Covariance, rng: Rng) -> Problem:
        """Choose the model for checked rows."""
        options, proportions = RobustOptions.of(self), self._proportions()
        if options is None:
            problem = Problem.of(rows, structure, self.reg_covar, rng)
            if self.dtype == "float32":
                problem = problem.in_single(rows)
            model = replace(problem.model, proportions=proportions)
            return replace(problem, model=model)
        settings = options, self.n_components, proportions
        return RobustProblem.asked(rows, structure, self.reg_covar, rng, *settings)

    @property
    def _searches(self) -> bool:
        """Whether the start is the package's own choice, and another may be better."""
        chosen = isinstance(self.init_params, str) and self.init_params == "auto"
        return chosen and not self._continues

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
        has_noise = self.noise is not None
        size = len(X), self.n_components
        values = checks.check_responsibilities(start, *size, has_noise)
        if sample_weight is None:
            return values
        return values[np.broadcast_to(sample_weight, len(X)) > 0]

    def _given(self, problem: Problem) -> Given:
        """Initial values, from the previous fit or the arguments, as z."""
        units, structure = problem.units, problem.family.structure
        n_components, n_features = self.n_components, problem.data.n_features
        weights, means, covariances = self.weights_init, self.means_init, None
        if self._continues:
            shape = n_components, n_features
            check_previous(self, shape, structure.shape(*shape))
            weights, means, covariances = self.weights_, self.means_, self.covariances_
            if hasattr(self, "noise_weight_"):
                weights = weights / weights.sum()
        elif self.precisions_init is not None:
            covariances = checks.check_precisions(
                self.precisions_init, structure, n_components, n_features
            )
        if self.equal_weights:
            weights = np.full(n_components, 1 / n_components)
        if weights is not None:
            weights = checks.check_weights(weights, n_components)
        if means is not None:
            means = checks.check_means(means, n_components, n_features)
            means = units.to_z(means)
        if covariances is not None:
            covariances = structure.rescale(covariances, 1 / units.scale)
        return Given(weights, means, covariances)
