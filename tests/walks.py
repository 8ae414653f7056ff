"""Short runs of EM from random starts, for the laws to look at."""

from contextlib import suppress
from functools import lru_cache
from itertools import count, islice, takewhile

import numpy as np

from mixtura.em import EMResult, EMStep, Outcome, em, em_steps
from mixtura.exceptions import DegenerateComponentError

N_ITER = 8


def start(row, seed):
    """A model, random parameters, and random data that come from others."""
    rng = np.random.default_rng(seed)
    return row.make(), row.random_params(rng), row.random_data(rng), rng


@lru_cache(maxsize=1000)
def walk(row, how, seed) -> list[EMStep]:
    """Half-steps of EM, short of a collapse, from a start that does not at once."""
    for attempt in count():
        model, params, data, _ = start(row, [seed, attempt])
        steps: list[EMStep] = []
        with suppress(DegenerateComponentError):
            walked = em_steps(model, data, params, completion=how)
            steps.extend(islice(walked, 2 * N_ITER + 1))
        regular = list(takewhile(lambda step: row.is_regular(step.params), steps))
        if len(regular) >= 3:
            return regular
    raise AssertionError("unreachable")


@lru_cache(maxsize=1000)
def climb(row, how, seed) -> tuple[EMResult, object]:
    """EM to a maximum, from the first start that neither collapses nor takes long."""
    for attempt in range(10):
        model, params, data, _ = start(row, [seed, attempt])
        with suppress(DegenerateComponentError):
            result = em(model, data, params, tol=1e-9, max_iter=500, completion=how)
            if result.outcome is Outcome.CONVERGED and row.is_regular(result.params):
                return result, data
    raise AssertionError(f"{row} converged from none of ten starts")


def pairs(steps):
    """Each M-step with the E-step before it and the E-step after it."""
    return list(zip(steps[0::2], steps[1::2], steps[2::2], strict=False))
