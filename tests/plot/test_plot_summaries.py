import numpy as np
import pytest

from mixtura.plot.quantities.gaussians import GaussianComponents
from mixtura.plot.quantities.summaries import (
    curves,
    density_grid,
    histogram,
    view_limits,
)


def mixture_of(weights, means, deviations):
    deviations = np.asarray(deviations, dtype=float)
    return GaussianComponents(
        np.asarray(weights, dtype=float),
        np.asarray(means, dtype=float)[:, np.newaxis],
        np.square(deviations)[:, np.newaxis, np.newaxis],
    )


def area(bars):
    return float((bars.heights * np.diff(bars.edges)).sum())


DATA = {
    "normal": np.random.default_rng(0).normal(size=500),
    "far": 1e8 + np.random.default_rng(1).normal(size=500),
    "heavy tails": np.random.default_rng(2).standard_cauchy(size=500),
    "integers": np.random.default_rng(3).poisson(4, size=500).astype(float),
    "tenths": np.round(np.random.default_rng(4).normal(size=500), 1),
    "constant": np.full(10, 7.0),
    "one row": np.array([3.0]),
    "two values": np.array([0.0, 0.0, 0.0, 1.0]),
    "missing": np.array([1.0, np.nan, 2.0, 5.0]),
}


@pytest.mark.parametrize("name", DATA)
def test_the_histogram_has_area_one_and_holds_every_value(name):
    values = DATA[name]
    bars = histogram(values, np.ones(len(values)))
    assert area(bars) == pytest.approx(1, rel=1e-9)
    assert bars.edges[0] <= np.nanmin(values)
    assert bars.edges[-1] >= np.nanmax(values)
    assert len(bars.heights) <= 102


def test_every_bin_holds_as_many_integers_as_the_others():
    values = np.random.default_rng(0).integers(0, 60, size=400).astype(float)
    bars = histogram(values, np.ones(400))
    held = np.diff(np.floor(bars.edges[:-1])), np.diff(bars.edges)
    assert len(set(held[0])) == 1
    assert np.all(bars.edges % 1 == 0.5)


def test_weight_zero_is_absence_and_a_common_factor_changes_nothing():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=80), rng.uniform(1, 2, size=80)
    bars = histogram(values, weights)
    extended = histogram(np.r_[values, 99.0], np.r_[weights, 0.0])
    scaled = histogram(values, weights * 1024)
    for other in (extended, scaled):
        np.testing.assert_array_equal(other.edges, bars.edges)
        np.testing.assert_array_equal(other.heights, bars.heights)


def test_weights_count_as_mass():
    values = np.array([0.0, 0.0, 1.0, 1.0])
    bars = histogram(values, np.array([1.0, 2.0, 4.0, 5.0]))
    mass = bars.heights * np.diff(bars.edges)
    assert mass[bars.edges[:-1] < 0.5].sum() == pytest.approx(3 / 12)


def test_a_column_without_values_has_no_histogram():
    assert histogram(np.full(3, np.nan), np.ones(3)) is None


@pytest.mark.parametrize("deviations", [(1, 1), (1e-5, 10), (1e-9, 1e9)])
def test_curves_integrate_to_the_weights_however_narrow(deviations):
    components = mixture_of([0.3, 0.7], [0.0, 2.0], deviations)
    drawn = curves(components, -1.0, 1.0)
    areas = np.trapezoid(drawn.densities, drawn.x, axis=0)
    np.testing.assert_allclose(areas, [0.3, 0.7], rtol=2e-3)


def test_responsibilities_sum_to_one_even_far_out():
    drawn = curves(mixture_of([0.5, 0.5], [0, 1], [1e-3, 2e-3]), -1e3, 1e3)
    np.testing.assert_allclose(drawn.responsibilities.sum(axis=1), 1, rtol=1e-12)


def test_a_component_of_weight_zero_has_no_responsibility():
    drawn = curves(mixture_of([1.0, 0.0], [0, 1], [1, 1]), -3, 3)
    assert np.all(drawn.responsibilities[:, 1] == 0)


def test_the_grid_holds_the_whole_mixture():
    components = GaussianComponents(
        np.array([0.4, 0.6]),
        np.array([[0.0, 0.0], [5.0, 5.0]]),
        np.array([np.diag([1e-6, 1.0]), [[2.0, 1.0], [1.0, 2.0]]]),
    )
    grid = density_grid(components, np.zeros(2), np.ones(2), (0.5, 0.9))
    mass = np.trapezoid(np.trapezoid(grid.density, grid.x, axis=1), grid.y)
    assert mass == pytest.approx(1, abs=2e-3)
    assert grid.masses == (0.9, 0.5)
    assert grid.levels[0] < grid.levels[1]


def test_limits_show_the_data_whatever_the_components():
    broad = mixture_of([1.0], [0.0], [1e6])
    low, high = view_limits(broad, 0, -1.0, 1.0)
    assert -3 < low < -1 and 1 < high < 3
