"""`GaussianMixtureClassifier`: discriminant analysis by Gaussian mixtures."""

import warnings
from collections.abc import Sequence
from numbers import Real
from typing import Any, Self

import numpy as np
from scipy.special import log_softmax, logsumexp
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array
from mixtura.data import UNKNOWN, Rows
from mixtura.estimators import checks
from mixtura.estimators.labelled.class_arguments import component_counts, given_priors
from mixtura.estimators.labelled.class_labels import is_missing, without_gaps
from mixtura.estimators.labelled.fitted_classes import (
    FittedClasses,
    Task,
    fit_classes,
)
from mixtura.estimators.labelled.temperature import best_temperature
from mixtura.estimators.structures import check_columns, check_names, names_for

FOLDS = 5
"""Parts of the rows, each held out once, by which a temperature is found."""


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
        Components of each class; of a sequence, for each class the best number by
        BIC. A mapping gives either for each class.
    covariance_type : str or sequence of str, default="full"
        What the covariances have in common, as in :class:`GaussianMixture`. Of
        several, or "all" that differ, the best by BIC: one for all classes if they
        are pooled, else one for each class.
    pooled : bool, optional
        Whether the components of all classes have that in common (EDDA), or those of
        each class by themselves (MclustDA). Default: pooled if each class is one
        component.
    priors : array-like of shape (n_classes,) or mapping, optional
        Probabilities of the classes in the order of `classes_`, or by class. Default:
        estimated, from labelled rows their shares.
    unlabelled : object, optional
        The value of `y`, such as -1, that marks rows whose class is not known. They
        take part in the fit by EM. ``np.nan`` stands for every missing value: NaN,
        None, NaT and pandas' NA. Default: every row has a class.
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
    covariance_types_ : list of str
        Structure of each class.
    temperature_ : float
        The temperature in use.
    log_likelihood_ : float
        Of the training rows in nats: log p(x, c) summed over those with a class, log
        p(x) over the others.
    bic_ : float
        Bayesian information criterion, to compare structures by; lower is better. If
        every row has a class: of log p(x) of all rows and the parameters of the
        densities, as in R's MclustDA (which has the opposite sign). Else of
        `log_likelihood_`, with the probabilities of the classes among the parameters
        unless they are given, as in R's MclustSSC. The two do not compare.
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
    GaussianMixtureSearch : What chooses it, where there is a choice.

    Notes
    -----
    A class that is fitted by itself takes what a search of its rows prefers, of those
    that have not collapsed: the least BIC of log p(x, c), in which each parameter
    counts the log of the number of all labelled rows, not of those of the class alone
    as in R's MclustDA, whose small classes get many parameters. Pooled classes take
    the structure of the least `bic_`, likewise.

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
        covariance_type: str | Sequence[str] = "full",
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
            The class of each row, or `unlabelled`. Missing values are an error unless
            that is one.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable arguments or data, a class with fewer rows than components,
            if no row has a class, and if several structures are to be chosen from
            class by class while some rows have none.
        """
        names = self._check_arguments()
        rows = self._rows(X, y, sample_weight)
        structures = names_for(names, rows.n_features)
        for name in structures:
            check_columns(type(self).__name__, name, rows.n_features)
        self._store(self._fitted(rows, structures))
        self.temperature_ = self._temperature(rows, structures)
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

    def _check_arguments(self) -> list[str]:
        """Check what does not depend on the data; return the names of structures."""
        owner = type(self).__name__
        names = check_names(owner, self.covariance_type)
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
        return names

    def _rows(self, X: Any, y: Any, sample_weight: Any) -> Rows:
        """Check the data; return rows of positive weight, labelled by class number."""
        y, known = without_gaps(type(self).__name__, y, self.unlabelled)
        X, y = checks.validated(self, X, y)
        weights, positive = None, np.ones(len(X), dtype=bool)
        if sample_weight is not None:
            weights = checks.check_sample_weight(sample_weight, X)
            positive = weights > 0
        if self.unlabelled is not None and not is_missing(self.unlabelled):
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

    def _fitted(self, rows: Rows, structures: list[str]) -> FittedClasses:
        owner, names = type(self).__name__, self.classes_.tolist()
        settings = ("tol", "reg_covar", "max_iter", "n_init", "random_state", "n_jobs")
        task = Task(
            owner,
            rows,
            names,
            component_counts(owner, self.n_components, names),
            given_priors(owner, self.priors, self.classes_),
            {name: getattr(self, name) for name in settings},
        )
        return fit_classes(task, structures, self.pooled)

    def _store(self, fitted: FittedClasses) -> None:
        """Set the fitted attributes, and repeat what is to be warned of."""
        self.mixtures_ = fitted.mixtures
        self.n_components_ = np.array([len(m.weights_) for m in fitted.mixtures])
        self.covariance_types_ = fitted.covariance_types
        self.class_prior_ = fitted.priors
        self.log_likelihood_ = fitted.log_likelihood
        self.bic_ = fitted.bic
        self.lower_bounds_ = fitted.lower_bounds
        self.n_iter_ = fitted.n_iter
        self.converged_ = fitted.converged
        for note in fitted.notes:
            warnings.warn(note.text, note.category, stacklevel=3)

    def _temperature(self, rows: Rows, structures: list[str]) -> float:
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
            model._store(model._fitted(part, structures))
            log_joint[held_out] = model.predict_joint_log_proba(rows.X[known[held_out]])
        return best_temperature(log_joint, labels, weights[known])
