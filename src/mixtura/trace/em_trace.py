"""The path of a fit as a value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from typing import Any, Self

import numpy as np

from mixtura.completion import Completion, Hard, Soft, Stochastic
from mixtura.data import Rows, as_data
from mixtura.em import EMStep
from mixtura.trace.bound_slice import BoundSlice, bound_slice, e_step_of
from mixtura.trace.frames import GivenUnits
from mixtura.trace.half_step import About
from mixtura.trace.recorded_path import RecordedPath
from mixtura.trace.recording import MOST_POINTS, MOST_STEPS, recording
from mixtura.trace.records import (
    MOST_HALF_STEPS,
    Path,
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

PICTURES = {
    "log-likelihood": "HalfStepsDisplay",
    "means": "MeanPathsDisplay",
    "responsibilities": "ResponsibilityPathsDisplay",
    "bound": "BoundDisplay",
}
"""The pictures of a trace."""


@dataclass(frozen=True, eq=False)
class EMTrace(RecordedPath):
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
        coming = iter(steps)
        first = next(coming, None)
        if first is None:
            raise ValueError("EMTrace.from_steps(steps) must have a half-step; got 0.")
        path = Path(max_half_steps)
        last: Records = ()
        for last in iterations(chain([first], coming)):
            path.add(last)
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

    def __repr__(self) -> str:
        last = self.records[-1]
        level = last.log_likelihood + self.frame.offset
        return (
            f"EMTrace({len(self)} half-steps to iteration {last.iteration}, "
            f"log-likelihood {level:.3f})"
        )

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
        sample = self._sample(X, None, labels, "recording")
        return recording(self, sample, title, columns, max_points, max_steps)

    def bound_slice(
        self,
        iteration: int | None = None,
        X: Any = None,
        *,
        sample_weight: Any = None,
        labels: Any = None,
        s: Any = None,
    ) -> BoundSlice:
        """Compute the bound of an E-step, and the log-likelihood, along a line.

        Parameters
        ----------
        iteration : int, optional
            Of the E-step: one that the trace has kept, or before an M-step it has kept.
            Default: the one after which the M-step opens the widest gap.
        X : array-like of shape (n, n_features), optional
            The rows of the fit. Default: those that the trace has kept, if that is
            all, which it is up to 1000.
        sample_weight, labels : array-like of shape (n,), optional
            Those that the fit had.
        s : array-like of shape (m,), optional
            Places on the line. Default: 101 from -0.75 to 1.75.

        Returns
        -------
        BoundSlice

        Raises
        ------
        ValueError
            If the iteration is not in the trace, or the rows are not those of the fit.
        """
        sample = self._sample(X, sample_weight, labels, "bound_slice")
        if not sample.is_whole:
            raise ValueError(
                "EMTrace.bound_slice(X=...) must be given: the trace has kept "
                f"{len(sample.indices)} of the {sample.n_samples} rows."
            )
        found = {e_step_of(record): record for record in self.records}
        if iteration is None:
            iteration = e_step_of(self.records[int(self.table()["kl"].argmax())])
        if iteration not in found:
            known = ", ".join(map(str, [*found][:8])) + (", ..." * (len(found) > 8))
            raise ValueError(
                "EMTrace.bound_slice(iteration=...) must be that of an E-step which "
                f"the trace has kept: {known}; got {iteration!r}."
            )
        places = np.linspace(-0.75, 1.75, 101) if s is None else np.asarray(s, float)
        return bound_slice(self, found[iteration], sample, places)

    def plot(self, kind: str = "log-likelihood", **options: Any) -> Any:
        """Draw the trace.

        Parameters
        ----------
        kind : {"log-likelihood", "means", "responsibilities", "bound"}
            Log-likelihood and bound over the half-steps; the paths of the means; the
            responsibilities of the rows over the iterations; the bound under the
            log-likelihood on a line through one M-step.
        **options
            Passed to the ``from_trace`` of `HalfStepsDisplay`, `MeanPathsDisplay`,
            `ResponsibilityPathsDisplay` or `BoundDisplay`.

        Returns
        -------
        Display
            The picture; its figure is ``figure_``.

        Raises
        ------
        ValueError
            If there is no such kind.

        Notes
        -----
        The pictures lie above this module, and are imported when they are wanted.
        """
        if kind not in PICTURES:
            raise ValueError(
                f"EMTrace.plot: kind must be {', '.join(map(repr, PICTURES))}; got "
                f"{kind!r}."
            )
        display = getattr(import_module("mixtura"), PICTURES[kind])
        return display.from_trace(self, **options)

    def _repr_html_(self) -> str | None:
        """Show the EM player in a notebook.

        The player lies above this module, and is imported when it is wanted.
        """
        if self.frame.structure is None or self.sample is None:
            return None
        player = import_module("mixtura.report.player")
        made: str = player.player_frame(self.recording())
        return made


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
