"""Runs of EM in compiled code, where so many are made that compiling them pays.

They take the steps of `runs` and `race`, to rounding, and lead to the same optima; what
M-steps find by a search is improved step by step, and acceleration is of statistics. A
run ends where a component reaches the floor: what lies there creeps along it.
"""

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from importlib import import_module
from typing import Any, overload

import numpy as np

from mixtura._types import Array
from mixtura.convergence import ROUNDING
from mixtura.data import Rows
from mixtura.families.constraints import Floor
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.init import stack
from mixtura.init.run import NOWHERE, Run
from mixtura.init.stack import KeptRows, Stack
from mixtura.models.mixture import Equal, Mixture, MixtureParams

Params = tuple[Array, Array, Array, Array]
"""Weights (R, K), means (R, K, D), covariances and factors (R, K, D, D)."""

Limits = tuple[int, float, float, bool]
"""Steps; nats left; gain that is none; whether to accelerate: see `kernels.climb`."""

SETTLED = 1e-9
"""Gains of less than this share of the log-likelihood end a short run early."""

NOTHING = 1e-6
"""Nats that a run to its end may leave, in total on rows of weight one."""

MOST_COLUMNS = 10
"""From some columns more on, stacked products of matrices are faster."""

LONGEST = 2000
"""Steps of a run to its end, at most."""


class ManyRunsRows(KeptRows):
    """Rows on which so many runs are made that waiting for a compiler pays."""

    @cached_property
    def vary(self) -> bool:
        """Whether all columns do; a constant one is at the floor from the start."""
        return bool((np.ptp(self.X, axis=0) > 0).all())

    @cached_property
    def packed(self) -> tuple[Array, Array]:
        """Transposed rows and their weights, filled up to whole blocks."""
        block = _compiled().BLOCK
        size = -(-len(self) // block) * block
        rows, weights = np.zeros((self.n_features, size)), np.zeros(size)
        rows[:, : len(self)] = self.X.T
        weights[: len(self)] = 1.0 if self.weights is None else self.weights
        return rows, weights


class Climbs(Sequence[Run]):
    """Runs side by side, of which few are looked at.

    Parameters
    ----------
    objectives : ndarray of shape (R,)
        Where they have got to, in nats.
    run : callable
        The number of a run -> the run.
    """

    def __init__(self, objectives: Array, run: Callable[[int], Run]) -> None:
        self.objectives = objectives
        self._run = run

    def __len__(self) -> int:
        return len(self.objectives)

    @overload
    def __getitem__(self, number: int) -> Run: ...
    @overload
    def __getitem__(self, number: slice) -> list[Run]: ...
    def __getitem__(self, number: int | slice) -> Run | list[Run]:
        if isinstance(number, slice):
            return [self._run(i) for i in range(*number.indices(len(self)))]
        if number >= len(self):
            raise IndexError(number)
        return self._run(number)


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
        and data.vary
        and _compiled() is not None
        and _structure(model).name in _compiled().NUMBERS
    )
    return data if is_possible else None


def begun(
    model: Mixture, data: ManyRunsRows, partitions: Sequence[Array], n_steps: int
) -> Climbs:
    """Take so many EM steps from the M-step's parameters for each responsibilities.

    Those (n, K) that put a component at the floor have all of them there.
    """
    rows, weights = data.packed
    n_starts, n_components, d = len(partitions), partitions[0].shape[1], len(rows)
    shares = np.zeros((n_starts, n_components, len(weights)))
    for own, values in zip(shares, partitions, strict=True):
        np.multiply(values.T, weights[: len(data)], out=own[:, : len(data)])
    matrices = np.tile(np.eye(d), (n_starts, n_components, 1, 1))
    blank = (
        np.full((n_starts, n_components), 1 / n_components),
        np.zeros((n_starts, n_components, d)),
        matrices,
        matrices.copy(),
    )
    limits = n_steps, -1.0, SETTLED, False
    return _climbed(model, data, blank, shares, limits, lambda _: NOWHERE)


def climbed(
    model: Mixture,
    data: ManyRunsRows,
    runs: Sequence[Run],
    n_steps: int,
    no_gain: float = SETTLED,
) -> Climbs:
    """Take so many EM steps more in each run.

    A run ends where a component reaches the floor, with all of them there; and where
    one dies.

    Parameters
    ----------
    model : Mixture
    data : ManyRunsRows
    runs : sequence of Run
        Of equally many components; at least one.
    n_steps : int
    no_gain : float
        Gain, as a share of the log-likelihood, that ends a run.
    """
    return _further(model, data, runs, (n_steps, -1.0, no_gain, False))


def accelerated(
    model: Mixture,
    data: ManyRunsRows,
    runs: Sequence[Run],
    n_steps: int = LONGEST,
    left: float = NOTHING,
) -> Climbs:
    """Take each run to its end, in so many steps at most, accelerated where EM is slow.

    Parameters
    ----------
    model : Mixture
    data : ManyRunsRows
    runs : sequence of Run
        Of equally many components; at least one.
    n_steps : int
    left : float
        Nats in total on rows of weight one that may be left to gain.
    """
    left *= float(data.n_observations) / len(data)
    return _further(model, data, runs, (n_steps, left, ROUNDING, True))


def _further(
    model: Mixture, data: ManyRunsRows, runs: Sequence[Run], limits: Limits
) -> Climbs:
    """Go on from where runs have got to."""
    here, structure = Stack.of(model, [run.params for run in runs]), _structure(model)
    inner, shape = here.components, here.components.means.shape
    size = len(runs), here.n_components, data.n_features
    covariances, factors = (
        structure.to_full(matrices, *shape) if structure.per_component else matrices
        for matrices in (inner.covariances, inner.precision_cholesky)
    )
    params = (
        here.weights.copy(),
        inner.means.reshape(size).copy(),
        covariances.reshape(*size, data.n_features).copy(),
        factors.reshape(*size, data.n_features).copy(),
    )
    nowhere = np.empty((len(runs), 0, 0))
    return _climbed(model, data, params, nowhere, limits, runs.__getitem__)


def _climbed(
    model: Mixture,
    data: ManyRunsRows,
    params: Params,
    shares: Array,
    limits: Limits,
    before: Callable[[int], Run],
) -> Climbs:
    """Go on with each of the runs before; see `kernels.climb`."""
    kernel, structure = _compiled(), _structure(model)
    traces = np.empty((len(shares), limits[0] + 1))
    densities = np.empty((len(shares), len(data.packed[1])))
    ends = np.empty((len(shares), 2), dtype=np.int64)
    number = kernel.NUMBERS[structure.name]
    rules = number, isinstance(model.proportions, Equal), _floor(model)
    kernel.climb(data.packed, rules, params, shares, limits, traces, densities, ends)
    n_steps = ends[:, 1]
    are_at_end = limits[3] & (ends[:, 0] == kernel.CONVERGED)

    def run(i: int) -> Run:
        own = _mixture(structure, *(values[i] for values in params))
        trace = traces[i, : n_steps[i] + 1].tolist()
        density = densities[i, : len(data)]
        return before(i).to(own, trace, density, bool(are_at_end[i]))

    return Climbs(traces[np.arange(len(traces)), n_steps], run)


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
