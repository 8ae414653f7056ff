"""Agglomeration: merge rows, two clusters at a time, until K are left."""

import numpy as np

from mixtura._types import Array, IntArray


def merged(X: Array, weights: Array, n_components: int) -> IntArray:
    r"""Labels (n,) of the clusters that Ward's method leaves.

    It merges the two clusters i, j for which

    .. math:: \frac{w_i w_j}{w_i + w_j} \lVert \mu_i - \mu_j \rVert^2

    is least: what the classification likelihood of equal spherical covariances loses
    ([BanfieldRaftery1993]_, section 2). Chains of nearest neighbours find the merges
    ([Murtagh1983]_) in O(n² D) time and O(n D) memory.

    Parameters
    ----------
    X : ndarray of shape (n, D)
        At least `n_components` rows.
    weights : ndarray of shape (n,)
        Positive.
    n_components : int

    References
    ----------
    .. [BanfieldRaftery1993] J. D. Banfield, A. E. Raftery. Model-based Gaussian and
       non-Gaussian clustering. Biometrics 49.
    .. [Murtagh1983] F. Murtagh. A survey of recent advances in hierarchical clustering
       algorithms. The Computer Journal 26.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [10.0], [12.0]])
    >>> merged(X, np.ones(4), 2)
    array([0, 0, 1, 1])
    """
    losses, pairs = _merges(X, weights)
    cheapest = np.argsort(losses, kind="stable")[: len(X) - n_components]
    cluster = np.arange(len(X))
    for merge in np.sort(cheapest):  # a cluster is made before it is merged again
        kept, gone = cluster[pairs[merge]]
        cluster[cluster == gone] = kept
    return np.unique(cluster, return_inverse=True)[1]


def _merges(X: Array, weights: Array) -> tuple[Array, IntArray]:
    """Losses (n - 1,) of all merges, and a row of either cluster (n - 1, 2)."""
    means, sizes = X.copy(), weights.astype(float)
    losses: list[float] = []
    pairs: list[tuple[int, int]] = []
    chain = [0]
    alive = np.ones(len(X), dtype=bool)
    while len(losses) < len(X) - 1:
        if not chain:
            chain.append(int(alive.argmax()))
        here = chain[-1]
        distances = ((means - means[here]) ** 2).sum(axis=1)
        loss = sizes * sizes[here] / (sizes + sizes[here]) * distances
        loss[~alive] = np.inf
        loss[here] = np.inf
        nearest = int(loss.argmin())
        back = chain[-2] if len(chain) > 1 else -1
        if back < 0 or loss[nearest] < loss[back]:
            chain.append(nearest)
            continue
        del chain[-2:]
        losses.append(float(loss[back]))
        pairs.append((back, here))
        total = sizes[back] + sizes[here]
        means[back] += sizes[here] / total * (means[here] - means[back])
        sizes[back], alive[here] = total, False
    return np.array(losses), np.array(pairs).reshape(-1, 2)
