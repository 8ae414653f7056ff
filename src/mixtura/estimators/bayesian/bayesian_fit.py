"""One fit of a Bayesian Gaussian mixture: the best of several EM runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura._types import Array, Rng
from mixtura.data import Rows
from mixtura.em import EMResult, Outcome, em
from mixtura.estimators.bayesian.bayesian_priors import Priors
from mixtura.estimators.bayesian.bayesian_starts import Start
from mixtura.estimators.fitting.gaussian_fit import TIE, Problem
from mixtura.estimators.fitting.progress import Progress
from mixtura.execution.blas import single_threaded_blas
from mixtura.execution.whole import WHOLE
from mixtura.families.constraints import Ridge
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import GaussianParams
from mixtura.families.normal_wishart import NormalWishart
from mixtura.families.variational_gaussian import VariationalGaussian
from mixtura.models.variational_mixture import VariationalMixture, VariationalParams
from mixtura.units import ScaledRows, Units


@dataclass(frozen=True)
class BayesianProblem:
    """A Bayesian mixture and its data, in the units of the fit.

    Parameters
    ----------
    model : VariationalMixture
    priors : Priors
        In the units of the fit.
    plain : Problem
        The same data under a mixture without priors.
    """

    model: VariationalMixture
    priors: Priors
    plain: Problem

    @classmethod
    def of(
        cls,
        rows: Rows,
        structure: Covariance,
        reg_covar: float | str,
        arguments: Mapping[str, Any],
        n_components: int,
        rng: Rng,
    ) -> "BayesianProblem":
        """Choose the units, and complete the priors with what the data say."""
        plain = Problem.of(rows, structure, reg_covar, rng)
        units, constraint = plain.units, plain.family.constraint
        priors = Priors.of(arguments, structure, plain.data, units, n_components)
        prior = priors.components(structure, n_components)
        if isinstance(constraint, Ridge):
            family = VariationalGaussian(structure, prior, constraint.variances)
        else:
            family = VariationalGaussian(structure, prior, constraint=constraint)
        return cls(VariationalMixture(family, priors.weights), priors, plain)

    @property
    def data(self) -> Rows | ScaledRows:
        """Rows of positive weight, as z."""
        return self.plain.data

    @property
    def units(self) -> Units:
        """The way back."""
        return self.plain.units

    def in_user_units(self, q: NormalWishart) -> NormalWishart:
        """Map a posterior from z back to x; factors scale by powers of two, exactly."""
        scale, structure = self.units.scale, self.model.family.structure
        inner = q.gaussian
        with np.errstate(over="ignore"):  # `warn_of_data` tells of it
            covariances = structure.rescale(inner.covariances, scale)
        factors = structure.factor(inner.covariances, extended=True)
        gaussian = GaussianParams(
            self.units.to_x(inner.means),
            covariances,
            structure.rescale_factor(factors, scale),
        )
        return replace(q, gaussian=gaussian)

    def in_fit_units(
        self, concentrations: Array, q: NormalWishart
    ) -> VariationalParams:
        """Map a posterior from x to z."""
        family, inner = self.model.family, q.gaussian
        gaussian = family.plain.params(
            self.units.to_z(inner.means),
            family.structure.rescale(inner.covariances, 1 / self.units.scale),
        )
        return self.model.params(concentrations, replace(q, gaussian=gaussian))


@single_threaded_blas()
def best_fit(
    problem: BayesianProblem,
    starting: Callable[[], Start],
    n_init: int,
    settings: Mapping[str, Any],
    progress: Progress,
) -> EMResult:
    """Run EM from `n_init` starts; return the result with the highest bound.

    Raises
    ------
    DegenerateComponentError
        If a scale matrix is singular and nothing keeps it from that.
    KeyboardInterrupt
        If the user stops before anything has been computed.
    """
    best: EMResult | None = None
    for i in range(n_init):
        progress.announce(i)
        try:
            result = _one_fit(problem, starting(), settings)
        except KeyboardInterrupt:
            if best is None:
                raise
            return _interrupted(best)
        progress.end(result)
        if best is None or _is_better(result, best):
            best = result
        if result.outcome is Outcome.INTERRUPTED:
            return _interrupted(best)
    assert best is not None
    return best


def _one_fit(
    problem: BayesianProblem, start: Start, settings: Mapping[str, Any]
) -> EMResult:
    """Run EM from a start; not if the user stopped while it was being looked for."""
    run = partial(em, problem.model, problem.data, start.params, executor=WHOLE)
    return _interrupted(run(max_iter=0)) if start.is_interrupted else run(**settings)


def _is_better(new: EMResult, old: EMResult) -> bool:
    gain = new.log_likelihood - old.log_likelihood
    return gain > TIE * max(abs(old.log_likelihood), 1.0)


def _interrupted(result: EMResult) -> EMResult:
    """Return the result with the outcome that says the user stopped here."""
    outcome = Outcome.INTERRUPTED
    return replace(result, outcome=outcome, message=outcome.value)
