import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import numpy as np
import pytest

from mixtura.cli import _COMMANDS
from mixtura.cli.files import READ

PICTURE = "both.png"

COMMANDS = {
    "fit": ["c.csv", "--columns", "a,b"],
    "select": ["c.csv", "-k", "1"],
    "report": ["c.csv", "-k", "1"],
    "predict": ["m.json", "c.csv", "--columns", "a,b"],
    "score": "c.csv --model m.json --columns a,b --calibrate held.csv".split(),
    "classify": ["c.csv", "--target", "kind", "--new", "new.csv", "-o", "out.csv"],
    "sample": ["m.json", "-n", "3"],
    "animate": ["c.csv"],
}
FILES = ("c.csv", "held.csv", "new.csv", "m.json")
INPUTS = {
    name: [word for word in words if word in FILES] for name, words in COMMANDS.items()
}


def parameters(name):
    return import_module(f"mixtura.cli.{name}").command.params


def written(name):
    """Options of a command that name a file to write."""
    return [
        max(p.opts, key=len) for p in parameters(name) if isinstance(p.type, click.Path)
    ]


OVERWRITING = [
    (name, option, file)
    for name in COMMANDS
    for option in written(name)
    for file in INPUTS[name]
]
PAIRS = [
    (name, one, other)
    for name in COMMANDS
    for i, one in enumerate(written(name))
    for other in written(name)[:i]
]


@pytest.fixture
def folder(tmp_path, table_path, model_path, monkeypatch):
    """A folder with a model, and tables, to work in."""
    monkeypatch.chdir(tmp_path)
    for name in ("c.csv", "held.csv", "new.csv"):
        shutil.copy(table_path, name)
    table_path.unlink()
    shutil.copy(model_path, "m.json")
    return tmp_path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_command_that_writes_is_tested():
    writing = {name for name in _COMMANDS if written(name)}
    assert writing == set(COMMANDS)
    for name in COMMANDS:
        assert len(INPUTS[name]) == sum(p.name in READ for p in parameters(name))


@pytest.mark.parametrize(("name", "option", "file"), OVERWRITING)
@pytest.mark.parametrize("spelling", ["{}", "./{}", "link-to-{}"])
def test_what_is_read_is_never_overwritten(run, folder, name, option, file, spelling):
    target = spelling.format(file)
    if spelling.startswith("link"):
        os.symlink(file, target)
    before = contents(folder)
    result = run(name, *COMMANDS[name], option, target)
    assert result.exit_code == 2 and result.stdout == ""
    assert f"Error: {option}: '{Path(target)}' is also " in result.stderr
    assert "Give another file." in result.stderr
    assert contents(folder) == before


@pytest.mark.parametrize(("name", "one", "other"), PAIRS)
def test_two_results_never_go_to_one_file(run, folder, name, one, other):
    before = contents(folder)
    result = run(name, *COMMANDS[name], one, PICTURE, other, f"./{PICTURE}")
    assert result.exit_code == 2 and f"'{PICTURE}' is also --" in result.stderr
    assert contents(folder) == before


def test_an_array_of_an_archive_is_read_from_the_archive(run, folder):
    np.savez("a.npz", rows=np.eye(3))
    before = contents(folder)
    result = run("fit", "a.npz:rows", "-o", "a.npz")
    assert result.exit_code == 2 and "'a.npz' is also DATA" in result.stderr
    assert contents(folder) == before


def test_an_old_file_that_is_not_read_is_replaced(run, folder):
    result = run("fit", "c.csv", "--seed", 0, "-o", "new.csv")
    assert result.exit_code == 0 and (folder / "new.csv").read_bytes()[:1] == b"{"


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="needs /dev/stdin")
@pytest.mark.parametrize(
    ("source", "target", "said"),
    [("c.csv", "report.txt", "DATA"), ("new.csv", "c.csv", "standard output")],
)
def test_redirected_streams_are_files_too(folder, source, target, said):
    words = [sys.executable, "-m", "mixtura", "fit", "-", "-o", "c.csv"]
    with open(source) as stdin, open(target, "w") as stdout:
        result = subprocess.run(
            words, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 2 and f"'c.csv' is also {said}" in result.stderr


@pytest.mark.skipif(not os.path.exists(os.devnull), reason="needs a null device")
def test_what_is_no_regular_file_may_be_named_twice(run, folder):
    words = ("score", "c.csv", "-o", os.devnull, "--save", os.devnull)
    assert run(*words).exit_code == 0


def test_a_dash_is_no_file_to_write(run, folder):
    before = contents(folder)
    for name, words in COMMANDS.items():
        for option in written(name):
            result = run(name, *words, option, "-")
            assert (
                result.exit_code == 2 and "- is standard input alone" in result.stderr
            )
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["predict", "sample", "score", "classify"])
@pytest.mark.parametrize("ending", ["xlsx", "tsv", "txt"])
def test_a_table_has_the_format_of_its_name_or_none(run, folder, name, ending):
    result = run(name, *COMMANDS[name], "-o", f"s.{ending}")
    assert result.exit_code == 2 and result.stdout == ""
    assert f"'s.{ending}' must end in .csv, .npy or .parquet" in result.stderr


@pytest.mark.parametrize("name", ["predict", "sample", "score"])
def test_a_table_without_an_ending_is_csv(run, folder, name):
    assert run(name, *COMMANDS[name], "-o", "table").exit_code == 0
    assert run(name, *COMMANDS[name], "-o", "table.csv").exit_code == 0
    with open("table") as plain, open("table.csv") as csv:
        assert len(plain.readlines()) == len(csv.readlines())


def test_capital_endings_are_endings(run, folder):
    words = ("predict", "m.json", "c.csv", "--columns", "a,b", "--id-column", "kind")
    assert run(*words, "-o", "s.NPY").exit_code == 0
    assert np.load("s.NPY").shape == (60, 4)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="needs /dev/stdout")
@pytest.mark.parametrize("name", ["fit", "report", "predict", "sample", "score"])
def test_standard_output_can_be_named(folder, name):
    words = [sys.executable, "-m", "mixtura", name, *COMMANDS[name]]
    result = subprocess.run(
        [*words, "-o", "/dev/stdout"], capture_output=True, text=True
    )
    assert result.returncode == 0 and result.stderr == ""
    heads = {"fit": "{", "report": "<!", "predict": "label,", "score": "label,"}
    assert result.stdout.startswith(heads.get(name, "eruptions,"))


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc")
def test_what_cannot_be_written_is_named_as_it_was_given(run, folder):
    result = run("sample", "m.json", "-n", 3, "-o", "/proc/s.csv")
    assert result.exit_code == 1
    assert result.stderr == "error: /proc/s.csv: No such file or directory.\n"
