"""One clear error for each wrong argument: what, which value, where."""

import re

import numpy as np
import pytest
from mixtures import SHAPES, TYPES, clusters, fitted

from mixtura import GaussianMixture

X = clusters(0, n_samples=30, n_features=2)


def refused(words, data=X, n_components=3, fit=None, error=ValueError, **arguments):
    model = GaussianMixture(n_components, **{"random_state": 0} | arguments)
    with pytest.raises(error, match=words):
        model.fit(data, **(fit or {}))
    assert not hasattr(model, "weights_"), "a refused fit leaves nothing behind"


ARGUMENTS = [
    ({"n_components": 0}, r"'n_components'.*\[1, inf\).*Got 0"),
    ({"n_components": 2.0}, r"'n_components'.*an int.*Got 2.0"),
    ({"n_components": True}, r"'n_components'.*Got True"),
    ({"n_components": "3"}, r"'n_components'.*Got '3'"),
    ({"covariance_type": "round"}, "'covariance_type'.*'full', 'tied'.*Got 'round'"),
    ({"tol": -1e-3}, r"'tol'.*'auto' or a float in the range \[0.0.*Got -0.001"),
    ({"tol": np.nan}, "'tol'.*Got nan"),
    ({"tol": None}, "'tol'.*Got None"),
    ({"reg_covar": -1e-6}, "'reg_covar'.*Got -1e-06"),
    ({"reg_covar": "big"}, "'reg_covar'.*Got 'big'"),
    ({"reg_covar": np.inf}, "'reg_covar'.*Got inf"),
    ({"max_iter": -1}, r"'max_iter'.*\[0, inf\).*Got -1"),
    ({"max_iter": 1.5}, "'max_iter'.*Got 1.5"),
    ({"n_init": 0}, r"'n_init'.*\[1, inf\).*Got 0"),
    ({"verbose": -1}, "'verbose'.*Got -1"),
    ({"verbose": None}, "'verbose'.*an int.*Got None"),
    ({"verbose": "a"}, "'verbose'.*an int.*Got 'a'"),
    ({"verbose": 1.5}, "'verbose'.*an int.*Got 1.5"),
    ({"verbose_interval": 0}, "'verbose_interval'.*Got 0"),
    ({"algorithm": "annealed"}, "'algorithm'.*'hard'.*Got 'annealed'"),
    ({"init_params": "k-means"}, "'init_params'.*'k-means\\+\\+'.*Got 'k-means'"),
    ({"init_params": None}, "'init_params'.*'auto'.*Got None"),
    ({"init_params": 3}, "'init_params'.*'auto'.*Got 3"),
    ({"random_state": -1}, "'random_state' parameter must be an int .* Got -1"),
    ({"random_state": 1.5}, "'random_state' parameter must be an int .* Got 1.5"),
    ({"random_state": "seed"}, "'random_state' parameter must be an int .* Got 'seed'"),
]


@pytest.mark.parametrize(("arguments", "words"), ARGUMENTS)
def test_constructor_arguments(arguments, words):
    refused(words, **{"n_components": 3} | arguments)


def with_value(value):
    bad = X.copy()
    bad[4, 1] = value
    return bad


DATA = [
    (with_value(np.nan), ValueError, "Input X contains NaN"),
    (with_value(np.inf), ValueError, "Input X contains infinity"),
    (X[:, 0], ValueError, "Expected 2D array, got 1D array"),
    (X[None], ValueError, "Found array with dim 3"),
    (np.array(5.0), ValueError, "got scalar array"),
    (X[:0], ValueError, "Found array with 0 sample"),
    (X[:, :0], ValueError, "0 feature"),
    (X.astype(str)[:, :1] + "x", ValueError, "could not convert string to float"),
    ([[1.0, 2.0], [3.0]], ValueError, "inhomogeneous"),
    (X + 1j, ValueError, "Complex data not supported"),
    (None, ValueError, "Expected 2D array"),
]


@pytest.mark.parametrize(("data", "error", "words"), DATA)
def test_data(data, error, words):
    refused(words, data, 1, error=error)


