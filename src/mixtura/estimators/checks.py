"""Checks of what a user passes to a mixture estimator, and their messages."""

from collections.abc import Sequence
from numbers import Integral, Number, Real
from typing import Any

import narwhals as nw
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, validate_data

from mixtura._types import Array, IntArray, Rng
from mixtura.data import UNKNOWN, Rows
from mixtura.estimators.refused_rows import located
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance import Matrices, Tied
from mixtura.families.covariance_structure import Covariance
from mixtura.families.low_rank import Factors


def to_frame_or_array(X: Any) -> Any:
    """Collect lazy frames; leave everything else to array conversion."""
    native = nw.from_native(X, pass_through=True)
    return native.collect().to_native() if isinstance(native, nw.LazyFrame) else X


def validated(estimator: Any, X: Any, *y: Any, reset: bool = True) -> Any:
    """Return finite rows of floats, with `y` if given; feature names are kept."""
    X = to_frame_or_array(X)
    with located(X):
        return validate_data(
            estimator,
            X,
            *y,
            reset=reset,
            dtype=[np.float64, np.float32],
            accept_large_sparse=False,
        )


def generator(random_state: Any) -> Rng:
    """Return a generator seeded by an int or a RandomState; None: by the system."""
    if random_state is None:
        return np.random.default_rng()
    try:
        seeds = check_random_state(random_state).randint(2**31, size=4)
    except (TypeError, ValueError):
        raise ValueError(
            "The 'random_state' parameter must be an int from 0 to 4294967295, a "
            f"numpy.random.RandomState or None. Got {random_state!r} instead."
        ) from None
    return np.random.default_rng(seeds)


def check_interval(
    owner: str, name: str, value: Any, kind: type, least: float, words: str
) -> None:
    """Require a number of the given kind that is at least `least`.

    Raises
    ------
    ValueError
        Naming the estimator, the argument and the value.
    """
    is_kind = isinstance(value, kind) and not isinstance(value, bool)
    if not (is_kind and np.isfinite(value) and value >= least):
        raise ValueError(
            f"The {name!r} parameter of {owner} must be {words}. Got {value!r} instead."
        )


def check_choice(
    owner: str, name: str, value: Any, choices: Sequence[str | None]
) -> None:
    """Require one of the given strings, or None where that is among them."""
    known = value is None or isinstance(value, str)
    if not (known and value in choices):
        words = ", ".join(repr(choice) for choice in choices)
        raise ValueError(
            f"The {name!r} parameter of {owner} must be one of {words}. "
            f"Got {value!r} instead."
        )


def check_number_or_auto(owner: str, name: str, value: Any) -> None:
    """Require the string 'auto' or a number that is not negative."""
    if not (isinstance(value, str) and value == "auto"):
        words = "'auto' or a float in the range [0.0, inf)"
        check_interval(owner, name, value, Real, 0.0, words)


def check_count(owner: str, name: str, value: Any, least: int) -> None:
    """Require an integer that is at least `least`."""
    words = f"an int in the range [{least}, inf)"
    check_interval(owner, name, value, Integral, least, words)


