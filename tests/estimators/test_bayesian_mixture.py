"""The Bayesian mixture as an estimator: what is pruned, what a fit follows, errors."""

import pickle
import tracemalloc
import warnings
from functools import lru_cache

import numpy as np
import pytest
from mixtures import TYPES, clusters, on_a_grid
from sklearn.exceptions import ConvergenceWarning

from mixtura import BayesianGaussianMixture, GaussianMixture, load_dataset
from mixtura.exceptions import DegenerateDataWarning
from mixtura.models.variational_mixture import VariationalMixture

KINDS = ("dirichlet_process", "dirichlet_distribution")
POSTERIOR = ("weights_", "mean_precision_", "degrees_of_freedom_")

every_type = pytest.mark.parametrize("covariance_type", TYPES)
every_kind = pytest.mark.parametrize("kind", KINDS)


def bayesian(covariance_type="full", kind=KINDS[0], n_components=5, **arguments):
    settings = {"random_state": 0, **arguments}
    return BayesianGaussianMixture(
        n_components,
        covariance_type=covariance_type,
        weight_concentration_prior_type=kind,
        **settings,
    )


@lru_cache
def fitted(covariance_type, kind):
    """Fitted to the last digit; do not change it."""
    return bayesian(covariance_type, kind, tol=0.0, max_iter=3000).fit(clusters(0))


def steps(X, covariance_type, kind, sample_weight=None, **arguments):
    """Thirty steps, where every bit is the same from the first one on."""
    model = bayesian(covariance_type, kind, tol=0.0, max_iter=30, **arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, sample_weight=sample_weight)


def same_bits(model, reference):
    for name in POSTERIOR:
        np.testing.assert_array_equal(getattr(model, name), getattr(reference, name))
    np.testing.assert_array_equal(
        model.weight_concentration_, reference.weight_concentration_
    )


@pytest.mark.slow
@every_kind
@every_type
@pytest.mark.parametrize("seed", range(2))
def test_components_that_are_not_needed_are_emptied(seed, covariance_type, kind):
    rng = np.random.default_rng(seed)
    centers = 10 * rng.standard_normal((3, 2))
    X = centers[rng.integers(3, size=600)] + rng.standard_normal((600, 2))
    model = bayesian(covariance_type, kind, 8, weight_concentration_prior=1e-3).fit(X)
    assert (model.weights_ > 0.02).sum() == 3
    assert abs(model.weights_.sum() - 1) < 1e-12
    distances = np.linalg.norm(centers[:, None] - model.means_, axis=2).min(axis=1)
    assert distances.max() < 0.5


def test_a_larger_concentration_keeps_more_components():
    X = clusters(3, n_samples=200)
    few, many = (
        bayesian("full", KINDS[1], 8, weight_concentration_prior=c).fit(X).weights_
        for c in (1e-4, 1e4)
    )
    assert (few > 0.02).sum() < (many > 0.02).sum()


@every_kind
@every_type
def test_bounds_never_fall_and_belong_to_the_posterior(covariance_type, kind):
    model = fitted(covariance_type, kind)
    assert model.converged_
    gains = np.diff(model.lower_bounds_)
    assert (gains >= -1e-10 * abs(model.lower_bound_)).all()
    assert model.lower_bound_ == model.lower_bounds_[-1]
    again = bayesian(covariance_type, kind, tol=0.0, warm_start=True)
    again.__dict__.update(model.__dict__ | {"warm_start": True, "max_iter": 0})
    again.fit(clusters(0))
    np.testing.assert_allclose(again.lower_bound_, model.lower_bound_, rtol=1e-12)


@pytest.mark.slow
@every_kind
@every_type
def test_an_exact_shift_changes_the_means_only(covariance_type, kind):
    X = on_a_grid(clusters(1))
    reference = steps(X, covariance_type, kind, mean_prior=X[0])
    for offset in (2.0**10, -(2.0**30)):
        model = steps(X + offset, covariance_type, kind, mean_prior=X[0] + offset)
        same_bits(model, reference)
        np.testing.assert_array_equal(model.covariances_, reference.covariances_)
        error = np.abs(model.means_ - offset - reference.means_).max()
        assert error <= np.spacing(abs(offset))
        assert model.lower_bound_ == reference.lower_bound_


