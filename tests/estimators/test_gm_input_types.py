"""Whatever real numbers come in, and however they are stored, the answer is one."""

from functools import lru_cache

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from mixtures import ATTRIBUTES, TYPES, clusters
from sklearn.base import clone

from mixtura import GaussianMixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

METHODS = ("predict", "predict_proba", "score_samples", "score", "bic", "aic", "icl")
INTEGERS = (np.uint8, np.int8, np.int16, np.uint16, np.int32, np.int64, np.uint64)


def counts(dtype, seed=0):
    """Whole numbers that every integer type of the list can hold."""
    rng = np.random.default_rng(seed)
    return rng.poisson([[4, 60], [70, 20]], size=(150, 2, 2)).reshape(-1, 2)


@lru_cache
def reference_fit(stored, n_features, covariance_type):
    """The fit to float64 rows, given as bytes so that equal ones are fitted once."""
    X = np.frombuffer(stored).reshape(-1, n_features)
    return GaussianMixture(
        2, covariance_type=covariance_type, random_state=0, max_iter=10
    ).fit(X)


def same_answers(X, reference, covariance_type, tolerance=0.0):
    """Fit to X and to the float64 reference, and ask each everything about each."""
    n_features = reference.shape[1]
    expected = reference_fit(reference.tobytes(), n_features, covariance_type)
    model = clone(expected).fit(X)
    for name in ATTRIBUTES:
        np.testing.assert_allclose(
            getattr(model, name), getattr(expected, name), rtol=tolerance, atol=0
        )
    for method in METHODS:
        actual = getattr(model, method)(X)
        known = getattr(expected, method)(reference)
        np.testing.assert_allclose(
            actual, known, rtol=tolerance, atol=tolerance, err_msg=method
        )


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("dtype", [*INTEGERS, np.float16, np.float32, object])
def test_every_dtype_gives_the_float64_answer(dtype, covariance_type):
    X = counts(dtype)
    same_answers(X.astype(dtype), X.astype(np.float64), covariance_type)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_float16_and_float32_that_are_not_integers(covariance_type):
    for dtype in (np.float16, np.float32):
        X = clusters(3, n_components=2).astype(dtype)
        same_answers(X, X.astype(np.float64), covariance_type)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_large_float32_is_not_computed_in_float32(covariance_type, offset):
    X = (clusters(1, n_samples=40_000, n_components=2) + offset).astype(np.float32)
    model = GaussianMixture(
        2, covariance_type=covariance_type, random_state=0, max_iter=3
    )
    model.fit(X)
    wide = X.astype(np.float64)
    same = model.score_samples(wide)
    np.testing.assert_allclose(model.score_samples(X), same, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.predict(wide))
    np.testing.assert_allclose(
        model.predict_proba(X), model.predict_proba(wide), rtol=0, atol=1e-12
    )


@pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning")
@pytest.mark.parametrize("covariance_type", TYPES)
def test_booleans(covariance_type):
    rng = np.random.default_rng(0)
    X = rng.random((200, 3)) < [0.2, 0.5, 0.8]
    same_answers(X, X.astype(np.float64), covariance_type)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_squares_of_uint8_pixels_do_not_wrap(covariance_type):
    rng = np.random.default_rng(0)
    means = np.array([[40, 60, 50], [200, 180, 210]])
    X = rng.normal(means[rng.integers(2, size=400)], 12).clip(0, 255)
    X = X.astype(np.uint8)
    same_answers(X, X.astype(np.float64), covariance_type)


def test_int64_counts_have_untruncated_distances():
    rng = np.random.default_rng(0)
    X = rng.poisson([3, 9], size=(600, 2)).astype(np.int64)
    same_answers(X, X.astype(np.float64), "full")


def test_squares_of_large_int32_do_not_wrap():
    centers = np.array([[1e5, 9e4], [1.1e5, 8e4]])
    rng = np.random.default_rng(0)
    X = rng.normal(centers[rng.integers(2, size=300)], 300).astype(np.int32)
    same_answers(X, X.astype(np.float64), "diag")


