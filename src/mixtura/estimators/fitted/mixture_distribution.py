"""A fitted Gaussian mixture as a distribution to work with."""

from mixtura.estimators.fitted.mixture_conditioning import MixtureConditioning
from mixtura.estimators.fitted.mixture_summaries import MixtureSummaries


class MixtureDistribution(MixtureConditioning, MixtureSummaries):
    """Everything that follows from the parameters of a Gaussian mixture alone."""
