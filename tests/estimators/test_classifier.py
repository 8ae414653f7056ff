"""Laws of the classifier."""

import pickle
from itertools import product

import numpy as np
import pytest
from mixtures import TYPES, clusters
from scipy.special import log_softmax, logsumexp
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.estimator_checks import parametrize_with_checks

from mixtura import GaussianMixture, GaussianMixtureClassifier, GaussianMixtureSearch
from mixtura.estimators.labelled.temperature import best_temperature
from mixtura.exceptions import DegenerateDataWarning
from mixtura.selection.criteria import Criterion

IRIS, SPECIES = load_iris(return_X_y=True)
WINE, CULTIVAR = load_wine(return_X_y=True)


def two_classes(seed, n_samples=300):
    """Rows of two classes, each of two round clusters at opposite corners."""
    rng = np.random.default_rng(seed)
    corners = 3.0 * np.array([[-1, -1], [1, 1], [-1, 1], [1, -1]])
    corner = rng.integers(4, size=n_samples)
    X = corners[corner] + rng.standard_normal((n_samples, 2))
    return X, np.array(["same", "same", "other", "other"])[corner]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        GaussianMixtureClassifier(),
        GaussianMixtureClassifier((1, 2), covariance_type="spherical"),
        GaussianMixtureClassifier(covariance_type="diag", pooled=False),
        GaussianMixtureClassifier(covariance_type=("tied", "full")),
    ]
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [GaussianMixtureClassifier((1, 2), covariance_type=("tied", "diag"))]
)
def test_scikit_learn_conventions_where_classes_choose(estimator, check):
    check(estimator)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
@pytest.mark.parametrize("X, y", [(IRIS, SPECIES), (WINE, CULTIVAR)])
def test_one_component_a_class_is_discriminant_analysis(X, y, covariance_type):
    ours = GaussianMixtureClassifier(covariance_type=covariance_type).fit(X, y)
    means = np.stack([X[y == c].mean(axis=0) for c in range(3)])
    scatter = np.stack([np.cov(X[y == c].T, ddof=0) for c in range(3)])
    if covariance_type == "tied":
        shares = np.bincount(y) / len(y)
        scatter[:] = np.tensordot(shares, scatter, axes=1)
    if covariance_type == "diag":
        scatter *= np.eye(X.shape[1])
    log_density = np.column_stack(
        [
            multivariate_normal.logpdf(X, m, s)
            for m, s in zip(means, scatter, strict=True)
        ]
    )
    np.testing.assert_allclose(
        ours.class_log_densities(X), log_density, rtol=1e-7, atol=1e-7
    )
    np.testing.assert_allclose(ours.class_prior_, np.bincount(y) / len(y), rtol=1e-12)


@pytest.mark.parametrize(
    "covariance_type, theirs",
    [
        ("full", QuadraticDiscriminantAnalysis()),
        ("tied", LinearDiscriminantAnalysis()),
        ("diag", GaussianNB(var_smoothing=0)),
    ],
)
def test_decisions_are_those_of_scikit_learn(covariance_type, theirs):
    X, y = clusters(0, n_samples=3000), clusters(0, n_samples=3000)[:, 0] > 1
    X = X + np.random.default_rng(1).normal(size=X.shape)
    ours = GaussianMixtureClassifier(covariance_type=covariance_type).fit(X, y)
    theirs.fit(X, y)
    # theirs divide by n - 1 and n - n_classes, ours by n
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=2e-3
    )
    assert (ours.predict(X) == theirs.predict(X)).mean() > 0.999


def test_a_class_by_itself_has_the_mixture_of_its_rows():
    X, y = two_classes(0)
    ours = GaussianMixtureClassifier(2, random_state=0).fit(X, y)
    assert ours.classes_.tolist() == ["other", "same"]
    for c, name in enumerate(ours.classes_):
        alone = GaussianMixture(2, random_state=0).fit(X[y == name])
        np.testing.assert_array_equal(ours.mixtures_[c].means_, alone.means_)
        np.testing.assert_allclose(
            ours.class_log_densities(X)[:, c], alone.score_samples(X)
        )
    assert ours.score(X, y) > 0.97


def test_more_components_find_what_one_cannot():
    X, y = two_classes(1)
    one = GaussianMixtureClassifier(covariance_type="spherical").fit(X, y)
    by_bic = GaussianMixtureClassifier(
        range(1, 5), covariance_type="spherical", random_state=0
    ).fit(X, y)
    assert one.score(X, y) < 0.7
    assert by_bic.n_components_.tolist() == [2, 2]
    assert by_bic.score(X, y) > 0.97


