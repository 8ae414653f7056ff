"""Rows in other units, computed where they are needed and never as a whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LOOP = 256
"""Numbers that one inner loop of NumPy should handle."""


@dataclass(frozen=True)
class Scaled:
    """(X - center) / scale as the kernels take it: block by block.

    NumPy makes an array of it, in C order; compiled kernels move and scale a row while
    they read it, with the same bits.

    Parameters
    ----------
    X : ndarray of shape (n, D)
        In any layout, of any real dtype.
    center : ndarray of shape (D,)
    scale : ndarray of shape (D,)
        Powers of two.
    dtype : dtype
        Of the result. In single precision the difference is taken in that of X, where
        it is exact to rounding, and no wider array is made.
    """

    X: NDArray[Any]
    center: Array
    scale: Array
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        return len(self.X)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self.X.shape

    def __getitem__(self, rows: Any) -> "Scaled":
        return Scaled(self.X[rows], self.center, self.scale, self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        X, (center, factor) = self.X, self.move
        if factor is None:
            Z = np.subtract(X, center, order="C") / self.scale.astype(center.dtype)
        elif X.dtype == center.dtype and X.flags.c_contiguous and len(X) > 0:
            Z = _moved_and_scaled(X, center, factor)
        else:
            Z = np.subtract(X, center, order="C")
            Z *= factor
        Z = Z.astype(self.dtype, copy=False)
        return Z if dtype is None else Z.astype(dtype, copy=False)

    @property
    def move(self) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """What is subtracted, and then multiplied by, in the precision to do it in.

        Powers of two have exact inverses; None if one leaves the range of floats.
        """
        wide = np.result_type(self.X.dtype, self.dtype)
        with np.errstate(over="ignore", under="ignore"):
            factor = (1 / self.scale).astype(wide, copy=False)
        usable = np.isfinite(factor).all() and factor.all()
        return self.center.astype(wide, copy=False), factor if usable else None


def _moved_and_scaled(
    X: NDArray[Any], center: NDArray[Any], factor: NDArray[Any]
) -> NDArray[Any]:
    """Return (X - center) * factor, several rows at a time.

    NumPy's loops over few columns spend their time in starting.
    """
    Z = np.empty_like(X)
    together = max(1, LOOP // X.shape[1])
    whole = len(X) // together * together
    rows, moved = (A[:whole].reshape(-1, together * X.shape[1]) for A in (X, Z))
    np.subtract(rows, np.tile(center, together), out=moved)
    moved *= np.tile(factor, together)
    np.subtract(X[whole:], center, out=Z[whole:])
    Z[whole:] *= factor
    return Z