@every_kind
@every_type
def test_columns_in_other_binary_units_give_the_same_bits(covariance_type, kind):
    X = clusters(2)
    powers = np.array([2.0**-30, 2.0**40, 2.0**7])
    if covariance_type == "spherical":
        powers = np.full(3, 2.0**-30)
    model = steps(X * powers, covariance_type, kind)
    reference = steps(X, covariance_type, kind)
    same_bits(model, reference)
    np.testing.assert_array_equal(model.means_, reference.means_ * powers)
    np.testing.assert_array_equal(model.mean_prior_, reference.mean_prior_ * powers)
    volume = len(X) * np.log(powers).sum()
    np.testing.assert_allclose(model.lower_bound_, reference.lower_bound_ - volume)
    np.testing.assert_array_equal(model.predict(X * powers), reference.predict(X))
    for method in ("score_samples", "predictive_log_density"):
        expected = getattr(reference, method)(X) - np.log(powers).sum()
        np.testing.assert_allclose(getattr(model, method)(X * powers), expected)


@every_type
def test_given_priors_are_in_the_units_of_the_data(covariance_type):
    X, unit = clusters(4), 1000.0
    covariance = {"full": np.eye(3), "tied": np.eye(3), "diag": np.ones(3)}
    prior = covariance.get(covariance_type, 1.0)
    small, large = (
        bayesian(
            covariance_type,
            mean_prior=np.array([1.0, 2.0, 3.0]) * u,
            covariance_prior=prior * u**2,
            tol=1e-9,
        ).fit(X * u)
        for u in (1.0, unit)
    )
    shift = len(X) * 3 * np.log(unit)
    np.testing.assert_allclose(small.lower_bound_, large.lower_bound_ + shift)
    np.testing.assert_allclose(large.mean_prior_, np.array([1.0, 2, 3]) * unit)
    np.testing.assert_allclose(large.covariance_prior_, prior * unit**2)
    np.testing.assert_allclose(small.weights_, large.weights_, atol=1e-5)


@every_kind
@every_type
def test_the_order_of_rows_is_immaterial(covariance_type, kind):
    X, reference = clusters(0), fitted(covariance_type, kind)
    order = np.random.default_rng(0).permutation(len(X))
    model = bayesian(covariance_type, kind, tol=0.0, max_iter=3000).fit(X[order])
    np.testing.assert_allclose(model.lower_bound_, reference.lower_bound_, rtol=1e-10)
    np.testing.assert_allclose(model.means_, reference.means_, atol=1e-4)


@every_kind
@every_type
def test_a_row_twice_is_a_weight_of_two(covariance_type, kind):
    X = clusters(0)
    counts = np.random.default_rng(0).integers(0, 4, size=len(X))
    X[counts == 0] = 1e6  # would be seen
    repeated = np.repeat(X, counts, axis=0)
    model = steps(X, covariance_type, kind, counts, acceleration=None)
    reference = steps(repeated, covariance_type, kind, acceleration=None)
    np.testing.assert_allclose(model.lower_bound_, reference.lower_bound_, rtol=1e-10)
    for name in (*POSTERIOR, "mean_prior_", "covariance_prior_"):
        np.testing.assert_allclose(
            getattr(model, name), getattr(reference, name), rtol=1e-6, atol=1e-9
        )
    assert model.n_samples_fit_ == counts.sum()
    assert len(model.labels_) == len(X)


def test_acceleration_saves_two_thirds_of_the_steps_where_they_are_slow():
    X = clusters(5, n_samples=1000, spread=1.0)
    plain, fast = (
        bayesian(
            n_components=3,
            init_params="kmeans",
            acceleration=how,
            tol=1e-6,
            max_iter=20_000,
        ).fit(X)
        for how in (None, "auto")
    )
    assert fast.n_iter_ < plain.n_iter_ / 3
    assert abs(fast.lower_bound_ - plain.lower_bound_) < 1e-4


