"""The fourteen structures: maxima found another way, nesting, counts, units, floor."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize

from checks import close, same
from mixtura.estimators.structures import STRUCTURES
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Diagonals, Multiples
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.families.parsimonious import Pooled, Shared
from mixtura.families.rough import rough
from mixtura.models.mixture import Equal, Free, Mixture, MixtureParams

CODES = tuple(
    "EII VII EEI VEI EVI VVI EEE VEE EVE VVE EEV VEV EVV VVV".split()  # mclust's order
)
CODE = pytest.mark.parametrize("code", CODES)
LARGE = [pytest.param(k, d, marks=pytest.mark.slow) for k, d in ((4, 3), (3, 4))]
SIZES = pytest.mark.parametrize("k, d", [(1, 3), (2, 1), (2, 2), (3, 2), *LARGE])

# A structure and those that contain it directly: a letter less in common.
CONTAINED = {
    "EII": ("VII", "EEI"),
    "VII": ("VEI",),
    "EEI": ("VEI", "EVI", "EEE"),
    "VEI": ("VVI", "VEE"),
    "EVI": ("VVI", "EVE"),
    "VVI": ("VVE",),
    "EEE": ("VEE", "EVE", "EEV"),
    "VEE": ("VVE", "VEV"),
    "EVE": ("VVE", "EVV"),
    "VVE": ("VVV",),
    "EEV": ("VEV", "EVV"),
    "VEV": ("VVV",),
    "EVV": ("VVV",),
}


def problem(k, d, seed):
    """Scatter matrices of components that differ in everything, and unequal counts."""
    rng = np.random.default_rng([k, d, seed])
    roots = rng.standard_normal((k, d, d)) * np.exp(rng.standard_normal((k, 1, d)) / 2)
    counts = rng.uniform(1, 20, k)
    own = roots @ np.swapaxes(roots, 1, 2) + 0.1 * np.eye(d)
    return own * counts[:, None, None], counts, rng


def stored(structure, scatter):
    """Scatter in the shape in which a structure has it."""
    if isinstance(structure, Multiples):
        return np.trace(scatter, axis1=1, axis2=2)
    if isinstance(structure, Diagonals):
        return np.diagonal(scatter, axis1=1, axis2=2)
    return scatter if structure.per_component else scatter.sum(axis=0)


def maximum(structure, scatter, counts, floor=None):
    """The M-step, as full matrices."""
    k, d = scatter.shape[:2]
    own = structure.estimate(stored(structure, scatter), counts, d)
    best = structure.closest(own, counts, structure.identity(k, d), floor)
    return structure.to_full(best, k, d)


def loss(matrices, scatter, counts):
    """Minus the log-likelihood but for a constant."""
    signs, logs = np.linalg.slogdet(matrices)
    if not (signs > 0).all():
        return np.inf
    traces = np.trace(np.linalg.solve(matrices, scatter), axis1=1, axis2=2)
    return float(counts @ logs + traces.sum()) / 2


def volumes_shapes_orientations(code, k, d):
    """Matrices as a function of free numbers, by the letters of a code alone."""
    letters, angles = dict(zip("vso", code, strict=True)), d * (d - 1) // 2
    sizes = {"v": 1, "s": d - 1, "o": angles}
    each = {
        part: sizes[part] * {"I": 0, "E": 1, "V": k}[letter]
        for part, letter in letters.items()
    }

    def matrices(vector):
        cuts = np.cumsum([each["v"], each["s"]])
        parts = dict(zip("vso", np.split(vector, cuts), strict=True))
        rows = {
            part: np.broadcast_to(values.reshape(-1, sizes[part]), (k, sizes[part]))
            if values.size
            else np.zeros((k, sizes[part]))
            for part, values in parts.items()
        }
        shapes = np.column_stack([rows["s"], -rows["s"].sum(axis=1)])
        skew = np.zeros((k, d, d))
        skew[:, *np.triu_indices(d, 1)] = rows["o"]
        skew -= np.swapaxes(skew, 1, 2)
        axes = np.linalg.solve(np.eye(d) + skew, np.eye(d) - skew)  # Cayley's
        scaled = axes * np.exp(rows["v"] + shapes)[:, None, :]
        return scaled @ np.swapaxes(axes, 1, 2)

    return matrices, sum(each.values())


@SIZES
@CODE
def test_no_descent_from_anywhere_beats_the_m_step(code, k, d):
    scatter, counts, rng = problem(k, d, 0)
    best = loss(maximum(STRUCTURES[code], scatter, counts), scatter, counts)
    matrices, n_free = volumes_shapes_orientations(code, k, d)

    def objective(vector):
        return loss(matrices(vector), scatter, counts)

    reached = []
    for _ in range(2):
        begin = 0.3 * rng.standard_normal(n_free)
        found = minimize(objective, begin, method="BFGS", options={"maxiter": 150})
        reached.append(found.fun)
    assert best <= min(reached) + 1e-6 * counts.sum()
    assert abs(best - min(reached)) < 0.1 * counts.sum()  # and they got somewhere


@pytest.mark.parametrize("k, d", [(1, 1), (1, 4), (2, 3), (5, 2), (9, 7)])
@CODE
def test_free_parameters_are_those_of_the_letters(code, k, d):
    _, free = volumes_shapes_orientations(code, k, d)
    structure = STRUCTURES[code]
    assert structure.n_free_parameters(k, d) == free
    inner = GaussianParams(np.zeros((k, d)), np.empty(0), np.empty(0))
    params = MixtureParams(np.full(k, 1 / k), inner)
    for proportions, weights in ((Free(), k - 1), (Equal(), 0)):
        model = Mixture(Gaussian(structure), proportions)
        assert model.n_free_parameters(params) == weights + k * d + free


@pytest.mark.parametrize("seed", range(3))
@SIZES
def test_a_richer_structure_is_at_least_as_likely(k, d, seed):
    scatter, counts, _ = problem(k, d, seed)
    losses = {
        code: loss(maximum(STRUCTURES[code], scatter, counts), scatter, counts)
        for code in CODES
    }
    for poorer, richer in CONTAINED.items():
        for code in richer:
            assert losses[code] <= losses[poorer] + 1e-9 * counts.sum(), (poorer, code)


@CODE
def test_the_m_step_never_loses_what_was_there(code):
    """Also where the search has many hilltops, it ends above where it began."""
    structure = STRUCTURES[code]
    for seed in range(5):
        scatter, counts, _ = problem(4, 5, seed)
        other, _, _ = problem(4, 5, 100 + seed)
        own = structure.estimate(stored(structure, scatter), counts, 5)
        previous = structure.projected(
            structure.estimate(stored(structure, other), counts, 5)
        )
        chain = [previous]
        for _ in range(3):
            chain.append(structure.closest(own, counts, chain[-1]))
        losses = [loss(structure.to_full(c, 4, 5), scatter, counts) for c in chain]
        assert all(b <= a + 1e-10 * counts.sum() for a, b in pairwise(losses))
        close(losses[-1], losses[1], 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["EVE", "VVE"])
@pytest.mark.parametrize("make", [lambda structure: structure, rough])
def test_a_singular_sample_does_not_make_an_m_step_lose(code, make):
    """A variance along the previous axes is zero; the maximum along others is finite.

    That is an M-step only if it is likelier than what was there.
    """
    structure, counts, floor = make(STRUCTURES[code]), np.array([20.0, 5.0]), 1e-7
    n_left = 0
    for seed in range(200):
        roots = np.random.default_rng(seed).standard_normal((2, 3, 3))
        roots[0, 2] = 0.0
        own = roots @ roots.swapaxes(1, 2)
        scatter = counts[:, None, None] * own
        diagonals = np.diagonal(own, axis1=1, axis2=2).copy()
        diagonals[0, 2] = 1e-6
        previous = structure.projected(diagonals[:, :, None] * np.eye(3))
        before = loss(previous, scatter, counts)
        found = structure.closest(own, counts, previous)
        if np.isnan(found).all():
            n_left += 1
        elif np.linalg.eigvalsh(found).min() > 1e-12:
            assert loss(found, scatter, counts) < before
        above = structure.closest(own, counts, previous, np.full(3, floor))
        assert loss(above, scatter, counts) < before
    assert 0 < n_left < 200


@CODE
def test_units_of_columns_matter_to_some_structures_only(code):
    structure, scale = STRUCTURES[code], np.array([1e-2, 1.0, 1e3])
    scatter, counts, _ = problem(3, 3, 7)
    here = maximum(structure, scatter, counts) * np.outer(scale, scale)
    there = maximum(structure, scatter * np.outer(scale, scale), counts)
    units = np.sqrt(np.diagonal(there, axis1=1, axis2=2))
    distance = np.abs(here - there) / (units[:, :, None] * units[:, None, :])
    assert (distance.max() < 1e-9) == structure.scales_by_column


TURNED = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]


@CODE
def test_rotations_matter_to_structures_along_the_columns_only(code):
    structure = STRUCTURES[code]
    scatter, counts, _ = problem(3, 3, 8)
    here = TURNED @ maximum(structure, scatter, counts) @ TURNED.T
    there = maximum(structure, TURNED @ scatter @ TURNED.T, counts)
    along_columns = code[2] == "I" and code[1] != "I"
    assert (np.abs(here - there).max() < 1e-8) == (not along_columns)


@pytest.mark.parametrize("seed", range(2))
@SIZES
@CODE
def test_no_descent_above_a_floor_beats_the_m_step_above_it(code, k, d, seed):
    """Random members of the structure above the floor, near the maximum and far."""
    structure = STRUCTURES[code]
    scatter, counts, rng = problem(k, d, seed)
    scatter[0] *= 1e-6  # a component that lies on the floor
    floor = structure.attainable(rng.uniform(0.2, 1.0, d))
    own = structure.estimate(stored(structure, scatter), counts, d)
    best = structure.closest(own, counts, structure.identity(k, d), floor)
    full = structure.to_full(best, k, d)
    units = np.sqrt(np.outer(floor, floor))
    assert np.linalg.eigvalsh(full / units).min() >= 1 - 1e-9
    same(structure.projected(best), best, 1e-8)
    vector = structure.unconstrained(best)
    least = loss(full, scatter, counts)
    for size in np.repeat([1e-4, 1e-2, 0.3], 8):
        step = size * rng.standard_normal(len(vector))
        rival = structure.projected(structure.constrained(vector + step, k, d), floor)
        value = loss(structure.to_full(rival, k, d), scatter, counts)
        assert value >= least - 1e-9 * counts.sum()


@CODE
def test_the_least_ratio_to_a_floor_is_that_in_the_units_of_each_column(code):
    structure, (k, d) = STRUCTURES[code], (3, 3)
    scatter, counts, rng = problem(k, d, 4)
    own = structure.estimate(stored(structure, scatter), counts, d)
    covariances = structure.closest(own, counts, structure.identity(k, d))
    floor = np.array([1e-6, 1.0, 1e3]) * rng.uniform(1, 2, d)
    full = structure.to_full(covariances, k, d) / np.sqrt(np.outer(floor, floor))
    found = structure.least_ratios(covariances, floor, k)
    same(found, np.linalg.eigvalsh(full).min(axis=1), 1e-9)


@CODE
def test_a_component_without_spread_has_no_maximum_but_one_above_a_floor(code):
    structure, floor = STRUCTURES[code], np.full(3, 1e-10)
    scatter, counts, _ = problem(3, 3, 0)
    scatter[1] = 0.0
    full = maximum(structure, scatter, counts, structure.attainable(floor))
    assert np.isfinite(full).all()
    assert np.linalg.eigvalsh(full).min() >= 0.999e-10


def test_names_and_codes_are_the_same_structures():
    pairs = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
    for name, code in {**pairs, "EII": "E", "VII": "V"}.items():
        assert type(STRUCTURES[name]) is type(STRUCTURES[code])
    assert set(CODES) < set(STRUCTURES)
    assert len({type(STRUCTURES[code]) for code in CODES}) == 14


SHARED = pytest.mark.parametrize(
    "structure",
    [s for s in (Pooled(), *map(STRUCTURES.get, CODES)) if isinstance(s, Shared)],
    ids=lambda structure: structure.name,
)


@pytest.mark.parametrize("with_floor", [False, True])
@SHARED
def test_several_sets_are_as_one_at_a_time(structure, with_floor):
    k, d = 3, 3
    scatters, counts, _ = zip(*(problem(k, d, seed) for seed in range(4)), strict=True)
    levels = np.array([1e-12, 1.0, 30.0, 1e-12])  # some are below the floor
    floor = np.full(d, 0.05) if with_floor else None
    own, previous, alone = [], [], []
    for scatter, n, level in zip(scatters, counts, levels, strict=True):
        own.append(level * structure.estimate(stored(structure, scatter), n, d))
        previous.append(structure.identity(k, d))
        alone.append(structure.closest(own[-1], n, previous[-1], floor))
    given = np.array(own), np.array(counts), np.array(previous)
    same(structure.closest(*given, floor), np.array(alone), 1e-10)


@SHARED
def test_a_floor_is_kept_by_each_of_several_mixtures(structure):
    """A family of several mixtures has the M-steps of each."""
    k, d = 3, 2
    constraint = Floor(np.full(d, 0.05))
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, d)) * [0.2, 1e-3]
    weights = rng.dirichlet(np.full(k, 0.1), (2, len(X)))
    family = Gaussian(structure, constraint)
    blank = family.blank(k, d)
    alone = [family.maximize(blank, family.statistics(blank, X, w)) for w in weights]
    both = Gaussian(structure, constraint, n_mixtures=2)
    blank = family.blank(2 * k, d)
    flat = np.concatenate(weights, axis=1)
    together = both.maximize(blank, both.statistics(blank, X, flat))
    apart = np.concatenate([params.covariances for params in alone])
    same(together.covariances, apart, 1e-10)
    floor = structure.attainable(constraint.variances)
    lowest = structure.least_ratios(apart, floor, 2 * k)
    assert 1 - 1e-12 <= lowest.min() <= 1 + 1e-12