def test_the_numbers_of_components_are_those_of_least_bic_of_all_classes():
    X, y = two_classes(2)
    ours = GaussianMixtureClassifier([1, 2, 3], random_state=0).fit(X, y)
    total = {}
    for sizes in product((1, 2, 3), repeat=2):
        n_components = dict(zip(ours.classes_.tolist(), sizes, strict=True))
        fit = GaussianMixtureClassifier(n_components, random_state=0, pooled=False)
        level = fit.fit(X, y).log_likelihood_
        # two means, three covariances and a weight for each component
        total[sizes] = (6 * sum(sizes) - 2) * np.log(len(X)) - 2 * level
    assert tuple(ours.n_components_) == min(total, key=total.get)


CODES = ["EEI", "VVI", "EEE", "VVV"]


@pytest.mark.parametrize("n_components", [1, [1, 2]])
def test_each_class_chooses_as_a_search_of_its_rows_does(n_components):
    def value(fit):
        return fit.n_parameters * np.log(150) - 2 * fit.log_likelihood

    X = IRIS.copy()
    X[:50] = np.random.default_rng(0).normal(size=(50, 4))
    ours = GaussianMixtureClassifier(
        n_components, covariance_type=CODES, pooled=False, random_state=0
    ).fit(X, SPECIES)
    for c in range(3):
        search = GaussianMixtureSearch(
            n_components,
            covariance_type=CODES,
            criterion=Criterion("of all", "BIC of all rows", value),
            random_state=0,
        ).fit(X[SPECIES == c])
        best = search.best_params_
        assert ours.covariance_types_[c] == best["covariance_type"]
        assert ours.n_components_[c] == best["n_components"]
        np.testing.assert_array_equal(
            ours.class_log_densities(X)[:, c], search.score_samples(X)
        )
    assert ours.covariance_types_[0] == "EEI" != ours.covariance_types_[1]


@pytest.mark.slow
def test_a_class_does_not_choose_components_on_too_few_rows():
    """The best BIC is that of components of two or three rows each."""
    rng = np.random.default_rng(3)
    few = rng.standard_normal((31, 3)) @ rng.standard_normal((3, 3))
    X, y = np.r_[few, few[::-1] + 9], np.repeat([0, 1], 31)
    ours = GaussianMixtureClassifier(
        range(1, 10), covariance_type="VEV", random_state=0
    ).fit(X, y)
    for mixture in ours.mixtures_:
        assert 31 * mixture.weights_.min() > 3.5


def test_a_small_class_beside_a_large_one_stays_simple():
    rng = np.random.default_rng(3)
    X = np.r_[rng.normal(size=(60, 2)), rng.normal(size=(8, 2)) + 3].round(1)
    y = np.repeat([0, 1], [60, 8])
    ours = GaussianMixtureClassifier(range(1, 5), random_state=0).fit(X, y)
    assert ours.n_components_.tolist() == [1, 1]


@pytest.mark.parametrize("share", [0.0, 0.6])
@pytest.mark.parametrize("n_components", [1, 2])
def test_pooled_classes_share_the_structure_of_least_bic(n_components, share):
    y = hidden(SPECIES, share)
    settings = {"pooled": True, "unlabelled": -1, "random_state": 0}
    fits = {
        code: GaussianMixtureClassifier(
            n_components, covariance_type=code, **settings
        ).fit(IRIS, y)
        for code in CODES
    }
    best = min(fits, key=lambda code: fits[code].bic_)
    ours = GaussianMixtureClassifier(n_components, covariance_type=CODES, **settings)
    ours.fit(IRIS, y)
    assert ours.covariance_types_ == [best] * 3
    assert ours.bic_ == fits[best].bic_
    np.testing.assert_array_equal(
        ours.predict_proba(IRIS), fits[best].predict_proba(IRIS)
    )


def test_a_structure_that_collapses_is_chosen_last():
    X, y = clusters(0, n_features=2), np.zeros(240, dtype=int)
    X[:3], y[:3] = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], 1
    with pytest.warns(DegenerateDataWarning):
        worse = GaussianMixtureClassifier(covariance_type="VVV").fit(X, y)
    ours = GaussianMixtureClassifier(covariance_type=["VVV", "EEI"]).fit(X, y)
    assert worse.bic_ < ours.bic_ and ours.covariance_types_ == ["EEI", "EEI"]


