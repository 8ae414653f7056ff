"""The measurements behind the design notes.

    python docs/design/measure.py [pivot] [penalty] [stopping] [starts] [acceleration]
                                  [runs] [tables]

Some minutes for all of them on one core.
"""

import sys
import warnings
from fractions import Fraction
from itertools import product
from time import perf_counter

import numpy as np
from sklearn.mixture import GaussianMixture as ScikitLearn

from mixtura import GaussianMixture, GaussianMixtureSearch, load_dataset
from mixtura.acceleration import Automatic
from mixtura.data import Rows
from mixtura.em import em
from mixtura.estimators.searching import shared_starts
from mixtura.execution.in_memory import IN_MEMORY
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.parsimonious import VEI, VVE
from mixtura.families.rough import rough
from mixtura.init.climbs import ManyRunsRows
from mixtura.init.distinct import distinct_rows
from mixtura.init.hierarchy import merges, space
from mixtura.init.run import Run
from mixtura.init.runs import followed
from mixtura.init.stack import KeptRows
from mixtura.models.mixture import Mixture

SETS = {name: load_dataset(name).values for name in ("old-faithful", "iris")}


def exact_variance(values):
    """Variance of the very float64 values, in exact arithmetic."""
    numbers = [Fraction(float(value)) for value in values.ravel()]
    mean = sum(numbers) / len(numbers)
    return float(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def pivot():
    """0002: relative error of a variance of 1, far from the origin."""
    sample = np.random.default_rng(0).normal(size=(1000, 1))
    print("offset    raw moments  scikit-learn  mixtura")
    for offset in (0.0, 1e4, 1e6, 1e8):
        X = sample + offset
        exact = exact_variance(X)
        raw = (X**2).mean() - X.mean() ** 2
        theirs = ScikitLearn(reg_covar=0).fit(X).covariances_[0, 0, 0]
        ours = GaussianMixture().fit(X).covariances_[0, 0, 0]
        errors = [abs(value / exact - 1) for value in (raw, theirs, ours)]
        print(f"{offset:7.0e}" + "".join(f"{error:13.1e}" for error in errors))


def penalty():
    """0004: fits of 20 whose objective falls, with a number for reg_covar."""
    print("data          reg_covar  scikit-learn  deepest   mixtura")
    for name, X in SETS.items():
        for reg_covar in (1e-3, 1e-2, 1e-1):
            options = {"reg_covar": reg_covar, "tol": 0.0, "max_iter": 200}
            theirs, ours = [], []
            for seed in range(20):
                start = {"init_params": "random_from_data", "random_state": seed}
                fit = ScikitLearn(4, **options, **start).fit(X)
                theirs.append(np.diff(fit.lower_bounds_).min())
                fit = GaussianMixture(4, **options, **start).fit(X)
                ours.append(np.diff(fit.lower_bounds_).min(initial=np.inf))
            falls = [sum(value < -1e-12 for value in row) for row in (theirs, ours)]
            print(
                f"{name:13s} {reg_covar:9.0e} {falls[0]:13d} {min(theirs):8.0e}"
                f" {falls[1]:9d}"
            )


def stopping():
    """0005: nats that a fit leaves behind on its own path, ten seeds."""
    print("data           K   scikit-learn  iterations   mixtura  iterations")
    for name, X in SETS.items():
        for n_components in (2, 3, 4):
            rows = {"theirs": [], "ours": []}
            for seed in range(10):
                start = {"init_params": "kmeans", "random_state": seed}
                for side, make, extra in (
                    ("theirs", ScikitLearn, {"reg_covar": 1e-9}),
                    ("ours", GaussianMixture, {}),
                ):
                    made = {**start, **extra}
                    end = {"tol": 1e-14 * (side == "theirs"), "max_iter": 20_000}
                    fit = make(n_components, **made).fit(X)
                    far = make(n_components, **made, **end).fit(X)
                    left = (far.score(X) - fit.score(X)) * len(X)
                    rows[side].append((left, fit.n_iter_))
            cells = [
                (max(left for left, _ in row), np.median([n for _, n in row]))
                for row in rows.values()
            ]
            print(
                f"{name:13s} {n_components:2d} {cells[0][0]:14.4f} {cells[0][1]:11.0f}"
                f" {cells[1][0]:9.4f} {cells[1][1]:11.0f}"
            )


def starts():
    """0006: sound fits of 15 within 0.01 nats of the best sound one found."""
    for name, X in SETS.items():
        found = {}
        for start in ("random", "random_from_data", "k-means++", "kmeans", "auto"):
            found[start] = []
            for seed in range(15):
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    fit = GaussianMixture(3, init_params=start, random_state=seed)
                    fit.fit(X)
                sound = not any("collapsed" in str(item.message) for item in caught)
                found[start].append(fit.log_likelihood_ if sound else -np.inf)
        best = max(max(values) for values in found.values())
        print(f"{name}, K = 3: best sound log-likelihood {best:.3f}")
        for start, values in found.items():
            hits = sum(value > best - 0.01 for value in values)
            print(f"  {start:17s} {hits:2d} of {len(values)}")


def acceleration():
    """0012: passes over the data to a tolerance of 1e-8, of EM and accelerated."""
    passes = {None: 0, Automatic(): 0}
    for model, rows, params in slow_problems():
        for how in passes:
            seen = []

            def counted(e_step, data, seen=seen):
                seen.append(1)
                return IN_MEMORY(e_step, data)

            settings = {"tol": 1e-8, "max_iter": 20_000, "executor": counted}
            em(model, rows, params, acceleration=how, **settings)
            passes[how] += len(seen)
    print("\n".join(f"{how}: {count}" for how, count in passes.items()))


def slow_problems():
    """Models, rows and first parameters: two groups that overlap, and real data."""
    for structure in (Full(), Diagonal(), Spherical()):
        for seed in range(3):
            rng = np.random.default_rng(seed)
            X = np.vstack([rng.normal(size=(500, 2)), rng.normal(size=(500, 2))])
            X[500:] += [1.5, 1.0]
            X -= X.mean(axis=0)
            far = (X @ [1.0, 0.5] > 0).astype(float)
            yield first(structure, X, np.column_stack([far, 1 - far]))
    for name, n_components in (
        ("old-faithful", 3),
        ("old-faithful", 4),
        ("iris", 4),
        ("iris", 5),
        ("lecture-15-2d", 5),
    ):
        X = load_dataset(name).values
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        for structure in (Full(), Tied(), Diagonal()):
            rng = np.random.default_rng(1)
            yield first(structure, X, rng.dirichlet(np.ones(n_components), size=len(X)))


def first(structure, X, responsibilities):
    """Model, rows, and the parameters that follow from responsibilities."""
    model, rows = Mixture(Gaussian(structure)), Rows(X)
    return model, rows, model.from_responsibilities(rows, responsibilities)


def runs():
    """0020: microseconds for each step of EM of seven runs, in NumPy and compiled."""
    print("data           K  structure   NumPy  compiled  ratio")
    for name, X in SETS.items():
        rows = ManyRunsRows((X - X.mean(axis=0)) / X.std(axis=0), np.ones(len(X)))
        floor = Floor(np.full(X.shape[1], 1e-10))
        for n_components, structure in product((3, 9), (Full(), VEI(), rough(VVE()))):
            model = Mixture(Gaussian(structure, floor))
            values = np.random.default_rng(0).dirichlet(
                np.ones(n_components), size=(7, len(X))
            )
            begun = [Run.at(model.from_responsibilities(rows, each)) for each in values]
            took = [
                per_step(model, data, begun)
                for data in (KeptRows(rows.X, rows.weights), rows)
            ]
            print(
                f"{name:13s} {n_components:2d}  {structure.name:9s} {took[0]:7.1f}"
                f" {took[1]:9.1f} {took[0] / took[1]:6.0f}"
            )

    print("data           agglomerated in ms by NumPy  compiled")
    for name, X in SETS.items():
        rows = distinct_rows(Rows(X), len(X), np.random.default_rng(0))
        took = [milliseconds_of_mergers(rows, compiled) for compiled in (False, True)]
        print(f"{name:13s} {took[0]:27.1f} {took[1]:9.1f}")


def milliseconds_of_mergers(rows, compiled):
    """The median of five agglomerations of rows that none has seen before."""
    places, times = space(rows), []
    for i in range(6):
        start = perf_counter()
        merges(places + 1e-12 * i, rows.weights, compiled)
        times.append(perf_counter() - start)
    return 1e3 * np.median(times[1:])


def per_step(model, data, begun):
    """Microseconds for each step of each run; the median of five times."""
    followed(model, data, begun, 50)
    times = []
    for _ in range(5):
        start = perf_counter()
        n_steps = sum(run.n_steps for run in followed(model, data, begun, 50))
        times.append((perf_counter() - start) / n_steps)
    return 1e6 * np.median(times)


def tables():
    """0006: all structures, K = 1 ... 9: seconds, and nats of all sound fits."""
    print("data          seed   NumPy      nats  compiled      nats")
    many = shared_starts.MANY
    for name, X in SETS.items():
        for seed in range(4):
            cells = []
            for least in (np.inf, many):
                shared_starts.MANY = least
                search = GaussianMixtureSearch(
                    range(1, 10), covariance_type="all", random_state=seed, n_jobs=1
                )
                start = perf_counter()
                found = search.fit(X).results_
                took = perf_counter() - start
                sound = np.asarray(found["status"]) != "collapsed"
                cells += [took, found["log_likelihood"][sound].sum()]
            print(
                f"{name:13s} {seed:4d}"
                + "{:8.1f} {:9.1f}  {:8.1f} {:9.1f}".format(*cells)
            )


def main():
    steps = (pivot, penalty, stopping, starts, acceleration, runs, tables)
    known = {step.__name__: step for step in steps}
    for name in sys.argv[1:] or known:
        print(f"\n{known[name].__doc__}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            known[name]()


if __name__ == "__main__":
    main()
