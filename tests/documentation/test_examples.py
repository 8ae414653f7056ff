"""Each example runs by itself, and warns of nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*/*.py"))


EACH = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


@EACH
def test_an_example_agrees_with_numpy(script):
    text = script.read_text(encoding="utf-8")
    assert "np.testing.assert_allclose" in text and "1e-10" in text


@EACH
def test_a_notebook_can_show_the_text_of_an_example(script):
    roles = set(re.findall(r":(\w+):`", script.read_text(encoding="utf-8")))
    assert roles <= {"math"}


@pytest.mark.slow
@EACH
def test_an_example_runs_alone(script, tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert not list(tmp_path.iterdir()), "examples write no files"
