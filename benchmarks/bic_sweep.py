"""Choose K and structure by BIC: 40 fits at default settings."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.mixture import GaussianMixture as Reference

from benchmarks.likelihood import TARGET
from benchmarks.problems import blobs
from benchmarks.size import Size
from benchmarks.table import NOT_SLOWER, Row, Table, duration
from benchmarks.timing import alternate
from mixtura import GaussianMixture
from mixtura._types import Array

TYPES = ("full", "tied", "diag", "spherical")
D, TRUE_K, SPREAD = 10, 5, 1.0
TIGHT = {"tol": 1e-6, "max_iter": 3_000}
"""With which scikit-learn gets near where it is going."""


@dataclass(frozen=True)
class Fit:
    """One size and structure by scikit-learn, by the same with `TIGHT`, by mixtura.

    Parameters
    ----------
    seconds, levels : sequence of float
        Of the fit and its BIC, and the log-likelihood in nats per row.
    """

    seconds: Sequence[float]
    levels: Sequence[float]

    def gain(self, rival: int) -> float:
        """Share of its log-likelihood by which mixtura is above a rival."""
        return (self.levels[2] - self.levels[rival]) / abs(self.levels[rival])


def tables(size: Size) -> list[Table]:
    """One row for each structure, and one for all."""
    X = blobs(size.pick(400, 10_000, 10_000), D, TRUE_K, SPREAD)
    largest = size.pick(2, 10, 10)
    fits = {kind: _sweep(X, kind, largest) for kind in TYPES}
    rows = [_row(kind, found) for kind, found in fits.items()]
    rows.append(_row("all", [fit for found in fits.values() for fit in found]))
    columns = (
        "structure",
        "scikit-learn",
        "less, more likely",
        f"scikit-learn, tol={TIGHT['tol']:g}",
        "less, more likely",
        "mixtura",
    )
    about = (
        f"Fit and BIC for K = 1 … {largest} on {len(X):,} × {D}, one after the other "
        "on both sides, at default settings, with which scikit-learn stops early; so "
        "beside it stands what it takes with a tight tolerance. After each stands how "
        "many fits of mixtura are less likely than its, and how many more, by more "
        "than 1e-6 of the log-likelihood."
    )
    return [Table("A sweep over K and structure", columns, rows, about)]


def _sweep(X: Array, kind: str, largest: int) -> list[Fit]:
    """Fit each K in all three ways."""
    fits: list[Fit] = []
    for k in range(1, largest + 1):
        settings = {"covariance_type": kind, "random_state": 0}
        models = (
            Reference(k, **settings),
            Reference(k, **settings, **TIGHT),
            GaussianMixture(k, **settings),
        )
        calls = [lambda model=model: model.fit(X).bic(X) for model in models]
        times = alternate(calls, repeats=1, warm_up=0).times[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            levels = [float(model.score(X)) for model in models]
        fits.append(Fit(times, levels))
    return fits


def _row(label: str, fits: list[Fit]) -> Row:
    default, tight, ours = (sum(fit.seconds[i] for fit in fits) for i in range(3))
    counts = []
    for rival in (0, 1):
        gains = [fit.gain(rival) for fit in fits]
        less, more = sum(g < -TARGET for g in gains), sum(g > TARGET for g in gains)
        counts.append(f"{less}, {more}")
    cells = [duration(default), counts[0], duration(tight), counts[1], duration(ours)]
    return Row(label, cells, default / ours, NOT_SLOWER)
