"""`GaussianMixtureSearch`: sizes and structures compared, the best one kept."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array, IntArray
from mixtura.estimators import checks
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.candidates import SearchData, tried
from mixtura.estimators.searching.exchange import tried_from, with_exchanged_starts
from mixtura.estimators.searching.search_plan import Plan
from mixtura.estimators.searching.search_table import (
    choice,
    criterion_values,
    results_table,
    with_one_component,
)
from mixtura.estimators.searching.start import Start
from mixtura.estimators.searching.trial import NOT_RUN, Candidate, Trial
from mixtura.estimators.searching.trials import ALONE, Workers, run_trials
from mixtura.estimators.searching.warning_notes import WarningNotes
from mixtura.exceptions import DegenerateDataWarning
from mixtura.execution.blas import single_threaded_blas
from mixtura.selection.criteria import Criterion


class GaussianMixtureSearch(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """Choose the number of components and the structure of a Gaussian mixture.

    Fits every combination of the sizes and structures, and behaves as the fit that
    the criterion prefers.

    Parameters
    ----------
    n_components : int or sequence of int, default=(1, 2, ..., 9)
        Sizes to try.
    covariance_type : str or sequence of str
        Structures to try, by the names that `GaussianMixture` knows; "all" for every
        one that differs for the data's number of columns. Default: "full", "tied",
        "diag", "spherical".
    criterion : {"bic", "aic", "aicc", "icl", "nec", "cv"} or Criterion, default="bic"
        What to minimise. "cv" is minus the mean log-density of held-out rows.
    cv : int, splitter or iterable of (train, test) indices, optional
        How rows are held out. A number of folds shuffles the rows; ``ShuffleSplit(1)``
        holds out once. Default: 5 folds if `criterion` is "cv", else none.
    estimator : GaussianMixture, optional
        Gives the candidates' other arguments, such as ``n_init`` or ``reg_covar``; its
        own size, structure and seed do not matter.
    random_state : int, RandomState or None, default=None
        Seeds the candidates, each with a seed of its own that depends on its size and
        structure alone, and the folds.
    n_jobs : int, optional
        Threads; the result does not depend on it, to the last bit. Default: one for
        each processor, but one or two for data so small that more do not help.
    verbose : int, default=0
        1 prints a line for each candidate.

    Attributes
    ----------
    best_estimator_ : GaussianMixture
        The best candidate.
    best_params_ : dict
        Its ``n_components`` and ``covariance_type``.
    best_index_ : int
        Its row in `results_`.
    best_score_ : float
        Its criterion.
    runner_up_ : dict or None
        ``n_components`` and ``covariance_type`` of the next best model that is not the
        same one under another name. None if there is none.
    runner_up_index_ : int or None
        Its row in `results_`.
    margin_ : float
        By how much its criterion is larger; nan if there is none.
    margin_standard_error_ : float
        Standard error of the margin for "cv", where both are judged by the same rows;
        nan for other criteria.
    criterion_ : Criterion
        The criterion as an object, whose ``verdict(margin_)`` names the margin.
    results_ : dict of str to ndarray
        A row for each candidate, for ``pandas.DataFrame(search.results_)``:
        ``n_components``, ``covariance_type``, ``rank``, ``log_likelihood`` (nats,
        summed), ``n_parameters``, ``entropy``, ``bic``, ``aic``, ``aicc``, ``icl``,
        ``nec``; with cross-validation ``cv_log_likelihood`` and ``cv_standard_error``
        (nats per observation); ``converged``, ``n_iter``, ``smallest`` (observations
        of the smallest component), ``n_empty``, ``n_collapsed``, ``status``,
        ``reason``, ``seconds``.
    ranking_ : ndarray of int
        Rows of `results_`, best first.
    candidates_ : list of GaussianMixture or None
        The fits, None for those that failed.
    labels_ : ndarray of shape (n_samples,)
        Most probable component of each training row under the best candidate.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if `X` had them.

    See Also
    --------
    mixtura.SelectionDisplay : The criterion over the sizes, a line a structure.

    Notes
    -----
    Candidates share the work of finding starts: each tries in its own structure the
    same drawn partitions and, up to 2,000 rows, mclust's agglomeration, splits of its
    own solutions for the sizes below, and what is left of that for the size above with
    one component less. These follow from the data, `random_state` and the size. Fits
    start where the best run has got to, which their ``weights_init``, ``means_init``
    and ``precisions_init`` keep; one that collapses is made again from a start of its
    own, and where rows are few for its parameters left after 15 iterations if it
    collapses. In the end each structure tries what others of its size have found:
    none is less likely than its special cases among the candidates, unless EM collapses
    on the way. So other structures may change a candidate for the better, other sizes
    leave it alone. With ``init_params="hierarchical"`` in
    `estimator` candidates share the agglomeration alone. With any other start,
    ``n_init`` or robust option, a ``max_iter`` below 100 or an ``algorithm`` other than
    "em", and in cross-validation, each fit makes its own start, as `GaussianMixture`
    alone does.

    A candidate with a collapsed component has a likelihood that means little, so it
    ranks behind all sound ones: a component narrower, in some direction, than a
    ten-thousandth of the spread of the columns, or one with axes of its own on too few
    rows to span them. One that cannot be fitted ranks last, with the error as its
    ``reason``. Ctrl-C ends a search with the candidates that are finished.

    Examples
    --------
    >>> from mixtura import GaussianMixtureSearch, load_dataset
    >>> faithful = load_dataset("old-faithful").values
    >>> search = GaussianMixtureSearch(range(1, 5), random_state=0).fit(faithful)
    >>> search.best_params_
    {'n_components': 3, 'covariance_type': 'tied'}
    >>> round(search.margin_, 2), search.criterion_.verdict(search.margin_)
    (5.84, 'positive evidence')
    """

    def __init__(
        self,
        n_components: int | Sequence[int] = (1, 2, 3, 4, 5, 6, 7, 8, 9),
        *,
        covariance_type: str | Sequence[str] = ("full", "tied", "diag", "spherical"),
        criterion: str | Criterion = "bic",
        cv: Any = None,
        estimator: GaussianMixture | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.criterion = criterion
        self.cv = cv
        self.estimator = estimator
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self) -> Tags:
        """Density estimator, and once it has labelled its rows a clusterer."""
        tags: Tags = super().__sklearn_tags__()
        if hasattr(self, "labels_"):
            tags.estimator_type = "clusterer"
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit all candidates to the rows of `X` and keep the best.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), optional
            Classes for a `cv` that asks for them; otherwise ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable arguments or data, and if every candidate fails.
        KeyboardInterrupt
            On Ctrl-C before any candidate is finished.
        """
        plan = Plan.of(self)
        X = checks.validated(self, X)
        weights = None
        if sample_weight is not None:
            weights = checks.check_sample_weight(sample_weight, X)
        structures = plan.structures(X.shape[1])
        seed = int(checks.generator(self.random_state).integers(2**32))
        splits = plan.splits(X, y, weights, seed)
        # Sizes vary fastest, as in a table with a line for each structure.
        candidates = [
            Candidate.of(n_components, structure, seed)
            for structure in structures
            for n_components in plan.sizes
        ]
        n_several = sum(candidate.n_components > 1 for candidate in candidates)
        data = SearchData.of(X, weights, splits, plan.template, seed, n_several)
        trials, interrupted = self._run(candidates, seed, data, plan)
        _require_success(trials, interrupted)
        self._store(trials, plan.criterion)
        self.labels_ = self.best_estimator_._labels(X, np.int32)
        self.best_estimator_.labels_ = self.labels_.copy()  # the same where two tie
        self._warn(trials, interrupted)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> IntArray:
        """Fit, and return the most probable component of each row."""
        return self.fit(X, y, sample_weight=sample_weight).labels_.astype(np.int64)

    def predict(self, X: Any) -> IntArray:
        """Return the most probable component of each row, shape (n_samples,)."""
        return self._best().predict(X)

    def predict_proba(self, X: Any) -> Array:
        """Responsibilities p(k | x), shape (n_samples, K); rows sum to one."""
        return self._best().predict_proba(X)

    def score_samples(self, X: Any) -> Array:
        """Log-density log p(x) of each row in nats, shape (n_samples,)."""
        return self._best().score_samples(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log-density of the rows in nats, weighted if weights are given."""
        return self._best().score(X, sample_weight=sample_weight)

    def sample(
        self, n_samples: int = 1, random_state: Any = None
    ) -> tuple[Array, IntArray]:
        """Draw rows and their components; see `GaussianMixture.sample`."""
        return self._best().sample(n_samples, random_state)

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """Bayesian information criterion of the best candidate on `X`."""
        return self._best().bic(X, sample_weight)

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """Akaike information criterion of the best candidate on `X`."""
        return self._best().aic(X, sample_weight)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood of the best candidate on `X`."""
        return self._best().icl(X, sample_weight)

    def _best(self) -> GaussianMixture:
        check_is_fitted(self)
        return self.best_estimator_

    def _run(
        self, candidates: list[Candidate], seed: int, data: SearchData, plan: Plan
    ) -> tuple[list[Trial], bool]:
        """Try the candidates, and one component of each structure without it."""
        allowed = Workers.of(self.n_jobs, data)
        workers = allowed._replace(n_threads=min(allowed.n_threads, len(candidates)))
        each = max(1, allowed.n_threads // workers.n_threads)
        template = clone(plan.template).set_params(n_jobs=each)
        notes = WarningNotes()

        def attempt(candidate: Candidate) -> Trial:
            return tried(candidate, template, data, notes)

        def again(before: Trial, start: Start) -> Trial:
            return tried_from(start, before, template, data, notes)

        def announce(trial: Trial) -> None:
            if self.verbose:
                print(_progress(trial, plan.criterion))

        # The limit belongs to the process: set here, threads find and leave it so.
        with single_threaded_blas(), notes.caught():
            trials, interrupted = run_trials(attempt, candidates, workers, announce)
            shared = data.starts
            if shared is not None and shared.are_exchanged and not interrupted:
                trials, interrupted = with_exchanged_starts(
                    trials, shared, again, announce, notes, workers
                )
            alone = {
                trial.candidate.covariance_type: trial
                for trial in trials
                if trial.candidate.n_components == 1
            }
            others = {c.covariance_type for c in candidates} - set(alone)
            ones = [Candidate.of(1, structure, seed) for structure in sorted(others)]
            if not interrupted:
                whole = replace(data, splits=())
                more, interrupted = run_trials(
                    lambda one: tried(one, template, whole, notes),
                    ones,
                    ALONE,
                    lambda _: None,
                )
                alone |= {trial.candidate.covariance_type: trial for trial in more}
        for trial in trials:
            if trial.model is not None:
                trial.model.n_jobs = plan.template.n_jobs
        return with_one_component(trials, alone), interrupted

    def _store(self, trials: list[Trial], criterion: Criterion) -> None:
        """Set the fitted attributes."""
        chosen = choice(trials, criterion)
        self.criterion_ = criterion
        self.candidates_ = [trial.model for trial in trials]
        if hasattr(self, "feature_names_in_"):
            for model in filter(None, self.candidates_):
                model.feature_names_in_ = self.feature_names_in_
        self.results_ = results_table(trials, chosen.ranking, criterion)
        self.ranking_ = chosen.ranking
        self.best_index_ = chosen.best
        self.best_estimator_ = self.candidates_[chosen.best]
        self.best_params_ = _params(trials[chosen.best])
        self.best_score_ = float(criterion_values(trials, criterion)[chosen.best])
        runner_up = chosen.runner_up
        self.runner_up_index_ = runner_up
        self.runner_up_ = None if runner_up is None else _params(trials[runner_up])
        self.margin_ = chosen.margin
        self.margin_standard_error_ = chosen.margin_standard_error

    def _warn(self, trials: list[Trial], interrupted: bool) -> None:
        """Repeat what the best fit warned of, and what speaks against the choice."""
        for note in trials[self.best_index_].notes:
            warnings.warn(note.text, note.category, stacklevel=3)
        best = self.best_estimator_
        n_parameters, n_rows = best._n_parameters(), best.n_samples_fit_
        if n_parameters >= n_rows:
            warnings.warn(
                f"The best model has {n_parameters} free parameters for {n_rows:g} "
                "observations, too many for criteria to mean much. Try fewer "
                "components, or simpler structures.",
                DegenerateDataWarning,
                stacklevel=3,
            )
        if interrupted:
            done = sum(trial.status != NOT_RUN for trial in trials)
            warnings.warn(
                f"Interrupted: {done} of {len(trials)} candidates were tried, not all "
                "of them from what others have found; the best is kept.",
                ConvergenceWarning,
                stacklevel=3,
            )


def _params(trial: Trial) -> dict[str, Any]:
    candidate = trial.candidate
    return {
        "n_components": candidate.n_components,
        "covariance_type": candidate.covariance_type,
    }


def _require_success(trials: list[Trial], interrupted: bool) -> None:
    """Raise unless there is a candidate to choose."""
    if any(trial.summary is not None for trial in trials):
        return
    if interrupted:
        raise KeyboardInterrupt
    first = trials[0]
    raise ValueError(
        f"GaussianMixtureSearch: all {len(trials)} candidates failed. The first, "
        f"n_components={first.candidate.n_components} and covariance_type="
        f"{first.candidate.covariance_type!r}: {first.reason}"
    )


def _progress(trial: Trial, criterion: Criterion) -> str:
    """One line about a finished candidate; NEC is known at the end only."""
    candidate = trial.candidate
    count = candidate.n_components
    name = f"{candidate.covariance_type}, {count} component{'s' * (count != 1)}"
    if trial.summary is None:
        return f"{name}: {trial.status}. {trial.reason}"
    value = criterion.value(trial.summary)
    said = "" if isnan(value) else f"{criterion.name} {value:.6g}, "
    return f"{name}: {said}{trial.status}, {trial.seconds:.2f} s"
