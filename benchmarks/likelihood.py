"""Time to the best log-likelihood that anyone reaches."""

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture as Reference

from benchmarks.problems import askew, blobs
from benchmarks.size import Size
from benchmarks.table import NOT_SLOWER, Bar, Row, Table, duration, number
from benchmarks.timing import alternate
from mixtura import GaussianMixture, load_dataset
from mixtura._types import Array

TARGET = 1e-6
TOLERANCES = [10.0**-digits for digits in range(3, 10)]
MOST_ITERATIONS = 3_000
MEDIAN_BAR = Bar(30)

FEW_SEEDS, SECONDS = 2, 5
"""Seeds at least, and seconds of scikit-learn after which there are no more of them:
how often a start gets there is badly told by two."""


@dataclass(frozen=True)
class Case:
    """A data set and the number of components to fit.

    Parameters
    ----------
    name : str
    rows : callable
        Returns the rows for a size of run.
    n_components : int
    """

    name: str
    rows: Callable[[Size], Array]
    n_components: int


def _blobs(rows: int, d: int, k: int, spread: float) -> Callable[[Size], Array]:
    return lambda size: blobs(size.pick(rows // 100, rows, 5 * rows), d, k, spread)


def _askew(rows: int, d: int, k: int, spread: float) -> Callable[[Size], Array]:
    return lambda size: askew(size.pick(rows // 50, rows, 5 * rows), d, k, spread)


CASES = (
    Case("Old Faithful", lambda size: load_dataset("old-faithful").values, 2),
    Case("iris", lambda size: load_dataset("iris").values, 3),
    Case("Old Faithful", lambda size: load_dataset("old-faithful").values, 3),
    Case("separated, D=5", _blobs(20_000, 5, 5, 5.0), 5),
    Case("separated, D=4", _blobs(50_000, 4, 10, 4.0), 10),
    Case("separated, D=10", _blobs(10_000, 10, 10, 2.0), 10),
    Case("separated, D=16", _blobs(10_000, 16, 20, 1.5), 20),
    Case("touching, D=5", _blobs(20_000, 5, 5, 1.5), 5),
    Case("overlapping, D=2", _blobs(5_000, 2, 4, 1.0), 4),
    Case("overlapping, D=10", _blobs(10_000, 10, 5, 0.7), 5),
    Case("high-dimensional, D=50", _blobs(10_000, 50, 5, 0.7), 5),
    Case("askew, D=8", _askew(10_000, 8, 4, 1.0), 4),
    Case("askew, D=10", _askew(10_000, 10, 10, 1.0), 10),
)


def tables(size: Size) -> list[Table]:
    """One row for each data set, and two for the medians."""
    results = [_compared(size, case) for case in size.some(CASES)]
    rows = [
        Row(result.label, result.cells, result.ratio, NOT_SLOWER) for result in results
    ]
    blank = [""] * (len(results[0].cells) - 1)
    middle = median(result.ratio for result in results)
    given = median(result.from_partition for result in results)
    rows.append(Row("median", [*blank, f"{number(given)}×"], middle, MEDIAN_BAR))
    columns = (
        "data",
        "rows",
        "scikit-learn",
        "mixtura",
        "tol",
        "scikit-learn gets there",
        "mixtura gets there",
        "given a k-means partition",
    )
    about = (
        "Expected time until a fit is within 1e-6, relative, of the highest "
        "log-likelihood that any fit of either side reaches: seconds of all fits over "
        "the number of fits that get there, with a start for each of up to "
        f"{size.pick(1, 10, 20)} seeds. "
        "Mixtura runs at its default settings, scikit-learn at the loosest tol (a "
        "power of ten) with which it gets there as often as with 1e-9 and at most "
        f"{MOST_ITERATIONS:,} iterations; where it never gets there, the ratio is "
        "of what it has spent in vain. Given a k-means partition, which scikit-learn "
        "makes for itself, mixtura's fit searches for no start and is so many times "
        "as fast, wherever it leads: what a search that took no time would reach."
    )
    return [Table("Time to the same log-likelihood", columns, rows, about)]


@dataclass(frozen=True)
class Compared:
    """What was measured of a case.

    Parameters
    ----------
    label : str
    cells : list of str
        Of its row.
    ratio : float
        How many times as fast mixtura gets there.
    from_partition : float
        How many times as fast its fit is, wherever it leads, from a given partition.
    """

    label: str
    cells: list[str]
    ratio: float
    from_partition: float


def _compared(size: Size, case: Case) -> Compared:
    X, k = case.rows(size), case.n_components
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tight = _tight(X, k, size.pick(1, 10, 20))
        seeds = range(len(tight))
        mine = [GaussianMixture(k, random_state=seed).fit(X) for seed in seeds]
        levels = [model.score(X) for model in (*tight, *mine)]
    target = max(levels) - TARGET * abs(max(levels))
    tolerance = _loosest(tight, target)
    spent, hits = np.zeros(3), np.zeros(2, dtype=int)
    for seed in seeds:
        labels = KMeans(k, n_init=1, random_state=seed).fit_predict(X)
        fits: list[Any] = [
            _reference(k, seed, tolerance),
            GaussianMixture(k, random_state=seed),
            GaussianMixture(k, init_params=np.eye(k)[labels]),
        ]
        repeats = size.repeats if len(X) < 1000 else 1
        rounds = alternate([lambda m=m: m.fit(X) for m in fits], repeats, warm_up=0)
        spent += [rounds.median(which) for which in range(len(fits))]
        hits += [model.score(X) >= target for model in fits[:2]]
    expected = [_expected(*both) for both in zip(spent[:2], hits, strict=True)]
    from_partition = float(spent[0] / spent[2])
    cells = [
        f"{len(X):,}",
        *(duration(value) if math.isfinite(value) else "never" for value in expected),
        number(tolerance),
        *(f"{n} of {len(seeds)}" for n in hits),
        f"{number(from_partition)}×",
    ]
    if not hits[0]:  # what it has spent in vain is less than it would need
        expected[0] = float(spent[0])
    ratio = expected[0] / expected[1]
    return Compared(f"{case.name}, K={k}", cells, ratio, from_partition)


def _tight(X: Array, n_components: int, most: int) -> list[Reference]:
    """Fits of scikit-learn at the tightest tolerance, as many as there is time for."""
    fits: list[Reference] = []
    started = time.perf_counter()
    while len(fits) < most:
        fits.append(_reference(n_components, len(fits), TOLERANCES[-1]).fit(X))
        if len(fits) >= FEW_SEEDS and time.perf_counter() - started > SECONDS:
            break
    return fits


def _expected(spent: float, hits: int) -> float:
    return spent / hits if hits else math.inf


def _reference(n_components: int, seed: int, tolerance: float) -> Reference:
    return Reference(
        n_components, tol=tolerance, max_iter=MOST_ITERATIONS, random_state=seed
    )


def _loosest(fits: list[Reference], target: float) -> float:
    """The loosest tolerance at which as many fits reach the target as at the tightest.

    A fit stops once its bound changes by less than the tolerance.
    """

    def hits(tolerance: float) -> int:
        return sum(_bound_at(fit, tolerance) >= target for fit in fits)

    most = hits(TOLERANCES[-1])
    enough = (tolerance for tolerance in TOLERANCES if hits(tolerance) == most)
    return next(enough) if most else TOLERANCES[-1]


def _bound_at(fit: Reference, tolerance: float) -> float:
    """Mean log-likelihood of the step at which the fit would have stopped."""
    bounds = np.array(fit.lower_bounds_)
    small = np.flatnonzero(np.abs(np.diff(bounds)) < tolerance)
    return float(bounds[small[0] + 1] if len(small) else bounds[-1])
