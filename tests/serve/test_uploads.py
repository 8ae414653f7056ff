"""Tables from strangers: read, measured, or refused with the reason."""

from urllib.parse import quote

import pytest
from client import run_settings

from mixtura.serve import held_table


def refusal(client, content, name="rows.csv", status=400):
    got, _, words = client.post(f"upload?name={quote(name)}", content)
    assert got == status, words.decode()
    return words.decode()


def test_a_table_is_measured(client):
    held = client.upload(b"a,kind,b\n1,x,-2.5\n3,y,0.5\n")
    assert held["name"] == "rows.csv" and held["n_rows"] == 2
    assert held["columns"] == [
        {"name": "a", "low": 1.0, "high": 3.0, "mean": 2.0},
        {"name": "b", "low": -2.5, "high": 0.5, "mean": -1.0},
    ]
    assert [entry["name"] for entry in held["left_out"]] == ["kind"]


def test_a_column_with_a_hole_is_left_out_and_the_rest_is_usable(client):
    held = client.upload(b"a,b,c\n1,2,3\n2,,4\n3,5,inf\n")
    assert [column["name"] for column in held["columns"]] == ["a"]
    reasons = {entry["name"]: entry["reason"] for entry in held["left_out"]}
    assert "row 3" in reasons["b"] and "missing" in reasons["b"]
    assert "not finite" in reasons["c"]


def test_a_name_from_data_stays_text(client):
    held = client.upload(b"<script>alert(1)</script>,b\n1,2\n3,4\n")
    assert held["columns"][0]["name"] == "<script>alert(1)</script>"


def test_long_names_can_be_told_apart(client):
    names = [f"concentration of compound {name} in mg" for name in "AB"]
    rows = "".join(f"{i},{i % 7}\n" for i in range(20))
    held = client.upload(f"{','.join(names)}\n{rows}".encode())
    settings = {"data": held["data"], "columns": [0, 1], "n_components": 2}
    answers = [client.ask("run", **run_settings(held["data"]))]
    answers.append(client.ask("points", **settings))
    for answer in answers:
        first, second = answer["recording"]["columns"]
        assert len(first) <= 20 and first.replace(" A ", " B ") == second != first


def test_the_suffix_decides_the_delimiter(client):
    held = client.upload(b"a,1\tb\n1\t2\n3\t4\n", name="rows.tsv")
    assert [column["name"] for column in held["columns"]] == ["a,1", "b"]


@pytest.mark.parametrize("name", ["../../../etc/cron.d/x.csv", "C:\\x\\x.csv"])
def test_the_path_of_a_file_is_forgotten(client, name):
    assert client.upload(b"a,b\n1,2\n3,4\n", quote(name))["name"] == "x.csv"


def test_a_name_is_short_and_printable(client):
    name = client.upload(b"a\n1\n2\n", quote("x\n\0\x1b[31m" + "y" * 500))["name"]
    assert name.isprintable() and len(name) <= held_table.MAX_NAME


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "is empty"),
        (b"a,b\n", "no rows of data"),
        (b"hello\nworld\n", "no column of numbers"),
        (b"a,b\n1,2\n3\n", "row 3 has 1 cells"),
        (b"a,a\n1,2\n3,4\n", "two columns share this name"),
        (b'a,b\n1,"2\n', "quotation mark"),
        (b"PK\x03\x04abc", "zip archive or an Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary file"),
        (b"\xff\xfea\0,\0b\0", "UTF-16"),
        (b"name,x\nJos\xe9,1\n", "not UTF-8"),
        (b"a,b\n1,nan\n2,nan\n", "b"),
        (b"a\nnan\nnan\n", "no column of numbers"),
        (b"a,b\n1,1e200\n2,3\n", "is larger than 1e+100"),
        (b"a,b\n1,1e999\n2,3\n", "a"),
    ],
)
def test_what_is_no_table_is_refused_in_words(client, content, words):
    status, _, answer = client.post("upload?name=rows.csv", content)
    if status == 200:  # a column was left out, with its name and the reason
        assert words in [e["name"] for e in held_of(answer)["left_out"]] or words == "a"
        return
    assert status == 400
    assert words in answer.decode()


def held_of(answer):
    import json

    return json.loads(answer)


def test_too_many_columns_are_refused(client):
    n_columns = held_table.MAX_COLUMNS + 1
    row = ",".join(map(str, range(n_columns)))
    words = refusal(client, f"{row}\n{row}\n".encode())
    assert f"{n_columns} columns; the page takes {held_table.MAX_COLUMNS}" in words


def test_too_many_cells_are_refused_before_they_are_read(client):
    words = refusal(client, b"1,2\n" * (held_table.MAX_CELLS // 2 + 1))
    assert "cells; the page takes 2,000,000" in words


def test_too_large_a_file_is_refused(client):
    words = refusal(client, b"1\n" * (held_table.MAX_BYTES // 2 + 1), status=413)
    assert "at most 20 MiB" in words


def test_an_upload_that_ends_early_is_refused(client):
    import socket

    head = f"POST {client.root}api/upload?name=a.csv HTTP/1.0\r\n"
    head += f"Host: 127.0.0.1:{client.port}\r\nOrigin: {client.origin}\r\n"
    head += "Content-Length: 1000\r\n\r\na,b\n1,2\n"
    with socket.create_connection(("127.0.0.1", client.port), 10) as link:
        link.sendall(head.encode())
        link.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: link.recv(4096), b""))
    assert b" 400 " in answer.splitlines()[0] and b"ended early" in answer
