"""Covariance of the estimates of a mixture, and the intervals that follow from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from mixtura._types import Array
from mixtura.inference.chart import Chart
from mixtura.inference.information import Information
from mixtura.inference.parameter_errors import ParameterErrors, check_level
from mixtura.inference.parameters import Layout, from_line, line_slopes, to_line
from mixtura.models.mixture import MixtureParams

SINGULAR = 1e-8
"""Eigenvalues of the scaled information below this share of the largest are zero."""

TOUCHED = 1e-6
"""A parameter with more than this share of its slope in such a direction has no
standard error."""

UNTOLD = 1e-8
"""Scores whose spread is below this share of what the model says tell no error."""

LEAST_ROWS = 2
"""Effective rows of a component below which their spread says nothing."""

METHODS: dict[str, Callable[[Information], tuple[Array, bool]]] = {
    "sandwich": lambda sums: (sums.observed, True),
    "information": lambda sums: (sums.observed, False),
    "score": lambda sums: (sums.outer, False),
}
"""The matrix that is inverted, and whether the outer products go between."""


@dataclass(frozen=True)
class Inverse:
    """Inverse of an information matrix on the directions that the data determine.

    Parameters
    ----------
    matrix : ndarray of shape (p, p)
    blind : ndarray of shape (p, q)
        Orthonormal directions of the other coordinates, each times its unit.
    units : ndarray of shape (p,)
        That give the information a diagonal of about one.
    """

    matrix: Array
    blind: Array
    units: Array

    @classmethod
    def of(cls, information: Array, outer: Array) -> "Inverse":
        """Invert; the diagonals say how to scale."""
        size = np.maximum(np.abs(np.diagonal(information)), np.diagonal(outer))
        units = np.sqrt(np.where(size > 0, size, 1.0))
        scaled = information / np.outer(units, units)
        eigenvalues, vectors = np.linalg.eigh(scaled)
        good = eigenvalues > SINGULAR * np.abs(eigenvalues).max(initial=0.0)
        inverse = (vectors[:, good] / eigenvalues[good]) @ vectors[:, good].T
        return cls(inverse / np.outer(units, units), vectors[:, ~good], units)

    def touched(self, slopes: Array) -> Any:
        """Which of the quantities with these slopes (P, p) the data leave open."""
        scaled = slopes / self.units
        inside = ((scaled @ self.blind) ** 2).sum(axis=1)
        return inside > TOUCHED * (scaled**2).sum(axis=1)


@dataclass(frozen=True, repr=False)
class StandardErrors(ParameterErrors):
    """Estimates with their uncertainty; printed, a table.

    Parameters
    ----------
    layout : Layout
        Names and order of the parameters.
    estimates : ndarray of shape (n_parameters,)
        Weights, means, and the free entries of the covariances, in the data's units.
    covariance : ndarray of shape (n_parameters, n_parameters)
        Estimated covariance of the estimates; nan where the data determine none, zero
        for what the model fixes.
    method : str
    n_observations : float
        Sum of the weights of the rows.
    remaining : float
        Log-likelihood in nats that one Newton step promises: near zero at a maximum.
    """

    layout: Layout
    estimates: Array
    covariance: Array
    method: str
    n_observations: float
    remaining: float

    def intervals(self, level: float = 0.95) -> Array:
        """Normal confidence intervals, (n_parameters, 2).

        Those of weights are normal on the logit scale and those of variances on the
        log scale, and mapped back, so that they keep within bounds.

        Raises
        ------
        ValueError
            If the level is not between 0 and 1.
        """
        check_level(level)
        parameters, errors = self.layout.parameters, self.standard_errors
        middle = to_line(parameters, self.estimates)
        with np.errstate(invalid="ignore"):
            half = norm.ppf((1 + level) / 2) * np.where(
                errors > 0, errors * line_slopes(parameters, self.estimates), errors
            )
        ends = np.stack([middle - half, middle + half])
        return from_line(parameters, ends).T


def covariance_of_estimates(
    sums: Information, slopes: Array, layout: Layout, method: str
) -> Array:
    """Covariance of the layout's quantities, with slopes (P, p) by a chart, (P, P).

    Those that the data leave open have nan.
    """
    bread, is_sandwich = METHODS[method](sums)
    inverse = Inverse.of(bread, sums.outer)
    covariance, open_ = slopes @ inverse.matrix @ slopes.T, inverse.touched(slopes)
    if is_sandwich:
        by_model = np.diagonal(covariance)
        spread = inverse.matrix @ sums.outer @ inverse.matrix
        covariance = slopes @ spread @ slopes.T
        untold = np.diagonal(covariance) <= UNTOLD * by_model
        open_ |= (by_model > 0) & untold
        open_ |= _of_lone_rows(layout, sums.effective_rows)
    covariance[open_], covariance[:, open_] = np.nan, np.nan
    return covariance


def _of_lone_rows(layout: Layout, effective_rows: Array) -> Any:
    """Which quantities a component has alone, and hardly more than one row to tell."""
    return np.array(
        [
            each.kind != "weight"
            and each.component is not None
            and effective_rows[each.component] < LEAST_ROWS
            for each in layout.parameters
        ]
    )


def remaining_gain(sums: Information) -> float:
    """Log-likelihood in nats that a Newton step from here would gain."""
    matrix = Inverse.of(sums.observed, sums.outer).matrix
    return float(sums.gradient @ matrix @ sums.gradient / 2)


def natural_slopes(layout: Layout, params: MixtureParams, chart: Chart) -> Array:
    """Derivatives of the layout's vector by the chart's coordinates, (P, p)."""
    by_weights = params.weights[:, None] * chart.log_weights
    columns = [
        layout.vector(by_weights[:, j], chart.means[..., j], chart.stored[..., j])
        for j in range(chart.n_coordinates)
    ]
    return np.stack(columns, axis=1)