@pytest.mark.parametrize(
    "method",
    ["predict", "predict_proba", "score_samples", "score", "bic", "aic", "icl"],
)
def test_data_of_every_method(method):
    ask = getattr(fitted("full"), method)
    with pytest.raises(ValueError, match=r"X has 2 features.*expecting 3"):
        ask(X)
    with pytest.raises(ValueError, match="contains NaN"):
        ask(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match="Expected 2D array"):
        ask([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="not fitted yet"):
        getattr(GaussianMixture(), method)(X)


def test_more_components_than_rows():
    refused("n_components = 31, n_samples = 30", n_components=31)
    weights = np.zeros(30)
    weights[:2] = 1.0
    refused("n_components = 3, n_samples = 2", fit={"sample_weight": weights})


def weights_with(value):
    weights = np.ones(30)
    weights[7] = value
    return {"sample_weight": weights}


WEIGHTS = [
    (weights_with(-1.0), "[Nn]egative"),
    (weights_with(np.nan), "sample_weight contains NaN"),
    (weights_with(np.inf), "sample_weight contains infinity"),
    ({"sample_weight": np.zeros(30)}, "zero"),
    ({"sample_weight": np.ones(29)}, r"sample_weight.shape == \(29,\).*\(30,\)"),
    ({"sample_weight": np.ones((30, 1))}, "1D array or scalar"),
]


@pytest.mark.parametrize(("fit", "words"), WEIGHTS)
def test_sample_weights_of_fit(fit, words):
    refused(words, fit=fit)


@pytest.mark.parametrize("method", ["score", "bic", "aic", "icl"])
@pytest.mark.parametrize(("fit", "words"), WEIGHTS)
def test_sample_weights_of_scores(method, fit, words):
    model = GaussianMixture(random_state=0).fit(X)
    with pytest.raises(ValueError, match=words):
        getattr(model, method)(X, **fit)


LABELS = [
    (np.zeros(29, dtype=int), r"labels must have the shape \(30,\).*got \(29,\)"),
    (np.zeros((30, 1), dtype=int), r"labels.*\(30,\).*got \(30, 1\)"),
    (np.r_[np.zeros(29), 3], r"0 to 2.*got .*3.* in row 29"),
    (np.r_[[0, -2], np.zeros(28)], r"0 to 2.*got .*-2.* in row 1\b"),
    (np.r_[0.5, np.zeros(29)], r"got .*0\.5.* in row 0"),
    (np.r_[np.nan, np.zeros(29)], r"got .*nan.* in row 0"),
    (np.array(["a"] * 30), "labels.*integers from -1 to 2; got .*'a'.*<U1"),
]


@pytest.mark.parametrize(("labels", "words"), LABELS)
def test_labels_of_fit(labels, words):
    refused(words, fit={"labels": labels})


@pytest.mark.parametrize(("labels", "words"), LABELS)
def test_labels_as_a_start(labels, words):
    if labels.shape != (30, 1):
        refused(words.replace("labels", "init_params"), init_params=labels)


def responsibilities(row, values):
    start = np.full((30, 3), 1 / 3)
    start[row] = values
    return start


STARTS = [
    (responsibilities(3, [0.5, 0.6, 0.0]), "sum to 1.*0.5, 0.6, 0.0.*row 3"),
    (responsibilities(3, [1.5, -0.5, 0.0]), "not negative.*row 3"),
    (responsibilities(3, [np.nan, 0.5, 0.5]), r"init_params.*finite.*nan at \(3, 0\)"),
    (np.full((30, 2), 0.5), r"init_params.*\(30, 3\).*\(30, 2\)"),
    (np.full((29, 3), 1 / 3), r"init_params.*\(30, 3\).*\(29, 3\)"),
    (np.zeros((2, 3, 4)), r"init_params.*\(30, 3\).*\(2, 3, 4\)"),
    (lambda X, n, rng: np.full((4, 3), 1 / 3), r"init_params.*\(30, 3\).*\(4, 3\)"),
]


@pytest.mark.parametrize(("start", "words"), STARTS)
def test_responsibilities_as_a_start(start, words):
    refused(words, init_params=start)


INITIAL = [
    ({"weights_init": [0.5, 0.5]}, r"'weights'.*\(3,\).*\(2,\)"),
    ({"weights_init": [[0.3, 0.3, 0.4]]}, r"'weights'.*\(3,\).*\(1, 3\)"),
    ({"weights_init": [0.5, 0.6, 0.0]}, "'weights'.*normalized.*1.10000"),
    ({"weights_init": [1.5, -0.5, 0.0]}, r"'weights'.*\[0, 1\].*weights\[\d\]"),
    ({"weights_init": [np.nan, 0.5, 0.5]}, r"'weights'.*finite.*nan at \(0,\)"),
    ({"means_init": np.zeros((2, 2))}, r"'means'.*\(3, 2\).*\(2, 2\)"),
    ({"means_init": np.zeros((3, 3))}, r"'means'.*\(3, 2\).*\(3, 3\)"),
    ({"means_init": np.zeros(3)}, r"'means'.*\(3, 2\).*\(3,\)"),
    ({"means_init": [[0, 0], [0, np.inf], [0, 0]]}, r"'means'.*inf at \(1, 1\)"),
]


@pytest.mark.parametrize(("arguments", "words"), INITIAL)
def test_initial_weights_and_means(arguments, words):
    refused(words, **arguments)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_initial_precisions(covariance_type):
    shape = SHAPES[covariance_type]
    good = np.ones(shape)
    if len(shape) > 1 and shape[-2:] == (2, 2):
        good = good * np.eye(2)
    name = f"'{covariance_type} precision'"

    def is_refused(precisions, words):
        refused(words, covariance_type=covariance_type, precisions_init=precisions)

    wrong = np.ones((4, *shape[1:]))
    is_refused(
        wrong, rf"{name}.*{re.escape(str(shape))}.*{re.escape(str(wrong.shape))}"
    )
    is_refused(-good, f"{name} should be .*positive")
    is_refused(0 * good, f"{name} should be .*positive")
    is_refused(np.where(good == 1, np.nan, good), f"{name} must be finite")
    if covariance_type in ("full", "tied"):
        skew = good.copy()
        skew[..., 0, 1] = 0.5
        is_refused(skew, f"{name} should be symmetric")


def test_the_component_whose_precision_is_singular_is_named():
    precisions = np.tile(np.eye(2), (3, 1, 1))
    precisions[1] = 1.0
    refused("full precision.*component 1", precisions_init=precisions)


@pytest.mark.parametrize("n_samples", [0, -1, 1.5, "1"])
def test_number_of_samples(n_samples):
    with pytest.raises(
        ValueError, match=f"Invalid value for 'n_samples': {n_samples!r}"
    ):
        fitted("full").sample(n_samples)


FROM_PARAMETERS = [
    (([0.5, 0.6], [[0.0], [1.0]], [[[1.0]], [[1.0]]]), "normalized.*1.1"),
    (([0.5, 0.5], [[0.0], [1.0]], [[[1.0]]]), r"covariance.*\(2, 1, 1\).*\(1, 1, 1\)"),
    (([1.0], [[0.0], [1.0]], [[[1.0]], [[1.0]]]), r"'weights'.*\(2,\).*\(1,\)"),
    (([1.0], [[np.nan]], [[[1.0]]]), "'means'.*nan"),
    (([1.0], [[0.0]], [[[-1.0]]]), "covariance.*positive-definite"),
    (([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.4, 1.0]]]), "symmetric"),
]


@pytest.mark.parametrize(("parameters", "words"), FROM_PARAMETERS)
def test_from_parameters(parameters, words):
    with pytest.raises(ValueError, match=words):
        GaussianMixture.from_parameters(*parameters)
    with pytest.raises(ValueError, match=r"covariance_type.*'oval'"):
        GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]], "oval")


def test_as_many_feature_names_as_columns():
    with pytest.raises(ValueError, match=r"'feature_names'.*\(1,\).*\(2,\)"):
        GaussianMixture.from_parameters(
            [1.0], [[0.0]], [[[1.0]]], feature_names=["a", "b"]
        )
