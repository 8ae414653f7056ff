"""Highest-density regions: the smallest sets of a given probability."""

import numpy as np
from scipy.stats import chi2

from mixtura._types import Array, Rng
from mixtura.distribution import density
from mixtura.distribution.estimate import Estimate
from mixtura.distribution.univariate import Univariate
from mixtura.models.mixture import MixtureParams


def density_level(
    params: MixtureParams, probability: float, n_samples: int, rng: Rng
) -> Estimate:
    r"""Log-density t in nats such that :math:`P(\log p(x) \ge t)` is `probability`.

    Exact in one dimension, and for one component, where
    :math:`-2 (\log p(x) - \log p(\mu))` is chi-squared with D degrees of freedom.
    Otherwise a quantile of the log-densities of draws; its standard error is half the
    distance between the quantiles one binomial standard deviation either side.

    Parameters
    ----------
    params : MixtureParams
    probability : float
        Between 0 and 1.
    n_samples : int
    rng : Generator

    References
    ----------
    .. [Hyndman1996] R. J. Hyndman. Computing and graphing highest density regions.
       The American Statistician 50(2), 1996.
    """
    params = density.living(params)
    units = density.units_of(params)
    params = density.in_units(params, units)
    n_features = params.components.means.shape[1]
    if len(params.weights) == 1:
        peak = density.log_density(params, params.components.means)[0]
        level, error = peak - chi2.ppf(probability, n_features) / 2, 0.0
    elif n_features == 1:
        level, error = Univariate.of(params).level_and_intervals(probability)[0], 0.0
    else:
        level, error = _empirical_level(params, probability, n_samples, rng)
    return Estimate(float(level) - units.log_volume, float(error))


def _empirical_level(
    params: MixtureParams, probability: float, n_samples: int, rng: Rng
) -> tuple[float, float]:
    counts = rng.multinomial(n_samples, params.weights)
    values = density.log_density(params, density.draw(params, counts, rng))
    spread = np.sqrt(probability * (1 - probability) / n_samples)
    shares = np.clip(1 - probability + spread * np.array([-1, 0, 1]), 0.0, 1.0)
    below, level, above = np.quantile(values, shares)
    return float(level), float(above - below) / 2


def highest_density_intervals(params: MixtureParams, probability: float) -> Array:
    """Return the intervals of the region of a mixture in one dimension, (M, 2).

    Parameters
    ----------
    params : MixtureParams
        Of one column.
    probability : float
        Between 0 and 1.
    """
    params = density.living(params)
    units = density.units_of(params)
    scaled = Univariate.of(density.in_units(params, units))
    return units.to_x(scaled.level_and_intervals(probability)[1])
