"""Covariance ellipses."""

from typing import Any

import numpy as np
from matplotlib.patches import Ellipse
from numpy.typing import ArrayLike


def mass_within(n_std: float) -> float:
    """Probability inside the ellipse of a two-dimensional Gaussian.

    Parameters
    ----------
    n_std : float
        Mahalanobis radius of the ellipse.

    Examples
    --------
    >>> round(mass_within(1), 4), round(mass_within(2), 4)
    (0.3935, 0.8647)
    """
    return float(-np.expm1(-0.5 * n_std**2))


def covariance_ellipse(
    mean: ArrayLike, covariance: ArrayLike, n_std: float, **style: Any
) -> Ellipse:
    r"""Ellipse of the points at Mahalanobis distance `n_std` from the mean.

    Its axes are :math:`2\,n\sqrt{\lambda_1}` and :math:`2\,n\sqrt{\lambda_2}`
    long, with :math:`\lambda_1 \ge \lambda_2` the eigenvalues.

    Parameters
    ----------
    mean : array-like of shape (2,)
    covariance : array-like of shape (2, 2)
    n_std : float
    **style
        Passed to :class:`matplotlib.patches.Ellipse`.

    Returns
    -------
    matplotlib.patches.Ellipse
        ``width`` is the major axis; ``angle``, in degrees, its direction.

    Examples
    --------
    >>> ellipse = covariance_ellipse([0, 0], [[1, 0], [0, 9]], 2)
    >>> float(ellipse.width), float(ellipse.height), float(ellipse.angle)
    (12.0, 4.0, 90.0)
    """
    (a, b), (_, c) = np.asarray(covariance, dtype=np.float64)
    largest = (a + c) / 2 + np.hypot((a - c) / 2, b)
    # A general eigensolver loses the small one when the units are far apart.
    smallest = max((a * c - b * b) / largest, 0.0)
    x, y = np.asarray(mean, dtype=np.float64)
    return Ellipse(
        (float(x), float(y)),
        width=2 * n_std * np.sqrt(largest),
        height=2 * n_std * np.sqrt(smallest),
        angle=np.degrees(np.arctan2(2 * b, a - c)) / 2,
        **style,
    )