def check_flag(owner: str, name: str, value: Any) -> None:
    """Require a boolean."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(
            f"The {name!r} parameter of {owner} must be an instance of 'bool'. "
            f"Got {value!r} instead."
        )


def check_verbose(owner: str, value: Any) -> None:
    """Require a boolean or an integer that is not negative."""
    if not isinstance(value, bool | np.bool_):
        check_count(owner, "verbose", value, 0)


def check_start(owner: str, value: Any, choices: Sequence[str]) -> None:
    """Require one of the given names, a function, or something like an array."""
    if value is None or isinstance(value, str | Number):
        check_choice(owner, "init_params", value, choices)


def check_equal(owner: str, name: str, values: Any) -> None:
    """Require weights that do not differ, since ``equal_weights=True``."""
    weights = np.asarray(values, dtype=np.float64)
    if weights.size and np.ptp(weights) > 1e-6:
        raise ValueError(
            f"{owner}(equal_weights=True): {name!r} must be equal for all components; "
            f"got weights from {weights.min():.5g} to {weights.max():.5g}. Leave "
            f"{name!r} out, or equal_weights."
        )


def check_jobs(owner: str, n_jobs: Any) -> None:
    """Require a number of threads, or a negative number to count from the last."""
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise ValueError(
            f"The 'n_jobs' parameter of {owner} must be an int other than 0, or None. "
            f"Got {n_jobs!r} instead."
        )


def check_shape(values: Array, shape: tuple[int, ...], name: str) -> None:
    """Require the shape of an initial parameter."""
    if values.shape != shape:
        raise ValueError(
            f"The parameter '{name}' should have the shape of {shape}, "
            f"but got {values.shape}"
        )


def as_floats(values: Any, name: str) -> Array:
    """Convert to a finite float64 array of its own."""
    array = np.array(values, dtype=np.float64)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"The parameter '{name}' must be finite; got {array[where]} at {where}."
        )
    return array


def check_weights(values: Any, n_components: int) -> Array:
    """Require mixture weights: a distribution over the components."""
    weights = as_floats(values, "weights")
    check_shape(weights, (n_components,), "weights")
    if (weights < 0).any() or (weights > 1).any():
        worst = int(np.argmax(np.abs(weights - 0.5)))
        # The first sentence is scikit-learn's, whose two labels are interchanged.
        raise ValueError(
            "The parameter 'weights' should be in the range [0, 1], but got "
            f"max value {weights.min():.5f}, min value {weights.max():.5f}: "
            f"weights[{worst}] is {weights[worst]:.5f}."
        )
    excess = abs(weights.sum() - 1.0)
    if excess > 1e-6:
        raise ValueError(
            "The parameter 'weights' should be normalized, "
            f"but got sum(weights) = {weights.sum():.5f}"
        )
    # what a division by the sum has left over, another would only move about
    rounding = n_components * np.finfo(np.float64).eps
    return weights if excess <= rounding else weights / weights.sum()


def check_means(values: Any, n_components: int, n_features: int) -> Array:
    """Require one mean a component."""
    means = as_floats(values, "means")
    check_shape(means, (n_components, n_features), "means")
    return means


def check_precisions(
    values: Any, structure: Covariance, n_components: int, n_features: int
) -> Array:
    """Return the covariances of given precisions, in the structure's shape."""
    name = f"{structure.name} precision"
    precisions = as_floats(values, name)
    check_shape(precisions, structure.shape(n_components, n_features), name)
    covariances = _inverted(precisions, structure, name)
    # Inverses share what the precisions share, but are of low rank plus noise alone.
    low_rank = isinstance(structure, Factors)
    _check_structure(covariances if low_rank else precisions, structure, name)
    return covariances


def check_covariances(
    values: Any, structure: Covariance, n_components: int, n_features: int
) -> Array:
    """Require positive definite covariances in the structure's shape."""
    name = f"{structure.name} covariance"
    covariances = as_floats(values, name)
    check_shape(covariances, structure.shape(n_components, n_features), name)
    _inverted(covariances, structure, name)
    _check_structure(covariances, structure, name)
    return covariances


def _inverted(matrices: Array, structure: Covariance, name: str) -> Array:
    """Invert, or say which component cannot be."""
    is_matrix = isinstance(structure, Matrices | Tied)
    words = "symmetric, positive-definite" if is_matrix else "positive"
    error = f"'{name}' should be {words}"
    if is_matrix and not np.allclose(matrices, np.swapaxes(matrices, -1, -2)):
        raise ValueError(error)
    if not is_matrix and not (matrices > 0).all():
        raise ValueError(error)
    try:
        inverses = structure.from_precisions(matrices)
    except DegenerateComponentError as collapse:
        raise ValueError(f"{error}; component {collapse.component} is not") from None
    return inverses


