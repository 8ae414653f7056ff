"""Starts for data with outliers: drafts from the rows in dense places.

A centre that k-means++ puts on an outlier is lost. So the drafts leave out more or
fewer of the rows whose neighbours are far; short EM runs of the whole model, on all
rows, tell which draft is best.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice, product
from typing import Any, NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

from mixtura._types import Array, Rng
from mixtura.data import Rows
from mixtura.em import EMResult, Outcome
from mixtura.exceptions import DegenerateComponentError
from mixtura.init.automatic import SearchInterrupted
from mixtura.init.distinct import standardised, whitened
from mixtura.init.starts import nearest, plus_plus
from mixtura.models.mixture import Mixture

DRAFTS = 24
"""Drafts tried."""

LARGEST = 2_000
"""Rows from which drafts are made and on which they are judged."""

NEIGHBOURS = 10
"""The distance to this neighbour tells how dense a place is."""

SHORT, LONG = 15, 60
"""EM steps after which all drafts, and then the best, are judged."""

FINALISTS = 4
"""Drafts that are followed further."""

FENCE = 20.0
"""Rows farther than this many quartile ranges from the median say nothing of units."""


class Judged(NamedTuple):
    """Where a short run has got to."""

    params: Any
    sound: bool
    objective: float


Run = Callable[[Rows, Any, int], EMResult]
"""(rows, params, max_iter) -> result."""


def robust_start(
    plain: Mixture,
    lift: Callable[[Any, float], Any],
    run: Run,
    rows: Rows,
    n_components: int,
    shares: Sequence[float],
    rng: Rng,
    is_sound: Callable[[Any], bool],
) -> Any:
    """Return the parameters that the best of several short runs has reached.

    Parameters
    ----------
    plain : Mixture
        The components alone, from whose M-step the drafts come.
    lift : callable
        ``lift(params, share)`` turns a draft made without `share` of the rows into
        parameters of the model to fit.
    run : callable
        EM for that model.
    rows : Rows
        Distinct rows with weights.
    n_components : int
    shares : sequence of float
        Shares of the rows to leave out, in turn.
    rng : Generator
    is_sound : callable
        Whether parameters are free of collapsed components.

    Raises
    ------
    DegenerateComponentError
        If every draft collapses.
    SearchInterrupted
        If the user interrupts.
    """
    if len(rows) > LARGEST:
        rows = rows.take(np.sort(rng.choice(len(rows), LARGEST, replace=False)))
    judged, error = [], None
    drafts = _drafts(plain, rows, n_components, shares, rng)
    for draft in drafts:
        if isinstance(draft, DegenerateComponentError):
            error = draft
            continue
        params, share = draft
        try:
            judged.append(_judged(run, rows, lift(params, share), SHORT, is_sound))
        except DegenerateComponentError as collapse:
            error = collapse
    if not judged:
        assert error is not None
        raise error
    judged.sort(key=_merit, reverse=True)
    finalists = [
        _judged(run, rows, each.params, LONG, is_sound) for each in judged[:FINALISTS]
    ]
    return max(finalists, key=_merit).params


def local_distances(X: Array) -> Array:
    """Distance of each row to its `NEIGHBOURS`-th nearest."""
    n_neighbours = min(NEIGHBOURS, len(X) - 1)
    if n_neighbours < 1:
        return np.zeros(len(X))
    distances, _ = NearestNeighbors(n_neighbors=n_neighbours).fit(X).kneighbors()
    return np.asarray(distances[:, -1])


def central_rows(rows: Rows) -> Rows:
    """Leave out the rows far outside the middle half of some column.

    All rows are kept if that would be less than half of them.
    """
    inside = np.ones(len(rows), dtype=bool)
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    for column in rows.X.T:
        low, middle, high = _quartiles(column.astype(np.float64), weights)
        if high > low:
            inside &= np.abs(column - middle) <= FENCE * (high - low)
    if weights[inside].sum() < weights.sum() / 2:
        return rows
    return rows if inside.all() else rows.take(np.flatnonzero(inside))


def _quartiles(values: Array, weights: Array) -> Array:
    """Return the values at a quarter, half and three quarters of the weight."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, np.array([0.25, 0.5, 0.75]) * reached[-1])
    return np.asarray(values[order[places]])


def _drafts(
    plain: Mixture, rows: Rows, n_components: int, shares: Sequence[float], rng: Rng
) -> Iterator[tuple[Any, float] | DegenerateComponentError]:
    """Partitions of dense rows around k-means++ centres, in both spaces in turn."""
    assert rows.weights is not None
    order = np.argsort(local_distances(rows.X), kind="stable")
    reached = np.cumsum(rows.weights[order]) / rows.weights.sum()
    kinds = cycle(product((0, 3), (standardised, whitened), shares))
    for n_steps, space, share in islice(kinds, max(DRAFTS, 4 * len(shares))):
        n_kept = int(np.searchsorted(reached, 1 - share)) + 1
        kept = rows.take(np.sort(order[: max(n_kept, n_components)]))
        assert kept.weights is not None
        X = space(kept)
        centres = plus_plus(X, kept.weights, n_components, rng)
        partition = nearest(X, kept.weights, centres, n_steps)
        try:
            yield plain.from_responsibilities(replace(kept, start=0), partition), share
        except DegenerateComponentError as collapse:
            yield collapse


def _judged(
    run: Run, rows: Rows, params: Any, max_iter: int, is_sound: Callable[[Any], bool]
) -> Judged:
    """Follow a draft a little further."""
    result = run(rows, params, max_iter)
    if result.outcome is Outcome.INTERRUPTED:
        raise SearchInterrupted(result.params)
    sound = is_sound(result.params)
    return Judged(result.params, sound, result.log_likelihood)


def _merit(run: Judged) -> tuple[bool, float]:
    """Sound before unsound, then by objective."""
    return run.sound, run.objective
