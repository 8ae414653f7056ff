"""`GaussianMixtureClassifier`: discriminant analysis by Gaussian mixtures."""

import warnings
from numbers import Real
from typing import Any, Self

import numpy as np
from scipy.special import log_softmax, logsumexp
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array
from mixtura.data import UNKNOWN, Rows
from mixtura.estimators import checks
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.labelled.class_arguments import component_counts, given_priors
from mixtura.estimators.labelled.class_fits import (
    SEPARABLE,
    JointFit,
    bayesian_criterion,
    best_temperature,
    class_fit,
    class_mixtures,
    joint_fit,
)
from mixtura.estimators.structures import STRUCTURES, check_columns, check_name
from mixtura.exceptions import DegenerateDataWarning
from mixtura.families.covariance_structure import Covariance

FOLDS = 5
"""Parts of the rows, each held out once, by which a temperature is found."""

TOLD = 5
"""Classes that a warning names."""


class GaussianMixtureClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Classify by a Gaussian mixture for each class and Bayes' rule.

    .. math:: p(c \mid x) \propto \pi_c\, p(x \mid c), \qquad
        p(x \mid c) = \sum_{k \in c} w_k\, \mathcal N(x \mid \mu_k, \Sigma_k)

    With one component a class this is EDDA: quadratic discriminant analysis for
    ``covariance_type="full"``, linear for "tied", naive Bayes for "diag", and what
    lies between. With more it is MclustDA. Rows without a class can take part.

    Parameters
    ----------
    n_components : int, sequence of int or mapping, default=1
        Components of each class; of a sequence, for each class the number of least
        BIC. A mapping gives either for each class.
    covariance_type : str, default="full"
        What the covariances have in common, as in :class:`GaussianMixture`.
    pooled : bool, optional
        Whether the components of all classes have that in common (EDDA), or those of
        each class by themselves (MclustDA). Default: pooled if each class is one
        component.
    priors : array-like of shape (n_classes,) or mapping, optional
        Probabilities of the classes in the order of `classes_`, or by class. Default:
        estimated, from labelled rows their shares.
    unlabelled : object, optional
        The value of `y`, such as -1, that marks rows whose class is not known. They
        take part in the fit by EM. Default: every row has a class.
    temperature : float or "auto", default=1.0
        Divides the log joint before Bayes' rule; more than 1 makes probabilities less
        extreme, and no prediction changes. "auto": the value of least log loss in
        five-fold cross-validation.
    tol, reg_covar, max_iter, n_init
        As in :class:`GaussianMixture`.
    random_state : int, RandomState or None, default=None
        Seeds the starts and the folds.
    n_jobs : int, optional
        Threads, as in :class:`GaussianMixture`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    class_prior_ : ndarray of shape (n_classes,)
        Their probabilities.
    mixtures_ : list of GaussianMixture
        p(x | c), one for each class.
    n_components_ : ndarray of int of shape (n_classes,)
        Components of each class.
    temperature_ : float
        The temperature in use.
    log_likelihood_ : float
        Of the training rows in nats: log p(x, c) summed over those with a class, log
        p(x) over the others.
    bic_ : float
        Bayesian information criterion, to compare structures by: of log p(x) of all
        training rows and the parameters of the densities, as in R's MclustDA (which
        has the opposite sign). Lower is better.
    lower_bounds_ : list of float
        The objective after each iteration over all classes together, in nats per
        observation; it never falls. Empty if classes were fitted by themselves.
    n_iter_ : int
        EM iterations, at most over the classes.
    converged_ : bool
        Whether all fits met their tolerance.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if `X` had them.

    See Also
    --------
    GaussianMixture : The mixture of one class.

    References
    ----------
    .. [Bensmail1996] H. Bensmail, G. Celeux. Regularized Gaussian discriminant
       analysis through eigenvalue decomposition. JASA 91, 1996.
    .. [Fraley2002] C. Fraley, A. E. Raftery. Model-based clustering, discriminant
       analysis, and density estimation. JASA 97, 2002.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from mixtura import GaussianMixtureClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = GaussianMixtureClassifier(covariance_type="tied").fit(X, y)
    >>> round(classifier.score(X, y), 3)
    0.98
    >>> classifier.predict_proba(X[[70]]).round(3)
    array([[0.   , 0.249, 0.751]])
    """

    def __init__(
        self,
        n_components: Any = 1,
        *,
        covariance_type: str = "full",
        pooled: bool | None = None,
        priors: Any = None,
        unlabelled: Any = None,
        temperature: float | str = 1.0,
        tol: float | str = "auto",
        reg_covar: float | str = "auto",
        max_iter: int = 1000,
        n_init: int = 1,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.pooled = pooled
        self.priors = priors
        self.unlabelled = unlabelled
        self.temperature = temperature
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit a mixture to each class.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Real and finite.
        y : array-like of shape (n_samples,)
            The class of each row, or `unlabelled`.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable arguments or data, a class with fewer rows than components,
            and if no row has a class.
        """
        structure = self._check_arguments()
        rows = self._rows(X, y, sample_weight)
        owner = type(self).__name__
        check_columns(owner, self.covariance_type, rows.n_features)
        priors = given_priors(owner, self.priors, self.classes_)
        self._fit(rows, structure, priors)
        self.temperature_ = self._temperature(rows)
        return self

    def predict(self, X: Any) -> Any:
        """Return the most probable class of each row, shape (n_samples,)."""
        chosen = self.predict_joint_log_proba(X).argmax(axis=1)
        return self.classes_[chosen]

    def predict_proba(self, X: Any) -> Array:
        """p(c | x), shape (n_samples, n_classes); rows sum to one."""
        probabilities = np.exp(self.predict_log_proba(X))
        return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))

    def predict_log_proba(self, X: Any) -> Array:
        """Log p(c | x), shape (n_samples, n_classes), by log-sum-exp."""
        log_joint = self.predict_joint_log_proba(X)
        return np.asarray(log_softmax(log_joint / self.temperature_, axis=1))

    def predict_joint_log_proba(self, X: Any) -> Array:
        """Log pi_c + log p(x | c) in nats, shape (n_samples, n_classes)."""
        densities = self.class_log_densities(X)
        return densities + np.log(self.class_prior_)

    def class_log_densities(self, X: Any) -> Array:
        """Log p(x | c) in nats, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        X = checks.validated(self, X, reset=False)
        return np.column_stack([m.score_samples(X) for m in self.mixtures_])

    def score_samples(self, X: Any) -> Array:
        """Log p(x) in nats, shape (n_samples,): low where no class fits."""
        return np.asarray(logsumexp(self.predict_joint_log_proba(X), axis=1))

    def _check_arguments(self) -> Covariance:
        owner = type(self).__name__
        check_name(owner, self.covariance_type)
        checks.check_number_or_auto(owner, "tol", self.tol)
        checks.check_number_or_auto(owner, "reg_covar", self.reg_covar)
        checks.check_count(owner, "max_iter", self.max_iter, 1)
        checks.check_count(owner, "n_init", self.n_init, 1)
        if self.pooled is not None:
            checks.check_flag(owner, "pooled", self.pooled)
        if not (isinstance(self.temperature, str) and self.temperature == "auto"):
            words = "'auto' or a positive float"
            checks.check_interval(
                owner, "temperature", self.temperature, Real, 1e-9, words
            )
        return STRUCTURES[self.covariance_type]

    def _rows(self, X: Any, y: Any, sample_weight: Any) -> Rows:
        """Check the data; return rows of positive weight, labelled by class number."""
        X, y = checks.validated(self, X, y)
        weights, positive = None, np.ones(len(X), dtype=bool)
        if sample_weight is not None:
            weights = checks.check_sample_weight(sample_weight, X)
            positive = weights > 0
        known = np.ones(len(X), dtype=bool)
        if self.unlabelled is not None:
            known = y != self.unlabelled
        if not (known & positive).any():
            raise ValueError(
                f"{type(self).__name__}: y must name the class of at least one row; "
                f"got {self.unlabelled!r}, which means no class, in every row that "
                "counts."
            )
        check_classification_targets(y[known])
        self.classes_ = np.unique(y[known & positive])
        labels = np.full(len(X), UNKNOWN)
        chosen = known & positive
        labels[chosen] = np.searchsorted(self.classes_, y[chosen])
        rows = Rows(X, weights, labels)
        return rows if positive.all() else rows.take(np.flatnonzero(positive))

    def _fit(self, rows: Rows, structure: Covariance, priors: Array | None) -> None:
        names = self.classes_.tolist()
        candidates = component_counts(type(self).__name__, self.n_components, names)
        is_simple = all(sizes == [1] for sizes in candidates)
        pooled = is_simple if self.pooled is None else bool(self.pooled)
        assert rows.labels is not None
        is_partial = bool((rows.labels == UNKNOWN).any())
        if is_partial and not pooled and structure.name not in SEPARABLE:
            raise ValueError(
                f"{type(self).__name__}: rows without a class need pooled=True, or a "
                f"covariance_type of {', '.join(SEPARABLE)}; got "
                f"{structure.name!r}, whose components have something in common "
                "within each class."
            )
        models = None
        if not (is_simple and pooled):
            models = [
                class_fit(
                    name,
                    rows.take(np.flatnonzero(rows.labels == c)),
                    candidates[c],
                    self._settings(
                        "random_state", "covariance_type", "n_init", "n_jobs"
                    ),
                )
                for c, name in enumerate(names)
            ]
        if pooled or is_partial:
            rng = checks.generator(self.random_state)
            joint = joint_fit(
                rows, structure, models, priors, len(names), self._settings(), rng
            )
            self._store_joint(joint, structure, models, rows)
        else:
            assert models is not None
            self._store_each(models, priors, rows)
        self.bic_ = bayesian_criterion(
            rows, self.mixtures_, self.class_prior_, structure, pooled
        )

    def _settings(self, *others: str) -> dict[str, Any]:
        names = ("tol", "reg_covar", "max_iter", *others)
        return {name: getattr(self, name) for name in names}

    def _store_joint(
        self,
        joint: JointFit,
        structure: Covariance,
        models: list[GaussianMixture] | None,
        rows: Rows,
    ) -> None:
        """Keep what was fitted to all classes together."""
        n_classes = len(self.classes_)
        sizes = [1] * n_classes
        if models is not None:
            sizes = [len(model.weights_) for model in models]
        groups = np.repeat(np.arange(n_classes), sizes)
        self.n_components_ = np.array(sizes)
        priors = np.bincount(groups, joint.params.weights, n_classes)
        self.class_prior_ = np.asarray(priors, dtype=np.float64)
        self.mixtures_ = class_mixtures(joint.params, structure, groups)
        totals = np.array(joint.result.log_likelihoods) + joint.offset
        self.log_likelihood_ = float(totals[-1])
        self.lower_bounds_ = (totals / rows.n_observations).tolist()
        self.n_iter_ = max(joint.result.n_iter, 1)
        exact = len(joint.result.log_likelihoods) == 1 and joint.result.n_iter == 0
        self.converged_ = joint.result.converged or exact
        if not self.converged_:
            message = f"The fit did not converge. {joint.result.message}"
            warnings.warn(message, ConvergenceWarning, stacklevel=4)
        if len(joint.collapsed):
            told = self.classes_[np.unique(groups[joint.collapsed])].tolist()
            names = ", ".join(map(repr, told[:TOLD]))
            more = f" and {len(told) - TOLD} more" if len(told) > TOLD else ""
            warnings.warn(
                f"{'Class' if len(told) == 1 else 'Classes'} {names}{more}: a "
                "component collapsed onto (nearly) equal values in some direction, "
                "held only by the floor under the variances. Use a simpler "
                "covariance_type, fewer components, or a larger reg_covar.",
                DegenerateDataWarning,
                stacklevel=4,
            )

    def _store_each(
        self, models: list[GaussianMixture], priors: Array | None, rows: Rows
    ) -> None:
        """Keep mixtures that were fitted to each class by itself."""
        assert rows.labels is not None
        weights = np.ones(len(rows)) if rows.weights is None else rows.weights
        counts = np.bincount(rows.labels, weights, len(models))
        self.class_prior_ = np.asarray(counts / counts.sum())
        if priors is not None:
            self.class_prior_ = priors
        self.mixtures_ = models
        self.n_components_ = np.array([len(model.weights_) for model in models])
        of_classes = sum(model.log_likelihood_ for model in models)
        self.log_likelihood_ = float(of_classes + counts @ np.log(self.class_prior_))
        self.lower_bounds_ = []
        self.n_iter_ = max(model.n_iter_ for model in models)
        self.converged_ = all(model.converged_ for model in models)

    def _temperature(self, rows: Rows) -> float:
        """Return the given temperature, or that of least held-out log loss."""
        if not isinstance(self.temperature, str):
            return float(self.temperature)
        assert rows.labels is not None
        known = np.flatnonzero(rows.labels != UNKNOWN)
        others = np.flatnonzero(rows.labels == UNKNOWN)
        labels = rows.labels[known]
        n_folds = min(FOLDS, int(np.bincount(labels).min()))
        if n_folds < 2 or len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__}: temperature='auto' needs two classes of at "
                f"least two rows each; the smallest class has "
                f"{np.bincount(labels).min()}. Give a number."
            )
        weights = np.ones(len(rows)) if rows.weights is None else rows.weights
        log_joint = np.empty((len(known), len(self.classes_)))
        rng = np.random.RandomState(checks.generator(self.random_state).integers(2**31))
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=rng)
        for kept, held_out in folds.split(known, labels):
            part = rows.take(np.concatenate([known[kept], others]))
            model = clone(self)
            model.classes_, model.n_features_in_ = self.classes_, rows.n_features
            model._fit(
                part,
                STRUCTURES[self.covariance_type],
                given_priors(type(self).__name__, self.priors, self.classes_),
            )
            log_joint[held_out] = model.predict_joint_log_proba(rows.X[known[held_out]])
        return best_temperature(log_joint, labels, weights[known])
