"""Closed forms, symmetries, and what has no standard error."""

import numpy as np
import pytest
from inference_problems import TYPES, by_name, faithful, fitted, two_groups
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from mixtura import GaussianMixture, load_dataset, standard_errors
from mixtura.estimators.judging.fitted_problem import estimates, layout_of
from mixtura.estimators.structures import STRUCTURES
from mixtura.exceptions import DegenerateDataWarning

METHODS = ("sandwich", "information", "score")


def one_component(X, **arguments):
    return GaussianMixture(1, tol=1e-12, **arguments).fit(X)


def skewed(seed, n_samples=80):
    """Rows that are far from normal, so that the sandwich is not the information."""
    return np.random.default_rng(seed).gamma(2.0, size=(n_samples, 2)) @ [
        [1, 0.4],
        [0, 1],
    ]


def test_one_normal_component_by_information():
    X = skewed(0)
    n, S = len(X), np.cov(X.T, ddof=0)
    errors = standard_errors(one_component(X), X, method="information")
    np.testing.assert_allclose(errors.means[0], np.sqrt(np.diag(S) / n), rtol=1e-9)
    variances = np.diag(S)
    expected = np.sqrt((np.outer(variances, variances) + S**2) / n)
    np.testing.assert_allclose(errors.covariances[0], expected, rtol=1e-9)
    assert errors.covariances[0, 0, 0] == pytest.approx(np.sqrt(2 / n) * S[0, 0])
    assert errors.weights[0] == 0
    np.testing.assert_array_equal(errors.intervals()[0], [1, 1])


def test_one_component_by_sandwich_is_right_whatever_the_distribution():
    X = skewed(1)
    n, d = len(X), X - X.mean(axis=0)
    S = d.T @ d / n
    errors = standard_errors(one_component(X), X)
    np.testing.assert_allclose(errors.means[0], np.sqrt(np.diag(S) / n), rtol=1e-9)
    products = d[:, :, None] * d[:, None, :]
    expected = np.sqrt(((products - S) ** 2).mean(axis=0) / n)
    np.testing.assert_allclose(errors.covariances[0], expected, rtol=1e-9)
    across = (d[:, 0] ** 3).mean() / n
    places = errors.names.index("mean[0, x0]"), errors.names.index("variance[0, x0]")
    assert errors.covariance[places] == pytest.approx(across)


def test_one_spherical_component_pools_the_columns():
    X = skewed(2)
    errors = standard_errors(
        one_component(X, covariance_type="spherical"), X, method="information"
    )
    variance = X.var(axis=0).mean()
    assert errors.covariances[0] == pytest.approx(variance * np.sqrt(2 / X.size))


def test_a_ridge_is_part_of_the_objective():
    X, ridge = skewed(3), 0.5
    d = X - X.mean(axis=0)
    S = d.T @ d / len(X)
    errors = standard_errors(one_component(X, reg_covar=ridge), X)
    products = d[:, :, None] * d[:, None, :]
    expected = np.sqrt(((products - S) ** 2).mean(axis=0) / len(X))
    np.testing.assert_allclose(errors.covariances[0], expected, rtol=1e-7)
    assert errors.remaining < 1e-8


@pytest.mark.parametrize("covariance_type", [*TYPES, "EEV", "VEI"])
def test_nothing_is_left_to_gain_at_a_maximum(covariance_type):
    errors = standard_errors(fitted(2, covariance_type), faithful())
    assert 0 <= errors.remaining < 1e-6
    assert np.isfinite(errors.covariance).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
