"""Runs of EM in compiled code, where so many are made that compiling them pays.

They take the steps of `runs` and `race`, to rounding, and lead to the same optima; what
M-steps find by a search is improved step by step, and acceleration is of statistics. A
run ends where a component reaches the floor: what lies there creeps along it.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from mixtura._types import Array
from mixtura.convergence import ROUNDING
from mixtura.data import Rows
from mixtura.families.constraints import Floor
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.init import stack
from mixtura.init.stack import KeptRows, Stack
from mixtura.models.mixture import Equal, Mixture, MixtureParams

Params = tuple[Array, Array, Array, Array]
"""Weights (R, K), means (R, K, D), covariances and factors (R, K, D, D)."""

NOTHING = 1e-6
"""Nats that a run to its end may leave, in total on rows of weight one."""

MOST_COLUMNS = 10
"""From some columns more on, stacked products of matrices are faster."""

LONGEST = 2000
"""Steps of a run to its end, at most."""


class ManyRunsRows(KeptRows):
    """Rows on which so many runs are made that waiting for a compiler pays."""

    @cached_property
    def packed(self) -> tuple[Array, Array]:
        """Transposed rows and their weights, filled up to whole blocks."""
        block = _compiled().BLOCK
        size = -(-len(self) // block) * block
        rows, weights = np.zeros((self.n_features, size)), np.zeros(size)
        rows[:, : len(self)] = self.X.T
        weights[: len(self)] = 1.0 if self.weights is None else self.weights
        return rows, weights


class Climb(NamedTuple):
    """Where a run has got to.

    Parameters
    ----------
    params : MixtureParams
    objectives : tuple of float
        From the start on, in nats.
    log_density : ndarray of shape (n,)
        Of the rows, in nats.
    """

    params: MixtureParams
    objectives: tuple[float, ...]
    log_density: Array

    @property
    def objective(self) -> float:
        """The last, in nats."""
        return self.objectives[-1]


def rows_for(model: Mixture, data: Rows) -> ManyRunsRows | None:
    """Return the rows, if runs of the model on them can be, and are to be, compiled."""
    if not (isinstance(data, ManyRunsRows) and stack.is_possible(model, data)):
        return None
    if data.n_features > MOST_COLUMNS:
        return None
    floor = _family(model).constraint
    is_possible = (
        isinstance(floor, Floor)
        and bool((floor.variances > 0).all())
        and _compiled() is not None
        and _structure(model).name in _compiled().NUMBERS
    )
    return data if is_possible else None


def nothing(data: Rows) -> float:
    """Return the nats in total that a run to its end may leave."""
    return NOTHING * float(data.n_observations) / len(data)


def started(
    model: Mixture, data: ManyRunsRows, partitions: Sequence[Array]
) -> list[MixtureParams]:
    """Return the M-step's parameters for each of several responsibilities (n, K).

    Those that put a component at the floor have all of them there.
    """
    rows, weights = data.packed
    n_starts, n_components, d = len(partitions), partitions[0].shape[1], len(rows)
    shares = np.zeros((n_starts, n_components, len(weights)))
    shares[:, :, : len(data)] = np.array(partitions).transpose(0, 2, 1)
    shares *= weights
    shape = n_starts, n_components
    matrices = np.tile(np.eye(d), (*shape, 1, 1))
    blank = (
        np.full(shape, 1 / n_components),
        np.zeros((*shape, d)),
        matrices,
        matrices.copy(),
    )
    ends = _climbed(model, data, blank, shares, (0, 0.0, 0.0, False))
    return [end.params for end in ends]


def climbed(
    model: Mixture,
    data: ManyRunsRows,
    starts: Sequence[MixtureParams],
    n_steps: int = LONGEST,
    left: float | None = None,
    no_gain: float = ROUNDING,
) -> list[Climb]:
    """Run EM from each of several starts.

    A run ends where a component reaches the floor, with all of them there; and where
    one dies.

    Parameters
    ----------
    model : Mixture
    data : ManyRunsRows
    starts : sequence of MixtureParams
        Of equally many components; at least one.
    n_steps : int
        At most.
    left : float, optional
        Nats in total that may be left to gain; slow runs are accelerated then. If not
        given all steps are taken, and are those of EM.
    no_gain : float
        Gain, as a share of the log-likelihood, that ends a run.
    """
    here, structure = Stack.of(model, starts), _structure(model)
    inner, shape = here.components, here.components.means.shape
    runs = len(starts), here.n_components, data.n_features
    covariances, factors = (
        structure.to_full(matrices, *shape) if structure.per_component else matrices
        for matrices in (inner.covariances, inner.precision_cholesky)
    )
    params = (
        here.weights.copy(),
        inner.means.reshape(runs).copy(),
        covariances.reshape(*runs, data.n_features).copy(),
        factors.reshape(*runs, data.n_features).copy(),
    )
    limits = n_steps, -1.0 if left is None else left, no_gain, left is not None
    return _climbed(model, data, params, np.empty((len(starts), 0, 0)), limits)


def _climbed(
    model: Mixture,
    data: ManyRunsRows,
    params: Params,
    shares: Array,
    limits: tuple[int, float, float, bool],
) -> list[Climb]:
    """Run them; see `kernels.climb`."""
    kernel, structure = _compiled(), _structure(model)
    traces = np.empty((len(shares), limits[0] + 1))
    densities = np.empty((len(shares), len(data.packed[1])))
    ends = np.empty((len(shares), 2), dtype=np.int64)
    number = kernel.NUMBERS[structure.name]
    rules = number, isinstance(model.proportions, Equal), _floor(model)
    kernel.climb(data.packed, rules, params, shares, limits, traces, densities, ends)
    return [
        Climb(
            _mixture(structure, *parts),
            tuple(trace[: n_steps + 1].tolist()),
            density[: len(data)],
        )
        for *parts, trace, density, (_, n_steps) in zip(
            *params, traces, densities, ends.tolist(), strict=True
        )
    ]


def _mixture(
    structure: Covariance, weights: Array, means: Array, *matrices: Array
) -> MixtureParams:
    components = GaussianParams(means, *map(structure.from_full, matrices))
    return MixtureParams(weights, components)


def _family(model: Mixture) -> Gaussian:
    assert isinstance(model.family, Gaussian)
    return model.family


def _structure(model: Mixture) -> Covariance:
    return _family(model).structure


def _floor(model: Mixture) -> Array:
    """Return the floor under the variances, one for all columns under spheres."""
    constraint, structure = _family(model).constraint, _structure(model)
    assert isinstance(constraint, Floor)
    floor = structure.attainable(constraint.variances)
    return floor if structure.n_axes else np.full(len(floor), floor.max())


@cache
def _compiled() -> Any:
    """Import the compiled code, if Numba is there and works."""
    try:
        return import_module("mixtura.kernels.climb")
    except (ImportError, OSError):
        return None
