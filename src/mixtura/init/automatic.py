"""The automatic start of a mixture: the best that a search finds."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mixtura._types import Rng
from mixtura.data import Rows
from mixtura.init.poorer import poorer, with_matrices
from mixtura.init.runs import from_partitions
from mixtura.init.search import FEW_ROUNDS, Search
from mixtura.init.starts import AroundCentres
from mixtura.models.mixture import Mixture, MixtureParams


class Start(NamedTuple):
    """Parameters to start from.

    Parameters
    ----------
    params : MixtureParams
    objectives : tuple of float
        What EM has climbed on the way to them, if that was on all rows, in nats.
    origin : MixtureParams, optional
        Where that way began.
    others : tuple of MixtureParams
        The next best, for the case that a component collapses on the further way.
    """

    params: Any
    objectives: tuple[float, ...] = ()
    origin: Any = None
    others: tuple[Any, ...] = ()


class SearchInterrupted(KeyboardInterrupt):
    """Ctrl-C during the search, which has parameters to show for itself.

    Parameters
    ----------
    params : object
        The best so far.
    """

    def __init__(self, params: Any) -> None:
        super().__init__()
        self.params = params


def best_start(
    model: Mixture,
    data: Rows,
    n_components: int,
    rng: Rng,
    is_sound: Callable[[Any], bool],
    max_iter: int,
) -> Start:
    """Return where the most likely of several short EM runs has got to.

    Or where it began, if it has taken more steps than are allowed.

    Parameters
    ----------
    model : Mixture
    data : Rows
        Distinct rows with weights.
    n_components : int
    rng : Generator
    is_sound : callable
        Whether parameters are free of collapsed components, which can have any
        likelihood and are not wanted.
    max_iter : int
        Steps that are allowed from the start.

    Raises
    ------
    DegenerateComponentError
        If every start collapses.
    SearchInterrupted
        If the user interrupts.
    """
    if n_components == 1:
        return Start(from_partitions(model, data, [np.ones((len(data), 1))])[0])
    search = Search(model, data, is_sound, rng)
    cheap = poorer(model, len(search.few), data.n_features, n_components)
    if cheap is not None:
        return Start(_by_variances(search, cheap, n_components))
    try:
        run = search.best_run(AroundCentres(search.few, n_components, rng))
    except KeyboardInterrupt:
        if search.best is None:
            raise
        raise SearchInterrupted(search.best.run.params) from None
    others = search.others()
    if run.n_steps >= max_iter or run.n_steps == 1:  # a step is soon made again
        return Start(run.start, others=others)
    if search.few is not search.data:
        return Start(run.params, others=others)
    # side by side, rounding can look like a fall
    objectives = np.maximum.accumulate(run.objectives).tolist()
    return Start(run.params, tuple(objectives), run.start, others)


def _by_variances(search: Search, cheap: Mixture, n_components: int) -> MixtureParams:
    """Return the start to which a search with diagonal covariances leads.

    Unless that is sure of it, moves with whole ones go on from there.
    """

    def with_clusters_of(params: MixtureParams) -> MixtureParams:
        values = cheap.posterior(params, search.data).values
        return search.model.from_responsibilities(search.data, values)

    first = Search(
        cheap,
        search.data,
        lambda params: search.is_sound(with_matrices(params)),
        search.rng,
        FEW_ROUNDS,
    )
    try:
        run = first.best_run(AroundCentres(first.few, n_components, first.rng))
        start = with_clusters_of(run.params)
        return start if first.is_sure else search.improved(start)
    except KeyboardInterrupt:
        if first.best is None:
            raise
        raise SearchInterrupted(with_clusters_of(first.best.run.params)) from None