def test_units_change_standard_errors_as_they_change_estimates(covariance_type, method):
    X, model = faithful(), fitted(2, covariance_type)
    scale, shift = np.array([1e3, 2.0**-5]), np.array([1e4, -50.0])
    moved = GaussianMixture.from_parameters(
        model.weights_,
        model.means_ * scale + shift,
        model._structure().rescale(model.covariances_, scale),
        covariance_type,
    )
    own = standard_errors(model, X, method=method)
    other = standard_errors(moved, X * scale + shift, method=method)
    expected = own.standard_errors * own.layout.scales(scale)
    np.testing.assert_allclose(other.standard_errors, expected, rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_weight_counts_a_row_so_often(method):
    X, model = faithful(), fitted(2)
    counts = np.random.default_rng(0).integers(0, 4, len(X))
    tight = GaussianMixture(2, tol=1e-12, random_state=0).fit(X, sample_weight=counts)
    weighted = standard_errors(tight, X, counts, method=method)
    repeated = standard_errors(tight, np.repeat(X, counts, axis=0), method=method)
    np.testing.assert_allclose(
        weighted.standard_errors, repeated.standard_errors, rtol=1e-7
    )
    twice = standard_errors(model, X, np.full(len(X), 2), method=method)
    once = standard_errors(model, X, method=method)
    np.testing.assert_allclose(
        twice.standard_errors * np.sqrt(2), once.standard_errors, rtol=1e-7
    )


def test_components_that_do_not_touch_have_the_errors_of_their_own_rows():
    rng = np.random.default_rng(4)
    parts = rng.standard_normal((60, 2)), 2 * rng.standard_normal((90, 2)) + 1000
    X = np.concatenate(parts)
    model = GaussianMixture(2, tol=1e-12, random_state=0).fit(X)
    errors, order = standard_errors(model, X), np.argsort(model.means_[:, 0])
    for k, part in zip(order, parts, strict=True):
        alone = standard_errors(one_component(part), part)
        np.testing.assert_allclose(errors.means[k], alone.means[0], rtol=1e-6)
        np.testing.assert_allclose(
            errors.covariances[k], alone.covariances[0], rtol=1e-6
        )
    np.testing.assert_allclose(errors.weights, np.sqrt(0.4 * 0.6 / 150), rtol=1e-6)


def test_intervals_keep_within_bounds_and_grow_with_the_level():
    errors = standard_errors(fitted(3), faithful())
    narrow, wide = errors.intervals(0.5), errors.intervals(0.999)
    assert (wide[:, 0] < narrow[:, 0]).all() and (narrow[:, 1] < wide[:, 1]).all()
    for (lower, upper), parameter in zip(wide, errors.layout.parameters, strict=True):
        assert lower > 0 or parameter.kind in ("mean", "covariance")
        assert upper < 1 or parameter.kind != "weight"
    mean = by_name(errors)["mean[0, x1]"]
    half = 1.959963985 * mean["standard_error"]
    assert mean["upper"] - mean["estimate"] == pytest.approx(half)
    assert mean["estimate"] - mean["lower"] == pytest.approx(half)
    assert str(errors).splitlines()[1].startswith("weight[0]")


def test_components_that_coincide_leave_only_themselves_open():
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.standard_normal(100), rng.standard_normal(80) + 500])[
        :, None
    ]
    left, right = X[:100], X[100:]
    model = GaussianMixture.from_parameters(
        [50 / 180, 50 / 180, 80 / 180],
        [left.mean(0), left.mean(0), right.mean(0)],
        [[[left.var()]], [[left.var()]], [[right.var()]]],
    )
    with pytest.warns(DegenerateDataWarning, match=r"do not determine weight\[0\]"):
        errors = standard_errors(model, X)
    found = dict(zip(errors.names, errors.standard_errors, strict=True))
    open_ = {name for name, error in found.items() if np.isnan(error)}
    assert open_ >= {"weight[0]", "mean[0, x0]", "mean[1, x0]", "variance[1, x0]"}
    assert found["mean[2, x0]"] == pytest.approx(right.std() / np.sqrt(80))
    assert found["weight[2]"] == pytest.approx(np.sqrt(80 * 100 / 180**3))


def test_a_component_without_rows_has_no_standard_errors():
    X = faithful()
    own = fitted(2)
    model = GaussianMixture.from_parameters(
        [*own.weights_, 0.0],
        [*own.means_, [0.0, 0.0]],
        [*own.covariances_, np.eye(2)],
    )
    with pytest.warns(DegenerateDataWarning, match="components 2 have no rows"):
        errors = standard_errors(model, X)
    assert np.isnan(errors.means[2]).all() and np.isnan(errors.weights[2])
    expected = standard_errors(own, X)
    np.testing.assert_allclose(errors.means[:2], expected.means, rtol=1e-6)
    np.testing.assert_allclose(errors.weights[:2], expected.weights, rtol=1e-6)


