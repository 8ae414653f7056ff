"""Small fits in a process that is warm: one at default settings, and ten starts."""

from unittest.mock import patch

import numpy as np
from sklearn.mixture import GaussianMixture as Reference

from benchmarks.size import Size
from benchmarks.table import NOT_SLOWER, Row, Table, duration, number
from benchmarks.timing import alternate
from mixtura import GaussianMixture
from mixtura._types import Array
from mixtura.estimators.fitting import side_by_side

# name, rows, columns, distance between the means of two unit round clusters
CASES = (
    ("separated", 300, 2, 6.0),
    ("overlapping", 300, 2, 3.0),
    ("separated", 1000, 5, 6.0),
)

STARTS = ("kmeans", "k-means++", "random_from_data")

# rows, columns, components, standard deviation of the centres of unit round clusters
CROWDS = ((300, 2, 3, 2.0), (1000, 5, 4, 1.0), (1000, 5, 4, 3.0))

TIGHT, TIGHTER = 1e-6, 1e-7
"""Gains a row and step at which scikit-learn comes close to where mixtura stops."""


def tables(size: Size) -> list[Table]:
    """One row for each size of data, and for each start."""
    return [_one_fit(size), _ten_starts(size)]


def _one_fit(size: Size) -> Table:
    rows = [_row(size, *case) for case in size.some(CASES)]
    columns = (
        *("data", "scikit-learn", "gain, nats", f"scikit-learn, tol={TIGHTER:g}"),
        *("gain, nats", "mixtura"),
    )
    about = (
        "One fit of two components at both sides' default settings, all imports done. "
        "At its defaults scikit-learn stops once a step gains less than 1e-3 nats per "
        "row, mixtura when 1e-4 nats are left in total; so beside it stands what it "
        "takes to get as far. The gains are what mixtura's total log-likelihood is "
        "higher by than that in the column before."
    )
    return Table("A small fit", columns, rows, about)


def _ten_starts(size: Size) -> Table:
    cases = size.some([(*crowd, start) for crowd in CROWDS for start in STARTS])
    rows = [_row_of_starts(size, *case) for case in cases]
    columns = (
        "data and start",
        "scikit-learn",
        "gain, nats",
        f"scikit-learn, tol={TIGHT:g}",
        "gain, nats",
        "mixtura, one by one",
        "mixtura",
    )
    about = (
        "`n_init=10` with the same kind of start on both sides: overlapping clusters "
        "(centres scattered by 1 or 2 standard deviations) and separate ones (3). "
        "mixtura runs its ten fits side by side, which leads to the same bits as one "
        "by one. The gains are what its total log-likelihood is higher by than that "
        "in the column before: at its defaults scikit-learn stops early, so the last "
        "columns compare with the tight tolerance. (From rows as centres the two do "
        "not start alike, and may find different optima.)"
    )
    return Table("Ten starts of a small fit", columns, rows, about)


def _row_of_starts(
    size: Size, n: int, d: int, k: int, spread: float, start: str
) -> Row:
    X = crowd(n, d, k, spread)
    settings = {"n_init": 10, "init_params": start, "random_state": 0}
    loose = Reference(k, **settings)
    tight = Reference(k, tol=TIGHT, max_iter=1000, **settings)
    ours = GaussianMixture(k, **settings)

    def one_by_one() -> None:
        with patch.object(side_by_side, "FEW_ROWS", 0):
            ours.fit(X)

    rounds = alternate(
        [
            lambda: loose.fit(X),
            lambda: tight.fit(X),
            one_by_one,
            lambda: ours.fit(X),
        ],
        size.repeats,
    )
    times = [duration(rounds.median(i)) for i in range(4)]
    gains = [number((ours.score(X) - other.score(X)) * n) for other in (loose, tight)]
    cells = [times[0], gains[0], times[1], gains[1], *times[2:]]
    label = f"{n} × {d}, K={k}, spread {spread:g}, {start}"
    return Row(label, cells, rounds.ratio(1, 3), NOT_SLOWER)


def _row(size: Size, name: str, n: int, d: int, distance: float) -> Row:
    X = pair(n, d, distance)
    loose, ours = Reference(2, random_state=0), GaussianMixture(2, random_state=0)
    tight = Reference(2, tol=TIGHTER, max_iter=1000, random_state=0)
    fits = [lambda: loose.fit(X), lambda: tight.fit(X), lambda: ours.fit(X)]
    rounds = alternate(fits, 3 * size.repeats)
    times = [duration(rounds.median(i)) for i in range(3)]
    gains = [number((ours.score(X) - other.score(X)) * n) for other in (loose, tight)]
    cells = [times[0], gains[0], times[1], gains[1], times[2]]
    return Row(f"{name}, {n} × {d}", cells, rounds.ratio(0, 2), NOT_SLOWER)


def pair(n_rows: int, n_features: int, distance: float) -> Array:
    """Rows of two unit round clusters, equally likely, this far apart."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_features))
    X[:, 0] += distance * rng.integers(2, size=n_rows)
    return X


def crowd(n_rows: int, n_features: int, n_components: int, spread: float) -> Array:
    """Rows of unit round clusters whose centres are normal with this deviation."""
    rng = np.random.default_rng(0)
    centres = spread * rng.standard_normal((n_components, n_features))
    labels = rng.integers(n_components, size=n_rows)
    return centres[labels] + rng.standard_normal((n_rows, n_features))
