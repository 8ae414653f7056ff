"""A search over sizes and structures, some candidates at a time."""

import math
import time
from typing import Any

from mixtura._types import IntArray
from mixtura.estimators import checks
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.gaussian_mixture_search import GaussianMixtureSearch
from mixtura.estimators.searching.candidates import SearchData, tried
from mixtura.estimators.searching.search_table import choice, with_one_component
from mixtura.estimators.searching.trial import Candidate, Trial
from mixtura.estimators.searching.warning_notes import WarningNotes
from mixtura.execution.blas import single_threaded_blas
from mixtura.selection.criteria import CRITERIA
from mixtura.serve.em_run import PATIENCE
from mixtura.serve.held_table import HeldTable
from mixtura.serve.reporting import report_html
from mixtura.serve.settings import SearchSettings

BIC = CRITERIA["bic"]


class SearchRun:
    """What `GaussianMixtureSearch` finds, candidate by candidate.

    Parameters
    ----------
    held : HeldTable
    positions : ndarray of int
        The columns.
    settings : SearchSettings
    """

    def __init__(
        self, held: HeldTable, positions: IntArray, settings: SearchSettings
    ) -> None:
        self._held, self._positions, self._settings = held, positions, settings
        X = held.chosen(positions)
        seed = int(checks.generator(settings.seed).integers(2**32))
        self._template = GaussianMixture()
        self._data = SearchData.of(X, None, [], self._template, seed)
        # Small models first: they are quick, and the larger ones start from them.
        self._candidates = [
            Candidate.of(size, structure, seed)
            for size in settings.sizes
            for structure in settings.structures
        ]
        self._trials: list[Trial] = []

    def advance(self) -> dict[str, Any]:
        """Try the next candidates, as many as there is time for, but one at least.

        Returns
        -------
        dict
            ``rows``, a row for each candidate so far; ``total``; ``best``, the number
            of the row of lowest BIC among sound fits, or null.
        """
        deadline = time.monotonic() + PATIENCE
        notes = WarningNotes()
        with single_threaded_blas(), notes.caught():
            while len(self._trials) < len(self._candidates):
                candidate = self._candidates[len(self._trials)]
                trial = tried(candidate, self._template, self._data, notes)
                self._trials.append(trial)
                if time.monotonic() > deadline:
                    break
        return {
            "rows": [_row(trial) for trial in self._trials],
            "total": len(self._candidates),
            "best": self._best(),
        }

    def report(self) -> str:
        """Return the report of the finished search, as HTML.

        Raises
        ------
        ValueError
            If it is not finished, or every candidate failed.
        """
        if len(self._trials) < len(self._candidates) or self._best() is None:
            raise ValueError("There is no finished comparison to report.")
        settings = self._settings
        search = GaussianMixtureSearch(
            settings.sizes,
            covariance_type=settings.structures,
            random_state=settings.seed,
        )
        alone = {
            trial.candidate.covariance_type: trial
            for trial in self._trials
            if trial.candidate.n_components == 1
        }
        search._store(with_one_component(self._trials, alone), BIC)
        return report_html(search, self._held, self._positions, settings.seed)

    def _best(self) -> int | None:
        best = choice(self._trials, BIC).best
        return best if self._trials[best].summary is not None else None


def _row(trial: Trial) -> dict[str, Any]:
    summary = trial.summary
    bic = math.nan if summary is None else BIC.value(summary)
    return {
        "n_components": trial.candidate.n_components,
        "covariance_type": trial.candidate.covariance_type,
        "bic": bic if math.isfinite(bic) else None,
        "n_parameters": None if summary is None else summary.n_parameters,
        "status": trial.status,
        "reason": trial.reason,
    }
