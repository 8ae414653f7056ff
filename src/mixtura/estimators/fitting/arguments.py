"""Arguments of a Gaussian mixture that do not depend on the data, checked."""

from typing import Any

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
    checks.check_count(owner, "verbose", int(estimator.verbose), 0)
    checks.check_count(owner, "verbose_interval", estimator.verbose_interval, 1)
    checks.check_flag(owner, "warm_start", estimator.warm_start)
    checks.check_choice(owner, "dtype", estimator.dtype, DTYPES)
    checks.check_flag(owner, "equal_weights", estimator.equal_weights)
    if estimator.equal_weights and estimator.weights_init is not None:
        checks.check_equal(owner, "weights_init", estimator.weights_init)
    checks.check_flag(owner, "record", estimator.record)
    checks.check_choice(owner, "algorithm", estimator.algorithm, ALGORITHMS)
    if estimator.acceleration is not None:
        checks.check_choice(
            owner, "acceleration", estimator.acceleration, ACCELERATIONS
        )
    if estimator.n_jobs is not None:
        checks.check_jobs(owner, estimator.n_jobs)
    if isinstance(estimator.init_params, str):
        checks.check_choice(owner, "init_params", estimator.init_params, NAMES)
