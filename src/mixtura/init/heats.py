"""The best of several short EM runs, of which fewer and fewer go on."""

from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.acceleration import Automatic
from mixtura.data import Rows
from mixtura.em import em
from mixtura.exceptions import DegenerateComponentError
from mixtura.init import climbs
from mixtura.init.candidate import Candidate, Judge, merit, same_optimum
from mixtura.init.climbs import ManyRunsRows
from mixtura.init.race import raced
from mixtura.init.run import Run
from mixtura.init.runs import begun, followed, whole
from mixtura.init.stack import is_possible
from mixtura.models.mixture import Mixture, MixtureParams

Heats = Sequence[tuple[int, int]]
"""EM steps after which runs are judged, and how many then go on; several times."""

WIDE: Heats = ((4, 12), (8, 4), (12, 3))
"""Of many starts from everywhere."""

NARROW: Heats = ((4, 6), (8, 3), (12, 2))
"""Of those that others have found."""

ALONE: Heats = ((1, 1),)
"""Of a run without a rival."""

FINALISTS = 2
"""Compiled runs that go on to their end."""

APART = 0.001
"""Mean difference of the log-densities of the rows below which two are one."""

LEFT, MOST = 0.01, 100
"""Nats that other runs to the end may leave, and their steps."""


def best_few(
    model: Mixture,
    data: Rows,
    starts: Sequence[MixtureParams],
    judge: Judge,
    heats: Heats = WIDE,
) -> list[Candidate]:
    """Return the best few of several short EM runs, the best first.

    Parameters
    ----------
    model : Mixture
    data : Rows
    starts : sequence of MixtureParams
        Of equally many components.
    judge : Judge
    heats : sequence of (int, int)

    Raises
    ------
    DegenerateComponentError
        If every run collapses, and they are not compiled: those are returned as they
        are, none of them sound.
    """
    runs: Sequence[Run] = [*map(Run.at, starts)]
    many = climbs.rows_for(model, data)
    if many is not None:
        starters = climbs.of_runs(model, many, runs)
        return climbs.best_few(model, many, starters, judge, heats)
    runs = followed(model, data, runs, heats[0][0])
    return _last(model, data, runs, judge, heats)


def best_from(
    model: Mixture,
    data: Rows,
    partitions: Sequence[Array],
    judge: Judge,
    heats: Heats = WIDE,
    sure: Sequence[Array] = (),
) -> list[Candidate]:
    """Return the best few of several short EM runs from responsibilities (n, K).

    As `best_few` does; and those from responsibilities that are sure to go on.
    """
    many = climbs.rows_for(model, data)
    if many is not None:
        starters = climbs.of_partitions(many, [*sure, *partitions])
        return climbs.best_few(model, many, starters, judge, heats, len(sure))
    if not sure:
        runs = begun(model, data, partitions, heats[0][0])
        return _last(model, data, runs, judge, heats)
    found: list[Candidate] = []
    all_of_them = [(n_steps, len(sure)) for n_steps, _ in heats]
    for some, their_heats in ((partitions, heats), (sure, all_of_them)):
        with suppress(DegenerateComponentError):
            few = best_from(model, data, some, judge, their_heats) if some else []
            found += [each._replace(is_sure=some is sure) for each in few]
    if not found:
        raise DegenerateComponentError("Every start collapsed.")
    return sorted(found, key=merit, reverse=True)


def _last(
    model: Mixture, data: Rows, runs: Sequence[Run], judge: Judge, heats: Heats
) -> list[Candidate]:
    """Return what the heats leave of runs that have made the steps of the first."""
    judged = _best_of(runs, judge, heats[0][1])
    for n_steps, n_left in heats[1:]:
        runs = followed(model, data, [each.run for each in judged], n_steps)
        judged = _best_of(runs, judge, n_left)
    if not judged:
        raise DegenerateComponentError("Every start collapsed.")
    return judged


def _best_of(runs: Sequence[Run], judge: Judge, most: int) -> list[Candidate]:
    """Return the best runs, the sound before others; judge no more than is needed."""
    sound: list[Candidate] = []
    others: list[Candidate] = []
    for run in sorted(runs, key=attrgetter("objective"), reverse=True):
        if len(sound) == most:
            break
        candidate = Candidate(judge.is_sound(run.params), run)
        (sound if candidate.sound else others).append(candidate)
    return [*sound, *others][:most]


def best_in_the_end(
    model: Mixture,
    data: Rows,
    rivals: Sequence[Candidate],
    judge: Judge,
    to_beat: float = -np.inf,
    finalists: int = FINALISTS,
) -> Run:
    """Return the end of the best of several runs, which gains on the way do not tell.

    EM can stay on a plateau for a hundred steps, and leave it for the best optimum.

    Parameters
    ----------
    model : Mixture
    data : Rows
    rivals : sequence of Candidate
        Of equally many components; at least one.
    judge : Judge
    to_beat : float
        Log-likelihood in nats, below which no end is of interest.
    finalists : int
        Runs that are followed, if they are compiled; and those that are sure.
    """
    left = different(rivals)
    many = climbs.rows_for(model, data)
    if many is not None:
        return _compiled_best(model, many, left, judge, to_beat, finalists)
    if len(left) == 1 or not is_possible(model, data):
        return left[0].run
    starts = [rival.run.params for rival in left]
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
    sound = [end for end in ends if judge.is_sound(end.params)]
    best = max(sound, key=attrgetter("log_likelihood"), default=None)
    return left[0].run if best is None else Run.at(best.params)


def _compiled_best(
    model: Mixture,
    data: ManyRunsRows,
    rivals: Sequence[Candidate],
    judge: Judge,
    to_beat: float,
    finalists: int,
) -> Run:
    """Return the end of the best of compiled runs; if none is sound, the first run."""
    left = [each for each in rivals if each.sound][:finalists]
    left += [each for each in rivals[finalists:] if each.is_sure]
    if not left:
        return rivals[0].run
    runs, are_sure = [each.run for each in left], [each.is_sure for each in left]
    best = climbs.best_end(model, data, runs, judge, to_beat, are_sure)
    return best.run if best.sound else left[0].run


def different(rivals: Sequence[Candidate]) -> list[Candidate]:
    """Leave out those that are where a better one is; the best comes first."""
    left: list[Candidate] = []
    for one in sorted(rivals, key=merit, reverse=True):
        if not any(same_optimum(one, other, APART) for other in left):
            left.append(one)
    return left
