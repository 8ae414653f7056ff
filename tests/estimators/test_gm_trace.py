"""The objective: what it is, that it never falls, and when it has stopped rising."""

import numpy as np
import pytest
from mixtures import SEEDS, TYPES, clusters, fitted
from sklearn.mixture import GaussianMixture as TheirGaussianMixture

from checks import at_least, never_falls
from mixtura import GaussianMixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N = 240


def random_start(seed, covariance_type, n_components=3, n_features=3):
    """Weights, means and unequal precisions from which EM has some way to go."""
    rng = np.random.default_rng([seed, 5])
    roots = rng.standard_normal((n_components, n_features, n_features)) / 3
    full = np.eye(n_features) / 4 + roots @ np.swapaxes(roots, 1, 2)
    precisions = {
        "full": full,
        "tied": full[0],
        "diag": np.diagonal(full, axis1=1, axis2=2).copy(),
        "spherical": full[:, 0, 0].copy(),
    }[covariance_type]
    return {
        "weights_init": rng.dirichlet(np.full(n_components, 5.0)),
        "means_init": rng.permutation(clusters(seed, 2 * N))[:n_components],
        "precisions_init": precisions,
    }


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("seed", SEEDS)
class TestTheTrace:
    @pytest.mark.parametrize("reg_covar", ["auto", 0, 1e-6, 0.05, 3.0])
    def test_never_falls(self, covariance_type, seed, reg_covar):
        model = GaussianMixture(
            3,
            covariance_type=covariance_type,
            reg_covar=reg_covar,
            tol=0.0,
            max_iter=150,
            **random_start(seed, covariance_type),
        ).fit(clusters(seed))
        never_falls(np.array(model.lower_bounds_) * N, N)
        assert model.lower_bound_ == model.lower_bounds_[-1]
        assert len(model.lower_bounds_) == model.n_iter_ > 5

    @pytest.mark.parametrize("reg_covar", ["auto", 0.05])
    def test_never_falls_in_hard_em(self, covariance_type, seed, reg_covar):
        model = GaussianMixture(
            3,
            covariance_type=covariance_type,
            algorithm="hard",
            reg_covar=reg_covar,
            init_params="random_from_data",
            random_state=seed,
        ).fit(clusters(seed, spread=1.0))
        assert model.n_iter_ > 1
        never_falls(np.array(model.lower_bounds_) * N, N)
        assert model.converged_

    def test_of_hard_em_does_not_pass_for_the_log_likelihood(
        self, covariance_type, seed
    ):
        X = clusters(seed, spread=1.0)
        model = GaussianMixture(
            3,
            covariance_type=covariance_type,
            algorithm="hard",
            init_params="random_from_data",
            random_state=seed,
        ).fit(X)
        assert model.lower_bound_ < model.score(X) - 1e-3
        assert abs(model.log_likelihood_ - N * model.score(X)) < 1e-9

    def test_never_falls_with_weights_and_labels(self, covariance_type, seed):
        rng = np.random.default_rng(seed)
        weights, labels = rng.uniform(0.1, 3, size=N), np.full(N, -1)
        labels[:20] = rng.integers(3, size=20)
        model = GaussianMixture(
            3,
            covariance_type=covariance_type,
            **random_start(seed, covariance_type),
        ).fit(clusters(seed), sample_weight=weights, labels=labels)
        total = weights.sum()
        never_falls(np.array(model.lower_bounds_) * total, total)

    @pytest.mark.parametrize("reg_covar", ["auto", 0])
    def test_ends_at_the_score_of_the_returned_model(
        self, covariance_type, seed, reg_covar
    ):
        X = clusters(seed)
        for max_iter in (0, 1, 3, 1000):
            model = GaussianMixture(
                3,
                covariance_type=covariance_type,
                reg_covar=reg_covar,
                max_iter=max_iter,
                **random_start(seed, covariance_type),
            ).fit(X)
            assert abs(model.lower_bound_ - model.score(X)) < 1e-12
            assert abs(model.log_likelihood_ - N * model.score(X)) < 1e-9

    def test_of_a_ridge_is_the_likelihood_with_the_documented_factor(
        self, covariance_type, seed
    ):
        """sum_k pi_k N(x | k) exp(-r tr(Sigma_k^-1) / 2) is what rises."""
        X, ridge = clusters(seed), 0.05
        model = GaussianMixture(
            3, covariance_type=covariance_type, reg_covar=ridge, random_state=seed
        ).fit(X)
        traces = {
            "full": lambda p: np.trace(p, axis1=1, axis2=2),
            "tied": lambda p: np.full(3, np.trace(p)),
            "diag": lambda p: p.sum(axis=1),
            "spherical": lambda p: 3 * p,
        }[covariance_type](model.precisions_)
        log_joint = np.log(model.predict_proba(X)) + model.score_samples(X)[:, None]
        penalised = np.logaddexp.reduce(log_joint - ridge * traces / 2, axis=1)
        assert abs(model.lower_bound_ - penalised.mean()) < 1e-10
        assert abs(model.log_likelihood_ - N * model.score(X)) < 1e-9


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("seed", SEEDS)
class TestAgainstScikitLearn:
    def test_every_step_is_textbook_em(self, covariance_type, seed):
        X = clusters(seed)
        start = random_start(seed, covariance_type)
        settings = {"covariance_type": covariance_type, "reg_covar": 0, "tol": 0.0}
        ours = GaussianMixture(
            3, max_iter=12, acceleration=None, **settings, **start
        ).fit(X)
        for t in (1, 2, 5, 12):
            theirs = TheirGaussianMixture(3, max_iter=t, **settings, **start).fit(X)
            assert abs(ours.lower_bounds_[t - 1] - theirs.score(X)) < 1e-11
        np.testing.assert_allclose(ours.weights_, theirs.weights_, rtol=1e-10)
        np.testing.assert_allclose(ours.means_, theirs.means_, atol=1e-10)
        np.testing.assert_allclose(ours.covariances_, theirs.covariances_, atol=1e-10)
        np.testing.assert_allclose(
            ours.precisions_cholesky_, theirs.precisions_cholesky_, atol=1e-10
        )

    @pytest.mark.parametrize("ridge", [1e-6, 0.3])
    def test_a_ridge_is_added_as_theirs(self, covariance_type, seed, ridge):
        """One M-step; their start carries the penalty factor in its weights."""
        X = clusters(seed)
        start = random_start(seed, covariance_type)
        precisions = start["precisions_init"]
        traces = {
            "full": lambda p: np.trace(p, axis1=1, axis2=2),
            "tied": lambda p: np.full(3, np.trace(p)),
            "diag": lambda p: p.sum(axis=1),
            "spherical": lambda p: 3 * p,
        }[covariance_type](precisions)
        factors = start["weights_init"] * np.exp(-ridge * traces / 2)
        their_start = start | {"weights_init": factors / factors.sum()}
        settings = {"covariance_type": covariance_type, "reg_covar": ridge}
        ours = GaussianMixture(3, max_iter=1, **settings, **start).fit(X)
        theirs = TheirGaussianMixture(3, max_iter=1, **settings, **their_start).fit(X)
        for name in ("weights_", "means_", "covariances_"):
            np.testing.assert_allclose(
                getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=1e-10
            )


