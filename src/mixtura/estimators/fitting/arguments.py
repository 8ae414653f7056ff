"""Arguments of a Gaussian mixture that do not depend on the data, checked."""

from typing import Any

import numpy as np

from mixtura.estimators import checks
from mixtura.estimators.fitting.gaussian_starts import NAMES
from mixtura.families.covariance_structure import Covariance

DTYPES = ("float64", "float32")
ALGORITHMS = ("em", "hard", "stochastic")
ACCELERATIONS = ("auto", "squarem", "anderson")


def check_arguments(estimator: Any) -> None:
    """Check them.

    Raises
    ------
    ValueError
        Naming the argument and its value.
    """
    owner = type(estimator).__name__
    checks.check_count(owner, "n_components", estimator.n_components, 1)
    checks.check_number_or_auto(owner, "tol", estimator.tol)
    checks.check_number_or_auto(owner, "reg_covar", estimator.reg_covar)
    checks.check_count(owner, "max_iter", estimator.max_iter, 0)
    checks.check_count(owner, "n_init", estimator.n_init, 1)
    checks.check_verbose(owner, estimator.verbose)
    checks.check_count(owner, "verbose_interval", estimator.verbose_interval, 1)
    checks.check_flag(owner, "warm_start", estimator.warm_start)
    checks.check_choice(owner, "dtype", estimator.dtype, DTYPES)
    checks.check_flag(owner, "equal_weights", estimator.equal_weights)
    if estimator.equal_weights and estimator.weights_init is not None:
        checks.check_equal(owner, "weights_init", estimator.weights_init)
    checks.check_flag(owner, "record", estimator.record)
    checks.check_choice(owner, "algorithm", estimator.algorithm, ALGORITHMS)
    choices = *ACCELERATIONS, None
    checks.check_choice(owner, "acceleration", estimator.acceleration, choices)
    if estimator.n_jobs is not None:
        checks.check_jobs(owner, estimator.n_jobs)
    checks.check_start(owner, estimator.init_params, NAMES)


def check_previous(estimator: Any, structure: Covariance, n_features: int) -> None:
    """Require that a warm start is of the same model.

    Raises
    ------
    ValueError
        Saying what the fit before has, and what is asked for now.
    """
    shape = estimator.n_components, n_features
    asked = shape, structure.shape(*shape)
    known = np.shape(estimator.means_), np.shape(estimator.covariances_)
    if known != asked:
        raise ValueError(
            "warm_start=True needs the same n_components, covariance_type and number "
            f"of columns as the fit before: means_ have the shape {known[0]}, "
            f"covariances_ {known[1]}; now {asked[0]} and {asked[1]} are asked for. "
            "Set warm_start=False to start anew."
        )
