"""The best of several short EM runs, of which fewer and fewer go on."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from mixtura.acceleration import Automatic
from mixtura.data import Rows
from mixtura.em import em
from mixtura.exceptions import DegenerateComponentError
from mixtura.init import climbs
from mixtura.init.candidate import Candidate, merit, same_optimum
from mixtura.init.race import raced
from mixtura.init.runs import Run, followed, whole
from mixtura.init.stack import is_possible
from mixtura.models.mixture import Mixture, MixtureParams

HEATS = ((3, 6), (8, 3))
"""EM steps after which starts from elsewhere are judged, and how many then go on."""

APART = 0.001
"""Mean difference of the log-densities of the rows below which two are one."""

LEFT, MOST = 0.01, 100
"""Nats that other runs to the end may leave, and their steps."""


def best_few(
    model: Mixture,
    data: Rows,
    starts: Sequence[MixtureParams],
    is_sound: Callable[[Any], bool],
    heats: Sequence[tuple[int, int]] = HEATS,
) -> list[Candidate]:
    """Return the best few of several short EM runs, the best first.

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
        judged = _best_of(followed(model, data, runs, n_steps), is_sound, n_left)
        runs = [candidate.run for candidate in judged]
    if not judged:
        raise DegenerateComponentError("Every start collapsed.")
    return judged


def _best_of(
    runs: Sequence[Run], is_sound: Callable[[Any], bool], most: int
) -> list[Candidate]:
    """Return the best runs, the sound before others; judge no more than is needed."""
    sound: list[Candidate] = []
    others: list[Candidate] = []
    for run in sorted(runs, key=attrgetter("objective"), reverse=True):
        if len(sound) == most:
            break
        candidate = Candidate(is_sound(run.params), run)
        (sound if candidate.sound else others).append(candidate)
    return [*sound, *others][:most]


def best_in_the_end(
    model: Mixture,
    data: Rows,
    rivals: Sequence[Candidate],
    is_sound: Callable[[Any], bool],
) -> MixtureParams:
    """Return where the best of several runs ends, which gains on the way do not tell.

    EM can stay on a plateau for a hundred steps, and leave it for the best optimum.

    Parameters
    ----------
    model : Mixture
    data : Rows
    rivals : sequence of Candidate
        Of equally many components; at least one.
    is_sound : callable
        Whether parameters are free of collapsed components.
    """
    left = different(rivals)
    starts = [rival.run.params for rival in left]
    many = climbs.rows_for(model, data)
    if many is not None:
        climbed = climbs.climbed(model, many, starts, left=climbs.nothing(many))
        tops = [top for top in climbed if is_sound(top.params)]
        top = max(tops, key=attrgetter("objective"), default=None)
        return starts[0] if top is None else top.params
    if len(left) == 1 or not is_possible(model, data):
        return starts[0]
    settings: dict[str, Any] = {
        "tol": LEFT / len(data),
        "max_iter": MOST,
        "acceleration": Automatic(),
    }
    together = raced(model, data, starts, **settings)
    ends = [
        whole(end or em(model, data, rival.run.params, **settings))
        for rival, end in zip(left, together, strict=True)
        if end or rival.sound  # what lies at a floor creeps along it
    ]
    sound = [end for end in ends if is_sound(end.params)]
    best = max(sound, key=attrgetter("log_likelihood"), default=None)
    return starts[0] if best is None else best.params


def different(rivals: Sequence[Candidate]) -> list[Candidate]:
    """Leave out those that are where a better one is; the best comes first."""
    left: list[Candidate] = []
    for one in sorted(rivals, key=merit, reverse=True):
        if not any(same_optimum(one, other, APART) for other in left):
            left.append(one)
    return left
