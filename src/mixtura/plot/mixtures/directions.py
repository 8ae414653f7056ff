r"""The plane in which the components of a mixture differ most.

Directions a that maximise the scatter of the means between components, relative to
the scatter within them,

.. math:: \frac{a^\top B\, a}{a^\top W a}, \qquad
    B = \sum_k \pi_k (\mu_k - \mu)(\mu_k - \mu)^\top, \qquad
    W = \sum_k \pi_k \Sigma_k,

as in linear discriminant analysis, with the components of the model as classes
([Scrucca2010]_). K components have K - 1 such directions at most; what is missing is
taken from those along which the covariances differ most, then from the principal axes.

References
----------
.. [Scrucca2010] L. Scrucca. Dimension reduction for model-based clustering.
"""

from dataclasses import dataclass

import numpy as np

from mixtura.plot.quantities.gaussians import Array, GaussianComponents

NEGLIGIBLE = 1e-10
"""Share of the largest eigenvalue below which a direction shows nothing."""


@dataclass(frozen=True)
class Directions:
    """A linear map from all columns to two.

    Attributes
    ----------
    centre : ndarray of shape (D,)
        Mean of the mixture, which is mapped to 0.
    axes : ndarray of shape (D, 2)
        Scaled so that the within-component variance along each is 1.
    shares : tuple of float
        Part of the separation of the means along each axis; of all axes, they sum
        to 1. Zero where the means do not differ.
    correlations : ndarray of shape (D, 2)
        Of each column with each axis, under the mixture.
    """

    centre: Array
    axes: Array
    shares: tuple[float, ...]
    correlations: Array

    def points(self, X: Array) -> Array:
        """Project rows (n, D) to (n, 2)."""
        return (X - self.centre) @ self.axes

    def components(self, components: GaussianComponents) -> GaussianComponents:
        """Project the mixture: that of two Gaussian columns, exactly."""
        return GaussianComponents(
            weights=components.weights,
            means=self.points(components.means),
            covariances=self.axes.T @ components.covariances @ self.axes,
        )


def discriminating_directions(components: GaussianComponents) -> Directions:
    """Return the two directions that show the components best.

    Parameters
    ----------
    components : GaussianComponents
        Of two columns or more.

    Returns
    -------
    Directions

    Examples
    --------
    >>> import numpy as np
    >>> means = np.array([[0.0, 0.0, 0.0], [0.0, 8.0, 0.0]])
    >>> components = GaussianComponents(
    ...     np.array([0.5, 0.5]), means, np.array([np.eye(3), np.diag([1, 1, 3.0])])
    ... )
    >>> found = discriminating_directions(components)
    >>> np.abs(found.axes).round(3).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 0.707]]
    >>> [round(share, 3) for share in found.shares]
    [1.0, 0.0]
    """
    weights = components.weights / components.weights.sum()
    centre = weights @ components.means
    units = np.sqrt(np.diagonal(np.tensordot(weights, components.covariances, 1)))
    scaled = components.covariances / np.outer(units, units)
    apart = (components.means - centre) / units
    within = np.tensordot(weights, scaled, 1)
    root = np.linalg.cholesky(within)
    inverse = np.linalg.inv(root)
    means = apart @ inverse.T
    between = (means * weights[:, np.newaxis]).T @ means
    own = inverse @ scaled @ inverse.T - np.eye(len(units))
    unlike = np.tensordot(weights, own @ own, 1)
    basis = np.empty((len(units), 0))
    for matrix in (between, unlike, root.T @ root):
        basis = np.column_stack([basis, _leading(matrix, basis)])
    values = np.einsum("ij,ik,kj->j", basis, between, basis)
    axes = _signed(inverse.T @ basis)
    total = within + (apart * weights[:, np.newaxis]).T @ apart
    variances = np.einsum("ij,ik,kj->j", axes, total, axes)
    spread = np.sqrt(np.outer(np.diagonal(total), variances))
    trace = float(np.trace(between))
    return Directions(
        centre=centre,
        axes=axes / units[:, np.newaxis],
        shares=tuple((values / trace if trace > 0 else 0 * values).tolist()),
        correlations=total @ axes / spread,
    )


def _leading(matrix: Array, basis: Array) -> Array:
    """Eigenvectors orthogonal to the basis, as many as it lacks and as show anything.

    Parameters
    ----------
    matrix : ndarray of shape (D, D)
        Symmetric, not negative.
    basis : ndarray of shape (D, m)
        Orthonormal columns.
    """
    rest = np.eye(len(matrix)) - basis @ basis.T
    values, vectors = np.linalg.eigh(rest @ matrix @ rest)
    missing = 2 - basis.shape[1]
    chosen = np.argsort(-values, kind="stable")[:missing]
    shown = values[chosen] > NEGLIGIBLE * max(float(np.trace(matrix)), NEGLIGIBLE)
    return np.asarray(vectors[:, chosen[shown]])


def _signed(axes: Array) -> Array:
    """Let the largest entry of each axis be positive."""
    largest = np.abs(axes).argmax(axis=0)
    signs = np.sign(axes[largest, np.arange(axes.shape[1])])
    return np.asarray(axes * signs)
