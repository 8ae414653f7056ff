"""Run what the README and the pages show: Python, sessions and commands.

In a block of ``python`` lines after ``>>>`` are a doctest, other code must run; in a
block of ``console`` each ``$ mixtura ...`` must print what follows it. The blocks of a
page share their variables and a folder.
"""

import doctest
import re
import shlex
from pathlib import Path

import matplotlib
import pytest
from click.testing import CliRunner

from mixtura.cli import main

ROOT = Path(__file__).parents[2]
# Its one block is a fragment that explains the checksum.
FRAGMENTS = ROOT / "docs" / "model-file.md"
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
    if page != FRAGMENTS and re.search("^```(python|console)$", page.read_text(), re.M)
]
# They take more than a few seconds each.
LONG = {
    "kmeans",
    "command-line",
    "choosing",
    "classification",
    "mclust",
    "gaussian-mixtures",
    "report",
}
LENIENT = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_session(source, names, place):
    """Run a doctest; fail with its report."""
    test = doctest.DocTestParser().get_doctest(source, names, *place)
    report = []
    runner = doctest.DocTestRunner(optionflags=LENIENT)
    runner.run(test, out=report.append, clear_globs=False)
    names.update(test.globs)
    assert not report, "".join(report)


def run_commands(source):
    """Run each command, and compare what it prints."""
    for session in re.split(r"^\$ ", source, flags=re.MULTILINE)[1:]:
        command, _, expected = session.partition("\n")
        program, *arguments = shlex.split(command)
        assert program == "mixtura"
        result = CliRunner(env={"COLUMNS": "80"}).invoke(
            main, arguments, prog_name="mixtura"
        )
        assert result.exit_code == 0, result.output
        same = doctest.OutputChecker().check_output(expected, result.output, LENIENT)
        assert same, f"{command} prints\n{result.output}"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] * (page.stem in LONG))
        for page in PAGES
    ],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_what_a_page_shows_happens(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    text, names = page.read_text(), {"__name__": "page"}
    for block in BLOCK.finditer(text):
        language, source = block.groups()
        line = text[: block.start()].count("\n") + 1
        if language == "console":
            run_commands(source)
        elif ">>>" in source:
            run_session(source, names, (page.name, str(page), line))
        else:
            exec(compile(source, f"{page}:{line}", "exec"), names)
