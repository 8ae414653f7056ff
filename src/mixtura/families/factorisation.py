"""The only place where a covariance matrix is factored or inverted."""

import numpy as np
from scipy.linalg import solve_triangular

from mixtura._types import Array
from mixtura.exceptions import DegenerateComponentError

# Smallest squared Cholesky pivot of a correlation matrix that is not rounding.
SINGULAR = 1e-15

ILL_DEFINED = (
    "Fitting the mixture model failed because some components have ill-defined "
    "empirical covariance (for instance caused by singleton or collapsed samples). "
    "Try to decrease the number of components, increase reg_covar, or scale the "
    "input data."
)


def degenerate(component: int) -> DegenerateComponentError:
    """Return the error for a component whose covariance has no inverse."""
    where = f" The covariance of component {component} is not positive definite."
    return DegenerateComponentError(ILL_DEFINED + where, component)


def symmetrised(matrices: Array) -> Array:
    """Average with the transpose of the last two axes."""
    return np.asarray((matrices + np.swapaxes(matrices, -1, -2)) / 2)


def cholesky(matrix: Array, component: int) -> Array:
    """Lower Cholesky factor L of a positive definite matrix, shape (D, D).

    The matrix is factored as a correlation matrix, so the verdict on what is singular
    does not depend on the units of the columns.

    Raises
    ------
    DegenerateComponentError
        If the matrix is not positive definite to working precision.
    """
    with np.errstate(invalid="ignore"):
        deviations = np.sqrt(np.diag(matrix))
    if not (np.all(deviations > 0) and np.all(np.isfinite(matrix))):
        raise degenerate(component)
    try:
        factor = np.linalg.cholesky(matrix / np.outer(deviations, deviations))
    except np.linalg.LinAlgError:
        raise degenerate(component) from None
    if not np.diag(factor).min() ** 2 > SINGULAR:
        raise degenerate(component)
    return np.asarray(deviations[:, None] * factor)


def precision_cholesky_of(matrix: Array, component: int) -> Array:
    """Upper-triangular P with P P^T the inverse of `matrix`, shape (D, D)."""
    factor = cholesky(matrix, component)
    return np.ascontiguousarray(
        solve_triangular(factor, np.eye(len(matrix)), lower=True).T
    )


def inverse_roots(variances: Array) -> Array:
    """Return 1 / sqrt(variances), component by component along the first axis."""
    usable = (variances > 0) & np.isfinite(variances)
    if not usable.all():
        raise degenerate(int(np.argwhere(~usable)[0][0]))
    return np.asarray(1 / np.sqrt(variances))


def inverse(matrix: Array, component: int) -> Array:
    """Inverse of a positive definite matrix."""
    root = precision_cholesky_of(matrix, component)
    return root @ root.T


def clipped(matrix: Array, floor: Array) -> Array:
    r"""Raise the eigenvalues of `matrix` to 1 in the metric of diag(floor).

    Of all :math:`\Sigma \succeq \mathrm{diag}(f)`, the result maximises
    :math:`-\log|\Sigma| - \mathrm{tr}(\Sigma^{-1} S)`: in units in which the floor is
    the identity, that is a sum over eigenvalues, maximal where
    :math:`\lambda_j = \max(s_j, 1)`.
    """
    unit = np.sqrt(floor)
    scaled = matrix / np.outer(unit, unit)
    try:
        # Cheap and almost always enough: S - I is positive definite.
        np.linalg.cholesky(scaled - np.eye(len(unit)))
    except np.linalg.LinAlgError:
        eigenvalues, vectors = np.linalg.eigh(scaled)
        raised = (vectors * np.maximum(eigenvalues, 1.0)) @ vectors.T
        return symmetrised(raised) * np.outer(unit, unit)
    return matrix
