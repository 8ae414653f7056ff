"""A Gaussian mixture and its data in the units of the fit, and EM on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from math import ceil
from typing import Any

import numpy as np

from mixtura._types import Array, Rng
from mixtura.data import Rows
from mixtura.em import EMResult, Outcome, em, em_steps
from mixtura.estimators.fitting.gaussian_starts import Given, starting_params
from mixtura.execution.whole import WHOLE
from mixtura.families.constraints import Constraint, Floor, Ridge, Unconstrained
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian
from mixtura.init.automatic import Start
from mixtura.init.distinct import distinct_rows
from mixtura.init.poorer import least_rows
from mixtura.init.search import STARVED
from mixtura.init.stack import LARGEST
from mixtura.kernels.quadratic import n_quadratic_features
from mixtura.models.gaussian_units import in_user_units
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.units import ScaledRows, Units

FLOOR = 1e-10
"""With reg_covar="auto", no variance falls below this share of the column's."""

COLLAPSED = 100.0
"""A component with a variance within this factor of the floor has collapsed."""

NEGLIGIBLE = 1e-24
"""With reg_covar=0, variances below this share of the column's are rounding."""

NATS_LEFT = 1e-6
"""With tol="auto", stop when this much is left to gain per observation …"""

LEAST_LEFT, MOST_LEFT = 1e-4, 5e-4
"""… but no less and no more than this in total."""

IN_MEMORY_BYTES = 1 << 25
"""Data up to this size are scaled once, larger ones in each pass, as they are read."""

START_ROWS = 5_000
"""Starts are made from at most this many rows; more add time and little else."""

ROUNDING = 1e-15
"""Of an eigenvalue, as a share of the largest."""

TIE = 1e-9
"""A later start must be better than an earlier one by this share to be preferred."""


