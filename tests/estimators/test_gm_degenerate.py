"""Data without enough information: finite answers, and a warning that says why."""

import warnings

import numpy as np
import pytest
from mixtures import TYPES, clusters

from mixtura import BayesianGaussianMixture, GaussianMixture
from mixtura.exceptions import DegenerateComponentError, DegenerateDataWarning

UNITS = (1e-12, 1e9)
THEIR_MESSAGE = (
    "Fitting the mixture model failed because some components have ill-defined "
    "empirical covariance"
)


def constant_column():
    X = clusters(0)
    X[:, 1] = 7.25
    return X, 3, "Column 1 is the same in every row"


def constant_columns():
    return np.full((20, 2), 3.0), 2, "Columns 0, 1 are the same in every row"


def zeros():
    return np.zeros((20, 2)), 1, "Columns 0, 1 are the same"


def collinear():
    X = clusters(0)
    X[:, 2] = 2 * X[:, 0] - 3 * X[:, 1]
    return X, 2, "Columns 0, 1, 2 are linearly dependent"


def duplicated_rows():
    return np.repeat(clusters(0)[:4], 25, axis=0), 3, ""


def two_values():
    return np.repeat([[0.0], [1.0]], 500, axis=0), 5, "2 distinct rows for 5 components"


def fewer_rows_than_columns():
    return clusters(0, n_samples=6, n_features=10), 2, ""


def as_many_components_as_rows():
    return clusters(0, n_samples=5, n_features=2), 5, ""


def one_row():
    return np.array([[3.0, -4.0]]), 1, "same in every row"


def far_outlier(distance):
    def make():
        X = clusters(0)
        X[10] = distance
        return X, 3, ""

    make.__name__ = f"outlier_{distance:.0e}"
    return make


def sentinel():
    """A value that stands for a missing one in every column of one row."""
    return np.vstack([clusters(0), np.full((1, 3), 999_999.0)]), 4, ""


def tiny():
    return clusters(0) * 1e-148, 3, None


def huge():
    return clusters(0) * 1e148, 3, None


def beyond(unit):
    """Every number fits into a double, but not the squares."""

    def make():
        return clusters(0) * unit, 3, "so small or large"

    make.__name__ = f"beyond_{unit:.0e}"
    return make


CASES = [
    constant_column,
    constant_columns,
    zeros,
    collinear,
    duplicated_rows,
    two_values,
    fewer_rows_than_columns,
    as_many_components_as_rows,
    one_row,
    far_outlier(1e6),
    sentinel,
]
EXTREME = [far_outlier(1e150), tiny, huge]
BEYOND = [beyond(2.0**-996), beyond(2.0**996)]


def is_finite(model, X):
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        assert np.isfinite(getattr(model, name)).all(), name
    assert np.isfinite(model.score_samples(X)).all()
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    assert (model.predict(X) == probabilities.argmax(axis=1)).all()
    assert abs(model.weights_.sum() - 1) < 1e-12
    assert np.isfinite([model.score(X), model.bic(X), model.aic(X), model.icl(X)]).all()


def fit_and_listen(X, n_components, covariance_type, **arguments):
    """Fit; return the model and what it said about the data."""
    model = GaussianMixture(
        n_components, covariance_type=covariance_type, random_state=0, **arguments
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        model.fit(X)
    assert not [str(w) for w in heard if issubclass(w.category, RuntimeWarning)]
    said = [
        str(w.message) for w in heard if issubclass(w.category, DegenerateDataWarning)
    ]
    return model, said


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_defaults_work_in_any_units_and_say_what_was_found(make, unit, covariance_type):
    X, n_components, words = make()
    model, said = fit_and_listen(X * unit, n_components, covariance_type)
    is_finite(model, X * unit)
    if words:
        uses_correlation = covariance_type in ("full", "tied")
        expected = uses_correlation or "dependent" not in words
        assert any(words in message for message in said) == expected, said


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("make", EXTREME, ids=lambda make: make.__name__)
def test_extreme_values_give_finite_results(make, covariance_type):
    X, n_components, words = make()
    model, said = fit_and_listen(X, n_components, covariance_type)
    is_finite(model, X)
    assert words is not None or not said, said


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("make", BEYOND, ids=lambda make: make.__name__)
def test_only_covariances_leave_the_range_of_doubles(make, covariance_type):
    X, n_components, words = make()
    model, said = fit_and_listen(X, n_components, covariance_type)
    assert any(words in message for message in said), said
    plain, _ = fit_and_listen(clusters(0), n_components, covariance_type)
    np.testing.assert_array_equal(model.predict(X), plain.predict(clusters(0)))
    shift = 3 * np.log(np.abs(X[0] / clusters(0)[0]).mean())
    np.testing.assert_allclose(model.score(X) + shift, plain.score(clusters(0)))
    assert np.isfinite(model.means_).all()


@pytest.mark.parametrize("covariance_type", TYPES)
def test_sound_data_are_not_warned_of(covariance_type):
    _, said = fit_and_listen(clusters(0) * 1e-12, 3, covariance_type)
    assert not said


@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_collapsed_component_is_named(covariance_type):
    """Ten rows of one value: a component that rests on them has no spread."""
    X = np.vstack([clusters(0, n_components=1), np.tile([30.0, 30.0, 30.0], (10, 1))])
    labels = np.r_[np.zeros(240, dtype=int), np.ones(10, dtype=int)]
    model, said = fit_and_listen(X, 2, covariance_type, init_params=labels)
    is_finite(model, X)
    if covariance_type != "tied":
        assert any("Component 1 (weight 0.04) is collapsed" in text for text in said)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "make", [constant_columns, one_row, two_values], ids=lambda make: make.__name__
)
def test_without_regularisation_the_error_is_theirs(make, unit, covariance_type):
    X, n_components, _ = make()
    model = GaussianMixture(n_components, covariance_type=covariance_type, reg_covar=0)
    with pytest.raises(DegenerateComponentError, match=THEIR_MESSAGE):
        model.fit(X * unit)
    assert issubclass(DegenerateComponentError, ValueError)
    assert not hasattr(model, "weights_")


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
@pytest.mark.parametrize("unit", UNITS)
def test_collinear_columns_without_regularisation_are_told(unit, covariance_type):
    """By an error, or a warning if rounding has left some variance in between."""
    X, n_components, words = collinear()
    with pytest.raises((DegenerateComponentError, DegenerateDataWarning)) as told:
        GaussianMixture(
            n_components, covariance_type=covariance_type, reg_covar=0, random_state=0
        ).fit(X * unit)
    assert THEIR_MESSAGE in str(told.value) or words in str(told.value)


