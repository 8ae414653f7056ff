"""Candidates of one size as starts for each other, when all have been fitted.

What one structure has found, another can have missed. EM from a special case cannot end
below it, so that no structure is less likely than its special cases.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile

from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.candidates import (
    IN_CROSS_VALIDATION,
    REFUSALS,
    SearchData,
    tried,
)
from mixtura.estimators.searching.shared_starts import SharedStarts
from mixtura.estimators.searching.start import Seen, Start
from mixtura.estimators.searching.trial import CONVERGED, NOT_CONVERGED, Trial
from mixtura.estimators.searching.trials import Workers
from mixtura.estimators.searching.warning_notes import WarningNotes
from mixtura.estimators.structures import STRUCTURES, is_special_case

LEAST_GAIN = 1e-6
"""Nats an observation by which a fit must be more likely to be better."""

CLUSTERS = 24
"""A candidate tries the clusters of so many others, at least, that they have these."""


def with_exchanged_starts(
    trials: Sequence[Trial],
    starts: SharedStarts,
    again: Callable[[Trial, Start], Trial],
    announce: Callable[[Trial], None],
    notes: WarningNotes,
    workers: Workers,
) -> tuple[list[Trial], bool]:
    """Try candidates again from others of their size; keep what is better.

    Parameters
    ----------
    trials : sequence of Trial
    starts : SharedStarts
    again : callable
        (Trial, initial values) -> Trial of the same candidate.
    announce : callable
        Called with each trial that replaces another.
    notes : WarningNotes
        Open.
    workers : Workers
        Each takes sizes.

    Returns
    -------
    list of Trial
    bool
        Whether Ctrl-C ended this.
    """
    exchange = Exchange(trials, starts, again, notes)
    try:
        for better, interrupted in workers.results(exchange.improved, _by_size(trials)):
            for trial in better:
                announce(trial)
            if interrupted:
                return exchange.trials, True
    except KeyboardInterrupt:
        return exchange.trials, True
    return exchange.trials, False


def tried_from(
    start: Start,
    before: Trial,
    template: GaussianMixture,
    data: SearchData,
    notes: WarningNotes,
) -> Trial:
    """Fit a candidate from a start; what its held-out rows have said stays.

    Parameters
    ----------
    start : Start
    before : Trial
        Of the candidate, from another start.
    template : GaussianMixture
        Its other arguments are those of the fit.
    data : SearchData
    notes : WarningNotes
        Open.

    Returns
    -------
    Trial
        Which has taken the time of both.
    """
    known = before.held_out
    splits = data.splits if known is None else ()
    data = replace(data, splits=splits, given=start)
    trial = tried(before.candidate, template, data, notes)
    trial = replace(trial, seconds=before.seconds + trial.seconds)
    if known is None or trial.summary is None:
        return trial
    summary = replace(trial.summary, held_out=known.mean)
    _, held_out_doubt, doubt = before.reason.partition(IN_CROSS_VALIDATION)
    reason = trial.reason + held_out_doubt + doubt
    return replace(trial, summary=summary, held_out=known, reason=reason)


class Exchange:
    """Trials, of which better ones take the places.

    Parameters
    ----------
    trials : sequence of Trial
    starts : SharedStarts
    again : callable
        (Trial, initial values) -> Trial of the same candidate.
    notes : WarningNotes
        Open.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        starts: SharedStarts,
        again: Callable[[Trial, Start], Trial],
        notes: WarningNotes,
    ) -> None:
        self.trials = list(trials)
        self.starts = starts
        self._again = again
        self._notes = notes
        self._known: dict[int, Seen] = {}
        self._of_size: dict[int, list[int]] = {}
        for number, trial in enumerate(trials):
            same_size = self._of_size.setdefault(trial.candidate.n_components, [])
            same_size.append(number)

    def improved(self, numbers: Sequence[int]) -> tuple[list[Trial], bool]:
        """Return the trials that take the places of others; and of Ctrl-C.

        Parameters
        ----------
        numbers : sequence of int
            All trials of one size that are to be tried again, in this order.
        """
        better: list[Trial] = []
        for number in numbers:
            for found in (self.from_others, self.from_special_case):
                start: Start | None = None
                # There is a fit already, of which all has been said.
                with suppress(*REFUSALS, MemoryError), self._notes.collected():
                    start = found(number)
                if start is None:
                    continue
                trial = self._again(self.trials[number], start)
                if trial.interrupted:
                    return better, True
                if self.is_improved(number, trial):
                    better.append(trial)
        return better, False

    def from_others(self, number: int) -> Start | None:
        """Return a start to which clusters of other structures lead."""
        own = self.trials[number]
        name = own.candidate.covariance_type
        few = CLUSTERS // own.candidate.n_components
        others = self._others(number)[: max(self.starts.n_others(name), few)]
        if not others:
            return None
        present = self._seen(number) if _is_sound(own) else None
        return self.starts.start_beyond([*map(self._seen, others)], name, present)

    def from_special_case(self, number: int) -> Start | None:
        """Return the parameters of the most likely special case, if that is better."""
        own = self.trials[number]
        name = own.candidate.covariance_type
        others = map(self.trials.__getitem__, self._others(number))  # the best first
        better = takewhile(lambda other: _is_better(other, own), others)
        inner = (
            each
            for each in better
            if is_special_case(each.candidate.covariance_type, name)
        )
        best = next(inner, None)
        if best is None:
            return None
        return self.starts.continued(_as_general(best.model, name), name)

    def is_improved(self, number: int, trial: Trial) -> bool:
        """Whether a trial is better than that in the place; if so, it takes it."""
        is_better = _is_better(trial, self.trials[number])
        if is_better:
            self.trials[number] = trial
            self._known.pop(number, None)
        return is_better

    def _others(self, number: int) -> list[int]:
        """Sound trials of other structures with as many components, the best first."""
        own = self.trials[number].candidate
        others = [
            i
            for i in self._of_size[own.n_components]
            if self.trials[i].candidate.covariance_type != own.covariance_type
            and _is_sound(self.trials[i])
        ]
        return sorted(others, key=lambda i: -_log_likelihood(self.trials[i]))

    def _seen(self, number: int) -> Seen:
        if number not in self._known:
            trial = self.trials[number]
            self._known[number] = self.starts.seen(trial.model, trial.posterior)
        return self._known[number]


