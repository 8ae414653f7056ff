"""Arguments of a Gaussian mixture that do not depend on the data, checked."""

from typing import Any

import numpy as np

from mixtura.estimators import checks
from mixtura.estimators.fitting.gaussian_starts import NAMES

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


def check_previous(
    estimator: Any,
    means: tuple[int, ...],
    covariances: tuple[int, ...],
    words: str = "n_components, covariance_type",
    is_alike: bool = True,
) -> None:
    """Require that a warm start is of the same model.

    Parameters
    ----------
    estimator : object
        With `means_` and `covariances_`.
    means, covariances : tuple of int
        The shapes that are asked for now.
    words : str
        What has to be the same, beside the number of columns.
    is_alike : bool
        Whether what else there is has the same shape.

    Raises
    ------
    ValueError
        Saying what the fit before has, and what is asked for now.
    """
    known = np.shape(estimator.means_), np.shape(estimator.covariances_)
    if known != (means, covariances) or not is_alike:
        raise ValueError(
            f"warm_start=True needs the same {words} and number of columns as the fit "
            f"before: means_ have the shape {known[0]}, covariances_ {known[1]}; now "
            f"{means} and {covariances} are asked for. Set warm_start=False to start "
            "anew."
        )
