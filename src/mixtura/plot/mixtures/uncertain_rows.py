"""How sure a mixture is of each row: the numbers behind the picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.inference.agreement import agreement
from mixtura.plot.quantities.gaussians import Array
from mixtura.plot.quantities.inputs import Table
from mixtura.plot.quantities.plane import nameless_posterior
from mixtura.plot.quantities.summaries import Curves


def uncertainty_of(responsibilities: Array) -> Array:
    """One minus the largest responsibility of each row, never below zero.

    Examples
    --------
    >>> import numpy as np
    >>> uncertainty_of(np.array([[0.25, 0.75], [1.0, 0.0]])).tolist()
    [0.25, 0.0]
    """
    return np.clip(1.0 - responsibilities.max(axis=1), 0.0, 1.0)


def misclassified(found: NDArray[np.intp], known: Any) -> NDArray[np.bool_]:
    """Rows whose class is not that of their component, by the best matching.

    Examples
    --------
    >>> import numpy as np
    >>> misclassified(np.array([1, 1, 0, 0, 0]), ["a", "a", "b", "b", "a"]).tolist()
    [False, False, False, False, True]
    """
    classes = np.asarray(known)
    matching = agreement(found, classes).matching
    pairs = zip(found.tolist(), classes.tolist(), strict=True)
    wrong = [k not in matching or matching[k] != c for k, c in pairs]
    return np.array(wrong, dtype=bool)


def uncertainty_curve(
    estimator: Any, table: Table, density: Curves | None
) -> tuple[Array, Array] | None:
    """Uncertainty along the column of a model that has no other.

    Parameters
    ----------
    estimator : fitted estimator
    table : Table
    density : Curves or None
        Has the values of the column to ask for.

    Returns
    -------
    tuple of two ndarrays or None
        The values and the uncertainties; None for a model of several columns.
    """
    if density is None or len(table.names) > 1:
        return None
    shares = nameless_posterior(estimator, density.x[:, np.newaxis])
    return density.x, uncertainty_of(shares)


def axis_top(uncertainty: Array) -> float:
    """Upper end of an axis of uncertainties; some height where all are certain."""
    return max(1.08 * float(uncertainty.max(initial=0.0)), 0.1)
