"""The starts of one structure on the rows of a search, tried on a few of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixtura._types import Array, Rng
from mixtura.acceleration import Automatic
from mixtura.data import Rows
from mixtura.em import em
from mixtura.estimators.checks import check_precisions
from mixtura.estimators.fitting.gaussian_fit import START_ROWS, Problem
from mixtura.estimators.fitting.gaussian_starts import by_weight, reordered
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.fallen import flat_components
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance_structure import Covariance
from mixtura.families.rough import rough
from mixtura.families.rough_axes import RoughAxes
from mixtura.init import climbs
from mixtura.init.candidate import Candidate, are_apart
from mixtura.init.climbs import ManyRunsRows
from mixtura.init.heats import (
    APART,
    LEFT,
    NARROW,
    WIDE,
    Heats,
    best_few,
    best_from,
    best_in_the_end,
    different,
)
from mixtura.init.run import Run
from mixtura.init.runs import responsibilities, whole
from mixtura.init.search import FEW_ROWS, Search
from mixtura.init.starts import AroundCentres
from mixtura.models.mixture import MixtureParams

Start = dict[str, Array]
"""Initial values of `GaussianMixture`: weights, means and precisions; or none."""

DEVIATIONS = 2.0
"""Standard errors by which a gain on a sample must differ from chance."""

ON_MORE = ((4, 3), (10, 1))
"""EM steps and runs that go on after them, on the rows that are not few."""

LEAST_STEPS = 100
"""Steps that a fit must be allowed for its start to be worth a search."""


@dataclass(frozen=True)
class StructureStarts:
    """Runs of one structure, on a few rows of the search, and what they lead to.

    Parameters
    ----------
    structure : Covariance
    rows : Rows
        All rows of the search.
    problem : Problem
        With cheap M-steps, and a sample of distinct rows.
    few : Rows
        Those of the sample on which many starts are tried.
    """

    structure: Covariance
    rows: Rows
    problem: Problem
    few: Rows

    @classmethod
    def of(
        cls,
        structure: Covariance,
        rows: Rows,
        template: GaussianMixture,
        seed: int,
        many: bool,
    ) -> "StructureStarts":
        """Choose the rows; if `many` runs are made on them, these may be compiled."""
        rng = np.random.default_rng([seed, 0])
        problem = template._problem(rows, rough(structure), rng)
        if many:
            problem = replace(problem, sample=ManyRunsRows.of(problem.sample))
        few = problem.sample
        if len(few) > FEW_ROWS:
            chosen = rng.choice(len(few), size=FEW_ROWS, replace=False)
            few = few.take(np.sort(chosen))
        return cls(structure, rows, problem, few)

    def are_sound(self, params: MixtureParams) -> bool:
        """Return whether no component has collapsed, nor lies flat in few rows."""
        n_rows, n_features = self.rows.X.shape
        flat = flat_components(self.structure, params.weights * n_rows, n_features)
        return not flat.any() and self.problem.is_sound(params)

    def posterior(self, params: MixtureParams) -> Array:
        """Responsibilities for the few rows, (n, K)."""
        return responsibilities(self.problem.model, self.few, params)

    def posterior_of(self, fit: GaussianMixture) -> Array:
        """Responsibilities of a fit for the few rows, (n, K)."""
        return fit.predict_proba(self.problem.units.to_x(self.few.X))

    def followed(
        self, partitions: Sequence[Array], heats: Heats = WIDE
    ) -> list[Candidate]:
        """Return the best few of short runs from responsibilities; or none."""
        model = self.problem.model
        try:
            return best_from(model, self.few, partitions, self.are_sound, heats)
        except DegenerateComponentError:
            return []

    def end(
        self, rivals: Sequence[Candidate], sure: Sequence[Candidate] = ()
    ) -> MixtureParams:
        """Return where the best of several runs on few rows ends.

        Some are followed to their end for `sure`.

        Raises
        ------
        DegenerateComponentError
            If there are none.
        """
        model, sample = self.problem.model, self.problem.sample
        if not (rivals or sure):
            raise DegenerateComponentError("Every start collapsed.")
        if self.few is sample:
            return best_in_the_end(model, sample, rivals, self.are_sound, sure)
        # The end on few rows may be what chance has put there.
        left = different([*rivals, *sure])
        starts = [rival.run.params for rival in left]
        [best] = best_few(model, sample, starts, self.are_sound, ON_MORE)
        return best.run.params

    def searched(self, n_components: int, rng: Rng) -> MixtureParams:
        """Return where a search of this size and structure alone ends."""
        search = Search(self.problem.model, self.few, self.are_sound, rng)
        run = search.best_run(AroundCentres(self.few, n_components, rng))
        return run.params

    def beyond(
        self, partitions: Sequence[Array], present: GaussianMixture | None
    ) -> MixtureParams | None:
        """Return where responsibilities lead, if that is better than a present fit."""
        rivals = self.followed(partitions, NARROW)
        if present is None:
            return self.end(rivals)
        there = self._log_density(present)
        rivals = [
            rival for rival in rivals if are_apart(rival.run.log_density, there, APART)
        ]
        if not rivals:
            return None
        params, sample = self.end(rivals), self.problem.sample
        here = self.problem.model.log_density(params, sample)
        there = self._settled(present, there)
        is_new = are_apart(here, there, APART) and self._is_gain(here - there, sample)
        return params if is_new else None

    def continued(self, start: Start) -> Start:
        """Return where EM leads from initial values; none if a component collapses.

        Or those values, where it is no matter of milliseconds.
        """
        problem, units = self.problem, self.problem.units
        is_quick = len(self.rows) <= START_ROWS
        if not is_quick or climbs.rows_for(problem.model, problem.sample) is None:
            return start
        covariances = self.structure.from_precisions(start["precisions_init"])
        components = problem.family.params(
            units.to_z(start["means_init"]),
            self.structure.rescale(covariances, 1 / units.scale),
        )
        return self.initial_values(MixtureParams(start["weights_init"], components))

    def initial_values(self, params: MixtureParams) -> Start:
        """Return parameters as arguments of `GaussianMixture`; none if not sound."""
        if not self.are_sound(params):
            return {}
        polished = self._polished(params)
        if not self.are_sound(polished):
            return {}
        problem, structure = self.problem, self.structure
        params = reordered(problem.model, polished, by_weight(polished))
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

    def _polished(self, params: MixtureParams) -> MixtureParams:
        """Go on with cheap steps, where there are any, to where they lead."""
        model, sample = self.problem.model, self.problem.sample
        many = climbs.rows_for(model, sample)
        if many is not None:
            [end] = climbs.accelerated(model, many, [Run.at(params)])
            return end.params
        if not isinstance(self.problem.family.structure, RoughAxes):
            return params
        result = em(
            model, sample, params, max_iter=LEAST_STEPS, acceleration=Automatic()
        )
        polished: MixtureParams = whole(result).params
        return polished

    def _log_density(self, fit: GaussianMixture, rows: Rows | None = None) -> Array:
        """Log-densities (n,) in the units of the problem, in nats; of the few rows."""
        units, rows = self.problem.units, self.few if rows is None else rows
        return fit.score_samples(units.to_x(rows.X)) + units.log_volume

    def _settled(self, fit: GaussianMixture, known: Array) -> Array:
        """Log-densities (n,) of the sample, to which a fit to more rows is adapted.

        Those of the few rows are known.
        """
        model, sample = self.problem.model, self.problem.sample
        if len(self.rows) <= START_ROWS:
            return known if self.few is sample else self._log_density(fit, sample)
        values = fit.predict_proba(self.problem.units.to_x(sample.X))
        [there] = best_from(model, sample, [values], self.are_sound, ON_MORE)
        return there.run.log_density

    def _is_gain(self, gains: Array, sample: Rows) -> bool:
        """Whether gains (n,) in nats on a sample are gains on all rows, surely."""
        gain = sample.weighted(gains)
        if len(self.rows) <= START_ROWS:
            # What is lost here, the fit can make up for.
            return bool(gain.sum() > -LEFT * sample.n_observations / len(self.rows))
        return bool(gain.sum() > DEVIATIONS * np.sqrt((gain**2).sum()))
