"""What acceleration="auto" saves where EM is slow, and costs where it is fast."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.problems import blobs
from benchmarks.size import Size
from benchmarks.table import Bar, Row, Table, number
from mixtura.acceleration import Acceleration, Automatic
from mixtura.data import Rows
from mixtura.em import EMResult, em
from mixtura.estimators.fitting.gaussian_fit import NATS_LEFT, Problem
from mixtura.execution.in_memory import IN_MEMORY
from mixtura.families.covariance import Full

MOST_ITERATIONS = 100_000
SAVES, COSTS_NOTHING = Bar(3.0), Bar(1.0)


@dataclass(frozen=True)
class Case:
    """Rows of blobs with this spread of their centres, and the bar for them."""

    name: str
    n_rows: int
    n_features: int
    n_components: int
    spread: float
    bar: Bar


CASES = (
    Case("overlapping", 5_000, 2, 3, 1.0, SAVES),
    Case("separated", 5_000, 5, 5, 6.0, COSTS_NOTHING),
    Case("overlapping", 5_000, 2, 4, 1.0, SAVES),
    Case("overlapping", 10_000, 5, 4, 0.7, SAVES),
    Case("overlapping", 10_000, 10, 5, 0.7, SAVES),
    Case("separated", 5_000, 2, 3, 6.0, COSTS_NOTHING),
    Case("separated", 10_000, 10, 5, 3.0, COSTS_NOTHING),
)


class CountedPasses:
    """Sum in memory, and count how often."""

    def __init__(self) -> None:
        self.n_passes = 0

    def __call__(self, e_step: Any, data: Any) -> Any:
        """Return the statistics of the data."""
        self.n_passes += 1
        return IN_MEMORY(e_step, data)


def tables(size: Size) -> list[Table]:
    """One row for each data set."""
    columns = ("data", "iterations", "with auto", "passes", "with auto", "gain, nats")
    about = (
        "Fits by plain EM and with acceleration, from the same start (rows by the "
        "nearest of K random rows) until both estimate that 1e-4 nats are left in "
        "total. Passes are E-steps over the data; the gain is in total log-likelihood."
    )
    rows = [_row(size, case) for case in size.some(CASES)]
    return [Table("Acceleration", columns, rows, about, "times fewer passes")]


def _row(size: Size, case: Case) -> Row:
    n = size.pick(500, case.n_rows, 4 * case.n_rows)
    X = blobs(n, case.n_features, case.n_components, case.spread)
    plain, n_plain = _fit(X, case.n_components, None)
    auto, n_auto = _fit(X, case.n_components, Automatic())
    cells = [
        str(plain.n_iter),
        str(auto.n_iter),
        str(n_plain),
        str(n_auto),
        number(auto.log_likelihood - plain.log_likelihood),
    ]
    label = f"{case.name}, {n:,} × {case.n_features}, K={case.n_components}"
    return Row(label, cells, n_plain / n_auto, case.bar)


def _fit(X: Any, k: int, acceleration: Acceleration | None) -> tuple[EMResult, int]:
    """Fit from the rows nearest to k random ones; return the number of passes too."""
    problem = Problem.of(Rows(X), Full(), "auto", np.random.default_rng(0))
    rng = np.random.default_rng(1)
    Z = problem.data.X  # type: ignore[union-attr]
    centres = Z[rng.choice(len(Z), k, replace=False)]
    nearest = ((Z[:, None, :] - centres) ** 2).sum(axis=2).argmin(axis=1)
    executor = CountedPasses()
    model = problem.model
    start = model.from_responsibilities(problem.data, np.eye(k)[nearest])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = em(
            model,
            problem.data,
            start,
            tol=NATS_LEFT / len(X),
            max_iter=MOST_ITERATIONS,
            acceleration=acceleration,
            executor=executor,
        )
    return result, executor.n_passes