def _by_size(trials: Sequence[Trial]) -> list[list[int]]:
    """Numbers of the fits of several components, each after its special cases.

    One list for each size, those first that take longest.
    """
    names = {trial.candidate.covariance_type for trial in trials}
    n_special_cases = {
        name: sum(is_special_case(other, name) for other in names) for name in names
    }

    def key(number: int) -> int:
        return n_special_cases[trials[number].candidate.covariance_type]

    of_size: dict[int, list[int]] = {}
    for number, trial in enumerate(trials):
        if trial.candidate.n_components > 1 and trial.summary is not None:
            of_size.setdefault(trial.candidate.n_components, []).append(number)
    return [sorted(of_size[size], key=key) for size in sorted(of_size, reverse=True)]


def _as_general(model: GaussianMixture, covariance_type: str) -> Start:
    """Return the parameters of a special case as those of a structure."""
    inner, outer = STRUCTURES[model.covariance_type], STRUCTURES[covariance_type]
    precisions = inner.to_full(model.precisions_, *model.means_.shape)
    values = {
        "weights_init": model.weights_,
        "means_init": model.means_,
        "precisions_init": outer.from_full(precisions),
    }
    return Start(values)


def _is_better(one: Trial, other: Trial) -> bool:
    if not (_is_sound(one) and _is_sound(other)):
        return _is_sound(one)
    least = LEAST_GAIN * other.model.n_samples_fit_
    return _log_likelihood(one) > _log_likelihood(other) + least


def _is_sound(trial: Trial) -> bool:
    return trial.status in (CONVERGED, NOT_CONVERGED)


def _log_likelihood(trial: Trial) -> float:
    assert trial.summary is not None
    return trial.summary.log_likelihood