def test_a_collapsed_component_has_no_standard_errors():
    rng = np.random.default_rng(6)
    X = np.concatenate([rng.standard_normal((50, 1)), np.full((20, 1), 7.0)])
    with pytest.warns(DegenerateDataWarning, match="collapsed"):
        model = GaussianMixture(2, random_state=0).fit(X)
    with pytest.warns(DegenerateDataWarning, match="collapsed onto the floor"):
        errors = standard_errors(model, X)
    sharp = int(np.argmin(model.covariances_[:, 0, 0]))
    assert np.isnan(errors.means[sharp]).all()
    alone = np.sqrt(X[:50].var() / 50)
    assert errors.means[1 - sharp, 0] == pytest.approx(alone, rel=1e-3)


def test_parameters_that_are_no_maximum_are_found_out():
    with pytest.warns(ConvergenceWarning, match="no maximum"):
        standard_errors(fitted(2), faithful()[:150])


def test_known_labels_sharpen_the_weights():
    X, labels = two_groups(7, distance=1.5)
    model = GaussianMixture(2, tol=1e-12, random_state=0).fit(X, labels=labels)
    errors = standard_errors(model, X, labels=labels)
    share = labels.mean()
    np.testing.assert_allclose(
        errors.weights, np.sqrt(share * (1 - share) / len(X)), rtol=1e-6
    )


def test_a_structure_of_many_names_has_one_answer():
    X = faithful()
    names = {"VVV": "full", "VVI": "diag", "VII": "spherical"}
    for code, name in names.items():
        model = fitted(2, name)
        same = GaussianMixture.from_parameters(
            model.weights_, model.means_, model.covariances_, code
        )
        a, b = standard_errors(model, X), standard_errors(same, X)
        np.testing.assert_allclose(a.covariance, b.covariance, rtol=1e-8, atol=1e-12)


def test_equal_weights_have_no_error_and_sharpen_the_rest():
    X, _ = two_groups(8, distance=1.5)
    free, equal = (
        GaussianMixture(2, tol=1e-12, random_state=0, equal_weights=flag).fit(X)
        for flag in (False, True)
    )
    a, b = (standard_errors(m, X, method="information") for m in (free, equal))
    assert (a.weights > 0).all() and (b.weights == 0).all()
    assert b.means.max() < a.means.max()


@pytest.mark.parametrize(
    "option", [{"noise": "hull"}, {"prior": "default"}, {"trim": 0.1}]
)
def test_fits_with_more_to_them_are_refused(option):
    model = GaussianMixture(2, random_state=0, **option).fit(faithful())
    name = next(iter(option))
    with pytest.raises(TypeError, match=f"fitted with {name} but by refits"):
        standard_errors(model, faithful())


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="'method' parameter of standard_errors"):
        standard_errors(fitted(2), faithful(), method="bayes")
    with pytest.raises(TypeError, match=r"must be a fitted mixtura\.GaussianMixture"):
        standard_errors("model", faithful())
    with pytest.raises(NotFittedError):
        standard_errors(GaussianMixture(2), faithful())
    with pytest.raises(ValueError, match="2 features"):
        standard_errors(fitted(2), faithful()[:, :1])
    with pytest.raises(ValueError, match="level must be a probability"):
        standard_errors(fitted(2), faithful()).intervals(95)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_intervals_cover_the_truth_as_often_as_they_say(method):
    truth = GaussianMixture.from_parameters(
        [0.4, 0.6],
        [[0.0, 0.0], [3.0, 1.0]],
        [[[1.0, 0.3], [0.3, 0.5]], [[0.6, -0.2], [-0.2, 1.2]]],
    )
    n_repeats, inside = 200, []
    expected = estimates(truth, layout_of(truth))
    for seed in range(n_repeats):
        X, _ = truth.sample(600, random_state=seed)
        model = GaussianMixture(
            2,
            weights_init=truth.weights_,
            means_init=truth.means_,
            precisions_init=truth.precisions_,
        ).fit(X)
        ends = standard_errors(model, X, method=method).intervals(0.9)
        inside.append((ends[:, 0] < expected) & (expected < ends[:, 1]))
    share = np.mean(inside, axis=0)
    chance = np.sqrt(0.9 * 0.1 / n_repeats)
    assert np.abs(share - 0.9).max() < 4 * chance + 0.02, share


