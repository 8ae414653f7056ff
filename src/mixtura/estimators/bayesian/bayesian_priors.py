"""The prior of a Bayesian Gaussian mixture: from arguments and data to a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.estimators import checks
from mixtura.exceptions import DegenerateComponentError
from mixtura.execution.whole import WHOLE
from mixtura.families.constraints import Floor
from mixtura.families.covariance_structure import Covariance
from mixtura.families.factorisation import symmetrised
from mixtura.families.gaussian import Gaussian
from mixtura.families.normal_wishart import NormalWishart
from mixtura.models.mixture import Mixture
from mixtura.models.weight_priors import Dirichlet, DirichletProcess, WeightPrior
from mixtura.units import ScaledRows, Units

WEIGHT_PRIORS: dict[str, type[Dirichlet] | type[DirichletProcess]] = {
    "dirichlet_process": DirichletProcess,
    "dirichlet_distribution": Dirichlet,
}

POSITIVE = np.nextafter(0.0, 1.0)

LEAST = 1e-6
"""No variance of the default prior is below this share of the columns' own."""


@dataclass(frozen=True)
class Priors:
    """The numbers of a prior, in the units of the fit.

    Parameters
    ----------
    weights : WeightPrior
    mean_precision : float
    mean : ndarray of shape (n_features,)
    degrees_of_freedom : float
    covariance : ndarray
        The inverse of the Wishart's scale matrix, in the structure's shape for one
        component.
    """

    weights: WeightPrior
    mean_precision: float
    mean: Array
    degrees_of_freedom: float
    covariance: Array

    @classmethod
    def of(
        cls,
        arguments: Mapping[str, Any],
        structure: Covariance,
        data: Rows | ScaledRows,
        units: Units,
        n_components: int,
    ) -> "Priors":
        """Take what is given, in the caller's units, and the rest from the data.

        Raises
        ------
        ValueError
            If a given value does not fit the data or is no distribution's.
        """
        given = dict(arguments)
        concentration = given["weight_concentration_prior"]
        if concentration is None:
            concentration = 1 / n_components
        kind = WEIGHT_PRIORS[given["weight_concentration_prior_type"]]
        precision = given["mean_precision_prior"]
        mean, covariance = given["mean_prior"], given["covariance_prior"]
        if mean is not None:
            mean = _checked_mean(mean, data.n_features)
            mean = units.to_z(mean[None])[0]
        if covariance is not None:
            covariance = _checked_covariance(covariance, structure, data.n_features)
            covariance = structure.rescale(covariance, 1 / units.scale)
        if mean is None or covariance is None:
            own_mean, own_covariance = _moments(structure, data, units)
            mean = own_mean if mean is None else mean
            covariance = own_covariance if covariance is None else covariance
        return cls(
            kind(float(concentration)),
            1.0 if precision is None else float(precision),
            mean,
            _checked_freedom(given["degrees_of_freedom_prior"], data.n_features),
            covariance,
        )

    def components(self, structure: Covariance, n_components: int) -> NormalWishart:
        """Return the distribution of means and precisions, one a component."""
        nu, n_features = self.degrees_of_freedom, len(self.mean)
        shape = structure.shape(n_components, n_features)
        covariances = np.broadcast_to(self.covariance / nu, shape).copy()
        means = np.tile(self.mean, (n_components, 1))
        return NormalWishart(
            Gaussian(structure).params(means, covariances),
            np.full(n_components, self.mean_precision),
            np.full(n_components, nu),
        )


def check_priors(owner: str, arguments: Mapping[str, Any]) -> None:
    """Check what does not depend on the data.

    Raises
    ------
    ValueError
        Naming the estimator, the argument and the value.
    """
    name = "weight_concentration_prior_type"
    checks.check_choice(owner, name, arguments[name], [*WEIGHT_PRIORS])
    for name in (
        "weight_concentration_prior",
        "mean_precision_prior",
        "degrees_of_freedom_prior",
    ):
        if arguments[name] is not None:
            words = "a float in the range (0.0, inf), or None"
            checks.check_interval(owner, name, arguments[name], Real, POSITIVE, words)


def _checked_mean(value: Any, n_features: int) -> Array:
    mean = checks.as_floats(value, "mean_prior")
    checks.check_shape(mean, (n_features,), "mean_prior")
    return mean


def _checked_freedom(value: float | None, n_features: int) -> float:
    if value is None:
        return float(n_features)
    if value <= n_features - 1.0:
        raise ValueError(
            "The parameter 'degrees_of_freedom_prior' should be greater than "
            f"{n_features - 1}, but got {value:.3f}."
        )
    return float(value)


def _checked_covariance(value: Any, structure: Covariance, n_features: int) -> Array:
    """Require one covariance in the structure's shape, positive definite."""
    name = f"{structure.name} covariance_prior"
    covariance = checks.as_floats(value, name)
    shape = structure.shape(1, n_features)
    checks.check_shape(covariance, shape[structure.per_component :], name)
    matrix = structure.to_full(covariance.reshape(shape), 1, n_features)[0]
    is_symmetric = np.allclose(matrix, matrix.T)
    try:
        structure.factor(covariance.reshape(shape))
    except DegenerateComponentError:
        is_symmetric = False
    if not is_symmetric:
        raise ValueError(
            f"The parameter '{name}' should be symmetric and positive definite (all "
            f"entries positive where it is no matrix); got {covariance.tolist()}."
        )
    return symmetrised(covariance) if covariance.ndim == 2 else covariance


def _moments(
    structure: Covariance, data: Rows | ScaledRows, units: Units
) -> tuple[Array, Array]:
    """Mean and unbiased covariance of all rows, with no variance below the floor."""
    floor = LEAST * np.where(units.variances > 0, units.variances, 1.0)
    model = Mixture(Gaussian(structure, Floor(floor)))
    blank = model.blank(1, data.n_features)
    statistics = WHOLE(lambda rows: model.e_step(blank, rows), data)
    single = model.m_step(blank, statistics).components
    n = data.n_observations
    # Half the observations is the most that is taken off: one has no covariance.
    unbiased = single.covariances * (n / max(n - 1, n / 2))
    return single.means[0], unbiased[0] if structure.per_component else unbiased
