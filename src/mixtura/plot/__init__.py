"""Pictures of fitted mixtures, in scikit-learn's Display convention."""

from mixtura.plot.mixture import MixtureDisplay
from mixtura.plot.trace import TraceDisplay

__all__ = ["MixtureDisplay", "TraceDisplay"]
