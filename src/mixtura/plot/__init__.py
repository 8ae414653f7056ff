"""Pictures of fitted mixtures, in scikit-learn's Display convention."""

from mixtura.plot.animation import AnimationDisplay
from mixtura.plot.anomaly import AnomalyDisplay
from mixtura.plot.assignment import ResponsibilityHeatmapDisplay
from mixtura.plot.bound import BoundDisplay
from mixtura.plot.classifier import ClassifierDisplay
from mixtura.plot.half_steps import HalfStepsDisplay
from mixtura.plot.kmeans import KMeansDisplay
from mixtura.plot.loadings import LoadingsDisplay
from mixtura.plot.mean_paths import MeanPathsDisplay
from mixtura.plot.mixture import MixtureDisplay
from mixtura.plot.projection import ProjectionDisplay
from mixtura.plot.responsibility import ResponsibilityDisplay
from mixtura.plot.responsibility_paths import ResponsibilityPathsDisplay
from mixtura.plot.selection import SelectionDisplay
from mixtura.plot.states import StateSequenceDisplay
from mixtura.plot.trace import TraceDisplay
from mixtura.plot.uncertainty import UncertaintyDisplay

__all__ = [
    "AnimationDisplay",
    "AnomalyDisplay",
    "BoundDisplay",
    "ClassifierDisplay",
    "HalfStepsDisplay",
    "KMeansDisplay",
    "LoadingsDisplay",
    "MeanPathsDisplay",
    "MixtureDisplay",
    "ProjectionDisplay",
    "ResponsibilityDisplay",
    "ResponsibilityHeatmapDisplay",
    "ResponsibilityPathsDisplay",
    "SelectionDisplay",
    "StateSequenceDisplay",
    "TraceDisplay",
    "UncertaintyDisplay",
]
