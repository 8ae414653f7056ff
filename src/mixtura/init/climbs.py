"""Runs of EM in compiled code, where so many are made that compiling them pays.

They take the steps of `runs` and `race`, to rounding, and lead to the same optima; what
M-steps find by a search is improved step by step, and acceleration is of statistics. A
run ends where a component reaches the floor: what lies there creeps along it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from mixtura._types import Array
from mixtura.convergence import ROUNDING
from mixtura.data import Rows
from mixtura.execution.turns import away
from mixtura.families.constraints import Floor
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.init import stack
from mixtura.init.candidate import ANYTHING, Candidate, Judge
from mixtura.init.run import NOWHERE, Run
from mixtura.init.stack import KeptRows, Stack
from mixtura.kernels.optional import compiled_code
from mixtura.models.mixture import Equal, Mixture, MixtureParams

Params = tuple[Array, Array, Array, Array]
"""Weights (R, K), means (R, K, D), covariances and factors (R, K, D, D)."""

Rules = tuple[int, bool, Array]
"""Number of the structure; whether weights are equal; the floor."""

SETTLED = 1e-9
"""Gains of less than this share of the log-likelihood end a short run early."""

NOTHING = 1e-4
"""Nats that a run to its end may leave, in total on rows of weight one; as fits do."""

MOST_COLUMNS = 10
"""From some columns more on, stacked products of matrices are faster."""

LONGEST = 2000
"""Steps of a run to its end, at most."""


@dataclass(frozen=True)
class ManyRunsRows(KeptRows):
    """Rows on which so many runs are made that waiting for a compiler pays."""

    rules_of: dict[int, tuple[Mixture, Rules | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def rules(self, model: Mixture) -> Rules | None:
        """Return what the kernel must know of a model; None if it cannot fit it."""
        found = self.rules_of.get(id(model))
        if found is None or found[0] is not model:
            found = self.rules_of[id(model)] = model, _rules(model, self)
        return found[1]

    @cached_property
    def vary(self) -> bool:
        """Whether all columns do; a constant one is at the floor from the start."""
        return bool((np.ptp(self.X, axis=0) > 0).all())

    @cached_property
    def mean_weight(self) -> float:
        """Observations that a row stands for, in the mean."""
        return float(self.n_observations) / len(self)

    @cached_property
    def packed(self) -> tuple[Array, Array]:
        """Transposed rows and their weights, filled up to whole blocks."""
        block = compiled_code("climb").BLOCK
        size = -(-len(self) // block) * block
        rows, weights = np.zeros((self.n_features, size)), np.zeros(size)
        rows[:, : len(self)] = self.X.T
        weights[: len(self)] = 1.0 if self.weights is None else self.weights
        return rows, weights


class Heat(NamedTuple):
    """Part of the way, after which some are left: see `kernels.climb`.

    Parameters
    ----------
    n_steps : int
    n_left : int
        The best of them, in this order; 0 for all as they are.
    nats : float
        That may be left to gain, in total.
    no_gain : float
        As a share of the log-likelihood, that ends a run.
    is_accelerated : bool
    """

    n_steps: int
    n_left: int
    nats: float = -1.0
    no_gain: float = SETTLED
    is_accelerated: bool = False


class Starters(NamedTuple):
    """Runs at the start: parameters, or shares of the rows whose M-step they are.

    Parameters
    ----------
    params : tuple of ndarray
    shares : ndarray of shape (R, K, size) or (R, 0, 0)
    runs : sequence of Run
        What they were before.
    """

    params: Params
    shares: Array
    runs: Sequence[Run]


def rows_for(model: Mixture, data: Rows) -> ManyRunsRows | None:
    """Return the rows, if runs of the model on them can be, and are to be, compiled."""
    if isinstance(data, ManyRunsRows) and data.rules(model) is not None:
        return data
    return None


def of_partitions(data: ManyRunsRows, partitions: Sequence[Array]) -> Starters:
    """Begin with the M-step for each of several responsibilities (n, K)."""
    rows, weights = data.packed
    n_starts, n_components, d = len(partitions), partitions[0].shape[1], len(rows)
    shares = np.empty((n_starts, n_components, len(weights)))
    shares[:, :, len(data) :] = 0.0
    for own, values in zip(shares, partitions, strict=True):
        np.multiply(values.T, weights[: len(data)], out=own[:, : len(data)])
    weights, means, matrices = _blank(n_starts, n_components, d)
    params = weights.copy(), means.copy(), matrices.copy(), matrices.copy()
    return Starters(params, shares, [NOWHERE] * n_starts)


def of_runs(model: Mixture, data: ManyRunsRows, runs: Sequence[Run]) -> Starters:
    """Go on from where runs have got to."""
    nothing = np.empty((len(runs), 0, 0))
    if all(run.packed is not None for run in runs):
        known = zip(*(run.packed for run in runs), strict=True)
        weights, means, covariances, factors = map(np.array, known)
        return Starters((weights, means, covariances, factors), nothing, runs)
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
    return Starters(params, nothing, runs)


def begun(
    model: Mixture, data: ManyRunsRows, partitions: Sequence[Array], n_steps: int
) -> list[Run]:
    """Take so many EM steps from the M-step's parameters for each responsibilities.

    Those (n, K) that put a component at the floor have all of them there.
    """
    return _each(model, data, of_partitions(data, partitions), Heat(n_steps, 0))


def climbed(
    model: Mixture,
    data: ManyRunsRows,
    runs: Sequence[Run],
    n_steps: int,
    no_gain: float = SETTLED,
) -> list[Run]:
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
    heat = Heat(n_steps, 0, no_gain=no_gain)
    return _each(model, data, of_runs(model, data, runs), heat)


def accelerated(
    model: Mixture,
    data: ManyRunsRows,
    runs: Sequence[Run],
    n_steps: int = LONGEST,
    nats: float = NOTHING,
) -> list[Run]:
    """Take each run to its end, in so many steps at most, accelerated where EM is slow.

    Parameters
    ----------
    model : Mixture
    data : ManyRunsRows
    runs : sequence of Run
        Of equally many components; at least one.
    n_steps : int
    nats : float
        In total on rows of weight one, that may be left to gain.
    """
    heat = _accelerated(data, n_steps, 0, nats)
    return _each(model, data, of_runs(model, data, runs), heat)


def best_end(
    model: Mixture,
    data: ManyRunsRows,
    runs: Sequence[Run],
    judge: Judge,
    to_beat: float = -np.inf,
    sure: Sequence[bool] = (),
) -> Candidate:
    """Return the end of the run that has climbed highest, a sound one before others.

    Those that will not get to a log-likelihood that is `to_beat` are left on the way,
    unless they are `sure`.
    """
    heat, starters = _accelerated(data, LONGEST, 1), of_runs(model, data, runs)
    return next(_contest(model, data, starters, judge, (heat,), to_beat, sure))


def best_few(
    model: Mixture,
    data: ManyRunsRows,
    starters: Starters,
    judge: Judge,
    heats: Sequence[tuple[int, int]],
    n_sure: int = 0,
) -> list[Candidate]:
    """Return the best few of several runs, the best first; see `heats.best_few`.

    And the first, if they are sure. After the first heat runs are accelerated.
    """
    first, *others = heats
    all_heats = Heat(*first), *(_accelerated(data, *heat) for heat in others)
    sure = [r < n_sure for r in range(len(starters.runs))]
    return [*_contest(model, data, starters, judge, all_heats, sure=sure)]


def posterior(
    model: Mixture, data: ManyRunsRows, params: MixtureParams
) -> tuple[Array, Array]:
    """Return log-densities (n,) in nats and responsibilities (n, K) of the rows."""
    starters = of_runs(model, data, [Run.at(params)])
    own = tuple(values[0] for values in starters.params)
    responsibilities = np.empty((len(params.weights), len(data.packed[1])))
    kernel = compiled_code("climb")
    density = kernel.posterior(data.packed, data.rules(model), own, responsibilities)
    return density[: len(data)], responsibilities[:, : len(data)].T


def _each(
    model: Mixture, data: ManyRunsRows, starters: Starters, heat: Heat
) -> list[Run]:
    """Follow all runs alike; return them in their order."""
    found = _contest(model, data, starters, ANYTHING, (heat,))
    return [candidate.run for candidate in found]


def _accelerated(
    data: ManyRunsRows, n_steps: int, n_left: int, nats: float = NOTHING
) -> Heat:
    """Return a heat that ends where, on rows of weight one, few nats are left."""
    return Heat(n_steps, n_left, nats * data.mean_weight, ROUNDING, True)


def _contest(
    model: Mixture,
    data: ManyRunsRows,
    starters: Starters,
    judge: Judge,
    heats: Sequence[Heat],
    to_beat: float = -np.inf,
    sure: Sequence[bool] = (),
) -> Iterator[Candidate]:
    """Yield those that the last heat leaves; see `kernels.climb`."""
    kernel, structure = compiled_code("climb"), _structure(model)
    n_runs, n_steps = len(starters.runs), sum(heat.n_steps for heat in heats)
    traces = np.empty((n_runs, n_steps + 1))
    densities = np.empty((n_runs, len(data.packed[1])))
    of_best = np.empty((starters.params[0].shape[1], densities.shape[1]))
    ends, order = np.empty((n_runs, 3), dtype=np.int64), np.arange(n_runs)
    are_sure = np.array(sure or [False] * n_runs)
    least = judge.least_variances
    least = np.zeros(data.n_features) if least is None else least
    with away():
        kernel.climb(
            data.packed,
            data.rules(model),
            (least, judge.least_weight),
            to_beat,
            are_sure,
            _as_arrays(tuple(heats)),
            starters.params,
            starters.shares,
            traces,
            densities,
            of_best,
            ends,
            order,
        )

    n_sure, n_left = sum(sure), heats[-1].n_left
    left = order[: min(n_left + n_sure, n_runs) if n_left else n_runs]
    shares: Array | None = of_best[:, : len(data)].T
    for r in left.tolist():
        outcome, n, is_sound = ends[r].tolist()
        density, packed = densities[r, : len(data)].copy(), _of_run(starters.params, r)
        is_at_end = heats[-1].is_accelerated and outcome == kernel.CONVERGED
        params, trace = _mixture(structure, *packed), traces[r, : n + 1].tolist()
        run = starters.runs[r].to(params, trace, density, is_at_end, packed, shares)
        yield Candidate(bool(is_sound), run, is_sure=bool(are_sure[r]))
        shares = None


@lru_cache(maxsize=64)
def _as_arrays(heats: tuple[Heat, ...]) -> tuple[Array, ...]:
    return tuple(map(np.array, zip(*heats, strict=True)))


@lru_cache(maxsize=64)
def _blank(
    n_runs: int, n_components: int, n_features: int
) -> tuple[Array, Array, Array]:
    """Return components that are all alike."""
    matrices = np.tile(np.eye(n_features), (n_runs, n_components, 1, 1))
    weights = np.full((n_runs, n_components), 1 / n_components)
    return weights, np.zeros((n_runs, n_components, n_features)), matrices


def _of_run(params: Params, r: int) -> Params:
    weights, means, covariances, factors = params
    return weights[r], means[r], covariances[r], factors[r]


def _rules(model: Mixture, data: ManyRunsRows) -> Rules | None:
    """Return what the kernel must know of a model; None if it cannot fit it."""
    kernel = compiled_code("climb")
    if kernel is None or not stack.is_possible(model, data):
        return None
    family = model.family
    assert isinstance(family, Gaussian)
    floor, number = family.constraint, kernel.NUMBERS.get(family.structure.name)
    if (
        number is None
        or data.n_features > MOST_COLUMNS
        or not (isinstance(floor, Floor) and (floor.variances > 0).all())
        or not data.vary
    ):
        return None
    least = family.structure.attainable(floor.variances)
    if not family.structure.n_axes:
        least = np.full(len(least), least.max())
    return number, isinstance(model.proportions, Equal), least


def _mixture(
    structure: Covariance, weights: Array, means: Array, *matrices: Array
) -> MixtureParams:
    components = GaussianParams(means, *map(structure.from_full, matrices))
    return MixtureParams(weights, components)


def _structure(model: Mixture) -> Covariance:
    assert isinstance(model.family, Gaussian)
    return model.family.structure
