"""Where a fit begins: labels, responsibilities, parameters, the fit before."""

import warnings
from copy import deepcopy

import numpy as np
import pytest
from mixtures import TYPES, bits, clusters, fitted, same_model

from interruption import fit_interrupted, interrupt_after
from mixtura import GaussianMixture
from mixtura.kernels.quadratic import QuadraticRows
from mixtura.models.mixture import Mixture

N = 240
quietly = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def hidden(seed=0, n_samples=N):
    """Overlapping rows and the components they came from."""
    rng = np.random.default_rng([seed, 9])
    labels = rng.integers(3, size=n_samples)
    centers = np.array([[0.0, 0.0], [2.5, 0.0], [0.0, 2.5]])
    return centers[labels] + rng.standard_normal((n_samples, 2)), labels


@pytest.mark.parametrize("covariance_type", TYPES)
class TestLabels:
    def test_all_known_is_maximum_likelihood_by_class(self, covariance_type):
        X, labels = hidden()
        model = GaussianMixture(3, covariance_type=covariance_type)
        model.fit(X, labels=labels)
        counts = np.bincount(labels)
        np.testing.assert_allclose(model.weights_, counts / N, rtol=1e-14)
        covariances = np.array([np.cov(X[labels == k].T, ddof=0) for k in range(3)])
        for k in range(3):
            np.testing.assert_allclose(model.means_[k], X[labels == k].mean(axis=0))
        diagonals = np.diagonal(covariances, axis1=1, axis2=2)
        expected = {
            "full": covariances,
            "tied": np.tensordot(counts / N, covariances, 1),
            "diag": diagonals,
            "spherical": diagonals.mean(axis=1),
        }[covariance_type]
        np.testing.assert_allclose(model.covariances_, expected, rtol=1e-10)
        assert model.converged_
        assert model.n_iter_ <= 2

    def test_numbers_of_components_agree_with_the_known_labels(self, covariance_type):
        X, labels = hidden()
        for order in ([0, 1, 2], [2, 0, 1]):
            known = np.full(N, -1)
            known[:60] = np.array(order)[labels[:60]]
            model = GaussianMixture(
                3, covariance_type=covariance_type, random_state=0
            ).fit(X, labels=known)
            centers = np.array([X[labels == k].mean(axis=0) for k in range(3)])
            for k in range(3):
                nearest = ((model.means_ - centers[k]) ** 2).sum(axis=1).argmin()
                assert nearest == order[k]

    def test_known_rows_stay_where_they_are(self, covariance_type):
        """The likelihood is that of the pairs (x, label) for the known rows."""
        X, labels = hidden()
        known = np.where(np.arange(N) < 100, labels, -1)
        known[:10] = (labels[:10] + 1) % 3  # against the data's own opinion
        model = GaussianMixture(
            3, covariance_type=covariance_type, random_state=0, tol=0.0
        ).fit(X, labels=known)
        log_joint = np.log(model.predict_proba(X)) + model.score_samples(X)[:, None]
        responsibilities = model.predict_proba(X)
        responsibilities[:100] = np.eye(3)[known[:100]]
        objective = log_joint[np.arange(100), known[:100]].sum()
        objective += model.score_samples(X)[100:].sum()
        assert abs(model.lower_bound_ * N - objective) < 1e-8
        np.testing.assert_allclose(
            model.weights_, responsibilities.mean(axis=0), atol=1e-6
        )

    def test_none_known_is_no_labels(self, covariance_type):
        X, _ = hidden()
        one = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
        other = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
        one.fit(X, labels=np.full(N, -1))
        same_model(one, other.fit(X), 1e-3)
        assert abs(one.log_likelihood_ - other.log_likelihood_) < 1e-3


def far_apart():
    """Three far clusters of forty rows."""
    centres = np.array([[0.0, 0.0], [60.0, 0.0], [0.0, 60.0]])
    noise = np.random.default_rng(0).standard_normal((120, 2))
    return np.repeat(centres, 40, axis=0) + noise


