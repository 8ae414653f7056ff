"""One candidate of a search: a size and a structure, fitted, judged, never lost."""

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from mixtura._types import Array, IntArray
from mixtura.data import Rows
from mixtura.em import Outcome
from mixtura.estimators.fitting.data_warnings import LEAST_ROWS
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.fallen import (
    collapse_floor,
    collapsed_components,
    flat_components,
)
from mixtura.estimators.searching.held_out import HeldOut
from mixtura.estimators.searching.shared_starts import SharedStarts, may_share
from mixtura.estimators.searching.start import Start
from mixtura.estimators.searching.trial import (
    COLLAPSE,
    CONVERGED,
    FAILED,
    NOT_CONVERGED,
    Candidate,
    Trial,
    derived,
)
from mixtura.estimators.searching.warning_notes import Note, WarningNotes
from mixtura.estimators.structures import STRUCTURES
from mixtura.exceptions import DegenerateDataWarning
from mixtura.init.poorer import is_starved
from mixtura.init.runs import Posterior
from mixtura.selection import criteria
from mixtura.selection.criteria import FitSummary

FALLING = "Further on, EM leads to a collapsed component."

FLAT = "A component stands on {:.1f} observations, too few to span the columns."

IN_CROSS_VALIDATION = " In cross-validation: "

REFUSALS = (ValueError, TypeError, FloatingPointError, np.linalg.LinAlgError)
"""What a fit may raise because of its arguments or the data."""

CREEPING = 15
"""Iterations after which a fit that has collapsed is left where it is …"""

ROWS_EACH = 5
"""… if rows are fewer than so many for each parameter."""

Split = tuple[IntArray, IntArray]
"""Rows to fit, and rows held out."""


@dataclass(frozen=True)
class SearchData:
    """The checked data that all candidates share.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None
    splits : sequence of (ndarray, ndarray)
        Rows to fit and rows to hold out; empty without cross-validation.
    floor : ndarray of shape (n_features,)
        Variances so small that a component with one has collapsed.
    starts : SharedStarts or None
        What candidates start from, if not each from a search of its own.
    given : Start, optional
        Where to start instead.
    """

    X: Array
    sample_weight: Array | None
    splits: Sequence[Split]
    floor: Array
    starts: SharedStarts | None = None
    given: Start | None = None

    @classmethod
    def of(
        cls,
        X: Array,
        sample_weight: Array | None,
        splits: Sequence[Split],
        template: GaussianMixture,
        seed: int,
        n_candidates: int = 0,
    ) -> "SearchData":
        """Measure the spread of the columns once; prepare the starts to share.

        So many candidates have several components.
        """
        rows = Rows(X, sample_weight)
        if sample_weight is not None:
            rows = rows.take(np.flatnonzero(sample_weight))
        starts = None
        if may_share(template):
            starts = SharedStarts(rows, template, seed, n_candidates)
        return cls(X, sample_weight, splits, collapse_floor(rows), starts)

    @property
    def n_rows(self) -> int:
        """How many rows count."""
        if self.sample_weight is None:
            return len(self.X)
        return int(np.count_nonzero(self.sample_weight))

    def weights_of(self, rows: Any) -> Array | None:
        """Weights of some rows; None where all count once."""
        return None if self.sample_weight is None else self.sample_weight[rows]


def tried(
    candidate: Candidate,
    template: GaussianMixture,
    data: SearchData,
    notes: WarningNotes,
) -> Trial:
    """Fit and judge a candidate; whatever goes wrong is part of the result.

    Parameters
    ----------
    candidate : Candidate
    template : GaussianMixture
        Its other arguments are those of the fit.
    data : SearchData
    notes : WarningNotes
        Open; what the fit warns of is kept with the trial.

    Returns
    -------
    Trial
    """
    started = time.perf_counter()
    with notes.collected() as found:
        try:
            trial = _fitted(candidate, template, data, notes)
        except REFUSALS as error:
            trial = Trial(candidate, FAILED, _one_line(error))
        except MemoryError:
            trial = Trial(candidate, FAILED, "Not enough memory.")
    if trial.status == COLLAPSE:
        texts = [note.text for note in found if note.is_a(DegenerateDataWarning)]
        falls = trial.reason == FALLING
        known = trial.reason if falls else FLAT.format(trial.smallest)
        trial = replace(trial, reason=" ".join(texts) or known)
    seconds = time.perf_counter() - started
    return replace(trial, seconds=seconds, notes=tuple(found))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _fitted(
    candidate: Candidate,
    template: GaussianMixture,
    data: SearchData,
    notes: WarningNotes,
) -> Trial:
    model, start, fallen, falls = _model_fitted(candidate, template, data, notes)
    reason = FALLING if falls else model.outcome_
    if reason == Outcome.INTERRUPTED.value:
        return Trial(candidate, NOT_CONVERGED, reason, model)
    n_collapsed = int(np.count_nonzero(fallen))
    status = CONVERGED if model.converged_ else NOT_CONVERGED
    summary, held_out = _summary(model, data, start.posterior), None
    if data.splits:
        with notes.collected() as doubts:
            held_out = _held_out(candidate, template, data)
        summary = replace(summary, held_out=held_out.mean)
        if doubts:
            reason += IN_CROSS_VALIDATION + doubts[0].text
    n_rows = max(model.n_samples_fit_, len(data.X))  # weights may have any unit
    return Trial(
        candidate,
        COLLAPSE if n_collapsed or falls else status,
        reason,
        model,
        summary,
        held_out,
        float(model.weights_[model.weights_ > 0].min() * model.n_samples_fit_),
        int(np.count_nonzero(model.weights_ * n_rows < LEAST_ROWS)),
        n_collapsed,
        posterior=start.posterior,
    )


