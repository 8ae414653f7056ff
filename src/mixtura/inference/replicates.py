"""Many independent fits: in parallel, each with a seed of its own, failures kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed

Seed = np.random.SeedSequence


class Stopped(Exception):
    """The user stopped a replicate before it was done."""


@dataclass(frozen=True)
class Failure:
    """A replicate that has no result.

    Parameters
    ----------
    replicate : int
        Its number, from 0.
    reason : str
    """

    replicate: int
    reason: str


@dataclass(frozen=True)
class Replicates:
    """What came of many runs of a task.

    Parameters
    ----------
    values : list
        Results, in the order of the seeds.
    failures : tuple of Failure
    is_complete : bool
        False if the user stopped (Ctrl-C) before all were done.
    """

    values: list[Any]
    failures: tuple[Failure, ...]
    is_complete: bool


def seed_sequences(entropy: Any, n_replicates: int) -> list[Seed]:
    """One seed a replicate, the same for the first ones whatever their number."""
    return np.random.SeedSequence(entropy).spawn(n_replicates)


def replicate(
    task: Callable[[Seed], Any], seeds: Sequence[Seed], n_jobs: int | None
) -> Replicates:
    """Run the task once a seed; the result does not depend on `n_jobs`.

    A task that raises a ValueError, as a fit does that cannot be done on a resample,
    has failed and is counted.

    Raises
    ------
    KeyboardInterrupt
        If the user stops before the first replicate is done.
    ValueError
        If all fail, with the reason of the first.
    """
    values: list[Any] = []
    failures: list[Failure] = []
    stopped = False
    runs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_attempt)(task, seed) for seed in seeds
    )
    try:
        for number, (value, reason, was_stopped) in enumerate(runs):
            if was_stopped:
                stopped = True
                break
            if reason is None:
                values.append(value)
            else:
                failures.append(Failure(number, reason))
    except KeyboardInterrupt:
        stopped = True
    finally:
        runs.close()
    if stopped and not values:
        raise KeyboardInterrupt
    if seeds and not values:
        raise ValueError(
            f"None of {len(seeds)} replicates could be fitted. The first one failed "
            f"with: {failures[0].reason}"
        )
    return Replicates(values, tuple(failures), not stopped)


def _attempt(task: Callable[[Seed], Any], seed: Seed) -> tuple[Any, str | None, bool]:
    """Result, reason of a failure, and whether the user stopped."""
    try:
        return task(seed), None, False
    except ValueError as error:
        return None, f"{type(error).__name__}: {error}", False
    except Stopped:
        return None, None, True
