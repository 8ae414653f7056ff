"""The start of a Gaussian mixture fit: names and initial values -> parameters."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from mixtura._types import Array, IntArray, Rng
from mixtura.completion import HARD, Completion, Stochastic
from mixtura.data import UNKNOWN, Rows
from mixtura.em import em
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.families.rough import rough
from mixtura.init import starts
from mixtura.init.automatic import Start, best_start
from mixtura.init.distinct import standardised
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.units import ScaledRows

PARTITIONS: dict[str, starts.Start] = {
    "kmeans": starts.kmeans,
    "hierarchical": starts.hierarchical,
    "random": starts.random,
}
CENTRES: dict[str, starts.Centres] = {
    "k-means++": starts.plus_plus,
    "random_from_data": starts.random_rows,
}
CHAINS: dict[str, Callable[[Rng], Completion]] = {
    "cem": lambda _: HARD,
    "sem": lambda rng: Stochastic(int(rng.integers(2**31))),
}
NAMES = ("auto", *PARTITIONS, *CENTRES, *CHAINS)

CHAIN_STEPS = 100
"""Iterations of hard or stochastic EM that lead to a start, at most."""


REASSIGNED = 3
"""How often rows are assigned to the given means that are nearest to them."""


@dataclass(frozen=True)
class Given:
    """Initial values in the units of the fit; None where the start supplies them."""

    weights: Array | None = None
    means: Array | None = None
    covariances: Array | None = None

    @property
    def is_empty(self) -> bool:
        """Whether all is left to supply."""
        return all(value is None for value in vars(self).values())

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to supply."""
        values = (self.weights, self.means, self.covariances)
        return all(value is not None for value in values)


def starting_params(
    model: Mixture,
    data: Rows | ScaledRows,
    sample: Rows,
    start: str | Array,
    given: Given,
    n_components: int,
    rng: Rng,
    is_sound: Callable[[Any], bool],
    max_iter: int,
) -> Start:
    """Return the parameters from which EM starts.

    Parameters
    ----------
    model : Mixture
        Over a Gaussian family.
    data : Rows or ScaledRows
    sample : Rows
        Distinct rows of the data, or of a subsample, from which named starts are made.
    start : str or ndarray of shape (n_samples, n_components)
        One of `NAMES`, or responsibilities.
    given : Given
        What replaces the values that the start supplies.
    n_components : int
    rng : Generator
    is_sound : callable
        Whether parameters are free of collapsed components.
    max_iter : int
        Steps that EM may take from the start.
    """
    family = model.family
    assert isinstance(family, Gaussian)
    is_auto = isinstance(start, str) and start == "auto"
    if is_auto and given.is_empty and data.labels is None:
        return _searched(model, sample, n_components, rng, is_sound, max_iter)
    if given.is_complete:
        params = model.blank(n_components, data.n_features)
    elif not isinstance(start, str):
        params = model.from_responsibilities(data, start)
    elif given.means is not None and is_auto:
        params = _around(model, sample, given.means)
    elif is_auto:
        found = _searched(model, sample, n_components, rng, is_sound, max_iter)
        params = found.params
    else:
        params = _named(model, sample, start, n_components, rng)
    if data.labels is not None and given.means is None:
        params = _aligned(model, params, data.take(_known(data.labels)))
    weights = params.weights if given.weights is None else given.weights
    components = params.components
    if given.means is not None or given.covariances is not None:
        means = components.means if given.means is None else given.means
        covariances = components.covariances
        if given.covariances is not None:
            covariances = family.constraint.project(family.structure, given.covariances)
        components = family.params(means, covariances)
    return Start(MixtureParams(weights, components))


def _searched(
    model: Mixture,
    rows: Rows,
    n_components: int,
    rng: Rng,
    is_sound: Callable[[Any], bool],
    max_iter: int,
) -> Start:
    """Search for a start among distinct rows with weights, if there are enough."""
    if len(rows) <= n_components:
        return Start(_one_a_row(model, rows, n_components))
    assert isinstance(model.family, Gaussian)
    structure = model.family.structure
    cheap = rough(structure)
    if cheap is structure:
        found = best_start(model, rows, n_components, rng, is_sound, max_iter)
    else:  # other steps than those of the fit lead there
        quick = replace(model, family=replace(model.family, structure=cheap))
        there = best_start(quick, rows, n_components, rng, is_sound, max_iter)
        found = Start(there.params, others=there.others)
    order = by_weight(found.params)
    origin = found.origin and reordered(model, found.origin, order)
    others = [reordered(model, each, by_weight(each)) for each in found.others]
    params = reordered(model, found.params, order)
    return Start(params, found.objectives, origin, tuple(others))


