"""Numbers as people read them: as many digits as the uncertainty warrants."""

import numpy as np
import pytest

from mixtura.cli.numbers import to_resolution
from mixtura.cli.printing import _mean_and_deviation


@pytest.mark.parametrize("offset", [0.0, 54.0, 1e8, -1.7e9])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 250.0])
def test_differences_of_a_deviation_show_whatever_the_offset(offset, scale):
    means = offset + scale * np.array([0.0, 1.0, 2.5])
    cells = _mean_and_deviation(means, scale * np.array([0.5, 0.4, 0.9]))
    read = [float(cell.split("±")[0]) for cell in cells]
    np.testing.assert_allclose(read, means, atol=scale / 10)
    assert len(set(cells)) == 3
    assert max(map(len, cells)) <= 30


def test_one_narrow_component_does_not_decide_on_the_digits_of_the_others():
    wide, narrow = _mean_and_deviation(np.array([4.0, 5.0]), np.array([1.0, 1e-6]))
    assert float(narrow.split("±")[1]) == 1e-6
    assert len(wide) <= 16


@pytest.mark.parametrize("exponent", range(-300, 301, 25))
@pytest.mark.parametrize("ratio", [1e-12, 1e-3, 1.0, 1e4])
def test_the_resolution_is_kept_at_any_size(exponent, ratio):
    values = [3.25 * 10.0**exponent, -1.5 * 10.0**exponent, 0.0]
    resolution = ratio * 10.0**exponent
    texts = to_resolution(values, resolution)
    np.testing.assert_allclose([float(x) for x in texts], values, atol=resolution)
    assert max(map(len, texts)) <= 22


def test_rows_are_explained_in_digits_that_tell_them_apart(run, tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "far.csv"
    times = 1.7e9 + 3600 * rng.standard_normal(200)
    np.savetxt(path, np.c_[times, rng.standard_normal(200)], "%.12g", ",", header="t,x")
    told = run("score", path, "-k", "1", "--json").output
    assert told
    shown = run("score", path, "-k", "1", "--top", "5").stdout
    said = [part.split("(")[0] for part in shown.split("t = ")[1:]]
    assert len(set(said)) == len(said) > 1
