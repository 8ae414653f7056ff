"""Noise, priors, trimming, bounds and fixed parts in `GaussianMixture`."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from checks import close, never_falls, same
from mixtura import (
    GaussianMixture,
    MixtureDisplay,
    load_dataset,
    standard_errors,
)
from mixtura.estimators.structures import STRUCTURES
from mixtura.exceptions import DegenerateDataWarning
from mixtura.families.gaussian import Gaussian
from mixtura.priors import ConjugatePrior

TYPES = ("full", "tied", "diag", "spherical")
ALL_CODES = [code for code in STRUCTURES if code.isupper()]
EVERY = pytest.mark.parametrize("covariance_type", TYPES)
SEEDS = pytest.mark.parametrize("seed", range(2))
CENTRES = np.array([[0.0, 0.0], [6.0, 6.0], [-6.0, 6.0]])


def contaminated(seed, n=400, share=0.2):
    """Three clusters, and rows that are uniform in a box (label -1)."""
    rng = np.random.default_rng(seed)
    n_noise = round(n * share)
    labels = np.append(rng.integers(3, size=n - n_noise), np.full(n_noise, -1))
    X = CENTRES[labels] + rng.standard_normal((n, 2)) * [1.0, 0.7]
    X[labels == -1] = rng.uniform(-20, 20, (n_noise, 2))
    return X, labels


def near(means, wanted=CENTRES):
    """The largest distance of a wanted mean from the nearest one found."""
    distances = np.linalg.norm(wanted[:, None] - means, axis=2)
    return distances.min(axis=1).max()


@SEEDS
@EVERY
def test_noise_takes_its_share_and_leaves_the_clusters_alone(covariance_type, seed):
    X, labels = contaminated(seed)
    model = GaussianMixture(
        3, covariance_type=covariance_type, noise="hull", random_state=seed
    ).fit(X)
    assert abs(model.noise_weight_ - 0.2) < 4 * np.sqrt(0.2 * 0.8 / len(X))
    assert near(model.means_) < 0.3
    assert ((model.labels_ == -1) == (labels == -1)).mean() > 0.95
    plain = GaussianMixture(3, covariance_type=covariance_type, random_state=seed)
    assert near(plain.fit(X).means_) > near(model.means_)


def test_methods_know_of_the_noise():
    X, _ = contaminated(0)
    model = GaussianMixture(3, noise="hull", random_state=0).fit(X)
    close(model.weights_.sum() + model.noise_weight_, 1.0, 1e-14)
    shares = model.predict_proba(X)
    assert shares.shape == (len(X), 4)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    best = shares.argmax(axis=1)
    assert (model.predict(X) == np.where(best == 3, -1, best)).all()
    assert (model.labels_ == model.predict(X)).all()
    inner = Gaussian(model._structure()).log_density(model._params().components, X)
    density = np.exp(inner) @ model.weights_
    volume = np.prod(X.max(axis=0) - X.min(axis=0))
    same(model.score_samples(X), np.log(density + model.noise_weight_ / volume), 1e-10)
    close(model.score_samples(X).sum(), model.log_likelihood_, 1e-10)
    close(model.lower_bound_ * len(X), model.log_likelihood_, 1e-10)
    close(model.bic(X), -2 * model.log_likelihood_ + 18 * np.log(len(X)), 1e-10)
    assert np.isfinite(model.icl(X))
    copy = pickle.loads(pickle.dumps(model))
    assert (copy.predict(X) == model.predict(X)).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_a_guess_of_the_noise_is_one_step_from_the_fit(weighted):
    X, _ = contaminated(0)
    weights = np.arange(len(X)) % 3.0 if weighted else None
    model = GaussianMixture(3, noise="hull", random_state=0).fit(X, None, weights)
    shares = model.predict_proba(X)
    again = clone(model).set_params(init_params=shares).fit(X, None, weights)
    close(again.lower_bounds_[0], model.lower_bound_, 1e-6)
    same(again.means_, model.means_, 1e-3)
    close(again.noise_weight_, model.noise_weight_, 1e-3)
    with pytest.raises(ValueError, match="should have the shape of"):
        GaussianMixture(3, init_params=shares).fit(X)


def test_components_that_noise_has_swallowed_are_warned_of():
    X = np.random.default_rng(0).uniform(0, 100, size=(200, 2))
    shares = np.column_stack([np.full((200, 2), 5e-4), np.full(200, 0.999)])
    model = GaussianMixture(2, noise="hull", prior="default", init_params=shares)
    with pytest.warns(DegenerateDataWarning, match="All rows are noise"):
        model.fit(X)
    assert model.noise_weight_ > 0.99


def test_noise_is_drawn_from_its_box_if_there_is_one():
    X, _ = contaminated(0)
    model = GaussianMixture(3, noise="hull", random_state=0).fit(X)
    drawn, labels = model.sample(3000, random_state=1)
    noise = drawn[labels == -1]
    assert abs(len(noise) / 3000 - model.noise_weight_) < 0.03
    assert (noise >= X.min(axis=0)).all() and (noise <= X.max(axis=0)).all()
    again = GaussianMixture(3, noise="hull", random_state=0).fit(drawn)
    assert abs(again.noise_weight_ - model.noise_weight_) < 0.03
    volume = GaussianMixture(3, noise=1600.0, random_state=0).fit(X)
    with pytest.raises(ValueError, match="cannot be drawn"):
        volume.sample(1)


def test_the_volume_of_the_hull_and_the_hull_are_the_same():
    X, _ = contaminated(1)
    volume = np.prod(X.max(axis=0) - X.min(axis=0))
    hull, number = (
        GaussianMixture(3, noise=noise, random_state=0).fit(X)
        for noise in ("hull", float(volume))
    )
    close(hull.log_likelihood_, number.log_likelihood_, 1e-12)
    assert (hull.labels_ == number.labels_).all()


@SEEDS
@EVERY
def test_outliers_at_a_million_are_trimmed(covariance_type, seed):
    X, labels = contaminated(seed, share=0.05)
    outside = labels == -1
    X[outside] = 1e6 * np.sign(X[outside])
    model = GaussianMixture(
        3, covariance_type=covariance_type, trim=0.05, random_state=seed
    ).fit(X)
    assert near(model.means_) < 0.3
    assert ((model.labels_ == -1) == outside).all()
    assert (model.predict(X) == model.labels_).all()
    kept = model.score_samples(X)[~outside].sum()
    close(model.log_likelihood_, kept, 1e-10)
    close(model.lower_bound_ * (~outside).sum(), kept, 1e-10)
    assert kept / 380 > -6


def test_trimming_counts_weights():
    X, labels = contaminated(2, share=0.1)
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 4, size=len(X))
    settings = {"trim": 0.15, "init_params": np.maximum(labels, 0), "tol": 1e-9}
    weighted = GaussianMixture(3, **settings).fit(X, sample_weight=counts)
    settings["init_params"] = np.repeat(np.maximum(labels, 0), counts)
    repeated = GaussianMixture(3, **settings).fit(np.repeat(X, counts, axis=0))
    same(weighted.means_, repeated.means_, 1e-6)
    close(weighted.log_likelihood_, repeated.log_likelihood_, 1e-9)
    close(weighted.trim_threshold_, repeated.trim_threshold_, 1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"noise": "hull"},
        {"trim": 0.1},
        {"trim": 0.1, "algorithm": "hard"},
        {"prior": "default"},
        {"max_eigenvalue_ratio": 4.0},
        {"noise": "hull", "trim": 0.05, "prior": "default"},
        {"noise": "hull", "prior": "default", "max_eigenvalue_ratio": 4.0},
    ],
    ids=str,
)
def test_the_objective_never_falls(settings):
    X, labels = contaminated(3)
    model = GaussianMixture(
        3, init_params=np.maximum(labels, 0), random_state=0, tol=1e-9, **settings
    ).fit(X)
    assert len(model.lower_bounds_) > 2
    never_falls(model.lower_bounds_, 1.0)
    assert model.converged_


@pytest.mark.parametrize("factor", [1.0, 2.0**20, 2.0**-20])
@EVERY
def test_the_bound_is_likelihood_and_prior_in_the_users_units(covariance_type, factor):
    X, _ = contaminated(4, share=0.0)
    X = factor * X + 3
    model = GaussianMixture(
        3, covariance_type=covariance_type, prior="default", random_state=0
    ).fit(X)
    close(model.score_samples(X).sum(), model.log_likelihood_, 1e-9)
    family = Gaussian(model._structure())
    prior = model.prior_.log_density(family, model._params().components)
    close(model.lower_bound_ * len(X), model.log_likelihood_ + prior, 1e-9)


def test_a_prior_prevents_collapse():
    X = np.repeat([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]], 5, axis=0)
    model = GaussianMixture(3, prior="default", random_state=0).fit(X)
    assert np.linalg.eigvalsh(model.covariances_).min() > 1e-3
    assert model.converged_


def test_the_default_prior_is_near_mclust_on_old_faithful():
    """With priorControl() mclust's VVV, 2 is a little below maximum likelihood."""
    X = load_dataset("old-faithful").values
    plain, shrunk = (
        GaussianMixture(2, prior=prior, random_state=0).fit(X)
        for prior in (None, "default")
    )
    loss = plain.log_likelihood_ - shrunk.log_likelihood_
    assert 0 < loss < 1.0
    wide = ConjugatePrior(shrinkage=200.0)
    strong = GaussianMixture(2, prior=wide, random_state=0).fit(X)
    assert strong.log_likelihood_ < shrunk.log_likelihood_
    assert np.ptp(strong.means_[:, 1]) < np.ptp(shrunk.means_[:, 1])


