"""The start of a Bayesian Gaussian mixture fit: names and arrays -> posteriors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product

import numpy as np

from mixtura._types import Array, IntArray, Rng
from mixtura.data import Rows
from mixtura.em import em_steps
from mixtura.estimators.fitting.gaussian_starts import CENTRES, PARTITIONS
from mixtura.init import starts
from mixtura.init.distinct import standardised, whitened
from mixtura.models.categorical import one_hot
from mixtura.models.variational_mixture import VariationalMixture, VariationalParams
from mixtura.units import ScaledRows

NAMES = ("auto", *PARTITIONS, *CENTRES)

SIZES = 8
"""Numbers of components that are tried, from one to all."""

REPEATS = 2
"""Partitions for each number of components in each space."""

LLOYD = 3
"""Steps of k-means that a partition is made by."""

SHORT = 12
"""EM steps after which a partition is first judged."""

FINALISTS = 4
"""Partitions that are followed further."""

LONG = 40
"""EM steps after which the finalists are judged."""

SAME = 1e-7
"""Bounds closer than this share count as the same; the earlier partition is taken."""


@dataclass(frozen=True)
class Start:
    """Where EM begins.

    Parameters
    ----------
    params : VariationalParams
    is_interrupted : bool
        Whether the user stopped the search; the parameters are the best so far.
    """

    params: VariationalParams
    is_interrupted: bool = False


@dataclass(frozen=True)
class Run:
    """A posterior that EM has reached, and the bound there."""

    params: VariationalParams
    bound: float
    is_interrupted: bool = False


def find_start(
    model: VariationalMixture,
    data: Rows | ScaledRows,
    sample: Rows,
    start: str | Array,
    rng: Rng,
) -> Start:
    """Return the posterior, given a partition or responsibilities.

    Parameters
    ----------
    model : VariationalMixture
    data : Rows or ScaledRows
    sample : Rows
        Distinct rows of the data, or of a subsample, from which named starts are made.
    start : str or ndarray of shape (n_samples, n_components)
        One of `NAMES`, or responsibilities of the rows.
    rng : Generator
    """
    if not isinstance(start, str):
        return Start(model.from_responsibilities(data, start))
    assert sample.weights is not None
    shares = sample.weights / sample.weights.sum()
    rows = replace(sample, weights=shares * data.n_observations)
    n_components = len(model.family.prior)
    if start == "auto" and len(rows) > 1:
        return _search(model, rows, rng)
    if len(rows) <= n_components:  # a component a row
        values = one_hot(np.arange(len(rows)), n_components)
    else:
        values = _named(rows, start, n_components, rng)
    return Start(_posterior(model, rows, values))


def _named(rows: Rows, start: str, n_components: int, rng: Rng) -> Array:
    """Responsibilities of distinct rows with weights."""
    assert rows.weights is not None
    space = standardised(rows)
    if start in PARTITIONS:
        return PARTITIONS[start](space, rows.weights, n_components, rng)
    chosen = CENTRES[start](space, rows.weights, n_components, rng)
    return starts.nearest(space, rows.weights, chosen, 0)


def _posterior(
    model: VariationalMixture, rows: Rows, values: Array
) -> VariationalParams:
    """Make the M-step of responsibilities, large components first.

    That is what a Dirichlet process prefers, and what else has no order.
    """
    assert rows.weights is not None
    order = np.argsort(-(rows.weights @ values), kind="stable")
    return model.from_responsibilities(rows, values[:, order])


def _search(model: VariationalMixture, rows: Rows, rng: Rng) -> Start:
    """Return the best of many partitions after some steps of EM.

    EM empties components readily and merges them slowly, so partitions into fewer
    than all components are tried as well; the rest start from the prior.
    """

    def bound(run: Run) -> int:
        return round(run.bound / (SAME * (1 + rows.n_observations)))

    runs: list[Run] = []
    for values in _partitions(model, rows, rng):
        params = _posterior(model, rows, values)
        runs.append(_followed(model, rows, params, SHORT))
        if runs[-1].is_interrupted:
            return Start(max(runs, key=bound).params, True)
    finalists: list[Run] = []
    for run in sorted(runs, key=bound, reverse=True)[:FINALISTS]:
        finalists.append(_followed(model, rows, run.params, LONG))
        if finalists[-1].is_interrupted:
            return Start(max(finalists, key=bound).params, True)
    return Start(max(finalists, key=bound).params)


def _partitions(model: VariationalMixture, rows: Rows, rng: Rng) -> Iterator[Array]:
    """Responsibilities in standardised and in whitened space."""
    assert rows.weights is not None
    n_components = len(model.family.prior)
    spaces = standardised(rows), whitened(rows)
    yield np.tile(np.eye(n_components)[0], (len(rows), 1))
    for size, _, space in product(
        _sizes(min(n_components, len(rows))), range(REPEATS), spaces
    ):
        chosen = starts.plus_plus(space, rows.weights, size, rng)
        partition = starts.nearest(space, rows.weights, chosen, LLOYD)
        yield np.pad(partition, ((0, 0), (0, n_components - size)))


def _sizes(largest: int) -> IntArray:
    """Numbers of components from two to the largest, closer together where small."""
    return np.unique(np.geomspace(1, largest, SIZES).round().astype(np.intp))[1:]


def _followed(
    model: VariationalMixture, rows: Rows, params: VariationalParams, max_iter: int
) -> Run:
    """Follow a start for so many steps.

    Where the bound has become flat, too: empty components still move then, and would
    be left wherever rounding ends the run.
    """
    run: Run | None = None
    try:
        for step in islice(em_steps(model, rows, params), 0, 2 * max_iter + 1, 2):
            run = Run(step.params, step.objective)
    except KeyboardInterrupt:
        if run is None:
            raise
        run = replace(run, is_interrupted=True)
    assert run is not None
    return run
