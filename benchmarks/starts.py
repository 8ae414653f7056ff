"""How often one default fit finds the best likelihood that is known."""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_iris, load_wine
from sklearn.mixture import GaussianMixture as Reference

from benchmarks import mclust
from benchmarks.size import Size
from benchmarks.table import Bar, Row, Table, duration
from benchmarks.timing import seconds
from mixtura import GaussianMixture, load_dataset
from mixtura._types import Array
from mixtura.data import Rows
from mixtura.em import em
from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.estimators.structures import STRUCTURES
from mixtura.execution.blas import single_threaded_blas
from mixtura.init.run import Run
from mixtura.init.runs import followed, from_partitions
from mixtura.init.starts import nearest, random_rows

NATS = 0.01
"""A fit this close to the best has found it."""

AMPLE = 2.0
"""Rows for each parameter of a component below which its likelihood means little."""

SIDES = ("scikit-learn", "mixtura", "mclust")
MCLUST = (
    "mclust {} always has the same start; it found the best if EM without a tolerance "
    "leads there, and is timed with its own."
)
RESTARTS = 1_000
TOGETHER = 50
FINALISTS = 10
SHORT, LONG = 30, 1_000
SUCCESS = Bar(0.95)


class Case(NamedTuple):
    """Data, a number of components and a structure."""

    name: str
    X: Array
    n_components: int
    covariance_type: str

    def __str__(self) -> str:
        return f"{self.name}, K={self.n_components}, {self.covariance_type}"


def tables(size: Size) -> list[Table]:
    """One row for each case, and one for all."""
    n_seeds, n_restarts = size.pick(1, 10, 50), size.pick(20, RESTARTS, RESTARTS)
    with mclust.session() as rival:
        version = rival.version if rival else None
        sides = SIDES[: 2 if rival is None else 3]
        measured = {
            str(case): _measured(case, n_seeds, n_restarts, rival)
            for case in size.some(cases())
        }
    rows = [Row(label, *_cells(*both), None, "") for label, both in measured.items()]
    both = (np.mean(values, axis=0) for values in zip(*measured.values(), strict=True))
    rows.append(Row("all", *_cells(*both), SUCCESS, ""))
    heads = [f"{side} {what}" for side in sides for what in ("finds it", "takes")]
    columns = ("data", *heads[:2], *heads[4:], heads[3], "ratio")
    about = (
        f"Share of {n_seeds} seeds for which a fit comes within {NATS} nats of the "
        f"best log-likelihood known: of {RESTARTS:,} random restarts and of all fits "
        "of any side whose components each have twice as many rows as parameters. "
        "Fits with a component on fewer rows than parameters have not found it. "
        "Mixtura with its defaults, n_init=1, scikit-learn "
        "with n_init=10, and mean times; the ratio is that of these two. "
    )
    about += mclust.ABSENT if version is None else MCLUST.format(version)
    return [Table("Finding the best optimum", columns, rows, about, "mixtura")]


def _cells(found: Array, spent: Array) -> tuple[list[str], float]:
    """Return shares and times as text, and mixtura's share."""
    shares, times = [f"{share:.0%}" for share in found], [*map(duration, spent)]
    others = [text for i in (0, 2) for text in (shares[i : i + 1] + times[i : i + 1])]
    return [*others, times[1], f"{spent[0] / spent[1]:.2g}×"], float(found[1])


