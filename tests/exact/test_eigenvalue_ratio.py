"""The bound on the ratio of eigenvalues: held, and the best under it."""

import numpy as np
import pytest
from scipy.optimize import minimize

from checks import same
from mixtura.data import Rows
from mixtura.em import em
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.eigenvalue_ratio import EigenvalueRatio, best_truncation
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Equal, Mixture
from registry import random_matrices

STRUCTURES = {"full": Full, "tied": Tied, "diagonal": Diagonal, "spherical": Spherical}
SEEDS = pytest.mark.parametrize("seed", range(8))


def cost(eigenvalues, counts, ratio, low):
    within = np.clip(eigenvalues, low, ratio * low)
    return (counts[:, None] * (np.log(within) + eigenvalues / within)).sum()


@pytest.mark.parametrize("ratio", [1.0, 1.5, 10.0, 1000.0])
@SEEDS
def test_no_other_truncation_is_better(seed, ratio):
    rng = np.random.default_rng(seed)
    K, d = rng.integers(1, 5, size=2)
    eigenvalues = rng.gamma(0.5, size=(K, d)) * 10.0 ** rng.integers(-3, 3, (K, 1))
    counts = rng.uniform(0.5, 20, K)
    low = best_truncation(eigenvalues, counts, ratio)
    ends = np.log([eigenvalues.min() / ratio / 2, eigenvalues.max() * 2])
    others = [
        cost(eigenvalues, counts, ratio, m) for m in np.exp(np.linspace(*ends, 3000))
    ]
    own = cost(eigenvalues, counts, ratio, low)
    assert own <= min(others) + 1e-9 * abs(own)


@SEEDS
def test_no_covariances_within_the_bound_are_likelier(seed):
    """A general optimiser over two matrices, by eigenvalues and rotations."""
    rng, ratio = np.random.default_rng(seed), 3.0
    scatter = random_matrices(rng, 2, 2) * np.array([1.0, 9.0])[:, None, None]
    counts = rng.uniform(1, 10, 2)
    found = EigenvalueRatio(ratio).given(counts).apply(Full(), scatter, scatter)

    def matrices(vector):
        low, spread, angles = np.exp(vector[0]), vector[1:5], vector[5:]
        values = low * ratio ** (0.5 + 0.5 * np.sin(spread)).reshape(2, 2)
        turns = np.array(
            [[[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]] for a in angles]
        )
        return (turns * values[:, None, :]) @ np.swapaxes(turns, 1, 2)

    def negative(covariances):
        traces = np.trace(np.linalg.solve(covariances, scatter), axis1=1, axis2=2)
        return counts @ (np.linalg.slogdet(covariances)[1] + traces)

    best = min(
        minimize(lambda v: negative(matrices(v)), rng.standard_normal(7)).fun
        for _ in range(12)
    )
    assert negative(found) <= best + 1e-7
    assert best <= negative(found) + 1e-3  # the optimiser found it, too


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("ratio", [1.0, 2.0, 7.0])
def test_the_bound_holds_after_every_fit(name, ratio):
    rng = np.random.default_rng(0)
    X = np.vstack(
        [rng.standard_normal((60, 3)) * [1, 5, 9], rng.normal(8, 0.3, (40, 3))]
    )
    structure = STRUCTURES[name]()
    model = Mixture(Gaussian(structure, EigenvalueRatio(ratio)))
    start = np.repeat(np.eye(2), [60, 40], axis=0)
    result = em(model, Rows(X), model.from_responsibilities(Rows(X), start))
    full = structure.to_full(result.params.components.covariances, 2, 3)
    eigenvalues = np.linalg.eigvalsh(full)
    assert eigenvalues.max() <= ratio * eigenvalues.min() * (1 + 1e-12)
    assert result.converged


def test_a_wide_bound_is_no_bound():
    matrices = random_matrices(np.random.default_rng(1), 3, 3)
    same(EigenvalueRatio(1e9).project(Full(), matrices), matrices, 1e-12)


def test_a_bound_of_one_is_one_common_sphere():
    rng = np.random.default_rng(2)
    X = np.vstack([rng.standard_normal((50, 2)), rng.standard_normal((30, 2)) * 3 + 4])
    data, share = Rows(X), np.repeat(np.eye(2), [50, 30], axis=0)

    def fit(structure):
        model = Mixture(Gaussian(structure, EigenvalueRatio(1.0)), Equal())
        return em(model, data, model.from_responsibilities(data, share), tol=1e-12)

    full, tied, spherical = (
        fit(each).params.components for each in (Full(), Tied(), Spherical())
    )
    variance = spherical.covariances[0]
    same(spherical.covariances, np.full(2, variance), 1e-12)
    same(full.covariances, np.tile(variance * np.eye(2), (2, 1, 1)), 1e-9)
    same(full.means, spherical.means, 1e-9)
    same(tied.means, spherical.means, 1e-9)


def test_nothing_to_bound_is_an_error_unless_there_is_a_floor():
    zero = np.zeros((2, 3))
    with pytest.raises(DegenerateComponentError):
        EigenvalueRatio(5.0).project(Diagonal(), zero)
    assert (EigenvalueRatio(5.0, least=1e-9).project(Diagonal(), zero) == 1e-9).all()


def test_other_structures_and_ratios_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        EigenvalueRatio(0.5)
    with pytest.raises(ValueError, match="needs covariances that are full, tied"):
        EigenvalueRatio(2.0).project(object(), np.ones((1, 1, 1)))
