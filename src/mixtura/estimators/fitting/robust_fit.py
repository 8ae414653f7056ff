"""A fit of a Gaussian mixture with noise, a prior, trimming, bounds or fixed parts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura._types import Array, Rng
from mixtura.data import Rows
from mixtura.em import EMResult, em
from mixtura.estimators.fitting.gaussian_fit import FLOOR, Problem
from mixtura.estimators.fitting.gaussian_starts import Given
from mixtura.estimators.fitting.robust_options import HULL, RobustOptions
from mixtura.execution.whole import WHOLE
from mixtura.families import Family
from mixtura.families.constraints import Constraint
from mixtura.families.covariance_structure import Covariance
from mixtura.families.eigenvalue_ratio import EigenvalueRatio
from mixtura.families.fixed_parts import FixedParts
from mixtura.families.gaussian import Gaussian
from mixtura.families.with_noise import WithNoise, box_log_volume
from mixtura.init.automatic import Start
from mixtura.init.robust import central_rows, robust_start
from mixtura.models.fixed_weights import EqualBesideNoise, FixedWeights
from mixtura.models.mixture import Equal, Mixture, MixtureParams, Proportions
from mixtura.models.trimmed import Trimmed, border_of
from mixtura.models.with_prior import WithPrior
from mixtura.priors import ConjugatePrior, log_jacobian
from mixtura.units import Units

NOISE = 0.1
"""Weight of the noise at the start, where the draft leaves out fewer rows."""

ATTRIBUTES = (
    "noise_weight_",
    "noise_log_density_",
    "noise_box_",
    "trim_threshold_",
    "prior_",
)
"""Fitted attributes of an estimator that only such fits have."""


@dataclass(frozen=True)
class Extras:
    """What a robust fit has beside the plain mixture, in the caller's units.

    Parameters
    ----------
    options : RobustOptions
    n_components : int
    mixture : Mixture
        With noise and fixed parts, in the units of the fit.
    sample : Rows
        Distinct rows, also those that the sample of the problem leaves out as far away.
    log_volume : float, optional
        Of the noise.
    box : ndarray of shape (2, n_features), optional
        Of the noise.
    prior : ConjugatePrior, optional
        Completed.
    """

    options: RobustOptions
    n_components: int
    mixture: Mixture
    sample: Rows
    log_volume: float | None
    box: Array | None
    prior: ConjugatePrior | None


@dataclass(frozen=True)
class RobustProblem(Problem):
    """A Gaussian mixture with more than components to it, and its data.

    `model` is the plain mixture from which starts are made; what is fitted has the
    noise as its last component, if there is noise.

    Parameters
    ----------
    model : Mixture
    data : Rows or ScaledRows
    units : Units
    sample : Rows
    extras : Extras
    """

    extras: Extras

    @classmethod
    def asked(
        cls,
        rows: Rows,
        structure: Covariance,
        reg_covar: float | str,
        rng: Rng,
        options: RobustOptions,
        n_components: int,
        proportions: Proportions,
    ) -> "RobustProblem":
        """Choose the units and the model for checked rows and options.

        Raises
        ------
        ValueError
            If the rows have no hull, or the prior does not fit them.
        """
        central = central_rows(rows) if options.expects_outliers else rows
        by_column = structure.scales_by_column and options.ratio is None
        units = Units.of(central.X, central.weights, by_column)
        base = Problem.of(rows, structure, reg_covar, rng, units=units)
        allowed = _constraint(options, base)
        box, log_volume = _noise(options, rows, units)
        prior = None
        if options.prior is not None:
            prior = options.prior.completed(central, structure, n_components)
        mixture = Mixture(
            _family(structure, allowed, options, log_volume, units),
            _proportions(options, proportions),
        )
        return cls(
            Mixture(Gaussian(structure, allowed), proportions),
            base.data,
            units,
            central_rows(base.sample) if options.expects_outliers else base.sample,
            Extras(options, n_components, mixture, base.sample, log_volume, box, prior),
        )

    @property
    def fitted(self) -> Any:
        """The model that EM runs."""
        model: Any = self.extras.mixture
        if self.extras.prior is not None:
            prior = self.extras.prior.in_units(self.units.center, self.units.scale)
            model = WithPrior(model, prior)
        if self.extras.options.trim > 0:
            model = Trimmed(model, self.extras.options.trim)
        return model

    @property
    def has_noise(self) -> bool:
        """Whether the last component is noise."""
        return self.extras.log_volume is not None

    def lifted(self, params: MixtureParams, share: float) -> MixtureParams:
        """Add the weight of the noise to the parameters of the components."""
        if not self.has_noise:
            return params
        return _beside(params, max(share, NOISE))

    def components_of(self, params: MixtureParams) -> MixtureParams:
        """Leave out the weight of the noise; the others then sum to less than 1."""
        if not self.has_noise:
            return params
        return replace(params, weights=params.weights[:-1])

    def collapsed(self, params: MixtureParams) -> list[int]:
        """Living components with a variance at the floor in some direction."""
        n_components = len(params.components.means)
        weights = params.weights[:n_components]
        return super().collapsed(replace(params, weights=weights))

    def in_user_units(self, params: MixtureParams) -> MixtureParams:
        """Map the components' parameters from z back to x."""
        return super().in_user_units(self.components_of(params))

    def starting(
        self,
        start: str | Array,
        given: Given,
        n_components: int,
        rng: Rng,
        max_iter: int,
    ) -> Start:
        """Return the parameters from which EM takes at most so many steps."""
        is_free = all(value is None for value in vars(given).values())
        is_free = is_free and self.data.labels is None
        named = is_free and isinstance(start, str) and start == "auto"
        if named and len(self.extras.sample) > n_components:
            params: MixtureParams = robust_start(
                self.model,
                self.lifted,
                self._short_run,
                self.extras.sample,
                n_components,
                self.extras.options.shares,
                rng,
                self.is_sound,
            )
            return Start(params)
        shares = None
        if not isinstance(start, str) and start.shape[1] > n_components:
            start, shares = start[:, :-1], start[:, -1]
        plain = super().starting(start, given, n_components, rng, max_iter).params
        if shares is None:
            return Start(self.lifted(plain, 0.0))
        noise = np.average(shares, weights=self.data.weights)
        return Start(_beside(plain, float(noise)))

    def run(self, params: MixtureParams, settings: Mapping[str, Any]) -> EMResult:
        """Run EM from these parameters."""
        if len(params.weights) < len(params.components.means) + self.has_noise:
            params = self.lifted(params, 0.0)  # of an interrupted plain start
        return em(self.fitted, self.data, params, executor=WHOLE, **settings)

    def _short_run(self, rows: Rows, params: Any, max_iter: int) -> EMResult:
        """Run EM on some of the rows."""
        return em(
            self.fitted,
            rows,
            params,
            tol=0.0,
            max_iter=max_iter,
            executor=WHOLE,
        )

    @property
    def n_counted(self) -> float:
        """Observations in the objective: those that are not trimmed."""
        return (1 - self.extras.options.trim) * self.data.n_observations

    @property
    def bound_offset(self) -> float:
        """What the caller's units add to the objective per observation."""
        prior = self.extras.prior
        if prior is None:
            return -self.units.log_volume
        jacobian = log_jacobian(
            self.family.structure,
            self.extras.n_components,
            self.units.scale,
            prior.shrinkage > 0,
        )
        return -self.units.log_volume - jacobian / self.n_counted

    def total(self, result: EMResult, climbed: bool) -> float:
        """Log-likelihood of the kept rows in nats, in the caller's units."""
        family: Family = Gaussian(self.family.structure)
        if isinstance(self.extras.mixture.family, WithNoise):
            family = replace(self.extras.mixture.family, family=family)
        model = Trimmed(Mixture(family), self.extras.options.trim)
        plain = WHOLE(lambda rows: model.e_step(result.params, rows), self.data)
        return float(plain.log_likelihood - self.n_counted * self.units.log_volume)

    def attributes(self, result: EMResult) -> dict[str, Any]:
        """Return the fitted attributes that other fits do not have."""
        found: dict[str, Any] = {}
        if self.extras.log_volume is not None:
            found["noise_weight_"] = float(result.params.weights[-1])
            found["noise_log_density_"] = -self.extras.log_volume
            found["noise_box_"] = self.extras.box
        if self.extras.prior is not None:
            found["prior_"] = self.extras.prior
        return found


