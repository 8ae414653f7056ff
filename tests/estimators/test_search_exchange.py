"""Candidates of a search are starts for each other."""

import warnings
from itertools import permutations

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from mixtura import GaussianMixture, GaussianMixtureSearch, load_dataset
from mixtura.estimators.searching import exchange, shared_starts, structure_starts
from mixtura.estimators.structures import (
    STRUCTURES,
    every_structure,
    is_special_case,
)

NAMES = [*every_structure(2), "factors:1", "factors:2", "ppca:1", "ppca:2"]
SOUND = ("converged", "not converged")
LEFT = 1e-5
"""Nats for each nat of the log-likelihood that rounding and an end to EM leave open."""


def wreath():
    """Slim clusters in all directions around a circle."""
    rng = np.random.default_rng(5)
    angles = np.repeat(np.arange(6) * np.pi / 3, 50)
    along = rng.normal(size=300)
    axes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    across = np.stack([-axes[:, 1], axes[:, 0]], axis=1)
    return 4 * axes + along[:, None] * across + rng.normal(scale=0.2, size=(300, 2))


def of_few_rows():
    return np.random.default_rng(8).standard_normal((40, 3)) * [1, 2, 3]


DATA = {
    "old-faithful": lambda: load_dataset("old-faithful").values,
    "wreath": wreath,
    "few": of_few_rows,
}


def losses(search):
    """By how much special cases are more likely: {(special, general, K): nats}."""
    table = search.results_
    found = {
        (name, int(size)): log_likelihood
        for name, size, log_likelihood, status in zip(
            table["covariance_type"],
            table["n_components"],
            table["log_likelihood"],
            table["status"],
            strict=True,
        )
        if status in SOUND
    }
    return {
        (one, other, size): level - found[other, size]
        for (one, size), level in found.items()
        for other in {name for name, _ in found}
        if (other, size) in found
        and is_special_case(one, other)
        and level - found[other, size] > LEFT * (1 + abs(level))
    }


def collapses(X, search, place):
    """Whether EM in the general structure collapses from what the special one found."""
    special, general, size = place
    [model] = (
        model
        for model in filter(None, search.candidates_)
        if (model.covariance_type, model.n_components) == (special, size)
    )
    beginning = GaussianMixture(init_params=model.predict_proba(X))
    again = GaussianMixtureSearch(
        [size], covariance_type=general, estimator=beginning, random_state=0
    )
    with warnings.catch_warnings(action="ignore"):  # which say just that
        again.fit(X)
    return again.results_["status"] == ["collapsed"]


@pytest.mark.slow
@pytest.mark.parametrize("many", [0, np.inf], ids=["compiled", "in NumPy"])
@pytest.mark.parametrize("name", DATA)
def test_no_structure_is_less_likely_than_its_special_cases(name, many, monkeypatch):
    """Unless EM from there collapses."""
    monkeypatch.setattr(shared_starts, "MANY", many)
    X = DATA[name]()
    search = GaussianMixtureSearch((2, 5, 7), covariance_type="all", random_state=0)
    found = losses(search.fit(X))
    assert all(collapses(X, search, place) for place in found), found
    assert len(found) <= 1 or name == "few"


@pytest.mark.slow
def test_without_exchange_it_would_be(monkeypatch):
    monkeypatch.setattr(exchange, "_by_size", lambda trials: [])
    thorough = structure_starts.THOROUGH
    monkeypatch.setattr(structure_starts, "THOROUGH", thorough._replace(draws=1))
    monkeypatch.setattr(shared_starts, "grown", lambda *_: [])
    X = DATA["old-faithful"]()
    search = GaussianMixtureSearch((7,), covariance_type="all", random_state=0)
    found = losses(search.fit(X))
    assert not all(collapses(X, search, place) for place in found)


@pytest.mark.slow
def test_threads_do_not_change_what_is_exchanged():
    X = wreath()
    one, two = (
        GaussianMixtureSearch(
            (5,), covariance_type="all", random_state=0, n_jobs=n_jobs
        ).fit(X)
        for n_jobs in (1, 2)
    )
    for key in ("log_likelihood", "n_iter", "status"):
        assert one.results_[key].tolist() == two.results_[key].tolist()