def test_all_structures_are_those_of_the_columns():
    settings = {"covariance_type": "all", "random_state": 0}
    one = GaussianMixtureClassifier(**settings).fit(IRIS[:, :1], SPECIES)
    several = GaussianMixtureClassifier(**settings).fit(IRIS, SPECIES)
    assert one.covariance_types_ == ["V"] * 3
    assert several.covariance_types_ == ["VEV"] * 3


def test_a_temperature_is_found_among_structures():
    ours = GaussianMixtureClassifier(
        covariance_type=["VVI", "EEE"], temperature="auto", random_state=0
    ).fit(IRIS, SPECIES)
    theirs = GaussianMixtureClassifier(
        covariance_type="EEE", temperature="auto", random_state=0
    ).fit(IRIS, SPECIES)
    assert ours.covariance_types_ == ["EEE"] * 3
    assert ours.temperature_ == pytest.approx(theirs.temperature_)


def test_a_choice_can_be_cloned_and_pickled():
    ours = GaussianMixtureClassifier(
        [1, 2], covariance_type=["VVI", "VVV"], random_state=0
    ).fit(IRIS, SPECIES)
    copy, again = pickle.loads(pickle.dumps(ours)), clone(ours).fit(IRIS, SPECIES)
    for other in (copy, again):
        assert other.covariance_types_ == ours.covariance_types_
        np.testing.assert_array_equal(
            other.predict_proba(IRIS), ours.predict_proba(IRIS)
        )


def test_classes_may_differ_in_their_components():
    X, y = two_classes(3)
    sizes = {"same": 2, "other": [1, 3]}
    ours = GaussianMixtureClassifier(sizes, random_state=0).fit(X, y)
    assert ours.n_components_[1] == 2 and ours.n_components_[0] in (1, 3)


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("n_components", [1, 2])
def test_probabilities_obey_bayes_rule(n_components, temperature):
    X, y = two_classes(4)
    priors = np.array([0.9, 0.1])
    ours = GaussianMixtureClassifier(
        n_components, priors=priors, temperature=temperature, random_state=0
    ).fit(X, y)
    log_joint = ours.class_log_densities(X) + np.log(priors)
    np.testing.assert_allclose(ours.predict_joint_log_proba(X), log_joint)
    np.testing.assert_allclose(
        ours.predict_log_proba(X), log_softmax(log_joint / temperature, axis=1)
    )
    np.testing.assert_allclose(
        np.log(ours.predict_proba(X)), ours.predict_log_proba(X), atol=1e-12
    )
    np.testing.assert_array_equal(
        ours.predict(X), ours.classes_[log_joint.argmax(axis=1)]
    )
    np.testing.assert_allclose(ours.score_samples(X), logsumexp(log_joint, axis=1))


def test_priors_move_the_border_and_nothing_else():
    X, y = IRIS, SPECIES
    default = GaussianMixtureClassifier().fit(X, y)
    priors = {0: 0.2, 1: 0.7, 2: 0.1}
    ours = GaussianMixtureClassifier(priors=priors).fit(X, y)
    np.testing.assert_allclose(ours.class_prior_, [0.2, 0.7, 0.1])
    np.testing.assert_allclose(
        ours.class_log_densities(X), default.class_log_densities(X), rtol=1e-9
    )
    assert (ours.predict(X) == 1).sum() > (default.predict(X) == 1).sum()


@pytest.mark.parametrize("pooled", [None, False])
def test_a_row_of_weight_two_counts_twice(pooled):
    weights = np.random.default_rng(0).integers(0, 3, size=len(IRIS))
    settings = {"covariance_type": "diag", "pooled": pooled}
    weighted = GaussianMixtureClassifier(**settings).fit(IRIS, SPECIES, weights)
    repeated = GaussianMixtureClassifier(**settings).fit(
        IRIS.repeat(weights, axis=0), SPECIES.repeat(weights)
    )
    np.testing.assert_allclose(
        weighted.predict_joint_log_proba(IRIS),
        repeated.predict_joint_log_proba(IRIS),
        rtol=1e-9,
    )
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_)


@pytest.mark.parametrize("pooled", [None, False])
def test_the_log_likelihood_is_that_of_rows_and_classes(pooled):
    ours = GaussianMixtureClassifier(pooled=pooled).fit(IRIS, SPECIES)
    joint = ours.predict_joint_log_proba(IRIS)
    total = joint[np.arange(len(IRIS)), SPECIES].sum()
    assert ours.log_likelihood_ == pytest.approx(total, rel=1e-9)


