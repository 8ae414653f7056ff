"""A fitted estimator and rows, as model, parameters and data in the units of a fit."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.estimators import checks
from mixtura.estimators.fitted.fitted_gaussian_mixture import FittedGaussianMixture
from mixtura.estimators.fitting.gaussian_fit import COLLAPSED, FLOOR
from mixtura.estimators.fitting.noise import has_noise
from mixtura.estimators.fitting.robust_options import RobustOptions
from mixtura.exceptions import DegenerateDataWarning
from mixtura.families.constraints import Constraint, Ridge, Unconstrained
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.inference.parameters import Layout
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.units import Units

ROBUST = ("noise", "prior", "trim", "max_eigenvalue_ratio", "fixed")
"""Arguments under which more than the likelihood of the components is maximised."""


@dataclass(frozen=True)
class FittedProblem:
    """What inference needs of a fit.

    Parameters
    ----------
    model : Mixture
    params : MixtureParams
        In the units of the fit; every component, dead ones as well.
    data : Rows
        Rows of positive weight, in the units of the fit.
    units : Units
    layout : Layout
    """

    model: Mixture
    params: MixtureParams
    data: Rows
    units: Units
    layout: Layout

    @classmethod
    def of(
        cls, estimator: Any, X: Any, sample_weight: Any, labels: Any, caller: str
    ) -> "FittedProblem":
        """Check the rows and choose the units in which nothing is large or far away.

        Raises
        ------
        TypeError
            If the fit had more to it than the likelihood of components.
        """
        check_fitted(estimator, caller)
        if not is_plain(estimator):
            asked = [name for name in ROBUST if getattr(estimator, name)]
            raise TypeError(
                f"{caller}: there is no inference for a mixture fitted with "
                f"{' and '.join(asked)} but by refits, since more than the likelihood "
                "of its components was maximised. Use bootstrap."
            )
        array: Array = estimator._validated(X, reset=False)
        if labels is not None:
            n_components = len(estimator.weights_)
            labels = checks.check_labels(labels, len(array), n_components, "labels")
        weights = None
        if sample_weight is not None:
            weights = checks.check_sample_weight(sample_weight, array)
        rows = Rows(array.astype(np.float64, copy=False), weights, labels)
        if weights is not None:
            rows = rows.take(np.flatnonzero(weights))
        structure, fitted = estimator._structure(), estimator._params()
        units = Units.of(rows.X, rows.weights, structure.scales_by_column)
        inner, scale = fitted.components, units.scale
        components = GaussianParams(
            (inner.means - units.center) / scale,
            structure.rescale(inner.covariances, 1 / scale),
            structure.rescale_factor(inner.precision_cholesky, 1 / scale),
        )
        return cls(
            Mixture(
                Gaussian(structure, _constraint(estimator, units)),
                estimator._proportions(),
            ),
            MixtureParams(fitted.weights, components),
            Rows(units.to_z(rows.X), rows.weights, rows.labels),
            units,
            layout_of(estimator),
        )

    @property
    def regular(self) -> Any:
        """Which components live and rest on no floor, as booleans (K,)."""
        assert isinstance(self.model.family, Gaussian)
        structure, variances = self.model.family.structure, self.units.usual
        weights = self.params.weights
        if not (variances > 0).any():
            return weights > 0
        ratios = structure.least_ratios(
            self.params.components.covariances, FLOOR * variances, len(weights)
        )
        return (weights > 0) & (ratios >= COLLAPSED)

    def living(self) -> "FittedProblem":
        """Return the problem without components of weight zero."""
        alive = self.params.weights > 0
        if alive.all():
            return self
        assert isinstance(self.model.family, Gaussian)
        structure, inner = self.model.family.structure, self.params.components
        covariances = inner.covariances
        if structure.per_component:
            covariances = covariances[alive]
        components = self.model.family.params(inner.means[alive], covariances)
        labels = self.data.labels
        if labels is not None:
            numbers = np.append(np.cumsum(alive) - 1, -1)  # unknown is -1, the last
            labels = numbers[labels]
        return FittedProblem(
            self.model,
            MixtureParams(self.params.weights[alive], components),
            Rows(self.data.X, self.data.weights, labels),
            self.units,
            Layout(structure, int(alive.sum()), self.layout.columns),
        )


def check_fitted(estimator: Any, caller: str) -> None:
    """Require a fitted Gaussian mixture of this package.

    Raises
    ------
    TypeError
        For anything else.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    if not isinstance(estimator, FittedGaussianMixture):
        raise TypeError(
            f"{caller}: model must be a fitted mixtura.GaussianMixture; got "
            f"{type(estimator).__name__}. GaussianMixture.from_parameters makes one of "
            "known weights, means and covariances."
        )
    check_is_fitted(estimator)


def is_plain(estimator: Any) -> bool:
    """Whether nothing but the likelihood of the components was maximised."""
    return RobustOptions.of(estimator) is None


def layout_of(estimator: Any) -> Layout:
    """Names and order of the parameters of a fitted estimator."""
    n_components, n_features = estimator.means_.shape
    default = [f"x{j}" for j in range(n_features)]
    names = getattr(estimator, "feature_names_in_", default)
    return Layout(
        estimator._structure(),
        n_components,
        tuple(map(str, names)),
        has_noise(estimator),
    )


def estimates(estimator: Any, layout: Layout) -> Array:
    """Parameters of a fitted estimator as the layout's vector, in the user's units."""
    return layout.vector(estimator.weights_, estimator.means_, estimator.covariances_)


def warn_inference(message: str) -> None:
    """Say what the user of a public function must know of its result."""
    warnings.warn(message, DegenerateDataWarning, stacklevel=3)


def _constraint(estimator: Any, units: Units) -> Constraint:
    ridge = estimator.reg_covar
    if isinstance(ridge, str) or ridge == 0:
        return Unconstrained()
    return Ridge(ridge / units.scale**2)
