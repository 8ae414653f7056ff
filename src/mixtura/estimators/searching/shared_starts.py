"""Starts that the candidates of a search share: relatives and neighbours in size.

What one structure has found is a good start for another of the same size, and what has
been found for one component less or more, with one split or left out, is another.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.acceleration import Automatic
from mixtura.data import Rows
from mixtura.em import em
from mixtura.estimators.checks import check_precisions
from mixtura.estimators.fitting.gaussian_fit import START_ROWS, Problem
from mixtura.estimators.fitting.gaussian_starts import by_weight, reordered
from mixtura.estimators.fitting.robust_options import RobustOptions
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.fallen import flat_components
from mixtura.estimators.structures import STRUCTURES
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance_structure import Covariance
from mixtura.families.rough import rough
from mixtura.families.rough_axes import RoughAxes
from mixtura.init.automatic import several_starts
from mixtura.init.candidate import Candidate
from mixtura.init.heats import APART, LEFT, best_few, best_in_the_end, different
from mixtura.init.hierarchy import Merges, merges, space
from mixtura.init.moves import grown, shrunk
from mixtura.init.regions import LocalRows, local_rows
from mixtura.init.runs import from_partitions, responsibilities, whole
from mixtura.init.search import FEW_ROWS
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import MixtureParams

RELATIVES = ("full", "diag", "spherical")
"""Structures whose components are estimated separately, so that many starts in them
cost little."""

EACH = 2
"""Optima of each relative that others start from."""

CHAIN = 12
"""How many smaller sizes are solved on the way to a size."""

MERGES = 4
"""Components of the next larger size that are left out in turn."""

AGGLOMERATED_ROWS = 2_000
"""Rows up to which an agglomeration of all, which takes a second, is one more start."""

DEVIATIONS = 2.0
"""Standard errors by which a gain on a sample must differ from chance."""

ON_MORE = ((4, 3), (10, 1))
"""EM steps and runs that go on after them, on the rows that are not few."""

LEAST_STEPS = 100
"""Steps that a fit must be allowed for its start to be worth a search."""


def may_share(template: GaussianMixture) -> bool:
    """Whether candidates with these arguments leave the start to the search."""
    given = (template.weights_init, template.means_init, template.precisions_init)
    return (
        isinstance(template.init_params, str)
        and template.init_params == "auto"
        and all(value is None for value in given)
        and template.n_init == 1
        and template.algorithm == "em"
        and isinstance(template.max_iter, int)
        and template.max_iter >= LEAST_STEPS
        and _is_plain(template)
    )


def _is_plain(template: GaussianMixture) -> bool:
    """Whether no robust option is asked for; wrong ones are for the fit to name."""
    try:
        return RobustOptions.of(template) is None
    except (TypeError, ValueError):
        return False


class Once:
    """Values that are computed when first asked for, each by one thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._values: dict[Hashable, Any] = {}

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the value of a key."""
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            if key not in self._values:
                self._values[key] = compute()
            return self._values[key]


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
    """

    rows: Rows
    template: GaussianMixture
    seed: int
    _known: Once = field(default_factory=Once, repr=False, compare=False)

    def start(self, n_components: int, covariance_type: str) -> dict[str, Array]:
        """Return initial values for `GaussianMixture`; none where it is on its own.

        Parameters
        ----------
        n_components : int
        covariance_type : str

        Returns
        -------
        dict of str to ndarray
            ``weights_init``, ``means_init`` and ``precisions_init``; or empty.
        """
        structure = STRUCTURES[covariance_type]
        if n_components == 1 or n_components >= len(self._problem(structure)[1]):
            return {}
        try:
            params = self._final(n_components, structure)
            return self._initial_values(params, structure)
        except DegenerateComponentError:
            return {}

    def responsibilities(self, fit: GaussianMixture) -> Array:
        """Return those of a fit for the few rows that starts are tried on, (n, K)."""
        problem, few = self._problem(STRUCTURES[fit.covariance_type])
        return fit.predict_proba(problem.units.to_x(few.X))

    def start_beyond(
        self,
        partitions: Sequence[Array],
        covariance_type: str,
        present: GaussianMixture | None,
    ) -> dict[str, Array]:
        """Return initial values from other structures; none unless they lead to more.

        Parameters
        ----------
        partitions : sequence of ndarray
            The `responsibilities` of their fits.
        covariance_type : str
        present : GaussianMixture or None
            The fit to surpass, if there is one.
        """
        structure = STRUCTURES[covariance_type]
        problem, few = self._problem(structure)
        sample = problem.sample
        try:
            rivals = self._followed(structure, partitions)
            if present is None:
                params = self._end(rivals, structure)
                return self._initial_values(params, structure)
            there = _log_density(present, few, problem)
            rivals = [
                rival
                for rival in rivals
                if np.abs(rival.run.log_density - there).mean() >= APART
            ]
            if not rivals:
                return {}
            params = self._end(rivals, structure)
            gains = problem.model.log_density(params, sample)
            gains -= self._settled(present, structure)
            if np.abs(gains).mean() < APART or not self._is_gain(gains, sample):
                return {}
            return self._initial_values(params, structure)
        except DegenerateComponentError:
            return {}

    def _settled(self, fit: GaussianMixture, structure: Covariance) -> Array:
        """Log-densities (n,) of the sample, to which a fit to more rows is adapted."""
        problem, _ = self._problem(structure)
        sample = problem.sample
        if len(self.rows) <= START_ROWS:
            return _log_density(fit, sample, problem)
        values = fit.predict_proba(problem.units.to_x(sample.X))
        starts = from_partitions(problem.model, sample, [values])
        is_sound = self._are_sound(structure)
        [there] = best_few(problem.model, sample, starts, is_sound, ON_MORE)
        return there.run.log_density

    def _is_gain(self, gains: Array, sample: Rows) -> bool:
        """Whether gains (n,) in nats on a sample are gains on all rows, surely."""
        gain = sample.weighted(gains)
        if len(self.rows) <= START_ROWS:
            # What is lost here, the fit can make up for.
            return bool(gain.sum() > -LEFT * sample.n_observations / len(self.rows))
        return bool(gain.sum() > DEVIATIONS * np.sqrt((gain**2).sum()))

    def _initial_values(
        self, params: MixtureParams, structure: Covariance
    ) -> dict[str, Array]:
        """Return parameters as arguments of `GaussianMixture`; none if not sound."""
        problem, _ = self._problem(structure)
        is_sound = self._are_sound(structure)
        if not is_sound(params):
            return {}
        params = self._polished(params, problem)
        if not is_sound(params):
            return {}
        params = reordered(problem.model, params, by_weight(params))
        inner = problem.in_user_units(params)
        precisions = structure.precisions(inner.components.precision_cholesky)
        if not (np.isfinite(precisions).all() and (inner.weights > 0).all()):
            return {}
        try:
            check_precisions(precisions, structure, *inner.components.means.shape)
        except ValueError:  # a component so narrow that its axes are rounding
            return {}
        return {
            "weights_init": inner.weights,
            "means_init": inner.components.means,
            "precisions_init": precisions,
        }

    def _problem(self, structure: Covariance) -> tuple[Problem, Rows]:
        """Return the problem, and a few of its distinct rows to try starts on."""

        def compute() -> tuple[Problem, Rows]:
            rng = np.random.default_rng([self.seed, 0])
            problem = self.template._problem(self.rows, rough(structure), rng)
            few = problem.sample
            if len(few) > FEW_ROWS:
                chosen = rng.choice(len(few), size=FEW_ROWS, replace=False)
                few = few.take(np.sort(chosen))
            return problem, few

        known: tuple[Problem, Rows] = self._known.get(structure.name, compute)
        return known

    def _local(self, structure: Covariance) -> LocalRows:
        """Return the few rows as moves need them."""
        n_axes = structure.n_axes
        _, few = self._problem(structure)
        known: LocalRows = self._known.get(
            ("local", n_axes), lambda: local_rows(few, n_axes)
        )
        return known

    def _pool(self, n_components: int, structure: Covariance) -> list[Array]:
        """Responsibilities that own starts and relatives lead to."""
        names = {*RELATIVES, structure.name}
        return [
            values
            for name in sorted(names)
            for values in self._own(n_components, STRUCTURES[name])
        ]

    def _own(self, n_components: int, structure: Covariance) -> list[Array]:
        """Responsibilities that starts in a structure lead to; none if it collapses."""
        problem, few = self._problem(structure)

        def compute() -> list[Array]:
            name = structure.name.encode()
            rng = np.random.default_rng([self.seed, n_components, *name])
            try:
                found = several_starts(
                    problem.model, few, n_components, rng, problem.is_sound, EACH
                )
            except DegenerateComponentError:
                return []
            return [responsibilities(problem.model, few, each) for each in found]

        key = "own", structure.name, n_components
        known: list[Array] = self._known.get(key, compute)
        return known

    def _best(
        self, n_components: int, structure: Covariance, chain: int = CHAIN
    ) -> list[Candidate]:
        """Return the best runs from relatives, and from one component less."""

        def compute() -> list[Candidate]:
            _, few = self._problem(structure)
            if n_components == 1:
                return self._followed(structure, [np.ones((len(few), 1))])
            partitions = self._pool(n_components, structure)
            if chain:
                less = self._best(n_components - 1, structure, chain - 1)[0]
                values = self._posterior(less, structure)
                partitions += grown(values, self._local(structure), values.shape[1])
            return self._followed(structure, partitions)

        # A chain that is long enough ends at one component.
        key = structure.name, n_components, min(chain, n_components)
        known: list[Candidate] = self._known.get(key, compute)
        return known

    def _final(self, n_components: int, structure: Covariance) -> MixtureParams:
        """Return where the best run from all sources ends."""
        rivals = [*self._best(n_components, structure)]
        for source in (self._shrunk, self._merged):
            with suppress(DegenerateComponentError):
                rivals += source(n_components, structure)
        return self._end(rivals, structure)

    def _end(self, rivals: Sequence[Candidate], structure: Covariance) -> MixtureParams:
        """Return where the best of several runs on few rows ends."""
        problem, few = self._problem(structure)
        is_sound = self._are_sound(structure)
        model, sample = problem.model, problem.sample
        if few is sample:
            return best_in_the_end(model, few, rivals, is_sound)
        # The end on few rows may be what chance has put there.
        starts = [rival.run.params for rival in different(rivals)]
        return best_few(model, sample, starts, is_sound, ON_MORE)[0].run.params

    def _shrunk(self, n_components: int, structure: Covariance) -> list[Candidate]:
        """Return the best runs from one component more."""
        _, few = self._problem(structure)
        if n_components + 1 >= len(few):
            return []
        assert few.weights is not None
        more = self._posterior(self._best(n_components + 1, structure)[0], structure)
        return self._followed(structure, shrunk(more, few.weights)[:MERGES])

    def _merged(self, n_components: int, structure: Covariance) -> list[Candidate]:
        """Return the run from an agglomeration, which knows no structure."""
        _, few = self._problem(structure)
        if len(self.rows) > AGGLOMERATED_ROWS:
            return []
        assert few.weights is not None
        weights = few.weights
        tree: Merges = self._known.get("merges", lambda: merges(space(few), weights))
        values = one_hot(tree.labels(n_components), n_components)
        return self._followed(structure, [values])

    def _are_sound(self, structure: Covariance) -> Callable[[MixtureParams], bool]:
        """Return whether no component has collapsed, nor lies flat in few rows."""
        problem, _ = self._problem(structure)
        n_rows, n_features = self.rows.X.shape

        def are_sound(params: MixtureParams) -> bool:
            flat = flat_components(structure, params.weights * n_rows, n_features)
            return not flat.any() and problem.is_sound(params)

        return are_sound

    def _posterior(self, candidate: Candidate, structure: Covariance) -> Array:
        problem, few = self._problem(structure)
        return responsibilities(problem.model, few, candidate.run.params)

    def _followed(
        self, structure: Covariance, partitions: Sequence[Array]
    ) -> list[Candidate]:
        problem, few = self._problem(structure)
        starts = from_partitions(problem.model, few, partitions)
        return best_few(problem.model, few, starts, self._are_sound(structure))

    def _polished(self, params: MixtureParams, problem: Problem) -> MixtureParams:
        """Go on with cheap M-steps, where there are any, to where they lead."""
        if not isinstance(problem.family.structure, RoughAxes):
            return params
        result = em(
            problem.model,
            problem.sample,
            params,
            max_iter=LEAST_STEPS,
            acceleration=Automatic(),
        )
        polished: MixtureParams = whole(result).params
        return polished


def _log_density(fit: GaussianMixture, rows: Rows, problem: Problem) -> Array:
    """Log-densities (n,) of a fit in the units of a problem, in nats."""
    return fit.score_samples(problem.units.to_x(rows.X)) + problem.units.log_volume
