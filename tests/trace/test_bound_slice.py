"""Source 004's picture, as numbers: the bound of an E-step under the likelihood."""

from itertools import islice

import numpy as np
import pytest

from mixtura import EMTrace, GaussianMixture, em_steps, load_dataset
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.models.mixture import Mixture, MixtureParams

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FAITHFUL = load_dataset("old-faithful").values
PLAIN = {"init_params": "random_from_data", "acceleration": None, "random_state": 0}
LINE = [-0.5, 0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0, 1.01, 1.1, 1.5]
ROUNDING = 1e-9

SOFT = {
    "plain": {},
    "tied": {"covariance_type": "tied"},
    "VVE": {"covariance_type": "VVE"},
    "equal weights": {"equal_weights": True},
    "noise": {"noise": "hull"},
    "a prior": {"prior": "default"},
    "a ridge": {"reg_covar": 0.1},
    "trimmed": {"trim": 0.05},
}


def traced(X=FAITHFUL, n_components=2, **settings):
    return GaussianMixture(n_components, record=True, **PLAIN | settings).fit(X).trace_


@pytest.mark.parametrize("settings", SOFT.values(), ids=SOFT.keys())
@pytest.mark.parametrize("iteration", [0, 3])
class TestEverySoftFit:
    def test_the_bound_touches_at_its_e_step_and_lies_below(self, settings, iteration):
        found = traced(**settings).bound_slice(iteration, s=LINE)
        assert found.iteration == iteration
        gaps = found.log_likelihood - found.bound
        assert abs(gaps[LINE.index(0.0)]) < ROUNDING
        assert gaps.min() > -ROUNDING
        assert gaps[LINE.index(1.0)] > 1e-3

    def test_it_is_highest_where_the_m_step_goes(self, settings, iteration):
        found = traced(**settings).bound_slice(iteration, s=LINE)
        assert found.bound.argmax() == LINE.index(1.0)

    def test_the_next_bound_touches_there(self, settings, iteration):
        found = traced(**settings).bound_slice(iteration, s=LINE)
        gaps = found.log_likelihood - found.next_bound
        assert abs(gaps[LINE.index(1.0)]) < ROUNDING
        assert gaps.min() > -ROUNDING

    def test_its_ends_are_the_half_steps_of_the_trace(self, settings, iteration):
        trace = traced(**settings)
        found = trace.bound_slice(iteration, s=[0.0, 1.0])
        steps = {(step.iteration, step.phase): step for step in trace}
        before = steps[iteration, "E"]
        between = steps[iteration + 1, "M"]
        expected = [before.log_likelihood, between.log_likelihood]
        np.testing.assert_allclose(found.log_likelihood, expected, atol=ROUNDING)
        np.testing.assert_allclose(
            found.bound, [before.elbo, between.elbo], atol=ROUNDING
        )


def test_the_curves_are_tangent_where_they_touch():
    step = 1e-4
    found = traced().bound_slice(4, s=[-step, 0.0, step])
    slopes = [(c[2] - c[0]) / (2 * step) for c in (found.log_likelihood, found.bound)]
    assert abs(slopes[0]) > 1
    assert abs(slopes[0] - slopes[1]) < 1e-3 * abs(slopes[0])


def test_by_default_it_is_the_widest_gap():
    trace = traced()
    widest = max(trace, key=lambda step: step.kl)
    assert trace.bound_slice(s=[0.0]).iteration == widest.iteration - 1


def test_the_bound_of_hard_em_lies_below_and_does_not_touch():
    found = traced(algorithm="hard").bound_slice(0, s=LINE)
    assert (found.log_likelihood - found.bound).min() > 1.0
    assert found.bound.argmax() == LINE.index(1.0)


def test_a_thinned_trace_still_has_the_e_steps_before_its_m_steps():
    rng = np.random.default_rng(0)
    trace = traced(rng.normal(size=(200, 1)), tol=0.0, max_iter=620)
    between = trace[-2]
    assert (between.phase, trace[-3].iteration < between.iteration - 1) == ("M", True)
    found = trace.bound_slice(between.iteration - 1, s=[0.0, 1.0])
    assert abs(found.bound[1] - between.elbo) < ROUNDING
    assert abs(found.log_likelihood[1] - between.log_likelihood) < ROUNDING


def test_weights_and_labels_count():
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.5, 2, size=len(FAITHFUL))
    labels = np.where(np.arange(len(FAITHFUL)) < 9, FAITHFUL[:, 0] > 3, -1)
    model = GaussianMixture(2, record=True, **PLAIN)
    model.fit(FAITHFUL, sample_weight=weights, labels=labels)
    own = model.trace_.bound_slice(1, s=LINE)
    given = model.trace_.bound_slice(
        1, FAITHFUL, sample_weight=weights, labels=labels, s=LINE
    )
    np.testing.assert_array_equal(own.bound, given.bound)
    np.testing.assert_array_equal(own.log_likelihood, given.log_likelihood)
    assert abs(own.log_likelihood[LINE.index(0.0)] - model.trace_[2].log_likelihood) < (
        ROUNDING
    )


def test_other_families_have_a_bound_too():
    start = MixtureParams(np.array([0.5, 0.5]), PoissonParams(np.array([[1.0], [5.0]])))
    counts = np.array([[0.0], [1.0], [1.0], [7.0], [9.0]])
    steps = islice(em_steps(Mixture(Poisson()), counts, start), 5)
    found = EMTrace.from_steps(steps).bound_slice(0, s=LINE)
    assert abs(found.log_likelihood[1] - found.bound[1]) < ROUNDING
    assert found.bound.argmax() == LINE.index(1.0)


def test_what_cannot_be_computed_is_refused():
    trace = traced()
    with pytest.raises(ValueError, match=r"must be the rows of the fit.*270 rows"):
        trace.bound_slice(0, FAITHFUL[2:])
    with pytest.raises(ValueError, match=r"which the trace has kept: 0, 1.*got 999"):
        trace.bound_slice(999)
    rng = np.random.default_rng(0)
    large = traced(rng.normal(size=(1500, 2)), max_iter=2)
    with pytest.raises(ValueError, match=r"kept 1000 of the 1500 rows"):
        large.bound_slice(0)
