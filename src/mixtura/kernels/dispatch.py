"""The public kernels, and the choice between the fused and the plain ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.kernels import plain
from mixtura.kernels.moments import (
    Array,
    Moments,
    Rows,
    live_components,
    with_dead_components,
)
from mixtura.kernels.optional import compiled_code
from mixtura.kernels.plain import Parameters

FUSED_WORK = 200_000
"""Multiplications in one E-step from which on the fused kernels run. Below, NumPy
takes less than 0.5 ms, and a whole fit is over before Numba has been imported and its
kernels loaded from disk (0.5 s)."""

FUSED_ROWS = 1_000
"""Fewer rows never wait for a compiler, unless there is ten times that work."""

FUSED_SCORING_WORK = 4_000_000
"""The same for scoring, which is done once rather than a hundred times."""


class Kernels:
    """E-step and scoring under one covariance structure.

    Parameters
    ----------
    structure : plain.Structure
        Full, tied, diagonal or spherical.

    Notes
    -----
    All methods are pure functions of finite rows X (n, D), float64 or float32, and of

    * `constants` (K,): log weight plus everything else in the log joint that does not
      depend on the row; ``-inf`` removes a component;
    * `means` (K, D);
    * `precision_cholesky`: upper triangular P with precision ``P @ P.T``, (K, D, D)
      for full and (D, D) for tied covariance; one over the standard deviations, (K, D)
      for diagonal and (K,) for spherical covariance,

    so that ``log_joint[i, k] = constants[k] - |(X[i] - means[k]) @ P[k]|**2 / 2``, in
    nats. A row whose squares overflow belongs to the nearest component and has a log
    density of at least -1e300.

    Sizes decide whether a fused kernel runs. Who hands over the rows in parts says how
    many there are in all, `total_rows`, and every part is treated alike: scores of
    fused kernels have the same bits for any split. Large float32 rows are worked on in
    single precision, with sums over blocks of rows in double. Results do not depend on
    `n_threads`, to the last bit.

    Examples
    --------
    Two rows, one unit either side of the mean of one standard normal component:

    >>> import numpy as np
    >>> from mixtura import kernels
    >>> X = np.array([[0.0], [2.0]])
    >>> parameters = np.array([-0.5 * np.log(2 * np.pi)]), np.ones((1, 1)), np.eye(1)
    >>> moments = kernels.e_step_tied(X, None, *parameters)
    >>> moments.counts, moments.first, moments.second
    (array([2.]), array([[0.]]), array([[2.]]))
    >>> kernels.labels_tied(X, *parameters)
    array([0, 0])
    """

    def __init__(self, structure: plain.Structure) -> None:
        self._structure = structure

    def e_step(
        self,
        X: Rows,
        row_weights: Array | None,
        constants: Array,
        means: Array,
        precision_cholesky: Array,
        *,
        n_threads: int = 1,
        total_rows: int | None = None,
    ) -> Moments:
        """Sum log-likelihood, entropy and moments about the means over the rows.

        Parameters
        ----------
        X : ndarray of shape (n, D)
        row_weights : ndarray of shape (n,) or None
            Nonnegative factors of the rows' contributions; None means 1.
        constants, means, precision_cholesky : ndarray
            See the class.
        n_threads : int, default=1
        total_rows : int, optional
            See the class.

        Returns
        -------
        Moments
            Sums over rows, in nats and in the units of X.
        """
        parameters = Parameters(constants, means, precision_cholesky)
        if not is_fused(len(X) if total_rows is None else total_rows, *means.shape):
            return plain.e_step(self._structure, X, row_weights, parameters)
        launch = compiled_code("launch")
        if launch is None:
            return plain.e_step(self._structure, X, row_weights, parameters)
        live = live_components(constants)
        pooled = self._structure.pooled
        if live is not None:
            parameters = parameters.only(live, pooled)
        moments: Moments = launch.e_step(
            self._structure, X, row_weights, parameters, n_threads
        )
        if live is None:
            return moments
        return with_dead_components(moments, live, len(constants), pooled)

    def moments(self, X: Array, weights: Array, pivot: Array) -> tuple[Array, Array]:
        """First and second moments of a few rows about the pivots.

        Parameters
        ----------
        X : ndarray of shape (n, D)
        weights : ndarray of shape (n, K)
        pivot : ndarray of shape (K, D)

        Returns
        -------
        tuple of ndarray
            As in `Moments`.
        """
        differences = X - pivot[:, None, :]
        shares = np.ascontiguousarray(weights.T)
        first = (shares[:, None, :] @ differences)[:, 0, :]
        return first, self._structure.second_moment(differences, shares)

    def log_joint(
        self,
        X: Rows,
        constants: Array,
        means: Array,
        precision_cholesky: Array,
        out: Array | None = None,
        *,
        n_threads: int = 1,
        total_rows: int | None = None,
    ) -> Array:
        """Log weight plus log density of each row and component.

        Parameters
        ----------
        X : ndarray of shape (n, D)
        constants, means, precision_cholesky : ndarray
            See the class.
        out : ndarray of shape (n, K), optional
            Where to write the result.
        n_threads : int, default=1
        total_rows : int, optional
            See the class.

        Returns
        -------
        ndarray of shape (n, K)
            In nats; -inf for components whose constant is -inf.
        """
        parameters = Parameters(constants, means, precision_cholesky)
        result = np.empty((len(X), len(constants))) if out is None else out
        live = live_components(constants)
        if live is None:
            self._score(0, X, parameters, result, n_threads, total_rows)
            return result
        result[:] = -np.inf
        reduced = parameters.only(live, self._structure.pooled)
        values = np.empty((len(X), len(live)))
        self._score(0, X, reduced, values, n_threads, total_rows)
        result[:, live] = values
        return result

    def log_density(
        self,
        X: Rows,
        constants: Array,
        means: Array,
        precision_cholesky: Array,
        out: Array | None = None,
        *,
        n_threads: int = 1,
        total_rows: int | None = None,
    ) -> Array:
        """Log density of the mixture at each row.

        Parameters
        ----------
        X : ndarray of shape (n, D)
        constants, means, precision_cholesky : ndarray
            See the class.
        out : ndarray of shape (n,), optional
            Where to write the result.
        n_threads : int, default=1
        total_rows : int, optional
            See the class.

        Returns
        -------
        ndarray of shape (n,)
            In nats.
        """
        parameters = Parameters(constants, means, precision_cholesky)
        result = np.empty(len(X)) if out is None else out
        live = live_components(constants)
        if live is not None:
            parameters = parameters.only(live, self._structure.pooled)
        self._score(1, X, parameters, result, n_threads, total_rows)
        return result

    def labels(
        self,
        X: Rows,
        constants: Array,
        means: Array,
        precision_cholesky: Array,
        out: NDArray[np.int64] | None = None,
        *,
        n_threads: int = 1,
        total_rows: int | None = None,
    ) -> NDArray[np.int64]:
        """Most probable component of each row, the first one among equals.

        Parameters
        ----------
        X : ndarray of shape (n, D)
        constants, means, precision_cholesky : ndarray
            See the class.
        out : ndarray of int64 of shape (n,), optional
            Where to write the result.
        n_threads : int, default=1
        total_rows : int, optional
            See the class.

        Returns
        -------
        ndarray of int64 of shape (n,)
        """
        parameters = Parameters(constants, means, precision_cholesky)
        result = np.empty(len(X), dtype=np.int64) if out is None else out
        live = live_components(constants)
        if live is not None:
            parameters = parameters.only(live, self._structure.pooled)
        self._score(2, X, parameters, result, n_threads, total_rows)
        if live is not None:
            result[:] = live[result]
        return result

    def _score(
        self,
        mode: int,
        X: Rows,
        parameters: Parameters,
        out: NDArray[Any],
        n_threads: int,
        total_rows: int | None,
    ) -> None:
        """Write log joint (0), log density (1) or labels (2) into `out`."""
        n_rows = len(X) if total_rows is None else total_rows
        fuse = _work(n_rows, *parameters.means.shape) >= FUSED_SCORING_WORK
        launch = compiled_code("launch") if fuse else None
        if launch is None:
            in_plain = (plain.log_joint, plain.log_density, plain.labels)[mode]
            in_plain(self._structure, X, parameters, out)
        else:
            launch.score(self._structure, X, parameters, mode, out, n_threads)


def is_fused(n_rows: int, n_components: int, n_features: int) -> bool:
    """Whether an E-step on so many rows is one for the fused kernels.

    The choice rests on sizes only, so that equal calls give equal bits in any process.
    """
    work = _work(n_rows, n_components, n_features)
    return work >= FUSED_WORK * (1 if n_rows >= FUSED_ROWS else 10)


def _work(n_rows: int, n_components: int, n_features: int) -> int:
    """Multiplications in one pass over the rows."""
    return n_rows * n_components * (n_features * (n_features + 1) + 20)


full = Kernels(plain.FULL)
tied = Kernels(plain.TIED)
diagonal = Kernels(plain.DIAGONAL)
spherical = Kernels(plain.SPHERICAL)
