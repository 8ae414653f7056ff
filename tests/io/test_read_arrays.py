import sys

import numpy as np
import pytest

from mixtura.exceptions import TableError
from mixtura.io import read_table


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(7, 3))


def test_npy_is_mapped_and_not_copied(tmp_path, values):
    path = tmp_path / "x.npy"
    np.save(path, values)
    table = read_table(path)
    np.testing.assert_array_equal(table.values, values)
    assert table.names == ("x0", "x1", "x2")
    assert not table.values.flags.owndata and not table.values.flags.writeable


@pytest.mark.parametrize("dtype", ["float32", "int16", ">f8", "uint8"])
def test_other_number_types_become_float64(tmp_path, values, dtype):
    expected = np.abs(values * 10).astype(dtype)
    np.save(tmp_path / "x.npy", expected)
    table = read_table(tmp_path / "x.npy")
    assert table.values.dtype == np.float64
    np.testing.assert_array_equal(table.values, expected)


def test_columns_and_weights_of_an_array(tmp_path, values):
    np.save(tmp_path / "x.npy", np.abs(values))
    table = read_table(tmp_path / "x.npy", columns=[2, "x0"], weight_column=1)
    np.testing.assert_array_equal(table.values, np.abs(values)[:, [2, 0]])
    np.testing.assert_array_equal(table.weights, np.abs(values)[:, 1])


def test_one_dimension_is_one_column(tmp_path, values):
    np.save(tmp_path / "x.npy", values[:, 0])
    assert read_table(tmp_path / "x.npy").values.shape == (7, 1)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[1, np.nan], [np.inf, 2]]), r"row 1, column 'x1': the value is nan"),
        (np.zeros((2, 2, 2)), r"one or two dimensions; got shape \(2, 2, 2\)"),
        (np.array(3.0), r"one or two dimensions; got shape \(\)"),
        (np.array([["a"]]), "real numbers; got dtype <U1"),
        (np.array([[1j]]), "real numbers; got dtype complex128"),
        (np.array([{"a": 1}], dtype=object), "Pickled objects are never loaded"),
        (np.zeros((0, 2)), "no rows"),
    ],
)
def test_arrays_that_are_no_tables(tmp_path, array, message):
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    with pytest.raises(TableError, match=message):
        read_table(tmp_path / "x.npy")


def test_a_late_nan_is_named_with_its_row(tmp_path):
    values = np.zeros((70_000, 2))
    values[69_999, 1] = np.nan
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(TableError, match="row 70000, column 'x1'"):
        read_table(tmp_path / "x.npy")


def test_npz_takes_the_first_or_the_named_array(tmp_path, values):
    np.savez(tmp_path / "x.npz", first=values, second=values[:2])
    assert read_table(tmp_path / "x.npz").n_rows == 7
    assert read_table(f"{tmp_path / 'x.npz'}:second").n_rows == 2
    with pytest.raises(TableError, match="no array 'third'; it has first, second"):
        read_table(f"{tmp_path / 'x.npz'}:third")


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.parquet"])
@pytest.mark.parametrize("keep", [0, 5, 40, 200])
def test_truncated_files_give_one_clear_error(tmp_path, values, name, keep):
    path = tmp_path / name
    if name == "x.parquet":
        _write_parquet(path, {"a": values[:, 0]})
    elif name == "x.npz":
        np.savez(path, values)
    else:
        np.save(path, values)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TableError, match=name.replace(".", r"\.")):
        read_table(path)


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_text_under_an_array_s_name_is_called_text(tmp_path, name):
    path = tmp_path / name
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match="from how it begins, text"):
        read_table(path)


def test_an_npy_header_that_claims_too_much_allocates_nothing(tmp_path):
    path = tmp_path / "x.npy"
    claim = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 3)}
    with path.open("wb") as handle:
        np.lib.format.write_array_header_1_0(handle, claim)
        handle.write(bytes(64))
    with pytest.raises(TableError, match="not an intact NPY"):
        read_table(path)


@pytest.mark.parametrize("seed", range(40))
def test_altered_arrays_are_read_or_refused_but_never_crash(tmp_path, values, seed):
    rng = np.random.default_rng(seed)
    path = tmp_path / ("x.npz" if seed % 2 else "x.npy")
    (np.savez if seed % 2 else np.save)(path, values)
    content = bytearray(path.read_bytes())
    for position in rng.integers(0, len(content), size=3):
        content[position] = rng.integers(0, 256)
    path.write_bytes(content)
    try:
        assert np.isfinite(read_table(path).values).all()
    except TableError as error:
        assert path.name in str(error)


def _write_parquet(path, columns):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)


def test_parquet_takes_numbers_and_leaves_the_rest(tmp_path, values):
    path = tmp_path / "x.parquet"
    columns = {
        "a": values[:, 0],
        "kind": list("abcdefg"),
        "n": np.arange(7),
        "w": np.full(7, 2.0, dtype=np.float32),
    }
    _write_parquet(path, columns)
    table = read_table(path, weight_column="w", id_column="n")
    assert table.names == ("a",) and table.skipped == ("kind",)
    assert table.weights.tolist() == [2.0] * 7
    assert table.ids == tuple("0123456")
    np.testing.assert_array_equal(table.values[:, 0], values[:, 0])


def test_parquet_mistakes_are_named(tmp_path):
    path = tmp_path / "x.parquet"
    _write_parquet(path, {"a": [1, None], "k": ["u", "v"], "b": [1.0, float("nan")]})
    with pytest.raises(TableError, match="row 2, column 'a': the value is missing"):
        read_table(path)
    with pytest.raises(TableError, match="row 2, column 'b': nan is not a finite"):
        read_table(path, columns=["b"])
    with pytest.raises(TableError, match="column 'k' must hold numbers; got string"):
        read_table(path, columns=["k"])


def test_without_pyarrow_the_error_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableError) as caught:
        read_table(tmp_path / "x.parquet")
    assert 'pip install "mixtura[io]"' in str(caught.value)
