"""One thread against two."""

from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.kernels import problem
from benchmarks.problems import as_in_a_fit, iteration
from benchmarks.size import CPUS, Size
from benchmarks.table import Bar, Row, Table, duration
from benchmarks.timing import Rounds, alternate_timers, steady
from mixtura import GaussianMixture

BAR = Bar(1.8)
ITERATIONS = {
    ("full", 2, 3): 800_000,
    ("full", 10, 10): 200_000,
    ("full", 32, 16): 80_000,
    ("diag", 10, 10): 400_000,
}
SCORED = 1_000_000


def tables(size: Size) -> list[Table]:
    """One row for each model, and one for scoring."""
    shrink = size.pick(20, 1, 1)
    rows = [
        _iteration_row(size, *case, n // shrink)
        for case, n in size.some(ITERATIONS.items())
    ]
    rows.append(_scoring_row(size, SCORED // shrink))
    rows.append(_dgemm_row(size))
    about = (
        f"The same work with n_jobs=1 and n_jobs=2, on {CPUS} CPUs. Results do not "
        "differ in any bit. The last row is what NumPy's matrix product gains, which "
        "shares nothing between its threads but the machine."
    )
    return [Table("Threads", ("work", "rows", "1", "2"), rows, about)]


def _iteration_row(size: Size, kind: str, d: int, k: int, n: int) -> Row:
    X, model, _ = problem(kind, n, d, k)
    iterate = iteration(model, X)

    timers = [as_in_a_fit(iterate, n_threads) for n_threads in (1, 2)]
    rounds = alternate_timers(timers, size.repeats)
    return _row(f"EM iteration, {kind} D={d} K={k}", n, rounds)


def _scoring_row(size: Size, n: int) -> Row:
    X, model, _ = problem("full", n, 10, 10)
    ours = GaussianMixture.from_parameters(
        model.weights_, model.means_, model.covariances_
    )

    def on(n_threads: int) -> None:
        ours.set_params(n_jobs=n_threads).score_samples(X)

    timers = [steady(lambda: on(1)), steady(lambda: on(2))]
    rounds = alternate_timers(timers, size.repeats)
    return _row("score_samples, full D=10 K=10", n, rounds)


def _dgemm_row(size: Size) -> Row:
    n = size.pick(100, 1000, 2000)
    A = np.random.default_rng(0).standard_normal((n, n))

    def on(n_threads: int) -> None:
        with threadpool_limits(n_threads, user_api="blas"):
            A @ A

    timers = [steady(lambda: on(1)), steady(lambda: on(2))]
    rounds = alternate_timers(timers, size.repeats)
    return replace(_row(f"DGEMM, {n} × {n}", n, rounds), bar=None)


def _row(label: str, n: int, rounds: Rounds) -> Row:
    cells = [f"{n:,}", duration(rounds.median(0)), duration(rounds.median(1))]
    return Row(label, cells, rounds.ratio(0, 1), BAR)
