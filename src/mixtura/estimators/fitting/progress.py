"""What watches a fit: lines printed when `verbose` is set, and a recorder."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mixtura.em import EMResult, EMStep
from mixtura.trace.records import Recorder, Records


@dataclass
class Progress:
    """A callback for `em` that prints every few iterations and may record all.

    Parameters
    ----------
    verbose : int
        0 prints nothing, 1 the iterations, 2 the objective and the time as well.
    interval : int
        Iterations between lines.
    per_observation : float
        Factor from the objective to nats per observation.
    offset : float
        Added to it, for the caller's units.
    records : bool
        Whether to keep the path of the best start.
    """

    verbose: int
    interval: int
    per_observation: float
    offset: float
    records: bool = False
    started: float = field(default_factory=time.perf_counter)
    before: int = 0
    recorder: Recorder | None = None
    path: Records = ()

    def announce(self, start: int) -> None:
        """Print that a start begins."""
        self.begin()
        if self.verbose:
            print(f"Initialization {start}")

    def begin(self) -> None:
        """Forget the steps so far."""
        self.before = 0
        self.recorder = Recorder() if self.records else None

    def recall(self, objectives: Sequence[float]) -> None:
        """Print the iterations that led to the start, and count on from there."""
        for iteration, objective in enumerate(objectives):
            self._print(iteration, objective)
        self.before = max(len(objectives) - 1, 0)

    def __call__(self, step: EMStep) -> None:
        """Print one line, if it is due, and record the step."""
        if self.recorder is not None:
            self.recorder(step)
        if step.iteration > 0:
            self._print(self.before + step.iteration, step.objective)

    def end(self, result: EMResult) -> None:
        """Print how a start ended."""
        if not self.verbose:
            return
        words = "converged" if result.converged else "did not converge"
        print(f"Initialization {words}.{self._details(result.log_likelihood)}")

    def prefer(self, params: Any) -> None:
        """Keep the path of this start, which ends at the given parameters."""
        if self.recorder is not None:
            self.path = self.recorder.ending_at(params)

    def _print(self, iteration: int, objective: float) -> None:
        if not self.verbose or iteration == 0 or iteration % self.interval:
            return
        print(f"  Iteration {iteration}{self._details(objective)}")

    def _details(self, objective: float) -> str:
        if self.verbose < 2:
            return ""
        bound = objective * self.per_observation + self.offset
        elapsed = time.perf_counter() - self.started
        return f"\t{bound:.6f} nats per observation\t{elapsed:.2f} s"
