"""Choose K and structure by BIC: 40 fits at default settings."""

import warnings

from sklearn.mixture import GaussianMixture as Reference

from benchmarks.likelihood import TARGET
from benchmarks.problems import blobs
from benchmarks.size import Size
from benchmarks.table import NOT_SLOWER, Row, Table, duration
from benchmarks.timing import alternate
from mixtura import GaussianMixture
from mixtura._types import Array

Fit = tuple[float, float, float, float]

TYPES = ("full", "tied", "diag", "spherical")
D, TRUE_K, SPREAD = 10, 5, 1.0


def tables(size: Size) -> list[Table]:
    """One row for each structure, and one for all."""
    X = blobs(size.pick(400, 10_000, 10_000), D, TRUE_K, SPREAD)
    largest = size.pick(2, 10, 10)
    fits = {kind: _sweep(X, kind, largest) for kind in TYPES}
    rows = [_row(kind, found) for kind, found in fits.items()]
    rows.append(_row("all", [fit for found in fits.values() for fit in found]))
    columns = ("structure", "scikit-learn", "mixtura", "less likely", "more likely")
    about = (
        f"Fit and BIC for K = 1 … {largest} on {len(X):,} × {D}, one after the other "
        "on both sides, at default settings. The last columns count the fits of "
        "mixtura that are less and more likely than scikit-learn's, by more than "
        "1e-6 of the log-likelihood."
    )
    return [Table("A sweep over K and structure", columns, rows, about)]


def _sweep(X: Array, kind: str, largest: int) -> list[Fit]:
    """Seconds and log-likelihoods of both sides for each K."""
    fits: list[Fit] = []
    for k in range(1, largest + 1):
        settings = {"covariance_type": kind, "random_state": 0}
        models = (Reference(k, **settings), GaussianMixture(k, **settings))
        calls = [lambda model=model: model.fit(X).bic(X) for model in models]
        times = alternate(calls, repeats=1, warm_up=0).times[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            levels = [float(model.score(X)) for model in models]
        fits.append((times[0], times[1], levels[0], levels[1]))
    return fits


def _row(label: str, fits: list[Fit]) -> Row:
    theirs, ours = (sum(fit[i] for fit in fits) for i in (0, 1))
    gains = [(fit[3] - fit[2]) / abs(fit[2]) for fit in fits]
    less = sum(gain < -TARGET for gain in gains)
    more = sum(gain > TARGET for gain in gains)
    cells = [duration(theirs), duration(ours), str(less), str(more)]
    return Row(label, cells, theirs / ours, NOT_SLOWER)
