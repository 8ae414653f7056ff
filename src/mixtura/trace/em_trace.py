"""The path of a fit as a value."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.completion import Completion, Hard, Soft, Stochastic
from mixtura.data import Rows, as_data
from mixtura.em import EMStep
from mixtura.trace.frames import Frame, GivenUnits
from mixtura.trace.half_step import About, HalfStep
from mixtura.trace.recording import MOST_POINTS, MOST_STEPS, recording
from mixtura.trace.records import (
    MOST_HALF_STEPS,
    Path,
    Record,
    Records,
    iterations,
)
from mixtura.trace.sampled import SampledRows

ALGORITHMS: dict[type[Completion], str] = {
    Soft: "em",
    Hard: "hard",
    Stochastic: "stochastic",
}
"""What users call the ways to complete the data."""


@dataclass(frozen=True)
class EMTrace(Sequence[HalfStep]):
    """Every half-step of a fit, or evenly spaced ones of a long fit.

    Made by ``GaussianMixture(record=True)``, as ``trace_``, and by :meth:`from_steps`.
    It is a sequence of :class:`HalfStep`. It holds the parameters of at most 1000
    half-steps (fewer if they are large), and at most 1000 of the rows.

    Parameters
    ----------
    records : tuple of Record
        Half-steps in the units of the fit.
    model : LatentModel
        What EM ran, in the same units.
    frame : Frame
        The way to the user's units.
    sample : SampledRows or None
        Some of the rows; None where data are not rows.
    about : About

    Examples
    --------
    >>> from mixtura import GaussianMixture, load_dataset
    >>> waiting = load_dataset("old-faithful").values[:, 1:]
    >>> model = GaussianMixture(
    ...     2, init_params="random_from_data", record=True, random_state=0
    ... ).fit(waiting)
    >>> trace = model.trace_
    >>> trace[0].iteration, trace[0].phase
    (0, 'E')
    >>> bool(trace[-1].log_likelihood == model.log_likelihood_)
    True
    >>> sorted(trace.table())
    ['elbo', 'entropy', 'iteration', 'kl', 'log_likelihood', 'phase', 'q']
    """

    records: tuple[Record, ...]
    model: Any
    frame: Frame
    sample: SampledRows | None
    about: About

    @classmethod
    def from_steps(
        cls,
        steps: Iterable[EMStep],
        *,
        columns: Sequence[str] | None = None,
        max_half_steps: int = MOST_HALF_STEPS,
        outcome: str = "",
        converged: bool = False,
    ) -> Self:
        """Keep what `em_steps` yields.

        Parameters
        ----------
        steps : iterable of EMStep
            One half-step or more, consecutive. `em_steps` has no end: cut it with
            :func:`itertools.islice`.
        columns : sequence of str, optional
            Names of the columns. Default: x0, x1, ...
        max_half_steps : int, default=1000
            Of more, evenly spaced iterations are kept, with the first and the last.
        outcome : str, optional
            Why it stopped, for captions.
        converged : bool, default=False

        Raises
        ------
        ValueError
            If there are no steps, or not one name for each column.

        Examples
        --------
        >>> from itertools import islice
        >>> import numpy as np
        >>> from mixtura import EMTrace, em_steps
        >>> from mixtura.families.poisson import Poisson, PoissonParams
        >>> from mixtura.models.mixture import Mixture, MixtureParams
        >>> counts = np.array([[0.0], [1.0], [1.0], [7.0], [9.0]])
        >>> rates = PoissonParams(np.array([[1.0], [5.0]]))
        >>> start = MixtureParams(np.array([0.5, 0.5]), rates)
        >>> steps = em_steps(Mixture(Poisson()), counts, start)
        >>> EMTrace.from_steps(islice(steps, 5))
        EMTrace(5 half-steps to iteration 2, log-likelihood -10.221)
        """
        path = Path(max_half_steps)
        last: Records = ()
        first: EMStep | None = None

        def watched() -> Iterator[EMStep]:
            nonlocal first
            for step in steps:
                first = first or step
                yield step

        for last in iterations(watched()):
            path.add(last)
        if first is None:
            raise ValueError("EMTrace.from_steps(steps) must have a half-step; got 0.")
        data = as_data(first.data)
        structure = getattr(getattr(first.model, "family", None), "structure", None)
        about = About(
            _names(columns, data.n_features),
            ALGORITHMS[type(first.completion)],
            getattr(structure, "name", ""),
            outcome,
            converged,
        )
        sample = SampledRows.of(data) if isinstance(data, Rows) else None
        return cls(path.until(last), first.model, GivenUnits(structure), sample, about)

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

    def __repr__(self) -> str:
        last = self.records[-1]
        level = last.log_likelihood + self.frame.offset
        return (
            f"EMTrace({len(self)} half-steps to iteration {last.iteration}, "
            f"log-likelihood {level:.3f})"
        )

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
        return len(self._gaussian(0).means)

    def covariances(self, index: int) -> Array:
        """Full covariance matrices at a half-step, (n_components, D, D).

        Raises
        ------
        TypeError
            If the trace is not of a Gaussian mixture.
        """
        components = self._gaussian(index)
        assert self.frame.structure is not None
        return self.frame.structure.to_full(
            components.covariances, *components.means.shape
        )

    def _gaussian(self, index: int) -> Any:
        """Return the components at a half-step."""
        components = getattr(self.records[index].params, "components", None)
        if self.frame.structure is None or not hasattr(components, "means"):
            raise TypeError(
                "The trace must be of a Gaussian mixture to have means and covariances "
                f"to show; this is one of {type(self.model).__name__}."
            )
        return self.frame.params(self.records[index].params).components

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
        sample = self._sample(X, labels, "responsibilities")
        return self.posterior_of(self.records[index], sample)

    def posterior_of(self, record: Record, sample: SampledRows) -> Array:
        """Return q(z) of sampled rows at a record, (m, n_components)."""
        rows = sample.in_frame(self.frame)
        posterior = self.model.posterior(record.posterior_params, rows)
        return sample.completed(record.completion, posterior)

    def recording(
        self,
        X: Any = None,
        *,
        labels: Any = None,
        title: str | None = None,
        columns: Sequence[int | str] | None = None,
        max_points: int = MOST_POINTS,
        max_steps: int = MOST_STEPS,
    ) -> dict[str, Any]:
        """Return what the EM player shows, ready for `json.dumps`.

        It has all numbers of the half-steps, weights, means and full covariances, and
        for some of the rows their place and responsibilities.

        Parameters
        ----------
        X : array-like of shape (n, n_features), optional
            The rows of the fit. Default: those that the trace has kept, at most 1000.
        labels : array-like of int of shape (n,), optional
            Known components of the rows of `X`, -1 where unknown.
        title : str, optional
            Default: says how many rows and components there are.
        columns : sequence of int or str, optional
            What to show. Default: the first six columns, or all if they are fewer.
        max_points : int, default=400
            Rows shown; of more, evenly spaced ones.
        max_steps : int, default=120
            Half-steps shown; of more, evenly spaced iterations with the first and the
            last.

        Returns
        -------
        dict
            With ``format`` "mixtura-recording" and ``version`` 1.

        Raises
        ------
        TypeError
            If the trace is not of a Gaussian mixture.
        ValueError
            If a column is unknown, or there are no rows.
        """
        sample = self._sample(X, labels, "recording")
        return recording(self, sample, title, columns, max_points, max_steps)

    def _repr_html_(self) -> str | None:
        """Show the EM player in a notebook.

        The player lies above this module, and is imported when it is wanted.
        """
        if self.frame.structure is None or self.sample is None:
            return None
        player = import_module("mixtura.report.player")
        made: str = player.player_frame(self.recording())
        return made

    def _sample(self, X: Any, labels: Any, caller: str) -> SampledRows:
        """Return rows that are passed, else those that are kept."""
        if X is not None:
            return SampledRows.given(X, labels, len(self.about.columns), caller)
        if self.sample is None:
            raise ValueError(
                f"EMTrace.{caller}(X=...) must be given: the data of this fit are not "
                "rows, and the trace holds none."
            )
        return self.sample


def _names(columns: Sequence[str] | None, n_features: int) -> tuple[str, ...]:
    """Return the names of the columns, or make some."""
    if columns is None:
        return tuple(f"x{j}" for j in range(n_features))
    if isinstance(columns, str) or len(columns) != n_features:
        raise ValueError(
            "EMTrace.from_steps(columns=...) must be one name for each of the "
            f"{n_features} columns; got {columns!r}."
        )
    return tuple(map(str, columns))
