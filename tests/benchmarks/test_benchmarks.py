"""The benchmarks run, judge by their bars, and measure what they say they do."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.__main__ import SECTIONS
from benchmarks.problems import check_agreement
from benchmarks.size import SIZES
from benchmarks.table import Bar, Row, Table, losses
from benchmarks.timing import Rounds, alternate_timers, rest

from benchmarks import (
    iterations,
    mclust,
    memory,
    page,
    rivals,
    stages,
    structures,
    timing,
)

ROOT = Path(__file__).parents[2]
TABLE = Table(
    "Speed",
    ("what", "seconds"),
    [
        Row("fast", ["1"], 12.0, Bar(10)),
        Row("slow", ["9"], 8.0, Bar(10)),
        Row("unknown", ["?"], float("nan"), Bar(10)),
        Row("no bar", ["5"], 3.0),
        Row("fails", ["-"]),
    ],
)


@pytest.mark.slow
def test_a_tiny_run_shows_every_section():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--tiny"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [name for name in SECTIONS if f"({name}: " not in done.stdout] == []


@pytest.mark.slow
def test_the_stages_of_an_e_step_add_up_to_the_kernel():
    (table,) = stages.tables(SIZES["tiny"])  # refuses another log-likelihood
    assert [row.label for row in table.rows] == ["full D=2 K=3", "full D=5 K=8"]


@pytest.mark.parametrize("at_most", [False, True])
def test_a_bar_is_met_from_its_value_on(at_most):
    better = -1e-6 if at_most else 1e-6
    bar = Bar(2.0, at_most)
    assert bar.is_met(2.0) and bar.is_met(2.0 + better)
    assert not bar.is_met(2.0 - better)
    assert not bar.is_met(float("nan"))


def test_without_r_its_rows_are_left_out_and_the_page_says_so(monkeypatch):
    monkeypatch.setattr(mclust.shutil, "which", lambda _: None)
    (table,) = structures.tables(SIZES["tiny"])
    assert not table.rows
    assert mclust.ABSENT in table.as_markdown()


def test_losses_are_the_rows_below_their_bars():
    assert [line.split(":")[0] for line in losses([TABLE])] == [
        "Speed, slow",
        "Speed, unknown",
    ]


def test_the_page_lists_the_losses_before_the_tables():
    text = page.text({"processor": "one"}, SIZES["tiny"], [TABLE])
    head, _, tables = text.partition("## Speed")
    assert "2 of 3 rows miss their bar" in head
    assert "Speed, slow: 8× (bar: ≥ 10×)" in head
    assert tables.count("**no**") == 2


def test_a_ratio_is_the_median_of_ratios_of_the_same_round():
    assert Rounds([(2.0, 1.0), (30.0, 10.0), (8.0, 1.0)]).ratio(0, 1) == 3.0


def test_timers_take_turns_and_the_first_rounds_do_not_count():
    calls = []
    timers = [lambda i=i: calls.append(i) or float(len(calls)) for i in (0, 1)]
    rounds = alternate_timers(timers, repeats=2, warm_up=1)
    assert calls == [0, 1] * 3
    assert rounds.times == [[3.0, 4.0], [5.0, 6.0]]


def test_rest_waits_until_a_step_costs_the_process_next_to_nothing(monkeypatch):
    spent, clock = iter([1.9, 0.9, 0.1, 1.0]), 0.0

    def sleep(step):
        nonlocal clock
        clock += step * next(spent)

    monkeypatch.setattr(timing.time, "sleep", sleep)
    monkeypatch.setattr(timing.time, "process_time", lambda: clock)
    rest()
    assert list(spent) == [1.0]


@pytest.mark.skipif(not memory.STATUS.exists(), reason="needs /proc")
def test_a_peak_is_that_of_the_call_and_of_no_earlier_one():
    def bytes_of(size):
        before = memory._resident()
        np.ones(size // 8)
        return memory._peak() - before

    large, small = bytes_of(200 << 20), bytes_of(20 << 20)
    assert large == pytest.approx(200 << 20, rel=0.1)
    assert small == pytest.approx(20 << 20, rel=0.3)


@pytest.mark.skipif(not memory.STATUS.exists(), reason="needs /proc")
@pytest.mark.slow
def test_a_peak_is_not_inherited_from_the_process_that_starts_the_measurement(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.random.default_rng(0).standard_normal((30_000, 4)))
    parents = np.ones(400 << 17)  # 400 MiB
    used = memory._in_a_process("mixtura", "predict", path)
    assert used < 100 < parents.nbytes / memory.MEBIBYTE


def test_both_sides_must_agree_before_they_are_timed():
    check_agreement(-3.0, -3.0)
    for other in (-3.0001, float("nan")):
        with pytest.raises(AssertionError, match="differ"):
            check_agreement(-3.0, other)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_an_iteration_of_each_structure_agrees_with_scikit_learn(kind):
    row = iterations._row(SIZES["tiny"], kind, 3, 2, Bar(0), 600)
    assert row.measured > 0


def test_a_rival_that_times_another_problem_is_found_out(tmp_path):
    def timer(path):
        return {"seconds": 1.0, "shape": [7, 7, 7], "log_likelihood": None}

    with pytest.raises(AssertionError, match=r"timed \[7, 7, 7\]"):
        rivals._row(SIZES["tiny"], "x", "full", 2, 3, 500, timer, tmp_path)


def test_a_rival_that_fails_is_listed_as_such(tmp_path):
    row = rivals._row(
        SIZES["tiny"], "x", "full", 2, 3, 500, lambda path: {"error": "no"}, tmp_path
    )
    assert "fails: no" in row.cells and row.measured is None
