"""Aliases for the arrays that pass between the layers."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]
Rng: TypeAlias = np.random.Generator
