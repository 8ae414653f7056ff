"""A run of EM that the page asks for, some half-steps at a time."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mixtura._types import IntArray
from mixtura.data import Rows
from mixtura.em import EMStep, Outcome
from mixtura.estimators.fitting.watched_fit import WatchedFit
from mixtura.report.player import LONGEST_NAME
from mixtura.serve.held_table import HeldTable
from mixtura.serve.reporting import report_html
from mixtura.serve.settings import RunSettings
from mixtura.short_names import short_names
from mixtura.trace.sampled import SampledRows

MAX_POINTS = 1500
"""Points on the screen; EM works on all rows."""

PATIENCE = 0.3
"""Seconds of work in one answer; a longer fit takes several, and ends between them."""


class EMRun:
    """A watched fit to some columns of a table, and what was sent of it.

    Parameters
    ----------
    held : HeldTable
    positions : ndarray of int
        The columns.
    settings : RunSettings

    Raises
    ------
    ValueError
        If the columns cannot be fitted so.
    """

    def __init__(
        self, held: HeldTable, positions: IntArray, settings: RunSettings
    ) -> None:
        self._held, self._positions = held, positions
        self._seed = settings.seed
        self._names = [held.table.names[i] for i in positions]
        self._warnings: list[str] = []
        self._sent: list[tuple[int, Any]] = []
        with noted(self._warnings):
            estimator, X = settings.estimator(), held.chosen(positions)
            self._fit = WatchedFit(estimator, X, MAX_POINTS)
        estimator.feature_names_in_ = np.asarray(self._names, dtype=object)

    def begin(self) -> dict[str, Any]:
        """Take the first E-step, and return it in a ``recording``.

        Returns
        -------
        dict
            With ``ended``, ``outcome`` in words once it has, and ``warnings``.
        """
        with noted(self._warnings):
            recording = self._recorded(self._taken(1))
        return {"recording": recording, **self._state()}

    def advance(self, n_half_steps: int) -> dict[str, Any]:
        """Take so many half-steps, or as many as there is time for.

        Returns
        -------
        dict
            The same, with ``steps`` in place of the recording.
        """
        with noted(self._warnings):
            steps = self._taken(n_half_steps)
            recorded = self._recorded(steps)["steps"] if steps else []
        return {"steps": recorded, **self._state()}

    def _state(self) -> dict[str, Any]:
        return {
            "ended": self._fit.outcome is not None,
            "outcome": self._fit.message,
            "warnings": self._warnings,
        }

    def _taken(self, n_half_steps: int) -> list[EMStep]:
        steps: list[EMStep] = []
        deadline = time.monotonic() + PATIENCE
        for step in self._fit:
            if self._fit.outcome is Outcome.NON_FINITE and self._sent:
                break
            steps.append(step)
            self._sent.append((step.iteration, step.params))
            if len(steps) >= n_half_steps or time.monotonic() > deadline:
                break
        if self._fit.outcome is not None:
            self._fit.warn(self._sent[-1][1])
        return steps

    def _recorded(self, steps: list[EMStep]) -> dict[str, Any]:
        recording = self._fit.trace(steps).recording(
            title=self._held.name,
            columns=range(len(self._names)),
            max_points=MAX_POINTS,
            max_steps=max(len(steps), 4),
        )
        return {**recording, "columns": short_names(self._names, LONGEST_NAME)}

    def model(self, number: int) -> Any:
        """Return the fitted model of a half-step that was sent.

        Raises
        ------
        ValueError
            If there is no such half-step.
        """
        if not 0 <= number < len(self._sent):
            raise ValueError(f"step must be below {len(self._sent)}; got {number}.")
        iteration, params = self._sent[number]
        with noted(self._warnings):
            return self._fit.model_at(params, iteration)

    def report(self, number: int) -> str:
        """Return the report of such a model, as HTML.

        Raises
        ------
        ValueError
            If there is no such half-step.
        """
        model = self.model(number)
        return report_html(model, self._held, self._positions, self._seed)


def blank_recording(
    held: HeldTable, positions: IntArray, n_components: int
) -> dict[str, Any]:
    """Return a recording without half-steps, to place means on.

    Parameters
    ----------
    held : HeldTable
    positions : ndarray of int
        The columns.
    n_components : int
    """
    names = [held.table.names[i] for i in positions]
    shown = SampledRows.of(Rows(held.chosen(positions)), MAX_POINTS)
    return {
        "format": "mixtura-recording",
        "version": 1,
        "title": held.name,
        "columns": short_names(names, LONGEST_NAME),
        "n_samples": shown.n_samples,
        "points": shown.rows.X.tolist(),
        "n_components": n_components,
        "algorithm": "em",
        "covariance_type": "",
        "outcome": "",
        "converged": False,
        "steps": [],
    }


@contextmanager
def noted(messages: list[str]) -> Iterator[None]:
    """Add what is warned of in this block, each text once.

    Filters of warnings belong to the process: one thread at a time may do this.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, for programmers
        yield
    for warning in caught:
        text = " ".join(str(warning.message).split())
        if text not in messages:
            messages.append(text)
