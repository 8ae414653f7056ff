"""All fourteen structures and nine sizes, against R's mclust."""

from statistics import median

import numpy as np
from sklearn.datasets import load_iris

from benchmarks import mclust
from benchmarks.size import Size
from benchmarks.table import NOT_SLOWER, Bar, Row, Table, duration
from benchmarks.timing import seconds
from mixtura import GaussianMixture, GaussianMixtureSearch, load_dataset
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
    """Three rows a data set: the times, and the models that are less likely."""
    largest, rows = size.pick(2, LARGEST, LARGEST), []
    about = (
        f"14 structures and K = 1 … {largest} in one call, in processes that run: "
        f"`mclust::Mclust(x, G = 1:{largest})`, with loading not counted, and "
        "`GaussianMixtureSearch` (two threads), in turn: at its default settings, "
        'and with the one start that mclust has, `init_params="hierarchical"`. A model '
        f"is below if its log-likelihood is more than {NATS:g} nats less than where EM "
        "without a tolerance leads from mclust's start. (On the rounded values of Old "
        "Faithful many mergers cost the same, and the agglomerations differ.)"
    )
    with mclust.session() as rival:
        for name, X in data().items() if rival is not None else ():
            rows += _rows(name, X, rival, largest, size.repeats)
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
    default = _search(largest)
    alike = _search(largest, GaussianMixture(init_params="hierarchical"))
    rounds = [
        (
            rival.table_seconds(X, largest),
            seconds(lambda: default.fit(X)),
            seconds(lambda: alike.fit(X)),
        )
        for _ in range(repeats + 1)
    ][1:]  # the first warms up
    levels = np.array([rival.levels(X, code, largest) for code in STRUCTURES])
    rows = []
    for i, (search, label) in enumerate(((default, name), (alike, f"{name}, alike"))):
        ratio = median(times[0] / times[i + 1] for times in rounds)
        theirs, ours = (median(times[j] for times in rounds) for j in (0, i + 1))
        gains = _gains(search, levels)
        above, below = (gains > NATS).sum(), (gains < -NATS).sum()
        counts = [str(count) for count in (np.isfinite(gains).sum(), above, below)]
        cells = [duration(theirs), duration(ours), *counts]
        rows.append(Row(label, cells, ratio, NOT_SLOWER))
        if search is default:
            limit = Row(f"{name}, below", [""] * 5, float(below), NONE_BELOW, "models")
    return [*rows, limit]


def _search(
    largest: int, estimator: GaussianMixture | None = None
) -> GaussianMixtureSearch:
    return GaussianMixtureSearch(
        range(1, largest + 1),
        covariance_type=STRUCTURES,
        estimator=estimator,
        random_state=0,
    )


def _gains(search: GaussianMixtureSearch, levels: Array) -> Array:
    """By how many nats each model is above mclust's; nan where that has none."""
    found = search.results_["log_likelihood"].reshape(levels.shape)
    return np.where(np.isnan(found), -np.inf, found) - levels
