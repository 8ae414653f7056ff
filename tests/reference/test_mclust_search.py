"""A search over mclust's sizes reaches what mclust's own starts reach."""

import pytest
from stored import reference, rows_of

from mixtura import GaussianMixtureSearch
from mixtura.estimators.structures import every_structure

# mclust's codes of the structures with closed forms
CODES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
# The real maximum of VVE is above what mclust computes; it has laws of its own.
ALL_CODES = [name for name in every_structure(2) if name != "VVE"]
LOSS = 1e-3
"""Nats by which our own starts may be worse."""


def searched(data, names=tuple(CODES)):
    """The search over mclust's sizes."""
    record = reference(f"mclust_bic_{data}")
    search = GaussianMixtureSearch(record["G"], covariance_type=names, random_state=0)
    return record, search.fit(rows_of(record))


@pytest.fixture(scope="module", params=["faithful", "iris"])
def both(request):
    return searched(request.param)


def rows(record, search):
    """Each candidate, with mclust's numbers in the same place of its table."""
    columns = ("n_components", "covariance_type", "log_likelihood", "n_parameters")
    for size, name, *ours in zip(*map(search.results_.get, columns), strict=True):
        code = CODES.get(name, name)
        theirs = [record[key][code][size - 1] for key in ("loglik_tight", "npar")]
        yield (size, code), ours, theirs


def losses(record, search):
    """Where mclust's starts lead higher, unless its model is singular."""
    found = {}
    for place, (ours, _), (theirs, _) in rows(record, search):
        if theirs is not None and theirs - ours > LOSS:
            found[place] = theirs - ours
    return found


def test_parameters_are_counted_as_mclust_counts_them(both):
    for place, (_, ours), (_, theirs) in rows(*both):
        assert ours == theirs, place


def test_all_models_reach_the_likelihood_of_mclust(both):
    assert not losses(*both)


@pytest.mark.slow
@pytest.mark.parametrize("data", ["faithful", "iris"])
def test_all_structures_agree_with_mclust(data):
    record, search = searched(data, ALL_CODES)
    for place, (_, ours), (_, theirs) in rows(record, search):
        assert ours == theirs, place
    assert not losses(record, search)
    best = search.best_params_
    assert record["best"]["modelName"] == best["covariance_type"]
    assert record["best"]["G"] == best["n_components"]


@pytest.mark.parametrize("both", ["faithful"], indirect=True)
def test_old_faithful_has_three_components_of_one_shape_as_in_mclust(both):
    record, search = both
    assert record["best"]["modelName"] == "EEE" and record["best"]["G"] == 3
    chosen = search.best_params_
    assert CODES.get(chosen["covariance_type"], chosen["covariance_type"]) == "EEE"
    assert chosen["n_components"] == 3
    assert search.best_score_ == pytest.approx(-record["best_tight"]["bic"], abs=1e-3)
