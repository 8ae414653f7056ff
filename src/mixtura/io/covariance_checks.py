"""Checks that covariances read from a file are ones, and their factors theirs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.exceptions import ModelFileError


@np.errstate(all="ignore")  # what overflows is not consistent
def check_covariances(
    covariances: NDArray[np.float64],
    factors: NDArray[np.float64],
    structure: Any,
    owner: str,
) -> None:
    """Require positive definite covariances, and the factors of their inverses.

    Parameters
    ----------
    covariances, factors : ndarray
        In the shape of the structure.
    structure : Covariance
    owner : str
        Member of the document that holds both, for messages.

    Raises
    ------
    ModelFileError
        Naming the first that is not.
    """
    place = f"{owner}.covariances"
    if len(structure.shape(1, 1)) < 2 + structure.per_component:  # no matrices
        _check_variances(covariances, factors, place)
        return
    dimension = covariances.shape[-1]
    pairs = zip(
        covariances.reshape(-1, dimension, dimension),
        factors.reshape(-1, dimension, dimension),
        strict=True,
    )
    for k, (covariance, factor) in enumerate(pairs):
        one = f"{place}[{k}]" if structure.per_component else place
        _check_covariance(covariance, factor, one)


def _check_variances(
    variances: NDArray[np.float64], factors: NDArray[np.float64], place: str
) -> None:
    if not (variances > 0).all():
        raise ModelFileError(
            f"{place} must be positive; the least is {variances.min():g}."
        )
    if not np.allclose(factors * np.sqrt(variances), 1.0, rtol=0, atol=1e-6):
        raise _inconsistent(place)


def _check_covariance(
    covariance: NDArray[np.float64], factor: NDArray[np.float64], place: str
) -> None:
    deviations = np.sqrt(np.abs(np.diag(covariance)))
    if not (np.diag(covariance) > 0).all():
        raise ModelFileError(f"{place} is not positive definite.")
    correlation = covariance / np.outer(deviations, deviations)
    if not np.allclose(correlation, correlation.T, rtol=0, atol=1e-8):
        raise ModelFileError(f"{place} is not symmetric.")
    try:
        np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError as error:
        raise ModelFileError(f"{place} is not positive definite.") from error
    scaled = deviations[:, None] * factor
    if np.any(np.tril(factor, -1)) or not (np.diag(factor) > 0).all():
        raise _inconsistent(place)
    dimension = len(covariance)
    # rounding of an inverse grows with the condition number
    slack = 1e-6 + 64 * dimension * np.finfo(float).eps * np.linalg.cond(correlation)
    product = scaled.T @ correlation @ scaled
    if not np.abs(product - np.eye(dimension)).max() <= slack:
        raise _inconsistent(place)


def _inconsistent(place: str) -> ModelFileError:
    return ModelFileError(
        f"precisions_cholesky does not belong to {place}: it must be the upper "
        f"Cholesky factor of the inverse."
    )
