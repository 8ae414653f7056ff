"""A fit of a Gaussian mixture, one half-step at a time."""

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

from mixtura._types import Array
from mixtura.acceleration import PlainStepper
from mixtura.completion import SOFT
from mixtura.em import Ascent, EMResult, EMStep, Outcome, em_steps
from mixtura.estimators import checks
from mixtura.estimators.fitting.data_warnings import warn_of_collapse, warn_of_data
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.estimators.fitting.gaussian_result import column_names, store, trace_of
from mixtura.exceptions import DegenerateComponentError
from mixtura.execution.blas import single_threaded_blas
from mixtura.kernels.threads import using_threads
from mixtura.trace.em_trace import EMTrace
from mixtura.trace.records import Record
from mixtura.trace.sampled import SampledRows


class WatchedFit:
    """What ``estimator.fit(X)`` does from its first start, for whoever asks for a step.

    Iterating yields each `EMStep`, in the units of ``problem``, until the rule that
    ends a fit ends this one. More starts and accelerations are left out: this is
    textbook EM.

    Parameters
    ----------
    estimator : GaussianMixture
        Without noise, prior, trimming and other robust options.
    X : array-like of shape (n_samples, n_features)
    n_shown : int
        Rows that its traces show.

    Attributes
    ----------
    problem : Problem
        The rows and the model in the units of the fit.
    outcome : Outcome or None
        Why it ended; None while it goes on.
    message : str
        The same in words.

    Raises
    ------
    ValueError
        For unusable arguments or data.

    Examples
    --------
    >>> from itertools import islice
    >>> from mixtura import GaussianMixture, load_dataset
    >>> from mixtura.estimators.fitting.watched_fit import WatchedFit
    >>> geyser = load_dataset("old-faithful").values
    >>> estimator = GaussianMixture(2, init_params="k-means++", random_state=0)
    >>> fit = WatchedFit(estimator, geyser)
    >>> fit.trace(list(islice(fit, 3)))
    EMTrace(3 half-steps to iteration 1, log-likelihood -1285.855)
    """

    def __init__(self, estimator: Any, X: Any, n_shown: int = 1000) -> None:
        self.estimator = estimator
        structure = estimator._check_arguments()
        self._X: Array = estimator._validated(X, reset=True)
        rng = checks.generator(estimator.random_state)
        rows = estimator._rows(self._X, None, None)
        self.problem: Problem = estimator._problem(rows, structure, rng)
        self._shown = SampledRows.of(rows, n_shown)
        completion = estimator._completion(rng)
        with single_threaded_blas():
            start = self.problem.starting(
                estimator._start(self._X, None, rng),
                estimator._given(self.problem),
                estimator.n_components,
                rng,
                estimator.max_iter,
            )
        # The search has taken the first steps already: they are seen, but not judged.
        is_known = completion == SOFT and start.origin is not None
        origin = start.origin if is_known else start.params
        self._n_known = max(len(start.objectives) - 1, 0) if is_known else 0
        self._objectives: list[float] = []
        problem = self.problem
        self._steps = em_steps(
            problem.model, problem.data, origin, completion=completion
        )
        self._ascent = Ascent(
            problem.tolerance(estimator.tol),
            problem.data,
            completion.monotone,
            PlainStepper(),
        )
        self._at_limit = Outcome.ITERATION_LIMIT
        if not completion.monotone:
            self._at_limit = Outcome.CHAIN_FINISHED
        self.outcome: Outcome | None = None
        self.message = ""

    def __iter__(self) -> Iterator[EMStep]:
        return self

    def __next__(self) -> EMStep:
        """Take a half-step."""
        if self.outcome is not None:
            raise StopIteration
        threads = self.estimator._threads(len(self._X))
        try:
            with single_threaded_blas(), using_threads(threads):
                step = next(self._steps)
        except DegenerateComponentError as error:
            self._end(Outcome.COMPONENT_COLLAPSED, str(error))
            raise StopIteration from error
        if step.phase == "E" and step.iteration < self._n_known:
            self._objectives.append(step.objective)
        elif step.phase == "E":
            outcome = self._ascent.take(step.params, step.objective)
            if outcome is None and step.iteration >= self.estimator.max_iter:
                outcome = self._at_limit
            if outcome is not None:
                self._end(outcome)
        return step

    def _end(self, outcome: Outcome, detail: str = "") -> None:
        self.outcome = outcome
        self.message = f"{outcome.value} {detail}".rstrip()

    def warn(self, params: Any) -> None:
        """Warn of what in the data or in these parameters makes a fit degenerate."""
        names = column_names(self.estimator, self.problem)
        warn_of_data(self.problem, self.estimator.n_components, names)
        warn_of_collapse(self.problem, params)

    def trace(self, steps: Sequence[EMStep]) -> EMTrace:
        """Return some of the steps that were yielded, in the user's units."""
        return trace_of(
            self.estimator,
            self.problem,
            tuple(Record.of(step, step.iteration) for step in steps),
            self._shown,
            (self.message, self.outcome is Outcome.CONVERGED),
        )

    def model_at(self, params: Any, iteration: int) -> Any:
        """Return a fitted copy of the estimator, as it was at an iteration.

        Parameters
        ----------
        params : MixtureParams
            Of a step that was yielded.
        iteration : int
            Its number.

        Returns
        -------
        GaussianMixture
        """
        objectives = (*self._objectives, *self._ascent.trace)
        is_last = iteration + 1 >= len(objectives)
        model = copy(self.estimator)
        outcome, message = Outcome.STOPPED, f"Stopped at iteration {iteration}."
        if is_last and self.outcome is not None:
            outcome, message = self.outcome, self.message
        else:
            model.max_iter = iteration
        result = EMResult(
            params, objectives[: iteration + 1], iteration, outcome, message
        )
        store(model, self.problem, result, self._X, None)
        return model
