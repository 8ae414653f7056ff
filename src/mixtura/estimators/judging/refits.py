"""Fits that are made many times: without warnings, stopped by Ctrl-C."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from mixtura._types import Array
from mixtura.em import Outcome
from mixtura.estimators.fitting.gaussian_fit import COLLAPSED, FLOOR
from mixtura.exceptions import DegenerateDataWarning
from mixtura.inference.replicates import Stopped
from mixtura.units import Units


def quiet_fit(estimator: Any, X: Any, sample_weight: Any) -> Any:
    """Fit without the warnings that would come once a replicate.

    Raises
    ------
    Stopped
        If Ctrl-C ended the fit, which the estimator takes for a result.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", DegenerateDataWarning)
        estimator.fit(X, sample_weight=sample_weight)
    if estimator.outcome_ == Outcome.INTERRUPTED.value:
        raise Stopped
    return estimator


def is_collapsed(model: Any, X: Array, sample_weight: Array | None) -> bool:
    """Whether a living component rests on the floor under the variances."""
    if not isinstance(model.reg_covar, str):
        return False
    units = Units.of(X, sample_weight, by_column=True)
    floor = COLLAPSED * FLOOR * units.usual * units.scale**2
    if not floor.any():
        return False
    ratios = model._structure().least_ratios(
        model.covariances_, floor, len(model.weights_)
    )
    return bool(((ratios < 1) & (model.weights_ > 0)).any())


def entropy_of(random_state: Any) -> int | None:
    """Seed of all replicates, from what the user passed; None: from the system."""
    if random_state is None:
        return None
    return int(check_random_state(random_state).randint(2**31))


def integer_seed(seed: np.random.SeedSequence) -> int:
    """Return the seed as an integer that an estimator takes."""
    return int(seed.generate_state(1)[0])
