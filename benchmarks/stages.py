"""Where one core spends an E-step: reading, whitening, softmax and moments."""

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.kernels import gemm_rate, problem
from benchmarks.problems import check_agreement
from benchmarks.size import Size
from benchmarks.table import Row, Table, number
from benchmarks.timing import alternate_timers, steady
from mixtura import kernels
from mixtura._types import Array
from mixtura.kernels import fused, launch, plain
from mixtura.kernels.fused import _join_full, _places, _set_weights
from mixtura.kernels.plain import Parameters
from mixtura.kernels.softmax import posterior
from mixtura.kernels.tiles import gather_rows

PRODUCTS = 5
CASES = {
    (2, 3): 100_000,
    (5, 8): 50_000,
    (10, 10): 20_000,
    (16, 16): 10_000,
    (32, 16): 5_000,
    (64, 20): 2_000,
}
READ, WHITENED, NORMALISED, ADDED = range(4)


@numba.njit(nogil=True)
def e_step_until(
    stage: int,
    rows: int,
    move: Any,
    n: int,
    work: Any,
    block: int,
    model: Any,
    sums: Any,
) -> None:
    """Do what `fused.e_step_full` does before it adds moments, up to a stage."""
    constants, _, _, D, width = model
    K, totals = constants.size, sums[2]
    for start in range(0, n, block):
        size = min(block, (n - start + width - 1) // width * width)
        joint, weights, scales, marks, _, _ = _places(size, D, K, width)
        gather_rows(work, 0, size, rows + start * D * work.itemsize, n - start, D, move)
        _set_weights(work, weights, size, work[:0], n - start)
        if stage >= WHITENED:
            _join_full(work, size, 1, model)
        if stage >= NORMALISED:
            posterior(work, joint, weights, scales, marks, size, K, totals, 0)


def tables(size: Size) -> list[Table]:
    """One row for each size of model."""
    shrink = size.pick(20, 1, 1)
    rows = [_row(size, *case, n // shrink) for case, n in size.some(CASES.items())]
    about = (
        "E-step kernel with full covariances on one core, in ns per row and component. "
        "The counted work is 2 K D (D + 1) multiplications and additions per row, as "
        "fast as NumPy's product of two 1000 × 1000 matrices does them on one core; "
        "the share is what the whole E-step reaches of that. Before timing, it must "
        "give the kernel's log-likelihood to 1e-9."
    )
    stages = ("reading", "whitening", "softmax", "moments", "together")
    columns = ("model", *stages, "counted work")
    return [Table("Stages of an E-step", columns, rows, about, "share")]


def _row(size: Size, d: int, k: int, n: int) -> Row:
    X, _, parameters = problem("full", n, d, k)
    until = _until(X, parameters)
    whole = kernels.full.e_step(X, None, *parameters)
    check_agreement(until(NORMALISED), whole.log_likelihood / n)
    stages = [steady(partial(until, stage)) for stage in range(4)]

    def counted() -> float:
        """Seconds that DGEMM would take for the counted work."""
        with threadpool_limits(1):
            rate = median(gemm_rate() for _ in range(PRODUCTS))
        return 2e-9 * n * k * d * (d + 1) / rate

    rounds = alternate_timers([*stages, counted], 3 * size.repeats)
    per = 1e9 / (n * k)
    times = np.array([rounds.median(i) for i in range(5)]) * per
    each = [*np.diff(times[:4], prepend=0.0), times[ADDED], times[4]]
    share = 100 * rounds.ratio(4, ADDED)
    return Row(f"full D={d} K={k}", [*map(number, each)], share, None, "%")


def _until(X: Array, parameters: Any) -> Callable[[int], float]:
    """Return the E-step up to a stage, which tells the mean log-likelihood."""
    plan = launch._plan(plain.FULL, X, Parameters(*parameters), keep=True)
    rows, move = launch._source(X, plan.dtype)
    totals = np.zeros((2, fused.SPAN_BYTES // plan.dtype.itemsize))
    sums = (*plan.layout.empty_sums(), totals.reshape(-1))
    far = np.zeros(len(X), dtype=np.uint8)

    def until(stage: int) -> float:
        totals[:] = 0.0
        address, model = launch.address_of(rows), plan.model
        with plan.workspaces.one() as work:
            rest = work, plan.block, model, sums
            if stage == ADDED:
                fused.e_step_full(address, move, launch.NO_WEIGHTS, far, *rest)
            else:
                e_step_until(stage, address, move, len(X), *rest)
        return float(totals[0].sum()) / len(X)

    return until
