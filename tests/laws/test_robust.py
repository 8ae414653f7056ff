"""Noise, priors, trimming, bounds and fixed parts keep the laws of every model."""

from dataclasses import replace

import numpy as np
import pytest
import test_bound as bound
import test_coordinates as coordinates
import test_driver as driver
import test_maximum as maximum

from checks import never_falls, same
from mixtura.acceleration import Anderson, Automatic, Squarem
from mixtura.completion import HARD, SOFT, Stochastic
from mixtura.data import Rows
from mixtura.em import em
from mixtura.execution.in_memory import IN_MEMORY, InMemory
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.eigenvalue_ratio import EigenvalueRatio
from mixtura.families.fixed_parts import FixedParts
from mixtura.families.parsimonious import VEI
from mixtura.families.with_noise import WithNoise
from mixtura.models.fixed_weights import EqualBesideNoise, FixedWeights
from mixtura.models.mixture import Mixture, MixtureParams
from mixtura.models.trimmed import Trimmed
from mixtura.models.with_prior import WithPrior
from mixtura.priors import ConjugatePrior
from registry import (
    FAMILIES,
    N_COMPONENTS,
    N_FEATURES,
    N_ROWS,
    SHARING,
    STRUCTURES,
    Constraint,
    gaussian,
    mixture,
    nearby_probabilities,
    random_probabilities,
)
from walks import start

BOX = np.array([[-12.0, -11.0], [13.0, 10.0]])
PLAIN = {"full": Full, "tied": Tied, "diagonal": Diagonal, "spherical": Spherical}
ROWS_OF_PRIOR = Rows(np.random.default_rng(3).standard_normal((50, N_FEATURES)) * 3)
RATIO = 3.0


def noisy(family):
    """A family of one component less, and noise."""
    box = np.maximum(BOX, 0.0) if family.name == "poisson" else BOX
    volume = np.log(np.prod(box[1] - box[0]))
    return replace(
        family,
        name=f"{family.name}-noise",
        make=lambda: WithNoise(family.make(), volume, box),
        random_params=lambda rng, n: family.random_params(rng, n - 1),
        is_density=False,
    )


def with_prior(row, structure):
    """A row for the same model with a prior."""
    prior = ConjugatePrior(shrinkage=0.5, concentration=1.7)
    prior = prior.completed(ROWS_OF_PRIOR, structure, N_COMPONENTS)
    return replace(
        row,
        name=f"{row.name}-prior",
        make=lambda: WithPrior(row.make(), prior),
        is_density=False,
    )


def trimmed(row):
    """A row for the same model without a tenth of the rows."""
    return replace(
        row,
        name=f"{row.name}-trimmed",
        make=lambda: Trimmed(row.make(), 0.1),
        is_density=False,
    )


def bounded(structure):
    """A row for Gaussian components whose eigenvalues are within a ratio."""
    bound = EigenvalueRatio(RATIO)
    constraint = Constraint(
        "ratio",
        lambda: bound,
        lambda s, covariances: bound.project(s, covariances),
        has_edge=True,
    )
    return mixture(gaussian(structure, constraint))


def partly_fixed():
    """A row in which the first mean and the second covariance stay."""
    family = FAMILIES["full-unconstrained"]

    def nearby(params, rng, size):
        moved = family.nearby(params, rng, size)
        means, covariances = moved.means, moved.covariances.copy()
        means[0], covariances[1] = params.means[0], params.covariances[1]
        return make().params(means, covariances)

    def make():
        return FixedParts(Full(), means=(0,), covariances=(1,))

    return mixture(replace(family, name="full-parts", make=make, nearby=nearby))


def fixed_weight():
    """A row in which the weight of the second component stays."""
    row = mixture(FAMILIES["diagonal-unconstrained"])

    def nearby(params, rng, size):
        free, weights = [0, 2], params.weights.copy()
        moved = nearby_probabilities(weights[free] / weights[free].sum(), rng, size)
        weights[free] = moved * weights[free].sum()
        return MixtureParams(weights, row.nearby(params, rng, size).components)

    def make():
        return Mixture(FAMILIES["diagonal-unconstrained"].make(), FixedWeights((1,)))

    return replace(row, name="fixed-weight", make=make, nearby=nearby)


