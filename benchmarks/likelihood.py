"""Time to the best log-likelihood that anyone reaches."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
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
    """One row for each data set, and one for the median."""
    results = [(case, _ratio(size, case)) for case in size.some(CASES)]
    rows = [
        Row(f"{case.name}, K={case.n_components}", cells, ratio, NOT_SLOWER)
        for case, (ratio, cells) in results
    ]
    middle = median(ratio for _, (ratio, _) in results)
    rows.append(Row("median", [""] * 6, middle, MEDIAN_BAR))
    columns = (
        "data",
        "rows",
        "scikit-learn",
        "mixtura",
        "tol",
        "scikit-learn gets there",
        "mixtura gets there",
    )
    about = (
        "Expected time until a fit is within 1e-6, relative, of the highest "
        "log-likelihood that any fit of either side reaches: seconds of all fits over "
        "the number of fits that get there, with a start for each of several seeds. "
        "Mixtura runs at its default settings, scikit-learn at the loosest tol (a "
        "power of ten) with which it gets there as often as with 1e-9 and at most "
        f"{MOST_ITERATIONS:,} iterations; where it never gets there, the ratio is "
        "of what it has spent in vain."
    )
    return [Table("Time to the same log-likelihood", columns, rows, about)]


def _ratio(size: Size, case: Case) -> tuple[float, list[str]]:
    """How many times as fast mixtura gets there, and the cells of the row."""
    X, k = case.rows(size), case.n_components
    seeds = range(size.pick(1, 10, 20) if len(X) < 1000 else size.pick(1, 2, 5))
    tight = [_reference(k, seed, TOLERANCES[-1]) for seed in seeds]
    mine = [GaussianMixture(k, random_state=seed) for seed in seeds]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        levels = [model.fit(X).score(X) for model in (*tight, *mine)]
    target = max(levels) - TARGET * abs(max(levels))
    tolerance = _loosest(tight, target)
    spent, hits = np.zeros(2), np.zeros(2, dtype=int)
    for seed in seeds:
        pair: list[Any] = [
            _reference(k, seed, tolerance),
            GaussianMixture(k, random_state=seed),
        ]
        repeats = size.repeats if len(X) < 1000 else 1
        rounds = alternate([lambda m=m: m.fit(X) for m in pair], repeats, warm_up=0)
        spent += [rounds.median(0), rounds.median(1)]
        hits += [model.score(X) >= target for model in pair]
    expected = [_expected(*both) for both in zip(spent, hits, strict=True)]
    cells = [
        f"{len(X):,}",
        *(duration(value) if math.isfinite(value) else "never" for value in expected),
        number(tolerance),
        *(f"{n} of {len(seeds)}" for n in hits),
    ]
    if not hits[0]:  # what it has spent in vain is less than it would need
        expected[0] = float(spent[0])
    return expected[0] / expected[1], cells


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
