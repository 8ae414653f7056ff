"""The units of a fit: exact both ways, and the same for the same values."""

from fractions import Fraction

import numpy as np
import pytest
from mixtures import SEEDS, clusters

from mixtura.data import Rows
from mixtura.units import ScaledRows, Units

MAGNITUDES = (1e-300, 1e-8, 1.0, 1e12, 1e150, 1e300)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("by_column", [True, False])
class TestUnits:
    def units(self, X, by_column, weights=None):
        return Units.of(X, weights, by_column)

    @pytest.mark.parametrize("magnitude", MAGNITUDES)
    def test_z_is_of_size_one_near_the_origin(self, seed, by_column, magnitude):
        X = clusters(seed) * magnitude
        Z = self.units(X, by_column).to_z(X)
        assert np.isfinite(Z).all()
        assert np.abs(Z.mean(axis=0)).max() < 0.2
        spread = Z.std(axis=0)
        if by_column:
            assert (spread > 0.7).all() and (spread < 1.5).all()
        assert 0.7 < np.sqrt((spread**2).mean()) < 1.5

    def test_the_centre_is_a_value_and_the_scale_a_power_of_two(self, seed, by_column):
        X = clusters(seed) + 1e3
        units = self.units(X, by_column)
        for j in range(3):
            assert units.center[j] in X[:, j]
            mean = X[:, j].mean()
            assert abs(units.center[j] - mean) <= np.abs(X[:, j] - mean).min() + 1e-9
        mantissas, _ = np.frexp(units.scale)
        assert (mantissas == 0.5).all()
        assert by_column or len(set(units.scale)) == 1

    def test_the_way_back_is_exact_to_the_rounding_of_the_data(self, seed, by_column):
        X = clusters(seed) + 1e8
        units = self.units(X, by_column)
        np.testing.assert_array_equal(units.to_x(units.to_z(X)), X)

    def test_variances_are_those_of_z(self, seed, by_column):
        X, weights = clusters(seed), np.random.default_rng(seed).uniform(0, 2, 240)
        units = self.units(X, by_column, weights)
        Z = units.to_z(X)
        variances = np.cov(Z.T, aweights=weights, ddof=0).diagonal()
        np.testing.assert_allclose(units.variances, variances, rtol=1e-12)

    def test_usual_variances_leave_few_far_rows_out(self, seed, by_column):
        X, weights = clusters(seed), np.random.default_rng(seed).integers(1, 4, 240)
        units = self.units(X, by_column, weights)
        np.testing.assert_array_equal(units.usual, units.variances)
        far = np.vstack([X, np.full((1, 3), 1e6)])
        weights = np.append(weights, 1.0)
        units = self.units(far, by_column, weights)
        variances = units.usual * units.scale**2
        assert (units.usual < 1e-4 * units.variances).all()
        assert (0.1 < X.var(axis=0) / variances).all()
        assert (X.var(axis=0) / variances < 10).all()
        repeated = self.units(np.repeat(far, weights.astype(int), axis=0), by_column)
        np.testing.assert_array_equal(repeated.usual, units.usual)

    def test_nothing_depends_on_dtype_layout_or_order(self, seed, by_column):
        X = clusters(seed).astype(np.float32)
        expected = self.units(X.astype(np.float64), by_column)
        order = np.random.default_rng(seed).permutation(240)
        for other in (X, np.asfortranarray(X), X[order], X.astype(np.float64)[order]):
            units = self.units(other, by_column)
            np.testing.assert_array_equal(units.center, expected.center)
            np.testing.assert_array_equal(units.scale, expected.scale)
            np.testing.assert_allclose(units.variances, expected.variances, rtol=1e-13)

    def test_constant_columns_have_variance_zero_exactly(self, seed, by_column):
        X = clusters(seed)
        X[:, 1] = 0.1
        units = self.units(X, by_column)
        assert units.variances[1] == 0
        assert not units.to_z(X)[:, 1].any()

    def test_blocks_of_z_are_z(self, seed, by_column):
        X, weights = clusters(seed), np.arange(240.0)
        labels = np.arange(240) % 3
        units = self.units(X, by_column)
        scaled = ScaledRows(Rows(X, weights, labels), units)
        blocks = list(scaled.blocks(100))
        assert [len(block) for block in blocks] == [100, 100, 40]
        assert [block.start for block in blocks] == [0, 100, 200]
        Z = np.concatenate([block.X for block in blocks])
        np.testing.assert_array_equal(Z, units.to_z(X))
        taken = scaled.take(np.array([7, 3]))
        np.testing.assert_array_equal(taken.X, Z[[7, 3]])
        assert taken.weights.tolist() == [7.0, 3.0]
        assert taken.labels.tolist() == [1, 0]
        assert scaled.n_observations == weights.sum()


def test_the_log_volume_is_the_jacobian():
    units = Units.of(clusters(0) * [1.0, 1e6, 1e-6], None, True)
    exact = float(np.log(float(np.prod([Fraction(s) for s in units.scale]))))
    np.testing.assert_allclose(units.log_volume, exact, atol=1e-12)
