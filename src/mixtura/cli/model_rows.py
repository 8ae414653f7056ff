"""Read the rows that a model is to judge, with the columns it was fitted to."""

from typing import TYPE_CHECKING, Any

from mixtura.exceptions import TableError

if TYPE_CHECKING:
    from mixtura.datasets.table import Table


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
    model : GaussianMixture
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
    from mixtura.io.tables import read_table

    names = getattr(model, "feature_names_in_", None)
    wanted = columns if columns is not None or names is None else list(map(str, names))
    try:
        table = read_table(data, columns=wanted, id_column=id_column, header=header)
    except UnknownColumnError as error:
        if columns is not None or wanted is None:
            raise
        raise TableError(
            f"{error} The model was fitted to {', '.join(wanted)}; if they have other "
            f"names here, give them in this order with --columns."
        ) from error
    expected = model.means_.shape[1]
    if table.n_columns != expected:
        raise TableError(
            f"{data} has {table.n_columns} columns of numbers, the model was fitted to "
            f"{expected}; choose {expected} with --columns."
        )
    return table