@quietly
@pytest.mark.parametrize("covariance_type", TYPES)
class TestInitParams:
    def test_labels_responsibilities_and_callables_say_the_same(self, covariance_type):
        X, labels = hidden()
        one_hot = np.eye(3)[labels]
        starts = [
            labels,
            labels.tolist(),
            labels.astype(float),
            one_hot,
            lambda X, n_components, rng: labels,
            lambda X, n_components, rng: one_hot,
        ]
        results = {
            tuple(
                bits(
                    GaussianMixture(
                        3,
                        covariance_type=covariance_type,
                        init_params=start,
                        max_iter=3,
                    ).fit(X)
                )
            )
            for start in starts
        }
        assert len(results) == 1

    def test_a_start_is_followed_by_the_ordinary_m_step(self, covariance_type):
        X, _ = hidden()
        start = np.random.default_rng(0).dirichlet(np.ones(3), size=N)
        model = GaussianMixture(
            3, covariance_type=covariance_type, init_params=start, max_iter=0
        ).fit(X)
        np.testing.assert_allclose(model.weights_, start.mean(axis=0), rtol=1e-13)
        means = start.T @ X / start.sum(axis=0)[:, None]
        np.testing.assert_allclose(model.means_, means, atol=1e-13)
        assert model.n_iter_ == 0

    @pytest.mark.parametrize("start", ["hierarchical", "cem", "sem"])
    def test_chains_and_trees_lead_to_far_clusters(self, covariance_type, start):
        X, labels = far_apart(), np.repeat(np.arange(3), 40)
        model = GaussianMixture(
            3,
            covariance_type=covariance_type,
            init_params=start,
            random_state=0,
            max_iter=0,
        ).fit(X)
        found = model.predict(X)
        assert len(set(zip(labels.tolist(), found.tolist(), strict=True))) == 3

    def test_rows_of_weight_zero_do_not_shift_a_start(self, covariance_type):
        X, labels = hidden()
        weights = np.tile([0.0, 1.0, 2.0], N // 3)
        kept = weights > 0
        for start in (labels, np.eye(3)[labels]):
            settings = {"covariance_type": covariance_type, "max_iter": 2}
            model = GaussianMixture(3, init_params=start, **settings)
            model.fit(X, sample_weight=weights)
            reference = GaussianMixture(3, init_params=start[kept], **settings)
            reference.fit(X[kept], sample_weight=weights[kept])
            assert bits(model) == bits(reference)

    def test_the_callable_gets_the_rows_as_they_are(self, covariance_type):
        X, labels = hidden()
        seen = []

        def start(rows, n_components, rng):
            seen.append((rows.copy(), n_components, rng))
            return labels

        model = GaussianMixture(
            3, covariance_type=covariance_type, init_params=start, n_init=2, max_iter=1
        )
        model.fit(X)
        np.testing.assert_array_equal(seen[0][0], X)
        assert [n for _, n, _ in seen] == [3, 3]
        assert isinstance(seen[0][2], np.random.Generator)


@quietly
@pytest.mark.parametrize("covariance_type", TYPES)
class TestInitialParameters:
    def parameters(self, covariance_type):
        model = fitted(covariance_type)
        return {
            "weights_init": model.weights_,
            "means_init": model.means_ + 0.3,
            "precisions_init": model.precisions_,
        }

    def test_are_kept_without_iterations(self, covariance_type):
        given = self.parameters(covariance_type)
        model = GaussianMixture(
            3, covariance_type=covariance_type, max_iter=0, **given
        ).fit(clusters(0))
        assert model.n_iter_ == 0
        np.testing.assert_allclose(model.weights_, given["weights_init"], rtol=1e-15)
        np.testing.assert_allclose(
            model.means_, given["means_init"], rtol=1e-15, atol=4e-15
        )
        np.testing.assert_allclose(
            model.precisions_, given["precisions_init"], rtol=1e-11, atol=1e-13
        )
        assert len(model.lower_bounds_) == 1

    def test_each_alone_is_kept_without_iterations(self, covariance_type):
        for name, values in self.parameters(covariance_type).items():
            model = GaussianMixture(
                3,
                covariance_type=covariance_type,
                max_iter=0,
                random_state=0,
                **{name: values},
            ).fit(clusters(0))
            kept = getattr(model, name.replace("init", ""))
            np.testing.assert_allclose(kept, values, rtol=1e-11, atol=1e-13)

    def test_may_be_lists_and_override_a_start(self, covariance_type):
        given = self.parameters(covariance_type)
        as_lists = {name: values.tolist() for name, values in given.items()}
        arguments = {"covariance_type": covariance_type, "max_iter": 4}
        one = GaussianMixture(3, **arguments, **given).fit(clusters(0))
        other = GaussianMixture(3, init_params="random", **arguments, **as_lists)
        assert bits(one) == bits(other.fit(clusters(0)))


@quietly
@pytest.mark.parametrize("covariance_type", TYPES)
class TestWarmStart:
    def test_two_halves_are_the_whole(self, covariance_type):
        X = clusters(0, spread=1.0)
        settings = {
            "covariance_type": covariance_type,
            "random_state": 0,
            "init_params": "random_from_data",
            "tol": 0.0,
            "acceleration": None,
        }
        whole = GaussianMixture(3, max_iter=12, **settings).fit(X)
        half = GaussianMixture(3, max_iter=6, warm_start=True, **settings)
        first = half.fit(X).lower_bounds_
        second = half.fit(X).lower_bounds_
        np.testing.assert_allclose(first + second, whole.lower_bounds_, rtol=1e-11)
        same_model(half, whole, 1e-9)

    def test_new_data_are_not_judged_by_the_old_bound(self, covariance_type):
        old = clusters(0, spread=1.5)
        new = 1.3 * old + 0.2
        model = GaussianMixture(
            3, covariance_type=covariance_type, random_state=0, warm_start=True
        )
        before = model.fit(old).lower_bound_
        first = deepcopy(model)
        model.fit(new)
        assert model.lower_bound_ < before
        assert model.n_iter_ > 1
        cold = GaussianMixture(
            3,
            covariance_type=covariance_type,
            weights_init=first.weights_,
            means_init=first.means_,
            precisions_init=first.precisions_,
        ).fit(new)
        assert abs(model.log_likelihood_ - cold.log_likelihood_) < 1e-2

    def test_a_converged_fit_stays(self, covariance_type):
        model = GaussianMixture(
            3, covariance_type=covariance_type, random_state=0, warm_start=True
        ).fit(clusters(0))
        reached = model.log_likelihood_
        model.fit(clusters(0))
        assert model.n_iter_ <= 5
        assert 0 <= model.log_likelihood_ - reached + 1e-9 < 1e-2


@quietly
def test_more_starts_keep_the_best():
    X = clusters(3, n_components=5, spread=2.0)
    settings = {"init_params": "random_from_data", "covariance_type": "diag"}
    reached = []
    for seed in range(3):
        singles = [
            GaussianMixture(5, random_state=seed, n_init=n, **settings).fit(X)
            for n in (1, 2, 6)
        ]
        values = [model.log_likelihood_ for model in singles]
        assert values == sorted(values)
        best = singles[-1]
        assert abs(best.lower_bound_ - best.score(X)) < 1e-11
        assert best.lower_bound_ == best.lower_bounds_[-1]
        np.testing.assert_array_equal(best.labels_, best.predict(X))
        reached += values
    assert np.ptp(reached) > 1, "every start is as good: nothing was tested"


@pytest.mark.parametrize("covariance_type", TYPES)
def test_hard_em_ends_where_rows_and_components_agree(covariance_type):
    """Weights and moments are those of the classes that predict returns."""
    X = clusters(0)
    model = GaussianMixture(
        3, covariance_type=covariance_type, algorithm="hard", random_state=0
    ).fit(X)
    labels = model.predict(X)
    np.testing.assert_allclose(
        model.weights_, np.bincount(labels, minlength=3) / N, rtol=1e-13
    )
    for k in np.unique(labels):
        mean = X[labels == k].mean(axis=0)
        np.testing.assert_allclose(model.means_[k], mean, atol=1e-12)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_stochastic_em_returns_the_best_it_visited(covariance_type):
    X = clusters(0)
    model = GaussianMixture(
        3,
        covariance_type=covariance_type,
        algorithm="stochastic",
        random_state=0,
        max_iter=40,
    ).fit(X)
    assert abs(model.lower_bound_ - model.score(X)) < 1e-11
    assert model.lower_bound_ == max(model.lower_bounds_)
    assert "chain" in model.outcome_
    best = fitted(covariance_type).log_likelihood_
    assert best - 10 < model.log_likelihood_ <= best + 1e-3


class TestInterruption:
    def test_keeps_what_there_is(self, monkeypatch):
        X = clusters(0, spread=1.0)
        settings = {
            "init_params": "random_from_data",
            "random_state": 0,
            "tol": 0.0,
            "acceleration": None,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            known = GaussianMixture(3, max_iter=6, **settings).fit(X)
        interrupt_after(monkeypatch, Mixture, "e_step", 7)
        model = GaussianMixture(3, max_iter=500, **settings)
        fit_interrupted(model, X)
        assert not model.converged_
        assert "Interrupted" in model.outcome_
        assert model.n_iter_ == 6
        assert bits(model) == bits(known)
        monkeypatch.undo()
        np.testing.assert_array_equal(model.predict(X), model.labels_)

    def test_in_a_later_start_keeps_the_best_so_far(self, monkeypatch):
        X = clusters(0)
        settings = {
            "init_params": "random_from_data",
            "random_state": 0,
            "acceleration": None,
        }
        first = GaussianMixture(3, **settings).fit(X)
        for extra in (0, 1, 2):
            with monkeypatch.context() as patch:
                interrupt_after(patch, Mixture, "e_step", first.n_iter_ + 1 + extra)
                model = GaussianMixture(3, n_init=50, **settings)
                fit_interrupted(model, X)
            assert model.log_likelihood_ >= first.log_likelihood_

    @pytest.mark.parametrize("acceleration", ["auto", "squarem", "anderson"])
    @pytest.mark.parametrize("n_calls", [1, 2, 9, 30])
    def test_in_an_accelerated_fit(self, monkeypatch, acceleration, n_calls):
        model = GaussianMixture(
            3,
            init_params="random_from_data",
            random_state=0,
            tol=0.0,
            acceleration=acceleration,
        )
        interrupt_after(monkeypatch, Mixture, "e_step", n_calls)
        fit_interrupted(model, clusters(0, spread=1.0))
        assert model.lower_bounds_ == sorted(model.lower_bounds_)
        assert np.isfinite(model.score(clusters(0)))

    @pytest.mark.parametrize("n_calls", [0, 5, 15])
    def test_in_the_search_for_a_start_keeps_a_start(self, monkeypatch, n_calls):
        interrupt_after(monkeypatch, QuadraticRows, "e_step", n_calls)
        model = GaussianMixture(3, random_state=0)
        fit_interrupted(model, clusters(0, spread=1.0))
        assert np.isfinite(model.score(clusters(0)))

    def test_before_there_is_anything_is_an_interrupt(self, monkeypatch):
        interrupt_after(monkeypatch, Mixture, "e_step", 0)
        model = GaussianMixture(3, init_params="random_from_data", random_state=0)
        with pytest.raises(KeyboardInterrupt):
            model.fit(clusters(0))
        assert not hasattr(model, "weights_")
