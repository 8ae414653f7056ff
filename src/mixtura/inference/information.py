r"""The score of every row and the information of all, in closed form.

With responsibilities :math:`\gamma_{ik}`, complete-data scores
:math:`s_{ik} = \nabla \log \pi_k \mathcal N(x_i \mid \mu_k, \Sigma_k)` and weights
:math:`w_i`,

.. math:: s_i = \nabla \log p(x_i) = \sum_k \gamma_{ik} s_{ik}, \qquad
    I = -\sum_i w_i \sum_k \gamma_{ik} \nabla s_{ik}
        - \sum_i w_i \Bigl( \sum_k \gamma_{ik} s_{ik} s_{ik}^\top
        - s_i s_i^\top \Bigr),

Fisher's identity and that of [Louis1982]_: one pass over the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.data import Rows
from mixtura.families.constraints import Ridge
from mixtura.families.factorisation import precision_cholesky
from mixtura.families.gaussian import Gaussian
from mixtura.inference.chart import Chart, full_covariances
from mixtura.models.mixture import Mixture, MixtureParams

BLOCK_NUMBERS = 1 << 20
"""Numbers in the scores of a block of rows."""


@dataclass(frozen=True)
class RowScores:
    """The score of each row in a chart's coordinates.

    Parameters
    ----------
    model : Mixture
        Over a Gaussian family; with `Ridge`, the penalised likelihood counts.
    params : MixtureParams
        Every weight positive.
    chart : Chart
    precisions : ndarray of shape (K, D, D)
    blur : ndarray of shape (D, D)
        Variances of the ridge, zero without one.
    entries : pair of ndarray of shape (T,)
        Rows and columns of the entries of a covariance that the structure lets vary.
    slopes : ndarray of shape (K, 1 + D + T, p)
        Derivatives of log weight, mean and these entries by the coordinates.
    """

    model: Mixture
    params: MixtureParams
    chart: Chart
    precisions: Array
    blur: Array
    entries: tuple[IntArray, IntArray]
    slopes: Array

    @classmethod
    def of(cls, model: Mixture, params: MixtureParams, chart: Chart) -> Self:
        """Prepare what does not depend on the rows."""
        family, n_features = model.family, params.components.means.shape[1]
        assert isinstance(family, Gaussian)
        roots = precision_cholesky(full_covariances(model, params.components))
        ridge = family.constraint
        blur = ridge.variances if isinstance(ridge, Ridge) else np.zeros(n_features)
        rows, columns = np.tril_indices(n_features)
        entries = chart.covariances[:, rows, columns]  # (K, T, p)
        used = entries.any(axis=(0, 2))
        parts = (chart.log_weights[:, None], chart.means, entries[:, used])
        return cls(
            model,
            params,
            chart,
            roots @ np.swapaxes(roots, 1, 2),
            np.diag(blur),
            (rows[used], columns[used]),
            np.concatenate(parts, axis=1),
        )

    def blocks(self, data: Rows) -> Iterator[tuple[Rows, Array, list[Array]]]:
        """Yield rows, their responsibilities, and features of each component.

        The features (n, 1 + D + T) of component k are the derivatives of
        log pi_k N(x | mu_k, Sigma_k) by what `slopes` are derivatives of.
        """
        width = self.slopes.shape[1] + self.slopes.shape[2]
        for block in data.blocks(max(1, BLOCK_NUMBERS // width)):
            responsibilities = self.model.posterior(self.params, block).values
            features = [
                self._features(k, block.X) for k in range(len(self.params.weights))
            ]
            yield block, responsibilities, features

    def scores(self, responsibilities: Array, features: list[Array]) -> Array:
        """Combine the components into the scores of the rows, (n, p)."""
        total = np.zeros((len(responsibilities), self.chart.n_coordinates))
        for k, values in enumerate(features):
            total += (values * responsibilities[:, k, None]) @ self.slopes[k]
        return total

    def basis(self) -> Array:
        """Matrices whose coefficients are the varying entries, (T, D, D)."""
        rows, columns = self.entries
        matrices, steps = np.zeros((len(rows), *self.blur.shape)), np.arange(len(rows))
        matrices[steps, rows, columns] = matrices[steps, columns, rows] = 1.0
        return matrices

    def _features(self, k: int, X: Array) -> Array:
        rows, columns = self.entries
        precision = self.precisions[k]
        y = (X - self.params.components.means[k]) @ precision
        constant = precision - precision @ self.blur @ precision
        by_covariance = y[:, rows] * y[:, columns] - constant[rows, columns]
        by_covariance *= np.where(rows == columns, 0.5, 1.0)
        return np.concatenate([np.ones((len(X), 1)), y, by_covariance], axis=1)


@dataclass(frozen=True)
class Information:
    """Sums over the rows, in the coordinates of a chart.

    Parameters
    ----------
    gradient : ndarray of shape (p,)
        Sum of the scores, zero at a maximum.
    outer : ndarray of shape (p, p)
        Sum of the outer products of the scores.
    observed : ndarray of shape (p, p)
        Minus the Hessian of the log-likelihood.
    effective_rows : ndarray of shape (K,)
        Rows that a component stands on, the square of the sum of its responsibilities
        over the sum of their squares.
    """

    gradient: Array
    outer: Array
    observed: Array
    effective_rows: Array


def information(scores: RowScores, data: Rows) -> Information:
    """Sum gradient, outer products and observed information over the rows."""
    n_coordinates = scores.chart.n_coordinates
    gradient, outer = np.zeros(n_coordinates), np.zeros((n_coordinates, n_coordinates))
    n_components, width = scores.slopes.shape[:2]
    totals = np.zeros((n_components, width))
    squares = np.zeros((n_components, width, width))
    shared = np.zeros(n_components)
    for block, responsibilities, features in scores.blocks(data):
        rows = scores.scores(responsibilities, features)
        gradient += block.weighted(rows).sum(axis=0)
        outer += rows.T @ block.weighted(rows)
        weights = block.weighted(responsibilities)
        shared += (weights * responsibilities).sum(axis=0)
        for k, values in enumerate(features):
            totals[k] += weights[:, k] @ values
            squares[k] += values.T @ (values * weights[:, k, None])
    observed, basis = outer.copy(), scores.basis()
    for k, slopes in enumerate(scores.slopes):
        hessian = _second_derivatives(scores, basis, k, totals[k], squares[k])
        observed -= slopes.T @ (squares[k] + hessian) @ slopes
    # An entry off the diagonal stands in a matrix twice.
    once = np.where(scores.entries[0] == scores.entries[1], 1.0, 0.5)
    entries = totals[:, 1 + len(scores.blur) :] * once
    by_covariance = np.einsum("kt,tde->kde", entries, basis)
    observed -= scores.chart.curvature(totals[:, 0], by_covariance)
    effective = np.divide(totals[:, 0] ** 2, shared, where=shared > 0, out=shared)
    return Information(gradient, outer, (observed + observed.T) / 2, effective)


def _second_derivatives(
    scores: RowScores, basis: Array, k: int, totals: Array, squares: Array
) -> Array:
    r"""Hessian of the sum of log N(x | mu_k, Sigma_k) by mean and covariance entries.

    For directions V, W of the covariance, precision :math:`\Lambda`, count N, scatter
    S and f the sum of :math:`\Lambda (x - \mu)`: :math:`-N \Lambda` by means,
    :math:`-\Lambda V f` across, and :math:`\tfrac N2 \mathrm{tr}(\Lambda V \Lambda W)
    - \mathrm{tr}(\Lambda V \Lambda W \Lambda S)`.
    """
    precision, n_features = scores.precisions[k], len(scores.blur)
    means, entries = slice(1, 1 + n_features), slice(1 + n_features, None)
    count, first = totals[0], totals[means]
    result = np.zeros_like(squares)
    result[means, means] = -count * precision
    result[means, entries] = -(precision @ (basis @ first).T)
    result[entries, means] = result[means, entries].T
    # Squares of the features by the mean add up to Lambda S Lambda, but for the ridge.
    scatter = squares[means, means] + count * precision @ scores.blur @ precision
    inner, flat = precision @ basis, basis.reshape(len(basis), n_features**2)
    by_count = flat @ (inner @ precision).reshape(flat.shape).T
    by_scatter = flat @ (inner @ scatter).reshape(flat.shape).T
    result[entries, entries] = count / 2 * by_count - (by_scatter + by_scatter.T) / 2
    return result


def skewness(scores: RowScores, data: Rows, slopes: Array) -> Array:
    """Skewness of the rows' scores along directions, the columns of slopes (p, P)."""
    second, third = np.zeros(slopes.shape[1]), np.zeros(slopes.shape[1])
    for block, responsibilities, features in scores.blocks(data):
        values = scores.scores(responsibilities, features) @ slopes
        second += block.weighted(values**2).sum(axis=0)
        third += block.weighted(values**3).sum(axis=0)
    return np.divide(third, second**1.5, out=np.zeros_like(third), where=second > 0)