def by_weight(params: MixtureParams) -> IntArray:
    """Order of the components: the largest first, so that numbers say something."""
    return np.lexsort((params.components.means[:, 0], -params.weights))


def reordered(model: Mixture, params: MixtureParams, order: IntArray) -> MixtureParams:
    """Return the same mixture with its components in another order."""
    inner = params.components
    assert isinstance(model.family, Gaussian)
    matrices = inner.covariances, inner.precision_cholesky
    if model.family.structure.per_component:
        matrices = matrices[0][order], matrices[1][order]
    components = GaussianParams(inner.means[order], *matrices)
    return MixtureParams(params.weights[order], components)


def _one_a_row(model: Mixture, rows: Rows, n_components: int) -> MixtureParams:
    """Give each row a component; what is left over stays empty."""
    partition = one_hot(np.arange(len(rows)), n_components)
    return model.from_responsibilities(rows, partition)


def _named(
    model: Mixture,
    rows: Rows,
    start: str,
    n_components: int,
    rng: Rng,
) -> MixtureParams:
    """Start from distinct rows with weights."""
    assert rows.weights is not None
    if len(rows) <= n_components:
        return _one_a_row(model, rows, n_components)
    space = standardised(rows)
    if start in CHAINS:
        chosen = starts.plus_plus(space, rows.weights, n_components, rng)
        partition = starts.nearest(space, rows.weights, chosen, 0)
        params = model.from_responsibilities(rows, partition)
        completion = CHAINS[start](rng)
        chain = em(model, rows, params, completion=completion, max_iter=CHAIN_STEPS)
        best: MixtureParams = chain.params
        return best
    if start in PARTITIONS:
        make = PARTITIONS[start]
        return model.from_responsibilities(
            rows, make(space, rows.weights, n_components, rng)
        )
    chosen = CENTRES[start](space, rows.weights, n_components, rng)
    params = _spread(model, rows, n_components)
    assert isinstance(model.family, Gaussian)
    components = model.family.params(rows.X[chosen], params.components.covariances)
    return replace(params, components=components)


def _spread(model: Mixture, rows: Rows, n_components: int) -> MixtureParams:
    """Equal weights, and for each component the mean and covariance of all rows."""
    uniform = np.full((len(rows), n_components), 1 / n_components)
    return model.from_responsibilities(rows, uniform)


def _around(model: Mixture, rows: Rows, means: Array) -> MixtureParams:
    """Equal weights, and for each component the covariance within clusters.

    Whoever gives means knows where the clusters are: the rows nearest to each of them.
    Distances are in deviations of the columns, at last of those within clusters.
    """
    apart = rows.X
    for _ in range(REASSIGNED):
        deviations = np.sqrt(np.average(apart**2, axis=0, weights=rows.weights))
        units = np.where(deviations > 0, deviations, 1.0)
        nearest = np.asarray(cKDTree(means / units).query(rows.X / units)[1])
        shares = rows.weighted(one_hot(nearest, len(means)))
        counts = shares.sum(axis=0)
        centres = shares.T @ rows.X / np.where(counts > 0, counts, 1.0)[:, None]
        apart = rows.X - centres[nearest]
    try:
        return _spread(model, replace(rows, X=apart), len(means))
    except DegenerateComponentError:  # all rows are where the means are
        return _spread(model, rows, len(means))


def _known(labels: IntArray) -> IntArray:
    return np.flatnonzero(labels != UNKNOWN)


def _aligned(model: Mixture, params: MixtureParams, known: Rows) -> MixtureParams:
    """Number the components so that they agree best with the known labels."""
    if not len(known):
        return params
    assert known.labels is not None
    n_components = len(params.weights)
    posterior = model.posterior(params, replace(known, labels=None))
    agreement = one_hot(known.labels, n_components).T @ posterior.values
    _, order = linear_sum_assignment(agreement, maximize=True)
    return reordered(model, params, order)
