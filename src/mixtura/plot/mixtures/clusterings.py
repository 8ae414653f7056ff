"""Two ways to group the same rows, made comparable: numbers, borders, words."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.inference.agreement import agreement
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.plane import ResponsibilityGrid


def matching_numbers(
    clusters: NDArray[np.intp], found: NDArray[np.intp], count: int
) -> NDArray[np.intp]:
    """New number of each cluster: that of the component it shares most rows with.

    Parameters
    ----------
    clusters, found : ndarray of int of shape (n,)
        Of each row; `found` may have numbers beyond `count`, for noise.
    count : int
        Of the clusters, and of the components.

    Returns
    -------
    ndarray of int of shape (count,)
        A permutation.

    Examples
    --------
    >>> import numpy as np
    >>> clusters, found = np.array([0, 0, 1, 1, 2]), np.array([2, 2, 0, 0, 2])
    >>> matching_numbers(clusters, found, 3).tolist()
    [2, 0, 1]
    """
    matching = agreement(clusters, found).matching
    taken = {cluster: k for cluster, k in matching.items() if k < count}
    free = iter(sorted(set(range(count)) - set(taken.values())))
    numbers = [taken[j] if j in taken else next(free) for j in range(count)]
    return np.array(numbers, dtype=np.intp)


def check_clusters(kmeans: Any, count: int, caller: str) -> None:
    """Require as many clusters as components.

    Raises
    ------
    ValueError
        If there are fewer or more.
    """
    n_clusters = len(kmeans.cluster_centers_)
    if n_clusters != count:
        raise ValueError(
            f"{caller}: kmeans must have as many clusters as the model has components, "
            f"{count}; got {n_clusters}."
        )


def matched_clusters(
    kmeans: Any, X: Array, found: NDArray[np.intp]
) -> tuple[NDArray[np.intp], Array]:
    """Clusters of rows, and their centres, numbered as the components they match."""
    clusters, centres = kmeans.predict(X), kmeans.cluster_centers_
    numbers = matching_numbers(clusters, found, len(centres))
    return numbers[clusters], np.asarray(centres[np.argsort(numbers)])


def nearness_grid(centres: Array, grid: ResponsibilityGrid) -> ResponsibilityGrid:
    """Shares that are equal where two centres are equally near, over the same places.

    Those of k-means are 0 and 1, which would draw its straight borders as stairs.
    """
    mesh = np.meshgrid(*grid.axes)
    points = np.column_stack([values.ravel() for values in mesh])
    squares = np.stack([((points - c) ** 2).sum(axis=1) for c in centres], axis=1)
    further = squares - squares.min(axis=1, keepdims=True)
    shares = np.exp(-further / further.mean() if further.any() else further)
    shares /= shares.sum(axis=1, keepdims=True)
    return ResponsibilityGrid(grid.axes, shares.reshape(*mesh[0].shape, len(centres)))


def titles(
    clusters: NDArray[np.intp], found: NDArray[np.intp], y: Any
) -> tuple[str, str]:
    """Name k-means and EM, with the adjusted Rand index of each with the classes.

    Without classes the second title has that of one with the other.
    """
    if y is None:
        return (
            "k-means",
            f"EM, adjusted Rand index with k-means {_index(clusters, found)}",
        )
    return (
        f"k-means, adjusted Rand index {_index(clusters, y)}",
        f"EM, adjusted Rand index {_index(found, y)}",
    )


def _index(found: NDArray[np.intp], known: Any) -> str:
    value = agreement(found, known).adjusted_rand_index
    return f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")
