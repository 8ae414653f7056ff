"""The parameters of a Gaussian mixture as one vector with names, in natural units."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from scipy.special import expit, logit

from mixtura._types import Array
from mixtura.families.covariance_structure import Covariance


@dataclass(frozen=True)
class Parameter:
    """One number of a fitted mixture.

    Parameters
    ----------
    kind : {"weight", "mean", "variance", "covariance"}
    component : int or None
        None where all components share it.
    columns : tuple of str
        None for a weight or for a variance that all columns share.
    """

    kind: str
    component: int | None
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in tables, such as ``mean[0, waiting]``."""
        place = () if self.component is None else (str(self.component),)
        inside = ", ".join((*place, *self.columns))
        return f"{self.kind}[{inside}]" if inside else self.kind


@dataclass(frozen=True)
class Layout:
    """Where each parameter stands in the vector: weights, means, covariances.

    Parameters
    ----------
    structure : Covariance
    n_components : int
    columns : tuple of str
        Names of the columns.
    has_noise : bool
        Whether noise has the rest of the weight, a parameter after the other weights.
    """

    structure: Covariance
    n_components: int
    columns: tuple[str, ...]
    has_noise: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Names, in the order of the vector."""
        components = range(self.n_components)
        found = [Parameter("weight", k) for k in components]
        found += [Parameter("weight", None, ("noise",))] * self.has_noise
        found += [
            Parameter("mean", k, (name,)) for k in components for name in self.columns
        ]
        for component, places in self._cells():
            names = tuple(self.columns[place] for place in sorted({*places}))
            kind = "variance" if len(set(places)) < 2 else "covariance"
            found.append(Parameter(kind, component, names))
        return tuple(found)

    def vector(self, weights: Array, means: Array, covariances: Array) -> Array:
        """Put weights (K,), means (K, D) and stored covariances into one vector."""
        rest = [max(1 - weights.sum(), 0.0)] * self.has_noise
        entries = covariances[self._index()]
        return np.concatenate([weights, rest, means.ravel(), np.ravel(entries)])

    def shaped(self, vector: Array) -> tuple[Array, Array, Array]:
        """Return weights, means and covariances in the shapes of the fit."""
        n_components, n_features = self.n_components, len(self.columns)
        sizes = [n_components, int(self.has_noise), n_components * n_features]
        weights, _, means, entries = np.split(vector, np.cumsum(sizes))
        covariances = np.empty(self.structure.shape(n_components, n_features))
        index = self._index()
        covariances[index] = entries if index else entries[0]
        if self._depth == 2:
            covariances[(*index[:-2], index[-1], index[-2])] = entries
        return weights, means.reshape(n_components, n_features), covariances

    def scales(self, scale: Array) -> Array:
        """Factors of the vector when column j is multiplied by scale[j]."""
        whole = [
            float(scale[places[0]] * scale[places[-1]])
            if places
            else float(scale[0] ** 2)
            for _, places in self._cells()
        ]
        ones = np.ones(self.n_components + self.has_noise)
        return np.concatenate([ones, np.tile(scale, self.n_components), whole])

    def of_components(self, chosen: Any) -> Array:
        """Which entries belong to chosen components, or are shared by any of these."""
        kept = np.asarray(chosen, dtype=bool)
        owners = [parameter.component for parameter in self.parameters]
        shared = bool(kept.any())
        return np.array([shared if o is None else bool(kept[o]) for o in owners])

    @property
    def _depth(self) -> int:
        """Axes of the stored covariances after that over components."""
        shape = self.structure.shape(self.n_components, len(self.columns))
        return len(shape) - int(self.structure.per_component)

    def _cells(self) -> list[tuple[int | None, tuple[int, ...]]]:
        """Component and columns of each free entry of the stored covariances."""
        shared = not self.structure.per_component
        owners: Sequence[int | None] = [None] if shared else range(self.n_components)
        features = range(len(self.columns))
        places = [*combinations_with_replacement(features, self._depth)]
        return [(owner, place[::-1]) for owner in owners for place in places]

    def _index(self) -> tuple[Any, ...]:
        """Index of these entries: the lower triangles."""
        cells = self._cells()
        index = [
            np.array([places[axis] for _, places in cells])
            for axis in range(self._depth)
        ]
        if self.structure.per_component:
            index.insert(0, np.array([owner for owner, _ in cells]))
        return tuple(index)


def to_line(parameters: Sequence[Parameter], values: Array) -> Array:
    """Map weights by the logit and variances by the log; leave the rest.

    Parameters
    ----------
    parameters : sequence of Parameter
    values : ndarray of shape (..., n_parameters)
    """
    line = np.array(values, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        for kind, transform in (("weight", logit), ("variance", np.log)):
            chosen = of_kind(parameters, kind)
            line[..., chosen] = transform(line[..., chosen])
    return line


def from_line(parameters: Sequence[Parameter], line: Array) -> Array:
    """Undo `to_line`."""
    values = np.array(line, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        for kind, transform in (("weight", expit), ("variance", np.exp)):
            chosen = of_kind(parameters, kind)
            values[..., chosen] = transform(values[..., chosen])
    return values


def line_slopes(parameters: Sequence[Parameter], values: Array) -> Array:
    """Derivative of `to_line` at the values, one a parameter."""
    slopes = np.ones_like(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights, variances = (
            of_kind(parameters, kind) for kind in ("weight", "variance")
        )
        slopes[weights] = 1 / (values[weights] * (1 - values[weights]))
        slopes[variances] = 1 / values[variances]
    return slopes


def of_kind(parameters: Sequence[Parameter], kind: str) -> Any:
    """Which parameters are of a kind, as booleans."""
    return np.array([parameter.kind == kind for parameter in parameters])
