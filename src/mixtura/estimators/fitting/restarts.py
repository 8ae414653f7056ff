"""Several starts of a Gaussian mixture, and the best of the fits from there."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mixtura._types import Array, Rng
from mixtura.completion import SOFT
from mixtura.em import EMResult, Outcome
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.estimators.fitting.gaussian_starts import Given
from mixtura.estimators.fitting.outcomes import interrupted, is_better
from mixtura.estimators.fitting.progress import Progress
from mixtura.estimators.fitting.side_by_side import best_side_by_side, is_faster
from mixtura.exceptions import DegenerateComponentError
from mixtura.execution.blas import single_threaded_blas
from mixtura.init.automatic import SearchInterrupted, Start


@single_threaded_blas()
def best_fit(
    problem: Problem,
    start: Callable[[], str | Array],
    given: Given,
    n_components: int,
    n_init: int,
    n_spare: int,
    rng: Rng,
    settings: Mapping[str, Any],
    progress: Progress,
) -> EMResult:
    """Run EM with the given settings from `n_init` starts; return the best result.

    Sound fits come before those with a collapsed component; among them the objective
    decides. If none is sound, `n_spare` more starts are tried.

    Raises
    ------
    DegenerateComponentError
        If every start ends in a component whose covariance is not defined.
    """

    def starting() -> Start:
        return problem.starting(start(), given, n_components, rng, settings["max_iter"])

    is_watched = progress.verbose > 0 or progress.records
    if not n_spare and not is_watched:
        if is_faster(problem, n_components, n_init, settings):
            return best_side_by_side(problem, starting, n_init, settings)
    best: EMResult | None = None
    failure: DegenerateComponentError | None = None
    for i in range(n_init + n_spare):
        if i >= n_init and best is not None and problem.is_sound(best.params):
            break
        progress.announce(i)
        try:
            result = _one_fit(problem, starting, settings, progress)
        except DegenerateComponentError as error:
            failure = error
            continue
        except KeyboardInterrupt:
            if best is None:
                raise
            return interrupted(best)
        progress.end(result)
        if best is None or is_better(result, best, problem.is_sound):
            best = result
            progress.prefer(result.params)
        if result.outcome is Outcome.INTERRUPTED:
            return interrupted(best)
    if best is None:
        assert failure is not None
        raise failure
    return best


def _one_fit(
    problem: Problem,
    starting: Callable[[], Start],
    settings: Mapping[str, Any],
    progress: Progress,
) -> EMResult:
    """Run EM from one start; a collapse is an error, an interruption a result."""
    try:
        start = starting()
    except SearchInterrupted as stop:
        result = problem.run(stop.params, {"max_iter": 0, "callback": progress})
        return interrupted(result)
    if settings["completion"] != SOFT:  # which is what the search climbed
        start = Start(start.params, others=start.others)
    result = _run_from(problem, start, settings, progress)
    for params in start.others:
        if _has_not_collapsed(problem, result):
            break
        progress.begin()
        result = _run_from(problem, Start(params), settings, progress)
    if result.outcome is Outcome.COMPONENT_COLLAPSED:
        raise DegenerateComponentError(result.message)
    return result


def _run_from(
    problem: Problem, start: Start, settings: Mapping[str, Any], progress: Progress
) -> EMResult:
    """Run EM from where a search has got to, whose steps count."""
    progress.recall(start.objectives)
    n_before = max(len(start.objectives) - 1, 0)
    if progress.recorder is not None:
        problem.retrace(start, n_before, progress.recorder)
    left = {**settings, "max_iter": settings["max_iter"] - n_before}
    result = problem.run(start.params, left)
    before = np.minimum(start.objectives[:-1], result.log_likelihoods[0])
    return replace(
        result,
        log_likelihoods=(*before.tolist(), *result.log_likelihoods),
        n_iter=n_before + result.n_iter,
    )


def _has_not_collapsed(problem: Problem, result: EMResult) -> bool:
    if result.outcome is Outcome.INTERRUPTED:
        return True
    is_defined = result.outcome is not Outcome.COMPONENT_COLLAPSED
    return is_defined and problem.is_sound(result.params)
