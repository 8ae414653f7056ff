"""The best of several short EM runs, of which fewer and fewer go on."""

from collections.abc import Callable, Sequence
from typing import Any

from mixtura.data import Rows
from mixtura.exceptions import DegenerateComponentError
from mixtura.init.candidate import Candidate, merit
from mixtura.init.runs import Run, followed
from mixtura.models.mixture import Mixture, MixtureParams

HEATS = ((3, 4), (8, 1))
"""EM steps after which starts from elsewhere are judged, and how many then go on."""


def best_of(
    model: Mixture,
    data: Rows,
    starts: Sequence[MixtureParams],
    is_sound: Callable[[Any], bool],
    heats: Sequence[tuple[int, int]] = HEATS,
) -> Candidate:
    """Return the best of several short EM runs.

    Parameters
    ----------
    model : Mixture
    data : Rows
    starts : sequence of MixtureParams
        Of equally many components.
    is_sound : callable
        Whether parameters are free of collapsed components.
    heats : sequence of (int, int)
        EM steps, and how many of the runs go on after them.

    Raises
    ------
    DegenerateComponentError
        If every run collapses.
    """
    runs = [*map(Run.at, starts)]
    for n_steps, n_left in heats:
        judged = [
            Candidate(is_sound(run.params), run)
            for run in followed(model, data, runs, n_steps)
        ]
        judged = sorted(judged, key=merit, reverse=True)[:n_left]
        runs = [candidate.run for candidate in judged]
    if not judged:
        raise DegenerateComponentError("Every start collapsed.")
    return judged[0]
