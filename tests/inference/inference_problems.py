"""Models, fits and derivatives that the tests of inference share."""

from functools import lru_cache

import numpy as np

from mixtura import GaussianMixture, load_dataset
from mixtura.data import Rows
from mixtura.families.constraints import Fixed, Ridge, Unconstrained
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Equal, Free, Mixture, MixtureParams
from registry import LOW_RANK, SHARING, STRUCTURES

K, N = 3, 60
TYPES = ("full", "tied", "diag", "spherical")
CONSTRAINTS = {
    "free": Unconstrained(),
    "ridge": Ridge(np.array([0.3, 0.1])),
    "fixed": Fixed(),
}
PROPORTIONS = {"any": Free(), "equal": Equal()}

CASES = [
    (structure, constraint, proportions)
    for structure in STRUCTURES
    for constraint in CONSTRAINTS
    for proportions in PROPORTIONS
] + [(structure, "free", "any") for structure in (*SHARING, *LOW_RANK)]


def case_name(value):
    return value if isinstance(value, str) else value.name


def anywhere(structure, constraint, proportions, seed=0):
    """A model, parameters that are no maximum, and weighted rows, some labelled."""
    rng, d = np.random.default_rng(seed), structure.n_features
    model = Mixture(
        Gaussian(structure.make(), CONSTRAINTS[constraint]), PROPORTIONS[proportions]
    )
    weights = rng.dirichlet(np.full(K, 4.0))
    if proportions == "equal":
        weights = np.full(K, 1 / K)
    covariances = structure.random(rng, K, d)
    components = model.family.params(rng.standard_normal((K, d)), covariances)
    labels = np.where(np.arange(N) % 5 == 0, rng.integers(K, size=N), -1)
    rows = Rows(1.5 * rng.standard_normal((N, d)), rng.uniform(0, 2, N), labels)
    return model, MixtureParams(weights, components), rows


def moved_along(params, chart, coordinates):
    """Weights, means and full covariances at a chart's coordinates."""
    weights, covariances = chart.blocks
    sizes = [block.free.shape[1] for block in chart.blocks]
    first, last = coordinates[: sizes[0]], coordinates[len(coordinates) - sizes[1] :]
    return (
        np.exp(weights.map(weights.vector + weights.free @ first)),
        params.components.means + chart.means @ coordinates,
        covariances.map(covariances.vector + covariances.free @ last),
    )


def log_likelihood_along(model, params, chart, rows):
    """The log-likelihood as a function of a chart's coordinates."""
    ridge = model.family.constraint
    family = Gaussian(Full(), ridge if isinstance(ridge, Ridge) else Unconstrained())
    full = Mixture(family, model.proportions)

    def value(coordinates):
        weights, *components = moved_along(params, chart, coordinates)
        moved = MixtureParams(weights, family.params(*components))
        return np.float64(full.e_step(moved, rows).log_likelihood)

    return value


def two_groups(seed, n_samples=300, n_features=2, distance=4.0, scales=(1.2, 0.7)):
    """Rows of two normal components, three to two, and their labels."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n_samples) < 0.4).astype(int)
    X = rng.standard_normal((n_samples, n_features)) * np.array(scales)[labels, None]
    X[:, 0] += distance * labels
    return X, labels


@lru_cache
def faithful():
    return load_dataset("old-faithful").values


@lru_cache
def fitted(n_components=2, covariance_type="full", seed=0):
    """A tight fit of Old Faithful; do not change it."""
    model = GaussianMixture(
        n_components, covariance_type=covariance_type, tol=1e-12, random_state=seed
    )
    return model.fit(faithful())


def by_name(result):
    """Estimates, standard errors and intervals by the names of the parameters."""
    return {row["parameter"]: row for row in result.table()}
