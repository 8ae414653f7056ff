"""Read what `data/README.md` describes, as parameters of this package."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from mixtura.estimators.structures import NAMED
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

DATA = Path(__file__).parent / "data"

STRUCTURES = {code: NAMED[code] for code in NAMED if code.isupper()}


@cache
def reference(name: str) -> dict:
    """A file of reference results."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@cache
def table(file: str) -> dict[str, list[str]]:
    """A CSV file as columns of text."""
    header, *lines = (DATA / file).read_text(encoding="utf-8").splitlines()
    columns = zip(*(line.split(",") for line in lines), strict=True)
    return dict(zip(header.split(","), map(list, columns), strict=True))


def rows(file: str, columns: Sequence[str] | None = None) -> np.ndarray:
    """Columns of a CSV file as numbers, all of them by default."""
    values = table(file)
    names = list(values) if columns is None else columns
    return np.column_stack([np.array(values[name], dtype=float) for name in names])


def rows_of(record: dict) -> np.ndarray:
    """The data that a record of mclust results belongs to."""
    return rows(Path(record["data_file"]).name, record["columns"])


def full_mixture(record: dict) -> tuple[Mixture, MixtureParams]:
    """A mixture with full covariances and the parameters of a record."""
    family = Gaussian(Full())
    means = np.array(record["means"], dtype=float)
    inner = family.params(means, np.array(record["covariances"], dtype=float))
    return Mixture(family), MixtureParams(np.array(record["weights"]), inner)


def full_numbers(params: MixtureParams, structure) -> tuple:
    """Weights, means and full covariance matrices."""
    inner = params.components
    shape = inner.means.shape
    return params.weights, inner.means, structure.to_full(inner.covariances, *shape)


def mclust_numbers(record: dict) -> tuple:
    """The same of a record of mclust results, in one dimension or more."""
    means = np.array(record["mean"], dtype=float)
    if "sigmasq" in record:
        variances = np.array(record["sigmasq"])
        return np.array(record["pro"]), means[:, None], variances[:, None, None]
    return np.array(record["pro"]), means, np.array(record["sigma"], dtype=float)
