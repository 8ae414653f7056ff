"""The report of what the page shows."""

import warnings
from typing import Any

from mixtura._types import IntArray
from mixtura.datasets import dataset_names, describe_dataset
from mixtura.serve.held_table import HeldTable

MAX_WORK = 2_000_000
"""Rows times columns times components; more takes minutes, and all else waits."""


def report_html(estimator: Any, held: HeldTable, positions: IntArray, seed: int) -> str:
    """Write the report of a fit as one HTML file.

    Parameters
    ----------
    estimator : GaussianMixture or GaussianMixtureSearch
        Fitted to these columns.
    held : HeldTable
    positions : ndarray of int
    seed : int
        Of the new starts that the fit is compared with.

    Raises
    ------
    ValueError
        If the fit is too large to be reported while a page waits.
    """
    model = getattr(estimator, "best_estimator_", estimator)
    if held.table.n_rows * len(positions) * model.n_components > MAX_WORK:
        raise ValueError(
            "The report of so many rows takes minutes. Choose fewer columns, or write "
            "it on the command line: mixtura report --help."
        )
    import matplotlib

    matplotlib.use("Agg")
    from mixtura.report.document import Report
    from mixtura.report.source import Source

    names = [held.table.names[i] for i in positions]
    is_bundled = held.name in dataset_names()
    origin = describe_dataset(held.name).origin if is_bundled else ""
    is_whole = len(names) == held.table.n_columns and not held.left_out
    chosen = "" if is_whole else f", columns={names!r}"
    source = Source(
        name=held.name,
        origin=f"bundled; {origin}" if is_bundled else "",
        code=f"table = mixtura.read_table({held.name!r}{chosen})",
        rows="table.values",
        skipped=tuple(held.left_out),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the report has its own words for them
        report = Report.from_estimator(
            estimator,
            held.chosen(positions),
            feature_names=names,
            source=source,
            random_state=seed,
        )
    return report.html