@pytest.mark.parametrize("code", ALL_CODES)
def test_every_structure_has_a_prior_and_its_objective_never_falls(code):
    X, labels = contaminated(4, share=0.0)
    X = 100.0 * X[:, :1] if len(code) == 1 else X * [1.0, 20.0]
    model = GaussianMixture(
        3,
        covariance_type=code,
        prior=ConjugatePrior(shrinkage=0.2, dof=8.0),
        init_params=(labels + np.arange(len(X)) % 2) % 3,
    ).fit(X)
    never_falls(model.lower_bounds_, 1.0)
    assert model.converged_ and len(model.lower_bounds_) > 2
    prior = model.prior_.log_density(
        Gaussian(model._structure()), model._params().components
    )
    close(model.lower_bound_ * len(X), model.log_likelihood_ + prior, 1e-9)


def test_factors_have_no_prior_and_what_cannot_be_truncated_no_bound():
    X = np.random.default_rng(0).normal(size=(60, 4))
    with pytest.raises(ValueError, match="any covariance structure but factors"):
        GaussianMixture(2, covariance_type="factors:1", prior="default").fit(X)
    for code in ("VEI", "EVI", "VEE", "EVE", "VVE", "VEV", "EVV"):
        model = GaussianMixture(2, covariance_type=code, max_eigenvalue_ratio=5.0)
        with pytest.raises(ValueError, match="for which the maximum is known; got"):
            model.fit(X)


