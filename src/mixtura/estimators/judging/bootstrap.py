"""The bootstrap of a fitted mixture: the public function."""

from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone

from mixtura._types import Array
from mixtura.estimators import checks
from mixtura.estimators.judging.fitted_problem import (
    FittedProblem,
    check_fitted,
    estimates,
    is_plain,
    layout_of,
)
from mixtura.estimators.judging.refits import entropy_of, integer_seed, quiet_fit
from mixtura.inference.alignment import match_components
from mixtura.inference.bootstrap import RESAMPLERS, Bootstrap
from mixtura.inference.chart import chart
from mixtura.inference.information import RowScores, information, skewness
from mixtura.inference.replicates import replicate, seed_sequences
from mixtura.inference.standard_errors import Inverse, natural_slopes

METHODS = (*RESAMPLERS, "parametric")


def bootstrap(
    model: Any,
    X: Any,
    sample_weight: Any = None,
    *,
    method: str = "nonparametric",
    n_bootstrap: int = 199,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> Bootstrap:
    """Standard errors and intervals of every parameter, by refits of resampled data.

    Each refit starts from the model's own parameters and its components are matched to
    the model's by the overlap of their densities, so that labels do not switch.

    Parameters
    ----------
    model : GaussianMixture
        Fitted; refits have its arguments.
    X : array-like of shape (n_samples, n_features)
        The rows it was fitted to.
    sample_weight : array-like of shape (n_samples,), optional
        How often each row counts; resampling draws as many rows as they sum to.
    method : {"nonparametric", "weighted", "parametric"}, default="nonparametric"
        Draw rows with replacement; give every row a random weight, exponential with
        mean one, which loses no row and so suits small components; or draw new rows
        from the model.
    n_bootstrap : int, default=199
        Number of refits.
    random_state : int, RandomState or None, default=None
    n_jobs : int, optional
        Processes; the result does not depend on it, to the last bit. Default: one.

    Returns
    -------
    Bootstrap
        Prints as a table. `weights`, `means` and `covariances` are standard errors in
        the shapes of the fitted attributes; `intervals(level, kind)`, `bias`,
        `replicates`, `failures`. The weight of noise is one of the parameters. After
        Ctrl-C, of the refits that were done.

    Raises
    ------
    TypeError
        If `model` is no mixture of this package.
    ValueError
        For unusable arguments or rows, or if every refit fails.

    Examples
    --------
    >>> from mixtura import GaussianMixture, bootstrap, load_dataset
    >>> waiting = load_dataset("old-faithful").values[:, 1:]
    >>> model = GaussianMixture(2, random_state=0).fit(waiting)
    >>> result = bootstrap(model, waiting, n_bootstrap=20, random_state=0)
    >>> result.n_replicates, result.means.shape
    (20, (2, 1))
    """
    owner = "bootstrap"
    checks.check_choice(owner, "method", method, METHODS)
    checks.check_count(owner, "n_bootstrap", n_bootstrap, 2)
    if n_jobs is not None:
        checks.check_jobs(owner, n_jobs)
    check_fitted(model, owner)
    rows: Array = model._validated(X, reset=False)
    counts = np.ones(len(rows))
    if sample_weight is not None:
        counts = checks.check_sample_weight(sample_weight, rows)
    task = partial(_refit, model, rows, counts, method)
    done = replicate(
        task, seed_sequences(entropy_of(random_state), n_bootstrap), n_jobs
    )
    layout = layout_of(model)
    return Bootstrap(
        layout,
        estimates(model, layout),
        np.array(done.values),
        _acceleration(model, X, sample_weight),
        method,
        n_bootstrap,
        done.failures,
        done.is_complete,
    )


def _refit(
    model: Any, X: Array, counts: Array, method: str, seed: np.random.SeedSequence
) -> Array:
    """Aligned parameters of one replicate."""
    own, draws = seed.spawn(2)
    weights: Array | None = None
    if method == "parametric":
        X, _ = model.sample(round(counts.sum()), random_state=integer_seed(draws))
    else:
        weights = RESAMPLERS[method](counts, np.random.default_rng(draws))
    refit = clone(model).set_params(
        weights_init=model.weights_ / model.weights_.sum(),  # noise has the rest
        means_init=model.means_,
        precisions_init=model.precisions_,
        init_params="auto",
        n_init=1,
        warm_start=False,
        verbose=0,
        random_state=integer_seed(own),
    )
    quiet_fit(refit, X, weights)
    order, _ = match_components(components_of(model), components_of(refit))
    covariances = refit.covariances_
    if refit._structure().per_component:
        covariances = covariances[order]
    layout = layout_of(model)
    return layout.vector(refit.weights_[order], refit.means_[order], covariances)


def components_of(model: Any) -> tuple[Array, Array, Array]:
    """Weights, means and full covariances of a fitted mixture."""
    matrices = model._structure().to_full(model.covariances_, *model.means_.shape)
    return model.weights_, model.means_, matrices


def _acceleration(model: Any, X: Any, sample_weight: Any) -> Array:
    """Skewness of the rows' influence on each parameter, over six."""
    if not is_plain(model):
        return np.full(len(layout_of(model).parameters), np.nan)
    problem = FittedProblem.of(model, X, sample_weight, None, "bootstrap")
    living = problem.living()
    scores = RowScores.of(
        living.model, living.params, chart(living.model, living.params)
    )
    sums = information(scores, living.data)
    slopes = natural_slopes(living.layout, living.params, scores.chart)
    inverse = Inverse.of(sums.observed, sums.outer)
    found = skewness(scores, living.data, inverse.matrix @ slopes.T) / 6
    found[inverse.touched(slopes)] = np.nan
    result = np.full(len(problem.layout.parameters), np.nan)
    result[problem.layout.of_components(problem.params.weights > 0)] = found
    return result