def _check_structure(matrices: Array, structure: Covariance, name: str) -> None:
    """Require that the components share what the structure says; so do inverses."""
    nearest = structure.projected(matrices)
    if np.allclose(nearest, matrices, rtol=1e-6, atol=1e-6 * np.abs(matrices).max()):
        return
    shares = np.abs(nearest - matrices) / np.abs(matrices).max()
    worst = np.unravel_index(shares.argmax(), shares.shape)
    raise ValueError(
        f"'{name}' must have the structure {structure.name}; component {worst[0]} has "
        f"{matrices[worst]:.6g} where the nearest of that structure has "
        f"{nearest[worst]:.6g}. Choose another covariance_type."
    )


def check_sample_weight(values: Any, X: Array) -> Array:
    """Require a weight a row: finite, not negative, not all zero."""
    weights: Array = _check_sample_weight(
        values, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weights.any():
        raise ValueError(
            "sample_weight must not be zero for every row: nothing is left."
        )
    return weights


def rows_for(
    n_components: int, X: Array, sample_weight: Any, labels: IntArray | None = None
) -> Rows:
    """Return the rows of positive weight, in number or weight as many as components.

    Raises
    ------
    ValueError
        If the weights are unusable, or leave fewer observations than components.
    """
    weights = None
    if sample_weight is not None:
        weights = check_sample_weight(sample_weight, X)
    rows = Rows(X, weights, labels)
    if weights is not None and not weights.all():
        rows = rows.take(np.flatnonzero(weights))
    if max(len(rows), rows.n_observations) < n_components:
        raise ValueError(
            f"Expected n_samples >= n_components but got n_components = {n_components}"
            f", n_samples = {len(rows)}. Fit fewer components, or give more rows of "
            "positive weight."
        )
    return rows


def check_labels(values: Any, n_samples: int, n_components: int, name: str) -> IntArray:
    """Require a component index a row, -1 where it is not known."""
    labels = np.asarray(values)
    if labels.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} must be component indices, integers from -1 to "
            f"{n_components - 1}; got {labels.flat[0]!r} of type {labels.dtype}."
        )
    if labels.shape != (n_samples,):
        raise ValueError(
            f"{name} must have the shape ({n_samples},), one entry a row of X; "
            f"got {labels.shape}."
        )
    with np.errstate(invalid="ignore"):
        as_integers = labels.astype(np.intp)
    wrong = (as_integers != labels) | (labels < UNKNOWN) | (as_integers >= n_components)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{name} must be component indices 0 to {n_components - 1}, or -1 for "
            f"rows whose component is not known; got {labels[row]!r} in row {row}."
        )
    return as_integers


def check_responsibilities(
    values: Any, n_samples: int, n_components: int, has_noise: bool = False
) -> Array:
    """Require responsibilities (n_samples, n_components) or labels (n_samples,).

    With noise there may be one column more, the last.
    """
    array = np.asarray(values)
    if array.ndim == 1:
        labels = check_labels(array, n_samples, n_components, "init_params")
        known = labels[:, None] == np.arange(n_components)
        return np.where((labels == UNKNOWN)[:, None], 1 / n_components, known * 1.0)
    responsibilities = as_floats(array, "init_params")
    n_columns = n_components
    if has_noise and responsibilities.shape == (n_samples, n_components + 1):
        n_columns += 1
    check_shape(responsibilities, (n_samples, n_columns), "init_params")
    totals = responsibilities.sum(axis=1)
    wrong = (responsibilities < 0).any(axis=1) | (np.abs(totals - 1) > 1e-6)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            "init_params must hold responsibilities: rows that are not negative and "
            f"sum to 1; got {responsibilities[row].tolist()} in row {row}."
        )
    return np.asarray(responsibilities / totals[:, None])
