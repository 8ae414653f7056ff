"""R's mclust, where there is an R that has it, in a process of its own."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from mixtura._types import Array

WORKER = Path(__file__).with_suffix(".R")

ABSENT = "R with mclust was not there: its numbers are left out."

CODES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
"""mclust's codes of scikit-learn's structures."""


class Fit(NamedTuple):
    """Seconds of a fit, and its end when it is run to convergence."""

    seconds: float
    level: float
    smallest: float


class Mclust:
    """A running R that has loaded mclust.

    Parameters
    ----------
    requests, replies : text streams
        To and from the process.
    folder : Path
        Where the data are left for it.
    """

    def __init__(self, requests: IO[str], replies: IO[str], folder: Path) -> None:
        self._requests, self._replies, self._folder = requests, replies, folder
        self.version = self._line()

    def table_seconds(self, X: Array, largest: int) -> float:
        """Seconds of one ``Mclust(X, G = 1:largest)``: all structures."""
        return self._asked("table", X, largest)[0]

    def levels(self, X: Array, code: str, largest: int) -> list[float]:
        """Converged log-likelihoods from its starts by size; nan where it has none."""
        return self._asked("levels", X, code, largest)

    def fit(self, X: Array, code: str, n_components: int) -> Fit:
        """Seconds of one fit with its defaults, and where its start leads."""
        return Fit(*self._asked("fit", X, code, n_components))

    def _asked(self, request: str, X: Array, *words: object) -> list[float]:
        path = self._folder / "rows.csv"
        np.savetxt(path, X, delimiter=",", fmt="%.17g")
        print(request, path, *words, file=self._requests, flush=True)
        return [float(word.replace("NA", "nan")) for word in self._line().split()]

    def _line(self) -> str:
        line = self._replies.readline()
        if not line:
            raise RuntimeError("The R process ended; its error is above.")
        return line.strip()


@contextmanager
def session() -> Iterator[Mclust | None]:
    """Start R with mclust; None where it cannot be had."""
    program = shutil.which("Rscript")
    if program is None or not _runs([program, "-e", "library(mclust)"]):
        yield None
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [program, "--vanilla", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        yield Mclust(process.stdin, process.stdout, Path(folder))
        process.stdin.close()


def _runs(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
