"""All fourteen structures and nine sizes, against R's mclust."""

from statistics import median

import numpy as np
from sklearn.datasets import load_iris

from benchmarks import mclust
from benchmarks.size import Size
from benchmarks.table import NOT_SLOWER, Bar, Row, Table, duration
from benchmarks.timing import seconds
from mixtura import GaussianMixtureSearch, load_dataset
from mixtura._types import Array

LARGEST = 9
NATS = 1e-3
"""A model this much below mclust's is a worse one."""

NONE_BELOW = Bar(0, at_most=True)
STRUCTURES = (
    *("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE"),
    *("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"),
)


def tables(size: Size) -> list[Table]:
    """Two rows for each data set: the time, and the models that are less likely."""
    largest, rows = size.pick(2, LARGEST, LARGEST), []
    about = (
        f"14 structures and K = 1 … {largest} in one call, in processes that run: "
        f"`mclust::Mclust(x, G = 1:{largest})`, with loading not counted, and "
        "`GaussianMixtureSearch` with one thread, in turn. A model is below if its "
        f"log-likelihood is more than {NATS:g} nats less than where EM without a "
        "tolerance leads from mclust's start."
    )
    with mclust.session() as rival:
        for name, X in data().items() if rival is not None else ():
            rows += _rows(name, X, rival, largest, min(size.repeats, 3))
        about = f"{about} mclust {rival.version}." if rival else mclust.ABSENT
    columns = ("data", "mclust", "mixtura", "compared", "above", "below")
    return [Table("Fourteen structures", columns, rows, about, "measured")]


def data() -> dict[str, Array]:
    """What the tables are made for."""
    faithful = load_dataset("old-faithful").values
    return {"Old Faithful": faithful, "iris": load_iris().data}


def _rows(
    name: str, X: Array, rival: mclust.Mclust, largest: int, repeats: int
) -> list[Row]:
    search = GaussianMixtureSearch(
        range(1, largest + 1), covariance_type=STRUCTURES, random_state=0, n_jobs=1
    )
    rounds = [
        (rival.table_seconds(X, largest), seconds(lambda: search.fit(X)))
        for _ in range(repeats + 1)
    ][1:]  # the first warms up
    theirs, ours = (median(times) for times in zip(*rounds, strict=True))
    ratio = median(one / other for one, other in rounds)
    gains = _gains(search, X, rival, largest)
    n_compared = np.isfinite(gains).sum()
    above, below = (gains > NATS).sum(), (gains < -NATS).sum()
    counts = [str(count) for count in (n_compared, above, below)]
    return [
        Row(name, [duration(theirs), duration(ours), *counts], ratio, NOT_SLOWER),
        Row(f"{name}, below", [""] * 5, float(below), NONE_BELOW, "models"),
    ]


def _gains(
    search: GaussianMixtureSearch, X: Array, rival: mclust.Mclust, largest: int
) -> Array:
    """By how many nats each model is above mclust's; nan where that has none."""
    found = search.results_["log_likelihood"].reshape(len(STRUCTURES), largest)
    levels = [rival.levels(X, code, largest) for code in STRUCTURES]
    return np.where(np.isnan(found), -np.inf, found) - np.array(levels)
