"""One thread at a time has the turn, and who is away holds nobody up."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mixtura.execution.turns import Turn, away

PATIENCE = 10.0
"""Seconds after which a thread that should go on is stuck."""


def side_by_side(*tasks):
    """Run tasks in as many threads; raise what they raise."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result(PATIENCE)


def test_one_thread_at_a_time_has_the_turn():
    turn, inside, most = Turn(), [], []

    def work():
        for _ in range(200):
            with turn:
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    side_by_side(work, work, work)
    assert max(most) == 1


def test_who_is_away_lets_others_in_and_comes_back_to_a_turn():
    turn, gone, seen = Turn(), threading.Event(), threading.Event()

    def first():
        with turn:
            with away():
                gone.set()
                assert seen.wait(PATIENCE)
            assert turn._lock.locked()

    def second():
        assert gone.wait(PATIENCE)
        with turn:
            seen.set()

    side_by_side(first, second)
    assert not turn._lock.locked()


def test_away_without_a_turn_is_nothing():
    with away(), away():
        pass


def test_away_within_away_gives_nothing_twice():
    turn = Turn()
    with turn:
        with away(), away():
            assert not turn._lock.locked()
        assert turn._lock.locked()
    assert not turn._lock.locked()


def test_errors_end_a_turn():
    turn = Turn()
    with pytest.raises(ZeroDivisionError), turn, away():
        _ = 1 / 0
    assert not turn._lock.locked()
