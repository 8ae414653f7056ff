"""The bootstrap likelihood-ratio test: the public function."""

from collections.abc import Iterable
from functools import partial
from math import ceil
from typing import Any

import numpy as np
from sklearn.base import clone

from mixtura._types import Array
from mixtura.estimators import checks
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.judging.fitted_problem import warn_inference
from mixtura.estimators.judging.refits import (
    entropy_of,
    integer_seed,
    quietly,
    sound_fit,
)
from mixtura.exceptions import DegenerateComponentError
from mixtura.inference.likelihood_ratio import (
    LikelihoodRatioTest,
    LikelihoodRatioTests,
    statistic,
)
from mixtura.inference.parameter_errors import check_level
from mixtura.inference.replicates import Stopped, replicate


def bootstrap_lrt(
    X: Any,
    n_components: int | Iterable[int] = 9,
    estimator: Any = None,
    *,
    sample_weight: Any = None,
    n_bootstrap: int = 99,
    level: float = 0.05,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> LikelihoodRatioTests:
    r"""Test K components against K + 1, for one K after the other [McLachlan1987]_.

    The statistic is twice the gain in log-likelihood. Its distribution under the null
    hypothesis is not chi-squared, so it is drawn: samples from the fit with K
    components go through the very same two fits. The p-value is
    :math:`(1 + \#\{\text{samples that reach the statistic}\}) / (1 + B)`.

    A fit in which a component collapses has a likelihood without meaning: it is made
    again from up to four other seeds. A sample for which all five collapse is a
    failure; if all do for the data, the test is inconclusive and the sequence ends.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    n_components : int or iterable of int, default=9
        The values of K, in increasing order; an integer stands for 1, 2, ... up to it.
    estimator : GaussianMixture, optional
        Its arguments other than `n_components` are those of every fit.
        Default: ``GaussianMixture()``.
    sample_weight : array-like of shape (n_samples,), optional
        How often each row counts; samples are as large as they sum to.
    n_bootstrap : int, default=99
        Samples B a test, at least 1 / level - 1: fewer can reject nothing.
    level : float, default=0.05
        The sequence ends with the first p-value above it.
    random_state : int, RandomState or None, default=None
    n_jobs : int, optional
        Processes; the result does not depend on it, to the last bit. Default: one.

    Returns
    -------
    LikelihoodRatioTests
        Prints as a table. `n_components` is the answer if `is_conclusive`; an
        inconclusive test has a `reason`. After Ctrl-C, the tests that were begun, with
        the samples that were done.

    Raises
    ------
    ValueError
        For unusable arguments or rows, for too few samples to reject anything, or if no
        sample can be fitted.

    Warns
    -----
    DegenerateDataWarning
        If a test is inconclusive.

    References
    ----------
    .. [McLachlan1987] G. J. McLachlan. On bootstrapping the likelihood ratio test
       statistic for the number of components in a normal mixture. Applied Statistics
       36, 318-324.

    Examples
    --------
    >>> from mixtura import bootstrap_lrt, load_dataset
    >>> waiting = load_dataset("old-faithful").values[:, 1:]
    >>> result = bootstrap_lrt(waiting, 1, n_bootstrap=19, random_state=0)
    >>> result.tests[0].p_value
    0.05
    """
    owner = "bootstrap_lrt"
    checks.check_count(owner, "n_bootstrap", n_bootstrap, 1)
    if n_jobs is not None:
        checks.check_jobs(owner, n_jobs)
    check_level(level)
    _check_enough(owner, n_bootstrap, level)
    sizes = _sizes(owner, n_components)
    template = GaussianMixture() if estimator is None else estimator
    root = np.random.SeedSequence(entropy_of(random_state))
    tests: list[LikelihoodRatioTest] = []
    for size in sizes:
        # A seed of its own for each K, whatever was tested before.
        seed = np.random.SeedSequence(root.entropy, spawn_key=(size,))
        own, *seeds = seed.spawn(n_bootstrap + 1)
        try:
            pair = _pair(template, size, X, sample_weight, own)
            done = replicate(partial(_statistic, template, pair[0]), seeds, n_jobs)
        except DegenerateComponentError as error:
            tests.append(_inconclusive(size, str(error)))
            break
        except (KeyboardInterrupt, Stopped):
            if not tests:
                raise KeyboardInterrupt from None
            return LikelihoodRatioTests(tuple(tests), level, False)
        values = np.array(done.values)
        tests.append(LikelihoodRatioTest(size, statistic(*pair), values, done.failures))
        if not done.is_complete or tests[-1].p_value > level:
            return LikelihoodRatioTests(tuple(tests), level, done.is_complete)
    if tests[-1].reason:
        warn_inference(
            f"{owner}: the test of {size} against {size + 1} components is "
            f"inconclusive: {tests[-1].reason}. Test fewer components, or pass an "
            "estimator with another covariance_type or a larger reg_covar."
        )
    return LikelihoodRatioTests(tuple(tests), level)


def _check_enough(owner: str, n_bootstrap: int, level: float) -> None:
    """Require samples enough for a p-value of the level."""
    if 1 / (1 + n_bootstrap) > level:
        raise ValueError(
            f"{owner}: {n_bootstrap} samples give no p-value below "
            f"1 / {n_bootstrap + 1}, so no test can be significant at level = {level}."
            f" Take n_bootstrap = {ceil(1 / level) - 1} or more."
        )


def _inconclusive(size: int, reason: str) -> LikelihoodRatioTest:
    return LikelihoodRatioTest(size, float("nan"), np.empty(0), reason=reason)


def _sizes(owner: str, n_components: Any) -> list[int]:
    if not isinstance(n_components, Iterable):
        checks.check_count(owner, "n_components", n_components, 1)
        return [*range(1, n_components + 1)]
    sizes = [*n_components]
    for size in sizes:
        checks.check_count(owner, "n_components", size, 1)
    if not sizes or sizes != sorted(set(sizes)):
        raise ValueError(
            f"The 'n_components' parameter of {owner} must be an int, or ints in "
            f"increasing order. Got {sizes!r} instead."
        )
    return sizes


def _pair(
    template: Any, size: int, X: Any, sample_weight: Any, seed: np.random.SeedSequence
) -> tuple[Any, Any]:
    """Sound fits of `size` components and of one more."""
    null, alternative = (
        sound_fit(
            clone(template).set_params(n_components=size + more),
            X,
            sample_weight,
            child,
        )
        for more, child in enumerate(seed.spawn(2))
    )
    return null, alternative


def _statistic(template: Any, model: Any, seed: np.random.SeedSequence) -> float:
    """Draw from the model, and fit both sizes to what is drawn."""
    draws, own = seed.spawn(2)
    n_samples = round(model.n_samples_fit_)
    X: Array
    X, _ = model.sample(n_samples, random_state=integer_seed(draws))
    with quietly():
        return statistic(*_pair(template, len(model.weights_), X, None, own))
