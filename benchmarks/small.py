"""A small fit in a process that is warm, at default settings."""

import numpy as np
from sklearn.mixture import GaussianMixture as Reference

from benchmarks.size import Size
from benchmarks.table import NOT_SLOWER, Row, Table, duration, number
from benchmarks.timing import alternate
from mixtura import GaussianMixture
from mixtura._types import Array

# name, rows, columns, distance between the means of two unit round clusters
CASES = (
    ("separated", 300, 2, 6.0),
    ("overlapping", 300, 2, 3.0),
    ("separated", 1000, 5, 6.0),
)


def tables(size: Size) -> list[Table]:
    """One row for each size of data."""
    rows = [_row(size, *case) for case in size.some(CASES)]
    columns = ("data", "scikit-learn", "mixtura", "gain, nats")
    about = (
        "One fit of two components at both sides' default settings, all imports done. "
        "At its defaults scikit-learn stops once a step gains less than 1e-3 nats per "
        "row, mixtura when 1e-4 nats are left in total; the gain is what mixtura's "
        "total log-likelihood is higher by."
    )
    return [Table("A small fit", columns, rows, about)]


def _row(size: Size, name: str, n: int, d: int, distance: float) -> Row:
    X = pair(n, d, distance)
    theirs, ours = Reference(2, random_state=0), GaussianMixture(2, random_state=0)
    rounds = alternate([lambda: theirs.fit(X), lambda: ours.fit(X)], 3 * size.repeats)
    gain = (ours.score(X) - theirs.score(X)) * n
    cells = [duration(rounds.median(0)), duration(rounds.median(1)), number(gain)]
    return Row(f"{name}, {n} × {d}", cells, rounds.ratio(0, 1), NOT_SLOWER)


def pair(n_rows: int, n_features: int, distance: float) -> Array:
    """Rows of two unit round clusters, equally likely, this far apart."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_features))
    X[:, 0] += distance * rng.integers(2, size=n_rows)
    return X
