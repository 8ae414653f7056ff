"""Mixture models, and every latent-variable model that EM can fit.

The public names are imported on first use, so ``import mixtura`` costs nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "GaussianMixture": "estimators.gaussian_mixture",
    "GaussianMixtureClassifier": "estimators.gaussian_mixture_classifier",
    "GaussianMixtureDetector": "estimators.gaussian_mixture_detector",
    "GaussianMixtureSearch": "estimators.gaussian_mixture_search",
    "agreement": "inference.agreement",
    "align": "estimators.judging.alignment",
    "bootstrap": "estimators.judging.bootstrap",
    "bootstrap_lrt": "estimators.judging.likelihood_ratio",
    "compare_restarts": "estimators.judging.restarts",
    "merge_components": "estimators.judging.alignment",
    "standard_errors": "estimators.judging.standard_errors",
    "BayesianGaussianMixture": "estimators.bayesian_gaussian_mixture",
    "em_steps": "em",
    "EMResult": "em",
    "EMStep": "em",
    "EMTrace": "trace",
    "HalfStep": "trace",
    "Outcome": "em",
    "Report": "report.document",
    "load_model": "io.model_file",
    "save_model": "io.model_file",
    "read_table": "io.tables",
    "load_dataset": "datasets",
    "AnimationDisplay": "plot.fits.animation",
    "AnomalyDisplay": "plot.models.anomaly",
    "BoundDisplay": "plot.fits.bound",
    "ClassifierDisplay": "plot.models.classifier",
    "HalfStepsDisplay": "plot.fits.half_steps",
    "MeanPathsDisplay": "plot.fits.mean_paths",
    "KMeansDisplay": "plot.mixtures.kmeans",
    "LoadingsDisplay": "plot.models.loadings",
    "MixtureDisplay": "plot.mixtures.mixture",
    "ProjectionDisplay": "plot.mixtures.projection",
    "ResponsibilityDisplay": "plot.mixtures.responsibility",
    "ResponsibilityHeatmapDisplay": "plot.mixtures.heatmap",
    "ResponsibilityPathsDisplay": "plot.fits.responsibility_paths",
    "SelectionDisplay": "plot.models.selection",
    "StateSequenceDisplay": "plot.models.states",
    "TraceDisplay": "plot.fits.trace",
    "UncertaintyDisplay": "plot.mixtures.uncertainty",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mixtura' has no attribute {name!r}")
    return getattr(import_module(f"mixtura.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
