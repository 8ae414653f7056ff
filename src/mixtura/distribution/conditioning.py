"""Marginal and conditional distributions, and regression within a mixture."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.distribution.density import gaussian_mixture, log_joint
from mixtura.families.gaussian import GaussianParams
from mixtura.models.categorical import Responsibilities
from mixtura.models.mixture import MixtureParams

BLOCK_ELEMENTS = 1 << 18
"""Conditional means, rows times components times columns, in memory at once."""


def marginal(params: MixtureParams, columns: IntArray) -> MixtureParams:
    """Return the distribution of some columns, in the order given."""
    components = params.components
    return gaussian_mixture(
        params.weights,
        components.means[:, columns],
        components.covariances[:, columns[:, None], columns],
    )


@dataclass(frozen=True)
class Regression:
    r"""Distribution of some columns x given others y, for every value of y.

    .. math:: p(x \mid y) = \sum_k \pi_k(y)\,
        \mathcal N(x \mid \mu_k + B_k^\top (y - \nu_k),\, C_k), \qquad
        \pi_k(y) \propto \pi_k\, \mathcal N(y \mid \nu_k, \Sigma_{yy,k})

    with :math:`B_k = \Sigma_{yy,k}^{-1} \Sigma_{yx,k}` and
    :math:`C_k = \Sigma_{xx,k} - B_k^\top \Sigma_{yy,k} B_k`.

    Parameters
    ----------
    given : MixtureParams
        The marginal distribution of y, B columns.
    means : ndarray of shape (K, A)
        :math:`\mu_k`, the means of x.
    slopes : ndarray of shape (K, B, A)
        :math:`B_k`.
    covariances : ndarray of shape (K, A, A)
        :math:`C_k`.
    precision_cholesky : ndarray of shape (K, A, A)
        P with :math:`P P^\top = C_k^{-1}`.
    """

    given: MixtureParams
    means: Array
    slopes: Array
    covariances: Array
    precision_cholesky: Array

    @classmethod
    def of(
        cls, params: MixtureParams, given: IntArray, columns: IntArray
    ) -> "Regression":
        r"""Condition `columns` on `given`; columns in neither are integrated out.

        With y before x, the factor of the joint precision has the blocks
        :math:`P_{yy}`, :math:`P_{yx}`, :math:`P_{xx}`. The first and the last are the
        factors of the marginal and of the conditional precision, and
        :math:`B = -P_{yx} P_{xx}^{-1}`: nothing is subtracted, so no conditional
        variance can come out negative.
        """
        joint = marginal(params, np.concatenate([given, columns])).components
        y, x = slice(None, len(given)), slice(len(given), None)
        factors = joint.precision_cholesky
        inverse = np.triu(np.linalg.inv(factors[:, x, x]))
        return cls(
            MixtureParams(
                params.weights,
                GaussianParams(
                    joint.means[:, y], joint.covariances[:, y, y], factors[:, y, y]
                ),
            ),
            joint.means[:, x],
            -factors[:, y, x] @ inverse,
            np.swapaxes(inverse, 1, 2) @ inverse,
            factors[:, x, x],
        )

    def at(self, value: Array) -> MixtureParams:
        """Return the distribution of x given one y, shape (B,)."""
        row = value[None]
        return MixtureParams(
            self.component_weights(row)[0],
            GaussianParams(
                self.component_means(row)[0], self.covariances, self.precision_cholesky
            ),
        )

    def component_weights(self, Y: Array) -> Array:
        r"""Return :math:`\pi_k(y)`, (n_samples, K), at any distance from the means."""
        return Responsibilities.from_log_joint(log_joint(self.given, Y)).values

    def component_means(self, Y: Array) -> Array:
        """Conditional mean of each component, (n_samples, K, A)."""
        differences = Y - self.given.components.means[:, None, :]  # (K, n, B)
        return self.means + np.swapaxes(differences @ self.slopes, 0, 1)

    def mean(self, Y: Array) -> Array:
        """Return E[x | y] for rows y, (n_samples, A)."""
        result = np.empty((len(Y), self.means.shape[1]))
        for rows in self.blocks(len(Y)):
            result[rows] = self._moments(Y[rows])[0]
        return result

    def mean_and_variance(self, Y: Array) -> tuple[Array, Array]:
        """Return E[x | y] and the variance of each column, both (n_samples, A)."""
        means = np.empty((len(Y), self.means.shape[1]))
        variances = np.empty_like(means)
        within = np.diagonal(self.covariances, axis1=1, axis2=2)
        for rows in self.blocks(len(Y)):
            means[rows], weights, shifts = self._moments(Y[rows])
            variances[rows] = weights @ within + (shifts**2).sum(axis=1)
        return means, variances

    def mean_and_covariance(self, Y: Array) -> tuple[Array, Array]:
        r"""Return E[x | y], (n, A), and Cov[x | y], (n, A, A).

        The law of total variance: the mean of the :math:`C_k` plus the covariance of
        the component means, both under :math:`\pi_k(y)`.
        """
        n_columns = self.means.shape[1]
        means = np.empty((len(Y), n_columns))
        covariances = np.empty((len(Y), n_columns, n_columns))
        for rows in self.blocks(len(Y)):
            means[rows], weights, shifts = self._moments(Y[rows])
            within = np.tensordot(weights, self.covariances, axes=1)
            covariances[rows] = within + np.swapaxes(shifts, 1, 2) @ shifts
        return means, covariances

    def blocks(self, n_samples: int) -> Iterator[slice]:
        """Rows to be worked on at once."""
        n_components, n_given, n_columns = self.slopes.shape
        size = max(1, BLOCK_ELEMENTS // (n_components * (n_given + n_columns)))
        for start in range(0, n_samples, size):
            yield slice(start, min(start + size, n_samples))

    def _moments(self, Y: Array) -> tuple[Array, Array, Array]:
        """Means (n, A), weights (n, K), and root-weighted shifts from them (n, K, A).

        The root of the weight goes in before the square: a component without weight
        may be at a distance whose square overflows.
        """
        weights, means = self.component_weights(Y), self.component_means(Y)
        anchors = means[np.arange(len(Y)), weights.argmax(axis=1), None]  # (n, 1, A)
        shifts = means - anchors
        center = weights[:, None, :] @ shifts  # (n, 1, A)
        roots = np.sqrt(weights)[:, :, None]
        return (anchors + center)[:, 0], weights, roots * (shifts - center)
