"""What a search tries, and what became of it."""

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from mixtura.em import Outcome
from mixtura.estimators.searching.held_out import HeldOut
from mixtura.estimators.searching.warning_notes import Note
from mixtura.estimators.structures import STRUCTURES
from mixtura.init.runs import Posterior
from mixtura.selection.criteria import FitSummary

CONVERGED = "converged"
NOT_CONVERGED = "not converged"
COLLAPSE = "collapsed"
FAILED = "failed"
NOT_RUN = "not run"


@dataclass(frozen=True)
class Candidate:
    """What is to be fitted.

    Attributes
    ----------
    n_components : int
    covariance_type : str
    seed : int
        Of this candidate alone.
    """

    n_components: int
    covariance_type: str
    seed: int

    @classmethod
    def of(cls, n_components: int, covariance_type: str, seed: int) -> "Candidate":
        """Derive the seed from that of the search, the size and the structure.

        A candidate thus has a start that no other changes, and the same under any
        name of its structure.
        """
        name = STRUCTURES[covariance_type].name.encode()
        own = derived(seed, n_components, *name)
        return cls(n_components, covariance_type, own)


def derived(*entropy: int) -> int:
    """Return a seed that follows from others."""
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


@dataclass(frozen=True)
class Trial:
    """What became of a candidate.

    Attributes
    ----------
    candidate : Candidate
    status : str
        "converged", "not converged", "collapsed", "failed" or "not run".
    reason : str
        Why the fit stopped, or failed, in words.
    model : GaussianMixture or None
    summary : FitSummary or None
    held_out : HeldOut or None
    smallest : float
        Observations that the smallest living component stands for.
    n_empty, n_collapsed : int
        Components of less than half a row; components without spread in a direction.
    seconds : float
    notes : tuple of Note
        The warnings of the fit.
    posterior : Posterior or None
        What it says of the distinct rows, if that is known.
    """

    candidate: Candidate
    status: str
    reason: str
    model: Any = None
    summary: FitSummary | None = None
    held_out: HeldOut | None = None
    smallest: float = nan
    n_empty: int = 0
    n_collapsed: int = 0
    seconds: float = 0.0
    notes: tuple[Note, ...] = ()
    posterior: Posterior | None = None

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the fit."""
        return self.model is not None and self.reason == Outcome.INTERRUPTED.value
