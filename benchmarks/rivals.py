"""One EM iteration against oneDAL and mlpack, each in an environment of its own.

``python -m benchmarks.rivals`` makes the environments in a temporary folder with pip,
starts a process in each, and has them and mixtura iterate in turn on the same rows.
"""

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kernels import problem
from benchmarks.problems import as_in_a_fit, check_agreement, iteration, rounded
from benchmarks.size import CPUS, SIZES, Size
from benchmarks.table import NOT_SLOWER, Bar, Row, Table, number
from benchmarks.timing import alternate_timers

WORKER = Path(__file__).with_name("rival_worker.py")
PACKAGES = {"oneDAL": "scikit-learn-intelex", "mlpack": "mlpack"}
# (covariance type, D, K): rows, and which rivals have such a model and the patience
CASES = {
    ("full", 2, 3): (200_000, ("oneDAL", "mlpack")),
    ("full", 10, 10): (50_000, ("oneDAL", "mlpack")),
    ("full", 32, 16): (20_000, ("oneDAL",)),
    ("full", 64, 20): (60_000, ("oneDAL",)),
    ("diag", 10, 10): (100_000, ("oneDAL", "mlpack")),
}

BARS = {
    ("oneDAL", "full", 2, 3): Bar(4),
    ("oneDAL", "full", 10, 10): Bar(4),
    ("oneDAL", "full", 32, 16): Bar(3.5),
}

RIVALS_AGREE = 1e-6


class RivalError(Exception):
    """Another library could not do what it was asked."""


Timer = Callable[[Path], Any]
"""Times an iteration on a stored problem; returns the worker's reply."""


def tables(size: Size) -> list[Table]:
    """One row for each rival and model; none for a rival that cannot be had."""
    rows, absent = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, package in PACKAGES.items():
            try:
                with _rival(Path(folder) / name, name, package) as (version, timer):
                    rows += _rows(size, f"{name} {version}", name, timer, Path(folder))
            except subprocess.CalledProcessError as error:
                absent.append(f"{name} could not be had: {error}.")
    about = (
        "In ns per row and component. oneDAL is `daal4py.em_gmm`, started from the "
        "same parameters; mlpack is `gmm_train`, from parameters of its own. Their "
        "iterations are timed as 11 of them less 1, in processes that wait meanwhile."
    )
    columns = ("model", "rows", "rival", "theirs", "mixtura")
    return [Table("Other libraries", columns, rows, " ".join([about, *absent]))]


def _rows(size: Size, title: str, name: str, timer: Timer, folder: Path) -> list[Row]:
    cases = [
        (case, size.pick(n // 50, n, 2 * n))
        for case, (n, rivals) in CASES.items()
        if name in rivals
    ]
    return [_row(size, title, *case, n, timer, folder) for case, n in size.some(cases)]


def _row(
    size: Size,
    title: str,
    covariance_type: str,
    d: int,
    k: int,
    n: int,
    timer: Timer,
    folder: Path,
) -> Row:
    X, model, _ = problem(covariance_type, n, d, k)
    rounded(model)
    iterate = iteration(model, X)
    path = folder / f"{covariance_type}-{d}-{k}.npz"
    np.savez(
        path,
        X=X,
        weights=model.weights_,
        means=model.means_,
        covariances=model.covariances_,
    )

    log_likelihood = iterate()

    def theirs() -> float:
        reply = timer(path)
        if "error" in reply:
            raise RivalError(reply["error"])
        if reply["shape"] != [n, d, k]:
            raise AssertionError(f"timed {reply['shape']}, not {[n, d, k]}")
        if reply["log_likelihood"] is not None:
            found = reply["log_likelihood"] / n
            check_agreement(log_likelihood, found, RIVALS_AGREE)
        return reply["seconds"]

    label = f"{covariance_type} D={d} K={k}"
    timers = [theirs, as_in_a_fit(iterate, CPUS)]
    try:
        rounds = alternate_timers(timers, min(size.repeats, 5))
    except RivalError as error:
        return Row(label, [f"{n:,}", title, f"fails: {error}", "–"])
    times = [number(rounds.median(i) * 1e9 / (n * k)) for i in (0, 1)]
    rival = title.partition(" ")[0]
    bar = BARS.get((rival, covariance_type, d, k), NOT_SLOWER)
    return Row(label, [f"{n:,}", title, *times], rounds.ratio(0, 1), bar)


@contextmanager
def _rival(folder: Path, name: str, package: str) -> Iterator[tuple[str, Timer]]:
    """Version of a rival, and what times its iteration in a process of its own."""
    python = _environment(folder, package)
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(
                [str(python), str(WORKER), name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        assert process.stdin is not None and process.stdout is not None
        requests, answers = process.stdin, process.stdout

        def answer() -> Any:
            line = answers.readline()
            if not line:
                raise subprocess.CalledProcessError(process.wait(), name)
            return json.loads(line)

        def timer(path: Path) -> Any:
            requests.write(json.dumps({"problem": str(path)}) + "\n")
            requests.flush()
            return answer()

        yield answer()["version"], timer
        requests.close()


def _environment(folder: Path, package: str) -> Path:
    """Make a virtual environment with one package; return its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run(
        [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--only-binary=:all:",
            package,
        ],
        check=True,
        capture_output=True,
    )
    return python


if __name__ == "__main__":
    for table in tables(SIZES["quick"]):
        print(table.as_text())
