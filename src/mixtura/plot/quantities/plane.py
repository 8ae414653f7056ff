"""Responsibilities over a line or a plane: the numbers behind a picture."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.plot.quantities.gaussians import Array, GaussianComponents

GRID_POINTS = 240
LINE_POINTS = 1000
NEGLIGIBLE = 1e-6


@dataclass(frozen=True)
class ResponsibilityGrid:
    """Responsibilities on a grid of one or two columns.

    Attributes
    ----------
    axes : tuple of ndarray
        The values of each column, x and then y.
    values : ndarray of shape (a, K) or (b, a, K)
        Posterior probability of each component; noise, if the model has it, is what
        is missing to 1.
    """

    axes: tuple[Array, ...]
    values: Array

    @property
    def has_noise(self) -> bool:
        """Whether something is missing to 1."""
        return bool((self.values.sum(axis=-1) < 1 - NEGLIGIBLE).any())

    def leads(self) -> list[Array]:
        """Responsibility of each component less the largest of the others.

        It is zero on the border of the region where the component is the most
        probable. Without noise the last is left out: its borders are those of others.
        """
        rest = 1 - self.values.sum(axis=-1, keepdims=True)
        shares = np.concatenate([self.values, rest], axis=-1)
        count = self.values.shape[-1] - (not self.has_noise)
        return [
            shares[..., k] - np.delete(shares, k, axis=-1).max(axis=-1)
            for k in range(count)
        ]


def responsibility_grid(
    estimator: Any,
    components: GaussianComponents,
    limits: Sequence[tuple[float, float]],
    n_features: int,
) -> ResponsibilityGrid:
    """Evaluate the responsibilities between the limits of the axes.

    Parameters
    ----------
    estimator : fitted estimator
        Is asked where all its columns are shown.
    components : GaussianComponents
        Mixture of the shown columns; it answers where there are others.
    limits : sequence of (float, float)
        One or two.
    n_features : int
        Columns of the model.

    Returns
    -------
    ResponsibilityGrid
    """
    count = LINE_POINTS if len(limits) == 1 else GRID_POINTS
    axes = tuple(np.linspace(low, high, count) for low, high in limits)
    mesh = np.meshgrid(*axes)
    points = np.column_stack([values.ravel() for values in mesh])
    if n_features == len(limits):
        shares = nameless_posterior(estimator, points)[:, : len(components)]
    else:
        log_joint = components.log_joint(points)
        shares = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
    return ResponsibilityGrid(axes, shares.reshape(*mesh[0].shape, len(components)))


def nameless_posterior(estimator: Any, points: Array) -> Array:
    """Responsibilities of points that are no rows of the user's table."""
    nameless = copy.copy(estimator)
    # A model that knows names would warn about an array.
    vars(nameless).pop("feature_names_in_", None)
    return np.asarray(nameless.predict_proba(points), dtype=np.float64)