@dataclass(frozen=True)
class Problem:
    """A Gaussian mixture and its data, in the units of the fit.

    Parameters
    ----------
    model : Mixture
    data : Rows or ScaledRows
        Rows of positive weight, as z.
    units : Units
        The way back.
    sample : Rows
        Distinct rows for the starts.
    rough : Rows or ScaledRows, optional
        The data in single precision, on which EM runs first.
    """

    model: Mixture
    data: Rows | ScaledRows
    units: Units
    sample: Rows
    rough: Rows | ScaledRows | None = field(default=None, kw_only=True)

    @classmethod
    def of(
        cls,
        rows: Rows,
        structure: Covariance,
        reg_covar: float | str,
        rng: Rng,
        units: Units | None = None,
    ) -> "Problem":
        """Choose the units, unless given, and the constraint for checked rows."""
        if units is None:
            units = Units.of(rows.X, rows.weights, structure.scales_by_column)
        scaled = ScaledRows(rows, units)
        data: Rows | ScaledRows = scaled
        if rows.X.size * 8 <= IN_MEMORY_BYTES:
            data = Rows(units.to_z(rows.X), rows.weights, rows.labels)
        model = Mixture(Gaussian(structure, constraint(reg_covar, units)))
        return cls(model, data, units, distinct_rows(data, START_ROWS, rng))

    @property
    def family(self) -> Gaussian:
        """The Gaussian family of the model."""
        assert isinstance(self.model.family, Gaussian)
        return self.model.family

    def collapsed(self, params: MixtureParams) -> list[int]:
        """Living components with a variance at its floor in some direction.

        Constant columns are left out. Without a floor nothing is known to be wrong:
        a collapse raises.
        """
        if self.least_variances is None:
            return []
        structure, inner = self.family.structure, params.components
        n_components = len(params.weights)
        # The sum of the inverse ratios, which is at hand, mostly says enough.
        inverse = structure.precision_traces(
            inner.precision_cholesky, self.least_variances, n_components
        )
        if inverse.max() < 1:
            return []
        ratios = structure.least_ratios(
            inner.covariances, self.least_variances, n_components
        )
        return np.flatnonzero((ratios < 1) & (params.weights > 0)).tolist()

    @cached_property
    def dependent_columns(self) -> list[int]:
        """Varying columns in a linear dependence that matrices would have to show."""
        sample, structure = self.sample, self.family.structure
        varying = np.flatnonzero(self.units.usual > 0)
        if structure.n_axes < 2 or len(varying) < 2 or len(sample) <= sample.n_features:
            return []
        X = sample.X[:, varying] / np.sqrt(self.units.usual[varying])
        covariance = np.cov(X.T, aweights=sample.weights, ddof=0)
        eigenvalues, vectors = np.linalg.eigh(covariance)
        least = COLLAPSED * FLOOR
        if ROUNDING * eigenvalues[-1] > least:  # few far rows hide what others show
            return []
        null = vectors[:, eigenvalues < least]
        return varying[np.any(np.abs(null) > 1e-4, axis=1)].tolist()

    @cached_property
    def least_variances(self) -> Array | None:
        """Those (n_features,) with which a component has collapsed; 0 if constant.

        Each column has its own, also where the structure turns, and the floor under it
        is that of the narrowest. None without a floor, or a column that varies.
        """
        floor = self.family.constraint
        if not isinstance(floor, Floor) or not (self.units.variances > 0).any():
            return None
        return np.where(self.units.variances > 0, COLLAPSED * floor.variances, 0.0)

    @property
    def fitted(self) -> Any:
        """The model that EM runs."""
        return self.model

    def in_user_units(self, params: MixtureParams) -> MixtureParams:
        """Map parameters from z back to x, with factors in extended precision."""
        inner, structure = params.components, self.family.structure
        factors = structure.factor(inner.covariances, extended=True)
        exact = replace(params, components=replace(inner, precision_cholesky=factors))
        return in_user_units(exact, self.units, structure)

    def is_sound(self, params: MixtureParams) -> bool:
        """Whether no component has collapsed."""
        return not self.collapsed(params)

    def starting(
        self,
        start: str | Array,
        given: Given,
        n_components: int,
        rng: Rng,
        max_iter: int,
    ) -> Start:
        """Return the parameters from which EM takes at most so many steps."""
        is_auto = isinstance(start, str) and start == "auto"
        found = starting_params(
            self.model,
            self.data,
            self._sample_for(n_components, rng) if is_auto else self.sample,
            start,
            given,
            n_components,
            rng,
            self.is_sound,
            max_iter,
        )
        # beyond START_ROWS the sample is not the data
        if len(self.data) <= START_ROWS:
            return found
        return Start(found.params, others=found.others)

    def _sample_for(self, n_components: int, rng: Rng) -> Rows:
        """Return the sample, or a larger one on which so many components can move."""
        structure, d = self.family.structure, self.data.n_features
        most = LARGEST // n_quadratic_features(d, structure.n_axes)
        needed = ceil(least_rows(structure, d, n_components, STARVED))
        if len(self.data) <= START_ROWS or not START_ROWS < needed <= most:
            return self.sample
        return distinct_rows(self.data, needed, rng)

    def retrace(
        self, start: Start, n_steps: int, callback: Callable[[Any], Any]
    ) -> None:
        """Show the EM steps that led to a start, which the search took unseen."""
        steps = em_steps(self.model, self.data, start.origin)
        for step in islice(steps, 0, 2 * n_steps, 2):
            callback(step)

    def run(self, params: MixtureParams, settings: Mapping[str, Any]) -> EMResult:
        """Run EM from these parameters."""
        if self.rough is None:
            return em(self.model, self.data, params, executor=WHOLE, **settings)
        first = em(self.model, self.rough, params, executor=WHOLE, **settings)
        if first.outcome not in (Outcome.CONVERGED, Outcome.ITERATION_LIMIT):
            return first
        left = settings["max_iter"] - first.n_iter
        second = em(
            self.model,
            self.data,
            first.params,
            executor=WHOLE,
            **{**settings, "max_iter": left},
        )
        rough = np.minimum(first.log_likelihoods[:-1], second.log_likelihoods[0])
        return replace(
            second,
            log_likelihoods=(*rough.tolist(), *second.log_likelihoods),
            n_iter=first.n_iter + second.n_iter,
        )

    def in_single(self, rows: Rows) -> "Problem":
        """Return the problem whose rows are first worked on in single precision."""
        scaled = ScaledRows(rows, self.units, np.dtype(np.float32))
        rough: Rows | ScaledRows = scaled
        if isinstance(self.data, Rows):
            rough = replace(self.data, X=self.data.X.astype(np.float32))
        return replace(self, rough=rough)

    def bounds(self, result: EMResult) -> list[float]:
        """Return what EM climbed, in nats per observation and the caller's units."""
        objectives = np.array(result.log_likelihoods) / self.n_counted
        return (objectives + self.bound_offset).tolist()

    def total(self, result: EMResult, climbed: bool) -> float:
        """Log-likelihood in nats in the caller's units, without any penalty.

        It is known already if it is what EM `climbed`.
        """
        if climbed and not isinstance(self.family.constraint, Ridge):
            return result.log_likelihood - self.log_volume
        return self.log_likelihood(result.params)

    def log_likelihood(self, params: MixtureParams) -> float:
        """Log-likelihood in nats in the caller's units, without any penalty."""
        model = Mixture(Gaussian(self.family.structure))
        total = WHOLE(lambda rows: model.e_step(params, rows), self.data)
        return float(total.log_likelihood - self.log_volume)

    def tolerance(self, tol: float | str) -> float:
        """Nats per observation below which the remaining gain does not matter."""
        if isinstance(tol, str):
            n = self.data.n_observations
            return min(max(NATS_LEFT * n, LEAST_LEFT), MOST_LEFT) / n
        return tol

    @property
    def n_counted(self) -> float:
        """Observations in the objective."""
        return self.data.n_observations

    @property
    def bound_offset(self) -> float:
        """What the caller's units add to the objective per observation."""
        return -self.units.log_volume

    @property
    def log_volume(self) -> float:
        """What the change of units adds to the log-likelihood in z, in nats."""
        return self.data.n_observations * self.units.log_volume


def constraint(reg_covar: float | str, units: Units) -> Constraint:
    """Return the constraint that `reg_covar` asks for, in the units of the fit."""
    if isinstance(reg_covar, str):
        # A constant column has no variance to compare with; its scale is its size.
        return Floor(FLOOR * np.where(units.usual > 0, units.usual, 1.0))
    if reg_covar > 0:
        return Ridge(reg_covar / units.scale**2)
    return Unconstrained(NEGLIGIBLE * units.usual)