def equal_beside_noise():
    """A row of equal weights and noise."""
    row = mixture(noisy(FAMILIES["spherical-unconstrained"]))

    def equal(weights):
        return EqualBesideNoise()._of(weights[-1], N_COMPONENTS)

    def random_params(rng):
        params = row.random_params(rng)
        return replace(params, weights=equal(params.weights))

    def nearby(params, rng, size):
        moved = row.nearby(params, rng, size)
        return replace(moved, weights=equal(moved.weights))

    return replace(
        row,
        name="equal-noise",
        make=lambda: Mixture(row.make().family, EqualBesideNoise()),
        random_params=random_params,
        nearby=nearby,
    )


BASIC = {name: mixture(FAMILIES[f"{name}-unconstrained"]) for name in PLAIN}
NOISY = {
    name: mixture(noisy(FAMILIES[name]))
    for name in (*(f"{name}-unconstrained" for name in PLAIN), "full-floor", "poisson")
}
PRIORS = [
    *(with_prior(BASIC[name], make()) for name, make in PLAIN.items()),
    *(
        with_prior(mixture(FAMILIES[f"{row.name}-unconstrained"]), row.make())
        for row in SHARING
    ),
    with_prior(mixture(FAMILIES["VEI-floor"]), VEI()),
]
ROWS = (
    *NOISY.values(),
    *PRIORS,
    with_prior(NOISY["full-unconstrained"], Full()),
    *(bounded(row) for row in STRUCTURES if row.name in PLAIN),
    *(bounded(row) for row in SHARING if row.name in ("EII", "EEI", "EEV")),
    partly_fixed(),
    fixed_weight(),
    equal_beside_noise(),
    trimmed(BASIC["full"]),
    trimmed(NOISY["tied-unconstrained"]),
    trimmed(PRIORS[0]),
)
ROW = pytest.mark.parametrize("row", ROWS, ids=str)
SEEDS = pytest.mark.parametrize("seed", range(2))
SOFT_LAWS = (
    bound.test_the_e_step_makes_the_bound_touch,
    bound.test_each_iteration_climbs_by_way_of_the_bound,
    bound.test_the_log_likelihood_never_falls_in_soft_em,
    bound.test_the_bound_never_falls_in_hard_em_at_any_half_step,
    coordinates.test_parameters_survive_the_way_there_and_back,
)
ALL_LAWS = (
    bound.test_the_bound_is_q_plus_entropy_and_lies_below,
    bound.test_the_m_step_raises_the_bound_under_any_completion,
    maximum.test_no_admissible_step_from_the_maximiser_raises_q,
)


def law_name(value):
    return getattr(value, "__name__", str(value)).removeprefix("test_")


@SEEDS
@pytest.mark.parametrize("law", SOFT_LAWS, ids=law_name)
@ROW
def test_laws_of_soft_and_hard_em(row, law, seed):
    law(row, seed=seed)


@SEEDS
@pytest.mark.parametrize("how", [SOFT, HARD, Stochastic(seed=11)], ids=law_name)
@pytest.mark.parametrize("law", ALL_LAWS, ids=law_name)
@ROW
def test_laws_of_every_completion(row, law, how, seed):
    law(row, how, seed)


@SEEDS
@pytest.mark.parametrize("row", [row for row in ROWS if not row.has_edge], ids=str)
def test_q_is_stationary_at_the_maximiser(row, seed):
    maximum.test_q_is_stationary_at_the_maximiser(row, seed)


@ROW
def test_the_driver_keeps_its_promises(row):
    driver.test_params_are_those_of_the_last_log_likelihood(row, SOFT)
    driver.test_no_iterations_keep_the_parameters(row, SOFT)


@pytest.mark.parametrize("how", [Anderson(), Squarem(), Automatic()], ids=law_name)
@ROW
def test_acceleration_never_lowers_the_objective(row, how):
    model, params, data, _ = start(row, 1)
    result = em(model, data, params, max_iter=25, tol=0.0, acceleration=how)
    never_falls(result.log_likelihoods, data.n_observations)


@pytest.mark.parametrize("size", [1, 7, 50])
@pytest.mark.parametrize(
    "row", [row for row in ROWS if "trimmed" not in row.name], ids=str
)
def test_the_e_step_of_a_whole_is_that_of_its_parts(row, size):
    model, params, data, _ = start(row, 2)

    def e_step(block):
        return model.e_step(params, block)

    same(InMemory(block_rows=size)(e_step, data), IN_MEMORY(e_step, data), 1e-11)


def test_a_trimmed_model_must_see_all_rows():
    model, params, data, _ = start(trimmed(BASIC["full"]), 0)
    with pytest.raises(ValueError, match="must see all rows at once"):
        em(model, data, params, executor=InMemory(block_rows=50))