def _beside(params: MixtureParams, noise: float) -> MixtureParams:
    """Put noise of this weight beside the components."""
    weights = np.append((1 - noise) * params.weights, noise)
    return replace(params, weights=weights)


def trim_threshold(log_density: Array, sample_weight: Any, share: float) -> float:
    """Return the lowest log-density of a row that is kept."""
    weights = np.ones(len(log_density))
    if sample_weight is not None:
        weights = np.broadcast_to(
            np.asarray(sample_weight, dtype=np.float64), len(log_density)
        )
    return border_of(log_density, weights, share)[0]


def restored(estimator: Any, params: MixtureParams) -> MixtureParams:
    """Return the user's own means where they are fixed: units have rounded them."""
    chosen = [*(estimator.fixed or {}).get("means", ())]
    if not chosen:
        return params
    means = params.components.means.copy()
    means[chosen] = np.asarray(estimator.means_init, dtype=np.float64)[chosen]
    return replace(params, components=replace(params.components, means=means))


def _constraint(options: RobustOptions, base: Problem) -> Constraint:
    """Bound the ratio of eigenvalues, or do what the plain fit does."""
    if options.ratio is None:
        return base.family.constraint
    least = FLOOR * float(base.units.usual.mean())
    return EigenvalueRatio(options.ratio, least)


def _noise(
    options: RobustOptions, rows: Rows, units: Units
) -> tuple[Array | None, float | None]:
    """Box of the noise and log of its volume, in the caller's units."""
    if options.noise is None:
        return None, None
    if options.noise != HULL:
        return None, float(np.log(float(options.noise)))
    ends = [rows.X.min(axis=0), rows.X.max(axis=0)]
    box = np.array(ends, dtype=np.float64)
    return box, box_log_volume(box)


def _family(
    structure: Covariance,
    allowed: Constraint,
    options: RobustOptions,
    log_volume: float | None,
    units: Units,
) -> Family:
    """Gaussian components, some parts of them fixed, and noise."""
    family: Family = Gaussian(structure, allowed)
    means = options.fixed.get("means", ())
    covariances = options.fixed.get("covariances", ())
    if means or covariances:
        family = FixedParts(structure, allowed, means, covariances)
    if log_volume is None:
        return family
    return WithNoise(family, log_volume - units.log_volume)


def _proportions(options: RobustOptions, proportions: Proportions) -> Proportions:
    """Weights of which some are fixed, or equal but for that of the noise."""
    fixed = options.fixed.get("weights", ())
    is_equal = isinstance(proportions, Equal)
    if fixed and is_equal:
        raise ValueError(
            "Weights that are all equal cannot be fixed one by one; leave 'weights' "
            "out of fixed."
        )
    if fixed:
        return FixedWeights(fixed)
    return EqualBesideNoise() if is_equal and options.noise is not None else proportions
