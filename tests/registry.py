"""One row for every family, model, completion and executor: what the laws run over.

To add a family, structure, constraint or model, add its row here; no law changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

import oracles
from mixtura.completion import HARD, SOFT, Stochastic
from mixtura.data import Rows, Sequences
from mixtura.execution.in_memory import InMemory
from mixtura.families.bernoulli import Bernoulli, BernoulliParams
from mixtura.families.constraints import Fixed, Floor, Ridge, Unconstrained
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.low_rank import Factors
from mixtura.families.parsimonious import (
    EEI,
    EEV,
    EII,
    EVE,
    EVI,
    EVV,
    VEE,
    VEI,
    VEV,
    VVE,
)
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.models.factor_analysis import (
    EqualNoise,
    FactorAnalysis,
    FactorParams,
    FreeNoise,
)
from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams
from mixtura.models.mixture import Equal, Free, Mixture, MixtureParams

N_COMPONENTS, N_FEATURES, N_ROWS = 3, 2, 90
N_STATES, LENGTHS = 2, (1, 9, 4, 12, 2, 1, 11, 5)

Rng = np.random.Generator


@dataclass(frozen=True)
class Structure:
    """A covariance structure, random covariances, and admissible ones nearby.

    The last three are those of `Family`.
    """

    name: str
    make: Callable[[], Any]
    random: Callable[[Rng, int, int], Any]  # (rng, n_components, n_features)
    nearby: Callable[[Any, Rng, float], Any]  # (covariances, rng, size)
    n_features: int = N_FEATURES
    has_edge: bool = False
    tolerance: float = 1e-11


@dataclass(frozen=True)
class Constraint:
    """A constraint, and what it makes of covariances that need not satisfy it."""

    name: str
    make: Callable[[], Any]
    admissible: Callable[[Any, Any], Any]  # (structure, covariances)
    free: bool = True
    has_edge: bool = False
    is_density: bool = True


@dataclass(frozen=True)
class Family:
    """A family with random parameters, and admissible ones nearby."""

    name: str
    make: Callable[[], Any]
    random_params: Callable[[Rng, int], Any]  # (rng, n_components)
    nearby: Callable[[Any, Rng, float], Any]
    is_regular: Callable[[Any], bool] = lambda params: True
    has_edge: bool = False
    is_density: bool = True
    tolerance: float = 1e-11

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Model:
    """A model with everything a law needs to know of it.

    `random_data` is weighted and comes from other parameters than `random_params`
    returns. `sample` draws n rows from the model, labelled where it can be. `kl` is
    KL(q || p) by a route of its own. `is_regular` says that the parameters are not
    about to collapse, where rounding is magnified without limit; `has_edge` that a
    maximum may lie on the edge of what is admissible, where Q has a slope;
    `is_density` that the objective is the log of a density, with no penalty in it.
    `tolerance` is for results that differ by rounding only, relative to the largest
    number of an array.
    """

    name: str
    make: Callable[[], Any]
    random_params: Callable[[Rng], Any]
    random_data: Callable[[Rng], Any]
    sample: Callable[[Any, int, Rng], Any]  # (params, n, rng)
    nearby: Callable[[Any, Rng, float], Any]
    kl: Callable[..., float]
    is_regular: Callable[[Any], bool]
    has_edge: bool = False
    is_density: bool = True
    completions: tuple = (SOFT, HARD, Stochastic(seed=11))
    tolerance: float = 1e-11

    def __str__(self) -> str:
        return self.name


def random_matrices(rng, n, n_features):
    roots = rng.standard_normal((n, n_features, n_features))
    return roots @ np.swapaxes(roots, 1, 2) + 0.3 * np.eye(n_features)


def nearby_matrices(matrices, rng, size):
    step = rng.standard_normal(matrices.shape)
    root = np.eye(matrices.shape[-1]) + size * (step + np.swapaxes(step, -1, -2)) / 4
    return root @ matrices @ np.swapaxes(root, -1, -2)


def nearby_positive(values, rng, size):
    return values * np.exp(size * rng.standard_normal(values.shape))


def nearby_chances(values, rng, size):
    """Probabilities, each moved on the scale of log odds."""
    moved = values * np.exp(size * rng.standard_normal(values.shape))
    return moved / (moved + 1 - values)


def nearby_probabilities(values, rng, size):
    moved = values * np.exp(size * rng.standard_normal(values.shape))
    return moved / moved.sum(axis=-1, keepdims=True)


def random_probabilities(rng, *shape):
    return rng.dirichlet(np.full(shape[-1], 4.0), size=shape[:-1])


def random_weights(rng, n):
    """Weights of every kind: fractions, integers and zeros."""
    return rng.permutation(np.resize([0.0, 0.3, 1.0, 1.0, 2.0, 2.7], n))


STRUCTURES = (
    Structure("full", Full, random_matrices, nearby_matrices),
    Structure(
        "tied", Tied, lambda rng, _, d: random_matrices(rng, 1, d)[0], nearby_matrices
    ),
    Structure(
        "diagonal",
        Diagonal,
        lambda rng, k, d: rng.uniform(0.2, 3, (k, d)),
        nearby_positive,
    ),
    Structure(
        "spherical",
        Spherical,
        lambda rng, k, _: rng.uniform(0.2, 3, k),
        nearby_positive,
    ),
)


def sharing(make: Callable[[], Any], free: Structure) -> Structure:
    """A structure whose components share something, as the nearest to free ones."""
    return Structure(
        make().name,
        make,
        lambda rng, k, d: make().projected(free.random(rng, k, d)),
        lambda values, rng, size: make().projected(free.nearby(values, rng, size)),
    )


SHARING = (
    *(sharing(make, STRUCTURES[0]) for make in (VEE, EVE, VVE, EEV, VEV, EVV)),
    *(sharing(make, STRUCTURES[2]) for make in (EEI, VEI, EVI)),
    sharing(EII, STRUCTURES[3]),
)


def low_rank(n_factors: int, isotropic: bool) -> Structure:
    """Factors and noise in four columns, which two factors fill but for the noise."""
    structure = Factors(n_factors, isotropic)

    def random(rng, k, d):
        loadings = rng.standard_normal((k, d, n_factors))
        noise = rng.uniform(0.5, 2, (k, 1 if isotropic else d))
        return loadings @ np.swapaxes(loadings, 1, 2) + noise[:, :, None] * np.eye(d)

    return Structure(
        structure.name,
        lambda: Factors(n_factors, isotropic),
        random,
        lambda values, rng, size: structure.projected(
            nearby_matrices(values, rng, size)
        ),
        n_features=4,
        has_edge=True,
        tolerance=1e-9,
    )


LOW_RANK = (low_rank(2, True), low_rank(1, False))

RIDGE = np.array([0.3, 0.1])
FLOOR = np.array([0.5, 0.9])

CONSTRAINTS = (
    Constraint("unconstrained", Unconstrained, lambda _, covariances: covariances),
    Constraint(
        "ridge",
        lambda: Ridge(RIDGE),
        lambda _, covariances: covariances,
        is_density=False,
    ),
    Constraint(
        "floor",
        lambda: Floor(FLOOR),
        lambda s, c: s.projected(c, s.attainable(FLOOR)),
        has_edge=True,
    ),
    Constraint("fixed", Fixed, lambda _, covariances: covariances, free=False),
)


def gaussian(structure: Structure, constraint: Constraint) -> Family:
    """A row for Gaussian components."""

    def make():
        return Gaussian(structure.make(), constraint.make())

    def admissible(means, covariances):
        family = make()
        allowed = constraint.admissible(family.structure, covariances)
        return family.params(means, allowed)

    def random_params(rng, n_components):
        n_features = structure.n_features
        means = 2.5 * rng.standard_normal((n_components, n_features))
        return admissible(means, structure.random(rng, n_components, n_features))

    def nearby(params, rng, size):
        means = params.means + size * rng.standard_normal(params.means.shape)
        moved = structure.nearby(params.covariances, rng, size)
        return admissible(means, moved if constraint.free else params.covariances)

    def is_regular(params):
        return np.abs(params.precision_cholesky).max() < 100

    name = f"{structure.name}-{constraint.name}"
    has_edge = constraint.has_edge or structure.has_edge
    rest = (has_edge, constraint.is_density, structure.tolerance)
    return Family(name, make, random_params, nearby, is_regular, *rest)


POISSON = Family(
    "poisson",
    Poisson,
    lambda rng, k: PoissonParams(rng.uniform(0.5, 12, (k, N_FEATURES))),
    lambda params, rng, size: PoissonParams(nearby_positive(params.rates, rng, size)),
)

N_ITEMS = 7  # fewer columns of zeros and ones could not tell three components apart

BERNOULLI = Family(
    "bernoulli",
    Bernoulli,
    lambda rng, k: BernoulliParams(rng.uniform(0.15, 0.85, (k, N_ITEMS))),
    lambda params, rng, size: BernoulliParams(
        nearby_chances(params.probabilities, rng, size)
    ),
)

GAUSSIANS = tuple(
    gaussian(*pair)
    for pair in (
        *product(STRUCTURES, CONSTRAINTS),
        *product(SHARING, (CONSTRAINTS[0], CONSTRAINTS[2])),
        *product(SHARING[:3], (CONSTRAINTS[1],)),
        *product(LOW_RANK, (CONSTRAINTS[0],)),
    )
)
FAMILIES = {family.name: family for family in (*GAUSSIANS, POISSON, BERNOULLI)}
CHAINED = ("full-unconstrained", "diagonal-ridge", "poisson")


def inherited(family: Family) -> dict:
    """What a model has from its family."""
    return {
        "is_regular": lambda params: family.is_regular(params.components),
        "has_edge": family.has_edge,
        "is_density": family.is_density,
        "tolerance": family.tolerance,
    }


def mixture(family: Family, proportions=Free) -> Model:
    """A row for a mixture of a family."""
    equal = np.full(N_COMPONENTS, 1 / N_COMPONENTS)
    is_free = proportions is Free

    def make():
        return Mixture(family.make(), proportions())

    def random_params(rng):
        weights = random_probabilities(rng, N_COMPONENTS) if is_free else equal
        return MixtureParams(weights, family.random_params(rng, N_COMPONENTS))

    def sample(params, n, rng):
        X, labels = make().sample(params, n, rng)
        return Rows(X, labels=labels)

    def random_data(rng):
        drawn = sample(random_params(rng), N_ROWS, rng)
        return Rows(drawn.X, weights=random_weights(rng, N_ROWS))

    def nearby(params, rng, size):
        weights = params.weights
        if is_free:
            weights = nearby_probabilities(weights, rng, size)
        return MixtureParams(weights, family.nearby(params.components, rng, size))

    name = f"mixture-{family.name}-{proportions.__name__.lower()}"
    rest = (random_params, random_data, sample, nearby, oracles.mixture_kl)
    return Model(name, make, *rest, **inherited(family))


def hidden_markov(family: Family) -> Model:
    """A row for a hidden Markov model over a family."""

    def make():
        return HiddenMarkov(family.make())

    def random_params(rng):
        return HiddenMarkovParams(
            random_probabilities(rng, N_STATES),
            random_probabilities(rng, N_STATES, N_STATES),
            family.random_params(rng, N_STATES),
        )

    def drawn(params, lengths, rng):
        rows = [make().sample(params, length, rng) for length in lengths]
        X, states = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        return Sequences(X, np.array(lengths), labels=states)

    def sample(params, n, rng):
        return drawn(params, (5,) * (n // 5), rng)

    def random_data(rng):
        data = drawn(random_params(rng), LENGTHS, rng)
        return replace(data, labels=None, weights=random_weights(rng, len(LENGTHS)))

    def nearby(params, rng, size):
        return HiddenMarkovParams(
            nearby_probabilities(params.start, rng, size),
            nearby_probabilities(params.transition, rng, size),
            family.nearby(params.components, rng, size),
        )

    name = f"hidden-markov-{family.name}"
    rest = (random_params, random_data, sample, nearby, oracles.hidden_markov_kl)
    return Model(name, make, *rest, **inherited(family))


def factor_analysis(noise) -> Model:
    """A row for factor analysis: two factors behind seven columns."""
    n_features = 7
    signs = (-1.0) ** np.outer(np.arange(n_features), [0, 1])  # (7, 2)

    def random_params(rng):
        variances = rng.uniform(0.8, 2, n_features)
        return FactorParams(
            mean=rng.standard_normal(n_features),
            loadings=signs * rng.uniform(0.7, 1.5, signs.shape),
            noise=noise().maximize(variances),
        )

    def sample(params, n, rng):
        return Rows(FactorAnalysis(noise()).sample(params, n, rng)[0])

    def random_data(rng):
        drawn = sample(random_params(rng), N_ROWS, rng)
        return replace(drawn, weights=random_weights(rng, N_ROWS))

    def nearby(params, rng, size):
        logs = noise().maximize(size * rng.standard_normal(n_features))
        step = rng.standard_normal(params.loadings.shape)
        mean = params.mean + size * rng.standard_normal(n_features)
        return FactorParams(
            mean, params.loadings + size * step, params.noise * np.exp(logs)
        )

    return Model(
        f"factor-analysis-{noise.__name__.lower()}",
        lambda: FactorAnalysis(noise()),
        *(random_params, random_data, sample, nearby, oracles.factor_kl),
        is_regular=lambda params: params.noise.min() > 1e-3,
        completions=(SOFT,),
    )


SHARED_NAMES = {structure.name for structure in (*SHARING, *LOW_RANK)}
MODELS = (
    *(mixture(family) for family in FAMILIES.values()),
    *(
        mixture(family, Equal)
        for name, family in FAMILIES.items()
        if name.partition("-")[0] not in SHARED_NAMES
    ),
    *(hidden_markov(FAMILIES[name]) for name in CHAINED),
    *(factor_analysis(noise) for noise in (FreeNoise, EqualNoise)),
)

# Every model with every way to complete its data.
ALGORITHMS = tuple((model, how) for model in MODELS for how in model.completions)

EXECUTORS = tuple(InMemory(block_rows=size) for size in (1, 7, 50, 10_000))


def algorithm_name(value: Any) -> str:
    """Name a parameter of a test."""
    named = getattr(value, "name", None)
    return named if isinstance(named, str) else type(value).__name__.lower()
