"""Columns that can be read are read; of the others it is known why they cannot."""

import pytest

from mixtura.exceptions import TableError
from mixtura.io.delimited import read_usable
from mixtura.io.text_source import TextSource


def usable(text):
    content = text if isinstance(text, bytes) else text.encode()
    return read_usable(TextSource("rows.csv", content=content), "")


def test_whole_columns_of_numbers_are_kept():
    table, problems = usable("a,b,kind,c\n1,2,x,inf\n3,,y,6\n5,7,x,8\n")
    assert table.names == ("a",)
    assert table.values.tolist() == [[1.0], [3.0], [5.0]]
    assert list(problems) == ["b", "kind", "c"]
    assert "row 3, column 'b': the value is missing" in problems["b"]
    assert problems["kind"] == "it does not hold numbers"
    assert "'inf' is not finite" in problems["c"]


def test_a_table_without_problems_is_the_same_as_ever():
    table, problems = usable("a,b\n1,2\n3,4\n")
    assert table.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert problems == {}


@pytest.mark.parametrize(
    "text, words",
    [
        ("a,b\n1,\n,2\n", "the value is missing"),
        ("a,b\n1,2\n3\n", "has 1 cells"),
        ("kind\nx\ny\n", "no column of numbers"),
        (b"name,x\nJos\xe9,\n", "not UTF-8"),
        ("", "is empty"),
    ],
)
def test_what_has_no_usable_column_is_refused(text, words):
    with pytest.raises(TableError, match=words):
        usable(text)
