"""Pieces of work on several threads: in order, each once, and errors come through."""

import threading
import time

import pytest

from mixtura.kernels.threads import active_threads, in_order, using_threads

THREADS = [1, 2, 3, 8]


@pytest.mark.parametrize("n_threads", THREADS)
@pytest.mark.parametrize("n_items", [0, 1, 2, 5, 40])
def test_results_come_in_the_order_of_the_items(n_items, n_threads):
    done = []

    def task(item):
        time.sleep(0.001 * (item % 3))
        done.append(item)
        return 10 * item

    items = range(n_items)
    assert [*in_order(task, items, n_threads)] == [10 * item for item in items]
    assert sorted(done) == [*items]


@pytest.mark.parametrize("n_threads", [2, 3])
def test_the_calling_thread_works_too(n_threads):
    workers = set()

    def task(item):
        workers.add(threading.current_thread().name)
        time.sleep(0.002)

    for _ in in_order(task, range(30), n_threads):
        pass
    assert threading.current_thread().name in workers
    assert 2 <= len(workers) <= n_threads


@pytest.mark.parametrize("n_threads", THREADS)
def test_an_error_comes_through_and_ends_the_rest(n_threads):
    begun = []

    def task(item):
        begun.append(item)
        if item == 3:
            raise ZeroDivisionError
        return item

    results = in_order(task, range(1000), n_threads)
    with pytest.raises(ZeroDivisionError):
        list(results)
    assert len(begun) < 100


@pytest.mark.parametrize("n_threads", [2, 3])
def test_few_pieces_are_begun_ahead(n_threads):
    begun = []
    results = in_order(begun.append, range(1000), n_threads)
    for _ in range(5):
        next(results)
    time.sleep(0.02)
    assert len(begun) <= 5 + 2 * n_threads
    results.close()


def test_threads_are_kept():
    list(in_order(lambda item: item, range(8), 3))
    before = {thread.ident for thread in threading.enumerate()}
    for _ in range(20):
        list(in_order(lambda item: item, range(8), 3))
    started = {thread.ident for thread in threading.enumerate()} - before
    assert len(started) <= 1  # the pool starts its second helper when it needs one


def test_the_number_allowed_ends_with_its_block():
    assert active_threads() == 1
    with using_threads(3):
        assert active_threads() == 3
    assert active_threads() == 1
