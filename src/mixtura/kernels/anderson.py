"""Compiled Anderson acceleration of a fixed-point map."""

from typing import Any

import numpy as np

from mixtura.kernels.small_matrices import inlined, precision_factor, summed

MEMORY = 6
"""Differences that are kept."""

RIDGE = 1e-12
"""Share of the mean square of a step that keeps the equations regular."""

TINY = 1e-300


@inlined
def mixed(memory: Any, m: int, result: Any) -> bool:
    r"""Write the combination of images whose steps cancel best.

    With the steps :math:`f_i = g_i - s_i` from origins s to images g,

    .. math:: \min_\gamma \lVert f_t - \Delta F \gamma \rVert, \qquad
        s_{t+1} = g_t - \Delta G \gamma .

    Parameters
    ----------
    memory : (ndarray, ndarray)
        Origins and images, of which m + 1 rows are used, the latest last.
    m : int
    result : ndarray of shape (p,), to be written

    Returns
    -------
    bool
        Whether there is one.
    """
    origins, images = memory
    size = len(result)
    gram, factor = np.empty((m, m)), np.empty((m, m))
    sides, solved, gamma = np.zeros(m), np.zeros(m), np.zeros(m)
    trace = 0.0
    for i in range(m):
        for j in range(i + 1):
            gram[i, j] = gram[j, i] = _product_of_changes(origins, images, i, j)
        trace += gram[i, i]
    for i in range(m):
        gram[i, i] += RIDGE * trace / m + TINY
        sides[i] = _product_with_step(origins, images, i, m)
    if not precision_factor(gram, factor):
        return False
    for j in range(m):
        for i in range(j + 1):
            solved[j] += factor[i, j] * sides[i]
    for j in range(m):
        for i in range(j + 1):
            gamma[i] += factor[i, j] * solved[j]
    for c in range(size):
        result[c] = images[m, c]
        for i in range(m):
            result[c] -= gamma[i] * (images[i + 1, c] - images[i, c])
    return True


@inlined
def _step(origins: Any, images: Any, i: int, c: int) -> float:
    return images[i, c] - origins[i, c]


@summed
def _product_with_step(origins: Any, images: Any, i: int, m: int) -> float:
    """Return the product of a change of the step and the latest step."""
    total = 0.0
    for c in range(origins.shape[1]):
        change = _step(origins, images, i + 1, c) - _step(origins, images, i, c)
        total += change * _step(origins, images, m, c)
    return total


@summed
def _product_of_changes(origins: Any, images: Any, i: int, j: int) -> float:
    """Return the product of two changes of the step."""
    total = 0.0
    for c in range(origins.shape[1]):
        one = _step(origins, images, i + 1, c) - _step(origins, images, i, c)
        other = _step(origins, images, j + 1, c) - _step(origins, images, j, c)
        total += one * other
    return total
