"""Where the fit of a candidate starts, and how far that is looked for."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mixtura.em import EMResult
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.init.heats import FINALISTS, NARROW, WIDE, Heats
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
    others : int
        Structures whose clusters are tried, of those that fit best; more of small ones.
    wide, narrow : sequence of (int, int)
        Heats of runs from anywhere, and from what other candidates have found.
    finalists : int
        Compiled runs that go on to their end.
    few : Effort, optional
        The effort for `FEW` components or less, if it is another.
    """

    draws: int
    splits: int
    others: int
    wide: Heats
    narrow: Heats
    finalists: int = FINALISTS
    few: Any = None

    def of(self, n_components: int) -> "Effort":
        """Return the effort for so many components."""
        return self.few if self.few and n_components <= FEW else self


FEW = 3
"""Components of which runs cost so little that more of them can be followed."""

THOROUGH = Effort(20, 30, 4, WIDE, NARROW)

BY_STAGES = Effort(
    *(4, 10, 13),
    wide=((1, 9), (1, 6), (3, 4), (5, 3), (12, 2)),
    narrow=((0, 6), (1, 4), (6, 2), (8, 1)),
)

SHARED = BY_STAGES._replace(
    few=BY_STAGES._replace(
        wide=((2, 12), (4, 8), (8, 6), (12, 4)),
        narrow=((2, 8), (6, 4), (8, 4)),
        finalists=6,
    )
)
"""Of each of so many candidates that what one misses another finds."""
