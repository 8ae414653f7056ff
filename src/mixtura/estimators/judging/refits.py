"""Fits that are made many times: without warnings, stopped by Ctrl-C."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from mixtura.em import Outcome
from mixtura.estimators import checks
from mixtura.estimators.searching.fallen import collapse_floor, collapsed_components
from mixtura.exceptions import DegenerateComponentError, DegenerateDataWarning
from mixtura.inference.replicates import Stopped

TRIES = 5
"""Seeds that are tried before all fits of a size are said to collapse."""


@contextmanager
def quietly() -> Iterator[None]:
    """Leave out the warnings that would come once a replicate."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", DegenerateDataWarning)
        yield


def quiet_fit(estimator: Any, X: Any, sample_weight: Any) -> Any:
    """Fit without warnings.

    Raises
    ------
    Stopped
        If Ctrl-C ended the fit, which the estimator takes for a result.
    """
    with quietly():
        return _finished_fit(estimator, X, sample_weight)


def sound_fit(
    estimator: Any, X: Any, sample_weight: Any, seed: np.random.SeedSequence
) -> Any:
    """Fit from a seed, and from others while a component collapses.

    Only the warnings of the fit that is returned are given.

    Raises
    ------
    DegenerateComponentError
        If a component collapses whatever the seed.
    Stopped
        If Ctrl-C ended a fit.
    """
    for each in [seed, *seed.spawn(TRIES - 1)]:
        model = clone(estimator).set_params(random_state=integer_seed(each))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                _finished_fit(model, X, sample_weight)
            except DegenerateComponentError:
                continue
        if not is_collapsed(model, X, sample_weight):
            for one in caught:
                warnings.warn(one.message, stacklevel=5)
            return model
    raise DegenerateComponentError(
        f"a component collapsed in each of {TRIES} fits with n_components = "
        f"{estimator.n_components}, so that the likelihood means little"
    )


def _finished_fit(estimator: Any, X: Any, sample_weight: Any) -> Any:
    estimator.fit(X, sample_weight=sample_weight)
    if estimator.outcome_ == Outcome.INTERRUPTED.value:
        raise Stopped
    return estimator


def is_collapsed(model: Any, X: Any, sample_weight: Any) -> bool:
    """Whether a living component rests on the floor under the variances of the rows."""
    rows = checks.rows_for(0, model._validated(X, reset=False), sample_weight)
    return bool(collapsed_components(model, collapse_floor(rows)).any())


def entropy_of(random_state: Any) -> int | None:
    """Seed of all replicates, from what the user passed; None: from the system."""
    if random_state is None:
        return None
    return int(check_random_state(random_state).randint(2**31))


def integer_seed(seed: np.random.SeedSequence) -> int:
    """Return the seed as an integer that an estimator takes."""
    return int(seed.generate_state(1)[0])
