"""Of several runs the best goes on, and which that is the end tells."""

import numpy as np
import pytest
from tests.checks import same

from mixtura.data import Rows
from mixtura.em import em
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Diagonal, Full, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.parsimonious import EEV, VEI
from mixtura.init import climbs, heats
from mixtura.init.candidate import ANYTHING, Judge
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


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
@pytest.mark.parametrize("seed", range(3))
def test_no_rival_ends_higher_than_the_winner(structure, seed):
    model, data, starts = problem(structure, seed)
    rivals = best_few(model, data, starts, ANYTHING, ((3, 6),))
    ends = [
        em(model, data, rival.run.params, tol=1e-8, max_iter=5000).log_likelihood
        for rival in rivals
    ]
    params = best_in_the_end(model, data, rivals, ANYTHING).params
    reached = em(model, data, params, tol=1e-8, max_iter=5000).log_likelihood
    assert reached >= max(ends) - 2 * LEFT


def test_the_best_comes_first_and_as_many_as_the_last_heat_leaves():
    model, data, starts = problem(Full())
    found = best_few(model, data, starts, ANYTHING, ((2, 5), (3, 2)))
    levels = [candidate.run.objective for candidate in found]
    assert len(found) == 2 and levels == sorted(levels, reverse=True)
    assert all(candidate.run.n_steps <= 5 for candidate in found)


def test_a_sound_end_comes_before_a_likely_one():
    model, data, starts = problem(Full())
    rivals = best_few(model, data, starts, ANYTHING, ((3, 6),))
    top = em(
        model, data, best_in_the_end(model, data, rivals, ANYTHING).params, tol=1e-8
    )

    def is_not_the_top(params):
        level = float(model.log_density(params, data).sum())
        return level < top.log_likelihood - 0.1

    other = best_in_the_end(model, data, rivals, Judge(is_not_the_top)).params
    assert is_not_the_top(other)


def test_a_single_rival_is_returned_as_it_is():
    model, data, starts = problem(Full())
    [rival] = best_few(model, data, starts[:1], ANYTHING)
    assert best_in_the_end(model, data, [rival], ANYTHING) is rival.run


def test_starts_are_followed_alike_from_responsibilities():
    model, data, starts = problem(Full())
    values = [model.posterior(start, data).values for start in starts]
    after = [model.from_responsibilities(data, each) for each in values]
    stages = ((2, 4), (3, 2))
    one = best_from(model, data, values, ANYTHING, stages)
    other = best_few(model, data, after, ANYTHING, stages)
    levels = [[each.run.objective for each in found] for found in (one, other)]
    assert levels[0] == pytest.approx(levels[1], abs=1e-9)


def test_what_is_sure_goes_to_the_end_though_others_lead():
    """Of compiled runs two go on, and those that no other may overtake."""
    pytest.importorskip("numba")
    model, data, starts = problem(Full(), seed=2)
    many = ManyRunsRows.of(data)
    rivals = [best_few(model, many, [start], ANYTHING)[0] for start in starts]
    ends = [climbs.accelerated(model, many, [each.run])[0] for each in rivals]
    best = max(range(len(ends)), key=lambda i: ends[i].objective)
    behind = rivals[best]._replace(
        run=rivals[best].run._replace(objectives=(-1e9,), log_density=np.zeros(150))
    )
    top = ends[best].objective
    others = [r for r, end in zip(rivals, ends, strict=True) if end.objective < top - 1]
    assert len(heats.different(others)) >= heats.FINALISTS

    def reached(*arguments):
        params = best_in_the_end(model, many, *arguments).params
        return float(model.log_density(params, data).sum())

    assert reached([*others, behind], ANYTHING) < top - 1
    behind = behind._replace(is_sure=True)
    assert reached([*others, behind], ANYTHING) >= top - 1e-6


@pytest.mark.parametrize("make", [Rows, ManyRunsRows])
def test_what_is_sure_stays_through_all_heats(make):
    """Even if it is the same start as has been left behind."""
    model, data, starts = problem(Full(), seed=2)
    data = make(data.X, np.ones(len(data)))
    partitions = [model.posterior(start, data).values for start in starts]
    stages = ((1, 3), (2, 2), (3, 1))
    [best] = best_from(model, data, partitions, ANYTHING, stages)
    found = best_from(model, data, partitions, ANYTHING, stages, partitions[:2])
    assert [each.is_sure for each in found].count(True) == 2
    assert len(found) == 3
    levels = [each.run.objective for each in found]
    assert levels == sorted(levels, reverse=True)
    assert best.run.objective in levels
    assert all(each.run.n_steps == 6 for each in found)
    alone = best_from(model, data, (), ANYTHING, stages, partitions[:2])
    assert [each.is_sure for each in alone] == [True, True]


def judge_of(model, n_features, least_weight=0.2, least_ratio=1e7):
    """Components have a weight, and a variance in every direction, in floors."""

    def is_sound(params):
        values = np.linalg.eigvalsh(params.components.covariances / floor)
        return bool(
            (values > least_ratio).all() and params.weights.min() > least_weight
        )

    floor = model.family.constraint.variances[0]
    least = np.full(n_features, least_ratio * floor)
    return Judge(is_sound, least, least_weight)


@pytest.mark.parametrize("seed", range(4))
def test_compiled_heats_leave_what_ordinary_ones_do(seed):
    """Judged after the same steps: the sound first, each then by likelihood."""
    pytest.importorskip("numba")
    model, data, starts = problem(Full(), seed)
    judge, many = judge_of(model, 2), ManyRunsRows.of(data)
    partitions = [model.posterior(start, data).values for start in starts]
    for stages in (((3, 6),), ((3, 4), (1, 2)), ((2, 5), (1, 3), (1, 1))):
        for start, best in ((starts, best_few), (partitions, best_from)):
            ordinary = best(model, data, start, judge, stages)
            compiled = best(model, many, start, judge, stages)
            assert len(compiled) == len(ordinary) == stages[-1][1]
            for one, other in zip(compiled, ordinary, strict=True):
                assert one.sound == other.sound == judge.is_sound(one.run.params)
                assert one.run.n_steps == other.run.n_steps
                level = other.run.objective
                assert one.run.objective == pytest.approx(level, abs=1e-8)
                same(one.run.log_density, other.run.log_density, 1e-8)
            first = compiled[0].run
            values = model.posterior(first.params, data).values
            same(first.responsibilities, values, 1e-8)


def test_some_of_those_are_not_sound():
    """The test above sees both kinds."""
    verdicts = set()
    for seed in range(4):
        model, data, starts = problem(Full(), seed)
        found = best_few(model, data, starts, judge_of(model, 2), ((3, 6),))
        verdicts |= {candidate.sound for candidate in found}
    assert verdicts == {True, False}
