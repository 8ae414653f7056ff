"""Starts that the candidates of a search share, and their neighbours in size.

Centres are drawn once for all structures, and all rows agglomerated; what a structure
has found for one component less or more, with one split or left out, is another start.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mixtura._types import Array, Rng
from mixtura.data import Rows
from mixtura.estimators.fitting.robust_options import RobustOptions
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.start import Seen, Start
from mixtura.estimators.searching.structure_starts import LEAST_STEPS, StructureStarts
from mixtura.estimators.structures import STRUCTURES
from mixtura.exceptions import DegenerateComponentError
from mixtura.execution.turns import away
from mixtura.families.covariance_structure import Covariance
from mixtura.init.candidate import Candidate
from mixtura.init.heats import ALONE
from mixtura.init.hierarchy import Merges, merges, space
from mixtura.init.moves import grown, shrunk
from mixtura.init.regions import LocalRows, local_rows
from mixtura.init.run import Run
from mixtura.init.runs import Posterior
from mixtura.init.starts import MERGED_ROWS, AroundCentres
from mixtura.models.categorical import one_hot

FULL = STRUCTURES["full"]

CHAIN = 12
"""How many smaller sizes are solved on the way to a size."""

MERGES = 4
"""Components of the next larger size that are left out in turn."""

AGGLOMERATED_ROWS = 2_000
"""Rows up to which an agglomeration of all, which takes a second, is one more start."""

OTHER_TREES, MOVED = 1, 1e-2
"""More of them, of rows moved by this share of their deviation: which merger comes next
is often a close call, and all that follows depends on it."""

CENTRES = 40
"""Draws have at least so many centres together: few of them cost little each."""

MANY, ROWS = 45_000, 500
"""Candidates of several components, times rows and so many more, for which compiling
pays: the first time on a machine it takes as long as it saves, later half a second."""


def may_share(template: GaussianMixture) -> bool:
    """Whether candidates with these arguments leave the start to the search."""
    given = (template.weights_init, template.means_init, template.precisions_init)
    return (
        isinstance(template.init_params, str)
        and template.init_params in ("auto", "hierarchical")
        and all(value is None for value in given)
        and template.n_init == 1
        and template.algorithm == "em"
        and isinstance(template.max_iter, int)
        and template.max_iter >= LEAST_STEPS
        and RobustOptions.of(template) is None
    )


class Once:
    """Values that are computed when first asked for, each by one thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._values: dict[Hashable, Any] = {}

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the value of a key."""
        if key in self._values:
            return self._values[key]
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        if not own.acquire(blocking=False):
            with away():
                own.acquire()
        try:
            if key not in self._values:
                self._values[key] = compute()
            return self._values[key]
        finally:
            own.release()


@dataclass(frozen=True)
class SharedStarts:
    """The starts of all candidates on the same rows.

    Each depends on the seed, the size and the structure only, and is computed when it
    is first asked for.

    Parameters
    ----------
    rows : Rows
        Checked rows of positive weight.
    template : GaussianMixture
        Its arguments say how covariances are kept from collapsing.
    seed : int
    n_candidates : int
        Of several components.
    """

    rows: Rows
    template: GaussianMixture
    seed: int
    n_candidates: int = 0
    _known: Once = field(default_factory=Once, repr=False, compare=False)

    def start(self, n_components: int, covariance_type: str) -> Start | None:
        """Return where a candidate starts; none where it is on its own.

        Parameters
        ----------
        n_components : int
        covariance_type : str
        """
        structure = STRUCTURES[covariance_type]
        own = self._of(structure)
        if n_components >= len(own.few):
            return None
        try:
            if n_components == 1:
                return own.start_of(self._alone(own)) if own.is_compiled else None
            if not (self.are_exchanged or self._agglomerates_as_fits_do):
                return None
            merged = self._merged(n_components)
            sure, others = merged[:1], merged[1:]  # of the rows as they are, or moved
            rivals: list[Candidate] = []
            if self.are_exchanged:
                rivals += self._best(n_components, structure)
                others += self._shrunk(n_components, structure)
            heats = own.effort.of(n_components).narrow if others else ALONE
            rivals += own.followed(others, heats, sure)
            return own.start_of(own.end(rivals))
        except DegenerateComponentError:
            return None

    def last_resort(self, n_components: int, covariance_type: str) -> Start:
        """Return where a candidate starts whose shared start collapses.

        It makes a search of its own; where runs are compiled, that is made here, and if
        it leads nowhere, any start will do.
        """
        structure = STRUCTURES[covariance_type]
        own = self._of(structure)
        if not self._are_many or n_components == 1 or n_components >= len(own.few):
            return Start()
        if not self.are_exchanged:
            return Start(collapses=self._agglomerates_as_fits_do)
        with suppress(DegenerateComponentError):
            rng = self._rng(n_components, structure)
            start = own.start_of(own.searched(n_components, rng))
            if start is not None:
                return start
        return Start({"init_params": "kmeans"})

    @property
    def are_exchanged(self) -> bool:
        """Whether candidates start from more than the agglomeration of all rows."""
        return bool(self.template.init_params == "auto")

    @property
    def are_compiled(self) -> bool:
        """Whether runs are, on all rows."""
        return self._are_many and self._of(FULL).is_compiled

    def weights(self, covariance_type: str) -> Array | None:
        """Total weights of the distinct rows, in the order of a structure."""
        return self._of(STRUCTURES[covariance_type]).problem.sample.weights

    def n_others(self, covariance_type: str) -> int:
        """Return how many other structures are worth trying the clusters of."""
        return self._of(STRUCTURES[covariance_type]).effort.others

    def seen(self, fit: GaussianMixture, known: Posterior | None = None) -> Seen:
        """Return a fit with what it says of the few rows that starts are tried on.

        What it says of all distinct rows may be known.
        """
        own = self._of(STRUCTURES[fit.covariance_type])
        if known is None or own.few is not own.problem.sample:
            known = own.posterior(own.params_of(fit))
        return Seen(fit, known)

    def start_beyond(
        self,
        others: Sequence[Seen],
        covariance_type: str,
        present: Seen | None,
    ) -> Start | None:
        """Return a start from other structures; none unless they lead to more.

        Parameters
        ----------
        others : sequence of Seen
            Their fits.
        covariance_type : str
        present : Seen or None
            The fit to surpass, if there is one.
        """
        own = self._of(STRUCTURES[covariance_type])
        try:
            partitions = [other.posterior.responsibilities for other in others]
            run = own.beyond(partitions, present)
            return None if run is None else own.start_of(run)
        except DegenerateComponentError:
            return None

    def continued(self, start: Start, covariance_type: str) -> Start | None:
        """Return where EM leads from initial values; none if a component collapses."""
        try:
            return self._of(STRUCTURES[covariance_type]).continued(start)
        except DegenerateComponentError:
            return None

    def keep(
        self, model: GaussianMixture, start: Start, X: Array, sample_weight: Any
    ) -> None:
        """Set what `StructureStarts.keep` does."""
        own = self._of(STRUCTURES[model.covariance_type])
        own.keep(model, start, X, sample_weight)

    @property
    def _agglomerates_as_fits_do(self) -> bool:
        """Whether fits that start alone merge all rows, and runs are compiled."""
        n_few, n_rows = len(self._of(FULL).few), len(self.rows)
        few_enough = n_rows <= AGGLOMERATED_ROWS and n_few <= MERGED_ROWS
        return self.are_compiled and few_enough

    @property
    def _are_many(self) -> bool:
        return self.n_candidates * (ROWS + len(self.rows)) >= MANY

    def _rng(self, n_components: int, structure: Covariance) -> Rng:
        name = structure.name.encode()
        return np.random.default_rng([self.seed, n_components, *name])

    def _of(self, structure: Covariance) -> StructureStarts:
        """Return what is known of one structure."""

        def first() -> StructureStarts:
            given = self.rows, self.template, self.seed, self._are_many
            return StructureStarts.of(structure, *given)

        def compute() -> StructureStarts:
            in_units = self._known.get(("units", structure.scales_by_column), first)
            like: StructureStarts = in_units
            return like if like.structure is structure else like.like(structure)

        known: StructureStarts = self._known.get(structure.name, compute)
        return known

    def _alone(self, own: StructureStarts) -> Run:
        """Return one component, found once for structures that are one then."""
        key = "alone", own.structure.scales_by_column, own.structure.n_axes
        known: Run = self._known.get(key, own.alone)
        return own.alike(known)

    def _local(self, structure: Covariance) -> LocalRows:
        """Return the few rows as splits need them."""
        n_axes, few = structure.n_axes, self._of(structure).few
        known: LocalRows = self._known.get(
            ("local", n_axes), lambda: local_rows(few, n_axes, with_crowds=False)
        )
        return known

    def _drawn(self, n_components: int) -> list[Array]:
        """Partitions around drawn centres, which know no structure."""

        def compute() -> list[Array]:
            own, rng = self._of(FULL), self._rng(n_components, FULL)
            number = max(own.effort.of(n_components).draws, CENTRES // n_components)
            found = AroundCentres(own.few, n_components, rng).more(number)
            return [*map(np.asfortranarray, found)]  # as they are read

        known: list[Array] = self._known.get(("drawn", n_components), compute)
        return known

    def _best(
        self, n_components: int, structure: Covariance, chain: int = CHAIN
    ) -> list[Candidate]:
        """Return the best runs from draws, and from one component less; or none."""
        own = self._of(structure)
        effort = own.effort.of(n_components)

        def compute() -> list[Candidate]:
            if n_components == 1:
                return own.followed([np.ones((len(own.few), 1))], effort.wide)
            partitions = [*self._drawn(n_components)]
            if chain:
                less = n_components - 1, structure, chain - 1
                for values in self._best_responsibilities(*less):
                    local, most = self._local(structure), effort.splits
                    partitions += grown(values, local, most)
            return own.followed(partitions, effort.wide)

        key = structure.name, n_components, _length(chain, n_components)
        known: list[Candidate] = self._known.get(key, compute)
        return known

    def _best_responsibilities(
        self, n_components: int, structure: Covariance, chain: int = CHAIN
    ) -> list[Array]:
        """Return those (n, n_components) of the best run; or none."""
        best = self._best(n_components, structure, chain)[:1]

        def compute() -> list[Array]:
            own = self._of(structure)
            return [own.responsibilities(each.run) for each in best]

        key = "best", structure.name, n_components, _length(chain, n_components)
        known: list[Array] = self._known.get(key, compute)
        return known

    def _shrunk(self, n_components: int, structure: Covariance) -> list[Array]:
        """Return responsibilities of one component more, with one left out; or none."""
        own = self._of(structure)
        if n_components + 1 >= len(own.few):
            return []
        assert own.few.weights is not None
        found: list[Array] = []
        for values in self._best_responsibilities(n_components + 1, structure):
            found += shrunk(values, own.few.weights, MERGES)
        return found

    def _merged(self, n_components: int) -> list[Array]:
        """Return partitions of agglomerations, which know no structure; or none."""
        if len(self.rows) > AGGLOMERATED_ROWS:
            return []

        def compute() -> list[Array]:
            trees: list[Merges] = self._known.get("trees", self._trees)
            labels = (tree.labels(n_components) for tree in trees)
            different = {each.tobytes(): each for each in labels}
            found = [one_hot(each, n_components) for each in different.values()]
            return [*map(np.asfortranarray, found)]

        known: list[Array] = self._known.get(("merged", n_components), compute)
        return known

    def _trees(self) -> list[Merges]:
        """Agglomerate all rows.

        And again, moved a little, where that is compiled and starts are exchanged.
        """
        own = self._of(FULL)
        few, rng = own.few, self._rng(0, FULL)
        assert few.weights is not None
        X, is_compiled = space(few), own.is_compiled
        others = OTHER_TREES if is_compiled and self.are_exchanged else 0
        trees = [merges(X, few.weights, is_compiled)]
        X = X * np.where(few.weights @ X**3 < 0, -1.0, 1.0)  # axes have no sign
        for _ in range(others):
            moved = X + MOVED * X.std() * rng.standard_normal(X.shape)
            trees.append(merges(moved, few.weights, is_compiled))
        return trees


def _length(chain: int, n_components: int) -> int:
    """Return how long a chain of smaller sizes is, which ends at one component."""
    return min(chain, n_components)
