"""Throughput of predictions, scores and draws."""

from functools import partial

from benchmarks.kernels import problem
from benchmarks.size import Size
from benchmarks.table import NOT_SLOWER, Bar, Row, Table, number
from benchmarks.timing import alternate
from mixtura import GaussianMixture

D, K = 10, 10
BARS = {
    "predict": Bar(10),
    "score_samples": Bar(10),
    "predict_proba": NOT_SLOWER,
    "sample": Bar(5),
}


def tables(size: Size) -> list[Table]:
    """One row for each method."""
    n = size.pick(20_000, 1_000_000, 10_000_000)
    X, theirs, _ = problem("full", n, D, K)
    ours = GaussianMixture.from_parameters(
        theirs.weights_, theirs.means_, theirs.covariances_
    )
    ours.random_state = 0
    rows = []
    for method, bar in BARS.items():
        argument = n if method == "sample" else X
        calls = [partial(getattr(model, method), argument) for model in (theirs, ours)]
        for model in (theirs, ours):  # loads what there is to load
            getattr(model, method)(n if method == "sample" else X[:20_000])
        rounds = alternate(calls, max(1, size.repeats // 2), warm_up=0)
        cells = [number(n / rounds.median(i) / 1e6) for i in (0, 1)]
        rows.append(Row(method, cells, rounds.ratio(0, 1), bar))
    rows.append(_large_draw(size))
    columns = ("method", "scikit-learn", "mixtura")
    about = f"Million rows per second; {n:,} rows, full covariance, D={D}, K={K}."
    return [Table("Prediction and sampling", columns, rows, about)]


def _large_draw(size: Size) -> Row:
    """Draws of many columns."""
    n, d, k = size.pick(10_000, 1_000_000, 10_000_000), 32, 16
    _, theirs, _ = problem("full", 10_000, d, k)
    ours = GaussianMixture.from_parameters(
        theirs.weights_, theirs.means_, theirs.covariances_
    )
    ours.random_state = 0
    calls = [partial(model.sample, n) for model in (theirs, ours)]
    for call in calls:
        call()
    rounds = alternate(calls, max(1, size.repeats // 2), warm_up=0)
    cells = [number(n / rounds.median(i) / 1e6) for i in (0, 1)]
    label = f"sample, {n:,} rows, D={d}, K={k}"
    return Row(label, cells, rounds.ratio(0, 1), BARS["sample"])
