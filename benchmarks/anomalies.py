"""How well anomalies are ranked: average precision on labelled data."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn import datasets
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.size import Size
from benchmarks.table import Bar, Row, Table
from mixtura import GaussianMixture, GaussianMixtureDetector
from mixtura._types import Array

SHARE = 0.05
"""Share of anomalies among the rows that are judged."""

CANDIDATES = [(kind, k) for kind in ("full", "tied", "diag") for k in (1, 2, 3, 5, 8)]
RIVALS = ("IsolationForest", "LocalOutlierFactor", "EllipticEnvelope")


class Problem(NamedTuple):
    """Ordinary rows, anomalies, and columns to reduce them to (0: as they are)."""

    ordinary: Array
    anomalies: Array
    n_columns: int = 0


def problems() -> dict[str, Callable[[np.random.Generator], Problem]]:
    """Real data that scikit-learn brings, and simulated ones."""
    cancer, wine, digits = (
        load(return_X_y=True)
        for load in (
            datasets.load_breast_cancer,
            datasets.load_wine,
            datasets.load_digits,
        )
    )

    def classes(data: Any, chosen: int, n_columns: int = 0) -> Callable[..., Problem]:
        X, y = data
        return lambda rng: Problem(X[y == chosen], X[y != chosen], n_columns)

    return {
        "breast cancer: malignant": classes(cancer, 1),
        "wine: not cultivar 0": classes(wine, 0),
        "wine: not cultivar 1": classes(wine, 1),
        "digits: not a 0": classes(digits, 0, 10),
        "digits: not a 4": classes(digits, 4, 10),
        "digits: not an 8": classes(digits, 8, 10),
        "three clusters, uniform rows": _clusters,
        "clusters of unequal density": _unequal,
        "two moons, uniform rows": _moons,
        "heavy tails, shifted rows": _heavy,
    }


def tables(size: Size) -> list[Table]:
    """One table for each way to learn."""
    n_draws = size.pick(1, 10, 30)
    about = (
        f"Average precision (1 is perfect, {SHARE} chance), mean of {n_draws} random "
        f"splits, {SHARE:.0%} of anomalies among the judged rows. All at their "
        "defaults, LocalOutlierFactor on standardised columns. The other columns are "
        "mixtura's. K = 1: GaussianMixtureDetector(); trimmed: the same with "
        "mixture=GaussianMixture(trim=0.1); by BIC: the best of full, tied and diag "
        "with 1, 2, 3, 5, 8 components. Last: the best of the three over the best of "
        "the others. "
    )
    kinds = {
        "Novelty": "Learnt from ordinary rows, judged on others and anomalies.",
        "Contaminated": "Learnt from the judged rows themselves, anomalies included.",
    }
    return [_table(name, about + how, size, n_draws) for name, how in kinds.items()]


def _table(kind: str, about: str, size: Size, n_draws: int) -> Table:
    rows = []
    for name, make in size.some(problems().items()):
        scores = np.mean(
            [
                [_precision(detector, *split) for detector in _detectors()]
                for split in _splits(make, kind == "Novelty", n_draws)
            ],
            axis=0,
        )
        cells = [f"{score:.3f}" for score in scores]
        ratio = float(scores[len(RIVALS) :].max() / scores[: len(RIVALS)].max())
        rows.append(Row(name, cells, ratio, Bar(1.0)))
    columns = ("anomalies", *RIVALS, "K = 1", "K = 1, trimmed", "by BIC")
    title = f"Anomalies: {kind.lower()}"
    return Table(title, columns, rows, about, measure="ratio")


def _splits(
    make: Callable[[np.random.Generator], Problem], is_novelty: bool, n_draws: int
) -> Iterator[tuple[Array, Array, Array]]:
    """Rows to learn from, rows to judge, and which of these are anomalies."""
    for seed in range(n_draws):
        rng = np.random.default_rng(seed)
        ordinary, anomalies, n_columns = make(rng)
        ordinary = rng.permutation(ordinary)
        n_learnt = len(ordinary) // 2 if is_novelty else 0
        learnt, judged = ordinary[:n_learnt], ordinary[n_learnt:]
        count = max(1, round(len(judged) * SHARE / (1 - SHARE)))
        chosen = rng.choice(len(anomalies), count, replace=False)
        X = np.concatenate([judged, anomalies[chosen]])
        learnt = learnt if is_novelty else X
        if n_columns:
            reduce = PCA(n_columns, random_state=0).fit(learnt)
            learnt, X = reduce.transform(learnt), reduce.transform(X)
        yield learnt, X, np.arange(len(X)) >= len(judged)


def _precision(detector: Any, learnt: Array, X: Array, is_anomaly: Array) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector.fit(learnt)
        scores = detector.score_samples(X)
    return float(average_precision_score(is_anomaly, -scores))


def _detectors() -> list[Any]:
    return [
        IsolationForest(random_state=0),
        make_pipeline(StandardScaler(), LocalOutlierFactor(novelty=True)),
        EllipticEnvelope(random_state=0),
        GaussianMixtureDetector(random_state=0),
        GaussianMixtureDetector(mixture=GaussianMixture(trim=0.1, random_state=0)),
        _ByBIC(),
    ]


class _ByBIC:
    """The detector over the candidate of least BIC."""

    def fit(self, X: Array) -> None:
        fits = []
        for kind, k in CANDIDATES:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                model = GaussianMixture(k, covariance_type=kind, random_state=0).fit(X)
            fits.append((len(caught), model.bic(X), len(fits), model))
        self.model = min(fits)[-1]

    def score_samples(self, X: Array) -> Array:
        return self.model.score_samples(X)


def _clusters(rng: np.random.Generator) -> Problem:
    centres = rng.uniform(-6, 6, size=(3, 4))
    roots = rng.normal(size=(3, 4, 4))
    labels = rng.integers(3, size=1000)
    noise = np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((1000, 4)))
    return Problem(centres[labels] + noise, rng.uniform(-10, 10, size=(200, 4)))


def _unequal(rng: np.random.Generator) -> Problem:
    """A tight and a wide cluster; anomalies lie near the tight one."""
    tight = rng.normal(scale=0.1, size=(500, 3))
    wide = 8.0 + 2.0 * rng.normal(size=(500, 3))
    return Problem(np.concatenate([tight, wide]), rng.normal(scale=0.5, size=(200, 3)))


def _moons(rng: np.random.Generator) -> Problem:
    seed = int(rng.integers(2**31))
    ordinary = datasets.make_moons(1000, noise=0.05, random_state=seed)[0]
    return Problem(ordinary, rng.uniform([-1.5, -1], [2.5, 1.5], size=(200, 2)))


def _heavy(rng: np.random.Generator) -> Problem:
    """Correlated Student-t rows; anomalies break the correlation."""
    root = np.linalg.cholesky(np.full((5, 5), 0.8) + 0.2 * np.eye(5))
    ordinary = rng.standard_t(4, size=(1000, 5)) @ root.T
    return Problem(ordinary, rng.normal(scale=1.5, size=(200, 5)))