def hidden(y, share, seed=0):
    """Labels of which this share is hidden by -1."""
    unknown = np.random.default_rng(seed).random(len(y)) < share
    return np.where(unknown, -1, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("max_iter", [1000, 3])
@pytest.mark.parametrize(
    "covariance_type, n_components, pooled",
    [
        ("full", 1, None),
        ("tied", 1, None),
        ("diag", 2, None),
        ("tied", 2, True),
        ("spherical", {0: 1, 1: 3, 2: 2}, None),
    ],
)
def test_rows_without_a_class_raise_the_likelihood_at_each_iteration(
    covariance_type, n_components, pooled, max_iter
):
    y = hidden(CULTIVAR, 0.7)
    ours = GaussianMixtureClassifier(
        n_components,
        covariance_type=covariance_type,
        pooled=pooled,
        unlabelled=-1,
        max_iter=max_iter,
        random_state=0,
    ).fit(WINE, y)
    assert ours.classes_.tolist() == [0, 1, 2]
    bounds = np.array(ours.lower_bounds_)
    assert len(bounds) > 2 and (np.diff(bounds) >= 0).all()
    joint = ours.predict_joint_log_proba(WINE)
    known = y != -1
    total = joint[known, y[known]].sum() + logsumexp(joint[~known], axis=1).sum()
    assert ours.log_likelihood_ == pytest.approx(total, rel=1e-9)
    assert bounds[-1] * len(WINE) == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("reg_covar", ["auto", 1e-3])
@pytest.mark.parametrize("priors, n_free", [(None, 2), ([0.2, 0.3, 0.5], 0)])
def test_bic_is_that_of_the_likelihood_without_some_classes(priors, n_free, reg_covar):
    y = hidden(SPECIES, 0.6)
    ours = GaussianMixtureClassifier(
        covariance_type="diag", priors=priors, unlabelled=-1, reg_covar=reg_covar
    ).fit(IRIS, y)
    joint, known = ours.predict_joint_log_proba(IRIS), y != -1
    total = joint[known, y[known]].sum() + logsumexp(joint[~known], axis=1).sum()
    # three classes with four means and four variances each
    expected = (24 + n_free) * np.log(150) - 2 * total
    assert ours.bic_ == pytest.approx(expected, abs=1e-6)


def test_a_fit_that_did_not_converge_says_so():
    y = hidden(CULTIVAR, 0.9)
    with pytest.warns(ConvergenceWarning, match=r"did not converge.*Raise max_iter"):
        ours = GaussianMixtureClassifier(
            covariance_type="tied", unlabelled=-1, max_iter=1
        ).fit(WINE, y)
    assert not ours.converged_ and ours.n_iter_ == 1


def test_one_component_a_class_is_a_mixture_with_labels():
    y = hidden(SPECIES, 0.6)
    ours = GaussianMixtureClassifier(unlabelled=-1, tol=1e-10).fit(IRIS, y)
    start = np.stack([IRIS[y == c].mean(axis=0) for c in range(3)])
    mixture = GaussianMixture(3, means_init=start, tol=1e-10).fit(IRIS, labels=y)
    np.testing.assert_allclose(ours.class_prior_, mixture.weights_, atol=1e-5)
    means = np.concatenate([part.means_ for part in ours.mixtures_])
    np.testing.assert_allclose(means, mixture.means_, atol=1e-4)
    assert ours.log_likelihood_ == pytest.approx(mixture.log_likelihood_, abs=1e-4)


def test_rows_without_a_class_help():
    X, y = load_iris(return_X_y=True)
    gains = []
    for seed in range(6):
        part = hidden(y, 0.85, seed)
        few = part != -1
        settings = {"covariance_type": "tied"}
        alone = GaussianMixtureClassifier(**settings).fit(X[few], part[few])
        helped = GaussianMixtureClassifier(unlabelled=-1, **settings).fit(X, part)
        gains.append(helped.score(X[~few], y[~few]) - alone.score(X[~few], y[~few]))
    assert np.mean(gains) > 0


def test_given_priors_hold_among_rows_without_a_class():
    y = hidden(CULTIVAR, 0.5)
    priors = [0.2, 0.5, 0.3]
    ours = GaussianMixtureClassifier(
        2, covariance_type="diag", priors=priors, unlabelled=-1, random_state=0
    ).fit(WINE, y)
    np.testing.assert_allclose(ours.class_prior_, priors, rtol=1e-12)
    assert (np.diff(ours.lower_bounds_) >= 0).all()


def test_labels_may_be_words_and_unlabelled_one_of_them():
    X, y = two_classes(5)
    part = y.copy()
    part[::2] = ""
    ours = GaussianMixtureClassifier(2, unlabelled="", random_state=0).fit(X, part)
    assert ours.classes_.tolist() == ["other", "same"]
    assert ours.score(X, y) > 0.97


NUMBERS, WORDS = SPECIES.tolist(), np.array(["a", "b", "c"])[SPECIES].tolist()


@pytest.mark.parametrize(
    "values, gap, kind",
    [
        (NUMBERS, float("nan"), "i"),
        (NUMBERS, None, "i"),
        (WORDS, None, "U"),
        (WORDS, float("nan"), "U"),
        (WORDS, np.datetime64("NaT"), "U"),
    ],
)
@pytest.mark.parametrize("is_array", [False, True])
def test_missing_values_may_mark_rows_without_a_class(values, gap, kind, is_array):
    marked = hidden(SPECIES, 0.6)
    y = [gap if m == -1 else v for v, m in zip(values, marked, strict=True)]
    if is_array:
        y = np.array(y, dtype=object)
    ours = clone(GaussianMixtureClassifier(unlabelled=np.nan)).fit(IRIS, y)
    theirs = GaussianMixtureClassifier(unlabelled=-1).fit(IRIS, marked)
    assert ours.classes_.tolist() == sorted(set(values))
    assert ours.classes_.dtype.kind == kind
    np.testing.assert_array_equal(ours.predict_proba(IRIS), theirs.predict_proba(IRIS))


@pytest.mark.parametrize("dtype", ["float64", "Int64", "string", "object", "category"])
def test_missing_values_of_data_frames_mark_rows_without_a_class(dtype):
    pd = pytest.importorskip("pandas")
    values = WORDS if dtype in ("string", "category") else NUMBERS
    y = pd.Series(values, dtype=dtype).mask(hidden(SPECIES, 0.6) == -1)
    theirs = GaussianMixtureClassifier(unlabelled=-1).fit(IRIS, hidden(SPECIES, 0.6))
    for marker in (np.nan, pd.NA):
        ours = GaussianMixtureClassifier(unlabelled=marker).fit(IRIS, y)
        np.testing.assert_array_equal(
            ours.predict_proba(IRIS), theirs.predict_proba(IRIS)
        )
    with pytest.raises(ValueError, match=r"not have missing.*unlabelled=np\.nan"):
        GaussianMixtureClassifier().fit(IRIS, y)


@pytest.mark.parametrize("unlabelled", [None, -1])
def test_missing_values_that_mark_nothing_are_refused(unlabelled):
    y = SPECIES.astype(float)
    y[[3, 5]] = np.nan
    with pytest.raises(ValueError, match=r"nan.*first in row 3, 2 in all.*np\.nan"):
        GaussianMixtureClassifier(unlabelled=unlabelled).fit(IRIS, y)


def test_a_missing_value_may_mark_no_row_or_too_many():
    plain = GaussianMixtureClassifier().fit(IRIS, WORDS)
    ours = GaussianMixtureClassifier(unlabelled=np.nan).fit(IRIS, WORDS)
    np.testing.assert_array_equal(ours.predict_proba(IRIS), plain.predict_proba(IRIS))
    with pytest.raises(ValueError, match="class of at least one row; got nan"):
        GaussianMixtureClassifier(unlabelled=np.nan).fit(IRIS, np.full(150, np.nan))


@pytest.mark.parametrize("shift, scale", [(1e6, 1.0), (0.0, 2.0**-8)])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_probabilities_do_not_depend_on_origin_and_units(shift, scale, covariance_type):
    X = np.round(IRIS * 2.0**20) / 2.0**20
    scales = np.full(4, scale)
    if covariance_type != "spherical":
        scales = scale ** np.arange(4)
    settings = {"covariance_type": covariance_type, "random_state": 0}
    for sizes in (1, 2):
        here = GaussianMixtureClassifier(sizes, **settings).fit(X, SPECIES)
        moved = X * scales + shift
        there = GaussianMixtureClassifier(sizes, **settings).fit(moved, SPECIES)
        np.testing.assert_allclose(
            here.predict_proba(X), there.predict_proba(moved), atol=1e-5
        )


def test_a_temperature_makes_held_out_probabilities_honest():
    X, y = load_breast_cancer(return_X_y=True)
    train = np.arange(len(y)) % 2 == 0
    losses, temperatures = [], []
    for temperature in (1.0, "auto"):
        ours = GaussianMixtureClassifier(
            covariance_type="diag", temperature=temperature, random_state=0
        ).fit(X[train], y[train])
        losses.append(log_loss(y[~train], ours.predict_proba(X[~train])))
        temperatures.append(ours.temperature_)
    assert temperatures[0] == 1.0 and temperatures[1] > 2
    assert losses[1] < 0.5 * losses[0]


def test_the_temperature_is_where_the_log_loss_is_least():
    rng = np.random.default_rng(0)
    log_joint = rng.normal(size=(5000, 3)) * 2
    p = np.exp(log_softmax(log_joint, axis=1))
    labels = (p.cumsum(axis=1) < rng.random((5000, 1))).sum(axis=1)
    for factor in (0.25, 1.0, 8.0):
        found = best_temperature(log_joint * factor, labels, np.ones(5000))
        assert found == pytest.approx(factor, rel=0.05)


def test_it_works_inside_scikit_learn_calibration_and_cross_validation():
    X, y = load_breast_cancer(return_X_y=True)
    classifier = GaussianMixtureClassifier(covariance_type="diag")
    calibrated = CalibratedClassifierCV(classifier, method="sigmoid").fit(X, y)
    plain = classifier.fit(X, y)
    assert log_loss(y, calibrated.predict_proba(X)) < log_loss(
        y, plain.predict_proba(X)
    )
    scores = cross_val_score(GaussianMixtureClassifier(covariance_type="tied"), X, y)
    assert scores.mean() > 0.94


def test_a_class_without_spread_is_named():
    X, y = clusters(0), np.zeros(240, dtype=int)
    y[0] = 7
    with pytest.warns(UserWarning, match="Class np.int64\\(7\\)|Class 7"):
        GaussianMixtureClassifier().fit(X, y)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"covariance_type": "round"}, "'covariance_type'.*'round'"),
        ({"covariance_type": ["full", "round"]}, "'covariance_type'.*'round'"),
        ({"covariance_type": []}, "'covariance_type'.*Got None"),
        ({"covariance_type": ["VVV", "V"]}, "'V'.*one column.*n_features = 4"),
        ({"temperature": 0}, "'temperature'.*positive float.*Got 0"),
        ({"temperature": "cold"}, "'temperature'.*Got 'cold'"),
        ({"priors": [0.5, 0.6, 0.1]}, r"positive and sum to 1.*1\.2"),
        ({"priors": [0.5, 0.5]}, r"shape of \(3,\)"),
        ({"priors": {0: 0.5, 1: 0.5}}, "priors.*every class; 2 is missing"),
        ({"n_components": {0: 1, 1: 1}}, "n_components.*every class; 2 is missing"),
        ({"n_components": []}, "must offer a number"),
        ({"n_components": [1, 0]}, "'n_components'.*Got 0"),
        ({"n_components": "two"}, "'n_components'.*Got 'two'"),
        ({"n_components": 51}, "Class 0 has n_samples = 50.*n_components = 51"),
        (
            {"unlabelled": 2, "covariance_type": "tied", "n_components": 2},
            "pooled=True, or one covariance_type of full, diag, spherical; got 'tied'",
        ),
        (
            {"unlabelled": 2, "covariance_type": "all", "n_components": 2},
            "pooled=True, or one covariance_type of .*; got 'EII', 'VII'",
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixtureClassifier(**arguments).fit(IRIS, SPECIES)


def test_no_class_at_all_is_an_error():
    with pytest.raises(ValueError, match=r"class of at least one row.*-1"):
        GaussianMixtureClassifier(unlabelled=-1).fit(IRIS, np.full(150, -1))
    y = np.r_[0, np.ones(149, dtype=int)]
    with (
        pytest.raises(ValueError, match=r"two classes of at least two rows.*1"),
        pytest.warns(UserWarning, match="collapsed"),
    ):
        GaussianMixtureClassifier(temperature="auto").fit(IRIS, y)


def test_one_warning_names_all_classes_that_collapsed():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.standard_normal((8, 2)), 5, axis=0)
    y = np.repeat(np.arange(8), 5)
    with pytest.warns(DegenerateDataWarning) as caught:
        GaussianMixtureClassifier(covariance_type="VVI").fit(X, y)
    told = [str(each.message) for each in caught if "collapsed" in str(each.message)]
    assert len(told) == 1
    assert told[0].startswith("Classes 0, 1, 2, 3, 4 and 3 more: ")
