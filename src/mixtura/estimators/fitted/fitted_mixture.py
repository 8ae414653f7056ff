"""What every fitted Gaussian mixture does with rows, whatever its parameters mean."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array, IntArray, Rng
from mixtura.data import Rows
from mixtura.estimators import checks
from mixtura.estimators.fitted.known_gaussians import lower_factors
from mixtura.execution.blas import single_threaded_blas
from mixtura.families.covariance_structure import Covariance
from mixtura.kernels import Kernels, sampling
from mixtura.models.categorical import Responsibilities

BLOCK_ROWS = 4096
"""Rows per block of responsibilities."""

FEW_ROWS = 1_000
"""Fewer rows than this are worked on by one thread."""

CONVERTED_ROWS = 1 << 16
"""Rows of float32 that are turned into float64 at a time."""


FITTED = "weights_", "means_", "covariances_"
"""What a warm start needs of a fit."""


class FittedMixture(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """Scores, responsibilities and labels from the arguments of the kernels."""

    @abstractmethod
    def _structure(self) -> Covariance:
        """Return the covariance structure."""

    @abstractmethod
    def _kernel_arguments(self) -> tuple[Array, Array, Array]:
        """Constants, means and factors, as the kernels take them."""

    def _drawn(self, counts: IntArray, rng: Rng) -> Array:
        """Draw so many rows from each component, one component after the other."""
        factors = lower_factors(self, self._structure())
        seed, n_threads = int(rng.integers(2**63)), self._threads(int(counts.sum()))
        with single_threaded_blas():
            return sampling.sample(counts, self.means_, factors, seed, n_threads)

    @property
    def _kernels(self) -> Kernels:
        return self._structure().kernels

    @property
    def _continues(self) -> bool:
        """Whether a fit starts from the one before."""
        known = all(hasattr(self, name) for name in FITTED)
        return known and bool(getattr(self, "warm_start", False))

    def __sklearn_tags__(self) -> Tags:
        """Density estimator, and once it has labelled its rows a clusterer."""
        tags: Tags = super().__sklearn_tags__()
        if hasattr(self, "labels_"):
            tags.estimator_type = "clusterer"
        return tags

    def predict(self, X: Any) -> IntArray:
        """Return the most probable component of each row, shape (n_samples,)."""
        check_is_fitted(self)
        return self._labels(self._validated(X, reset=False))

    def predict_proba(self, X: Any) -> Array:
        """Responsibilities of the components, shape (n_samples, K); rows sum to one."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        constants, *_ = self._kernel_arguments()
        probabilities = np.empty((len(X), len(constants)))
        for rows, values in self._probabilities(X):
            probabilities[rows] = values
        return probabilities

    def _log_density(self, X: Array) -> Array:
        """Log-density of checked rows."""
        log_density, arguments = np.empty(len(X)), self._kernel_arguments()
        n_threads = self._threads(len(X))
        size = len(X) if X.dtype == np.float64 else CONVERTED_ROWS
        for rows, block in in_float64(X, size):
            self._kernels.log_density(
                block,
                *arguments,
                out=log_density[rows],
                n_threads=n_threads,
                total_rows=len(X),
            )
        return log_density

    def _probabilities(self, X: Array) -> Iterator[tuple[slice, Array]]:
        """Responsibilities of the rows of X, block by block."""
        arguments, n_threads = self._kernel_arguments(), self._threads(len(X))
        for rows, block in in_float64(X, BLOCK_ROWS):
            log_joint = self._kernels.log_joint(
                block, *arguments, n_threads=n_threads, total_rows=len(X)
            )
            yield rows, Responsibilities.from_log_joint(log_joint).values

    def _labels(self, X: Array, dtype: type[np.signedinteger] = np.int64) -> IntArray:
        """Most probable component of checked rows."""
        labels, arguments = np.empty(len(X), dtype=dtype), self._kernel_arguments()
        n_threads = self._threads(len(X))
        for rows, block in in_float64(X, CONVERTED_ROWS):
            labels[rows] = self._kernels.labels(
                block, *arguments, n_threads=n_threads, total_rows=len(X)
            )
        return labels

    def _validated(self, X: Any, *, reset: bool) -> Array:
        array: Array = checks.validated(self, X, reset=reset)
        return array

    def _threads(self, n_rows: int) -> int:
        """All processors unless `n_jobs` says otherwise; one inside a joblib worker.

        And one for so few rows that asking would take longer than the work.
        """
        if n_rows < FEW_ROWS:
            return 1
        n_jobs = getattr(self, "n_jobs", None)
        return int(effective_n_jobs(-1 if n_jobs is None else n_jobs))


def check_draws(n_samples: Any) -> None:
    """Require that at least one row is asked for, in scikit-learn's words."""
    if not isinstance(n_samples, int | np.integer) or n_samples < 1:
        raise ValueError(
            f"Invalid value for 'n_samples': {n_samples!r}. "
            "sample must be asked for at least one row."
        )


def in_float64(X: Array, size: int) -> Iterator[tuple[slice, Array]]:
    """Blocks of rows as float64, and their places."""
    for block in Rows(X).blocks(size):
        rows = slice(block.start, block.start + len(block))
        yield rows, block.X.astype(np.float64, copy=False)
