import numpy as np
import pytest

from mixtura.io import read_table

DECIMALS = np.random.default_rng(0).normal(3.4, 0.5, size=(30, 3))
COUNTS = np.random.default_rng(1).poisson(8, size=(30, 3))


def written(tmp_path, first, rows, pattern="%.3f"):
    path = tmp_path / "t.csv"
    np.savetxt(path, rows, delimiter=",", fmt=pattern, header=first, comments="")
    return path


@pytest.mark.parametrize("first", ["2019,2020,2021", "0,1,2", " 1, 2, 3"])
def test_numbers_in_sequence_over_decimals_are_asked_about(tmp_path, first):
    path = written(tmp_path, first, DECIMALS)
    with pytest.warns(UserWarning, match=r"t.csv: the first row .*--header or --no-h"):
        table = read_table(path)
    assert table.n_rows == 31
    assert read_table(path, header=False).n_rows == 31
    assert read_table(path, header=True).n_rows == 30


def test_years_over_counts_are_asked_about(tmp_path):
    with pytest.warns(UserWarning, match="Is it a header"):
        read_table(written(tmp_path, "2019,2020,2021", COUNTS, "%d"))


@pytest.mark.parametrize(
    ("first", "rows", "pattern"),
    [
        ("7,8,9", COUNTS, "%d"),
        ("0,1,2", COUNTS, "%d"),
        ("2018,2019,2020", COUNTS + 2000, "%d"),
        ("2019,2021,2020", DECIMALS, "%.3f"),
        ("3,4,3", DECIMALS, "%.1f"),
        ("3.0,4.0,5.0", DECIMALS, "%.1f"),
        ("2019,2020,2021", DECIMALS[:2], "%.3f"),
        ("a,b,c", DECIMALS, "%.3f"),
    ],
)
def test_ordinary_tables_are_read_without_a_word(tmp_path, first, rows, pattern):
    read_table(written(tmp_path, first, rows, pattern))


def test_tables_of_whole_numbers_raise_no_false_alarm(tmp_path):
    rng = np.random.default_rng(2)
    for _ in range(200):
        rows = np.sort(rng.integers(0, rng.integers(2, 60), size=(20, 2)), axis=1)
        first = ",".join(map(str, rows[0]))
        read_table(written(tmp_path, first, rows[1:], "%d"))