SLOW = {
    "two close normals": (300, [0.5, 0.5], [0.0, 1.8], [1.0, 1.0]),
    "a narrow one inside a wide one": (400, [0.3, 0.7], [0.0, 0.3], [0.5, 1.5]),
    "three in a row": (400, [0.3, 0.4, 0.3], [0.0, 2.0, 4.0], [1.0, 1.0, 1.0]),
    "hardly two": (500, [0.6, 0.4], [0.0, 1.0], [1.0, 1.3]),
}


def slow_mixture(name, seed):
    n, weights, means, deviations = SLOW[name]
    rng = np.random.default_rng([seed, 3])
    labels = rng.choice(len(weights), size=n, p=weights)
    return rng.normal(np.take(means, labels), np.take(deviations, labels))[:, None]


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("acceleration", [None, "auto"])
def test_converged_means_less_than_one_nat_left(name, acceleration, seed=0):
    X = slow_mixture(name, seed)
    model = GaussianMixture(
        len(SLOW[name][1]),
        random_state=seed,
        max_iter=20_000,
        acceleration=acceleration,
    ).fit(X)
    assert model.converged_
    reached, n_iter = model.log_likelihood_, model.n_iter_
    model.set_params(warm_start=True, tol=0.0, acceleration=None).fit(X)
    if acceleration is None:
        assert model.n_iter_ > 10, "nothing was left to do: this data tests nothing"
    left = model.log_likelihood_ - reached
    assert 0 <= left + 1e-8 and left < 1.0, f"{left:.3f} nats left after {n_iter}"


def test_an_iteration_limit_is_not_convergence():
    X = slow_mixture("hardly two", 0)
    model = GaussianMixture(2, random_state=0, max_iter=3)
    with pytest.warns(UserWarning, match="did not converge.*iteration limit"):
        model.fit(X)
    assert not model.converged_
    assert model.n_iter_ == 3
    assert "iteration limit" in model.outcome_


def test_a_tolerance_is_per_observation_and_of_what_is_left():
    X = slow_mixture("three in a row", 0)
    best = GaussianMixture(3, random_state=0, tol=0.0, max_iter=20_000).fit(X)
    for tol in (1e-2, 1e-4, 1e-6):
        model = GaussianMixture(3, random_state=0, tol=tol, max_iter=20_000).fit(X)
        assert model.converged_
        at_least(model.lower_bound_ + 10 * tol, best.lower_bound_, 1)


def test_the_outcome_says_that_it_converged():
    model = fitted("full")
    assert model.converged_
    assert model.outcome_.startswith("Converged")


def test_a_fixed_number_of_steps_is_textbook_em():
    """Slow enough for acceleration to begin, were a tolerance to be reached."""
    rng = np.random.default_rng(0)
    X = np.vstack(
        [rng.normal(size=(300, 2)), rng.normal(size=(300, 2)) + np.array([1.5, 1])]
    )
    start = {"init_params": "kmeans", "random_state": 0}
    by_default, textbook, sooner = (
        GaussianMixture(2, **start, **settings).fit(X)
        for settings in (
            {"tol": 0.0, "max_iter": 80},
            {"tol": 0.0, "max_iter": 80, "acceleration": None},
            {"tol": 1e-12, "max_iter": 80},
        )
    )
    assert by_default.lower_bounds_ == textbook.lower_bounds_
    assert sooner.lower_bound_ > textbook.lower_bound_
