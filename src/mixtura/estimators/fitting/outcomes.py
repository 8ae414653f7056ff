"""Which of several fits is the best, and what becomes of one that is interrupted."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from typing import Any

from mixtura.em import EMResult, Outcome
from mixtura.estimators.fitting.gaussian_fit import TIE


def is_better(new: EMResult, old: EMResult, is_sound: Callable[[Any], bool]) -> bool:
    """Whether a later fit is to be preferred: it is sound, or by the objective."""
    sound = is_sound(new.params), is_sound(old.params)
    if sound[0] != sound[1]:
        return sound[0]
    gain = new.log_likelihood - old.log_likelihood
    return gain > TIE * max(abs(old.log_likelihood), 1.0)


def best_of(results: Iterable[EMResult], is_sound: Callable[[Any], bool]) -> EMResult:
    """Return the best of at least one, in the order of their starts."""

    def better(old: EMResult, new: EMResult) -> EMResult:
        return new if is_better(new, old, is_sound) else old

    return reduce(better, results)


def interrupted(result: EMResult) -> EMResult:
    """Return the result with the outcome that says the user stopped here."""
    outcome = Outcome.INTERRUPTED
    return replace(result, outcome=outcome, message=outcome.value)


def unconverged(result: EMResult) -> str:
    """Say why a fit did not converge; advice is for whom it surprises."""
    if result.outcome is Outcome.INTERRUPTED:
        return result.message
    return (
        "Best performing initialization did not converge. "
        "Try different init parameters, or increase max_iter, "
        f"tol, or check for degenerate data. {result.message}"
    )
