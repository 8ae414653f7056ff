"""Arguments of the classifier that may differ from class to class."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.estimators import checks


def given_priors(owner: str, given: Any, classes: Any) -> Array | None:
    """Return the probabilities of the classes, or None if they are to be estimated.

    Raises
    ------
    ValueError
        If a class is missing, or they are no distribution.
    """
    if given is None:
        return None
    if isinstance(given, Mapping):
        given = _of_each(owner, "priors", given, classes.tolist())
    priors = checks.as_floats(given, "priors")
    checks.check_shape(priors, classes.shape, "priors")
    if (priors <= 0).any() or abs(priors.sum() - 1) > 1e-6:
        raise ValueError(
            f"{owner}: priors must be positive and sum to 1; got {priors.tolist()}, "
            f"whose sum is {priors.sum():.6g}."
        )
    return np.asarray(priors / priors.sum())


def component_counts(owner: str, given: Any, classes: Sequence[Any]) -> list[list[int]]:
    """Return the numbers of components that each class may have.

    Raises
    ------
    ValueError
        If a class is missing, or a number is not positive.
    """
    each: Sequence[Any] = [given] * len(classes)
    if isinstance(given, Mapping):
        each = _of_each(owner, "n_components", given, classes)
    return [_sizes(owner, value) for value in each]


def _sizes(owner: str, given: Any) -> list[int]:
    is_many = np.iterable(given) and not isinstance(given, str | Integral)
    sizes = list(given) if is_many else [given]
    if not sizes:
        raise ValueError(f"{owner}: n_components must offer a number; got {given!r}.")
    for size in sizes:
        checks.check_count(owner, "n_components", size, 1)
    return sorted({int(size) for size in sizes})


def _of_each(
    owner: str, name: str, given: Mapping[Any, Any], classes: Sequence[Any]
) -> list[Any]:
    missing = [label for label in classes if label not in given]
    if missing:
        raise ValueError(
            f"{owner}: {name} must have an entry for every class; {missing[0]!r} is "
            f"missing among {list(given)!r}."
        )
    return [given[label] for label in classes]
