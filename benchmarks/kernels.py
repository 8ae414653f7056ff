"""Kernels against scikit-learn: cost of one EM iteration and of scoring.

    python benchmarks/kernels.py [--threads 2] [--repeats 5] [--quick]

Both sides run from identical parameters, in turn; medians are reported. The last
columns put the useful multiplications and additions of full covariance,
2 K D (D + 1) per row, in relation to what DGEMM reaches on the same number of threads
between the same measurements.
"""

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from mixtura import kernels

ITERATION_BARS = {
    ("full", 2, 3): 40,
    ("full", 5, 8): 40,
    ("full", 10, 10): 25,
    ("full", 32, 16): 9,
    ("full", 64, 20): 8,
    ("tied", 10, 10): 25,
    ("diag", 10, 10): 10,
    ("spherical", 10, 10): 10,
}
MORE_CASES = [("full", 16, 16), ("tied", 64, 20), ("diag", 64, 20)]
KERNELS = {
    "full": kernels.full,
    "tied": kernels.tied,
    "diag": kernels.diagonal,
    "spherical": kernels.spherical,
}


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def problem(covariance_type, n_rows, n_features, n_components, seed=0):
    """Overlapping blobs, scikit-learn's model of them, and the kernels' parameters."""
    rng = np.random.default_rng(seed)
    centres = 2.0 * rng.standard_normal((n_components, n_features))
    X = centres[rng.integers(n_components, size=n_rows)]
    X = X + rng.standard_normal((n_rows, n_features))
    model = GaussianMixture(
        n_components,
        covariance_type=covariance_type,
        init_params="random_from_data",
        max_iter=2,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X[:5000])
    precision = model.precisions_cholesky_
    if covariance_type == "full":
        log_det = np.log(np.diagonal(precision, axis1=1, axis2=2)).sum(axis=1)
    elif covariance_type == "tied":
        log_det = np.log(np.diagonal(precision)).sum()
    elif covariance_type == "diag":
        log_det = np.log(precision).sum(axis=1)
    else:
        log_det = n_features * np.log(precision)
    constants = np.log(model.weights_) + log_det - n_features / 2 * np.log(2 * np.pi)
    return X, model, (constants, model.means_, precision)


def gemm_rate(size=1000):
    """Floating-point operations per nanosecond of a square product."""
    a = np.ones((size, size))
    return 2 * size**3 / seconds(lambda: a @ a) / 1e9


def iteration(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, log_responsibilities = model._e_step(X)
        model._m_step(X, log_responsibilities)


def medians(functions, repeats):
    """Median seconds of each function, called in turn; the first round warms up."""
    rounds = [[seconds(f) for f in functions] for _ in range(repeats + 1)][1:]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def compare_iterations(threads, repeats, rows_scale):
    print("\nOne EM iteration, ns per (row, component)")
    header = "cov        D   K   sklearn  mixtura  ratio   bar | float32  vs64 |"
    print(header, "GF/s  GEMM  fraction")
    cases = {**ITERATION_BARS, **dict.fromkeys(MORE_CASES, 0)}
    for (covariance_type, d, k), bar in cases.items():
        n = int(rows_scale * 1e8 / (k * (d * d + 30))) // 1000 * 1000 + 1000
        n = min(n, int(rows_scale * 300_000) + 1000)
        X, model, parameters = problem(covariance_type, n, d, k)
        single = X.astype(np.float32)
        state = dict(vars(model))
        e_step = KERNELS[covariance_type].e_step
        rates = []

        def reference(model=model, X=X, state=state):
            vars(model).update(state)
            iteration(model, X)

        def ours(rows=X, e_step=e_step, parameters=parameters):
            e_step(rows, None, *parameters, n_threads=threads)

        def ours_single(rows=single, e_step=e_step, parameters=parameters):
            e_step(rows, None, *parameters, n_threads=threads)

        def gemm(rates=rates):
            rates.append(gemm_rate())

        theirs, fused, fused_single, _ = medians(
            [reference, ours, ours_single, gemm], repeats
        )
        per = 1e9 / (n * k)
        peak = statistics.median(rates)
        flops = 2 * d * (d + 1) / (fused * per)
        print(
            f"{covariance_type:9s} {d:3d} {k:3d} {theirs * per:9.1f} "
            f"{fused * per:8.2f} {theirs / fused:6.1f} {bar or '-':>5} | "
            f"{fused_single * per:7.2f} {fused / fused_single:5.2f} |"
            + (
                f"{flops:5.1f} {peak:5.1f} {flops / peak:6.0%}"
                if covariance_type == "full"
                else ""
            )
        )


def compare_scoring(threads, repeats, rows_scale):
    n, d, k = int(rows_scale * 2e6), 10, 10
    print(f"\nScoring {n:.0e} rows, D = {d}, K = {k}, full; seconds (bar: 10x)")
    X, model, parameters = problem("full", n, d, k)
    full = kernels.full
    for name, reference, ours in (
        ("predict", model.predict, full.labels),
        ("score_samples", model.score_samples, full.log_density),
        ("log_joint", model._estimate_weighted_log_prob, full.log_joint),
    ):

        def run(ours=ours):
            ours(X, *parameters, n_threads=threads)

        theirs, fused = medians([lambda f=reference: f(X), run], max(1, repeats // 2))
        print(f"{name:14s} {theirs:8.3f} {fused:8.3f} {theirs / fused:6.1f}x")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    options = parser.parse_args()
    scale = 0.1 if options.quick else 1.0
    with threadpool_limits(options.threads):
        print(f"{options.threads} threads, GEMM {gemm_rate():.1f} GF/s")
        compare_iterations(options.threads, options.repeats, scale)
        compare_scoring(options.threads, options.repeats, scale)


if __name__ == "__main__":
    main()
