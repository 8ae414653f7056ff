"""Scores and information are the derivatives of the log-likelihood, anywhere."""

import numpy as np
import pytest
from inference_problems import (
    CASES,
    anywhere,
    case_name,
    log_likelihood_along,
    moved_along,
)

from mixtura.data import Rows
from mixtura.families.covariance import Full
from mixtura.inference.chart import chart, hessian, jacobian
from mixtura.inference.information import RowScores, information
from mixtura.inference.parameters import Layout
from mixtura.inference.standard_errors import natural_slopes

all_cases = pytest.mark.parametrize(
    "case", CASES, ids=lambda c: "-".join(map(case_name, c))
)


def sums(case, seed):
    model, params, rows = anywhere(*case, seed)
    local = chart(model, params)
    scores = RowScores.of(model, params, local)
    return model, params, rows, local, scores


def row_scores(scores, rows):
    _, responsibilities, features = next(scores.blocks(rows))
    return scores.scores(responsibilities, features)


def test_differences_find_known_derivatives():
    point = np.array([0.3, -0.2])
    slopes = jacobian(lambda v: np.array([np.exp(v[0] + 2 * v[1]), v[1] ** 3]), point)
    e = np.exp(-0.1)
    np.testing.assert_allclose(slopes, [[e, 2 * e], [0, 0.12]], rtol=0, atol=1e-11)
    directions = np.array([[1.0, 1.0], [0.0, 2.0]])
    bend = hessian(lambda v: np.exp(v[0] - v[1]), directions)
    np.testing.assert_allclose(bend, [[1, -1], [-1, 1]], rtol=0, atol=1e-10)


@all_cases
def test_a_chart_has_as_many_coordinates_as_there_are_free_parameters(case):
    model, params, _ = anywhere(*case)
    assert chart(model, params).n_coordinates == model.n_free_parameters(params)


@all_cases
def test_row_scores_are_gradients_of_log_densities(case):
    model, params, rows, local, scores = sums(case, seed=1)
    values = row_scores(scores, rows)
    for i in (0, 1, 7):
        row = Rows(rows.X[i : i + 1], None, rows.labels[i : i + 1])
        value = log_likelihood_along(model, params, local, row)
        slope = jacobian(value, np.zeros(local.n_coordinates))
        np.testing.assert_allclose(values[i], slope, rtol=0, atol=3e-7)


@pytest.mark.parametrize(
    "case",
    [
        # Common axes are searched for, a thousand times.
        pytest.param(case, marks=[pytest.mark.slow] * (case[0].name in ("EVE", "VVE")))
        for case in CASES
    ],
    ids=lambda c: "-".join(map(case_name, c)),
)
def test_observed_information_is_minus_the_hessian_anywhere(case):
    model, params, rows, local, scores = sums(case, seed=2)
    found = information(scores, rows)
    value = log_likelihood_along(model, params, local, rows)
    expected = -hessian(value, np.eye(local.n_coordinates))
    limit = 1e-7 * np.abs(expected).max()
    np.testing.assert_allclose(found.observed, expected, rtol=0, atol=limit)


@all_cases
def test_sums_are_those_of_the_row_scores(case):
    *_, rows, _, scores = sums(case, seed=3)
    found, values = information(scores, rows), row_scores(scores, rows)
    np.testing.assert_allclose(found.gradient, rows.weights @ values, atol=1e-9)
    outer = (values * rows.weights[:, None]).T @ values
    np.testing.assert_allclose(found.outer, outer, atol=1e-9)


def test_sums_do_not_depend_on_the_blocks(monkeypatch):
    *_, rows, _, scores = sums(CASES[0], seed=4)
    whole = information(scores, rows)
    monkeypatch.setattr("mixtura.inference.information.BLOCK_NUMBERS", 200)
    parts = information(scores, rows)
    np.testing.assert_allclose(parts.observed, whole.observed, atol=1e-9)
    np.testing.assert_allclose(parts.outer, whole.outer, atol=1e-9)


@all_cases
def test_natural_slopes_are_the_changes_of_the_named_parameters(case):
    model, params, _ = anywhere(*case, 5)
    local = chart(model, params)
    structure, shape = model.family.structure, params.components.means.shape
    layout = Layout(structure, shape[0], tuple("abcd"[: shape[1]]))
    layout_of_full = Layout(Full(), shape[0], layout.columns)

    def vector(coordinates):
        return layout_of_full.vector(*moved_along(params, local, coordinates))

    expected = jacobian(vector, np.zeros(local.n_coordinates))
    slopes = natural_slopes(layout, params, local)
    parts = [layout.shaped(column) for column in slopes.T]
    found = np.stack(
        [
            layout_of_full.vector(*part[:2], structure.to_full(part[2], *shape))
            for part in parts
        ],
        axis=1,
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
