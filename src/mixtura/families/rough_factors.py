"""Factors and noise to within what a start needs: a formula instead of a search."""

import numpy as np

from mixtura._types import Array
from mixtura.families.factor_noise import usual_start
from mixtura.families.heywood import with_noise
from mixtura.families.low_rank import Factors


class RoughFactors(Factors):
    r"""A structure of factors whose noise is estimated, not found.

    The noise of a column is a share of its variance given all others,

    .. math:: \psi_j = (1 - q / 2D) / (S^{-1})_{jj}

    ([Joreskog1963]_), and the loadings are the best ones for this noise. Where that is
    less likely than the previous covariance, this stays; so EM never loses likelihood,
    in far cheaper steps.

    Parameters
    ----------
    exact : Factors
        The structure that this stands for.

    References
    ----------
    .. [Joreskog1963] K. G. Jöreskog. Statistical estimation in factor analysis: a new
       technique and its foundation.
    """

    def __init__(self, exact: Factors) -> None:
        super().__init__(exact.n_factors)

    def closest(
        self, own: Array, counts: Array, previous: Array, floor: Array | None = None
    ) -> Array:
        """Estimate, unless the previous is more likely."""
        self._check(own.shape[-1])
        alive = np.flatnonzero(counts > 0)
        nearest, given = own.copy(), own[alive]
        variances = np.diagonal(given, axis1=1, axis2=2)
        if floor is None:
            nearest[alive] = np.nan  # where a variance is not positive
            usable = (variances > 0).all(axis=1) & np.isfinite(given).all(axis=(1, 2))
            alive, given, variances = alive[usable], given[usable], variances[usable]
        least = 0.0 if floor is None else floor
        estimate = self._estimated(given, np.sqrt(np.maximum(variances, least)), least)
        before = previous[alive]
        is_better = _divergences(estimate, given) <= _divergences(before, given)
        nearest[alive] = np.where(is_better[:, None, None], estimate, before)
        return nearest

    def _estimated(self, own: Array, units: Array, floor: Array | float) -> Array:
        """Return the estimates for sample covariances in such units, (K, D, D)."""
        unit = units[:, :, None] * units[:, None, :]
        matrices = own / unit
        noise = usual_start(matrices, self.n_factors)
        noise = np.maximum(noise, floor / units**2)
        return with_noise(matrices, self.n_factors, noise) * unit


def _divergences(covariances: Array, own: Array) -> Array:
    """Log |Sigma| + tr(Sigma^-1 S), infinite where Sigma is not positive definite."""
    signs, logs = np.linalg.slogdet(covariances)
    usable = signs > 0
    result = np.full(len(own), np.inf)
    solved = np.linalg.solve(covariances[usable], own[usable])
    result[usable] = logs[usable] + np.trace(solved, axis1=1, axis2=2)
    return result
