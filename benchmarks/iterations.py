"""Seconds of one EM iteration from identical parameters, against scikit-learn."""

from benchmarks.kernels import ITERATION_BARS, problem
from benchmarks.problems import (
    as_in_a_fit,
    check_agreement,
    iteration,
    reference_iteration,
)
from benchmarks.size import CPUS, Size
from benchmarks.table import Bar, Row, Table, number
from benchmarks.timing import alternate_timers, steady

ROWS = {
    ("full", 2, 3): 400_000,
    ("full", 5, 8): 200_000,
    ("full", 10, 10): 100_000,
    ("full", 32, 16): 40_000,
    ("full", 64, 20): 20_000,
    ("tied", 10, 10): 100_000,
    ("diag", 10, 10): 200_000,
    ("spherical", 10, 10): 200_000,
}


def tables(size: Size) -> list[Table]:
    """One row for each covariance type and size of model."""
    rows = [
        _row(size, *case, Bar(ITERATION_BARS[case]), size.pick(n // 40, n, 5 * n))
        for case, n in size.some(ROWS.items())
    ]
    columns = ("model", "rows", "scikit-learn", "mixtura")
    about = (
        "E-step and M-step from identical parameters, in ns per row and component. "
        "Before timing, both sides must give the same log-likelihood to 1e-9."
    )
    return [Table("One EM iteration", columns, rows, about)]


def _row(size: Size, covariance_type: str, d: int, k: int, bar: Bar, n: int) -> Row:
    X, model, _ = problem(covariance_type, n, d, k)
    theirs, ours = reference_iteration(model, X), iteration(model, X)

    check_agreement(ours(), theirs())
    timers = [steady(theirs), as_in_a_fit(ours, CPUS)]
    rounds = alternate_timers(timers, size.repeats)
    per = 1e9 / (n * k)
    cells = [f"{n:,}", *(number(rounds.median(i) * per) for i in (0, 1))]
    return Row(f"{covariance_type} D={d} K={k}", cells, rounds.ratio(0, 1), bar)
