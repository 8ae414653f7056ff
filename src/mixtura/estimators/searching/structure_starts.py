"""The starts of one structure on the rows of a search, tried on a few of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mixtura._types import Array, IntArray, Rng
from mixtura.acceleration import Automatic
from mixtura.data import Rows
from mixtura.em import EMResult, Outcome, em
from mixtura.estimators.checks import check_precisions
from mixtura.estimators.fitting.gaussian_fit import START_ROWS, Problem
from mixtura.estimators.fitting.gaussian_result import store, warn_of_fit
from mixtura.estimators.fitting.gaussian_starts import by_weight, reordered
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.fallen import flat_components, least_rows
from mixtura.estimators.searching.start import (
    SHARED,
    THOROUGH,
    Effort,
    Seen,
    Start,
)
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance import Diagonal, Full, Spherical
from mixtura.families.covariance_structure import Covariance
from mixtura.families.rough import rough
from mixtura.families.rough_axes import RoughAxes
from mixtura.init import climbs
from mixtura.init.candidate import Candidate, Judge, are_apart
from mixtura.init.climbs import NOTHING, ManyRunsRows
from mixtura.init.distinct import places_in
from mixtura.init.heats import (
    APART,
    LEFT,
    Heats,
    best_few,
    best_from,
    best_in_the_end,
    different,
)
from mixtura.init.run import Run
from mixtura.init.runs import Posterior, posterior, whole
from mixtura.init.search import FEW_ROWS, Search
from mixtura.init.starts import AroundCentres
from mixtura.models.mixture import MixtureParams

DEVIATIONS = 2.0
"""Standard errors by which a gain on a sample must differ from chance."""

ON_MORE = ((4, 3), (10, 1))
"""EM steps and runs that go on after them, on the rows that are not few."""

WELL_CONDITIONED = 1e8
"""Condition of a covariance up to which its inverse has digits enough."""

LEAST_STEPS = 100
"""Steps that a fit must be allowed for its start to be worth a search."""


ONE = (Spherical(), Diagonal(), Full())
"""A structure of as many axes as its place here says."""


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
    effort : Effort
    """

    structure: Covariance
    rows: Rows
    problem: Problem
    few: Rows
    ends_stay: bool = False
    effort: Effort = THOROUGH

    @classmethod
    def of(
        cls,
        structure: Covariance,
        rows: Rows,
        template: GaussianMixture,
        seed: int,
        many: bool,
    ) -> "StructureStarts":
        """Choose the rows; if of `many` candidates, runs may be compiled."""
        rng = np.random.default_rng([seed, 0])
        problem = template._problem(rows, rough(structure), rng)
        if many:
            problem = replace(problem, sample=ManyRunsRows.of(problem.sample))
        few = problem.sample
        if len(few) > FEW_ROWS:
            chosen = rng.choice(len(few), size=FEW_ROWS, replace=False)
            few = few.take(np.sort(chosen))
        ends_stay = _are_plain_fits(template, problem)
        effort = SHARED if many else THOROUGH
        return cls(structure, rows, problem, few, ends_stay, effort)

    def like(self, structure: Covariance) -> "StructureStarts":
        """Return those of another structure in the same units."""
        model = self.problem.model
        family = replace(self.problem.family, structure=rough(structure))
        problem = replace(self.problem, model=replace(model, family=family))
        return replace(self, structure=structure, problem=problem)

    @property
    def is_compiled(self) -> bool:
        """Whether runs are compiled, on all distinct rows."""
        many = climbs.rows_for(self.problem.model, self.problem.sample)
        return many is not None and len(self.rows) <= START_ROWS

    def are_sound(self, params: MixtureParams) -> bool:
        """Return whether no component has collapsed, nor lies flat in few rows."""
        n_rows, n_features = self.rows.X.shape
        flat = flat_components(self.structure, params.weights * n_rows, n_features)
        return not flat.any() and self.problem.is_sound(params)

    @cached_property
    def judge(self) -> Judge:
        """The same, for ordinary and for compiled runs."""
        n_rows, n_features = self.rows.X.shape
        least = least_rows(n_features) if self.structure.turns else 0.0
        variances = self.problem.least_variances
        return Judge(self.are_sound, variances, least / n_rows)

    def posterior(self, params: MixtureParams) -> Posterior:
        """What a mixture says of the few rows."""
        return posterior(self.problem.model, self.few, params)

    def responsibilities(self, run: Run) -> Array:
        """Those (n, K) of a run on the few rows."""
        known = run.responsibilities
        return self.posterior(run.params).responsibilities if known is None else known

    def params_of(self, fit: GaussianMixture) -> MixtureParams:
        """Return the parameters of a fit in the units of the problem."""
        return self._in_z(fit.weights_, fit.means_, fit.covariances_)

    def _in_z(self, weights: Array, means: Array, covariances: Array) -> MixtureParams:
        units = self.problem.units
        covariances = self.structure.rescale(covariances, 1 / units.scale)
        components = self.problem.family.params(units.to_z(means), covariances)
        return MixtureParams(weights, components)

    def followed(
        self, partitions: Sequence[Array], heats: Heats, sure: Sequence[Array] = ()
    ) -> list[Candidate]:
        """Return the best few of short runs from responsibilities; or none.

        And those from responsibilities that are sure to go on.
        """
        if not (partitions or sure):
            return []
        model = self.problem.model
        try:
            return best_from(model, self.few, partitions, self.judge, heats, sure)
        except DegenerateComponentError:
            return []

    def end(self, rivals: Sequence[Candidate], to_beat: float = -np.inf) -> Run:
        """Return the end of the best of several runs on few rows.

        Where all rows are few, none is followed to it that will not get to the nats
        `to_beat`.

        Raises
        ------
        DegenerateComponentError
            If there are none.
        """
        model, sample = self.problem.model, self.problem.sample
        if not rivals:
            raise DegenerateComponentError("Every start collapsed.")
        if self.few is sample:
            most = self.effort.of(len(rivals[0].run.params.weights)).finalists
            return best_in_the_end(model, sample, rivals, self.judge, to_beat, most)
        # The end on few rows may be what chance has put there.
        left = different(rivals)
        starts = [rival.run.params for rival in left]
        [best] = best_few(model, sample, starts, self.judge, ON_MORE)
        return best.run

    def alone(self) -> Run:
        """Return one component, which the first M-step finds.

        That of the simplest structure with as many axes, which is that of all.
        """
        sample, simple = self.problem.sample, ONE[self.structure.n_axes]
        model, values = self.like(simple).exact.model, np.ones((len(sample), 1))
        found = model.from_responsibilities(sample, values)
        log_density = model.log_density(found, sample)
        level = float(sample.weighted(log_density).sum())
        end = Run(None, found, (level,), log_density, is_at_end=True)
        return end._replace(responsibilities=values)

    def alike(self, alone: Run) -> Run:
        """Return one component of the simplest structure as one of this structure."""
        inner, simple = alone.params.components, ONE[self.structure.n_axes]
        matrices = simple.to_full(inner.covariances, *inner.means.shape)
        own = self.exact.family.params(inner.means, self.structure.from_full(matrices))
        return alone._replace(params=MixtureParams(alone.params.weights, own))

    def searched(self, n_components: int, rng: Rng) -> Run:
        """Return what a search of this size and structure alone leads to."""
        search = Search(self.problem.model, self.few, self.are_sound, rng)
        return search.best_run(AroundCentres(self.few, n_components, rng))

    def beyond(self, partitions: Sequence[Array], present: Seen | None) -> Run | None:
        """Return what responsibilities lead to, if it is better than a present fit."""
        heats = self.effort.of(partitions[0].shape[1]).narrow
        rivals = self.followed(partitions, heats)
        if present is None:
            return self.end(rivals)
        there = present.posterior.log_density
        rivals = [
            rival for rival in rivals if are_apart(rival.run.log_density, there, APART)
        ]
        if not rivals:
            return None
        to_beat = float(self.few.weighted(there).sum())
        run, sample = self.end(rivals, to_beat), self.problem.sample
        here = run.log_density
        if len(here) != len(sample):
            here = self.problem.model.log_density(run.params, sample)
        there = self._settled(present)
        is_new = are_apart(here, there, APART) and self._is_gain(here - there, sample)
        return run if is_new else None

    def continued(self, start: Start) -> Start | None:
        """Return where EM leads from initial values; none if a component collapses.

        Or those values, where it is no matter of milliseconds.
        """
        if not self.is_compiled:
            return start
        values = start.values
        covariances = self.structure.from_precisions(values["precisions_init"])
        params = self._in_z(values["weights_init"], values["means_init"], covariances)
        return self.start_of(Run.at(params))

    def start_of(self, run: Run) -> Start | None:
        """Return where a run leads, for a fit to start there; none if not sound."""
        if not self.are_sound(run.params):
            return None
        polished = self._polished(run)
        if polished is not run and not self.are_sound(polished.params):
            return None
        problem, structure = self.exact, self.structure
        order = by_weight(polished.params)
        params = reordered(problem.model, polished.params, order)
        inner = problem.in_user_units(params)
        precisions = structure.precisions(inner.components.precision_cholesky)
        if not (np.isfinite(precisions).all() and (inner.weights > 0).all()):
            return None
        if self._may_be_rounding(params):
            try:
                check_precisions(precisions, structure, *inner.components.means.shape)
            except ValueError:
                return None
        values = {
            "weights_init": inner.weights.copy(),
            "means_init": inner.components.means.copy(),
            "precisions_init": precisions,
        }
        if not (self.ends_stay and polished.is_at_end and self.is_compiled):
            return Start(values)
        converged, level = Outcome.CONVERGED, (polished.objective,)
        end = EMResult(params, level, 0, converged, converged.value)
        if polished.responsibilities is None:
            known = posterior(self.problem.model, self.problem.sample, params)
        else:
            shares = polished.responsibilities[:, order]
            known = Posterior(polished.log_density, shares)
        return Start(values, end, inner, known)

    def _may_be_rounding(self, params: MixtureParams) -> bool:
        """Whether axes of some component are so unequal that they may be rounding."""
        structure, inner = self.structure, params.components
        n_components, n_features = inner.means.shape
        matrices = structure.to_full(inner.covariances, n_components, n_features)
        inverse = structure.precision_traces(
            inner.precision_cholesky, np.ones(n_features), n_components
        )
        condition = matrices.trace(axis1=-2, axis2=-1) * inverse  # or less
        return not (condition < WELL_CONDITIONED).all()

    def keep(
        self, model: GaussianMixture, start: Start, X: Array, sample_weight: Any
    ) -> None:
        """Set the fitted attributes of a model whose start is the end of its fit.

        But for the labels, if there are rows of weight zero.
        """
        end, known = start.end, start.posterior
        assert end is not None and known is not None
        model.n_features_in_ = X.shape[1]
        store(model, self.exact, end, X, sample_weight, start.params)
        if len(self.rows) == len(X):
            labels = known.responsibilities.argmax(axis=1).astype(np.int32)
            model.labels_ = labels[self._places]
        warn_of_fit(model, self.exact, end)

    @cached_property
    def _places(self) -> IntArray:
        """Where each row is among the distinct ones."""
        return places_in(self.problem.sample, self.problem.data)

    @cached_property
    def exact(self) -> Problem:
        """The problem with the M-steps of a fit."""
        model, family = self.problem.model, self.problem.family
        family = replace(family, structure=self.structure)
        return replace(self.problem, model=replace(model, family=family))

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

    def _settled(self, present: Seen) -> Array:
        """Log-densities (n,) of the sample, to which a fit to more rows is adapted."""
        model, sample = self.problem.model, self.problem.sample
        if len(self.rows) > START_ROWS:
            values = posterior(model, sample, self.params_of(present.fit))
            partitions = [values.responsibilities]
            [there] = best_from(model, sample, partitions, self.judge, ON_MORE)
            return there.run.log_density
        if self.few is sample:
            return present.posterior.log_density
        return posterior(model, sample, self.params_of(present.fit)).log_density

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
