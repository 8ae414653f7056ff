"""What other processes took of the machine while a section ran."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

STAT = Path("/proc/stat")
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
# user, nice, system, irq, softirq, steal: all but idle and waiting for disks
BUSY = (1, 2, 3, 6, 7, 8)
NOTABLE = 0.05
LOOK = 3.0
"""Seconds for which nobody else may be busy before the machine counts as quiet."""


class Load(NamedTuple):
    """Mean number of CPUs that others kept busy, the hypervisor included."""

    others: float

    @property
    def is_notable(self) -> bool:
        """Whether it may have slowed down what was measured."""
        return self.others >= NOTABLE


def watch() -> Callable[[], Load]:
    """Begin to watch; the result, called, tells the load since then."""
    start, busy, own = time.perf_counter(), _busy(), _own()

    def so_far() -> Load:
        elapsed = time.perf_counter() - start
        others = (_busy() - busy) - (_own() - own)
        return Load(max(others / elapsed, 0.0))

    return so_far


def wait_for_quiet(patience: float) -> None:
    """Wait until others are idle, for at most so many seconds.

    It looks at their load and never at a result, so it favours nobody.
    """
    end = time.perf_counter() + patience
    while time.perf_counter() < end:
        since_start = watch()
        time.sleep(LOOK)
        if not since_start().is_notable:
            return


def _busy() -> float:
    """Seconds of CPU time that the whole machine has spent."""
    if not STAT.exists():
        return _own()
    fields = STAT.read_text().splitlines()[0].split()
    return sum(int(fields[i]) for i in BUSY) / TICKS


def _own() -> float:
    """The same of this process and the children it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