@pytest.mark.parametrize("code", ["EII", "EEI", "EEE", "EEV", "VII", "VVI", "VVV"])
def test_the_bound_keeps_what_a_structure_shares(code):
    X, _ = contaminated(5, share=0.0)
    X = X * [1.0, 30.0]
    model = GaussianMixture(
        3, covariance_type=code, max_eigenvalue_ratio=6.0, random_state=0
    ).fit(X)
    matrices = model._structure().to_full(model.covariances_, 3, 2)
    eigenvalues = np.linalg.eigvalsh(matrices)
    assert eigenvalues.max() <= 6 * eigenvalues.min() * (1 + 1e-9)
    if code[0] == "E":
        np.testing.assert_allclose(eigenvalues, eigenvalues[[0, 0, 0]], rtol=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 3.0, 50.0])
def test_the_ratio_of_eigenvalues_is_bounded_in_the_users_units(ratio):
    X, _ = contaminated(5, share=0.0)
    X = X * [1.0, 100.0]
    model = GaussianMixture(3, max_eigenvalue_ratio=ratio, random_state=0).fit(X)
    eigenvalues = np.linalg.eigvalsh(model.covariances_)
    assert eigenvalues.max() <= ratio * eigenvalues.min() * (1 + 1e-9)


def test_fixed_parts_are_the_given_numbers_to_the_bit():
    X, _ = contaminated(6, share=0.0)
    precisions = np.tile(np.diag([0.9, 2.1]), (3, 1, 1))
    model = GaussianMixture(
        3,
        means_init=CENTRES + 0.1,
        weights_init=[0.2, 0.5, 0.3],
        precisions_init=precisions,
        fixed={"means": [2, 0], "weights": [0], "covariances": [1]},
    ).fit(X)
    assert (model.means_[[0, 2]] == CENTRES[[0, 2]] + 0.1).all()
    assert model.weights_[0] == 0.2
    close(model.covariances_[1].diagonal(), 1 / np.array([0.9, 2.1]), 1e-14)
    assert (model.means_[1] != CENTRES[1] + 0.1).all()
    free = 17
    close(
        model.bic(X),
        -2 * model.score_samples(X).sum() + (free - 4 - 1 - 3) * np.log(400),
        1e-12,
    )


def test_one_weight_left_free_is_not_free():
    X, _ = contaminated(6, share=0.0)
    model = GaussianMixture(
        3, weights_init=[0.2, 0.5, 0.3], means_init=CENTRES, fixed={"weights": [0, 1]}
    ).fit(X)
    same(model.weights_, np.array([0.2, 0.5, 0.3]), 1e-15)
    all_fixed = clone(model).set_params(fixed={"weights": [0, 1, 2]}).fit(X)
    close(all_fixed.bic(X), model.bic(X), 1e-12)


