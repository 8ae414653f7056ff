"""The path of EM as a value: every quantity of every half-step, within bounds.

`EMTrace` is what a fit leaves of itself: a table, pictures, and the recording that the
EM player shows.
"""

from mixtura.trace.em_trace import EMTrace
from mixtura.trace.half_step import HalfStep

__all__ = ["EMTrace", "HalfStep"]
