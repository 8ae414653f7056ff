"""Errors about the values of X say where they are, and what to do."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mixtura import (
    BayesianGaussianMixture,
    GaussianMixture,
    GaussianMixtureDetector,
    GaussianMixtureSearch,
)

ROWS = np.random.default_rng(0).standard_normal((30, 2))
MODELS = (
    GaussianMixture(),
    BayesianGaussianMixture(n_components=1),
    GaussianMixtureDetector(),
    GaussianMixtureSearch([1], covariance_type="full"),
)

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
every_frame = pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])


def spoilt(value, dtype=np.float64):
    X = ROWS.astype(dtype)
    X[4, 1] = value
    return X


@every_model
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(model, value):
    X = spoilt(value)
    X[7] = value
    words = r"Input X contains (NaN|infinity).*\. It is -?(nan|inf) in row 7, column 0"
    with pytest.raises(ValueError, match=rf"{words}, and 2 more\. Leave such rows out"):
        model.fit(X)


@every_model
@every_frame
def test_a_frame_has_names(model, frame):
    X = frame({"a": ROWS[:, 0], "b": spoilt(np.nan)[:, 1]})
    words = r"contains NaN\. It is nan in row 4, column 'b'\. Leave"
    with pytest.raises(ValueError, match=words):
        model.fit(X)


@every_frame
@pytest.mark.parametrize("value", ["setosa", None])
def test_not_numbers(frame, value):
    X = frame({"a": ROWS[:, 0], "b": [value] * 30})
    with pytest.raises((TypeError, ValueError), match=r"in row 0, column 'b'"):
        GaussianMixture().fit(X)


def test_dates():
    X = pd.DataFrame({"a": ROWS[:, 0], "b": [date(2026, 1, 2)] * 30})
    with pytest.raises((TypeError, ValueError), match=r"in row 0, column 'b'"):
        GaussianMixture().fit(X)


def test_missing_values_of_another_kind_are_refused_all_the_same():
    X = pd.DataFrame({"a": pd.array([1, None] * 15, dtype="Int64"), "b": ROWS[:, 0]})
    with pytest.raises((TypeError, ValueError)):
        GaussianMixture().fit(X)


def test_text_in_an_array():
    words = r"could not convert string to float: 'x'\. X must hold numbers; got 'x' in"
    with pytest.raises(ValueError, match=rf"{words} row 4, column 1\. Leave that col"):
        GaussianMixture().fit(spoilt("x", object))


def test_other_errors_stay_as_they_are():
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        GaussianMixture().fit(ROWS[:, 0])
    with pytest.raises(ValueError, match="Complex data not supported"):
        GaussianMixture().fit(ROWS + 1j)


def test_columns_that_are_given():
    model = GaussianMixture().fit(ROWS)
    with pytest.raises(ValueError, match=r"contains NaN.*in row 2, column 0"):
        model.predict_columns([[1.0], [2.0], [np.nan]], columns=[1])
