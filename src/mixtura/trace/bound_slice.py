"""Log-likelihood and bound along a line through parameter space, computed exactly."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.exceptions import DegenerateComponentError
from mixtura.execution.blas import single_threaded_blas
from mixtura.models import LatentModel
from mixtura.statistics import EStatistics
from mixtura.trace.recorded_path import RecordedPath
from mixtura.trace.records import Record
from mixtura.trace.sampled import SampledRows

SAME_ROWS = 1e-7
"""Share by which the Q of the rows may differ from the one recorded."""


@dataclass(frozen=True)
class BoundSlice:
    r"""The log-likelihood and two bounds under it, on a line of parameters.

    The line goes from the parameters :math:`\theta_t` of an E-step to those that the
    M-step makes of them, in the model's unconstrained coordinates (logs of weights,
    means, log-Cholesky factors): :math:`s = 0` is the one, :math:`s = 1` the other.

    .. math:: \mathcal L_t(s) = Q(\theta(s) \mid \theta_t) + H(q_t)
        \le \log p(x \mid \theta(s))

    In soft EM the bound touches at :math:`s = 0`. It has its maximum at :math:`s = 1`,
    where the bound of the next E-step touches.

    Parameters
    ----------
    iteration : int
        That of the E-step.
    s : ndarray of shape (m,)
    log_likelihood, bound, next_bound : ndarray of shape (m,)
        Sums over observations, in nats; nan where the parameters are not usable.
    """

    iteration: int
    s: Array
    log_likelihood: Array
    bound: Array
    next_bound: Array


@single_threaded_blas()
def bound_slice(
    trace: RecordedPath, record: Record, sample: SampledRows, s: Array
) -> BoundSlice:
    """Compute what `BoundSlice` documents for the E-step whose q a record has.

    Raises
    ------
    ValueError
        If these are not the rows of the fit.
    """
    model, rows = trace.model, sample.in_frame(trace.frame)
    offset = trace.frame.offset
    start, iteration = record.posterior_params, e_step_of(record)
    here = model.e_step(start, rows, record.completion)
    known, found = record.q, model.expected_log_joint(record.params, here)
    if not abs(found - known) <= SAME_ROWS * (abs(known) + len(rows)):
        raise ValueError(
            "EMTrace.bound_slice(X=...) must be the rows of the fit, with their "
            f"weights and labels: Q was {known + offset:.6g} nats at {record.phase}-"
            f"step {record.iteration} of the fit, and is {found + offset:.6g} of the "
            f"{len(rows)} rows given."
        )
    target = model.m_step(start, here)
    completion = record.completion.at(iteration + 1)
    there = model.e_step(target, rows, completion)
    line = _Line(model, start, target)
    values = np.array([_levels(model, line.at(t), rows, (here, there)) for t in s])
    return BoundSlice(iteration, s, *(values + offset).T)


def e_step_of(record: Record) -> int:
    """Return the iteration of the E-step whose q a record has."""
    return record.iteration - (record.phase == "M")


class _Line:
    """Parameters between and beyond two others."""

    def __init__(self, model: LatentModel, start: Any, end: Any) -> None:
        self.model, self.start, self.end = model, start, end
        self.origin = model.unconstrained(start)
        with np.errstate(invalid="ignore"):
            step = model.unconstrained(end) - self.origin
        # What is on the boundary, such as a weight of zero, stays there.
        self.step = np.where(np.isfinite(step), step, 0.0)

    def at(self, s: float) -> Any:
        """Return the parameters, or None where there are none."""
        if s in (0, 1):
            return self.end if s else self.start
        try:
            with np.errstate(all="ignore"):
                vector = self.origin + s * self.step
                return self.model.constrained(vector, self.start)
        except (DegenerateComponentError, np.linalg.LinAlgError):
            return None


def _levels(
    model: LatentModel, params: Any, rows: Rows, posteriors: tuple[EStatistics, ...]
) -> list[float]:
    """Log-likelihood at some parameters, and the bounds of given posteriors there."""
    if params is None:
        return [np.nan] * (1 + len(posteriors))
    bounds = [model.expected_log_joint(params, q) + q.entropy for q in posteriors]
    return [float(model.e_step(params, rows).log_likelihood), *bounds]
