import subprocess
import sys

import numpy as np
import pytest

from mixtura.datasets import dataset_names, describe_dataset, load_dataset, simulated

# First row, last row and sum of all entries of what the listings draw when run as
# printed (NumPy 1.x and 2.x with OpenBLAS). Another LAPACK may choose other signs
# in multivariate_normal; see mixtura.datasets.simulated.
LISTINGS = {
    "lesson-16": (
        [-1.5032858469887673, -2.1382643011711848],
        [5.078880808455238, 3.1195749114345768],
        7.9792950534242095,
    ),
    "lecture-15-1d": ([-1.4328835691296815], [1.3375739842161056], -116.5581038964603),
    "lecture-15-2d": (
        [-2.6756609737153272, -1.3862932220663189],
        [-0.41660038270710553, 2.9614231089099037],
        220.8634089619353,
    ),
    "lecture-15-2d-78": (
        [-1.7069968645538784, 0.054139521441871619],
        [-1.6454969457237394, 1.316078210920539],
        76.4148264570722,
    ),
    "walk-through": (
        [5.4967141530112329, 4.8617356988288156],
        [7.555706739923888, 1.3773004930448522],
        1891.888437468035,
    ),
}


@pytest.mark.parametrize("name", dataset_names())
def test_the_catalogue_tells_the_truth(name):
    table, entry = load_dataset(name), describe_dataset(name)
    assert table.values.shape == (entry.n_rows, len(entry.columns))
    assert table.values.dtype == np.float64
    assert table.names == entry.columns
    assert np.isfinite(table.values).all()
    assert table.weights is None and table.ids is None and table.skipped == ()


@pytest.mark.parametrize("name", sorted(LISTINGS))
def test_simulated_sets_are_those_of_the_listings(name):
    values = load_dataset(name).values
    first, last, total = LISTINGS[name]
    np.testing.assert_allclose(values[0], first, rtol=0, atol=1e-12)
    np.testing.assert_allclose(values[-1], last, rtol=0, atol=1e-12)
    assert values.sum() == pytest.approx(total, abs=1e-9)


def test_old_faithful_is_r_s_faithful():
    values = load_dataset("old-faithful").values
    # colMeans and the sample standard deviations as R prints them
    np.testing.assert_allclose(values.mean(axis=0), [3.487783, 70.897059], atol=5e-7)
    np.testing.assert_allclose(
        values.std(axis=0, ddof=1), [1.141371, 13.594974], atol=5e-7
    )


@pytest.mark.parametrize("name", sorted(LISTINGS))
def test_drawing_leaves_the_global_generator_alone(name):
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    load_dataset(name)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_the_seed_decides_the_numbers():
    assert np.array_equal(simulated.lecture_15_2d(3), simulated.lecture_15_2d(3))
    assert not np.array_equal(simulated.lecture_15_2d(3), simulated.lecture_15_2d(4))


@pytest.mark.parametrize("seed", [5, 6])
def test_lecture_15_1d_has_the_moments_of_its_mixture(seed):
    values = simulated.lecture_15_1d(seed)
    mean = 0.65 * -1.2 + 0.35 * 1.8
    second = 0.65 * (0.45**2 + 1.2**2) + 0.35 * (0.7**2 + 1.8**2)
    standard_error = np.sqrt((second - mean**2) / len(values))
    assert abs(values.mean() - mean) < 4 * standard_error


def test_loading_twice_gives_separate_arrays():
    first = load_dataset("old-faithful").values
    first[0, 0] = -1.0
    assert load_dataset("old-faithful").values[0, 0] == 3.6


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no data set 'geyser'.*old-faithful, iris"):
        load_dataset("geyser")


def test_a_table_stands_for_its_array():
    table = load_dataset("old-faithful")
    assert np.asarray(table) is table.values
    assert np.asarray(table, dtype=np.float32).dtype == np.float32
    assert table.n_rows == 272 and table.n_columns == 2


def test_the_catalogue_needs_no_numpy():
    code = (
        "import sys, mixtura.datasets as d; d.dataset_names(); "
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
