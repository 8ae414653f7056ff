"""Of several runs the best goes on, and which that is the end tells."""

import numpy as np
import pytest

from mixtura.data import Rows
from mixtura.em import em
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Diagonal, Full, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.parsimonious import EEV, VEI
from mixtura.init import climbs, heats
from mixtura.init.climbs import ManyRunsRows
from mixtura.init.heats import LEFT, best_few, best_from, best_in_the_end
from mixtura.init.runs import from_partitions
from mixtura.models.categorical import one_hot
from mixtura.models.mixture import Mixture

STRUCTURES = (Full(), Diagonal(), Tied(), VEI(), EEV())
N_COMPONENTS = 3


def problem(structure, seed=0, n=150):
    """Three overlapping clusters of different shapes, and starts at random rows."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=2.0, size=(N_COMPONENTS, 2))
    labels = np.arange(n) % N_COMPONENTS
    X = (
        centres[labels]
        + rng.normal(size=(n, 2)) * rng.uniform(0.4, 1.5, (3, 2))[labels]
    )
    data = Rows(X, np.ones(n))
    model = Mixture(Gaussian(structure, Floor(np.full(2, 1e-8))))
    partitions = []
    for _ in range(6):
        chosen = X[rng.choice(n, N_COMPONENTS, replace=False)]
        nearest = ((X[:, None] - chosen) ** 2).sum(axis=2).argmin(axis=1)
        partitions.append(one_hot(nearest, N_COMPONENTS))
    return model, data, from_partitions(model, data, partitions)


def is_sound(params):
    return True


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
@pytest.mark.parametrize("seed", range(3))
def test_no_rival_ends_higher_than_the_winner(structure, seed):
    model, data, starts = problem(structure, seed)
    rivals = best_few(model, data, starts, is_sound, ((3, 6),))
    ends = [
        em(model, data, rival.run.params, tol=1e-8, max_iter=5000).log_likelihood
        for rival in rivals
    ]
    params = best_in_the_end(model, data, rivals, is_sound).params
    reached = em(model, data, params, tol=1e-8, max_iter=5000).log_likelihood
    assert reached >= max(ends) - 2 * LEFT


def test_the_best_comes_first_and_as_many_as_the_last_heat_leaves():
    model, data, starts = problem(Full())
    found = best_few(model, data, starts, is_sound, ((2, 5), (3, 2)))
    levels = [candidate.run.objective for candidate in found]
    assert len(found) == 2 and levels == sorted(levels, reverse=True)
    assert all(candidate.run.n_steps <= 5 for candidate in found)


def test_a_sound_end_comes_before_a_likely_one():
    model, data, starts = problem(Full())
    rivals = best_few(model, data, starts, is_sound, ((3, 6),))
    top = em(
        model, data, best_in_the_end(model, data, rivals, is_sound).params, tol=1e-8
    )

    def is_not_the_top(params):
        level = float(model.log_density(params, data).sum())
        return level < top.log_likelihood - 0.1

    other = best_in_the_end(model, data, rivals, is_not_the_top).params
    assert is_not_the_top(other)


def test_a_single_rival_is_returned_as_it_is():
    model, data, starts = problem(Full())
    [rival] = best_few(model, data, starts[:1], is_sound)
    assert best_in_the_end(model, data, [rival], is_sound) is rival.run


def test_starts_are_followed_alike_from_responsibilities():
    model, data, starts = problem(Full())
    values = [model.posterior(start, data).values for start in starts]
    after = [model.from_responsibilities(data, each) for each in values]
    stages = ((2, 4), (3, 2))
    one = best_from(model, data, values, is_sound, stages)
    other = best_few(model, data, after, is_sound, stages)
    levels = [[each.run.objective for each in found] for found in (one, other)]
    assert levels[0] == pytest.approx(levels[1], abs=1e-9)


def test_what_is_sure_goes_to_the_end_though_others_lead():
    """Of compiled runs two go on, and those that no other may overtake."""
    pytest.importorskip("numba")
    model, data, starts = problem(Full(), seed=2)
    many = ManyRunsRows.of(data)
    rivals = [best_few(model, many, [start], is_sound)[0] for start in starts]
    ends = [climbs.accelerated(model, many, [each.run])[0] for each in rivals]
    best = max(range(len(ends)), key=lambda i: ends[i].objective)
    behind = rivals[best]._replace(
        run=rivals[best].run._replace(objectives=(-1e9,), log_density=np.zeros(150))
    )
    top = ends[best].objective
    others = [r for r, end in zip(rivals, ends, strict=True) if end.objective < top - 1]
    assert len(heats.different(others)) >= heats.RACED

    def reached(*arguments):
        params = best_in_the_end(model, many, *arguments).params
        return float(model.log_density(params, data).sum())

    assert reached([*others, behind], is_sound) < top - 1
    assert reached(others, is_sound, [behind]) >= top - 1e-6
