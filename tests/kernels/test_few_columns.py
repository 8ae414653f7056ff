"""Loops over rows of few columns give what the sums are defined as."""

import numpy as np
import pytest
from tests.checks import same

numba = pytest.importorskip("numba")

from mixtura.kernels import few_columns  # noqa: E402
from mixtura.kernels.small_e_step import BLOCK  # noqa: E402


@numba.njit
def densities(rows, mean, factor, constant, out):
    few_columns.log_joint_line(rows, mean, factor, constant, out)


@numba.njit
def moments(rows, mean, shares, sums):
    few_columns.write_moments(rows, mean, shares, sums)


def case(n_features, n_blocks, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_blocks * BLOCK, n_features)) * 3 + 1
    factor = np.triu(rng.normal(size=(n_features, n_features)))
    return X, np.ascontiguousarray(X.T), rng.normal(size=n_features), factor


@pytest.mark.parametrize("n_blocks", [1, 7])
@pytest.mark.parametrize("n_features", range(1, few_columns.MOST + 1))
def test_log_joint_and_moments(n_features, n_blocks):
    X, rows, mean, factor = case(n_features, n_blocks, n_features)
    out = np.empty(len(X))
    densities(rows, mean, factor, 0.7, out)
    same(out, 0.7 - (((X - mean) @ factor) ** 2).sum(axis=1) / 2, 1e-13)

    shares = np.random.default_rng(9).uniform(size=len(X))
    sums = np.empty(1 + n_features + n_features * (n_features + 1) // 2)
    moments(rows, mean, shares, sums)
    second = (shares[:, None] * (X - mean)).T @ (X - mean)
    products = second[np.tril_indices(n_features)]
    same(sums, np.r_[shares.sum(), shares @ (X - mean), products], 1e-12)
