import os
import subprocess
import sys
from importlib import import_module

import pytest

from mixtura.cli import _COMMANDS, main

PROGRAM = [sys.executable, "-m", "mixtura"]


def program(*arguments, **options):
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_help_lists_the_commands_and_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from mixtura.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'numpy', 'sklearn', 'numba', 'matplotlib', 'rich', 'scipy'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    for name, line in _COMMANDS.items():
        assert name in result.stdout and line in result.stdout


def test_help_answers_at_once():
    durations = []
    for _ in range(3):
        before = os.times()
        assert program("--help").returncode == 0
        after = os.times()
        durations.append(sum(after[2:4]) - sum(before[2:4]))  # of children
    # 0.05 s of an idle processor; a busy machine counts for little
    assert min(durations) < 0.3


@pytest.mark.parametrize("name", _COMMANDS)
def test_the_short_help_is_the_command_s_own(name):
    command = import_module(f"mixtura.cli.{name}").command
    assert command.name == name
    assert command.short_help == _COMMANDS[name]
    assert main.get_command(None, name) is command


@pytest.mark.parametrize("name", _COMMANDS)
def test_help_of_a_command_loads_no_numpy(name):
    code = (
        "import sys\n"
        "from mixtura.cli import main\n"
        f"main(['{name}', '--help'], standalone_mode=False)\n"
        "sys.exit('numpy' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert result.returncode == 0


def test_unknown_commands_are_wrong_usage(run):
    result = run("fti")
    assert result.exit_code == 2 and "No such command 'fti'" in result.stderr


def test_version(run):
    assert run("--version").stdout.startswith("mixtura, version 0.")


def test_the_package_runs_as_a_module():
    result = program("--help")
    assert result.stdout.startswith("Usage: python -m mixtura [OPTIONS] COMMAND")
    assert program("fti").returncode == 2


def test_samples_flow_through_a_pipe_into_a_fit(run, model_path):
    samples = program("sample", model_path, "-n", 200, "--seed", 1)
    fit = run("fit", "-", "-k", 2, "--seed", 0, input=samples.stdout)
    assert fit.exit_code == 0 and fit.stderr == ""
    assert "standard input: 200 rows, 2 columns" in fit.stdout


def test_a_closed_pipe_is_quiet(model_path):
    writer = subprocess.Popen(
        [*PROGRAM, "sample", str(model_path), "-n", "200000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    writer.stdout.readline()
    writer.stdout.close()
    errors = writer.stderr.read()
    writer.stderr.close()
    writer.wait()
    assert errors == b""


def test_a_pipe_gets_no_colours(run, model_path):
    assert "\x1b" not in run("info", model_path, env={"TERM": "xterm-256color"}).stdout


def test_no_color_is_honoured(run, model_path):
    colours = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80"}
    result = run("info", model_path, env=colours | {"NO_COLOR": "1"}, color=True)
    codes = [f"\x1b[{code}" for code in (*range(31, 38), *range(91, 98))]
    assert "\x1b[" in result.stdout
    assert not any(code in result.stdout for code in codes)


def test_a_defect_of_the_program_keeps_its_traceback(run, monkeypatch):
    def broken(*_, **__):
        raise KeyError("defect")

    monkeypatch.setattr("mixtura.io.tables.read_table", broken)
    assert isinstance(run("fit", "iris").exception, KeyError)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["fit", "-k", "2"], ["score", "-k", "2"]], ids=lambda words: words[0]
)
def test_the_picture_is_drawn_though_nobody_reads_the_table(command, tmp_path):
    picture = tmp_path / "p.png"
    name, *rest = command
    words = [sys.executable, "-m", "mixtura", name, "old-faithful", *rest]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        subprocess.run([*words, "--plot", picture], stdout=writing, timeout=60)
    finally:
        os.close(writing)
    assert picture.stat().st_size > 1000
