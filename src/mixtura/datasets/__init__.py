"""Small data sets: measured ones, and those the course's listings draw."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mixtura.datasets.catalog import CATALOG, Dataset

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

__all__ = ["Dataset", "Table", "dataset_names", "describe_dataset", "load_dataset"]


def dataset_names() -> tuple[str, ...]:
    """Names of all data sets.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> dataset_names()[:3]
    ('old-faithful', 'iris', 'lesson-16')
    """
    return tuple(CATALOG)


def describe_dataset(name: str) -> Dataset:
    """Size, columns and origin of a data set, without loading it.

    Parameters
    ----------
    name : str
        One of :func:`dataset_names`.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If there is no such data set.

    Examples
    --------
    >>> describe_dataset("old-faithful").columns
    ('eruptions', 'waiting')
    """
    if name not in CATALOG:
        raise ValueError(
            f"load_dataset: there is no data set {name!r}; "
            f"there are {', '.join(CATALOG)}."
        )
    return CATALOG[name]


def load_dataset(name: str) -> "Table":
    """Load a data set by its name.

    Parameters
    ----------
    name : str
        One of :func:`dataset_names`.

    Returns
    -------
    Table
        A fresh copy of the values.

    Raises
    ------
    ValueError
        If there is no such data set.

    Examples
    --------
    >>> load_dataset("old-faithful")
    <Table 272 rows x 2 columns: eruptions, waiting>
    """
    from mixtura.datasets.table import Table

    entry = describe_dataset(name)
    module, function = entry.loader.split(":")
    load = getattr(import_module(f"mixtura.datasets.{module}"), function)
    values = load() if entry.seed is None else load(entry.seed)
    return Table(values, entry.columns)


def __getattr__(name: str) -> Any:
    if name != "Table":
        raise AttributeError(f"module 'mixtura.datasets' has no attribute {name!r}")
    return import_module("mixtura.datasets.table").Table
