import io
import os
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura.exceptions import TableError
from mixtura.io import read_table


@pytest.fixture
def write(tmp_path):
    def _write(text, name="data.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return _write


def test_header_and_numbers(write):
    table = read_table(write("a,b\n1,2\n3.5,-4e2\n"))
    assert table.names == ("a", "b")
    assert table.values.tolist() == [[1, 2], [3.5, -400]]
    assert table.values.dtype == np.float64


def test_without_header_columns_get_names_that_count_from_zero(write):
    table = read_table(write("1,2\n3,4\n"))
    assert table.names == ("x0", "x1")
    assert table.n_rows == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a\tb\n1\t2\n", "d.tsv"),
        ("a\tb\n1\t2\n", "d.txt"),
        ("a;b\n1;2\n", "d.csv"),
        ('"a","b"\r\n"1","2"\r\n', "d.csv"),
        ("\n\na,b\n\n1,2\n   \n", "d.csv"),
        ("a,b\n1,2", "d"),
        (" a , b \n 1 , 2 \n", "d.csv"),
    ],
)
def test_delimiters_quotes_blank_lines_and_spaces(write, text, name):
    table = read_table(write(text, name))
    assert table.names == ("a", "b")
    assert table.values.tolist() == [[1, 2]]


def test_a_byte_order_mark_is_not_part_of_the_first_name(write):
    assert read_table(write("a,b\n1,2\n", encoding="utf-8-sig")).names == ("a", "b")


def test_columns_of_words_are_left_out_and_named(write):
    table = read_table(write("id,x,kind\nA1,1,red\nA2,2,NA\nA3,3,blue\n"))
    assert table.names == ("x",)
    assert table.skipped == ("id", "kind")


def test_columns_by_name_and_position_in_the_order_wanted(write):
    path = write("a,b,c\n1,2,3\n4,5,6\n")
    assert read_table(path, columns=["c", 0]).values.tolist() == [[3, 1], [6, 4]]
    assert read_table(path, columns=["c", "0"]).names == ("c", "a")
    assert read_table(path, columns="b").names == ("b",)


def test_a_column_called_1_is_chosen_by_its_name(write):
    path = write("0,1,name\n5,6,x\n", "d.csv")
    table = read_table(path, columns=["name", "0"][1:], header=True)
    assert table.values.tolist() == [[5]]
    path = write("1,0,a\n5,6,7\n")
    assert read_table(path, columns=["1"]).values.tolist() == [[5]]


def test_weights_leave_the_values(write):
    table = read_table(write("a,w,b\n1,0.5,2\n3,2,4\n"), weight_column="w")
    assert table.names == ("a", "b")
    assert table.weights.tolist() == [0.5, 2]
    assert table.values.tolist() == [[1, 2], [3, 4]]


def test_row_names_as_r_and_pandas_write_them_become_ids(write):
    table = read_table(write('"","x","y"\n"1",2,3\n"2",4,5\n'))
    assert table.names == ("x", "y")
    assert table.ids == ("1", "2")


def test_an_id_column_is_copied_as_it_is_written(write):
    table = read_table(write("key,x\n007,1\n008,2\n"), id_column="key")
    assert table.ids == ("007", "008")
    assert table.names == ("x",)


def test_fast_and_careful_paths_agree_to_the_bit(write):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(50, 3)) * 10.0 ** rng.integers(-300, 300, size=(50, 3))
    rows = ["a,b,c"] + [",".join(map(repr, row)) for row in values.tolist()]
    fast = read_table(write("\n".join(rows)))
    careful = read_table(write("\n".join(f"{row},word" for row in rows)))
    assert careful.skipped == ("word",)
    assert fast.values.tobytes() == careful.values.tobytes() == values.tobytes()


