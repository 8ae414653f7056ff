"""Lines printed during a fit when `verbose` is set."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from mixtura.em import EMStep


@dataclass
class Progress:
    """A callback for `em` that prints every few iterations.

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
    """

    verbose: int
    interval: int
    per_observation: float
    offset: float
    started: float = field(default_factory=time.perf_counter)
    before: int = 0

    def announce(self, start: int) -> None:
        """Print that a start begins."""
        self.before = 0
        if self.verbose:
            print(f"Initialization {start}")

    def recall(self, objectives: Sequence[float]) -> None:
        """Print the iterations that led to the start, and count on from there."""
        for iteration, objective in enumerate(objectives):
            self._print(iteration, objective)
        self.before = max(len(objectives) - 1, 0)

    def __call__(self, step: EMStep) -> None:
        """Print one line, if it is due."""
        if step.iteration > 0:
            self._print(self.before + step.iteration, step.objective)

    def _print(self, iteration: int, objective: float) -> None:
        if not self.verbose or iteration == 0 or iteration % self.interval:
            return
        line = f"  Iteration {iteration}"
        if self.verbose > 1:
            bound = objective * self.per_observation + self.offset
            elapsed = time.perf_counter() - self.started
            line += f"\t{bound:.6f} nats per observation\t{elapsed:.2f} s"
        print(line)
