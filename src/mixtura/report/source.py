"""Where the rows of a report come from, and the calls that bring it back."""

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from mixtura import __version__
from mixtura._types import Array
from mixtura.report.subject import Subject

MOST_NUMBERS = 64
"""Numbers of an array argument that are written out."""

UNWRITTEN = "..."


@dataclass(frozen=True)
class Source:
    """Where the rows of a report come from.

    Parameters
    ----------
    name : str
        Of the data, for the title.
    origin : str
        A few words more on them.
    code : str
        Lines of Python that make `rows`, and the weights if there are any. Default:
        a comment that the caller has them.
    rows, weights : str
        What they are called in `code`.
    command : str
        The shell command that writes the same report.
    skipped : tuple of str
        Columns that were left out because they do not hold numbers.
    """

    name: str = ""
    origin: str = ""
    code: str = ""
    rows: str = "X"
    weights: str = "sample_weight"
    command: str = ""
    skipped: tuple[str, ...] = ()


def python_call(subject: Subject, source: Source) -> str:
    """Write the Python that fits again what a report is about.

    Parameters
    ----------
    subject : Subject
    source : Source

    Returns
    -------
    str
        It ends by printing the log-likelihood. What has no short form is written
        ``...``.
    """
    is_search = subject.search is not None
    fitted = subject.search if is_search else subject.model
    name, best = ("search", "search.best_estimator_") if is_search else ("model",) * 2
    arguments = source.rows
    if subject.weights is not None or subject.n_without_weight:
        arguments += f", sample_weight={source.weights}"
    size = f"{subject.n_rows + subject.n_without_weight} rows of this report"
    reading = source.code or f"# {source.rows} holds the {size}."
    return "\n".join(
        [
            "import mixtura",
            "",
            reading,
            f"{name} = {written(fitted)}",
            f"{name}.fit({arguments})",
            f"print({best}.log_likelihood_)  # {subject.model.log_likelihood_!r}",
        ]
    )


def written(value: Any, indent: int = 0) -> str:
    """Write an argument as Python; estimators with what differs from the default.

    Examples
    --------
    >>> written([1, 2, 3]), written((2, 5)), written("full"), written(abs)
    ('range(1, 4)', '(2, 5)', "'full'", '...')
    >>> from mixtura import GaussianMixture
    >>> print(written(GaussianMixture(2, random_state=0)))
    mixtura.GaussianMixture(
        n_components=2,
        random_state=0,
    )
    """
    if isinstance(value, BaseEstimator):
        return _constructor(value, indent)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.size <= MOST_NUMBERS else Ellipsis
    if isinstance(value, list | tuple) and _is_range(value):
        return f"range({value[0]}, {value[-1] + 1})"
    if isinstance(value, list | tuple | dict | range | str | int | float | None):
        return repr(value)
    return UNWRITTEN


def _constructor(estimator: Any, indent: int) -> str:
    pad = " " * (indent + 4)
    lines = [
        f"{pad}{name}={written(value, indent + 4)},"
        for name, parameter in signature(type(estimator)).parameters.items()
        if not _is_default(value := getattr(estimator, name), parameter.default)
    ]
    name = f"mixtura.{type(estimator).__name__}"
    return "\n".join([f"{name}(", *lines, f"{' ' * indent})"]) if lines else f"{name}()"


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (
        isinstance(value, str | int | float | tuple) and value == default
    )


def _is_range(value: Sequence[Any]) -> bool:
    return (
        len(value) > 2
        and all(isinstance(item, int) for item in value)
        and list(value) == list(range(value[0], value[0] + len(value)))
    )


def fingerprint(values: Array) -> str:
    """SHA-256 of the numbers of a table, row by row as little-endian float64."""
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f8").data).hexdigest()


def versions() -> dict[str, str]:
    """Versions of what computes a fit, by name."""
    return {
        "mixtura": __version__,
        "Python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "scikit-learn", "numba")},
        "machine": f"{platform.system()} {platform.machine()}",
    }
