"""Measured data: read from the package or from scikit-learn."""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


def old_faithful() -> NDArray[np.float64]:
    """Eruption and waiting times of the Old Faithful geyser.

    Returns
    -------
    ndarray of shape (272, 2)
        Duration of the eruption and waiting time to the next one, in minutes.

    References
    ----------
    A. Azzalini and A. W. Bowman (1990). A look at some data on the Old Faithful
    geyser. Applied Statistics 39, 357-365.
    """
    resource = files("mixtura.datasets").joinpath("data", "old-faithful.csv")
    with resource.open(encoding="utf-8") as lines:
        return np.loadtxt(lines, delimiter=",", skiprows=1, dtype=np.float64)


def iris() -> NDArray[np.float64]:
    """Fisher's iris measurements.

    Returns
    -------
    ndarray of shape (150, 4)
        Sepal length and width, petal length and width, in centimetres; fifty
        rows of each of setosa, versicolor and virginica, in this order.
    """
    from sklearn.datasets import load_iris

    return np.asarray(load_iris().data, dtype=np.float64)