@pytest.mark.slow
def test_what_held_out_rows_have_said_stays():
    X = wreath()
    plain, crossed = (
        GaussianMixtureSearch((6,), covariance_type="all", random_state=0, cv=cv).fit(X)
        for cv in (None, 2)
    )
    same = plain.results_["log_likelihood"] == crossed.results_["log_likelihood"]
    assert same.all()
    assert np.isfinite(crossed.results_["cv_log_likelihood"]).all()


def stored(structure, own):
    """Matrices (K, D, D) as a structure stores them; what does not fit is lost."""
    if structure.n_axes < 2:
        own = own.diagonal(axis1=1, axis2=2)
    if structure.n_axes == 0:
        own = own.mean(axis=1)
    return own if structure.per_component else own.mean(axis=0)


def within(structure, own):
    """Return the nearest covariances of a structure, as matrices (K, D, D)."""
    nearest = structure.projected(stored(structure, own))
    return structure.to_full(nearest, *own.shape[:2])


@pytest.mark.parametrize("one, other", [*permutations(NAMES, 2)])
def test_a_special_case_is_what_the_general_structure_leaves_alone(one, other):
    """And what is none is changed by it."""
    roots = np.random.default_rng(1).standard_normal((3, 6, 6))
    special = within(STRUCTURES[one], roots @ roots.swapaxes(1, 2))
    kept = within(STRUCTURES[other], special)
    is_kept = np.abs(kept - special).max() < 1e-3 * np.abs(special).max()
    assert is_kept == is_special_case(one, other)


def test_names_of_one_structure_are_no_special_cases_of_each_other():
    for one, other in permutations(("full", "VVV"), 2):
        assert not is_special_case(one, other)
    assert is_special_case("E", "V")
    assert not is_special_case("V", "E")


def test_a_single_structure_is_left_as_it_is():
    X = wreath()
    search = GaussianMixtureSearch((5,), covariance_type="EEV", random_state=0).fit(X)
    [model] = search.candidates_
    alone = GaussianMixture(**model.get_params()).fit(X)
    assert model.log_likelihood_ == alone.log_likelihood_


@pytest.mark.parametrize("criterion", ["nec", "bic"])
@pytest.mark.parametrize("n_fits", [1, 3, 4, 5])
def test_ctrl_c_keeps_what_is_finished(monkeypatch, criterion, n_fits):
    """Among candidates, in what comes after them, and in the one component for NEC."""
    original, fits = GaussianMixture.fit, []

    def interrupted(self, *arguments, **options):
        fits.append(self)
        if len(fits) == n_fits + 1:
            raise KeyboardInterrupt
        return original(self, *arguments, **options)

    monkeypatch.setattr(GaussianMixture, "fit", interrupted)
    monkeypatch.setattr(
        exchange.Exchange,
        "from_special_case",
        lambda *_: {"means_init": np.zeros((2, 2))},
    )
    X = DATA["old-faithful"]()
    search = GaussianMixtureSearch(
        (2, 3), covariance_type=("full", "diag"), criterion=criterion, random_state=0
    )
    with pytest.warns(ConvergenceWarning, match=f"{min(n_fits, 4)} of 4 candidates"):
        search.fit(X)
    assert len(fits) == n_fits + 1
    assert search.results_["log_likelihood"][search.best_index_] < 0
    assert search.best_score_ == pytest.approx(
        search.results_[criterion][search.best_index_], nan_ok=True
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The best model has 41 free parameters for 2.72e-07")
def test_weights_in_any_unit_are_exchanged(monkeypatch):
    X = DATA["old-faithful"]()
    search = GaussianMixtureSearch((7,), covariance_type="all", random_state=0)

    def fitted():
        search.fit(X, sample_weight=np.full(len(X), 1e-9))
        return search.results_["log_likelihood"] * 1e9

    exchanged = fitted()
    monkeypatch.setattr(exchange, "_by_size", lambda trials: [])
    gains = exchanged - fitted()
    assert gains.min() > -1e-3 and gains.max() > 0.1


def test_what_overflows_on_the_way_is_not_warned_of():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3)) + 4 * rng.integers(0, 2, (150, 1))
    near, far = (
        GaussianMixtureSearch(
            (2,), covariance_type=("EEE", "VEE", "VVV"), random_state=0
        ).fit(X * unit)
        for unit in (1.0, 1e-100)
    )
    shift = X.size * np.log(1e-100)
    np.testing.assert_allclose(
        far.results_["log_likelihood"] + shift,
        near.results_["log_likelihood"],
        atol=1e-3,
    )
