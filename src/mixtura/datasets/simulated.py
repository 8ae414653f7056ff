"""The data sets that the course's listings draw, number for number.

The listings seed NumPy's global generator; here the same legacy generator is a
local :class:`numpy.random.RandomState`, whose stream NumPy has frozen. Only
``multivariate_normal`` leaves room: it factorises the covariance by LAPACK's
singular value decomposition, whose signs and order may differ between builds
when the covariance is not a multiple of the identity. Then the distribution of
the points is the same, the points themselves are not.
"""

import numpy as np
from numpy.typing import NDArray


def lesson_16(seed: int = 42) -> NDArray[np.float64]:
    """Two clusters of 120 points about (-2, -2) and (2, 2), unit covariance.

    Parameters
    ----------
    seed : int
        Seed of the legacy generator; the lesson uses 42.

    Returns
    -------
    ndarray of shape (240, 2)
        The rows of the first cluster, then those of the second.

    Examples
    --------
    >>> lesson_16().shape
    (240, 2)
    """
    return _round_clusters(seed, 120, [[-2.0, -2.0], [2.0, 2.0]])


def lecture_15_1d(seed: int = 0) -> NDArray[np.float64]:
    """Draw 600 points from 0.65 N(-1.2, 0.45²) + 0.35 N(1.8, 0.7²).

    Parameters
    ----------
    seed : int
        Seed of the legacy generator; the lecture uses 0.

    Returns
    -------
    ndarray of shape (600, 1)
        The two components are mixed among the rows.

    Examples
    --------
    >>> lecture_15_1d().shape
    (600, 1)
    """
    rng = np.random.RandomState(seed)
    component = rng.choice([0, 1], size=600, p=[0.65, 0.35])
    standard_deviations = np.array([0.45, 0.7])[component]
    means = np.array([-1.2, 1.8])[component]
    values: NDArray[np.float64] = rng.randn(600) * standard_deviations + means
    return values.reshape(-1, 1)


def lecture_15_2d(seed: int = 1) -> NDArray[np.float64]:
    """Draw 800 points from three correlated Gaussian components in the plane.

    Weights 0.4, 0.35, 0.25; means (-2, -1), (1.5, 0.7), (0, 2.5).

    Parameters
    ----------
    seed : int
        Seed of the legacy generator; the lecture uses 1 and 78. The lecture
        calls them two starts on one data set; its listing draws new data, too.

    Returns
    -------
    ndarray of shape (800, 2)
        Sorted by component.

    Examples
    --------
    >>> lecture_15_2d(seed=78).shape
    (800, 2)
    """
    means = [[-2.0, -1.0], [1.5, 0.7], [0.0, 2.5]]
    covariances = [
        [[0.6, 0.2], [0.2, 0.5]],
        [[0.5, -0.1], [-0.1, 0.4]],
        [[0.3, 0.0], [0.0, 0.8]],
    ]
    rng = np.random.RandomState(seed)
    component = rng.choice(np.arange(3), size=800, p=[0.4, 0.35, 0.25])
    return np.vstack(
        [
            rng.multivariate_normal(
                means[k], covariances[k], size=(component == k).sum()
            )
            for k in range(3)
        ]
    )


def walk_through(seed: int = 42) -> NDArray[np.float64]:
    """Three clusters of 100 points about (5, 5), (0, 0) and (8, 1).

    Unit covariance each.

    Parameters
    ----------
    seed : int
        Seed of the legacy generator; the walk-through uses 42.

    Returns
    -------
    ndarray of shape (300, 2)
        Sorted by cluster.

    Examples
    --------
    >>> walk_through().shape
    (300, 2)
    """
    return _round_clusters(seed, 100, [[5.0, 5.0], [0.0, 0.0], [8.0, 1.0]])


def _round_clusters(
    seed: int, n_each: int, means: list[list[float]]
) -> NDArray[np.float64]:
    rng = np.random.RandomState(seed)
    clusters = [rng.multivariate_normal(mean, np.eye(2), n_each) for mean in means]
    return np.vstack(clusters)
