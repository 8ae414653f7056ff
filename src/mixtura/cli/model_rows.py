"""Rows that a model is to judge: their columns read, and what is said of them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mixtura.cli.presenting import read
from mixtura.exceptions import ModelFileError, TableError

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

Columns = dict[str, Any]
"""Arrays of one value a row, or tuples of words, by name."""


def load_kind(model_file: str, kinds: Sequence[str], command: str) -> Any:
    """Load a model of one of the classes that a command has a use for.

    Raises
    ------
    ModelFileError
        If it is of another, or cannot be loaded.
    """
    from mixtura.io.model_file import load_model

    model = load_model(model_file)
    kind = type(model).__name__
    if kind not in kinds:
        raise ModelFileError(
            f"{model_file}: mixtura {command} needs a {' or '.join(kinds)}; the file "
            f"holds a {kind}."
        )
    return model


def judged(model: Any, X: Any) -> Columns:
    """Return what a model says of each row, by the kind of the model."""
    return _JUDGED[type(model).__name__](model, X)


def _by_components(model: Any, X: Any) -> Columns:
    probabilities = model.predict_proba(X)
    columns: Columns = {"label": model.predict(X)}
    n_components = len(model.weights_)
    for k, column in enumerate(probabilities.T):
        columns[f"probability_{k if k < n_components else 'noise'}"] = column
    return columns | {"log_density": model.score_samples(X)}


def _by_classes(model: Any, X: Any) -> Columns:
    probabilities = model.predict_proba(X)
    predicted = model.classes_[probabilities.argmax(axis=1)]
    return {
        "class": tuple(map(str, predicted)),
        **{
            f"probability_{name}": column
            for name, column in zip(model.classes_, probabilities.T, strict=True)
        },
        "log_density": model.score_samples(X),
    }


def _by_density(model: Any, X: Any) -> Columns:
    return {
        "label": model.predict(X),
        "log_density": model.score_samples(X),
        "tail_probability": model.tail_probability(X),
    }


_JUDGED: dict[str, Callable[[Any, Any], Columns]] = {
    "GaussianMixture": _by_components,
    "BayesianGaussianMixture": _by_components,
    "GaussianMixtureDetector": _by_density,
    "GaussianMixtureClassifier": _by_classes,
}


def read_rows(
    model: Any,
    data: str,
    columns: list[str] | None,
    id_column: str | None,
    header: bool | None,
) -> "Table":
    """Read a table for a model.

    Parameters
    ----------
    model : fitted estimator
        Its feature names choose the columns, when it has any and ``columns`` is
        not given.
    data, columns, id_column, header
        As for ``read_table``.

    Returns
    -------
    Table

    Raises
    ------
    TableError
        If the table lacks a column of the model, or has another number of them.
    """
    from mixtura.io.grid import UnknownColumnError

    names = getattr(model, "feature_names_in_", None)
    wanted = columns if columns is not None or names is None else list(map(str, names))
    try:
        table = read(data, columns=wanted, id_column=id_column, header=header)
    except UnknownColumnError as error:
        if columns is not None or wanted is None:
            raise
        raise TableError(
            f"{error} The model was fitted to {', '.join(wanted)}; if they have other "
            f"names here, give them in this order with --columns."
        ) from error
    expected = model.n_features_in_
    if table.n_columns != expected:
        raise TableError(
            f"{data} has {table.n_columns} columns of numbers, the model was fitted to "
            f"{expected}; choose {expected} with --columns."
        )
    return table