@every_kind
@every_type
def test_the_predictive_density_lies_above_the_expected_one(covariance_type, kind):
    model = fitted(covariance_type, kind)
    X = np.vstack([clusters(7), 30 * clusters(8)])
    gain = model.predictive_log_density(X) - model.score_samples(X)
    assert (gain > 0).all()
    assert gain[240:].mean() > 5  # tails of a t, far out


@every_kind
@every_type
def test_the_predictive_density_integrates_to_one(covariance_type, kind):
    X = clusters(0, n_features=1)
    model = bayesian(covariance_type, kind).fit(X)
    angle = (np.arange(200_000) + 0.5) / 200_000 * np.pi - np.pi / 2
    x = 5 * np.tan(angle)
    jacobian = 5 / np.cos(angle) ** 2 * np.pi / len(angle)
    log_density = model.predictive_log_density(x[:, None])
    np.testing.assert_allclose(np.exp(log_density) @ jacobian, 1.0, atol=1e-4)


@every_type
def test_much_data_agree_with_maximum_likelihood(covariance_type):
    X = clusters(6, n_samples=300, spread=6.0)
    weights = np.full(len(X), 1e8)
    plain = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    model = bayesian(covariance_type, KINDS[1], 3, init_params=plain.predict_proba(X))
    model.fit(X, sample_weight=weights)
    np.testing.assert_allclose(model.weights_, plain.weights_, atol=1e-4)
    np.testing.assert_allclose(model.means_, plain.means_, atol=1e-3)
    np.testing.assert_allclose(model.covariances_, plain.covariances_, atol=1e-2)
    np.testing.assert_allclose(model.score_samples(X), plain.score_samples(X), atol=0.1)


def test_a_warm_start_goes_on_where_the_fit_ended():
    X = clusters(5, spread=1.0)
    model = bayesian(warm_start=True, init_params="kmeans", max_iter=4, tol=0.0)
    bounds = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(5):
            bounds += model.fit(X).lower_bounds_
        whole = bayesian(init_params="kmeans", max_iter=20, tol=0.0).fit(X)
    np.testing.assert_allclose(bounds, whole.lower_bounds_, rtol=1e-11)


@pytest.mark.parametrize(
    "change",
    [
        {"n_components": 4},
        {"covariance_type": "diag"},
        {"weight_concentration_prior_type": KINDS[1]},
    ],
    ids=str,
)
def test_a_warm_start_of_another_model_is_refused(change):
    model = bayesian(warm_start=True).fit(clusters(0))
    model.set_params(**change)
    with pytest.raises(ValueError, match="Set warm_start=False to start anew"):
        model.fit(clusters(0))


@pytest.mark.parametrize("steps_before", [0, 3])
def test_an_interrupted_fit_returns_the_best_so_far(monkeypatch, steps_before):
    X, calls = clusters(5, spread=1.0), []
    m_step = VariationalMixture.m_step

    def interrupted(self, params, statistics):
        calls.append(1)
        if len(calls) == steps_before + 2:  # the first is the start
            raise KeyboardInterrupt
        return m_step(self, params, statistics)

    monkeypatch.setattr(VariationalMixture, "m_step", interrupted)
    with pytest.warns(ConvergenceWarning, match="Interrupted"):
        model = bayesian(n_init=3, init_params="kmeans", acceleration=None).fit(X)
    assert not model.converged_
    assert len(model.lower_bounds_) == max(steps_before, 1)
    assert np.isfinite(model.score(X))


@pytest.mark.parametrize("steps_before", [5, 200])
def test_an_interrupted_search_for_a_start_returns_a_fit(monkeypatch, steps_before):
    X, calls = clusters(5, spread=1.0), []
    m_step = VariationalMixture.m_step

    def interrupted(self, params, statistics):
        calls.append(1)
        if len(calls) == steps_before:
            raise KeyboardInterrupt
        return m_step(self, params, statistics)

    monkeypatch.setattr(VariationalMixture, "m_step", interrupted)
    with pytest.warns(ConvergenceWarning, match="Interrupted"):
        model = bayesian(n_init=3).fit(X)
    assert len(calls) == steps_before
    assert np.isfinite(model.score(X))