def layouts(X, folder):
    wide = np.zeros((2 * len(X), 2 * X.shape[1]))
    wide[::2, 1::2] = X
    read_only = X.copy()
    read_only.flags.writeable = False
    path = folder / "rows.npy"
    np.save(path, X)
    big_endian = X.astype(">f8")
    yield "Fortran order", np.asfortranarray(X)
    yield "strided", wide[::2, 1::2]
    yield "reversed", X[::-1].copy()[::-1]
    yield "read-only", read_only
    yield "memmap", np.load(path, mmap_mode="r")
    yield "list", X.tolist()
    yield "big-endian", big_endian


@pytest.mark.parametrize("covariance_type", TYPES)
def test_every_layout_gives_the_same_answer(covariance_type, tmp_path):
    X = clusters(0, n_samples=100, n_components=2, spread=5.0)
    for _, stored in layouts(X, tmp_path):
        same_answers(stored, X, covariance_type, 1e-12)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_one_column(covariance_type):
    X = np.r_[np.arange(20.0), 100 + np.arange(30.0)].reshape(-1, 1)
    same_answers(X.tolist(), X, covariance_type)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_inputs_and_arguments_are_never_changed(covariance_type):
    X, weights = clusters(0), np.linspace(0, 2, 240)
    labels = np.full(240, -1)
    labels[:3] = [0, 1, 2]
    start = {
        "weights_init": np.array([0.2, 0.3, 0.5]),
        "means_init": X[:3].copy(),
        "precisions_init": {
            "full": np.tile(np.eye(3), (3, 1, 1)),
            "tied": np.eye(3),
            "diag": np.ones((3, 3)),
            "spherical": np.ones(3),
        }[covariance_type],
    }
    given = [X, weights, labels, *start.values()]
    before = [array.copy() for array in given]
    model = GaussianMixture(3, covariance_type=covariance_type, **start)
    arguments = model.get_params()
    model.fit(X, sample_weight=weights, labels=labels)
    for method in METHODS:
        getattr(model, method)(X)
    assert all(model.get_params()[name] is arguments[name] for name in arguments)
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_responsibilities_given_as_a_start_are_not_changed():
    X = clusters(0)
    start = np.random.default_rng(0).dirichlet(np.ones(3), size=len(X))
    before = start.copy()
    GaussianMixture(3, init_params=start).fit(X)
    np.testing.assert_array_equal(start, before)


NAMES = ["length", "width", "height"]
FRAMES = {
    "pandas": lambda X, names: pd.DataFrame(X, columns=names),
    "polars": lambda X, names: pl.DataFrame(X, schema=list(names)),
    "polars lazy": lambda X, names: pl.DataFrame(X, schema=list(names)).lazy(),
    "pyarrow": lambda X, names: pa.table(dict(zip(names, X.T, strict=True))),
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
class TestDataFrames:
    def test_names_are_kept_and_values_are_those_of_the_array(self, make):
        X = clusters(0)
        model = GaussianMixture(3, random_state=0).fit(make(X, NAMES))
        assert model.feature_names_in_.tolist() == NAMES
        plain = GaussianMixture(3, random_state=0).fit(X)
        for name in ATTRIBUTES:
            np.testing.assert_array_equal(getattr(model, name), getattr(plain, name))
        for method in METHODS:
            np.testing.assert_array_equal(
                getattr(model, method)(make(X, NAMES)), getattr(plain, method)(X)
            )

    def test_other_names_are_refused(self, make):
        X = clusters(0)
        model = GaussianMixture(3, random_state=0).fit(make(X, NAMES))
        with pytest.raises(ValueError, match="depth"):
            model.predict(make(X, ["length", "width", "depth"]))
        with pytest.raises(ValueError, match="order"):
            model.predict(make(X, ["width", "length", "height"]))

    def test_another_width_is_refused(self, make):
        X = clusters(0)
        model = GaussianMixture(3, random_state=0).fit(make(X, NAMES))
        with pytest.raises(ValueError, match="height"):
            model.predict(make(X[:, :2], NAMES[:2]))


def test_integer_columns_of_data_frames():
    X = counts(np.int64)
    same_answers(pd.DataFrame(X, columns=["a", "b"]), X.astype(float), "diag")
    same_answers(pl.DataFrame(X, schema=["a", "b"]), X.astype(float), "diag")