@settings(deadline=None, max_examples=50, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=False, allow_infinity=False),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_repr_writes_is_read_back_exactly(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("exact") / "d.csv"
    path.write_text("a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows))
    assert read_table(path).values.tobytes() == np.array(rows).tobytes()


MISTAKES = {
    "a,b\n1,2\n3,x4\n5,6\n": r"row 3, column 'b': 'x4' is not a number",
    "a,b\n1,2\n\n3,\n5,6\n": r"row 4, column 'b': the value is missing",
    "a,b\n1,2\n3,NA\n5,6\n": r"row 3, column 'b': the value is missing \('NA'\)",
    "a,b\n1,2\n3,inf\n5,6\n": r"row 3, column 'b': 'inf' is not finite",
    "a,b\n1,2\n3,1_000\n5,6\n": r"row 3, column 'b': '1_000' is not a number",
    "a,b\n1,2\n3\n5,6\n": r"row 3 has 1 cells, the header has 2",
    "a,b\n1,2\n3,4,5\n": r"row 3 has 3 cells, the header has 2.*row names",
    "1,2\n3,4,5\n": r"row 2 has 3 cells, the first row has 2",
    'a,b\n1,2\n"3,4\n5,6\n': r"row 3: .*quotation mark",
    'a,b\n"x\ny",1\nv,bad\nw,4\n': r"row 4, column 'b': 'bad'",
    "a;b\n1;2,5\n3;4\n5;6\n": r"row 2, column 'b': '2,5'.*decimal point",
    "a;b\n1,5;2,3\n2,5;3,1\n": r"row 2, column 'a': '1,5'.*decimal point",
    "1,5;2,5\n2,5;3,0\n": r"row 1, column 'x0': '1,5'.*decimal point",
    'a,b\n"1,200",2\n"3,400",5\n': r"row 2, column 'a': '1,200'.*thousands",
    'a,b\n"1,200,000.5",2\n7,5\n': r"row 2, column 'a': .*thousands",
    "# by hand\na,b\n1,2\n": r"row 2 has 2 cells, the header has 1.*a comment",
    "": r"is empty",
    "\n  \n": r"is empty",
    "a,b\n": r"header, but no rows",
    "a,b\nx,y\n": r"no column of numbers among a, b",
    "a,a\n1,2\n": r"'a' is chosen twice, or two columns share",
    "5.1,setosa\n4.9,setosa\n": r"row 1 mixes numbers and words.*--no-header",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_file_row_column_and_value(write, text):
    with pytest.raises(TableError, match="(?s)" + MISTAKES[text]) as caught:
        read_table(write(text, "bad.csv"))
    assert "bad.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v\n1\n2\n", "no column of numbers besides v, taken as classes, names or"),
        ("v,a\n1,x\n2,y\n", "no column of numbers among a besides v, taken as"),
    ],
)
def test_a_column_that_is_taken_is_not_called_one_of_words(write, text, message):
    with pytest.raises(TableError, match=message):
        read_table(write(text), id_column="v")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", b"a,b\n1,\0 2\n"])
def test_what_holds_bytes_of_zero_is_no_text(write, monkeypatch, content):
    with pytest.raises(TableError, match=r"data.csv is a binary file, or UTF-16"):
        read_table(write(content))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    with pytest.raises(TableError, match=r"standard input is a binary file"):
        read_table("-")


def test_a_long_value_is_cut_in_the_message(write):
    with pytest.raises(TableError) as caught:
        read_table(write(f"a\n1\n2\n{'z' * 5000}\n"))
    assert len(str(caught.value)) < 300


def test_header_can_be_settled_by_the_caller(write):
    path = write("5.1,setosa\n4.9,setosa\n")
    assert read_table(path, header=False).values.tolist() == [[5.1], [4.9]]
    assert read_table(path, header=True).names == ("5.1",)


def test_an_unknown_column_is_answered_with_the_known_ones(write):
    path = write("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"no column 'z'.*2 columns are a, b.*0 to 1"):
        read_table(path, columns=["z"])
    with pytest.raises(TableError, match="no column 2"):
        read_table(path, columns=[2])
    with pytest.raises(TableError, match="no column -1"):
        read_table(path, columns=[-1])
    with pytest.raises(TableError, match="no column 'w'"):
        read_table(path, weight_column="w")


def test_a_column_of_words_cannot_be_asked_for(write):
    with pytest.raises(TableError, match="row 2, column 'k': 'red' is not a number"):
        read_table(write("k,x\nred,1\nblue,2\n"), columns=["k"])


def test_weights_must_count(write):
    with pytest.raises(TableError, match=r"row 3, column 'w'.*negative; got -1"):
        read_table(write("a,w\n1,1\n2,-1\n"), weight_column="w")
    with pytest.raises(TableError, match="all weights are 0"):
        read_table(write("a,w\n1,0\n2,0\n"), weight_column="w")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\nM\u00fcnchen,3\n".encode("latin-1"), r"row 3: byte 0xfc.*UTF-8"),
        ("a\n1\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x1f\x8brest", "gzip"),
        (b"PAR1rest", "Parquet"),
    ],
)
def test_a_file_that_is_not_utf8_text_is_recognised(write, content, message):
    with pytest.raises(TableError, match=message):
        read_table(write(content))


def test_a_wrong_byte_far_down_a_numeric_file_is_found(write):
    content = b"a,b\n" + b"1,2\n" * 20_000 + b"3,\xff\n"
    with pytest.raises(TableError, match="row 20002: byte 0xff"):
        read_table(write(content))


def test_directories_and_missing_files(tmp_path):
    with pytest.raises(TableError, match="is a directory"):
        read_table(tmp_path)
    with pytest.raises(TableError, match=r"no such file\..*old-faithful"):
        read_table(tmp_path / "none.csv")


def test_bundled_sets_by_name_with_columns():
    table = read_table("old-faithful", columns=["waiting"])
    assert table.values.shape == (272, 1)


def test_a_file_hides_a_bundled_set_of_the_same_name(write, monkeypatch):
    monkeypatch.chdir(write("a\n1\n", "iris").parent)
    assert read_table("iris").names == ("a",)


def test_standard_input(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n"))
    monkeypatch.setattr(sys, "stdin", stream)
    assert read_table("-").names == ("a", "b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_text, args=("a,k\n1,x\n2,y\n",))
    thread.start()
    table = read_table(pipe)
    thread.join()
    assert table.values.tolist() == [[1], [2]]
