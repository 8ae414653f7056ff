"""Components of a fitted mixture, whose attributes may have been set by hand."""

from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.families.covariance_structure import Covariance
from mixtura.families.factorisation import cholesky, upper_triangular
from mixtura.families.gaussian import GaussianParams

SMALLEST = 1e-290
"""Variances below have lost digits."""


def gaussians_of(estimator: Any, structure: Covariance) -> GaussianParams:
    """Return means, covariances and factors in the form that kernels take.

    Of `covariances_` and `precisions_cholesky_` one is enough: the other follows. The
    factors P may be triangular on either side, as long as P P^T are the precisions.

    Parameters
    ----------
    estimator : object
        With `means_`.
    structure : Covariance

    Raises
    ------
    AttributeError
        If it has neither.
    DegenerateComponentError
        If what there is cannot be inverted.
    """
    covariances: Array | None = getattr(estimator, "covariances_", None)
    factors: Array | None = getattr(estimator, "precisions_cholesky_", None)
    if factors is None:
        if covariances is None:
            raise AttributeError(
                f"{type(estimator).__name__} needs covariances_ or "
                "precisions_cholesky_ beside weights_ and means_; it has neither. "
                "Fit it, or set one of them."
            )
        factors = structure.factor(np.asarray(covariances, dtype=np.float64))
    elif structure.n_axes == 2:
        factors = upper_triangular(factors)
    if covariances is None:
        covariances = structure.from_precisions(structure.precisions(factors))
    return GaussianParams(estimator.means_, covariances, factors)


def lower_factors(estimator: Any, structure: Covariance) -> Array:
    """Return L (n_components, D, D), lower triangular, of covariances L L^T.

    Parameters
    ----------
    estimator, structure
        As for `gaussians_of`.

    Raises
    ------
    DegenerateComponentError
        If a covariance is not positive definite.
    """
    components, shape = gaussians_of(estimator, structure), estimator.means_.shape
    with np.errstate(invalid="ignore"):
        matrices = structure.to_full(components.covariances, *shape)
    variances = np.diagonal(matrices, axis1=1, axis2=2)
    if ((variances > SMALLEST) & (variances < 1 / SMALLEST)).all():
        return cholesky(matrices)
    # squares have left the range of floating-point numbers, the factors have not
    upper = structure.to_full(components.precision_cholesky, *shape)
    return np.swapaxes(np.linalg.inv(upper), 1, 2)