def test_a_plain_fit_after_a_robust_one_forgets_it():
    X, _ = contaminated(7)
    model = GaussianMixture(3, noise="hull", trim=0.1, random_state=0).fit(X)
    assert (model.labels_ == -1).any()
    model.set_params(noise=None, trim=0.0).fit(X)
    again = GaussianMixture(3, random_state=0).fit(X)
    assert (model.labels_ == again.labels_).all()
    assert model.predict_proba(X).shape == (len(X), 3)
    assert not hasattr(model, "noise_weight_") and not hasattr(model, "trim_threshold_")


def test_a_warm_start_goes_on_with_noise():
    X, _ = contaminated(8)
    model = GaussianMixture(3, noise="hull", warm_start=True, random_state=0).fit(X)
    first = model.log_likelihood_
    assert abs(model.fit(X).log_likelihood_ - first) < 1e-3


def test_known_labels_and_noise_go_together():
    X, labels = contaminated(9)
    some = np.where(np.arange(len(X)) % 5 == 0, labels, -1)
    model = GaussianMixture(3, noise="hull", random_state=0).fit(X, labels=some)
    assert near(model.means_) < 0.3
    assert (model.labels_[some >= 0] == some[some >= 0]).all()


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"noise": "box"}, "'noise' parameter"),
        ({"noise": -1.0}, "'noise' parameter"),
        ({"noise": True}, "'noise' parameter"),
        ({"prior": "mclust"}, "'prior' parameter"),
        ({"trim": 1.0}, "'trim' parameter"),
        ({"trim": -0.1}, "'trim' parameter"),
        ({"max_eigenvalue_ratio": 0.5}, "'max_eigenvalue_ratio' parameter"),
        ({"fixed": ["means"]}, "'fixed' parameter"),
        ({"fixed": {"mean": [0]}}, "'fixed' parameter"),
        ({"fixed": {"means": [3]}}, "0 to 2"),
        ({"fixed": {"means": [0]}}, "means_init; that is None"),
        ({"prior": "default", "reg_covar": 1e-6}, "two ways to regularise"),
        ({"max_eigenvalue_ratio": 5, "reg_covar": 1e-6}, "two ways to regularise"),
        (
            {"noise": 9.0, "fixed": {"weights": [0]}, "weights_init": [0.2, 0.3, 0.5]},
            "only without noise",
        ),
        (
            {
                "covariance_type": "tied",
                "fixed": {"covariances": [0]},
                "precisions_init": np.eye(2),
            },
            "each component has its own",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else str(sorted(value)),
)
def test_what_cannot_be_meant_is_refused(settings, words):
    X, _ = contaminated(0)
    with pytest.raises(ValueError, match=words):
        GaussianMixture(3, random_state=0, **settings).fit(X)


def test_a_box_without_volume_is_refused():
    X, _ = contaminated(0)
    with pytest.raises(ValueError, match="column 1, which is constant"):
        GaussianMixture(3, noise="hull").fit(np.c_[X[:, 0], np.ones(len(X))])


@pytest.mark.parametrize("settings", [{"noise": "hull"}, {"trim": 0.1}], ids=str)
def test_inference_is_refused_rather_than_wrong(settings):
    X, _ = contaminated(0)
    model = GaussianMixture(3, random_state=0, **settings).fit(X)
    with pytest.raises(TypeError, match="no inference for a mixture fitted with"):
        standard_errors(model, X)


def test_a_mixture_with_noise_can_be_drawn():
    X, _ = contaminated(0)
    model = GaussianMixture(3, noise="hull", random_state=0).fit(X)
    display = MixtureDisplay.from_estimator(model, X)
    assert len(display.rows.responsibilities[0]) == 3


@pytest.mark.parametrize("code", ["EII", "VEI", "VVE", "EEV"])
def test_noise_and_trimming_work_for_every_structure(code):
    X, _ = contaminated(1)
    for settings in ({"noise": "hull"}, {"trim": 0.2}):
        model = GaussianMixture(3, covariance_type=code, random_state=0, **settings)
        assert near(model.fit(X).means_) < 0.4


def test_equal_weights_are_equal_beside_noise():
    X, _ = contaminated(2)
    model = GaussianMixture(3, equal_weights=True, noise="hull", random_state=0).fit(X)
    assert np.ptp(model.weights_) == 0
    close(3 * model.weights_[0] + model.noise_weight_, 1.0, 1e-14)
