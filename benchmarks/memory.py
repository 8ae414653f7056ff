"""Peak memory above the data, each call in a process of its own on mapped data."""

import json
import resource
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.mixture import GaussianMixture as Reference

from benchmarks.problems import blobs
from benchmarks.size import Size
from benchmarks.table import Bar, Row, Table, number
from mixtura import GaussianMixture

D, K, MANY = 10, 20, 64
LARGE_FIT = Bar(64, at_most=True)
MEBIBYTE = 2**20
SIDES = {"scikit-learn": Reference, "mixtura": GaussianMixture}
CALLS = ("fit", "predict", "score_samples")
STATUS = Path("/proc/self/status")


def tables(size: Size) -> list[Table]:
    """One row for each method."""
    n = size.pick(20_000, 1_000_000, 4_000_000)
    limit = n * K * 8 / MEBIBYTE / 2
    n_large = size.pick(20_000, 1_000_000, 10_000_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        np.save(path, blobs(n, D, K, 2.0))
        calls = size.pick(CALLS[:1], CALLS, CALLS)
        rows = [_row(call, path, Bar(limit, at_most=True)) for call in calls]
        np.save(path, blobs(n_large, D, MANY, 2.0))
        used = _in_a_process("mixtura", "fit", path, MANY)
        label = f"fit, {n_large:,} × {D}, K={MANY}"
        rows.append(Row(label, [""], used, LARGE_FIT, "MiB"))
    columns = ("method", "scikit-learn")
    about = (
        f"MiB of resident memory above what the process had just before the call, "
        f"with its {n:,} × {D} data ({n * D * 8 / MEBIBYTE:.0f} MiB) mapped and read "
        f"and all code loaded; K={K}, results included. The bar is half of one array "
        "of a number for each row and component."
    )
    return [Table("Peak memory above the data", columns, rows, about, "mixtura")]


def _row(call: str, path: Path, bar: Bar) -> Row:
    used = {name: _in_a_process(name, call, path) for name in SIDES}
    cells = [f"{number(used['scikit-learn'])} MiB"]
    return Row(call, cells, used["mixtura"], bar, "MiB")


def _in_a_process(side: str, call: str, path: Path, n_components: int = K) -> float:
    arguments = [side, call, str(path), str(n_components)]
    command = [sys.executable, "-m", "benchmarks.memory", *arguments]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)) / MEBIBYTE


def peak_above_data(side: str, call: str, path: str, n_components: str) -> int:
    """Bytes that a call takes at its peak, above what was there before."""
    X = np.load(path, mmap_mode="r")
    settings = {"init_params": "random_from_data", "max_iter": 3, "random_state": 0}
    model = SIDES[side](int(n_components), **settings)
    few = np.array(X[: min(len(X), 20_000)])
    model.fit(few).predict(few)  # loads what there is to load
    model.score_samples(few)
    X.sum()
    before = _resident()
    getattr(model, call)(X)
    return max(_peak() - before, 0)


def _resident() -> int:
    """Bytes of memory this process has now; from here on its peak counts anew."""
    if not STATUS.exists():
        return _largest()
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    """Largest number of bytes since then.

    Not ru_maxrss on Linux: a new process inherits that of the one that started it.
    """
    return _status("VmHWM") if STATUS.exists() else _largest()


def _status(name: str) -> int:
    lines = STATUS.read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024


def _largest() -> int:
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(peak_above_data(*sys.argv[1:])))
