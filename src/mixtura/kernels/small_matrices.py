"""Compiled linear algebra for a few columns, where calling a library costs more."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numba
import numpy as np

SWEEPS = 30
"""Of Jacobi's method, at most; it takes six or so."""

ORTHOGONAL = 1e-26
"""Share of a product of two variances below which their squared covariance is none."""

QUICK: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
"""Nothing is compiled that only calls from Python need; divisions are not checked."""

Function = Callable[..., Any]


def inlined(function: Function) -> Function:
    """Compile for functions that are compiled themselves."""
    made: Function = numba.njit(**QUICK)(function)
    return made


def once(function: Function) -> Function:
    """Compile within the one function that calls it, which takes less time."""
    made: Function = numba.njit(inline="always", error_model="numpy")(function)
    return made


def summed(function: Function) -> Function:
    """Compile loops over rows, whose sums may be taken in any order."""
    options = {**QUICK, "fastmath": {"reassoc", "contract", "nsz"}}
    made: Function = numba.njit(**options)(function)
    return made


@inlined
def precision_factor(matrix: Any, factor: Any) -> bool:
    """Write the upper triangular P with P P^T the inverse; False if there is none.

    With L L^T the matrix, P is the transposed inverse of L.
    """
    D = len(matrix)
    lower = np.empty((D, D))
    for i in range(D):
        for j in range(i + 1):
            rest = matrix[i, j]
            for c in range(j):
                rest -= lower[i, c] * lower[j, c]
            if i == j:
                if not (rest > 0.0 and rest < np.inf):
                    return False
                lower[i, i] = sqrt(rest)
            else:
                lower[i, j] = rest / lower[j, j]
    for j in range(D):
        for i in range(j):
            factor[j, i] = 0.0
        factor[j, j] = 1.0 / lower[j, j]
        for i in range(j + 1, D):
            rest = 0.0
            for c in range(j, i):
                rest -= lower[i, c] * factor[j, c]
            factor[j, i] = rest / lower[i, i]
    return True


@inlined
def turn(axes: Any, p: int, q: int, cosine: float, sine: float) -> None:
    """Turn axes in the plane of columns p and q."""
    for i in range(len(axes)):
        x, y = axes[i, p], axes[i, q]
        axes[i, p], axes[i, q] = cosine * x + sine * y, cosine * y - sine * x


@inlined
def turn_matrix(matrix: Any, p: int, q: int, cosine: float, sine: float) -> None:
    """Rewrite a matrix for axes that have been turned so."""
    turn(matrix, p, q, cosine, sine)
    for i in range(len(matrix)):
        x, y = matrix[p, i], matrix[q, i]
        matrix[p, i], matrix[q, i] = cosine * x + sine * y, cosine * y - sine * x


@inlined
def decompose(matrix: Any, values: Any, axes: Any) -> None:
    """Write eigenvalues, ascending and not negative, and eigenvectors in columns."""
    put_unit(axes)
    decompose_near(matrix, values, axes)


@inlined
def put_unit(matrix: Any) -> None:
    """Write the unit matrix."""
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            matrix[i, j] = 1.0 if i == j else 0.0


@inlined
def decompose_near(matrix: Any, values: Any, axes: Any) -> None:
    """Write eigenvalues and eigenvectors, beginning at orthogonal axes.

    By rotations in one plane after the other (Jacobi's method), of which few are
    needed if the axes are close. Axes that a nan in a matrix has spoilt are forgotten.
    """
    D = len(matrix)
    total = 0.0
    for i in range(D):
        total += axes[i, i]
    if not abs(total) < np.inf:
        put_unit(axes)
    turned = np.empty((D, D))
    turn_to(matrix, axes, turned)
    for _ in range(SWEEPS):
        is_diagonal = True
        for p in range(D):
            for q in range(p + 1, D):
                off = turned[p, q]
                if off * off <= ORTHOGONAL * abs(turned[p, p] * turned[q, q]):
                    continue
                is_diagonal = False
                slope = (turned[q, q] - turned[p, p]) / (2.0 * off)
                size = abs(slope) + sqrt(slope * slope + 1.0)
                tangent = -1.0 / size if slope >= 0 else 1.0 / size
                cosine = 1.0 / sqrt(tangent * tangent + 1.0)
                turn(axes, p, q, cosine, tangent * cosine)
                turn_matrix(turned, p, q, cosine, tangent * cosine)
                turned[p, q] = turned[q, p] = 0.0
        if is_diagonal:
            break
    for i in range(D):
        values[i] = max(turned[i, i], 0.0)
    _sort(values, axes)


@inlined
def turn_to(matrix: Any, axes: Any, turned: Any) -> None:
    """Write a symmetric matrix as it is along axes."""
    D = len(matrix)
    column = np.empty(D)
    for b in range(D):
        for i in range(D):
            column[i] = 0.0
            for j in range(D):
                column[i] += matrix[i, j] * axes[j, b]
        for a in range(b + 1):
            total = 0.0
            for i in range(D):
                total += axes[i, a] * column[i]
            turned[a, b] = turned[b, a] = total


@inlined
def _sort(values: Any, axes: Any) -> None:
    """Put eigenvalues in ascending order, and their vectors with them."""
    D = len(values)
    for i in range(1, D):
        j = i
        while j > 0 and values[j] < values[j - 1]:
            values[j], values[j - 1] = values[j - 1], values[j]
            for c in range(D):
                axes[c, j], axes[c, j - 1] = axes[c, j - 1], axes[c, j]
            j -= 1


@inlined
def compose(values: Any, axes: Any, matrix: Any) -> None:
    """Write the matrix with these variances along these axes."""
    D = len(values)
    for i in range(D):
        for j in range(i + 1):
            total = 0.0
            for c in range(D):
                total += axes[i, c] * values[c] * axes[j, c]
            matrix[i, j] = matrix[j, i] = total


@inlined
def squared_norm(matrix: Any, factor: Any) -> float:
    """Return tr(P^T S P) of a matrix S and an upper triangular factor P."""
    D = len(matrix)
    total = 0.0
    for c in range(D):
        for i in range(c + 1):
            for j in range(c + 1):
                total += factor[i, c] * matrix[i, j] * factor[j, c]
    return total