@pytest.mark.parametrize("name", PLAIN)
def test_the_fused_e_step_with_noise_is_the_plain_one(name):
    model, params, data, _ = start(NOISY[f"{name}-unconstrained"], 4)
    fused = model.e_step(params, data)
    plain = model.statistics(params, data, model.posterior(params, data))
    same(fused, plain, 1e-12)
    same(
        model.log_density(params, data),
        model.posterior(params, data).log_likelihood,
        1e-12,
    )


def test_the_fused_e_step_with_noise_is_the_plain_one_where_it_is_compiled():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.standard_normal((90_000, 3)), rng.uniform(-9, 9, (30_000, 3))])
    for structure in PLAIN.values():
        family = WithNoise.around(FixedParts(structure()), X)
        params = MixtureParams(
            np.array([0.5, 0.3, 0.2]),
            family.family.blank(2, 3),
        )
        params.components.means[1] += 1.0
        model, data = Mixture(family), Rows(X)
        fused = model.e_step(params, data)
        same(
            fused, model.statistics(params, data, model.posterior(params, data)), 1e-10
        )


def test_trimming_nothing_changes_nothing():
    row = BASIC["full"]
    model, params, data, _ = start(row, 5)
    plain, none = (em(each, data, params) for each in (model, Trimmed(model, 0.0)))
    same(none.params, plain.params, 1e-10)
    same(none.log_likelihoods, plain.log_likelihoods, 1e-12)


@SEEDS
def test_a_row_of_weight_two_is_trimmed_like_two_rows(seed):
    model, params, data, rng = start(trimmed(BASIC["full"]), seed)
    counts = rng.integers(0, 4, size=len(data))
    weighted = replace(data, weights=counts.astype(float))
    repeated = Rows(np.repeat(data.X, counts, axis=0))
    same(model.e_step(params, weighted), model.e_step(params, repeated), 1e-11)
    shuffled = repeated.take(rng.permutation(len(repeated)))
    same(model.e_step(params, shuffled), model.e_step(params, repeated), 1e-11)


@SEEDS
def test_the_kept_rows_are_the_likeliest_of_the_given_weight(seed):
    rng = np.random.default_rng(seed)
    model, params, _, _ = start(trimmed(BASIC["full"]), seed)
    data = Rows(rng.standard_normal((N_ROWS, N_FEATURES)), rng.random(N_ROWS))
    kept = model.kept(params, data)
    log_density = model.model.log_density(params, data)
    assert log_density[kept > 0].min() >= log_density[kept < 1].max()
    np.testing.assert_allclose(kept @ data.weights, 0.9 * data.weights.sum())


@pytest.mark.parametrize("how", [SOFT, HARD, Stochastic(seed=11)], ids=law_name)
def test_what_is_fixed_stays_to_the_bit(how):
    for row in (partly_fixed(), fixed_weight()):
        model, params, data, _ = start(row, 1)
        done = em(model, data, params, max_iter=10, completion=how).params
        if "weight" in row.name:
            assert done.weights[1] == params.weights[1]
            assert abs(done.weights.sum() - 1) < 1e-15
            continue
        before, after = params.components, done.components
        assert (after.means[0] == before.means[0]).all()
        assert (after.covariances[1] == before.covariances[1]).all()
        assert (after.precision_cholesky[1] == before.precision_cholesky[1]).all()
        assert (after.means[1] != before.means[1]).all()


@SEEDS
def test_parameters_are_counted(seed):
    rng = np.random.default_rng(seed)
    weights = random_probabilities(rng, N_COMPONENTS)
    inner = FAMILIES["full-unconstrained"].random_params(rng, N_COMPONENTS)
    params = MixtureParams(weights, inner)
    free = 2 + 3 * 2 + 3 * 3
    assert Mixture(FixedParts(Full())).n_free_parameters(params) == free
    held = FixedParts(Full(), means=(0, 2), covariances=(1,))
    assert Mixture(held).n_free_parameters(params) == free - 4 - 3
    proportions = FixedWeights((2,))
    assert Mixture(held, proportions).n_free_parameters(params) == free - 4 - 3 - 1
    noise = Mixture(WithNoise(FixedParts(Full()), 1.0))
    with_weight = replace(params, weights=np.append(0.9 * weights, 0.1))
    assert noise.n_free_parameters(with_weight) == free + 1
