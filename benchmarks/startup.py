"""Imports, the command line, and what the first large fit pays for its compiler."""

import os
import subprocess
import sys
import tempfile

from benchmarks.size import Size
from benchmarks.table import Bar, Row, Table, duration
from benchmarks.timing import Rounds, alternate

IMPORT_BAR = Bar(1.3, at_most=True)
HELP_BAR = Bar(0.3, at_most=True)
FIRST_FIT_BAR = Bar(5.0, at_most=True)
HELP = "from mixtura.cli import main; main(['--help'])"
FITS = """
import time, warnings
import numpy as np
from mixtura import GaussianMixture
warnings.simplefilter("ignore")
X = np.random.default_rng(0).standard_normal(({rows}, 10))
for _ in range(2):
    start = time.perf_counter()
    GaussianMixture(10, max_iter=20, random_state=0).fit(X)
    print(time.perf_counter() - start)
"""


def tables(size: Size) -> list[Table]:
    """Whole processes, then first fits."""
    return [_imports(size), _help(size), _first_fits(size)]


def _imports(size: Size) -> Table:
    pairs = (
        ("import mixtura", "import numpy", IMPORT_BAR),
        (
            "from mixtura import GaussianMixture",
            "from sklearn.mixture import GaussianMixture",
            IMPORT_BAR,
        ),
    )
    rows = []
    for ours, theirs, bar in size.some(pairs)[: size.pick(1, None, None)]:
        rounds = _alternate(size, ours, theirs)
        cells = [f"`{theirs}`", *(duration(rounds.median(i)) for i in (0, 1))]
        rows.append(Row(f"`{ours}`", cells, rounds.ratio(0, 1), bar))
    columns = ("process", "against", "ours", "theirs")
    about = "Whole processes of the interpreter, from start to end, in turn."
    return Table("Start-up", columns, rows, about, "times as long")


def _help(size: Size) -> Table:
    rounds = _alternate(size, HELP)
    row = Row("`mixtura --help`", [], rounds.median(0), HELP_BAR, "s")
    return Table("The command line", ("process",), [row], "", "takes")


def _first_fits(size: Size) -> Table:
    code = FITS.format(rows=size.pick(4_000, 50_000, 50_000))
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for label in ("empty", "filled"):
            done = _run(code, NUMBA_CACHE_DIR=cache)
            first, second = map(float, done.stdout.split())
            cells = [duration(first), duration(second)]
            rows.append(Row(label, cells, first - second, FIRST_FIT_BAR, "s"))
    columns = ("compile cache", "first fit", "second fit")
    about = (
        "Two fits of 10 components to 50,000 × 10 in a fresh process, imports not "
        "counted: first with an empty compile cache, then with what that left."
    )
    return Table("The first large fit", columns, rows, about, "difference")


def _alternate(size: Size, *codes: str) -> Rounds:
    """Time processes in turn; a tiny run starts each only once."""
    processes = [lambda code=code: _run(code) for code in codes]
    return alternate(processes, size.pick(1, 7, 21), warm_up=size.pick(0, 1, 1))


def _run(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
