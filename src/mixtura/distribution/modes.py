r"""The modes of a Gaussian mixture.

References
----------
.. [Ray2005] S. Ray and B. G. Lindsay. The topography of multivariate normal mixtures.
   Annals of Statistics 33(5), 2005.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.distribution import density
from mixtura.distribution.ascent import Shape, shape, summits
from mixtura.models.mixture import MixtureParams

SAME = 1e-3
"""Distance of two ends of one mode, in local standard deviations: loose, because at
the birth of a mode the density is flat to fourth order."""

RIDGE = np.linspace(0.0, 1.0, 33)
"""Where along a ridgeline the density is looked at."""

BLOCK_ELEMENTS = 1 << 20
"""Numbers in the factors of the points that are climbed from at once."""


@dataclass(frozen=True)
class Modes:
    r"""Modes of a mixture, the highest first.

    Parameters
    ----------
    locations : ndarray of shape (M, D)
    log_densities : ndarray of shape (M,)
        Log p at the modes, in nats.
    hessians : ndarray of shape (M, D, D)
        Second derivatives of log p, negative definite; minus the inverse is the
        covariance of the normal distribution that touches the mode.
    component_modes : ndarray of int of shape (K,)
        The mode to which the density rises from each component's mean, -1 for a
        component of weight zero: components that share one form one hill.
    """

    locations: Array
    log_densities: Array
    hessians: Array
    component_modes: IntArray

    def __len__(self) -> int:
        return len(self.locations)


def modes(params: MixtureParams) -> Modes:
    """Find the modes.

    Climbs from every mean, and from the highest points of the ridgeline between each
    two means: all stationary points of two components lie there ([Ray2005]_), a third
    mode between them included. With three components or more in several dimensions no
    method is known to find every mode; this one misses those to which none of its
    climbs leads.

    Parameters
    ----------
    params : MixtureParams

    Returns
    -------
    Modes
    """
    alive = np.flatnonzero(params.weights > 0)
    living = density.living(params)
    units = density.units_of(living)
    scaled = density.in_units(living, units)
    starts = np.concatenate([scaled.components.means, *_ridge_maxima(scaled)])
    points = np.concatenate(
        [summits(scaled, starts[rows]) for rows in _chunks(scaled, len(starts))]
    )
    peaks, locations = _distinct(scaled, points)
    first = points[: len(alive)]  # the ends of the ascents from the means
    component_modes = np.full(len(params.weights), -1)
    component_modes[alive] = _distances(peaks, locations, first).argmin(axis=0)
    return Modes(
        units.to_x(locations),
        peaks.log_density - units.log_volume,
        peaks.hessians / np.outer(units.scale, units.scale),
        component_modes,
    )


def _distinct(params: MixtureParams, points: Array) -> tuple[Shape, Array]:
    """Maxima among the ends of ascents, each once, the highest first."""
    heights = density.log_density(params, points)
    points = points[np.argsort(-heights, kind="stable")]
    points = points[shape(params, points).concave]
    kept: list[int] = []
    found = shape(params, points)
    for i in range(len(points)):
        steps = np.einsum("ij,kj->ki", found.roots[i], points[kept] - points[i])
        if not (np.linalg.norm(steps, axis=1) < SAME).any():
            kept.append(i)
    return shape(params, points[kept]), points[kept]


def _distances(peaks: Shape, locations: Array, points: Array) -> Array:
    """Distances of points from modes in the metric of each mode, (M, n_points)."""
    differences = points - locations[:, None]  # (M, n, D)
    whitened = differences @ np.swapaxes(peaks.roots, 1, 2)
    return np.asarray(np.linalg.norm(whitened, axis=2))


def _chunks(params: MixtureParams, n_points: int) -> Iterator[slice]:
    """Points that are climbed from at once, the means in the first lot."""
    n_components, n_features = params.components.means.shape
    size = max(n_components, BLOCK_ELEMENTS // (n_components * n_features**2))
    for start in range(0, n_points, size):
        yield slice(start, start + size)


def _ridge_maxima(params: MixtureParams) -> Iterator[Array]:
    r"""Highest points of p along each pair's ridgeline, without its ends.

    .. math:: x(\alpha) = ((1 - \alpha) \Lambda_a + \alpha \Lambda_b)^{-1}
        ((1 - \alpha) \Lambda_a \mu_a + \alpha \Lambda_b \mu_b)

    with each precision divided by the geometric mean of its eigenvalues, so that a
    narrow component does not draw all the points to itself; the curve is the same.
    """
    means, factors = params.components.means, params.components.precision_cholesky
    sizes = np.log(np.diagonal(factors, axis1=1, axis2=2)).mean(axis=1)
    factors = factors / np.exp(sizes)[:, None, None]
    precisions = factors @ np.swapaxes(factors, 1, 2)
    alpha = RIDGE[:, None, None]
    for a, b in combinations(range(len(means)), 2):
        blends = (1 - alpha) * precisions[a] + alpha * precisions[b]
        pulls = alpha[:, 0] * (precisions[b] @ (means[b] - means[a]))
        ridge = means[a] + np.linalg.solve(blends, pulls[..., None])[..., 0]
        heights = density.log_density(params, ridge)
        inner = heights[1:-1]
        highest = (inner >= heights[:-2]) & (inner >= heights[2:])
        yield ridge[1:-1][highest]