def cases() -> Iterator[Case]:
    """Real data, and simulated ones that are hard to start on."""
    faithful = load_dataset("old-faithful").values
    real = [
        ("Old Faithful", faithful, (2, 3)),
        ("iris", load_iris().data, (2, 3)),
        ("wine, 4 columns", load_wine().data[:, [0, 6, 9, 12]], (2, 3)),
    ]
    for name, X, counts in real:
        for k in counts:
            for kind in ("full", "diag"):
                yield Case(name, X, k, kind)
    rng = np.random.default_rng(1)
    cigars = rng.standard_normal((600, 2)) * [10.0, 0.3]
    cigars[:, 1] += 2.0 * (np.arange(600) % 4)
    yield Case("parallel cigars", cigars, 4, "full")
    sizes = np.repeat(np.arange(4), (1000, 30, 30, 100))
    places = np.array([(0, 0), (4, 0), (-3, 4), (0, 6)])[sizes]
    spread = np.array([1.0, 0.2, 0.2, 0.5])[sizes, None]
    unequal = places + spread * rng.standard_normal((len(sizes), 2))
    yield Case("unequal sizes", unequal, 4, "full")
    units = rng.standard_normal((600, 3))
    units += np.array([(0, 0, 0), (4, 0, 0), (0, 4, 4)])[np.arange(600) % 3]
    yield Case("different units", units * [1.0, 1e3, 1e-3], 3, "full")
    for k in (8, 12, 20):
        places = rng.uniform(-3 * k**0.5, 3 * k**0.5, size=(k, 2))
        spread = rng.uniform(0.4, 1.2, size=(k, 2))
        chosen = np.arange(80 * k) % k
        rows = places[chosen] + spread[chosen] * rng.standard_normal((80 * k, 2))
        yield Case("scattered clusters", rows, k, "full")


def _measured(
    case: Case, n_seeds: int, n_restarts: int, rival: mclust.Mclust | None
) -> tuple[Array, Array]:
    """Shares of fits that find the best, and mean seconds, in the order of `SIDES`."""
    settings = {"covariance_type": case.covariance_type}
    shape = n_seeds, 2 if rival is None else 3
    levels, spent, rows_each = (np.empty(shape) for _ in range(3))
    if rival is not None:  # which draws nothing
        fit = rival.fit(case.X, mclust.CODES[case.covariance_type], case.n_components)
        ratios = fit.smallest / _n_parameters(case)
        levels[:, 2], spent[:, 2], rows_each[:, 2] = fit.level, fit.seconds, ratios
    for seed in range(n_seeds):
        both = (
            Reference(case.n_components, n_init=10, random_state=seed, **settings),
            GaussianMixture(case.n_components, random_state=seed, **settings),
        )
        for side, model in enumerate(both):
            spent[seed, side] = seconds(lambda model=model: model.fit(case.X))
            levels[seed, side] = model.score(case.X) * len(case.X)
            rows_each[seed, side] = _rows_each(case, model.weights_)
    best = best_known(case, n_restarts)
    best = max(best, levels[rows_each >= AMPLE].max(initial=best))
    found = (levels > best - NATS) & (rows_each >= 1)
    return found.mean(axis=0), spent.mean(axis=0)


def _rows_each(case: Case, weights: Array) -> float:
    """Rows of the smallest component, over its parameters."""
    return float(weights.min()) * len(case.X) / _n_parameters(case)


def _n_parameters(case: Case) -> int:
    """Count the parameters of one component."""
    n_features = case.X.shape[1]
    structure = STRUCTURES[case.covariance_type]
    return 1 + n_features + structure.n_free_parameters(1, n_features)


def best_known(case: Case, n_restarts: int) -> float:
    """Log-likelihood of the best sound fit from random restarts, in nats."""
    rng = np.random.default_rng(0)
    structure = STRUCTURES[case.covariance_type]
    problem = Problem.of(Rows(case.X), structure, "auto", rng)
    data, model = problem.sample, problem.model
    assert data.weights is not None
    runs: list[Run] = []
    with warnings.catch_warnings(), single_threaded_blas():
        warnings.simplefilter("ignore")
        for _ in range(0, n_restarts, TOGETHER):
            centres = (
                random_rows(data.X, data.weights, case.n_components, rng)
                for _ in range(min(TOGETHER, n_restarts))
            )
            partitions = [nearest(data.X, data.weights, rows, 0) for rows in centres]
            starts = from_partitions(model, data, partitions)
            runs += followed(model, data, [*map(Run.at, starts)], SHORT)
        sound = [run for run in runs if _rows_each(case, run.params.weights) >= AMPLE]
        sound.sort(key=lambda run: run.objective, reverse=True)
        ends = [
            em(model, problem.data, run.params, tol=1e-8, max_iter=LONG)
            for run in sound[:FINALISTS]
        ]
    levels = [
        end.log_likelihood
        for end in ends
        if problem.is_sound(end.params)
        and _rows_each(case, end.params.weights) >= AMPLE
    ]
    return max(levels, default=-np.inf) - problem.log_volume
