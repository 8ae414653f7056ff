r"""Climbing the density of a Gaussian mixture to a stationary point.

All stationary points solve the fixed point of the Gaussian mean shift, which is EM for
the location of the mixture and so never lowers the density ([CarreiraPerpinan2000]_):

.. math:: x \leftarrow A(x)^{-1} \sum_k r_k(x) \Lambda_k \mu_k, \qquad
    A(x) = \sum_k r_k(x) \Lambda_k

with responsibilities r and precisions :math:`\Lambda`. It is slow, so Newton steps
take over where the log-density is concave. All lengths are measured in the metric of
A, in which the Hessian of log p has no eigenvalue below -1.

References
----------
.. [CarreiraPerpinan2000] M. A. Carreira-Perpinan. Mode-finding for mixtures of Gaussian
   distributions. IEEE PAMI 22(11), 2000.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.distribution import density
from mixtura.models.categorical import Responsibilities
from mixtura.models.mixture import MixtureParams

MAX_STEPS = 2000
"""Steps of one ascent; only plateaus need more than a hundred."""

STEP_TOLERANCE = 1e-9
"""Length of the last step."""

CONVEX = 1e-6
"""Least eigenvalue of the Hessian that is no rounding."""

NEAR = 0.1
"""Largest gain in nats that Newton may promise: beyond, it could leave a basin."""

NUDGE = 0.1
"""Length of the step off a saddle."""

ESCAPES = 3
"""How often an ascent may end on a saddle."""


@dataclass(frozen=True)
class Shape:
    """Log-density around M points, in the metric of A = R^T R."""

    log_density: Array  # (M,)
    roots: Array  # (M, D, D): R, upper triangular
    gradient: Array  # (M, D): of log p, whitened by R
    curvatures: Array  # (M, D): eigenvalues of the whitened Hessian, increasing
    axes: Array  # (M, D, D): their vectors, in columns

    @property
    def hessians(self) -> Array:
        """Second derivatives of log p, (M, D, D)."""
        halves = np.swapaxes(self.axes, 1, 2) @ self.roots
        return np.swapaxes(halves, 1, 2) @ (self.curvatures[..., None] * halves)

    @property
    def concave(self) -> NDArray[np.bool_]:
        """Whether no direction is convex beyond rounding."""
        return np.asarray(self.curvatures[:, -1] <= CONVEX)

    def steps(self, whitened: Array) -> Array:
        """Undo the whitening."""
        return np.asarray(np.linalg.solve(self.roots, whitened[..., None])[..., 0])


def shape(params: MixtureParams, X: Array) -> Shape:
    r"""Measure the log-density around the rows of X.

    With :math:`g_k = \Lambda_k (\mu_k - x)`, the gradient is
    :math:`g = \sum r_k g_k` and the Hessian
    :math:`\sum r_k g_k g_k^\top - g g^\top - A`.
    """
    factors = params.components.precision_cholesky
    n_components, n_features = params.components.means.shape
    posterior = Responsibilities.from_log_joint(density.log_joint(params, X))
    r = posterior.values  # (M, K)
    differences = params.components.means[:, None] - X  # (K, M, D)
    pulls = differences @ factors @ np.swapaxes(factors, 1, 2)  # g_k
    # The factor of A without A: its condition would be the square of that of R.
    stacked = np.sqrt(r)[:, :, None, None] * np.swapaxes(factors, 1, 2)
    stacked = stacked.reshape(len(X), n_components * n_features, n_features)
    roots = np.asarray(np.linalg.qr(stacked, mode="r"))
    whitened = np.linalg.solve(
        np.swapaxes(roots, 1, 2), np.moveaxis(pulls, 0, 2)
    )  # (M, D, K): R^-T g_k
    gradient = (whitened @ r[..., None])[..., 0]
    spread = np.sqrt(r)[:, None] * (whitened - gradient[..., None])
    curvatures, axes = np.linalg.eigh(spread @ np.swapaxes(spread, 1, 2))
    return Shape(posterior.log_likelihood, roots, gradient, curvatures - 1, axes)


def summits(params: MixtureParams, X: Array) -> Array:
    """Climb from the rows of X; saddles are left towards either side.

    Returns
    -------
    ndarray of shape (M', D)
        Where the rows of X lead to, in their order, then the other sides of saddles.
    """
    X = _climb(params, X)
    for _ in range(ESCAPES):
        here = shape(params, X)
        stuck = np.flatnonzero(~here.concave)
        if not stuck.size:
            break
        nudges = here.steps(NUDGE * here.axes[..., -1])[stuck]
        sides = np.concatenate([X[stuck] + nudges, X[stuck] - nudges])
        ends = _climb(params, sides)
        X = X.copy()
        X[stuck] = ends[: len(stuck)]
        X = np.concatenate([X, ends[len(stuck) :]])
    return X


def _climb(params: MixtureParams, X: Array) -> Array:
    """Follow the mean shift, and Newton where it is the better step."""
    X = X.copy()
    active = np.arange(len(X))
    for _ in range(MAX_STEPS):
        here = shape(params, X[active])
        shift = here.steps(here.gradient)
        points = X[active] + shift
        newton, usable = _newton(here)
        if usable.any():
            jumped = X[active][usable] + newton[usable]
            heights = density.log_density(params, points[usable])
            better = density.log_density(params, jumped) >= heights
            points[np.flatnonzero(usable)[better]] = jumped[better]
        X[active] = points
        active = active[np.linalg.norm(here.gradient, axis=1) > STEP_TOLERANCE]
        if not active.size:
            break
    return X


def _newton(here: Shape) -> tuple[Array, NDArray[np.bool_]]:
    """Newton steps, and where they may be trusted: close to a maximum."""
    along = np.einsum("mij,mi->mj", here.axes, here.gradient)
    depths = np.where(here.curvatures < 0, -here.curvatures, np.inf)
    concave = here.curvatures[:, -1] < 0
    usable = concave & ((along**2 / depths).sum(axis=1) / 2 <= NEAR)
    steps = np.einsum("mij,mj->mi", here.axes, along / depths)
    return here.steps(steps), usable
