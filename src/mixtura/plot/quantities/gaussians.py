"""The Gaussian components of a fitted estimator, as the pictures need them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

Array = NDArray[np.float64]

_SPIRAL_POINTS = 4000


def full_covariances(estimator: Any) -> Array:
    """Covariance matrices of a fitted Gaussian mixture of any structure.

    Parameters
    ----------
    estimator : object
        Has ``means_`` (K, D), ``covariances_`` and ``covariance_type``.

    Returns
    -------
    ndarray of shape (K, D, D)

    Raises
    ------
    ValueError
        If the shape of ``covariances_`` fits no structure.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> spherical = SimpleNamespace(
    ...     means_=np.zeros((1, 2)), covariances_=[4.0], covariance_type="spherical"
    ... )
    >>> full_covariances(spherical).tolist()
    [[[4.0, 0.0], [0.0, 4.0]]]
    """
    count, dimension = np.shape(estimator.means_)
    values = np.asarray(estimator.covariances_, dtype=np.float64)
    structure = getattr(estimator, "covariance_type", None)
    identity = np.eye(dimension)
    if values.shape == (count, dimension, dimension):
        return values.copy()
    if values.shape == (dimension, dimension) and structure != "diag":
        return np.tile(values, (count, 1, 1))
    if values.shape == (count, dimension):
        return values[:, :, np.newaxis] * identity
    if values.shape == (count,):
        return values[:, np.newaxis, np.newaxis] * identity
    raise ValueError(
        f"covariances_ must be full ({count}, {dimension}, {dimension}), tied "
        f"({dimension}, {dimension}), diag ({count}, {dimension}) or spherical "
        f"({count},); got shape {values.shape} with covariance_type={structure!r}."
    )


@dataclass(frozen=True)
class GaussianComponents:
    """Weights, means and full covariances of a Gaussian mixture.

    Attributes
    ----------
    weights : ndarray of shape (K,)
    means : ndarray of shape (K, D)
    covariances : ndarray of shape (K, D, D)

    Examples
    --------
    >>> import numpy as np
    >>> components = GaussianComponents(
    ...     np.ones(1), np.array([[0.0, 5.0]]), np.diag([1.0, 9.0])[np.newaxis]
    ... )
    >>> components.marginal([1]).means.tolist()
    [[5.0]]
    """

    weights: Array
    means: Array
    covariances: Array

    @classmethod
    def of(cls, estimator: Any) -> "GaussianComponents":
        """Copy the parameters of a fitted estimator."""
        return cls(
            weights=np.array(estimator.weights_, dtype=np.float64),
            means=np.array(estimator.means_, dtype=np.float64),
            covariances=full_covariances(estimator),
        )

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def standard_deviations(self) -> Array:
        """Standard deviation of each component in each column, (K, D)."""
        return np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))

    def marginal(self, columns: Sequence[int]) -> "GaussianComponents":
        """Mixture of the chosen columns alone: sub-vectors and sub-matrices."""
        chosen = list(columns)
        return GaussianComponents(
            weights=self.weights,
            means=self.means[:, chosen],
            covariances=self.covariances[:, chosen][:, :, chosen],
        )

    def log_joint(self, points: Array) -> Array:
        """Log weight plus log density of each component, in nats.

        Parameters
        ----------
        points : ndarray of shape (n, D)

        Returns
        -------
        ndarray of shape (n, K)
            Minus infinity where the weight is zero.
        """
        result = np.empty((len(points), len(self)))
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights)
        for k, (mean, covariance) in enumerate(
            zip(self.means, self.covariances, strict=True)
        ):
            factor = np.linalg.cholesky(covariance)
            whitened = solve_triangular(factor, (points - mean).T, lower=True)
            result[:, k] = (
                log_weights[k]
                - np.log(np.diagonal(factor)).sum()
                - 0.5 * len(mean) * np.log(2 * np.pi)
                - 0.5 * np.square(whitened).sum(axis=0)
            )
        return result

    def density(self, points: Array) -> Array:
        """Density of the mixture at points of shape (n, D)."""
        total: Array = np.exp(self.log_joint(points)).sum(axis=1)
        return total


def highest_density_levels(components: GaussianComponents, masses: ArrayLike) -> Array:
    """Densities whose contours enclose the given probability masses.

    The region where the density exceeds the level is the smallest region
    that holds the mass.

    Parameters
    ----------
    components : GaussianComponents
        In two dimensions.
    masses : array-like of shape (m,)
        Strictly between 0 and 1.

    Returns
    -------
    ndarray of shape (m,)

    Examples
    --------
    >>> import numpy as np
    >>> standard = GaussianComponents(
    ...     np.ones(1), np.zeros((1, 2)), np.eye(2)[np.newaxis]
    ... )
    >>> level = highest_density_levels(standard, [0.5])
    >>> bool(abs(level[0] - 0.5 / (2 * np.pi)) < 1e-4)
    True
    """
    spiral = _normal_spiral()
    points = np.concatenate(
        [
            mean + spiral @ np.linalg.cholesky(covariance).T
            for mean, covariance in zip(
                components.means, components.covariances, strict=True
            )
        ]
    )
    mass = np.repeat(components.weights, len(spiral)) / len(spiral)
    density = components.density(points)
    order = np.argsort(density)[::-1]
    # Each point stands for a ring of mass, half of which lies inside it.
    enclosed = np.cumsum(mass[order]) - mass[order] / 2
    levels: Array = np.interp(
        np.asarray(masses, dtype=np.float64) * mass.sum(), enclosed, density[order]
    )
    return levels


def _normal_spiral() -> Array:
    """Evenly spread points of the standard normal plane, along a golden spiral."""
    index = np.arange(_SPIRAL_POINTS)
    radius = np.sqrt(-2 * np.log1p(-(index + 0.5) / _SPIRAL_POINTS))
    angle = index * np.pi * (3 - np.sqrt(5))
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
