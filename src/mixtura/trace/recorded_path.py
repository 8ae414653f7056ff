"""A recorded path, read as numbers in the user's units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.trace.frames import Frame
from mixtura.trace.half_step import About, HalfStep
from mixtura.trace.records import Record
from mixtura.trace.sampled import SampledRows


@dataclass(frozen=True, eq=False)
class RecordedPath(Sequence[HalfStep]):
    """Half-steps of a fit; the parameters are documented in `EMTrace`."""

    records: tuple[Record, ...]
    model: Any
    frame: Frame
    sample: SampledRows | None
    about: About

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> HalfStep: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[HalfStep, ...]: ...

    def __getitem__(self, index: int | slice) -> HalfStep | tuple[HalfStep, ...]:
        if isinstance(index, slice):
            return tuple(map(self._half_step, self.records[index]))
        return self._half_step(self.records[index])

    def _half_step(self, record: Record) -> HalfStep:
        return HalfStep(
            record.iteration,
            record.phase,
            self.frame.params(record.params),
            record.log_likelihood + self.frame.offset,
            record.q + self.frame.offset,
            record.entropy,
        )

    @property
    def n_components(self) -> int:
        """Number of Gaussian components, without noise.

        Raises
        ------
        TypeError
            If the trace is not of a Gaussian mixture.
        """
        return len(self._gaussian(0).components.means)

    def covariances(self, index: int) -> Array:
        """Full covariance matrices at a half-step, (n_components, D, D).

        Raises
        ------
        TypeError
            If the trace is not of a Gaussian mixture.
        """
        components = self.frame.params(self._gaussian(index)).components
        assert self.frame.structure is not None
        return self.frame.structure.to_full(
            components.covariances, *components.means.shape
        )

    def _gaussian(self, index: int) -> Any:
        """Return the parameters at a half-step, in the units of the fit."""
        params = self.records[index].params
        components = getattr(params, "components", None)
        if self.frame.structure is None or not hasattr(components, "means"):
            raise TypeError(
                "The trace must be of a Gaussian mixture to have means and covariances "
                f"to show; this is one of {type(self.model).__name__}."
            )
        return params

    def table(self) -> dict[str, NDArray[Any]]:
        """Return a row for each half-step, as columns; pandas makes a frame of it.

        Returns
        -------
        dict of str to ndarray
            iteration, phase, log_likelihood, elbo, q, entropy, kl; the last five in
            nats, summed over observations.
        """
        records, offset = self.records, self.frame.offset
        level = np.array([record.log_likelihood for record in records])
        q = np.array([record.q for record in records])
        entropy = np.array([record.entropy for record in records])
        return {
            "iteration": np.array([record.iteration for record in records]),
            "phase": np.array([record.phase for record in records], dtype=object),
            "log_likelihood": level + offset,
            "elbo": q + offset + entropy,
            "q": q + offset,
            "entropy": entropy,
            "kl": level + offset - (q + offset + entropy),
        }

    def responsibilities(
        self, index: int, X: Any = None, *, labels: Any = None
    ) -> Array:
        """q(z) at a half-step, for the rows that the trace has kept or for others.

        Parameters
        ----------
        index : int
            Which half-step. After an M-step, q is that of the E-step before.
        X : array-like of shape (n, n_features), optional
            All rows of the fit, or any. Default: `sample.rows`.
        labels : array-like of int of shape (n,), optional
            Known components of the rows of `X`, -1 where unknown.

        Returns
        -------
        ndarray of shape (n, n_components)
            With noise there is one column more, the last.

        Raises
        ------
        ValueError
            If the trace has no rows and none are passed.
        """
        sample = self._sample(X, None, labels, "responsibilities")
        return self.posterior_of(self.records[index], sample)

    def posterior_of(self, record: Record, sample: SampledRows) -> Array:
        """Return q(z) of sampled rows at a record, (m, n_components)."""
        rows = sample.in_frame(self.frame)
        posterior = self.model.posterior(record.posterior_params, rows)
        return sample.completed(record.completion, posterior)

    def _sample(self, X: Any, weights: Any, labels: Any, caller: str) -> SampledRows:
        """Return rows that are passed, else those that are kept."""
        if X is not None:
            n_features = len(self.about.columns)
            return SampledRows.given(X, weights, labels, n_features, caller)
        if self.sample is None:
            raise ValueError(
                f"EMTrace.{caller}(X=...) must be given: the data of this fit are not "
                "rows, and the trace holds none."
            )
        return self.sample
