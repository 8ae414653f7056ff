"""Replicates of the estimates of a mixture, and what they say about the estimates."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from mixtura._types import Array, Rng
from mixtura.inference.parameter_errors import ParameterErrors, check_level
from mixtura.inference.parameters import Layout, from_line, to_line
from mixtura.inference.replicates import Failure


def resampled(counts: Array, rng: Rng) -> Array:
    """Draw as many rows as there are, with replacement: how often each is drawn."""
    total = counts.sum()
    return rng.multinomial(round(total), counts / total).astype(np.float64)


def reweighted(counts: Array, rng: Rng) -> Array:
    """Give each observation an exponential weight, scaled to the same sum.

    A row that counts w times gets the sum of w such weights, a gamma variate.
    """
    weights = rng.standard_gamma(counts)
    return np.asarray(weights * (counts.sum() / weights.sum()))


RESAMPLERS: dict[str, Callable[[Array, Rng], Array]] = {
    "nonparametric": resampled,
    "weighted": reweighted,
}
INTERVALS = ("percentile", "basic", "bca")


@dataclass(frozen=True, repr=False)
class Bootstrap(ParameterErrors):
    """Refits of resampled data; printed, a table.

    Parameters
    ----------
    layout : Layout
        Names and order of the parameters.
    estimates : ndarray of shape (n_parameters,)
        Weights, means, and the free entries of the covariances, of the model.
    replicates : ndarray of shape (n_replicates, n_parameters)
        The same of each refit, components numbered as in the model.
    acceleration : ndarray of shape (n_parameters,)
        Skewness of the influence of single rows over six, for BCa intervals; nan where
        there is none.
    method : str
    n_bootstrap : int
        Replicates that were asked for.
    failures : tuple of Failure
        Refits that had no result, with the reason.
    is_complete : bool
        False if Ctrl-C ended the bootstrap early.
    """

    layout: Layout
    estimates: Array
    replicates: Array
    acceleration: Array
    method: str
    n_bootstrap: int
    failures: tuple[Failure, ...]
    is_complete: bool

    @property
    def n_replicates(self) -> int:
        """Refits that have a result."""
        return len(self.replicates)

    @property
    def covariance(self) -> Array:  # type: ignore[override]
        """Covariance of the replicates, (n_parameters, n_parameters)."""
        centred = self.replicates - self.replicates.mean(axis=0)
        return np.asarray(centred.T @ centred / max(self.n_replicates - 1, 1))

    @property
    def bias(self) -> Array:
        """Mean of the replicates less the estimates, (n_parameters,)."""
        return np.asarray(self.replicates.mean(axis=0) - self.estimates)

    def intervals(self, level: float = 0.95, kind: str = "percentile") -> Array:
        """Confidence intervals, (n_parameters, 2).

        Parameters
        ----------
        level : float
        kind : {"percentile", "basic", "bca"}
            Quantiles of the replicates; these mirrored at the estimate, on the logit
            scale for weights and the log scale for variances; or quantiles corrected
            for bias and skewness, which single rows tell and so not for
            ``method="parametric"``.

        Raises
        ------
        ValueError
            For an unknown kind, or a level that is not between 0 and 1.
        """
        check_level(level)
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if kind == "percentile":
            return np.asarray(np.quantile(self.replicates, tails, axis=0).T)
        if kind == "basic":
            parameters = self.layout.parameters
            middle = to_line(parameters, self.estimates)
            quantiles = np.quantile(self.replicates, tails[::-1], axis=0)
            ends = to_line(parameters, quantiles)
            with np.errstate(invalid="ignore"):
                mirrored = np.where(ends == middle, middle, 2 * middle - ends)
            return from_line(parameters, mirrored).T
        if kind == "bca" and self.method != "parametric":
            return self._corrected(tails)
        allowed = INTERVALS[:2] if self.method == "parametric" else INTERVALS
        raise ValueError(
            f"intervals: kind must be one of {', '.join(map(repr, allowed))} for a "
            f"{self.method} bootstrap; got {kind!r}."
        )

    def _corrected(self, tails: Array) -> Array:
        """Bias-corrected and accelerated intervals."""
        below = (self.replicates < self.estimates).sum(axis=0)
        ties = (self.replicates == self.estimates).sum(axis=0)
        share = (below + ties / 2) / self.n_replicates
        bias = norm.ppf(share)[:, None]
        with np.errstate(invalid="ignore"):
            shifted = bias + norm.ppf(tails)
            levels = norm.cdf(
                bias + shifted / (1 - self.acceleration[:, None] * shifted)
            )
        columns = zip(self.replicates.T, levels, strict=True)
        return np.array(
            [
                np.quantile(column, at) if np.isfinite(at).all() else [np.nan] * 2
                for column, at in columns
            ]
        )
