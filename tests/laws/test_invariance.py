"""The fit follows the data: shifted, rescaled, rotated, reordered, relabelled."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pytest

from checks import same
from mixtura.completion import HARD, SOFT
from mixtura.data import Rows
from mixtura.em import em, em_steps
from mixtura.families.constraints import Ridge
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.models.hidden_markov import HiddenMarkovParams
from mixtura.models.mixture import Mixture, MixtureParams
from registry import FAMILIES, MODELS, hidden_markov, mixture
from units import taken
from walks import start, walk

SEEDS = pytest.mark.parametrize("seed", range(2))
HOWS = pytest.mark.parametrize("how", [SOFT, HARD], ids=["soft", "hard"])


@dataclass(frozen=True)
class Map:
    """x -> A x + b, and the structures whose fits follow it."""

    name: str
    matrix: np.ndarray
    offset: np.ndarray
    structures: str
    tolerance: float = 1e-9

    def __str__(self) -> str:
        return self.name


TURN = np.array([[0.6, -0.8], [0.8, 0.6]])
NOWHERE = np.zeros(2)
ALL = "full tied diagonal spherical"

MAPS = (
    Map("shift", np.eye(2), np.array([3.0, -70.0]), ALL),
    # The means themselves are rounded to eps * 1e8 there.
    Map("far-shift", np.eye(2), np.array([1e8, -1e8]), ALL, tolerance=1e-6),
    Map("units-of-all", 1e6 * np.eye(2), NOWHERE, ALL),
    Map("units-of-columns", np.diag([1e-5, 1e7]), NOWHERE, "full tied diagonal"),
    Map("mirror", np.diag([1.0, -1.0]), NOWHERE, ALL),
    Map("rotation", TURN, NOWHERE, "full tied spherical"),
    Map("column-order", np.eye(2)[::-1], NOWHERE, ALL),
    Map("affine", TURN @ np.diag([2.0, 0.1]), np.array([5.0, 6.0]), "full tied"),
)

FROM_FULL: dict[str, tuple[Callable, Callable]] = {
    "full": (Full, lambda matrices: matrices),
    "tied": (Tied, lambda matrices: matrices[0]),
    "diagonal": (Diagonal, lambda m: np.diagonal(m, axis1=1, axis2=2).copy()),
    "spherical": (Spherical, lambda m: np.trace(m, axis1=1, axis2=2) / 2),
}

STAY = Map("stay", np.eye(2), NOWHERE, ALL)

CASES = [
    pytest.param(name, mapping, id=f"{name}-{mapping}")
    for mapping in MAPS
    for name in mapping.structures.split()
]


def mapped(params, family, name, mapping):
    """The parameters of the mapped data."""
    inner = params.components
    full = family.structure.to_full(inner.covariances, *inner.means.shape)
    moved = mapping.matrix @ full @ mapping.matrix.T
    means = inner.means @ mapping.matrix.T + mapping.offset
    return MixtureParams(
        params.weights, family.params(means, FROM_FULL[name][1](moved))
    )


def comparable(params, family, name, mapping):
    """Parameters in units in which numbers of all sizes can be compared."""
    back = np.linalg.inv(mapping.matrix)
    home = Map("back", back, -back @ mapping.offset, name)
    moved = mapped(params, family, name, home)
    return moved.weights, moved.components.means, moved.components.covariances


@SEEDS
@HOWS
@pytest.mark.parametrize("name, mapping", CASES)
def test_the_fit_follows_a_map_of_the_data(name, mapping, how, seed):
    steps = walk(mixture(FAMILIES[f"{name}-unconstrained"]), how, seed)
    family, data = Gaussian(FROM_FULL[name][0]()), steps[0].data
    here = comparable(steps[-1].params, family, name, STAY)
    start_there = mapped(steps[0].params, family, name, mapping)
    moved = replace(data, X=data.X @ mapping.matrix.T + mapping.offset)
    walked = em_steps(Mixture(family), moved, start_there, completion=how)
    there = list(islice(walked, len(steps)))
    change = data.n_observations * np.linalg.slogdet(mapping.matrix)[1]
    for a, b in zip(there, steps, strict=True):
        same(a.log_likelihood + change, b.log_likelihood, mapping.tolerance)
        same(a.elbo + change, b.elbo, mapping.tolerance)
    back = comparable(there[-1].params, family, name, mapping)
    same(back, here, mapping.tolerance)


@SEEDS
@pytest.mark.parametrize("name", FROM_FULL)
def test_a_ridge_in_the_units_of_the_columns_scales_with_them(name, seed):
    scale = np.array([1e3, 1e3]) if name == "spherical" else np.array([1e-3, 1e5])
    mapping = Map("scale", np.diag(scale), NOWHERE, name)
    ridge = np.array([0.3, 0.1])
    steps = walk(mixture(FAMILIES[f"{name}-unconstrained"]), SOFT, seed)
    params, data = steps[0].params, steps[0].data
    results = []
    for variances, factor in ((ridge, np.ones(2)), (ridge * scale**2, scale)):
        family = Gaussian(FROM_FULL[name][0](), Ridge(variances))
        here = replace(mapping, matrix=np.diag(factor))
        begin = mapped(params, family, name, here)
        moved = replace(data, X=data.X * factor)
        result = em(Mixture(family), moved, begin, tol=0.0, max_iter=5)
        results.append(comparable(result.params, family, name, here))
    same(results[1], results[0], 1e-9)


@SEEDS
@pytest.mark.parametrize(
    "row, how",
    [(row, how) for row in MODELS for how in row.completions if how.monotone],
    ids=str,
)
def test_the_order_of_the_units_does_not_matter(row, how, seed):
    model, params, data, rng = start(row, seed)
    shuffled = taken(data, rng.permutation(len(data)))
    same(
        model.e_step(params, shuffled, how),
        model.e_step(params, data, how),
        row.tolerance,
    )


def relabelled(components, order, n_components):
    """Reorder whatever has one entry a component."""
    fields = {
        name: value[order] if len(value) == n_components else value
        for name, value in vars(components).items()
    }
    return type(components)(**fields)


@SEEDS
@pytest.mark.parametrize("name", FAMILIES)
def test_the_names_of_the_components_do_not_matter(name, seed):
    model, params, data, rng = start(mixture(FAMILIES[name]), seed)
    order = rng.permutation(3)
    renamed = MixtureParams(
        params.weights[order], relabelled(params.components, order, 3)
    )
    first, second = (
        model.m_step(at, model.e_step(at, data)) for at in (params, renamed)
    )
    tolerance = FAMILIES[name].tolerance
    same(second.weights, first.weights[order], tolerance)
    same(second.components, relabelled(first.components, order, 3), tolerance)


@SEEDS
@pytest.mark.parametrize("name", ["full-ridge", "poisson"])
def test_the_names_of_the_states_do_not_matter(name, seed):
    model, params, data, _ = start(hidden_markov(FAMILIES[name]), seed)
    order = np.array([1, 0])
    renamed = HiddenMarkovParams(
        params.start[order],
        params.transition[np.ix_(order, order)],
        type(params.components)(
            **{k: v[order] for k, v in vars(params.components).items()}
        ),
    )
    first, second = (
        model.m_step(at, model.e_step(at, data)) for at in (params, renamed)
    )
    same(second.start, first.start[order], 1e-11)
    same(second.transition, first.transition[np.ix_(order, order)], 1e-11)
    for field, value in vars(first.components).items():
        same(getattr(second.components, field), value[order], 1e-11)


@SEEDS
def test_one_column_is_the_same_under_every_structure(seed):
    """In one dimension full is diagonal is spherical."""
    rng = np.random.default_rng(seed)
    X, variances = rng.normal(size=(50, 1)) * [2.0], np.array([1.0, 3.0])
    shapes = {"full": (2, 1, 1), "diagonal": (2, 1), "spherical": (2,)}
    results = []
    for name, shape in shapes.items():
        family = Gaussian(FROM_FULL[name][0]())
        inner = family.params(np.array([[-1.0], [1.0]]), variances.reshape(shape))
        begin = MixtureParams(np.array([0.4, 0.6]), inner)
        done = em(Mixture(family), Rows(X), begin, tol=0.0, max_iter=10)
        covariances = np.ravel(done.params.components.covariances)
        results.append((done.log_likelihoods, done.params.weights, covariances))
    same(results[1], results[0], 1e-12)
    same(results[2], results[0], 1e-12)
