"""Arithmetic on several sets of K components at once: values (..., K, …)."""

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array


def apart(n_sets: int, *of_components: Array) -> tuple[Array, ...]:
    """Lay what belongs to so many sets, one after another, along an axis of sets."""
    return tuple(
        values.reshape(n_sets, -1, *values.shape[1:]) for values in of_components
    )


def mean_over_components(own: Array, counts: Array) -> Array:
    """Average (..., K, …) over the K components, weighted by counts (..., K)."""
    return summed_over_components(own, counts / counts.sum(axis=-1, keepdims=True))


def summed_over_components(own: Array, shares: Array) -> Array:
    """Sum (..., K, …) over the K components, each times its share (..., K)."""
    flat = own.reshape(*shares.shape, -1)
    total = (shares[..., None, :] @ flat)[..., 0, :]
    return np.asarray(total.reshape(shares.shape[:-1] + own.shape[shares.ndim :]))


def for_all(value: Array, own: Array) -> Array:
    """Repeat what components have in common, (..., 1, …), for each: like `own`."""
    result = np.empty_like(own)
    result[...] = value
    return result


def chosen(is_first: NDArray[np.bool_], first: Array, second: Array) -> Array:
    """Take the values (..., …) of the first or second, as is said of each set (...)."""
    wide = is_first.reshape(is_first.shape + (1,) * (first.ndim - is_first.ndim))
    return np.where(wide, first, second)
