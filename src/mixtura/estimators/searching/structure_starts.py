"""The starts of one structure on the rows of a search, tried on a few of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from mixtura._types import Array, Rng
from mixtura.acceleration import Automatic
from mixtura.data import Rows
from mixtura.em import EMResult, Outcome, em
from mixtura.estimators.checks import check_precisions
from mixtura.estimators.fitting.gaussian_fit import START_ROWS, Problem
from mixtura.estimators.fitting.gaussian_result import store, warn_of_fit
from mixtura.estimators.fitting.gaussian_starts import by_weight, reordered
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.fallen import flat_components
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance_structure import Covariance
from mixtura.families.rough import rough
from mixtura.families.rough_axes import RoughAxes
from mixtura.init import climbs
from mixtura.init.candidate import Candidate, are_apart
from mixtura.init.climbs import NOTHING, ManyRunsRows
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

DEVIATIONS = 2.0
"""Standard errors by which a gain on a sample must differ from chance."""

ON_MORE = ((4, 3), (10, 1))
"""EM steps and runs that go on after them, on the rows that are not few."""

LEAST_STEPS = 100
"""Steps that a fit must be allowed for its start to be worth a search."""


@dataclass(frozen=True)
class Start:
    """Where the fit of a candidate starts.

    Parameters
    ----------
    values : dict
        Arguments of `GaussianMixture`: weights, means and precisions; or none.
    end : EMResult, optional
        If nothing is left to climb from there.
    collapses : bool
        Whether EM from there is known to collapse.
    """

    values: dict[str, Any] = field(default_factory=dict)
    end: EMResult | None = None
    collapses: bool = False


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
    ends_stay : bool
        Whether the end of a run can be that of a fit.
    """

    structure: Covariance
    rows: Rows
    problem: Problem
    few: Rows
    ends_stay: bool = False

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
        return cls(structure, rows, problem, few, _are_plain_fits(template, problem))

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

    def end(self, rivals: Sequence[Candidate], sure: Sequence[Candidate] = ()) -> Run:
        """Return the end of the best of several runs on few rows.

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
        return best.run

    def searched(self, n_components: int, rng: Rng) -> Run:
        """Return what a search of this size and structure alone leads to."""
        search = Search(self.problem.model, self.few, self.are_sound, rng)
        return search.best_run(AroundCentres(self.few, n_components, rng))

    def beyond(
        self, partitions: Sequence[Array], present: GaussianMixture | None
    ) -> Run | None:
        """Return what responsibilities lead to, if it is better than a present fit."""
        rivals = self.followed(partitions, NARROW)
        if present is None:
            return self.end(rivals)
        there = self._log_density(present)
        rivals = [
            rival for rival in rivals if are_apart(rival.run.log_density, there, APART)
        ]
        if not rivals:
            return None
        run, sample = self.end(rivals), self.problem.sample
        here = self.problem.model.log_density(run.params, sample)
        there = self._settled(present, there)
        is_new = are_apart(here, there, APART) and self._is_gain(here - there, sample)
        return run if is_new else None

    def continued(self, start: Start) -> Start | None:
        """Return where EM leads from initial values; none if a component collapses.

        Or those values, where it is no matter of milliseconds.
        """
        problem, units, values = self.problem, self.problem.units, start.values
        if (
            not self._is_on_all_rows
            or climbs.rows_for(problem.model, problem.sample) is None
        ):
            return start
        covariances = self.structure.from_precisions(values["precisions_init"])
        components = problem.family.params(
            units.to_z(values["means_init"]),
            self.structure.rescale(covariances, 1 / units.scale),
        )
        params = MixtureParams(values["weights_init"], components)
        return self.start_of(Run.at(params))

    def start_of(self, run: Run) -> Start | None:
        """Return where a run leads, for a fit to start there; none if not sound."""
        if not self.are_sound(run.params):
            return None
        polished = self._polished(run)
        if polished is not run and not self.are_sound(polished.params):
            return None
        problem, structure = self.exact, self.structure
        params = reordered(problem.model, polished.params, by_weight(polished.params))
        inner = problem.in_user_units(params)
        precisions = structure.precisions(inner.components.precision_cholesky)
        if not (np.isfinite(precisions).all() and (inner.weights > 0).all()):
            return None
        try:
            check_precisions(precisions, structure, *inner.components.means.shape)
        except ValueError:  # a component so narrow that its axes are rounding
            return None
        values = {
            "weights_init": inner.weights,
            "means_init": inner.components.means,
            "precisions_init": precisions,
        }
        if not (self.ends_stay and polished.is_at_end and self._is_on_all_rows):
            return Start(values)
        converged, level = Outcome.CONVERGED, (polished.objective,)
        return Start(values, EMResult(params, level, 0, converged, converged.value))

    def keep(
        self, model: GaussianMixture, end: EMResult, X: Array, sample_weight: Any
    ) -> None:
        """Set the fitted attributes of a model whose fit is at its end."""
        model.n_features_in_ = X.shape[1]
        store(model, self.exact, end, X, sample_weight)
        model.labels_ = model._labels(X, np.int32)
        warn_of_fit(model, self.exact, end)

    @cached_property
    def exact(self) -> Problem:
        """The problem with the M-steps of a fit."""
        model, family = self.problem.model, self.problem.family
        family = replace(family, structure=self.structure)
        return replace(self.problem, model=replace(model, family=family))

    @property
    def _is_on_all_rows(self) -> bool:
        """Whether the sample is all distinct rows."""
        return len(self.rows) <= START_ROWS

    def _polished(self, run: Run) -> Run:
        """Go on with cheap steps, where there are any, to where they lead."""
        model, sample = self.problem.model, self.problem.sample
        many = climbs.rows_for(model, sample)
        if run.is_at_end:
            return run
        if many is not None:
            return climbs.accelerated(model, many, [run])[0]
        if not isinstance(self.problem.family.structure, RoughAxes):
            return run
        result = em(
            model, sample, run.params, max_iter=LEAST_STEPS, acceleration=Automatic()
        )
        return Run.at(whole(result).params)

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


def _are_plain_fits(template: GaussianMixture, problem: Problem) -> bool:
    """Whether fits would end where nothing is left, and leave no record of the way."""
    least = NOTHING / len(problem.data)
    return (
        problem.tolerance(template.tol) >= least
        and template.acceleration is not None
        and template.dtype == "float64"
        and not (template.record or template.verbose or template.warm_start)
    )
