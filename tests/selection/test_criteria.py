"""The criteria are the formulas of their sources, and agree with each other."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from mixtura.selection import criteria
from mixtura.selection.criteria import (
    AIC,
    BIC,
    CRITERIA,
    Criterion,
    FitSummary,
    classification_log_likelihood,
    entropy,
)

FIT = FitSummary(
    n_components=3,
    n_parameters=11,
    n_observations=272.0,
    log_likelihood=-1126.316,
    entropy=42.7,
    classification_log_likelihood=-1148.35,
    one_component_log_likelihood=-1289.797,
    held_out=-4.2,
)


def responsibilities(seed, n_rows=50, n_components=4):
    return np.random.default_rng(seed).dirichlet(np.full(n_components, 0.3), n_rows)


def test_bic_is_minus_the_number_that_mclust_prints():
    # mclust 6.0.0, Old Faithful, EEE with 3 components
    assert criteria.bic(-1126.3262364682603, 11, 272) == pytest.approx(
        2314.3162956657766, abs=1e-9
    )
    assert BIC.value(FIT) == criteria.bic(-1126.316, 11, 272.0)


def test_bic_charges_log_n_where_aic_charges_two():
    charge = BIC.value(FIT) - AIC.value(FIT)
    assert charge == pytest.approx(11 * (np.log(272) - 2), rel=1e-12)


@pytest.mark.parametrize("n", [13.5, 20, 272, 1e9])
def test_aicc_corrects_aic_by_a_term_that_vanishes(n):
    left = criteria.aicc(-50.0, 11, n) - criteria.aic(-50.0, 11)
    assert left == pytest.approx(2 * 11 * 12 / (n - 12), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("n", [3, 12.0])
def test_aicc_is_infinite_without_observations_to_spare(n):
    assert criteria.aicc(-50.0, 11, n) == np.inf


@pytest.mark.parametrize("seed", range(3))
def test_icl_is_bic_and_twice_the_doubt_about_the_classification(seed):
    gamma = responsibilities(seed)
    classified = classification_log_likelihood(-100.0, gamma)
    icl = criteria.icl(classified, 7, 50)
    doubt = -np.log(gamma.max(axis=1)).sum()
    assert icl - criteria.bic(-100.0, 7, 50) == pytest.approx(2 * doubt, rel=1e-12)
    assert classified <= -100.0


@pytest.mark.parametrize("seed", range(3))
def test_the_doubt_is_at_most_the_entropy(seed):
    gamma = responsibilities(seed)
    assert -classification_log_likelihood(0.0, gamma) <= entropy(gamma)


def test_entropy_is_zero_for_sure_rows_and_log_k_for_unsure_ones():
    assert entropy(np.eye(4)) == 0.0
    unsure = np.full((5, 4), 0.25)
    assert entropy(unsure) == pytest.approx(5 * np.log(4), rel=1e-14)


@pytest.mark.parametrize("function", [entropy, lambda *a: -_classified(*a)])
def test_a_weight_is_that_many_rows(function):
    gamma = responsibilities(1)
    counts = np.random.default_rng(2).integers(0, 4, len(gamma))
    repeated = function(np.repeat(gamma, counts, axis=0))
    assert function(gamma, counts.astype(float)) == pytest.approx(repeated, rel=1e-12)


def _classified(gamma, weights=None):
    return classification_log_likelihood(0.0, gamma, weights)


def test_nec_is_entropy_for_likelihood_gained():
    assert criteria.nec(6.0, -90.0, -120.0, 2) == pytest.approx(0.2)
    assert criteria.nec(0.0, -90.0, -120.0, 2) == 0.0
    assert criteria.nec(0.0, -120.0, -120.0, 1) == 1.0
    assert criteria.nec(6.0, -120.0, -120.0, 2) == np.inf
    assert criteria.nec(6.0, -121.0, -120.0, 2) == np.inf
    assert np.isnan(criteria.nec(6.0, -90.0, np.nan, 2))


@pytest.mark.parametrize("name", CRITERIA)
def test_lower_is_better(name):
    better = replace(
        FIT,
        log_likelihood=FIT.log_likelihood + 1,
        classification_log_likelihood=FIT.classification_log_likelihood + 1,
        held_out=FIT.held_out + 1,
    )
    assert CRITERIA[name].value(better) < CRITERIA[name].value(FIT)
    assert CRITERIA[name].name == name


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=lambda item: item.name)
def test_criteria_can_be_stored(criterion):
    assert pickle.loads(pickle.dumps(criterion)) == criterion


def test_margins_have_the_names_of_their_sources():
    margins = (0.0, 2.0, 2.1, 6.0, 6.1, 10.0, 10.1)
    words = [BIC.verdict(margin).split(" evidence")[0] for margin in margins]
    bare = "hardly worth mentioning"
    rest = ["positive", "positive", "strong", "strong", "very strong"]
    assert words == [bare, bare, *rest]
    assert "as well" in AIC.verdict(1.0) and "no support" in AIC.verdict(11.0)


def test_where_there_is_no_scale_there_are_no_words():
    assert Criterion("own", "own", lambda fit: 0.0).verdict(5.0) == ""
    assert BIC.verdict(float("nan")) == ""
