"""Short EM runs from several starts, side by side where the data are small."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, softmax

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.em import EMResult, Outcome, em
from mixtura.exceptions import DegenerateComponentError
from mixtura.init import climbs, stack
from mixtura.init.climbs import SETTLED
from mixtura.init.run import Run
from mixtura.init.stack import Stack
from mixtura.models.mixture import Mixture, MixtureParams


def from_partitions(
    model: Mixture, data: Rows, partitions: Sequence[Array]
) -> list[MixtureParams]:
    """Return the M-step's parameters for each of several responsibilities.

    Partitions that leave a component without a covariance are left out.

    Raises
    ------
    DegenerateComponentError
        If all of them do.
    """
    many = climbs.rows_for(model, data)
    if many is not None:
        return [run.params for run in climbs.begun(model, many, partitions, 0)]
    if len(partitions) > 1 and stack.is_possible(model, data):
        try:
            return stack.from_partitions(model, data, partitions).unstacked(model)
        except DegenerateComponentError:
            pass  # one of them; the others are found one by one
    error = None
    starts = []
    for values in partitions:
        try:
            starts.append(model.from_responsibilities(data, values))
        except DegenerateComponentError as collapse:
            error = collapse
    if not starts and error is not None:
        raise error
    return starts


def begun(
    model: Mixture, data: Rows, partitions: Sequence[Array], n_steps: int
) -> Sequence[Run]:
    """Take so many EM steps from the M-step's parameters for each responsibilities.

    Raises
    ------
    DegenerateComponentError
        If all of them leave a component without a covariance.
    """
    many = climbs.rows_for(model, data)
    if many is not None:
        return climbs.begun(model, many, partitions, n_steps)
    starts = from_partitions(model, data, partitions)
    return followed(model, data, [*map(Run.at, starts)], n_steps)


class Posterior(NamedTuple):
    """What a mixture says of rows.

    Parameters
    ----------
    log_density : ndarray of shape (n,)
        In nats.
    responsibilities : ndarray of shape (n, K)
    """

    log_density: Array
    responsibilities: Array


def posterior(model: Mixture, data: Rows, params: MixtureParams) -> Posterior:
    """Return p(x) and p(z | x), as exactly as a search needs it."""
    many = climbs.rows_for(model, data)
    if many is not None:
        return Posterior(*climbs.posterior(model, many, params))
    if stack.is_possible(model, data):
        rows = stack.quadratic_rows(model, data)
        here = Stack.of(model, [params])
        if not here.needs_care(rows).any():
            log_joint = here.log_joint(model, rows)
            density = np.asarray(logsumexp(log_joint, axis=0))
            return Posterior(density, np.asarray(softmax(log_joint, axis=0).T))
    density = model.log_density(params, data)
    return Posterior(density, model.posterior(params, data).values)


def responsibilities(model: Mixture, data: Rows, params: MixtureParams) -> Array:
    """Return p(z | x), of shape (n, K), as exactly as a search needs it."""
    return posterior(model, data, params).responsibilities


def followed(
    model: Mixture, data: Rows, runs: Sequence[Run], n_steps: int
) -> Sequence[Run]:
    """Take so many EM steps more in each run; those that collapse are left out.

    Parameters
    ----------
    model : Mixture
    data : Rows
    runs : sequence of Run
        Of equally many components.
    n_steps : int
    """
    many = climbs.rows_for(model, data) if runs else None
    if many is not None:
        return climbs.climbed(model, many, runs, n_steps)
    if len(runs) > 1 and stack.is_possible(model, data):
        return _side_by_side(model, data, runs, n_steps)
    return [_alone(model, data, run, n_steps) for run in runs]


def whole(result: EMResult) -> EMResult:
    """Return a result, for whom half of a fit is of no use.

    Raises
    ------
    KeyboardInterrupt
        If the user has interrupted it.
    """
    if result.outcome is Outcome.INTERRUPTED:
        raise KeyboardInterrupt
    return result


def _alone(model: Mixture, data: Rows, run: Run, n_steps: int) -> Run:
    result = whole(em(model, data, run.params, tol=SETTLED, max_iter=n_steps))
    log_density = model.log_density(result.params, data)
    return run.to(result.params, result.log_likelihoods, log_density)


def _side_by_side(
    model: Mixture, data: Rows, runs: Sequence[Run], n_steps: int
) -> Sequence[Run]:
    """Follow all runs as one; those that come to need it go on alone, and last."""
    rows = stack.quadratic_rows(model, data)
    here = Stack.of(model, [run.params for run in runs])
    needs_care = here.needs_care(rows)
    trace: list[Array] = []
    lost = None
    while not needs_care.any():
        log_density, moments = here.e_step(model, rows)
        level = log_density @ rows.weights  # (R,)
        settled = bool(trace) and _are_settled(trace[-1], level)
        trace.append(level)
        if settled or len(trace) > n_steps:
            break
        try:
            there = here.m_step(model, moments)
        except DegenerateComponentError as collapse:
            assert collapse.component is not None
            lost = collapse.component // here.n_components
            break
        needs_care = there.needs_care(rows)
        here = here if needs_care.any() else there
    if trace:
        reached = zip(runs, here.unstacked(model), strict=True)
        runs = [
            run.to(params, [float(levels[i]) for levels in trace], log_density[i])
            for i, (run, params) in enumerate(reached)
        ]
    left = n_steps - max(len(trace) - 1, 0)
    if lost is not None:
        others = [*runs[:lost], *runs[lost + 1 :]]
        return followed(model, data, others, left)
    if needs_care.any():
        both = list(zip(runs, needs_care, strict=True))
        alone = [run for run, careful in both if careful]
        others = [run for run, careful in both if not careful]
        return [
            *followed(model, data, others, left),
            *(_alone(model, data, run, left) for run in alone),
        ]
    return [run for run in runs if np.isfinite(run.objective)]


def _are_settled(before: Array, after: Array) -> bool:
    return bool((after - before < SETTLED * (1 + np.abs(after))).all())
