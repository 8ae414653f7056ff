"""How many starts agree."""

import numpy as np
import pytest
from inference_problems import faithful, two_groups

from mixtura import GaussianMixture, compare_restarts
from mixtura.inference.restarts import optima


def test_fits_within_the_tolerance_of_the_best_of_a_group_are_one():
    values = np.array([-10.0, -10.4, -10.8, -30.0, -5.0])
    collapsed = np.array([False, False, False, False, True])
    found = optima(values, collapsed, np.ones(5, dtype=bool), tolerance=0.5)
    assert [item.starts for item in found] == [(0, 1), (2,), (3,), (4,)]
    assert [item.is_collapsed for item in found] == [False, False, False, True]


def test_one_component_has_one_optimum():
    result = compare_restarts(
        GaussianMixture(1), faithful(), n_starts=4, random_state=0
    )
    assert (result.n_best, result.n_starts, len(result.optima)) == (4, 4, 1)
    assert result.share_best == 1 and result.n_collapsed == 0


def test_poor_starts_end_in_several_optima_and_the_best_is_returned():
    estimator = GaussianMixture(4, init_params="random")
    X = faithful()
    result = compare_restarts(estimator, X, n_starts=12, random_state=0)
    assert len(result.optima) > 1
    values = [item.log_likelihood for item in result.optima if not item.is_collapsed]
    assert values == sorted(values, reverse=True)
    assert result.best.log_likelihood_ == values[0]
    assert sum(row["n_starts"] for row in result.table()) == 12
    assert result.table()[0]["below_best"] == 0
    assert len(str(result).splitlines()) == 1 + len(result.optima)
    assert result.n_best == len(result.optima[0].starts)


def test_the_same_seed_gives_the_same_bits_for_any_number_of_processes():
    estimator = GaussianMixture(3, init_params="random")
    X, _ = two_groups(0, n_samples=80)
    one = compare_restarts(estimator, X, n_starts=4, random_state=1)
    two = compare_restarts(estimator, X, n_starts=4, random_state=1, n_jobs=2)
    assert one.table() == two.table()
    assert one.best.means_.tobytes() == two.best.means_.tobytes()


def test_collapsed_fits_come_last():
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.standard_normal(60), np.full(8, 9.0)])[:, None]
    result = compare_restarts(
        GaussianMixture(2, init_params="random_from_data"),
        X,
        n_starts=8,
        random_state=0,
    )
    flags = [item.is_collapsed for item in result.optima]
    assert any(flags) and flags == sorted(flags)
    assert result.n_collapsed > 0


def test_starts_that_fail_are_kept_with_their_reason():
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.standard_normal(20), np.full(8, 0.5)])[:, None]
    estimator = GaussianMixture(3, init_params="random_from_data", reg_covar=0)
    result = compare_restarts(estimator, X, n_starts=10, random_state=0)
    assert result.failures and result.n_starts == 10
    assert "DegenerateComponentError" in result.failures[0].reason


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="'n_starts' parameter of compare_restarts"):
        compare_restarts(GaussianMixture(2), faithful(), n_starts=0)
    with pytest.raises(ValueError, match="'tolerance' parameter of compare_restarts"):
        compare_restarts(GaussianMixture(2), faithful(), tolerance=-1)
