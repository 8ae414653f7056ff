"""Pictures, in scikit-learn's Display convention.

`mixtures` has those of a fitted mixture over its data, `fits` those of how a fit went,
and `models` those of searches and of other models. They share `quantities`, what is
asked of a model and its data, and `drawing`, what is put into a figure.
"""

from mixtura.plot.fits.animation import AnimationDisplay
from mixtura.plot.fits.bound import BoundDisplay
from mixtura.plot.fits.half_steps import HalfStepsDisplay
from mixtura.plot.fits.mean_paths import MeanPathsDisplay
from mixtura.plot.fits.responsibility_paths import ResponsibilityPathsDisplay
from mixtura.plot.fits.trace import TraceDisplay
from mixtura.plot.mixtures.heatmap import ResponsibilityHeatmapDisplay
from mixtura.plot.mixtures.kmeans import KMeansDisplay
from mixtura.plot.mixtures.mixture import MixtureDisplay
from mixtura.plot.mixtures.projection import ProjectionDisplay
from mixtura.plot.mixtures.responsibility import ResponsibilityDisplay
from mixtura.plot.mixtures.uncertainty import UncertaintyDisplay
from mixtura.plot.models.anomaly import AnomalyDisplay
from mixtura.plot.models.classifier import ClassifierDisplay
from mixtura.plot.models.loadings import LoadingsDisplay
from mixtura.plot.models.selection import SelectionDisplay
from mixtura.plot.models.states import StateSequenceDisplay

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
