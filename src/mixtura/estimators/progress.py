"""Lines printed during a fit when `verbose` is set."""

import time
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

    def announce(self, start: int) -> None:
        """Print that a start begins."""
        if self.verbose:
            print(f"Initialization {start}")

    def __call__(self, step: EMStep) -> None:
        """Print one line, if it is due."""
        if not self.verbose or step.iteration == 0 or step.iteration % self.interval:
            return
        line = f"  Iteration {step.iteration}"
        if self.verbose > 1:
            objective = step.objective * self.per_observation + self.offset
            elapsed = time.perf_counter() - self.started
            line += f"\t{objective:.6f} nats per observation\t{elapsed:.2f} s"
        print(line)
