"""Fits from several starts at once, where the data are small."""

from collections.abc import Callable, Mapping
from typing import Any

from mixtura.completion import SOFT
from mixtura.data import Rows
from mixtura.em import EMResult, Outcome
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.estimators.fitting.outcomes import best_of, interrupted
from mixtura.exceptions import DegenerateComponentError
from mixtura.init.automatic import Start
from mixtura.init.race import raced
from mixtura.init.stack import is_possible
from mixtura.models.mixture import Mixture, MixtureParams

FEWEST = 5
"""Starts from which on it is worth it to run them side by side, and the best again."""

FEW_ROWS = 2_000
"""Rows up to which it is: of more, little of the work is in the calls of NumPy."""

LARGEST = 1 << 22
"""Responsibilities of all runs up to which they are in memory together (32 MiB)."""


def is_faster(
    problem: Problem, n_components: int, n_init: int, settings: Mapping[str, Any]
) -> bool:
    """Whether so many fits are possible side by side, and faster."""
    data, model = problem.data, problem.fitted
    return (
        n_init >= FEWEST
        and settings["completion"] == SOFT
        and problem.rough is None
        and isinstance(data, Rows)
        and len(data) <= FEW_ROWS
        and n_init * n_components * len(data) <= LARGEST
        and isinstance(model, Mixture)
        and is_possible(model, data)
    )


def best_side_by_side(
    problem: Problem,
    starting: Callable[[], Start],
    n_init: int,
    settings: Mapping[str, Any],
) -> EMResult:
    """Return the best of `n_init` fits, which is what one after the other leads to.

    Raises
    ------
    DegenerateComponentError
        If every start ends in a component whose covariance is not defined.
    KeyboardInterrupt
        If the user interrupts before there is anything.
    """
    fits = _Fits(problem, settings)
    try:
        fits.draw(starting, n_init)
        if fits.starts:
            fits.race()
            fits.settle()
    except KeyboardInterrupt:
        if not fits.results:
            raise
        return interrupted(fits.best)
    if not fits.results:
        assert fits.failure is not None
        raise fits.failure
    return fits.best


class _Fits:
    """Fits from several starts, and how far they are known.

    Side by side their ends are known to rounding only. What is returned has been run
    by itself, so that its trace and its last bit are those of a single fit.
    """

    def __init__(self, problem: Problem, settings: Mapping[str, Any]) -> None:
        self.problem = problem
        self.settings = settings
        self.starts: list[MixtureParams] = []
        self.results: dict[int, EMResult] = {}
        self.failure: DegenerateComponentError | None = None

    @property
    def best(self) -> EMResult:
        """The best so far; of equals, that from the earliest start."""
        in_order = [self.results[place] for place in sorted(self.results)]
        return best_of(in_order, self.problem.is_sound)

    def draw(self, starting: Callable[[], Start], n_init: int) -> None:
        """Make all starts, as if one after the other."""
        try:
            for _ in range(n_init):
                try:
                    self.starts.append(starting().params)
                except DegenerateComponentError as error:
                    self.failure = error
        except KeyboardInterrupt:
            if self.starts:
                nothing = {**self.settings, "max_iter": 0}
                self.results[0] = self.problem.run(self.starts[0], nothing)
            raise

    def race(self) -> None:
        """Follow all to their ends, but for those that have to run by themselves."""
        data = self.problem.data
        assert isinstance(data, Rows)
        names = ("tol", "max_iter", "acceleration")
        settings = {name: self.settings[name] for name in names}
        ends = raced(self.problem.model, data, self.starts, **settings)
        known = {place: end for place, end in enumerate(ends) if end is not None}
        self.results |= known
        if any(end.outcome is Outcome.INTERRUPTED for end in known.values()):
            raise KeyboardInterrupt

    def settle(self) -> None:
        """Run those by themselves, and then whichever is the best."""
        alone = {i for i in range(len(self.starts)) if i not in self.results}
        for place in sorted(alone):
            self._run(place)
        while self.results:
            best = self.best
            place = next(i for i, each in self.results.items() if each is best)
            if place in alone:
                return
            alone.add(place)
            self._run(place)

    def _run(self, place: int) -> None:
        try:
            result = self.problem.run(self.starts[place], self.settings)
        except DegenerateComponentError as error:
            self._drop(place, error)
            return
        if result.outcome is Outcome.COMPONENT_COLLAPSED:
            self._drop(place, DegenerateComponentError(result.message))
        elif result.outcome is Outcome.INTERRUPTED:
            self.results.setdefault(place, result)  # side by side it has got further
            raise KeyboardInterrupt
        else:
            self.results[place] = result

    def _drop(self, place: int, failure: DegenerateComponentError) -> None:
        self.failure = failure
        self.results.pop(place, None)