def test_results_show_themselves_as_tables():
    X = load_dataset("old-faithful").values
    model = GaussianMixture(2, random_state=0).fit(X)
    shown = repr(standard_errors(model, X))
    assert shown.splitlines()[0].split()[:2] == ["parameter", "estimate"]
    assert len(shown.splitlines()) == 1 + 12 and "array(" not in shown


CODES = [code for code in STRUCTURES if len(code) == 3]
SEARCHED = {"EVE", "VVE"}


def quick_first(codes):
    """Axes that are found by a search take seconds."""
    return pytest.mark.parametrize(
        "code",
        [
            pytest.param(code, marks=[pytest.mark.slow] * (code in SEARCHED))
            for code in codes
        ],
    )


@quick_first(CODES)
def test_every_structure_has_standard_errors_where_columns_differ_in_size(code):
    """Iris's petals of setosa vary a tenth as much as its sepals do."""
    X = load_dataset("iris").values
    start = np.repeat(np.arange(3), 50)
    model = GaussianMixture(3, covariance_type=code, init_params=start, tol=1e-9).fit(X)
    found = standard_errors(model, X)
    assert np.isfinite([row["standard_error"] for row in found.table()]).all()
    assert found.remaining < 1e-4


@quick_first(["EEV", "VEV", "EVE", "VVE", "VVV"])
def test_turning_the_rows_leaves_the_errors_of_the_weights(code):
    X, start = load_dataset("iris").values, np.repeat(np.arange(3), 50)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    arguments = {"covariance_type": code, "init_params": start, "tol": 1e-10}
    errors = [
        [
            row["standard_error"]
            for row in standard_errors(
                GaussianMixture(3, **arguments).fit(rows), rows
            ).table()[:3]
        ]
        for rows in (X, X @ turn)
    ]
    np.testing.assert_allclose(*errors, rtol=1e-4)


def lone_and_equal_rows(distance=20.0):
    """Twenty rows, one far from them, and three that are equal in column 1."""
    rng = np.random.default_rng(9)
    equal = np.array([[60.0, 5.0], [61.0, 5.0], [62.5, 5.0]])
    return np.concatenate([rng.standard_normal((20, 2)), [[-distance, 1.0]], equal])


def three_of_one_shape(X):
    start = np.repeat([0, 1, 2], [20, 1, 3])
    return GaussianMixture(
        3, covariance_type="tied", init_params=start, tol=1e-12, random_state=0
    ).fit(X)


@pytest.mark.parametrize("distance", [20.0, 4.0])
def test_rows_without_spread_tell_the_sandwich_no_error(distance):
    X = lone_and_equal_rows(distance)
    model = three_of_one_shape(X)
    with pytest.warns(DegenerateDataWarning, match=r"mean\[1, x0\].* no spread"):
        errors = standard_errors(model, X)
    open_ = np.isnan(errors.means)
    np.testing.assert_array_equal(open_, [[0, 0], [1, 1], [0, 1]])
    assert np.isfinite(errors.weights).all() and np.isfinite(errors.covariances).all()
    assert errors.means[~open_].min() > 0.01


def test_the_model_tells_the_error_of_a_row_alone():
    X = lone_and_equal_rows()
    model = three_of_one_shape(X)
    errors = standard_errors(model, X, method="information")
    deviations = np.sqrt(np.diag(model.covariances_))
    np.testing.assert_allclose(errors.means[1], deviations, rtol=1e-3)
    np.testing.assert_allclose(errors.means[2], deviations / np.sqrt(3), rtol=1e-3)
