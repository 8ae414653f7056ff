"""The E-step kernels against the machine: share of the DGEMM peak, single precision."""

from statistics import median

import numpy as np

from benchmarks.kernels import KERNELS, gemm_rate, problem
from benchmarks.size import CPUS, Size
from benchmarks.table import Bar, Row, Table, number
from benchmarks.timing import alternate_timers, steady

PRODUCTS = 5
PEAK_BAR = Bar(60)
SINGLE_BAR = Bar(1.5)
# (D, K): rows, and the share of the peak to reach where there is one
FULL = {
    (4, 8): (400_000, None),
    (10, 10): (200_000, None),
    (16, 16): (100_000, PEAK_BAR),
    (32, 16): (50_000, PEAK_BAR),
    (64, 20): (20_000, PEAK_BAR),
}
SINGLE = {
    ("full", 2, 3): 800_000,
    ("full", 10, 10): 200_000,
    ("full", 32, 16): 50_000,
    ("full", 64, 20): 20_000,
    ("tied", 10, 10): 400_000,
    ("diag", 10, 10): 400_000,
    ("spherical", 10, 10): 400_000,
}


def tables(size: Size) -> list[Table]:
    """Share of the peak, then single against double precision."""
    shrink = size.pick(20, 1, 1)
    peak = Table(
        "Share of the DGEMM peak",
        ("model", "rows", "ns per row and component", "GF/s", "DGEMM GF/s"),
        [
            _peak_row(size, *case, n // shrink, bar)
            for case, (n, bar) in size.some(FULL.items())
        ],
        "E-step kernel with full covariances on all CPUs. What counts as work are "
        "the 2 K D (D + 1) multiplications and additions per row that no method can "
        "do without; the peak is what NumPy's product of two 1000 × 1000 matrices "
        "reaches between the measurements.",
        "share",
    )
    single = Table(
        "Rows in single precision",
        ("model", "rows", "float64", "float32"),
        [
            _single_row(size, *case, n // shrink)
            for case, n in size.some(SINGLE.items())
        ],
        "E-step kernel, in ns per row and component.",
    )
    return [peak, single]


def _peak_row(size: Size, d: int, k: int, n: int, bar: Bar | None) -> Row:
    X, _, parameters = problem("full", n, d, k)
    e_step = KERNELS["full"].e_step
    work = 2 * n * k * d * (d + 1) / 1e9

    def dgemm() -> float:
        """Seconds that DGEMM would take for the same work."""
        return work / median(gemm_rate() for _ in range(PRODUCTS))

    ours = steady(lambda: e_step(X, None, *parameters, n_threads=CPUS))
    rounds = alternate_timers([dgemm, ours], size.repeats)
    cells = [
        f"{n:,}",
        number(rounds.median(1) * 1e9 / (n * k)),
        number(work / rounds.median(1)),
        number(work / rounds.median(0)),
    ]
    share = 100 * rounds.ratio(0, 1)
    return Row(f"full D={d} K={k}", cells, share, bar, "%")


def _single_row(size: Size, covariance_type: str, d: int, k: int, n: int) -> Row:
    X, _, parameters = problem(covariance_type, n, d, k)
    single = X.astype(np.float32)
    e_step = KERNELS[covariance_type].e_step
    timers = [
        steady(lambda: e_step(X, None, *parameters, n_threads=CPUS)),
        steady(lambda: e_step(single, None, *parameters, n_threads=CPUS)),
    ]
    rounds = alternate_timers(timers, size.repeats)
    cells = [f"{n:,}", *(number(rounds.median(i) * 1e9 / (n * k)) for i in (0, 1))]
    label = f"{covariance_type} D={d} K={k}"
    return Row(label, cells, rounds.ratio(0, 1), SINGLE_BAR)
