"""Expectation-maximization: the loop, which knows no model.

One iteration is ``m_step(params, sum over blocks of e_step(params, block))``.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial
from itertools import count
from typing import Any, Literal

import numpy as np

from mixtura.acceleration import Acceleration, PlainStepper, Point, Stepper
from mixtura.completion import SOFT, Completion
from mixtura.convergence import ROUNDING, WORST_ROUNDING
from mixtura.data import as_data
from mixtura.exceptions import DegenerateComponentError
from mixtura.execution.in_memory import IN_MEMORY
from mixtura.models import LatentModel
from mixtura.statistics import EStatistics

Executor = Callable[[Callable[[Any], Any], Any], Any]

# Rounding of log-likelihoods of rows in single precision, relative to their size.
SINGLE_ROUNDING = 1e-9


class Outcome(Enum):
    """Why a fit stopped, as a message for the user."""

    CONVERGED = (
        "Converged: the log-likelihood still to be gained is estimated to be "
        "below the tolerance."
    )
    ITERATION_LIMIT = (
        "The iteration limit was reached before convergence. Raise max_iter, or "
        "raise tol if the remaining gain does not matter."
    )
    CHAIN_FINISHED = (
        "The stochastic chain ran all its iterations; the parameters are the best "
        "that it visited."
    )
    OBJECTIVE_FELL = (
        "The objective fell by more than rounding explains, which EM cannot do: the "
        "E-step and the M-step of the model do not belong together. The parameters "
        "are those before the fall."
    )
    COMPONENT_COLLAPSED = (
        "A component collapsed: its estimate is not defined. The parameters are those "
        "before the collapse."
    )
    NON_FINITE = (
        "The log-likelihood is not finite. The parameters are the last with a finite "
        "one. Look for extreme values in the data, or regularise."
    )
    INTERRUPTED = "Interrupted; the parameters are the best so far."
    STOPPED = "Stopped by the callback."


@dataclass(frozen=True)
class EMStep:
    """One half-step of EM, with every quantity of the theory.

    After the E-step of an iteration, q is the posterior at `params` and KL = 0. After
    its M-step, `params` are new and q is still the posterior at the old ones. Always
    log_likelihood = elbo + kl and elbo = q + entropy. All are sums over observations,
    in nats.

    Parameters
    ----------
    iteration : int
        0 for the E-step at the initial parameters; iteration t is M-step t and then
        E-step t.
    phase : {"E", "M"}
    params : object
        The model's parameters after this half-step.
    log_likelihood : float
        log p(x | params).
    """

    iteration: int
    phase: Literal["E", "M"]
    params: Any
    log_likelihood: float
    statistics: EStatistics = field(repr=False)
    model: Any = field(repr=False)
    posterior_params: Any = field(repr=False)
    data: Any = field(repr=False)
    completion: Completion = field(repr=False)

    @cached_property
    def q(self) -> float:
        """E_q[log p(x, z | params)], the expected complete-data log-likelihood."""
        return float(self.model.expected_log_joint(self.params, self.statistics))

    @property
    def entropy(self) -> float:
        """H(q), which is zero when the completion is hard or stochastic."""
        return self.statistics.entropy

    @property
    def elbo(self) -> float:
        """Return the lower bound on the log-likelihood that q gives."""
        return self.q + self.entropy

    @property
    def kl(self) -> float:
        """KL(q || p(z | x, params)), the gap between log-likelihood and bound."""
        return self.log_likelihood - self.elbo

    @property
    def objective(self) -> float:
        """What this version of EM climbs: for soft EM the log-likelihood."""
        return self.completion.objective(self)

    @cached_property
    def responsibilities(self) -> Any:
        """q(z), of shape (n_samples, n_components) for a categorical latent."""
        parts = [
            self.completion(
                self.model.posterior(self.posterior_params, rows), rows.start, len(rows)
            ).values
            for rows in self.data.stretches()
        ]
        return np.concatenate(parts)


@dataclass(frozen=True)
class EMResult:
    """Where EM ended, and why.

    Parameters
    ----------
    params : object
        The parameters at which the last entry of `log_likelihoods` was computed.
    log_likelihoods : tuple of float
        The objective at the initial parameters and after each iteration, in nats,
        summed over observations.
    n_iter : int
        M-steps that led to `params`.
    outcome : Outcome
        Why it stopped.
    message : str
        The outcome's message, with what is particular to this fit.
    """

    params: Any
    log_likelihoods: tuple[float, ...]
    n_iter: int
    outcome: Outcome
    message: str

    @property
    def converged(self) -> bool:
        """Whether the stopping rule was met, and not merely a limit reached."""
        return self.outcome is Outcome.CONVERGED

    @property
    def log_likelihood(self) -> float:
        """The objective at `params`, in nats, summed over observations."""
        return self.log_likelihoods[-1]


def em_steps(
    model: LatentModel,
    data: Any,
    params: Any,
    *,
    completion: Completion = SOFT,
    executor: Executor = IN_MEMORY,
) -> Iterator[EMStep]:
    """Yield every half-step of EM, without end.

    Parameters
    ----------
    model : LatentModel
    data : Rows, Sequences or ndarray
        An array (n_samples, n_features) is rows of weight one.
    params : object
        Where to start.
    completion : Completion
        Soft (default), hard or stochastic EM.
    executor : callable
        ``executor(e_step, data)`` returns the sum of ``e_step(block)`` over blocks.

    Yields
    ------
    EMStep
        E-step 0 at the initial parameters, then M-step and E-step in turn.

    Notes
    -----
    EM as coordinate ascent on the bound: [Lecture15]_, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from itertools import islice
    >>> from mixtura.data import Rows
    >>> from mixtura.families.poisson import Poisson, PoissonParams
    >>> from mixtura.models.mixture import Mixture, MixtureParams
    >>> data = Rows(np.array([[0.0], [1.0], [1.0], [7.0], [9.0]]))
    >>> rates = PoissonParams(np.array([[1.0], [5.0]]))
    >>> start = MixtureParams(np.array([0.5, 0.5]), rates)
    >>> for step in islice(em_steps(Mixture(Poisson()), data, start), 3):
    ...     numbers = f"{step.log_likelihood:.4f} {step.kl:z.4f}"
    ...     print(step.iteration, step.phase, numbers)
    0 E -11.8476 0.0000
    1 M -10.2727 0.2491
    1 E -10.2727 0.0000
    """
    data = as_data(data)
    return _steps(model, data, params, completion, executor, PlainStepper())


def _steps(
    model: LatentModel,
    data: Any,
    params: Any,
    completion: Completion,
    executor: Executor,
    stepper: Stepper,
) -> Iterator[EMStep]:
    """Yield half-steps, of EM or of what accelerates it."""

    def e_step_of(iteration: int) -> Callable[[Any], EStatistics]:
        completed = completion.at(iteration)
        return lambda at: executor(
            partial(model.e_step, at, completion=completed), data
        )

    point = Point(params, e_step_of(0)(params))
    for iteration in count():
        context = (
            point.statistics,
            model,
            point.params,
            data,
            completion.at(iteration),
        )
        here = point.statistics.log_likelihood
        yield EMStep(iteration, "E", point.params, here, *context)
        point = stepper.advance(model, e_step_of(iteration + 1), point)
        there = point.statistics.log_likelihood
        yield EMStep(iteration + 1, "M", point.params, there, *context)


def em(
    model: LatentModel,
    data: Any,
    params: Any,
    *,
    tol: float = 1e-6,
    max_iter: int = 1000,
    completion: Completion = SOFT,
    acceleration: Acceleration | None = None,
    executor: Executor = IN_MEMORY,
    callback: Callable[[EMStep], object] | None = None,
) -> EMResult:
    """Run EM until nothing worth having is left to gain.

    Parameters
    ----------
    model : LatentModel
    data : Rows, Sequences or ndarray
        An array (n_samples, n_features) is rows of weight one.
    params : object
        Where to start. With ``max_iter=0`` they are kept.
    tol : float
        Stop when the log-likelihood still to be gained, estimated from the rate at
        which the gains shrink (Aitken), is at most this many nats per observation.
    max_iter : int
        Largest number of iterations.
    completion : Completion
        Soft (default), hard or stochastic EM.
    acceleration : Acceleration, optional
        What takes fewer steps than EM. None is textbook EM, step for step.
    executor : callable
        ``executor(e_step, data)`` returns the sum of ``e_step(block)`` over blocks.
    callback : callable, optional
        Called with the `EMStep` after each E-step; a true return value stops.

    Returns
    -------
    EMResult
        Also after Ctrl-C, a collapse or a failure: with the best parameters so far and
        the `Outcome` that says so.

    Raises
    ------
    ValueError
        If an acceleration is asked for with a completion that is not soft.
    KeyboardInterrupt
        If nothing has been computed yet.
    DegenerateComponentError
        Likewise, if the initial parameters are not usable.
    """
    if acceleration is not None and completion != SOFT:
        raise ValueError(
            "em(acceleration=...) must be None unless the completion is soft; got "
            f"{type(completion).__name__}. Only soft EM is a smooth map to extrapolate."
        )
    data = as_data(data)
    stepper = PlainStepper() if acceleration is None else acceleration.start()
    run = Ascent(tol, data, completion.monotone, stepper)
    steps = _steps(model, data, params, completion, executor, stepper)
    try:
        for step in steps:
            if step.phase == "M":
                continue
            outcome = run.take(step.params, step.objective)
            stop = callback is not None and callback(step)
            if outcome is None and stop:
                outcome = Outcome.STOPPED
            if outcome is None and step.iteration >= max_iter:
                limit = Outcome.ITERATION_LIMIT
                outcome = limit if completion.monotone else Outcome.CHAIN_FINISHED
            if outcome is not None:
                return run.result(outcome)
    except DegenerateComponentError as error:
        if not run.trace:
            raise
        return run.result(Outcome.COMPONENT_COLLAPSED, str(error))
    except KeyboardInterrupt:
        if not run.trace:
            raise
        return run.result(Outcome.INTERRUPTED)
    raise AssertionError("em_steps ended")


class Ascent:
    """The trace of a fit, the best point in it, and the rule that ends it."""

    def __init__(self, tol: float, data: Any, monotone: bool, stepper: Stepper) -> None:
        self.n_observations = data.n_observations
        self.tol = tol * self.n_observations
        is_single = getattr(data, "dtype", None) == np.float32
        self.rounding = SINGLE_ROUNDING if is_single else ROUNDING
        self.monotone = monotone
        self.stepper = stepper
        self.trace: list[float] = []
        self.params: Any = None
        self.n_iter = 0

    def take(self, params: Any, objective: float) -> Outcome | None:
        """Add the E-step at the next parameters; return the outcome if it is the last.

        The objective is the sum over observations in nats.
        """
        if not math.isfinite(objective):
            if not self.trace:
                self._add(params, objective)
            return Outcome.NON_FINITE
        if not self.trace:
            self._add(params, objective)
            return None
        if not self.monotone:
            best = self.trace[self.n_iter]
            self.trace.append(objective)
            if objective > best:
                self.params, self.n_iter = params, len(self.trace) - 1
            return None
        gain = objective - self.trace[-1]
        size = abs(objective) + self.n_observations
        if gain < -WORST_ROUNDING * size:
            return Outcome.OBJECTIVE_FELL
        if gain < 0:  # nothing but rounding is left; keep the better parameters
            return Outcome.CONVERGED
        self._add(params, objective)
        if (
            gain <= self.rounding * size
            or self.stepper.remaining(self.trace) <= self.tol
        ):
            return Outcome.CONVERGED
        return None

    def _add(self, params: Any, objective: float) -> None:
        self.params, self.n_iter = params, len(self.trace)
        self.trace.append(objective)

    def result(self, outcome: Outcome, detail: str = "") -> EMResult:
        """Package the best point."""
        message = f"{outcome.value} {detail}".rstrip()
        trace = tuple(self.trace[: self.n_iter + 1])
        return EMResult(self.params, trace, self.n_iter, outcome, message)
