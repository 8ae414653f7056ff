"""Inverses of triangular factors."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtri

from mixtura.kernels.moments import Array

MANY_FEATURES = 12
"""From here on a triangular solver a matrix beats NumPy's general one for all."""


def upper_triangular_inverses(factors: NDArray[np.float64]) -> Array:
    """Inverses of regular upper triangular matrices (K, D, D), or of one (D, D).

    The general solver's elimination finds nothing to do in these; so what is below the
    diagonal stays exactly zero.
    """
    if factors.shape[-1] < MANY_FEATURES:
        return np.asarray(np.linalg.inv(factors), dtype=np.float64)
    if factors.ndim == 2:
        return np.asarray(dtrtri(factors, lower=False)[0])
    return np.stack([dtrtri(factor, lower=False)[0] for factor in factors])