@pytest.mark.slow
def test_the_automatic_start_finds_the_best_that_is_known():
    """From each of ten seeds what the best of many k-means starts does not exceed."""
    X = load_dataset("iris").values
    bounds = [
        bayesian(n_components=8, random_state=s).fit(X).lower_bound_ for s in range(10)
    ]
    many = bayesian(n_components=8, init_params="kmeans", n_init=30).fit(X)
    assert min(bounds) > many.lower_bound_ - 0.05
    assert max(bounds) - min(bounds) < 0.05


def test_an_interruption_before_anything_is_known_is_passed_on(monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(VariationalMixture, "from_responsibilities", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bayesian().fit(clusters(0))


def test_the_best_of_several_starts_is_kept():
    X = clusters(9, n_components=5, spread=3.0)
    single = [
        bayesian(init_params="random", random_state=s).fit(X).lower_bound_
        for s in range(6)
    ]
    best = bayesian(init_params="random", n_init=30).fit(X).lower_bound_
    assert best >= max(single) - 0.1
    assert best > min(single)


@pytest.mark.parametrize(
    "start",
    ["auto", "kmeans", "k-means++", "random", "random_from_data", "callable", "labels"],
)
@every_kind
def test_every_start_works(start, kind):
    X = clusters(0)
    labels = np.arange(len(X)) % 5

    def make(rows, n_components, rng):
        assert rows.shape == X.shape
        return rng.dirichlet(np.ones(n_components), size=len(rows))

    made = {"callable": make, "labels": labels}.get(start, start)
    model = bayesian("full", kind, init_params=made).fit(X)
    assert model.converged_
    assert np.isfinite(model.lower_bound_)


CASES = {
    "constant column": (lambda X: np.c_[X, np.full(len(X), 7.25)], "Column 3 is the"),
    "constant": (lambda X: np.full((20, 2), 3.0), "Columns 0, 1 are the same"),
    "zeros": (lambda X: np.zeros((20, 2)), "Columns 0, 1 are the same"),
    "collinear": (lambda X: np.c_[X, X[:, 0] - 2 * X[:, 1]], "linearly dependent"),
    "duplicated": (lambda X: np.repeat(X[:4], 25, axis=0), ""),
    "wide": (lambda X: clusters(0, n_samples=6, n_features=10), ""),
    "outlier": (lambda X: np.vstack([X, np.full((1, 3), 1e6)]), ""),
    "far outlier": (lambda X: np.vstack([X, np.full((1, 3), 1e150)]), ""),
    "tiny": (lambda X: X * 1e-140, ""),
    "huge": (lambda X: X * 1e140, ""),
}


@pytest.mark.parametrize("unit", [2.0**-996, 2.0**996])
@every_type
def test_only_covariances_leave_the_range_of_doubles(covariance_type, unit):
    X = clusters(0)
    with pytest.warns(DegenerateDataWarning, match="so small or large"):
        model = bayesian(covariance_type).fit(X * unit)
    plain = bayesian(covariance_type).fit(X)
    np.testing.assert_array_equal(model.predict(X * unit), plain.predict(X))
    for method in ("score_samples", "predictive_log_density"):
        expected = getattr(plain, method)(X) - 3 * np.log(unit)
        np.testing.assert_allclose(getattr(model, method)(X * unit), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@every_kind
@every_type
def test_awkward_data_give_finite_answers_and_a_warning(covariance_type, kind, name):
    make, words = CASES[name]
    X = make(clusters(0))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        model = bayesian(covariance_type, kind, n_components=3).fit(X)
    said = [str(w.message) for w in heard if w.category is DegenerateDataWarning]
    assert {w.category for w in heard} <= {DegenerateDataWarning, ConvergenceWarning}
    uses_correlation = covariance_type in ("full", "tied")
    if words and ("dependent" not in words or uses_correlation):
        assert any(words in message for message in said), said
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        assert np.isfinite(getattr(model, name)).all(), name
    assert np.isfinite(model.score_samples(X)).all()
    assert np.isfinite(model.predictive_log_density(X)).all()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0, rtol=1e-12)


def test_one_row():
    with pytest.warns(DegenerateDataWarning):
        model = bayesian(n_components=1).fit([[3.0, -4.0]])
    np.testing.assert_array_equal(model.means_, [[3.0, -4.0]])


def test_sound_data_are_not_warned_of():
    bayesian().fit(clusters(0) * 1e-12)


BAD = [
    ({"n_components": 0}, "n_components"),
    ({"tol": -1.0}, "tol"),
    ({"reg_covar": -1.0}, "reg_covar"),
    ({"init_params": "clever"}, "init_params"),
    ({"weight_concentration_prior_type": "flat"}, "weight_concentration_prior_type"),
    ({"weight_concentration_prior": 0}, "weight_concentration_prior"),
    ({"mean_precision_prior": -2.0}, "mean_precision_prior"),
    ({"degrees_of_freedom_prior": 0.0}, "degrees_of_freedom_prior"),
    ({"degrees_of_freedom_prior": 2.0}, "greater than 2, but got 2.000"),
    ({"mean_prior": [1.0, 2.0]}, r"mean_prior.*\(3,\).*\(2,\)"),
    ({"mean_prior": [1.0, 2.0, np.nan]}, "mean_prior"),
    ({"covariance_prior": np.eye(2)}, r"full covariance_prior.*\(3, 3\).*\(2, 2\)"),
    ({"covariance_prior": -np.eye(3)}, "positive definite"),
    ({"covariance_prior": np.triu(np.ones((3, 3))) + np.eye(3)}, "symmetric"),
    (
        {"covariance_type": "diag", "covariance_prior": [1.0, -1.0, 1.0]},
        "all entries positive",
    ),
    ({"covariance_type": "spherical", "covariance_prior": -1.0}, "positive"),
    ({"covariance_type": "round"}, "covariance_type"),
    ({"acceleration": "warp"}, "acceleration"),
    ({"n_jobs": 0}, "n_jobs"),
]


@pytest.mark.parametrize("arguments, words", BAD, ids=lambda value: str(value)[:40])
def test_bad_arguments_are_named(arguments, words):
    settings = {"covariance_type": "full", **arguments}
    model = BayesianGaussianMixture(random_state=0).set_params(**settings)
    with pytest.raises(ValueError, match=words):
        model.fit(clusters(0))


def test_too_few_rows():
    with pytest.raises(ValueError, match="n_components = 5, n_samples = 2"):
        bayesian().fit(clusters(0)[:2])


@pytest.mark.parametrize("name", ["bic", "aic", "from_parameters"])
def test_there_is_no_maximum_likelihood(name):
    assert not hasattr(fitted("full", KINDS[0]), name)


@every_kind
@every_type
def test_samples_are_labelled_and_follow_the_expected_mixture(covariance_type, kind):
    model = fitted(covariance_type, kind)
    X, labels = model.sample(20_000, random_state=1)
    shares = np.bincount(labels, minlength=5) / len(X)
    np.testing.assert_allclose(shares, model.weights_, atol=0.02)
    mean = model.weights_ @ model.means_
    np.testing.assert_allclose(X.mean(axis=0), mean, atol=0.15)


def test_same_seed_same_bits_for_any_number_of_threads():
    X = clusters(0, n_samples=60_000)
    models = [bayesian(n_jobs=n, max_iter=5, tol=0.0) for n in (1, 1, 2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fits = [model.fit(X) for model in models]
    for model in fits[1:]:
        same_bits(model, fits[0])
        np.testing.assert_array_equal(model.means_, fits[0].means_)


def test_a_pickled_model_scores_the_same():
    model = fitted("full", KINDS[0])
    again = pickle.loads(pickle.dumps(model))
    X = clusters(1)
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))


def test_memory_above_the_data_is_blocks_and_not_rows_by_components():
    X = clusters(0, n_samples=200_000, n_features=2, n_components=20)
    start = bayesian(n_components=20, init_params="random_from_data", max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start.fit(X[:30_000])  # loads what has to be loaded
        tracemalloc.start()
        try:
            start.fit(X).predictive_log_density(X)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 20 * 2**20 < 200_000 * 20 * 8
