"""Comparison of fits from many starts: the public function."""

from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import clone

from mixtura.estimators import checks
from mixtura.estimators.judging.refits import (
    entropy_of,
    integer_seed,
    is_collapsed,
    quiet_fit,
)
from mixtura.inference.replicates import replicate, seed_sequences
from mixtura.inference.restarts import Restarts, optima


def compare_restarts(
    estimator: Any,
    X: Any,
    sample_weight: Any = None,
    *,
    n_starts: int = 20,
    tolerance: float = 0.01,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> Restarts:
    """Fit from many starts, and see how many reach the same optimum.

    EM climbs to the nearest maximum. If few starts reach the best one, or each reaches
    another, more starts may find a better one still, and conclusions that rest on one
    fit are doubtful.

    Parameters
    ----------
    estimator : GaussianMixture
        Its arguments are those of every fit, one start each. The default
        ``init_params="auto"`` is a search of its own; ``init_params="random"`` shows
        the landscape as plain EM finds it.
    X : array-like of shape (n_samples, n_features)
    sample_weight : array-like of shape (n_samples,), optional
        How often each row counts.
    n_starts : int, default=20
    tolerance : float, default=0.01
        Fits whose log-likelihoods, summed over the rows, differ by less than this many
        nats have reached the same optimum.
    random_state : int, RandomState or None, default=None
    n_jobs : int, optional
        Processes; the result does not depend on it, to the last bit. Default: one.

    Returns
    -------
    Restarts
        Prints as a table of distinct optima. `best` is the best fit, `n_best` the
        number of starts that reach it. After Ctrl-C, of the starts that were done.

    Raises
    ------
    ValueError
        For unusable arguments or rows, or if every start fails.

    Examples
    --------
    >>> from mixtura import GaussianMixture, compare_restarts, load_dataset
    >>> faithful = load_dataset("old-faithful").values
    >>> result = compare_restarts(
    ...     GaussianMixture(2), faithful, n_starts=5, random_state=0
    ... )
    >>> result.n_best, result.n_starts
    (5, 5)
    """
    owner = "compare_restarts"
    checks.check_count(owner, "n_starts", n_starts, 1)
    words = "a float in the range [0.0, inf)"
    checks.check_interval(owner, "tolerance", tolerance, Real, 0.0, words)
    if n_jobs is not None:
        checks.check_jobs(owner, n_jobs)
    seeds = seed_sequences(entropy_of(random_state), n_starts)
    task = partial(_start, estimator, X, sample_weight)
    done = replicate(task, seeds, n_jobs)
    found = optima(
        np.array([model.log_likelihood_ for model, _ in done.values]),
        np.array([collapsed for _, collapsed in done.values]),
        np.array([model.converged_ for model, _ in done.values]),
        tolerance,
    )
    best, _ = done.values[found[0].starts[0]]
    return Restarts(best, found, done.failures, done.is_complete)


def _start(
    estimator: Any, X: Any, sample_weight: Any, seed: np.random.SeedSequence
) -> tuple[Any, bool]:
    model = clone(estimator).set_params(
        n_init=1, warm_start=False, random_state=integer_seed(seed)
    )
    quiet_fit(model, X, sample_weight)
    return model, is_collapsed(model, X, sample_weight)
