"""Where the fit of a candidate starts, and how far that is looked for."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mixtura.em import EMResult
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.init.heats import NARROW, WIDE, Heats
from mixtura.init.runs import Posterior
from mixtura.models.mixture import MixtureParams


@dataclass(frozen=True)
class Start:
    """Where the fit of a candidate starts.

    Parameters
    ----------
    values : dict
        Arguments of `GaussianMixture`: weights, means and precisions; or none.
    end : EMResult, optional
        If nothing is left to climb from there.
    params : MixtureParams, optional
        Its parameters in the user's units.
    posterior : Posterior, optional
        What it says of the distinct rows.
    collapses : bool
        Whether EM from there is known to collapse.
    """

    values: dict[str, Any] = field(default_factory=dict)
    end: EMResult | None = None
    params: MixtureParams | None = None
    posterior: Posterior | None = None
    collapses: bool = False


class Seen(NamedTuple):
    """A fit, and what it says of the few rows, in the units of its own structure."""

    fit: GaussianMixture
    posterior: Posterior


class Effort(NamedTuple):
    """How far a structure looks for starts of its own.

    Parameters
    ----------
    draws : int
        Partitions around drawn centres.
    splits : int
        Ways in which a component of the next smaller size is split, at most.
    wide, narrow : sequence of (int, int)
        Heats of these, and of what other candidates have found.
    others : int
        Structures whose clusters are tried, of those that fit best; more of small ones.
    """

    draws: int
    splits: int
    wide: Heats
    narrow: Heats
    others: int


THOROUGH = Effort(20, 30, WIDE, NARROW, 4)

BY_STAGES: Heats = ((1, 9), (1, 6), (3, 4), (5, 3), (12, 2))

SHARED = Effort(4, 10, BY_STAGES, ((0, 6), (1, 4), (6, 2), (8, 1)), 13)
"""Of each of so many candidates that what one misses another finds."""
