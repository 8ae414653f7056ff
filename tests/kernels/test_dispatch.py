"""The choice of the implementation, and what holds across it."""

import subprocess
import sys

import numpy as np
import pytest
from kernel_problems import STRUCTURES, problem

from mixtura import kernels
from mixtura.kernels import dispatch, plain

NAMES = list(STRUCTURES)


def test_importing_and_small_problems_do_not_import_numba():
    code = (
        "import sys, numpy as np; from mixtura import kernels;"
        "X = np.zeros((300, 2)); P = np.eye(2)[None];"
        "kernels.e_step_full(X, None, np.zeros(1), np.zeros((1, 2)), P);"
        "kernels.labels_full(X, np.zeros(1), np.zeros((1, 2)), P);"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_both_sides_of_the_threshold_agree(name, monkeypatch):
    X, parameters = problem(name, 21, 2000, 5, 3)
    kernel = getattr(kernels, name)
    constants = parameters.constants.copy()
    constants[2] = -np.inf
    arguments = (constants, *parameters[1:])

    def everything():
        return [
            *kernel.e_step(X, None, *arguments, n_threads=2),
            kernel.log_joint(X, *arguments),
            kernel.log_density(X, *arguments),
            kernel.labels(X, *arguments),
        ]

    small = everything()
    monkeypatch.setattr(dispatch, "FUSED_WORK", 0)
    monkeypatch.setattr(dispatch, "FUSED_SCORING_WORK", 0)
    large = everything()
    for a, b in zip(small, large, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-8)
    assert small[2][2] == large[2][2] == 0
    assert (large[-3][:, 2] == -np.inf).all()
    assert 2 not in large[-1]


def test_works_without_numba(monkeypatch):
    monkeypatch.setattr(dispatch, "FUSED_WORK", 0)
    monkeypatch.setattr(dispatch, "FUSED_SCORING_WORK", 0)
    monkeypatch.setattr(dispatch, "compiled_code", lambda _: None)
    X, parameters = problem("full", 22, 100, 2, 2)
    expected = plain.e_step(plain.FULL, X, None, parameters)
    actual = kernels.e_step_full(X, None, *parameters)
    assert actual.log_likelihood == expected.log_likelihood


@pytest.mark.parametrize("name", NAMES)
def test_out_is_filled_and_returned(name):
    X, parameters = problem(name, 23, 20, 2, 2)
    kernel = getattr(kernels, name)
    for method, out in (
        (kernel.log_joint, np.empty((20, 2))),
        (kernel.log_density, np.empty(20)),
        (kernel.labels, np.empty(20, dtype=np.int64)),
    ):
        assert method(X, *parameters, out) is out
        np.testing.assert_array_equal(out, method(X, *parameters))


@pytest.mark.parametrize("name", NAMES)
def test_parts_of_many_rows_are_treated_like_the_whole(name):
    pytest.importorskip("numba")
    X, parameters = problem(name, 24, 1000, 4, 5)
    kernel = getattr(kernels, name)
    whole = kernel.log_density(X, *parameters, total_rows=10**7)
    parts = [
        kernel.log_density(part, *parameters, total_rows=10**7)
        for part in np.array_split(X, 7)
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
