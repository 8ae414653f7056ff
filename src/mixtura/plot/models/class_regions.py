"""Where a classifier says which class: the numbers behind its picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from mixtura.plot.quantities.gaussians import Array, GaussianComponents
from mixtura.plot.quantities.inputs import Table
from mixtura.plot.quantities.summaries import Curves, curves

GRID_POINTS = 180
UNKNOWN = -1


@dataclass(frozen=True)
class ClassDensities:
    """The mixtures of all classes as one, and which class each component is of.

    Attributes
    ----------
    components : GaussianComponents
        Weights are those of the class times those within it.
    owners : ndarray of int of shape (K,)
    n_classes : int
    temperature : float
        Divides the log joint before Bayes' rule.
    """

    components: GaussianComponents
    owners: NDArray[np.intp]
    n_classes: int
    temperature: float

    @classmethod
    def of(cls, classifier: Any) -> "ClassDensities":
        """Take them from a fitted `GaussianMixtureClassifier`."""
        parts = [GaussianComponents.of(mixture) for mixture in classifier.mixtures_]
        priors = classifier.class_prior_
        return cls(
            GaussianComponents(
                np.concatenate(
                    [p * part.weights for p, part in zip(priors, parts, strict=True)]
                ),
                np.concatenate([part.means for part in parts]),
                np.concatenate([part.covariances for part in parts]),
            ),
            np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
            len(parts),
            float(classifier.temperature_),
        )

    def marginal(self, columns: Sequence[int]) -> "ClassDensities":
        """Densities of the chosen columns alone."""
        inner = self.components.marginal(columns)
        return ClassDensities(inner, self.owners, self.n_classes, self.temperature)

    def log_joint(self, points: Array) -> Array:
        """Log prior plus log density of each class in nats, (n, n_classes)."""
        each = self.components.log_joint(points)
        parts = [
            logsumexp(each[:, self.owners == c], axis=1) for c in range(self.n_classes)
        ]
        return np.column_stack(parts)

    def curves(self, low: float, high: float) -> Curves:
        """Evaluate one column: prior times density, and probability, by class."""
        x = curves(self.components, low, high).x
        log_joint = self.log_joint(x[:, np.newaxis])
        scaled = log_joint / self.temperature
        posterior = np.exp(scaled - logsumexp(scaled, axis=1, keepdims=True))
        return Curves(x, np.exp(log_joint), posterior)


@dataclass(frozen=True)
class Regions:
    """How far each class is ahead of the others, over a plane.

    Attributes
    ----------
    x : ndarray of shape (a,)
    y : ndarray of shape (b,)
    margins : ndarray of shape (n_classes, b, a)
        Log joint of a class less the largest of the others, in nats: positive where
        it is the most probable.
    """

    x: Array
    y: Array
    margins: Array


def regions(
    densities: ClassDensities, x: tuple[float, float], y: tuple[float, float]
) -> Regions:
    """Evaluate the densities of two columns between these limits."""
    across, up = np.linspace(*x, GRID_POINTS), np.linspace(*y, GRID_POINTS)
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    log_joint = densities.log_joint(plane)
    margins = np.empty((densities.n_classes, len(plane)))
    for c in range(densities.n_classes):
        others = np.delete(log_joint, c, axis=1).max(axis=1, initial=-np.inf)
        margins[c] = log_joint[:, c] - others
    # beyond this nothing is drawn, and a lone class is ahead without end
    margins = np.clip(margins, -1e6, 1e6)
    return Regions(across, up, margins.reshape(-1, GRID_POINTS, GRID_POINTS))


def pair_regions(
    densities: ClassDensities, limits: Sequence[tuple[float, float]]
) -> dict[tuple[int, int], Regions]:
    """Evaluate the marginal of each pair of columns, by row and column of its panel."""
    return {
        (row, column): regions(
            densities.marginal([column, row]), limits[column], limits[row]
        )
        for row in range(len(limits))
        for column in range(row)
    }


def class_numbers(y: Any, classes: Any, n_rows: int, caller: str) -> NDArray[np.intp]:
    """Number of the class of each row, `UNKNOWN` for what is no class of the fit.

    Raises
    ------
    ValueError
        If there is not one label for each row, or none is a class.
    """
    labels = np.asarray(y, dtype=object).ravel().tolist()
    if len(labels) != n_rows:
        raise ValueError(
            f"{caller}: y must have one class for each of the {n_rows} rows of X; got "
            f"{len(labels)}."
        )
    places = {name: number for number, name in enumerate(classes.tolist())}
    numbers = np.array([places.get(label, UNKNOWN) for label in labels], dtype=np.intp)
    if (numbers == UNKNOWN).all():
        raise ValueError(
            f"{caller}: y must hold classes of the fit, {classes.tolist()!r}; got none "
            f"of them, but {labels[0]!r}."
        )
    return numbers


def predicted_numbers(classifier: Any, table: Table) -> NDArray[np.intp]:
    """Number of the class that each row is assigned to."""
    rows = np.arange(len(table.values))
    named = hasattr(classifier, "feature_names_in_")
    seen = table.native_rows(rows) if named else table.values
    log_joint = classifier.predict_joint_log_proba(seen)
    return np.asarray(log_joint.argmax(axis=1), dtype=np.intp)