def test_names_of_columns_are_used_in_warnings():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame({"height": [1.0, 2.0, 4.0, 5.0], "year": [7.0] * 4})
    with pytest.warns(DegenerateDataWarning, match="Column year is the same"):
        GaussianMixture().fit(X)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_dead_component_keeps_its_place(covariance_type):
    X = clusters(0)
    probabilities = np.zeros((len(X), 3))
    probabilities[:, :2] = 0.5
    probabilities[:50, 0], probabilities[:50, 1] = 1.0, 0.0
    model, _ = fit_and_listen(X, 3, covariance_type, init_params=probabilities)
    assert model.weights_[2] == 0
    is_finite(model, X)
    assert not model.predict_proba(X)[:, 2].any()
    _, labels = model.sample(500, random_state=0)
    assert 2 not in labels


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("columns", [slice(None), slice(1, 2)])
@pytest.mark.parametrize("far", [1e3, 1e5, 1e7, 1e9])
def test_one_far_row_does_not_hide_the_clusters(far, columns, covariance_type):
    """It gets a component of its own; the others are what they are without it."""
    X = clusters(0, spread=8.0)
    row = X.mean(axis=0)
    row[columns] = far
    own, _ = fit_and_listen(X, 3, covariance_type)
    model, said = fit_and_listen(np.vstack([X, row]), 4, covariance_type)
    assert not any("dependent" in message for message in said)
    order = model.weights_.argsort()[1:]
    order = order[model.means_[order, 0].argsort()]
    same = own.means_[:, 0].argsort()
    is_tied = covariance_type == "tied"  # the far row has a share in the covariance
    within = 0.05 if is_tied else 1e-4
    np.testing.assert_allclose(model.means_[order], own.means_[same], atol=within)
    if not is_tied:
        widths, expected = model.covariances_[order], own.covariances_[same]
        np.testing.assert_allclose(widths, expected, atol=1e-3)


def test_a_component_that_collapses_is_named_beside_dependent_columns():
    rng = np.random.default_rng(0)
    x = np.r_[rng.standard_normal(100), np.full(30, 7.0)]
    y = np.r_[rng.standard_normal(100), np.full(30, 3.0)]
    _, said = fit_and_listen(np.c_[x, y, 2 * x], 2, "diag")
    assert len(said) == 1 and "collapsed onto" in said[0]


@pytest.mark.parametrize("kind", [GaussianMixture, BayesianGaussianMixture])
def test_a_row_of_weight_three_is_three_rows(kind):
    model, other = kind(2, random_state=0), kind(2, random_state=0)
    with pytest.warns(DegenerateDataWarning):
        model.fit([[0.0, 1.0]], sample_weight=[3.0])
    with pytest.warns(DegenerateDataWarning):
        other.fit([[0.0, 1.0]] * 3)
    np.testing.assert_allclose(model.weights_, other.weights_)
    np.testing.assert_array_equal(model.means_, other.means_)
    with pytest.raises(ValueError, match="n_samples >= n_components"):
        model.fit([[0.0, 1.0]], sample_weight=[1.5])


@pytest.mark.parametrize("structure", ["VVI", "VVE", "VVV"])
def test_each_column_says_what_is_narrow_in_it(structure):
    """Half the rows spread in the wide column by a hundred-thousandth of the others."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 2)) * [1.0, 1e3]
    X[50:] = [5.0, 0.0] + rng.standard_normal((50, 2)) * [1.0, 1e-2]
    known = np.repeat(np.eye(2), 50, axis=0)
    model = GaussianMixture(2, covariance_type=structure, init_params=known)
    with pytest.warns(DegenerateDataWarning, match="Component 1 .* collapsed"):
        model.fit(X)