def _model_fitted(
    candidate: Candidate,
    template: GaussianMixture,
    data: SearchData,
    notes: WarningNotes,
) -> tuple[GaussianMixture, Start, NDArray[np.bool_], bool]:
    """Fit from a shared start, or from one of its own if that collapses.

    And say from which, which components have, and whether one would if it were not
    left before.
    """
    for given in _starts(candidate, data):
        model = _model(candidate, template, **given.values)
        found = _fit(model, given, data, notes)
        is_interrupted = model.outcome_ == Outcome.INTERRUPTED.value
        fallen = np.zeros(model.n_components, dtype=bool)
        if given.end is None:  # which would be sound
            fallen = _fallen(model, data)
        if is_interrupted or not fallen.any():
            break
    for note in found:
        warnings.warn(note.text, note.category, stacklevel=2)
    falls = given.collapses and model.outcome_ == Outcome.ITERATION_LIMIT.value
    return model, given, fallen, falls


def _fallen(model: GaussianMixture, data: SearchData) -> NDArray[np.bool_]:
    """Which components (K,) have a likelihood that means little."""
    fallen = collapsed_components(model, data.floor)
    if model.prior is None:
        rows = model.weights_ * data.n_rows
        structure = STRUCTURES[model.covariance_type]
        fallen |= flat_components(structure, rows, data.X.shape[1])
    return fallen


def _starts(candidate: Candidate, data: SearchData) -> Iterator[Start]:
    """Yield starts to try in turn; empty for one of the fit's own."""
    if data.given is not None or data.starts is None:
        yield data.given or Start()
        return
    shape = candidate.n_components, candidate.covariance_type
    shared = data.starts.start(*shape)
    if shared is not None:
        yield shared
    yield data.starts.last_resort(*shape)


def _fit(
    model: GaussianMixture, start: Start, data: SearchData, notes: WarningNotes
) -> list[Note]:
    """Fit, unless that is done; return what it warns of."""
    if start.end is None:
        return _long_fit(model, start.collapses, data, notes)
    assert data.starts is not None
    with notes.collected() as found:
        data.starts.keep(model, start, data.X, data.sample_weight)
    return found


def _long_fit(
    model: GaussianMixture, collapses: bool, data: SearchData, notes: WarningNotes
) -> list[Note]:
    """Fit, and leave a fit that creeps along the floor; return what it warns of."""
    most = model.max_iter
    structure = STRUCTURES[model.covariance_type]
    shape = len(data.X), data.X.shape[1], model.n_components
    is_long = isinstance(most, int) and most > CREEPING
    if is_long and (collapses or is_starved(structure, *shape, ROWS_EACH)):
        with notes.collected() as found:
            model.max_iter = 1 if collapses else CREEPING
            model.fit(data.X, sample_weight=data.sample_weight)
        model.max_iter = most
        if model.outcome_ != Outcome.ITERATION_LIMIT.value:
            return found
        if collapses or collapsed_components(model, data.floor).any():
            return [note for note in found if not note.is_a(ConvergenceWarning)]
    with notes.collected() as found:
        model.fit(data.X, sample_weight=data.sample_weight)
    return found


def _model(
    candidate: Candidate, template: GaussianMixture, **others: Any
) -> GaussianMixture:
    # as `clone` would, in a fiftieth of its time
    own: GaussianMixture = object.__new__(type(template))
    own.__dict__.update(vars(template))
    own.n_components = candidate.n_components
    own.covariance_type = candidate.covariance_type
    own.random_state = candidate.seed
    for name, value in others.items():
        setattr(own, name, value)
    return own


def _summary(
    model: GaussianMixture, data: SearchData, known: Posterior | None
) -> FitSummary:
    """Summarise a fit, and label the rows if that has not been done."""
    log_likelihood, doubt, classified = model.log_likelihood_, 0.0, 0.0
    is_labelled = hasattr(model, "labels_")
    if not is_labelled:
        model.labels_ = model._labels(data.X, np.int32)
    for values, weights in _posteriors(model, data, known):
        doubt += criteria.entropy(values, weights)
        classified += criteria.classification_log_likelihood(0.0, values, weights)
    return FitSummary(
        n_components=model.n_components,
        n_parameters=model._n_parameters(),
        n_observations=model.n_samples_fit_,
        log_likelihood=log_likelihood,
        entropy=doubt,
        classification_log_likelihood=log_likelihood + classified,
    )


def _posteriors(
    model: GaussianMixture, data: SearchData, known: Posterior | None
) -> Iterator[tuple[Array, Array | None]]:
    """Yield responsibilities and weights of rows, distinct ones if that is known."""
    if known is not None:
        assert data.starts is not None
        yield known.responsibilities, data.starts.weights(model.covariance_type)
        return
    for rows, values in model._probabilities(data.X):
        yield values, data.weights_of(rows)


def _held_out(
    candidate: Candidate, template: GaussianMixture, data: SearchData
) -> HeldOut:
    """Fit each split's rows and score the others, each split with its own seed."""
    log_densities, weights = [], []
    for number, (kept, left_out) in enumerate(data.splits):
        seed = derived(candidate.seed, number)
        model = _model(candidate, template, random_state=seed)
        try:
            model.fit(data.X[kept], sample_weight=data.weights_of(kept))
        except ValueError as error:
            raise ValueError(f"Cross-validation split {number}: {error}") from error
        if model.outcome_ == Outcome.INTERRUPTED.value:
            raise KeyboardInterrupt
        log_densities.append(model.score_samples(data.X[left_out]))
        own = data.weights_of(left_out)
        weights.append(np.ones(len(left_out)) if own is None else own)
    return HeldOut(np.concatenate(log_densities), np.concatenate(weights))
