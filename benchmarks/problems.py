"""Data and parameters that the sections share."""

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.mixture import GaussianMixture as Reference

from benchmarks.timing import steady
from mixtura._types import Array
from mixtura.data import Rows
from mixtura.estimators.fitted.fitted_gaussian_mixture import STRUCTURES
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.execution.blas import single_threaded_blas
from mixtura.execution.whole import WHOLE
from mixtura.kernels.threads import using_threads
from mixtura.models.mixture import MixtureParams

AGREEMENT = 1e-9


def blobs(
    n_rows: int, n_features: int, n_components: int, spread: float, seed: int = 0
) -> Array:
    """Unit round clusters about centres with this standard deviation, shuffled."""
    rng = np.random.default_rng(seed)
    centres = spread * rng.standard_normal((n_components, n_features))
    noise = rng.standard_normal((n_rows, n_features))
    return centres[rng.integers(n_components, size=n_rows)] + noise


def askew(
    n_rows: int, n_features: int, n_components: int, spread: float, seed: int = 0
) -> Array:
    """Clusters of unlike size whose axes point anywhere, with deviations of 0.5 to 2.

    Their centres have this standard deviation.
    """
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(n_components, 5.0))
    labels = rng.choice(n_components, size=n_rows, p=weights)
    X = rng.standard_normal((n_rows, n_features))
    for k in range(n_components):
        centre = spread * rng.standard_normal(n_features)
        axes = np.linalg.qr(rng.standard_normal((n_features, n_features)))[0]
        own = labels == k
        X[own] = centre + X[own] @ (axes * rng.uniform(0.5, 2, n_features)).T
    return X


def rounded(model: Reference) -> None:
    """Move the covariances of a full or diagonal model half-way to the identity.

    Some components of `kernels.problem` rest on fewer rows than columns, and oneDAL
    stops at a singular covariance.
    """
    full = model.covariance_type == "full"
    identity = np.eye(model.means_.shape[1]) if full else 1.0
    model.covariances_ = (model.covariances_ + identity) / 2
    if full:
        factors = np.linalg.cholesky(model.covariances_)
        model.precisions_cholesky_ = np.linalg.inv(factors).swapaxes(1, 2)
    else:
        model.precisions_cholesky_ = 1 / np.sqrt(model.covariances_)


def reference_iteration(model: Reference, X: Array) -> Callable[[], float]:
    """One EM iteration of scikit-learn, always from the same parameters.

    It returns the log-likelihood at them, in nats per row.
    """
    state = dict(vars(model))

    def iterate() -> float:
        vars(model).update(state)
        log_likelihood, log_responsibilities = model._e_step(X)
        model._m_step(X, log_responsibilities)
        vars(model).update(state)
        return float(log_likelihood)

    return iterate


def iteration(model: Reference, X: Array) -> Callable[[], float]:
    """Mixtura's EM iteration from the same parameters, as a fit does it."""
    structure = STRUCTURES[model.covariance_type]
    problem = Problem.of(Rows(X), structure, "auto", np.random.default_rng(0))
    units = problem.units
    covariances = structure.rescale(model.covariances_, 1 / units.scale)
    params = MixtureParams(
        model.weights_,
        problem.family.params(units.to_z(model.means_), covariances),
    )

    def iterate() -> float:
        e_step = partial(problem.model.e_step, params)
        statistics = WHOLE(e_step, problem.data)
        problem.model.m_step(params, statistics)
        return float(statistics.log_likelihood / len(X) - units.log_volume)

    return iterate


def as_in_a_fit(function: Callable[[], object], n_threads: int) -> Callable[[], float]:
    """Return a steady timer with the threads that a fit would have."""
    with using_threads(n_threads), single_threaded_blas():
        timer = steady(function)

    def timed() -> float:
        with using_threads(n_threads), single_threaded_blas():
            return timer()

    return timed


def check_agreement(ours: float, theirs: float, tolerance: float = AGREEMENT) -> None:
    """Stop if two sides that should compute the same do not."""
    if not abs(ours - theirs) <= tolerance * abs(theirs):
        raise AssertionError(f"log-likelihoods differ: {ours!r} and {theirs!r}")
